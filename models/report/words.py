"""Numbers and verdicts in plain words, with units."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from models.figures.figures import Figure
from models.measures.tails import FEWEST
from models.plans import Gates
from models.settings.criteria import Criteria
from models.verdict.realism import Realism
from models.verdict.verdict import Verdict

__all__ = [
    "GLOSSARY",
    "STATUS",
    "amount",
    "between",
    "cause_in_short",
    "causes",
    "figure_value",
    "in_unit",
    "is_growth",
    "line_for",
    "month",
    "of_futures",
]
__all__ += ["percent", "points", "rule_for", "short", "signed"]
__all__ += ["signed_percent", "verdict_title", "with_unit"]

SPACE = "\u00a0"  # a number and its unit stay on one line
MINUS = "\u2212"
MONTHS = "January February March April May June July August September October November December".split()

#: terms of the field, as they are used in the report
GLOSSARY = (
    ("Business as usual", "the same years without the plan: beds and services stay as they were, demand goes on."),
    (
        "Simulated future",
        "one run (replication) of the model with its own chance events. The plan and business as usual meet the same "
        "patients in it.",
    ),
    (
        "Range",
        f"beside a mean, what the middle 90\u00a0% of the simulated futures span; of fewer than {FEWEST} futures, the "
        "lowest to the highest. Where a few futures differ much from the others, the mean may lie outside the middle "
        "90\u00a0%.",
    ),
    (
        "Hospital beds",
        "general and acute beds open overnight, as NHS England counts them. Day beds, maternity and mental-health beds "
        "are not in the count.",
    ),
    ("Midnight occupancy", "beds with a patient in them at midnight, as a share of the beds that are open."),
    (
        "Wait for a bed",
        "time from the decision to admit an emergency patient until that patient has a bed on a ward. It is not the "
        "four-hour standard of A&E, which runs from arrival to departure.",
    ),
    (
        "Delayed transfer of care",
        "a patient who is ready to leave, has been assessed, and holds a bed because the next place is not free.",
    ),
    ("Place at home", "support at home for one person at a time (discharge pathway 1)."),
    ("Community bed", "a bed outside the main hospitals for people who need more care first (discharge pathway 2)."),
    ("Double running", "the time in which new services are open and the beds that they replace are open too."),
    (
        "PSF",
        "the provider sustainability fund: money that NHS England pays to trusts that reach the result agreed for the "
        "year, their control total.",
    ),
    ("Major A&E", "an A&E department open all hours and led by consultants (type 1)."),
    ("Year", "April to March: 2018/19 is April 2018 to March 2019."),
)

STATUS = {
    "read": "printed in the source named",
    "derived": "worked out from the source named",
    "assumed": "an assumption of this model",
    "secondary": "press, campaign or consultants; to be verified",
    "unverified": "general knowledge; to be verified",
}

VERDICTS = {
    "credible": "CREDIBLE",
    "credible with conditions": "CREDIBLE WITH CONDITIONS",
    "at risk": "AT RISK",
    "undetermined": "UNDETERMINED",
    "not credible": "NOT CREDIBLE as written",
    "no baseline": "NO BASELINE",
    "no plan": "NO PLAN, nothing to judge",
}


def amount(x: float | None, digits: int = 0) -> str:
    """A number with commas between thousands and a true minus sign."""
    if x is None or not math.isfinite(x):
        return "\u2013"
    text = f"{x:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def signed(x: float, digits: int = 0) -> str:
    """A number with its sign, plus included."""
    text = amount(x, digits)
    return text if text.startswith(MINUS) or not any(d in "123456789" for d in text) else f"+{text}"


def percent(x: float | None, digits: int = 0) -> str:
    """A share in per cent; what is nearly nothing or nearly everything is not rounded to it."""
    if x is None or not math.isfinite(x):
        return "\u2013"
    least = 0.5 * 10.0**-digits / 100
    if 0 < x < least:
        return f"below {10.0**-digits:g}{SPACE}%"
    if 1 - least < x < 1:
        return f"above {100 - 10.0**-digits:g}{SPACE}%"
    return f"{amount(100 * x, digits)}{SPACE}%"


def points(x: float, digits: int = 1) -> str:
    """A difference of shares in percentage points, signed."""
    return f"{signed(100 * x, digits)}{SPACE}points"


def signed_percent(x: float) -> str:
    """A relative change in per cent, with its sign."""
    return f"{signed(100 * x, 1)}{SPACE}%"


def between(interval: tuple[float, float]) -> str:
    """An interval of a probability."""
    return f"between {percent(interval[0])} and {percent(interval[1])}"


def of_futures(probability: float, replications: int) -> str:
    """A probability as a count."""
    return f"{round(probability * replications)} of {replications}"


def month(day: dt.date) -> str:
    """Month and year."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def short(hospital: str) -> str:
    """A hospital's name as short as it stays clear."""
    return hospital.removesuffix(" Hospital").removesuffix(" District")


def verdict_title(verdict: str) -> str:
    """The verdict as the page prints it."""
    return VERDICTS.get(verdict, verdict.upper())


def line_for(v: Verdict) -> str:
    """A verdict with its probability and interval."""
    if v.verdict in ("no baseline", "no plan"):
        return verdict_title(v.verdict)
    title = verdict_title(v.verdict)
    if v.conditions:
        title += f" ({'; or '.join(v.conditions)}). As planned"
    return (
        f"{title}: delivered and safe in {of_futures(v.probability, v.replications)} simulated "
        f"futures; {between(v.interval)}"
    )


def causes(gates: Gates) -> dict[str, tuple[str, str]]:
    """What may hold a closure back: in a few words, and in full."""
    months, share = f"{gates.access.months.value:g} months", percent(gates.access.share.value)
    return {
        "proof": (
            "new places not proven",
            f"the places that replace the beds have been open for at least {gates.proof.months.value:g} months",
        ),
        "staff": (
            "new places not staffed",
            f"at least {percent(gates.staff.share.value)} of the places that replace the beds have their staff; staff "
            "whom only a closure still to come would free do not count",
        ),
        "use": (
            "new places not used",
            f"at least {percent(gates.use.share.value)} of the open places that replace the beds in that catchment "
            f"were in use over the last {months}",
        ),
        "compensation": (
            "too few other places",
            f"{gates.compensation.places_per_bed.value:g} places have opened for each bed that closes",
        ),
        "access": (
            "waits for a bed too long",
            f"over the last {months} no more than {share} of that hospital's emergencies waited over 4 h for a bed "
            "(or its own share in the baseline year, if that was worse)",
        ),
        "occupancy": (
            "hospital too full",
            f"over the last {months} the beds that would be left would have been no more than "
            f"{percent(gates.occupancy.share.value)} full at midnight (or its own occupancy in the baseline year, if "
            "that was higher)",
        ),
        "money": ("no money", "what the step costs is left in this year's money"),
        "change capacity": ("leaders cannot carry it", "its move is among those that leaders can carry at once"),
        "not due": ("due after the last year", "the closure is due after the simulated years"),
    }


def cause_in_short(cause: str, gates: Gates) -> str:
    """What held a closure back, in a few words."""
    known = causes(gates)
    if cause in known:
        return known[cause][0]
    kind, _, who = cause.partition(": ")
    said = {
        "after": "what must come first is not there",
        "treatments": "admissions not yet avoided",
        "efficiency": "stays not yet shorter",
        "no condition claimed": "nothing named that replaces it",
        "winter": "no whole winter yet",
        "mothball": "not closed long enough",
        "lead time": "not yet built or recruited",
        "consultation": "still being consulted on",
        "approval": "partners have not decided",
        "legal challenge": "a court",
        "veto": f"{who} said no",
        "rule": f"own rule: {who.replace('_', ' ')}",
    }
    return said.get(kind, cause)


def figure_value(f: Figure, x: float | None = None, title: str = "") -> str:
    """A figure's value, or another number in its unit, with shares in per cent.

    A rate per year has a sign where it is growth by its title, or may be below zero; people who leave are no change.
    """
    return in_unit(f.value if x is None else x, f.unit, change=f.range[0] < 0 or is_growth(title))


def is_growth(title: str) -> bool:
    """Whether a rate with this title, or key, is a change from year to year."""
    return "growth" in title.lower()


def in_unit(value: float, unit: str, *, change: bool = False) -> str:
    """A number as its unit has it: shares and rates in per cent, changes with their sign."""
    if unit == "share":
        return f"{100 * value:.3g}{SPACE}%"
    if unit in ("relative change", "per year"):
        text = f"{100 * abs(value):.3g}{SPACE}%"
        sign = "" if value == 0 else MINUS if value < 0 else "+" if change or unit == "relative change" else ""
        return sign + text
    if 0 < abs(value) < 0.1:
        return f"{value:.2g}".replace("-", MINUS)
    digits = 0 if abs(value) >= 100 or value == round(value) else 1 if abs(value) >= 10 else 2
    text = amount(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_unit(value: str, unit: str) -> str:
    """A written value with its unit; the pound sign stands before it."""
    pound = "\u00a3" if unit.startswith("GBP") else ""
    return f"{pound}{value} {unit.removeprefix('GBP').strip()}".strip()


def rule_for(row: dict[str, Any], criteria: Criteria) -> tuple[str, str]:
    """When a criterion is passed by its standard, and by doing no harm (empty where that lens does not exist)."""
    margin = f"{amount(100 * criteria.margin_share.value, 1)} percentage points"
    harm = f"no more than {margin} above business as usual in any year"
    line = percent(row["threshold"]) if row.get("threshold") is not None else ""
    everywhere = "at every hospital and over all of them"
    rules = {
        "K0": (
            f"at least {line} of the planned beds and places close or open within "
            f"{criteria.delivered_within_months.value:g} months of their date",
            "",
        ),
        "K1": (f"at most {line} in every quarter, {everywhere}", f"{harm}, {everywhere}"),
        "K2": (
            f"at most {line} in every year and at most {percent(criteria.occupancy_winter.value)} in every winter "
            f"quarter, {everywhere}",
            "",
        ),
        "K3": (
            f"at most {percent(row.get('threshold'), 1)} in every year",
            f"{harm}, of the bed-days occupied under the plan or under business as usual",
        ),
        "K4": (f"at least {line} in every year, {everywhere}", ""),
        "K5": (f"at least {line} of those treated in every year, {everywhere}", ""),
        "K5a": ("over all hospitals no more people wait in the last year than in the first", ""),
        "K5b": (f"at least {line} of those treated in every year, {everywhere}", ""),
        "K5c": ("", f"{harm}, {everywhere}"),
        "K10": (
            f"at most {line} in the quarter after a bad winter, {everywhere}",
            f"{harm.removesuffix('year')}of these quarters, {everywhere}",
        ),
        "K9": (_of_realism(criteria.realism), ""),
        "K12": (f"at most {row.get('threshold') or 0:g} programmes (moves of the plan) run at once", ""),
        "K11": (
            "over all hospitals and the last years at least as many beds made up for as are lost, with stays as under "
            "business as usual",
            "",
        ),
        "K7": ("", "in no year worse than business as usual by more than the allowance"),
        "K8": ("every closure had its places at home open for the proof period", ""),
    }
    return rules.get(row["id"], (line, ""))


def _of_realism(known: Realism | None) -> str:
    """When K9 is passed, and when it makes a plan not credible."""
    if known is None:
        return ""
    usual, seen = (percent(1 - 2 * tail.value) for tail in (known.unusual, known.unseen))
    return (
        f"every figure within the middle {usual} of what was observed; outside the middle {seen} and without evidence "
        "of the area's own it makes a plan not credible"
    )

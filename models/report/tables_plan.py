"""Tables of what went in: the plan's moves and dates, its gate, the figures that matter, and what was fitted."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from models.figures.figures import Figure
from models.plans import Gates
from models.plans.listing import PLACES
from models.plans.moves import BEDS
from models.plans.schedule import HOME_SERVICE
from models.report import series
from models.report.titles import title_of
from models.report.words import amount, causes, figure_value, month, percent, short, with_unit
from models.transition.told import tell

if TYPE_CHECKING:
    from models.run.runner import Outcome
    from models.settings.settings import Settings

__all__ = ["change_rows", "date_rows", "figure_rows", "fit_rows", "gate_rows", "matter_rows", "other_readings"]
__all__ += ["never_rows", "opened_words", "site_rows"]

MOST_NEVER = 6  #: lines a timeline of what never happened


UNITS = {"share": "", "relative change": "", "per year": "a year", "elasticity": "elasticity"}


def opened_words(outcome: Outcome) -> dict[str, str]:
    """What opens, in words by setting: places at home always, then other services, and hospital beds if any open."""
    plan = next(iter(outcome.schedules.values()))
    settings = [HOME_SERVICE, *plan.services, *([BEDS] if plan.opened(BEDS) else [])]
    words = {k: PLACES[k][1].partition(" (")[0] if k in PLACES else f"{k} places" for k in settings}
    return {k: text[0].upper() + text[1:] for k, text in words.items()}


def date_rows(outcome: Outcome) -> list[list[str]]:
    """By timeline: when places open, by service as in :func:`opened_words`, and when beds are to close."""
    rows, settings = [], opened_words(outcome)
    for (name, _), plan in zip(series.arms(outcome)[1:], outcome.schedules.values(), strict=True):
        opening = [sorted({day for steps in plan.opened(k).values() for day, _ in steps}) for k in settings]
        closing = sorted({s.due for s in plan.closures})
        rows.append([name[0].upper() + name[1:], *(_steps(days) for days in (*opening, closing))])
    return rows


def _steps(days: list[dt.date]) -> str:
    if len(days) < 2:  # noqa: PLR2004 - no first and last
        return month(days[0]) if days else "none"
    return f"{month(days[0])} to {month(days[-1])}, in {len(days)} steps"


def site_rows(outcome: Outcome) -> list[list[str]]:
    """By hospital: beds to close and places to open, by service; the same on every timeline."""
    plan = next(iter(outcome.schedules.values()))
    rows, opened = [], [plan.opened(k) for k in opened_words(outcome)]
    for site, entry in outcome.settings.footprint.sites.items():
        beds = [sum(s.beds for s in plan.closures if s.site == site and s.kind == k) for k in ("acute", "community")]
        rows.append([entry.name, *(amount(n) for n in (*beds, *(o[site][-1][1] if site in o else 0 for o in opened)))])
    return rows


def gate_rows(outcome: Outcome) -> list[str]:
    """Conditions of the gate in full, as far as something in this run can fail them."""
    chosen = outcome.settings
    words = causes(chosen.gates)
    out = set() if chosen.fund else {"money"}
    out |= set() if chosen.around.change_capacity.enabled else {"change capacity"}
    out |= set() if chosen.around.workforce.enabled else {"staff"}
    asked = {name: full for name, (_, full) in words.items() if name != "not due" and _asked(chosen.gates, name)}
    return [full for name, full in asked.items() if name not in out]


def _asked(gates: Gates, cause: str) -> bool:
    """Whether a gate is there and on."""
    return getattr(gates, cause.replace(" ", "_")).enabled


def never_rows(outcome: Outcome) -> list[list[str]]:
    """By timeline: what never happened, how often, which gate held it, and who could open it; the largest first."""
    rows, titles = [], {k: short(site.name) for k, site in outcome.settings.footprint.sites.items()}
    for name, o in series.arms(outcome)[1:]:
        if o.arm.steering is None:
            continue
        for told in tell(o.arm.steering.brief, dict(enumerate(o.outcomes)), titles)[:MOST_NEVER]:
            often = f"{told.replications} of {len(o.outcomes)}"
            rows.append([name[0].upper() + name[1:], told.text, often])
    return rows


def figure_rows(outcome: Outcome) -> list[dict[str, str]]:
    """The figures that matter, with where they come from."""
    chosen = outcome.settings
    plan, footprint, gates = chosen.plan, chosen.footprint, chosen.gates
    growth = chosen.future.growth_of(footprint)
    named: list[tuple[str, Figure]] = [
        *(named for name, move in plan.moves.items() for named in _of_move(move.title or name, move)),
        *(
            (f"Claim of the plan: {k.replace('_', ' ').removesuffix(' million gbp')}", f)
            for k, f in plan.claims.items()
        ),
        ("Effect of the plan on emergency admissions that stay a night", chosen.future.admissions_effect),
        *(
            [("Places at home that it takes for the whole of that effect", reach)]
            if (reach := chosen.future.full_effect_places)
            else []
        ),
        *(chosen.future.winter.figures(chosen.detail == "full") if chosen.future.winter else ()),
        ("Growth of overnight bed-days a year", growth),
        *(chosen.future.of_attendances() if chosen.detail == "full" else ()),
        ("Community beds that lie inside the count of hospital beds", footprint.community_overlap.beds),
        ("Share of all delay that is reported as a delayed transfer", footprint.delays.reported_share),
        ("Hospital beds held by delayed residents", footprint.delays.acute_beds),
    ]
    if footprint.delays.host_conversion:
        named.append(("From delayed residents to delayed people in these hospitals", footprint.delays.host_conversion))
    named += [
        ("Emergency admissions that stay a night", footprint.emergency.overnight_per_day),
        ("Planned admissions that stay a night", footprint.elective.overnight_per_day),
        ("Emergency admissions that do not stay a night", footprint.emergency.zero_day_share),
    ]
    for pathway in footprint.pathways.values():
        title = pathway.title
        named += [
            (f"{title}: people a day from hospital", pathway.arrivals_per_day),
            (f"{title}: mean stay", pathway.service_days),
            (f"{title}: places, before fitting", pathway.static_capacity_prior),
            (f"{title}: how far the service stretches when queues grow", pathway.flex_elasticity),
        ]
    named += [
        ("Gate: new places open for at least", gates.proof.months),
        ("Gate: new places with their staff, at least", gates.staff.share),
        ("Gate: new places in use, at least", gates.use.share),
        ("Gate: waits over 4 h for a bed, at most", gates.access.share),
        ("Gate: beds left full at midnight, at most", gates.occupancy.share),
        ("Gate: closed beds can reopen for at least", gates.mothball.months),
    ]
    return [_figure(title, figure) for title, figure in named]


def _of_move(title: str, move: Any) -> Iterator[tuple[str, Figure]]:
    """Figures of a move: how much, how long before, what it costs, and what it does."""
    wanted = (
        ("{}", getattr(move, "size", None)),
        ("{}: time to build, recruit and train", move.lead_time_months),
        ("{}: capital", getattr(move, "capital", None)),
        ("{}: running cost", move.cost),
        ("{}: effect", getattr(getattr(move, "effect", None), "share", None)),
    )
    yield from ((text.format(title), figure) for text, figure in wanted if figure is not None)


def _figure(title: str, f: Figure) -> dict[str, str]:
    low, high = f.range
    return {
        "title": title,
        "value": with_unit(figure_value(f, title=title), UNITS.get(f.unit, f.unit)),
        "range": "\u2013" if low == high else f"{figure_value(f, low, title)} to {figure_value(f, high, title)}",
        "year": "\u2013" if f.year == "not applicable" else f.year,
        "basis": "\u2013" if f.basis == "not applicable" else f.basis,
        "status": f.status,
        "source": "our own estimate" if f.source == "own estimate" else f.source,
        "note": f.note,
    }


def fit_rows(outcome: Outcome) -> tuple[list[list[str]], list[list[str]]]:
    """What was fitted to the baseline year, by hospital and by service; no source prints these numbers."""
    fit, footprint = outcome.settings.fit, outcome.settings.footprint
    if fit is None:
        return [], []
    hospitals = [
        [
            entry.name,
            amount(fit.stay_factor[site], 3),
            percent(fit.zero_day_share[site], 1),
            amount(fit.direct_per_day[site], 1),
        ]
        for site, entry in footprint.sites.items()
    ]
    services = [[pathway.title, amount(fit.capacity_factor[k], 3)] for k, pathway in footprint.pathways.items()]
    return hospitals, services


def change_rows(outcome: Outcome) -> list[tuple[str, str]]:
    """Uncertain figures that could move the answer, with their range and which way."""
    chosen = outcome.settings
    footprint, effect = chosen.footprint, chosen.future.admissions_effect
    return [
        (f"{title}: {_range(f)}", why)
        for title, f, why in (
            ("Growth of overnight bed-days", chosen.future.growth_of(footprint), _of_growth(chosen)),
            (
                "Effect of the plan on emergency admissions",
                effect,
                "the more admissions are avoided, the more beds can close",
            ),
            (
                "Share of all delay that is reported",
                footprint.delays.reported_share,
                "the less is reported, the more beds are held by people who are ready to leave",
            ),
            (
                "Community beds inside the count of hospital beds",
                footprint.community_overlap.beds,
                "the more lie inside, the fewer acute beds stand behind the published count",
            ),
        )
    ]


def _of_growth(chosen: Settings) -> str:
    """What another growth would do; growth as it was is what shorter stays had left."""
    if not isinstance(chosen.future.growth, str):
        return "the faster demand grows, the fewer beds can close, and the worse waits become without the plan as well"
    answers = chosen.feedback is not None and chosen.feedback.bed_limited_response.enabled
    return (
        "that was left after stays had grown shorter by more than one per cent a year"
        + (", and in this run they grow shorter once more where a hospital is full" if answers else "")
        + "; more and older people alone bring about 1.4% a year (scenario=ageing)"
    )


def other_readings(outcome: Outcome) -> list[str]:
    """Other readings of the plan; a leading file name is put at the end."""
    return [
        re.sub(r"^([a-z0-9_]+): (.*)$", r"\2 (To test it: plan=\1.)", t) for t in outcome.settings.plan.alternatives
    ]


def _range(f: Figure) -> str:
    low, high = f.range
    text = f"taken as {with_unit(figure_value(f), UNITS.get(f.unit, f.unit))}"
    return text if low == high else f"{text}; it may be {figure_value(f, low)} to {figure_value(f, high)}"


def matter_rows(outcome: Outcome) -> list[list[str]]:
    """Figures that matter most: range, what the result is at its ends, and how well the figure is known."""
    rows = []
    for one in outcome.matters:
        if not one.named:
            continue
        low, high = (figure_value(one.figure, end, one.key) for end in one.figure.range)
        rows.append(
            [
                title_of(one.key, outcome.settings.footprint),
                with_unit(f"{low} to {high}", UNITS.get(one.figure.unit, one.figure.unit)),
                percent(one.at_low, 1),
                percent(one.at_high, 1),
                "yes" if one.sure else "may be chance",
                one.figure.status,
                one.figure.source,
            ]
        )
    return rows

"""From an outcome and its charts to one self-contained page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.arms.prepare import USUAL, idle
from models.command_line.doctor import versions
from models.measures.tails import that_holds
from models.plans import months_after
from models.plans.listing import what_moves
from models.plans.whose_plan import is_no_plan
from models.report import series, tables, tables_baseline, tables_money, tables_plan, words
from models.report.pictures import Chart
from models.report.tables_bed_test import bed_test_rows
from models.search.told import SHORT, in_short, short_rows
from models.settings.settings import Settings
from models.system.details import BEDS, DETAILS
from models.verdict.criteria import not_assessed
from models.verdict.verdict import fewest
from models.verdict.what_happened import unchanged
from models.waterfall import words as waterfall_words

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["environment", "render"]

#: what the model leaves out, with the direction in which it may move the answer where that is known
IN_THE_WHOLE = ("A&E itself", "A waiting list for planned care")
NOT_MODELLED = (
    ("Staff", "In this run a place counts as open on its date. Plans that cannot recruit would look worse."),
    ("Money", "No accounts, no cost of double running, no savings. Nothing here says that a plan pays."),
    ("Money that holds the plan back", "Nothing in this run waits for money: whatever is planned is paid for."),
    ("A&E itself", "Only the wait for a bed is simulated, not the department."),
    (
        "More people in A&E",
        "As many as in the baseline year come to A&E and go home. In England they grew by 0.7% a year from 2011/12 to "
        "2018/19; in scenario=ageing they grow with people's ages.",
    ),
    (
        "A waiting list for planned care",
        "Planned admissions without a bed are cancelled and counted; they do not return.",
    ),
    (
        "Patients sent to another hospital",
        "Each hospital stands alone. Help from a neighbour could ease its worst days.",
    ),
    (
        "Bad winters",
        "Every winter of this run is an average one, with its season and its chance; winter=bad adds flu, norovirus "
        "and cold.",
    ),
    (
        "What the pandemic changed",
        "Since then two to three times as many people have waited over four hours for a bed at the same occupancy: "
        "read waits as those of the baseline's years.",
    ),
    (
        "Change capacity",
        "Nothing in this run waits for leaders' time or trust; programmes at once are only counted (K12).",
    ),
    (
        "The largest credible reduction",
        "A run judges the plan it is given; carebridge search looks for how much of it would be credible.",
    ),
)


def render(outcome: Outcome, charts: list[Chart]) -> str:
    """Fill the page's template; what cannot be shown is left out."""
    env = environment()
    env.globals.update(
        between=words.between, percent=words.percent, points=words.points, signed=words.signed_percent, bar=_bar
    )
    return env.get_template("page.html.j2").render(_context(outcome, charts))


def environment() -> Environment:
    """Templates of this folder; whatever they ask for and do not get is an error."""
    loader = FileSystemLoader(Path(__file__).resolve().parent, encoding="utf-8")
    env = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    env.globals.update(that_holds=that_holds)
    return env


def _context(outcome: Outcome, charts: list[Chart]) -> dict[str, Any]:
    chosen = outcome.settings
    context: dict[str, Any] = {
        "plan": chosen.plan,
        "footprint": chosen.footprint,
        "future": chosen.future,
        "criteria": chosen.criteria,
        "seed": chosen.seed,
        "replications": chosen.replications if outcome.verdicts else 0,
        "futures": chosen.replications,
        "scenario": chosen.request.scenario,
        "scenario_hash": chosen.scenario_hash,
        "versions": versions(),
        "baseline": outcome.baseline,
        "reasons": outcome.baseline.reasons,
        "judged": bool(outcome.verdicts),
        "moves": _moves(outcome),
        "planned": not is_no_plan(chosen.plan),
        "window": [words.month(outcome.window[0]), words.month(months_after(outcome.window[1], -1))],
        "charts": {c.name: {"title": c.title, "svg": Markup(c.svg), "caption": c.caption} for c in charts},
        "glossary": words.GLOSSARY,
        "status": words.STATUS,
        "found": short_rows(outcome.found),
        "found_heads": SHORT,
        "found_says": in_short(outcome.found),
        "figures": tables_plan.figure_rows(outcome),
        "gates": chosen.gates,
        "gate": tables_plan.gate_rows(outcome),
        "fitted_values": tables_plan.fit_rows(outcome),
        "changes": tables_plan.change_rows(outcome),
        "alternatives": tables_plan.other_readings(outcome),
        "not_assessed": [
            (k, row["name"], row["note"].removeprefix("not assessed: ")) for k, row in _not_assessed(outcome).items()
        ],
        "not_modelled": _not_modelled(chosen),
        "detail": None if chosen.detail == BEDS else DETAILS[chosen.detail].title,
        "money": tables_money.money_section(outcome),
        "fewest": fewest(chosen.criteria.credible_from),
    }
    if outcome.verdicts:
        context |= {
            "verdicts": tables.verdict_rows(outcome),
            "rows": tables.criteria_rows(outcome),
            "sums": tables.arithmetic_rows(outcome),
            "dates": tables_plan.date_rows(outcome),
            "opened": list(tables_plan.opened_words(outcome).values()),
            "by_site": tables_plan.site_rows(outcome),
            "never": tables_plan.never_rows(outcome),
            "bed_test": bed_test_rows(outcome),
            "unchanged": unchanged(outcome.observed, USUAL),
            "fit": tables_baseline.fitted_rows(outcome),
            "proxies": tables_baseline.proxy_rows(outcome),
            "holdout": tables_baseline.holdout_rows(outcome),
            "holdout_errors": tables_baseline.error_rows(outcome),
            "holdout_says": tables_baseline.holdout_says(outcome),
            "waits_ahead": tables_baseline.waits_rows(outcome),
            "waits_say": tables_baseline.waits_say(outcome),
            "out_of_reach": tables_baseline.out_of_reach(outcome),
            "delays": tables_baseline.delay_rows(outcome),
            "arms": [name for name, _ in series.arms(outcome)],
            "fall": _fall(outcome),
            "matters": tables_plan.matter_rows(outcome),
            "matters_runs": chosen.sensitivity,
            "matters_middle": words.percent(outcome.matters[0].as_it_stands, 1) if outcome.matters else "",
        }
    return context


def _not_modelled(chosen: Settings) -> list[tuple[str, str]]:
    """What this run leaves out: what it has switched on is not among it, what its plan asks for in vain is."""
    there = set() if chosen.detail == BEDS else set(IN_THE_WHOLE)
    there |= {"Money"} if chosen.money else set()
    there |= {"Staff"} if chosen.around.workforce.enabled else set()
    there |= {"Money"} if chosen.money else set()
    there |= {"Money that holds the plan back"} if chosen.fund else set()
    followed = chosen.detail == "full"  # people who go home from A&E
    there |= {"More people in A&E"} if chosen.future.attendances or not followed else set()
    there |= {"Bad winters"} if chosen.future.winter else set()
    there |= {"The largest credible reduction"} if chosen.search else set()
    there |= {"Change capacity"} if chosen.around.change_capacity.enabled else set()
    rows = [row for row in NOT_MODELLED if row[0] not in there]
    if chosen.detail != BEDS:
        why = "They start from a network of beds alone, and are shown with detail=beds only."
        rows.append(("Steps from the spreadsheet to the simulation", why))
    return rows + [(f"{one.title} (move of the plan)", f"Changes nothing: {one.why}.") for one in idle(chosen)]


def _fall(outcome: Outcome) -> dict[str, Any] | None:
    """From the spreadsheet to the simulation, in words and rows."""
    fall = outcome.waterfall
    if fall is None:
        return None
    return {
        "says": waterfall_words.says(fall),
        "rows": waterfall_words.step_rows(fall),
        "count": waterfall_words.count_rows(fall),
        "sites": [words.short(name) for name in fall.names.values()],
    }


def _not_assessed(outcome: Outcome) -> dict[str, Any]:
    first = next(iter(outcome.verdicts.values()), None)
    if first is None:
        return not_assessed([])
    return {row["id"]: row for row in first.criteria if not row["assessed"]}


def _moves(outcome: Outcome) -> str:
    plan = outcome.settings.plan
    if not plan.moves:
        return "Nothing closes and nothing opens"
    said = re.sub(r" \(p[0-9]\)", "", what_moves(plan))  # the services are called by their titles here
    return said[0].upper() + said[1:]


def _bar(probability: float, interval: tuple[float, float], lines: tuple[float, float]) -> Markup:
    """A probability with its interval on a line from 0 to 100 %; ticks at the thresholds of the verdict."""

    def x(share: float) -> str:
        return f"{4 + 112 * share:.1f}"

    low, high = interval
    ticks = "".join(
        f'<line x1="{x(t)}" y1="3" x2="{x(t)}" y2="17" stroke="#6b6b6b" stroke-width="0.8" stroke-dasharray="2 1.5"/>'
        for t in lines
    )
    ends = "".join(
        f'<line x1="{x(t)}" y1="3" x2="{x(t)}" y2="17" stroke="#6b6b6b" stroke-width="0.8"/>' for t in (0.0, 1.0)
    )
    words_for = f"{words.percent(probability)}, {words.between(interval)}"
    return Markup(
        f'<svg class="bar" viewBox="0 0 120 20" role="img" aria-label="{words_for}">'
        f'<line x1="{x(0)}" y1="10" x2="{x(1)}" y2="10" stroke="#6b6b6b" stroke-width="0.8"/>{ends}{ticks}'
        f'<line x1="{x(low)}" y1="10" x2="{x(high)}" y2="10" stroke="#0b5fa5" stroke-width="4.5"/>'
        f'<circle cx="{x(probability)}" cy="10" r="4" fill="#1a1a1a"/></svg>'
    )

"""The waterfall in plain words: what each step assumes, and what a planner should take from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.report.words import amount, percent, signed
from models.waterfall.count import together

if TYPE_CHECKING:
    from models.waterfall.network import Basis
    from models.waterfall.waterfall import Waterfall

__all__ = ["assumed", "count_parts", "count_rows", "says", "step_rows", "title"]

OBSERVED = (
    0.94  #: share of beds left where the answer of stays was measured (configs/feedback/history.yaml: 5.8 % fewer)
)

#: names of the steps as readers see them
TITLES = {
    "mean load": "Mean load: admissions \u00d7 stay",
    "random variation": "Chance in arrivals and stays",
    "patterns": "Hours, weekdays, seasons, busy spells",
    "blocked beds": "Beds held by people ready to leave",
    "transition": "The plan\u2019s years, at their worst",
    "feedback": "Stays that answer to pressure",
}


def title(w: Waterfall, step: str) -> str:
    """Name of a step as readers see it."""
    if step == "blocked beds" and any(w.out_of_reach.values()):
        return "Beds held by people ready to leave, or out of reach"
    return TITLES[step]


def assumed(w: Waterfall, basis: Basis, step: str, site: str) -> str:
    """What one step assumes, for one hospital or for all of them together."""
    sites = list(w.names) if site not in w.names else [site]
    sheets = [w.sheets[s] for s in sites]
    if step == "mean load":
        load, rate = sum(s.load for s in sheets), sum(s.admissions for s in sheets)
        means = [w.means[s] for s in sites]
        return (
            f"{amount(rate, 1)} overnight admissions a day \u00d7 {amount(load / rate, 2)} days until medically ready "
            f"= {amount(load, 1)} beds, rounded up; full at every hour, with nobody ever waiting. A spreadsheet "
            f"divides by {percent(sheets[0].target)} and says {amount(sum(s.beds for s in sheets), 1)}. With unlimited "
            f"beds the simulation holds {amount(sum(m.simulated for m in means), 1)} people on average."
        )
    if step == "random variation":
        return (
            f"Arrivals by chance at a constant rate, stays by chance; at most {percent(w.limit)} of emergencies wait "
            "over 4 h; planned admissions without a bed wait like emergencies. Erlang C says "
            f"{amount(sum(s.erlang for s in sheets))} for exponential stays of the same mean."
        )
    if step == "patterns":
        first, last = basis.footprint.discharge.hours
        return (
            f"Arrivals by hour, weekday and month, with busy and quiet spells that last for days; people leave from "
            f"{first:g} to {last:g} h; stays follow the season. The same number of beds all year."
        )
    if step == "blocked beds":
        return (
            "People who are ready to leave hold their bed while care is arranged and until a place in community "
            "services is free; those services are as they were." + _kept(sum(w.out_of_reach.get(s, 0) for s in sites))
        )
    if step == "transition":
        return _transition(w, sites)
    return _feedback(w, basis)


def _kept(beds: int) -> str:
    if not beds:
        return ""
    return f" {beds} beds are free but out of reach of the next emergency, as fitted to waits over twelve hours."


def _transition(w: Waterfall, sites: list[str]) -> str:
    assert w.timeline is not None, "there is such a step only with a plan"
    alone = sum(w.growth[s] for s in sites)
    return (
        f"The worst year of the {w.timeline.years}-year plan, the year after its end included, with the same chance "
        f"events as before: demand of that year, places at home opened and community beds closed on their dates, no "
        f"gate. Demand alone, without the plan: {signed(alone)}."
    )


def _feedback(w: Waterfall, basis: Basis) -> str:
    if basis.feedback is None or not basis.feeds_back:
        return "Switched off in these settings: stays do not answer to pressure."
    return (
        "Stays shorten where a hospital is fuller than it was, and lengthen where it is emptier, as they have done "
        "after small changes in beds. Beds saved here are shorter stays, not spare beds; a large change lies beyond "
        "what was observed."
    )


def says(w: Waterfall) -> list[str]:
    """The waterfall in a few sentences."""
    steps = w.steps
    first, last = w.row(steps[0]), w.row(steps[-1])
    sheet, have = sum(s.beds for s in w.sheets.values()), sum(w.open.values())
    year, target = w.baseline_year, percent(next(iter(w.sheets.values())).target)
    out = [
        f"How many beds would it take so that no more than {percent(w.limit)} of emergencies wait over 4 h for a bed "
        f"in {year}? Mean load, in whole beds at each hospital, is {amount(first.beds)} beds; a spreadsheet at "
        f"{target} occupancy asks for {amount(sheet)}. With every mechanism switched on the simulation asks for "
        f"{amount(last.beds)} ({amount(last.low)} to {amount(last.high)} in nine of ten simulated years). Open in "
        f"{year} were {amount(have)}. Community beds inside the published count are left out of all these figures.",
        _biggest(w),
    ]
    published, count = sum(s.published for s in w.sheets.values()), together(list(w.counts.values()))
    out.append(
        f"Why the mean load ({amount(first.beds)}) is not the published number of beds in "
        f"use ({amount(published)}): the count at midnight also holds people who are ready to leave (simulated: "
        f"{amount(count.arranging + count.delayed)}) and community beds ({amount(count.community)}). A spreadsheet on "
        f"the published number asks for {amount(w.needed)} beds; it counts both as need."
    )
    if w.timeline is not None:
        need, left = w.row("transition"), sum(w.left.values())
        out.append(
            f"The plan would leave {amount(left)} beds. On its way it needs {amount(need.beds)} at the worst, if stays "
            f"do not shorten: {_gap(left - need.beds)}."
        )
    if w.row("feedback").added:
        out.append(
            f"If stays answer to pressure as they have done, {amount(last.beds)} beds would do "
            f"({signed(last.added)}). {_warning(w, last.added)}"
        )
    out.append(
        "Planned admissions that find no bed wait for one here, so that no need is hidden by cancelling them; in "
        "the verdict they are cancelled and counted."
    )
    if w.unsteady:
        where = ", ".join(f"{title(w, step).lower()} at {w.names[site]}" for step, site in w.unsteady)
        out.append(f"More beds did not always mean fewer long waits, so these levels are rough: {where}.")
    return out


def _biggest(w: Waterfall) -> str:
    rows = [w.row(step) for step in w.steps[1:] if w.row(step).added]
    if not rows:
        return "No step adds any bed."
    parts = [f"{title(w, r.step).lower()}: {signed(r.added)}" for r in rows]
    return f"What each mechanism adds to the mean load: {'; '.join(parts)}."


def _warning(w: Waterfall, added: int) -> str:
    """What stands behind the last step, which is not a free gift."""
    if added > 0:
        return "Beds that make a hospital emptier than it was are partly filled by longer stays."
    have, need = sum(w.open.values()), w.row("feedback").beds
    text = "That is not spare room: people would leave earlier than they do now."
    if need < OBSERVED * have:
        text += (
            f" The response was measured on changes of a few per cent; {percent(1 - need / have)} fewer beds than were "
            "open lies beyond that, so take it as a direction and not as a number."
        )
    return text


def _gap(beds: float) -> str:
    if beds >= 0:
        return f"{amount(beds)} to spare"
    return f"{amount(-beds)} too few"


def step_rows(w: Waterfall) -> list[list[str]]:
    """Rows of the report's table: step, beds together with their range, beds added by hospital and together."""
    out = []
    for step in w.steps:
        row = w.row(step)
        by_site = [w.row(step, s) for s in w.names]
        show = amount if step == w.steps[0] else signed
        out.append(
            [
                title(w, step),
                *(show(r.added) for r in by_site),
                show(row.added),
                amount(row.beds),
                f"{amount(row.low)} to {amount(row.high)}" if row.high > row.low else "\u2013",
            ]
        )
    last = [w.row(w.steps[-1], s) for s in (*w.names, "together")]
    out.append(["Beds needed in the end", *(amount(r.beds) for r in last), "", ""])
    out.append(["Beds open", *(amount(w.open[s]) for s in w.names), amount(sum(w.open.values())), "", ""])
    if w.timeline is not None:
        left = [*w.left.values(), sum(w.left.values())]
        out.append(["Beds that the plan would leave", *map(amount, left), "", ""])
    return out


def count_parts(w: Waterfall) -> list[tuple[str, list[float]]]:
    """Parts from the mean load to the published beds in use, by hospital and together; the first and the last whole."""
    counts = [*w.counts.values(), together(list(w.counts.values()))]
    loads = [s.load for s in w.sheets.values()]
    published = [s.published for s in w.sheets.values()]
    loads.append(sum(loads))
    published.append(sum(published))
    differing = [c.in_care - load for c, load in zip(counts, loads, strict=True)]
    return [
        ("Mean load: admissions \u00d7 stay", loads),
        ("Midnight against the day\u2019s mean, seasons, cancellations, answers to pressure", differing),
        ("Ready, being arranged or waiting for discharge hours", [c.arranging for c in counts]),
        ("Delayed: no place free", [c.delayed for c in counts]),
        ("Community beds inside the count", [c.community for c in counts]),
        ("Not explained", [p - c.total for p, c in zip(published, counts, strict=True)]),
        ("Published beds in use", published),
    ]


def count_rows(w: Waterfall) -> list[list[str]]:
    """Rows of the report's table: the parts of the count in whole beds, the mean load rounded up as everywhere else."""
    (load, exact), (differing, least), *rest = count_parts(w)
    beds = [float(w.row(w.steps[0], site).beds) for site in (*w.names, "together")]
    left = [d + e - b for d, e, b in zip(least, exact, beds, strict=True)]
    rows = [(load, beds), (differing, left), *rest]
    whole = {rows[0][0], rows[-1][0]}
    return [[name, *((amount if name in whole else signed)(v) for v in values)] for name, values in rows]

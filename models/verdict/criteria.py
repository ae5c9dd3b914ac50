"""The criteria of the verdict, each judged replication by replication through two lenses.

*Meets the standard*: the criterion's own threshold. *Does no harm*: at least as good as business as usual in the same
replication, within a margin. Where business as usual itself misses the standard in most replications, the second lens
decides; where business as usual has no steady state, the second lens says nothing and the criterion is not passed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.footprint.footprint import Footprint
from models.measures import measures
from models.plans import months_after
from models.settings.criteria import Criteria
from sim.clock import DAY

__all__ = [
    "ADVISED",
    "ALWAYS",
    "MORE_IS_BETTER",
    "STANDARD",
    "Assessed",
    "crowding",
    "deciding",
    "every_cell",
    "grid",
    "has_collapsed",
    "months_between",
    "not_assessed",
    "of_care",
    "quarters",
    "reported",
    "two_lenses",
]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Masks = list[Bools]
Periods = list[tuple[str, Bools]]
Names = tuple[str, str, float | None, str, str]  # key, name, threshold, unit, source

OWN = "own proposal"
STANDARD, NO_HARM, ALWAYS = "meets the standard", "does no harm", "happens as planned"
ADVISED = 0.85  #: occupancy long given as safe (A1): a distance to tell, and no line
COLLAPSED_WAITING = 0.10  # people waiting as a share of a hospital's beds above which there is no steady state

MORE_IS_BETTER = ("K4", "K5", "K5b", "K6", "K7")
#: criteria that this version does not answer, and why
NOT_ASSESSED: dict[str, dict[str, Any]] = {
    key: {"name": name, "assessed": False, "decides": False, "note": f"not assessed: {why}"}
    for key, name, why in (
        ("K5", "Elective list and 18 weeks", "planned admissions are a flow, not yet a list; cancellations are K5c"),
        ("K6", "Workforce", "staff are not modelled in this run (around=none)"),
        ("K7", "Money", "no accounts are kept in this run (finance=none)"),
        ("K9", "Demand realism", "only a plan that is judged is laid beside what was seen (criteria.realism)"),
        ("K10", "Resilience to winter shocks", "no bad winter comes in this run; ask with winter=bad"),
        ("K11", "Compensation", "ask `carebridge run` with compensation=on; it costs one more arm a timeline"),
        ("K12", "Change capacity", "programmes are counted only of a plan that is judged"),
    )
}


@dataclass
class Assessed:
    """One criterion over all replications (R) and the cells (periods × places) it is judged in.

    Parameters
    ----------
    passes : (R,) bool
        What counts in the verdict: the deciding lens.
    meets, harmless, usual_meets : (R,) bool or None
        The two lenses, and whether business as usual meets the standard.
    cells : list of (place, period)
    values, usual : (R, cells)
        The measure under the plan and under business as usual.
    figures : tuple of dict
        What the criterion looks at, where that is figures of the plan and not what is simulated.
    rules_out : tuple of str
        Why the plan is not credible whatever is simulated, a sentence each; empty where nothing speaks so.
    regraded : tuple of (str, str, str)
        Evidence, its grade, and the grade one step from it with which the plan would be ruled out, or no longer.
    harmed : dict
        Of replications in which harm is done: how many (``fails``), the place at which the worst year lies most often
        (``place``, ``times``), and by how much the worst year is worse in the middle one (``by``). Empty without any.
    """

    key: str
    name: str
    decides: bool
    lens: str
    threshold: float | None
    unit: str
    source: str
    passes: Bools
    meets: Bools | None
    harmless: Bools | None
    usual_meets: Bools | None
    value: float
    usual_value: float | None
    worst: dict[str, Any]
    note: str
    cells: list[tuple[str, str]]
    values: Floats
    usual: Floats | None
    figures: tuple[dict[str, Any], ...] = ()
    rules_out: tuple[str, ...] = ()
    regraded: tuple[tuple[str, str, str], ...] = ()
    harmed: dict[str, Any] = field(default_factory=dict)


def not_assessed(assessed: list[Assessed], said: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """Criteria that a run does not answer, and why; `said` are notes of this run in place of the usual ones, by key."""
    known = {a.key for a in assessed}
    found = {key: row for key, row in NOT_ASSESSED.items() if key not in known}
    return found | {key: found[key] | {"note": note} for key, note in (said or {}).items() if note}


def months_between(o: Observed, first: dt.date, last: dt.date, step: int) -> list[tuple[str, Bools]]:
    """Periods of `step` months between two dates, with the month mask of each; named by their first day."""
    out, day = [], first
    while months_after(day, step) <= last:
        following = months_after(day, step)
        out.append((day.isoformat()[:7], np.array([day <= m < following for m in o.months])))
        day = following
    return out


def quarters(o: Observed, first: dt.date, last: dt.date) -> list[tuple[str, Bools]]:
    """Quarters between two dates."""
    return months_between(o, first, last, 3)


def of_care(plan: Observed, usual: Observed, criteria: Criteria, window: tuple[dt.date, dt.date]) -> list[Assessed]:
    """Judge K1 to K5, what patients meet, over a window of dates; and K10 where there are bad winters."""
    footprint = plan.arm.system.footprint
    years, seasons = months_between(plan, *window, 12), quarters(plan, *window)
    collapsed = _collapsed(usual, years[-1][1])
    return [
        _access(plan, usual, criteria, years, seasons, collapsed),
        _occupancy(plan, usual, criteria, years, seasons),
        _delayed(plan, usual, criteria, years),
        *_whole(plan, usual, footprint, criteria, years),
        _cancelled(plan, usual, criteria, years, collapsed),
        *_resilience(plan, usual, criteria, window),
    ]


def _resilience(plan: Observed, usual: Observed, criteria: Criteria, window: tuple[dt.date, dt.date]) -> list[Assessed]:
    """K10, where the run has bad winters."""
    from models.verdict.criteria_winter import after_bad_winters

    return after_bad_winters(plan, usual, criteria, plan.arm.system.winters, window)


def _whole(plan: Observed, usual: Observed, footprint: Footprint, criteria: Criteria, years: Periods) -> list[Assessed]:
    """K4, and K5 where there is a list: from the run where it knows of A&E and of planned care."""
    from models.verdict import criteria_whole

    roles = plan.arm.system.roles
    if roles.front:
        found = [criteria_whole.four_hours(plan, usual, criteria, years)]
    else:
        found = [_four_hours(plan, usual, footprint, criteria, years)]
    return found + (criteria_whole.planned_care(plan, usual, years) if roles.treatment else [])


def _places(o: Observed) -> list[str | None]:
    return [*o.arm.system.footprint.sites, None]


def crowding(usual: Observed, last_year: Bools) -> Floats:
    """Mean number waiting at, and mean beds open in, each hospital (R, sites, 2) in the last year."""
    span, out = usual.days[last_year].sum() * DAY, []
    for site in usual.arm.system.footprint.sites:
        entries = [usual.station(name) for name in usual.arm.system.roles.entries[site]]
        queued = usual.arm.system.roles.queued
        waiting = usual.area[:, last_year][:, :, entries][..., queued].sum(axis=(1, 2, 3)) / span
        out.append(np.stack([waiting, measures.beds_open(usual, site)[:, last_year].mean(axis=1)], axis=1))
    return np.stack(out, axis=1)


def has_collapsed(crowded: Floats) -> Bools:
    """Hospitals (sites) where the queue of business as usual is still growing in the last year: no steady state."""
    waiting, beds = crowded.mean(axis=0).T
    return waiting > COLLAPSED_WAITING * beds


def _collapsed(usual: Observed, last_year: Bools) -> list[str]:
    """Names of the hospitals without a steady state."""
    lost = has_collapsed(crowding(usual, last_year))
    sites = usual.arm.system.footprint.sites.values()
    return [site.name for site, gone in zip(sites, lost, strict=True) if gone]


Measure = Callable[[Observed, str | None, Masks], Floats]


def grid(o: Observed, periods: Periods, measure: Measure) -> tuple[list[tuple[str, str]], Floats]:
    """Values of a measure (R, cells) with the cells: every place in every period, the footprint as a whole last."""
    masks = [mask for _, mask in periods]
    cells = [(_title(o, place), name) for place in _places(o) for name, _ in periods]
    return cells, np.concatenate([measure(o, place, masks) for place in _places(o)], axis=1)


def _title(o: Observed, place: str | None) -> str:
    footprint = o.arm.system.footprint
    return footprint.title if place is None else footprint.sites[place].name


_WAITS_AS_A_PROXY = (
    "not calibrated: no published count of waits for a bed by hospital is in the data; type-1 4-hour performance and "
    "12-hour waits stand beside it as a proxy"
)
_WAITS_FITTED = (
    "waits over 12 h are fitted by hospital; those over 4 h follow from them and are too few, as no count of them by "
    "hospital is in the data"
)


def _access(
    plan: Observed, usual: Observed, criteria: Criteria, years: Any, seasons: Any, collapsed: list[str]
) -> Assessed:
    """K1: the standard is judged by quarter, harm by year."""
    _, by_quarter = grid(plan, seasons, measures.long_wait_share)
    _, usual_quarter = grid(usual, seasons, measures.long_wait_share)
    cells, by_year = grid(plan, years, measures.long_wait_share)
    _, usual_year = grid(usual, years, measures.long_wait_share)
    limit = criteria.access_share.value
    return two_lenses(
        ("K1", "Access: waits over 4 h for a bed", limit, "share of emergencies", criteria.access_share.source),
        meets=np.all(by_quarter <= limit, axis=1),
        usual_meets=np.all(usual_quarter <= limit, axis=1),
        harmless=np.all(by_year <= usual_year + criteria.margin_share.value, axis=1),
        cells=cells,
        values=by_year,
        usual=usual_year,
        collapsed=collapsed,
        note=_WAITS_FITTED if plan.arm.system.footprint.fits_waits else _WAITS_AS_A_PROXY,
    )


def _delayed(plan: Observed, usual: Observed, criteria: Criteria, years: Any) -> Assessed:
    masks = [mask for _, mask in years]
    values, base = (measures.delayed_share(o, "acute", masks) for o in (plan, usual))
    # of the bed-days occupied under business as usual: fewer occupied beds alone make the plan's own share larger
    beside = measures.delayed_days(plan, "acute", masks) / np.maximum(1, measures.used_days(usual, "acute", masks))
    everywhere = measures.delayed_share(plan, "all", masks).mean()
    total = (measures.total_delay_beds(plan)[:, np.any(masks, axis=0)]).mean()
    limit = criteria.delayed_share.value
    return two_lenses(
        (
            "K3",
            "Delayed transfers of care",
            limit,
            "share of occupied hospital bed-days",
            criteria.delayed_share.source,
        ),
        meets=np.all(values <= limit, axis=1),
        usual_meets=np.all(base <= limit, axis=1),
        harmless=np.all(np.minimum(values, beside) <= base + criteria.margin_share.value, axis=1),
        cells=[(_title(plan, None), name) for name, _ in years],
        values=values,
        usual=base,
        collapsed=[],
        note=f"acute over general and acute beds; over all beds with community ones {everywhere:.1%}; with assessment "
        f"and waiting for the day's discharge hours, {total:.0f} beds on average",
    )


def _cancelled(plan: Observed, usual: Observed, criteria: Criteria, years: Any, collapsed: list[str]) -> Assessed:
    cells, values = grid(plan, years, measures.cancelled_share)
    _, base = grid(usual, years, measures.cancelled_share)
    harmless = np.all(values <= base + criteria.margin_share.value, axis=1)
    return two_lenses(
        (
            "K5c",
            "Planned admissions cancelled for want of a bed",
            None,
            "share of planned overnight admissions",
            "own proposal: no more than business as usual",
        ),
        meets=None,
        usual_meets=None,
        harmless=harmless,
        cells=cells,
        values=values,
        usual=base,
        collapsed=collapsed,
        note="simulated cancellations are of overnight admissions for want of a bed only",
    )


def deciding(meets: Bools | None, usual_meets: Bools | None, harmless: Bools, collapsed: bool) -> tuple[bool, Bools]:
    """Which lens decides, and which replications pass.

    Returns
    -------
    (bool, (R,) array)
        Whether the criterion's own standard decides: where business as usual meets it in half the replications.
        Otherwise doing no harm does, and that means nothing where business as usual has collapsed.
    """
    if meets is not None and usual_meets is not None and usual_meets.mean() >= 0.5:  # noqa: PLR2004
        return True, meets
    return False, np.zeros_like(harmless) if collapsed else harmless


def two_lenses(
    names: Names,
    *,
    meets: Bools | None,
    usual_meets: Bools | None,
    harmless: Bools,
    cells: list[tuple[str, str]],
    values: Floats,
    usual: Floats,
    collapsed: list[str],
    note: str,
) -> Assessed:
    """Choose the deciding lens once for the footprint, over all replications of business as usual."""
    key, name, limit, unit, source = names
    by_standard, passes = deciding(meets, usual_meets, harmless, bool(collapsed))
    if not by_standard and collapsed:
        note += (
            f"; business as usual has no steady state at {', '.join(collapsed)}, so doing no harm means nothing there"
        )
    return Assessed(
        key=key,
        name=name,
        decides=True,
        lens=STANDARD if by_standard else NO_HARM,
        threshold=limit,
        unit=unit,
        source=source,
        passes=passes,
        meets=meets,
        harmless=harmless,
        usual_meets=usual_meets,
        value=float(values.mean()),
        usual_value=float(usual.mean()),
        worst=_worst(cells, values, usual),
        note=note,
        cells=cells,
        values=values,
        usual=usual,
        harmed=_harmed(cells, values - usual, harmless),
    )


def _harmed(cells: list[tuple[str, str]], above: Floats, harmless: Bools) -> dict[str, Any]:
    """Where harm is done, in the replications in which it is: a mean over all of them may show none."""
    failing = above[~harmless]
    if not len(failing):
        return {}
    places = Counter(cells[at][0] for at in failing.argmax(axis=1))
    place, times = max(places.items(), key=lambda item: (item[1], item[0]))
    return {"fails": len(failing), "place": place, "times": times, "by": float(np.median(failing.max(axis=1)))}


def _worst(cells: list[tuple[str, str]], values: Floats, usual: Floats, more_is_better: bool = False) -> dict[str, Any]:
    """Place and period where the plan is furthest on the wrong side of business as usual, on average."""
    gap = (usual - values if more_is_better else values - usual).mean(axis=0)
    at = int(np.argmax(gap))
    return {
        "place": cells[at][0],
        "from": cells[at][1],
        "value": float(values[:, at].mean()),
        "usual_value": float(usual[:, at].mean()),
    }


def _occupancy(plan: Observed, usual: Observed, criteria: Criteria, years: Any, seasons: Any) -> Assessed:
    """K2, reported: midnight occupancy over the year and in the winter quarter."""

    def ratio(o: Observed, site: str | None, masks: Masks) -> Floats:
        used, have = measures.occupied_beds(o, site) * o.days, measures.beds_open(o, site) * o.days
        return np.stack([used[:, m].sum(axis=1) / np.maximum(1, have[:, m].sum(axis=1)) for m in masks], axis=1)

    winter = [(name, mask) for name, mask in seasons if name.endswith("-01")]
    cells, values = grid(plan, years, ratio)
    _, base = grid(usual, years, ratio)
    _, cold = grid(plan, winter, ratio)
    year, winter_line = criteria.occupancy_year, criteria.occupancy_winter
    meets = np.all(values <= year.value, axis=1) & np.all(cold <= winter_line.value, axis=1)
    off = 100 * (values.mean() - ADVISED)
    note = f"reported; winter quarters {cold.mean():.1%} on average (line: {winter_line.value:.0%}); "
    note += f"the mean of the years is {abs(off):.1f} points {'above' if off > 0 else 'below'} {ADVISED:.0%}"
    stations, roles = plan.arm.lowered.network.stations, plan.arm.system.roles
    if any(stations[name].escalation for name in roles.in_all(roles.wards)):
        note += "; beds open include escalation beds, which come on top of the beds counted and stay after closures"
    if plan.arm.steering and any(rule.beds for rule in plan.arm.steering.brief.rules):
        note += "; beds open include escalation beds while a rule of the plan keeps them open, as published counts do"
    names = ("K2", "Midnight occupancy", year.value, "share of beds open", year.source)
    return reported(names, meets, cells, values, base, note)


def _four_hours(plan: Observed, usual: Observed, footprint: Footprint, criteria: Criteria, years: Any) -> Assessed:
    """K4, reported: the observed 4-hour share moved along the slope of history with occupancy; a cross-check."""
    slope = criteria.four_hour_per_occupancy.value
    seen = {name: site.type1_4h_share.value for name, site in footprint.sites.items()}
    weight = {name: site.type1_attendances_per_day.value for name, site in footprint.sites.items()}
    base = {name: site.beds_occupied.value / site.beds_available.value for name, site in footprint.sites.items()}

    def share(o: Observed, site: str | None, masks: Masks) -> Floats:
        if site is None:
            whole = sum(weight.values())
            return np.sum([share(o, s, masks) * weight[s] / whole for s in footprint.sites], axis=0)
        used, have = measures.occupied_beds(o, site), measures.beds_open(o, site)
        now = np.stack([used[:, m].mean(axis=1) / np.maximum(1, have[:, m].mean(axis=1)) for m in masks], axis=1)
        return np.clip(seen[site] + slope * (now - base[site]), 0, 1)

    cells, values = grid(plan, years, share)
    _, before = grid(usual, years, share)
    meets = np.all(values >= criteria.four_hour_share.value, axis=1)
    note = "reported; the baseline's 4-hour share moved along history's slope with occupancy, not simulated"
    line = criteria.four_hour_share
    names = ("K4", "A&E within 4 hours", line.value, "share of attendances", line.source)
    return reported(names, meets, cells, values, before, note, more_is_better=True)


def reported(
    names: Names,
    meets: Bools,
    cells: Any,
    values: Floats,
    usual: Floats | None,
    note: str,
    more_is_better: bool = False,
) -> Assessed:
    """A criterion that is reported and never decides."""
    key, name, limit, unit, source = names
    return Assessed(
        key=key,
        name=name,
        decides=False,
        lens=STANDARD,
        threshold=limit,
        unit=unit,
        source=source,
        passes=meets,
        meets=meets,
        harmless=None,
        usual_meets=None,
        value=float(values.mean()),
        usual_value=None if usual is None else float(usual.mean()),
        worst={} if usual is None else _worst(cells, values, usual, more_is_better),
        note=note,
        cells=cells,
        values=values,
        usual=usual,
    )


def every_cell(assessed: list[Assessed]) -> Iterator[tuple[str, str, str, int, float, float | None]]:
    """Rows (criterion, place, period, replication, value, usual value) of all criteria."""
    for a in assessed:
        for r in range(a.values.shape[0]):
            for c, (place, period) in enumerate(a.cells):
                yield a.key, place, period, r, float(a.values[r, c]), None if a.usual is None else float(a.usual[r, c])

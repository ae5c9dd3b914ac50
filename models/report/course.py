"""The course of a plan: how far each move has come month by month, when it took effect, and what made it slip.

T1 (build, run both, prove, release), R11 (said in plain words).
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.transition.brief import Terms, month_of
from models.transition.stages import CLOSING, Stage

__all__ = ["GROUPS", "NEVER", "Row", "course", "first_held", "middle", "phases", "took_effect"]

Floats = npt.NDArray[np.float64]
NEVER = math.inf  #: later than any day
MOST_ROWS = 48  #: rows beyond which the hospitals of a move share one

#: stages that a chart shows as one, the furthest first; what is in none of them waits, or was stopped
GROUPS: dict[str, frozenset[Stage]] = {
    "closed for good, or open and live": frozenset({Stage.DECOMMISSIONED, Stage.LIVE, Stage.ADOPTED}),
    "mothballed": frozenset({Stage.MOTHBALLED}),
    "proving": frozenset({Stage.PROVING}),
    "running both": frozenset({Stage.RUNNING_BOTH}),
    "building and recruiting": frozenset({Stage.BUILDING}),
    "consulting and approving": frozenset({Stage.CONSULTING, Stage.APPROVING, Stage.CHALLENGED}),
}
_NUMBER = {stage: n for n, group in enumerate(GROUPS.values()) for stage in group}


@dataclass(frozen=True)
class Row:
    """A move at one site, or at all of its sites together.

    Parameters
    ----------
    move : str
    sites : tuple of str
        Empty names stand for no site.
    starts, first, last : date
        Planned: begun, first step in effect, last step in effect.
    shares : (groups, months)
        Share of the move in each of :data:`GROUPS` on the first of each month, mean over replications; the rest waits.
    whole : (R,)
        Day (ordinal) from which all of it was in effect; :data:`NEVER` when that never came.
    done : (R,)
        Share of it in effect in the end.
    held_by : str
        What held back most of what came late or never, by size; empty when nothing did.
    """

    move: str
    sites: tuple[str, ...]
    starts: dt.date
    first: dt.date
    last: dt.date
    shares: Floats
    whole: Floats
    done: Floats
    held_by: str

    @property
    def never(self) -> int:
        """Replications in which nothing of it happened."""
        return int((self.done == 0).sum())

    @property
    def in_part(self) -> int:
        """Replications in which some of it happened, and not all."""
        return int(((self.done > 0) & np.isinf(self.whole)).sum())

    @property
    def late_months(self) -> float:
        """Months from the planned day of the last step to the middle run's; infinite when half of them never came."""
        day = middle(self.whole)
        return (day - self.last.toordinal()) / 30.44 if np.isfinite(day) else NEVER


def middle(days: Floats, share: float = 0.5) -> float:
    """Return the least day by which it had happened in this share of replications; one that never came counts."""
    return float(np.quantile(days, share, method="inverted_cdf"))


def course(o: Observed) -> list[Row]:
    """Return the course of every move at every site, or of every move where that would be too much to read.

    In the order of the plan's moves.
    """
    assert o.arm.steering is not None, "business as usual has no course"
    brief = o.arm.steering.brief
    pairs = list(dict.fromkeys((t.move, t.site) for t in brief.tranches))
    together = len(pairs) > MOST_ROWS
    keys = {pair: (pair[0],) if together else pair for pair in pairs}
    steps: dict[tuple[str, ...], list[int]] = {}
    for n, t in enumerate(brief.tranches):
        steps.setdefault(keys[t.move, t.site], []).append(n)
    weights = [_weight(brief.terms[t.move], t.size, p) for t, p in zip(brief.tranches, brief.progress, strict=True)]
    shares = _shares(o, weights)
    order = {name: n for n, name in enumerate(brief.terms)}
    found = [_row(o, own, weights, shares[own].sum(axis=0)) for own in steps.values()]
    return sorted(found, key=lambda row: order[row.move])


def _weight(terms: Terms, size: int, progress: float) -> float:
    """How much of its move a step is: by size, or as many steps as there are of a pure effect."""
    return float(size) if any(terms.sizes.values()) else progress


def _shares(o: Observed, weights: list[float]) -> Floats:
    """Weight of each step in each group (steps, groups, months), mean over replications."""
    assert o.arm.steering is not None  # noqa: S101 - callers ask first
    number = {(t.move, t.site, t.number): n for n, t in enumerate(o.arm.steering.brief.tranches)}
    first = month_of(o.months[0])
    moved = np.zeros((len(number), len(GROUPS), len(o.months)))
    for log in o.logs:
        at: dict[int, int] = {}
        for row in log:
            if row.event != "stage":
                continue
            step, month = number[row.move, row.site, row.number], month_of(row.date) - first
            if step in at:
                moved[step, at.pop(step), month] -= weights[step]
            group = _NUMBER.get(Stage(row.stage))
            if group is not None:
                at[step] = group
                moved[step, group, month] += weights[step]
    return moved.cumsum(axis=2) / max(1, len(o.logs))


def _row(o: Observed, own: list[int], weights: list[float], moved: Floats) -> Row:
    assert o.arm.steering is not None  # noqa: S101 - callers ask first
    tranches = [o.arm.steering.brief.tranches[n] for n in own]
    whole = sum(weights[n] for n in own)
    slipped: dict[str, float] = {}
    days, done = [], []
    for outcomes in o.outcomes:  # in the order of the plan's steps
        happened = [outcomes[n].happened for n in own]
        days.append(NEVER if None in happened else max(d.toordinal() for d in happened if d))
        done.append(sum(weights[n] for n in own if outcomes[n].happened) / whole)
        for n in own:
            x = outcomes[n]
            if x.held_by and (x.happened is None or x.happened > x.tranche.due):
                slipped[x.held_by] = slipped.get(x.held_by, 0.0) + weights[n]
    most = max(slipped.values(), default=0.0)
    return Row(
        move=tranches[0].move,
        sites=tuple(dict.fromkeys(t.site for t in tranches)),
        starts=min(t.starts for t in tranches),
        first=min(t.due for t in tranches),
        last=max(t.due for t in tranches),
        shares=moved / whole,
        whole=np.array(days, float),
        done=np.array(done, float),
        held_by=min((k for k, v in slipped.items() if v == most), default=""),
    )


def first_held(o: Observed, site: str | None = None) -> dict[str, Floats]:
    """Day (R) on which each cause first held a step back before it took effect; the most frequent causes first.

    Causes are those of gates and decisions, without the names that follow some of them. Beds that wait mothballed are
    closed, so nothing holds them back.
    """
    days: dict[str, Floats] = {}
    for r, log in enumerate(o.logs):
        for row in log:
            if row.event == "held" and row.stage != Stage.MOTHBALLED and site in (None, row.site):
                cause = row.cause.partition(": ")[0]
                found = days.setdefault(cause, np.full(len(o.logs), NEVER))
                found[r] = min(found[r], row.date.toordinal())
    return dict(sorted(days.items(), key=lambda item: (np.isinf(item[1]).sum(), middle(item[1]), item[0])))


def took_effect(o: Observed, site: str | None = None) -> dict[str, Floats]:
    """Day (R) of the first places open, the first beds closed, and the last of those that the plan closes."""
    assert o.arm.steering is not None, "business as usual has no course"
    terms = o.arm.steering.brief.terms
    out: dict[str, Floats] = {}
    for r, outcomes in enumerate(o.outcomes):
        own = [x for x in outcomes if site in (None, x.tranche.site) and x.tranche.size]
        days = [(x, NEVER if x.happened is None else x.happened.toordinal()) for x in own]
        opened = [day for x, day in days if x.tranche.kind not in CLOSING and terms[x.tranche.move].opens]
        closed = [day for x, day in days if x.tranche.kind in CLOSING]
        for name, found, pick in (
            ("first places open", opened, min),
            ("first beds close", closed, min),
            ("last beds close", closed, max),
        ):
            if found:
                out.setdefault(name, np.full(len(o.outcomes), NEVER))[r] = pick(found)
    return out


#: phases of the overlap: whose steps, from the first that enters a stage to the last that enters another
PHASES = {
    "building up": (False, Stage.BUILDING, Stage.LIVE),
    "both open": (False, Stage.LIVE, None),
    "proving": (True, Stage.PROVING, None),
    "releasing": (True, Stage.DECOMMISSIONED, Stage.DECOMMISSIONED),
}


def phases(o: Observed) -> dict[str, tuple[Floats, Floats]]:
    """First and last day (R) of each phase: new services build up, both are open, the new is proven, the old released.

    Both are open from the first new place to the last bed that closes; proof lasts from the first bed that waits for
    nothing else until then. A phase that never ends in a replication ends later than any day.
    """
    assert o.arm.steering is not None, "business as usual has no course"
    brief = o.arm.steering.brief
    closing = [n for n, t in enumerate(brief.tranches) if t.kind in CLOSING and t.size]
    opening = [n for n, t in enumerate(brief.tranches) if t.kind not in CLOSING and brief.terms[t.move].opens]
    number = {(t.move, t.site, t.number): n for n, t in enumerate(brief.tranches)}
    last_closed = [max((_day(found[n].happened) for n in closing), default=NEVER) for found in o.outcomes]
    out = {}
    for name, (closes, begins, ends) in PHASES.items():
        own = set(closing if closes else opening)
        first, last = np.full(len(o.logs), NEVER), np.array(last_closed, float)
        for r, log in enumerate(o.logs):
            rows = [row for row in log if row.event == "stage" and number[row.move, row.site, row.number] in own]
            first[r] = min((_day(row.date) for row in rows if row.stage == begins), default=NEVER)
            if ends is not None:
                entered = {(row.move, row.site, row.number): _day(row.date) for row in rows if row.stage == ends}
                last[r] = max(entered.values()) if own and len(entered) == len(own) else NEVER
        out[name] = first, last
    return out


def _day(date: dt.date | None) -> float:
    return NEVER if date is None else float(date.toordinal())

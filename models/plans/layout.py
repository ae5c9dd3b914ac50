"""Laying a plan out on a timeline: every move in steps, by site and by date. Pure: the same plan, the same steps.

Shares of the timeline scale with it, and dates scale about the plan's start; what takes its natural time (consultation,
decision, building and recruiting) does not, so nothing is due before its own preparation can be over.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from models.plans.moves import BEDS, AnyMove, Invest, Merge, Shift
from models.plans.plan import Plan, Timeline, preparation_months

__all__ = ["EVERYWHERE", "Sizes", "Tranche", "by_site", "end_of", "lay_out", "months_after", "share_out"]

Sizes = Mapping[tuple[str, str], float]  #: beds or places that there are before the plan, by (setting, site)
EVERYWHERE = ""  #: the site of a move that is at no site
THOUSANDS = 1000  #: in a million, in which capital is given


@dataclass(frozen=True)
class Tranche:
    """One step of a move at one site.

    Parameters
    ----------
    move, kind : str
        Name and kind of the move.
    setting : str
        ``beds``, a service, a staff group, ``demand``, ``stays``, ``money`` or ``estate``; of a conversion and of a
        shift between services, where it comes from; of a shift between sites ``demand``.
    site : str
        Empty for a move at no site (money); of a merger and of a shift between sites, the site it comes from.
    size : int
        Beds, places or staff: what closes of a close, convert or merge, what opens of an open; of an investment at a
        site thousands of pounds; 0 for pure effects.
    number, of : int
        Step n of N of this move at this site; steps that would move nothing are left out.
    share : float
        Share of the move that is to be done with this step, by its dates, from 0 to 1: what `after` asks of the moves
        it names. When all steps of a move at a site are done, its share there is 1, whatever this says.
    due : date
        Planned day on which it takes effect: places open, beds close, an effect starts. The first of a month.
    starts : date
        Planned day on which its first stage has to begin to be in time.
    early : bool
        Takes effect as early as the gates allow, instead of waiting for the planned day.
    after : tuple of str
        Moves that must have come as far.
    to : str
        Of a conversion or shift, the setting (or site) it goes to; of a merger the site.
    opens : int
        Of a conversion or merger, places or beds that open in `to`.
    opens_due : date, optional
        Planned day on which those open: of a conversion after `due`, of a merger before it or on it.
    """

    move: str
    kind: str
    setting: str
    site: str
    size: int
    number: int
    of: int
    share: float
    due: dt.date
    starts: dt.date
    early: bool
    after: tuple[str, ...]
    to: str = ""
    opens: int = 0
    opens_due: dt.date | None = None


def months_after(day: dt.date, months: int) -> dt.date:
    """First of the month that lies `months` after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


def end_of(plan: Plan, timeline: Timeline) -> dt.date:
    """First day after the plan."""
    return months_after(plan.starts, 12 * timeline.years)


def lay_out(plan: Plan, timeline: Timeline, sizes: Sizes) -> list[Tranche]:
    """Lay a plan out on a timeline.

    Parameters
    ----------
    plan : Plan
        One that has been checked (:mod:`models.plans.check`).
    timeline : Timeline
        How long it takes.
    sizes : mapping
        Beds and places that there are, by (setting, site).

    Returns
    -------
    list of Tranche
        By planned day, then priority, move and site.
    """
    tranches = [t for name, move in plan.moves.items() for t in _of_move(name, move, plan, timeline, sizes)]
    return sorted(tranches, key=lambda t: (t.due, plan.moves[t.move].priority, t.move, t.site))


def by_site(move: AnyMove, sizes: Sizes) -> dict[str, int]:
    """How much of a move falls to each site, of an investment thousands of pounds; 0 at every site of a pure effect.

    Shares are pro rata to what is there of the move's own setting, or of `share_by`; to hospital beds where there is
    nothing of it yet, for staff, and for money.
    """
    sites = list(dict.fromkeys(site for _, site in sizes))
    if isinstance(move, Merge):
        there = round(sizes.get((move.setting, move.from_), 0))
        return {move.from_: round(move.size.value) if move.size else there}
    if isinstance(move, Shift) and move.from_ in sites:
        return {move.from_: 0}
    named, figure, times = getattr(move, "sites", [EVERYWHERE]), getattr(move, "size", None), 1
    if isinstance(move, Invest):
        named = named or ("all" if move.effect or move.repairs else [EVERYWHERE])
        figure, times = (None, 1) if named == [EVERYWHERE] else (move.capital, THOUSANDS)
    chosen = sites if named == "all" else list(named)
    if figure is None:
        return dict.fromkeys(chosen, 0)
    size = figure.value * times
    if isinstance(named, dict):
        shares = abs(sum(named.values()) - 1) < 1e-6
        return share_out(size, named) if shares else {site: round(n * times) for site, n in named.items()}
    setting = getattr(move, "share_by", None) or move.closes or move.opens
    weights = {site: sizes.get((setting, site), 0.0) for site in chosen}
    if not sum(weights.values()):
        weights = {site: sizes.get((BEDS, site), 0.0) for site in chosen}
    return share_out(size, weights)


def share_out(total: float, weights: Mapping[str, float]) -> dict[str, int]:
    """Share a whole number out in proportion to weights, largest remainders first; equally if all weights are zero."""
    if not sum(weights.values()):
        weights = dict.fromkeys(weights, 1.0)
    all_weights = sum(weights.values())
    exact = {k: total * w / all_weights for k, w in weights.items()}
    out = {k: int(x) for k, x in exact.items()}
    for k in sorted(exact, key=lambda k: (out[k] - exact[k], k))[: round(total) - sum(out.values())]:
        out[k] += 1
    return out


def _of_move(name: str, move: AnyMove, plan: Plan, timeline: Timeline, sizes: Sizes) -> list[Tranche]:
    """Steps of one move at all its sites."""
    ready = preparation_months(plan, move)
    steps = _steps(move, plan, timeline, ready)
    shared = by_site(move, sizes)
    opening = _opening(move, shared)
    found: list[Tranche] = []
    for site, total in shared.items():
        done = [0, *(round(total * share) for _, share in steps)]
        opened = [0, *(round(opening.get(site, 0) * share) for _, share in steps)]
        moved = [
            (month, share, after - before, there - here)
            for (month, share), (before, after), (here, there) in zip(
                steps, itertools.pairwise(done), itertools.pairwise(opened), strict=True
            )
            if _is_effect(move) or after > before or there > here
        ]
        for number, (month, share, size, opens) in enumerate(moved, 1):
            found.append(
                Tranche(
                    move=name,
                    kind=move.kind,
                    setting=_setting(move, site),
                    site=site,
                    size=size,
                    number=number,
                    of=len(moved),
                    share=share,
                    due=months_after(plan.starts, month),
                    starts=months_after(plan.starts, month - ready),
                    early=move.when.early,
                    after=tuple(move.after),
                    to=getattr(move, "to", ""),
                    opens=opens,
                    opens_due=months_after(plan.starts, month + _later(move)) if opens else None,
                )
            )
    return found


def _steps(move: AnyMove, plan: Plan, timeline: Timeline, ready: int) -> list[tuple[int, float]]:
    """Months after the plan's start at which a move takes effect, and the share that is done with each."""
    when = move.when
    first = max(_month(when.from_, plan, timeline), ready)
    if when.to is None:
        return [(first, 1.0)]
    last = max(_month(when.to, plan, timeline), ready + when.every_months)  # only preparation moves the end
    months = list(range(first, last, when.every_months))
    months = [*months[1:], last] if len(months) > 1 else [last]
    return [(month, (n + 1) / len(months)) for n, month in enumerate(months)]


def _month(moment: float | dt.date, plan: Plan, timeline: Timeline) -> int:
    """Months from the plan's start to a moment on a timeline."""
    if not isinstance(moment, dt.date):
        return round(moment * 12 * timeline.years)
    written = 12 * (moment.year - plan.starts.year) + moment.month - plan.starts.month
    return round(written * timeline.years / plan.years)


def _opening(move: AnyMove, shared: Mapping[str, int]) -> dict[str, int]:
    """What a conversion or merger opens in all, by the site at which the other end closes."""
    if isinstance(move, Merge):
        return dict(shared)
    if move.closes and move.opens:
        per_bed = getattr(move, "places_per_bed", None)
        return share_out(round((per_bed.value if per_bed else 1.0) * sum(shared.values())), shared)
    return {}


def _later(move: AnyMove) -> int:
    """Months from closing to opening: of a conversion the building, of a merger less than none."""
    if isinstance(move, Merge):
        return -round(move.overlap_months.value) if move.overlap_months else 0
    return round(move.lead_time_months.value) if move.lead_time_months else 0


def _is_effect(move: AnyMove) -> bool:
    """Whether a move changes no number of beds, places or staff."""
    return not isinstance(move, Merge) and getattr(move, "size", None) is None


def _setting(move: AnyMove, site: str) -> str:
    """What a move is about; of a shift from site to site, demand."""
    setting = getattr(move, "setting", "") or getattr(move, "from_", "")
    return "demand" if isinstance(move, Shift) and move.from_ == site else setting

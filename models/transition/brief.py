"""What the stage machine works from: a plan laid out on a timeline, made ready once for all replications of an arm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from graphlib import TopologicalSorter

from models.plans import Approval, Gates, OffPlan, Plan, Tranche, approval_of, gates_with
from models.plans.moves import AnyMove, Effect

__all__ = ["Brief", "Switches", "Terms", "brief_of", "date_of", "month_of"]


@dataclass(frozen=True)
class Switches:
    """Mechanisms of the transition; each can be left out of a comparison."""

    approval: bool = True  # consultation, approval, vetoes, legal challenge
    proof: bool = True  # what replaces beds must have been open for a while
    mothball: bool = True  # closed beds can reopen for a time that includes a winter
    lead_time: bool = True  # building and recruiting take time
    ramp: bool = True  # effects take time to build up, and fade
    staff: bool = True  # staff in post before something opens, or what it replaces closes
    change_capacity: bool = True  # only so many programmes can be led at once
    rules: bool = True  # what the plan says shall happen when it goes wrong

    @classmethod
    def off(cls) -> Switches:
        """Leave every mechanism out."""
        return cls(**{f.name: False for f in fields(cls)})

    def gates(self, gates: Gates) -> Gates:
        """Return gates without those that are switched off."""
        off = [name for name in ("proof", "mothball", "staff", "change_capacity") if not getattr(self, name)]
        return gates_with(gates, {name: {"enabled": False} for name in off})


@dataclass(frozen=True)
class Terms:
    """One move, as the machine needs it.

    Parameters
    ----------
    gates, approval
        Its own, where it changes those of the run and of the plan; no approval when nobody is asked.
    depth : int
        Longest chain of moves that it waits for.
    rank : int
        Its place when only so many programmes can be led at once: by priority, after what it waits for.
    sizes, counts : mapping
        Size of all its steps, and their number, by site.
    lead, overlap, ramp : int or float
        Months to build, months with both sites of a merger open, months until the full effect.
    fade : float
        Share of the full effect lost in a year.
    capital_pounds, cost_pounds : float
        Once for the whole move, and a year for each place.
    """

    name: str
    move: AnyMove
    gates: Gates
    approval: Approval | None
    depth: int
    rank: int
    sizes: Mapping[str, int]
    counts: Mapping[str, int]
    lead: int
    overlap: int
    effect: Effect | None
    ramp: float
    fade: float
    capital_pounds: float
    cost_pounds: float

    @property
    def after(self) -> list[str]:
        """Moves that it waits for."""
        return self.move.after

    @property
    def opens(self) -> str:
        """Setting in which it opens beds or places, or an empty text."""
        return self.move.opens


@dataclass(frozen=True)
class Brief:
    """A plan on a timeline, ready to run; shared by all replications."""

    tranches: tuple[Tranche, ...]  # in the order in which they are looked at in each month
    progress: tuple[float, ...]  # share of its move at its site that each of them is
    terms: Mapping[str, Terms]
    rules: tuple[OffPlan, ...]
    switches: Switches
    sites: tuple[str, ...]  # at which anything is planned
    beds: Mapping[str, float]  # hospital beds before the plan, by site, as far as they are known


def brief_of(
    plan: Plan,
    tranches: Sequence[Tranche],
    gates: Gates,
    switches: Switches | None = None,
    beds: Mapping[str, float] | None = None,
    prices: Mapping[str, float] | None = None,
) -> Brief:
    """Make a plan ready.

    Parameters
    ----------
    plan : Plan
    tranches : sequence of Tranche
        Its steps on a timeline, from :func:`models.plans.lay_out`.
    gates : Gates
        Those of the run.
    switches : Switches, optional
        Mechanisms that are on; all of them unless given.
    beds : mapping, optional
        Hospital beds before the plan, by site, of which escalation beds are a share.
    prices : mapping, optional
        Pounds of a place a year by service, where the plan does not say what a place costs.

    Notes
    -----
    Moves that wait for each other, or for what is not there, are refused before (:mod:`models.plans.check`).
    """
    switches = switches or Switches()
    gates = switches.gates(gates)
    depths = _depths(plan.moves)
    ranks = _ranks(plan.moves)
    terms = {
        name: _terms(name, move, plan, gates, switches, (depths[name], ranks[name]), tranches, prices or {})
        for name, move in plan.moves.items()
    }

    def order(t: Tranche) -> tuple:
        return terms[t.move].depth, t.due, plan.moves[t.move].priority, t.move, t.site, t.number

    ordered = sorted(tranches, key=order)
    return Brief(
        tranches=tuple(ordered),
        progress=tuple(_progress(ordered)),
        terms=terms,
        rules=tuple(plan.off_plan) if switches.rules else (),
        switches=switches,
        sites=tuple(sorted({t.site for t in tranches if t.site})),
        beds=dict(beds or {}),
    )


def _progress(tranches: Sequence[Tranche]) -> Iterator[float]:
    """Share of its move at its site that each step adds; all of them together are 1."""
    reached = {(t.move, t.site, t.number): 1.0 if t.number == t.of else t.share for t in tranches}
    for t in tranches:
        yield reached[t.move, t.site, t.number] - reached.get((t.move, t.site, t.number - 1), 0.0)


def month_of(day: dt.date) -> int:
    """Number of a month, counted from year 0."""
    return day.year * 12 + day.month - 1


def date_of(month: int) -> dt.date:
    """First day of a month."""
    return dt.date(month // 12, month % 12 + 1, 1)


def _terms(
    name: str,
    move: AnyMove,
    plan: Plan,
    gates: Gates,
    switches: Switches,
    place: tuple[int, int],
    tranches: Sequence[Tranche],
    prices: Mapping[str, float],
) -> Terms:
    own = [t for t in tranches if t.move == name]
    sites = list(dict.fromkeys(t.site for t in own))
    lead, overlap, capital = (getattr(move, k, None) for k in ("lead_time_months", "overlap_months", "capital"))
    effect = getattr(move, "effect", None)
    ramp = effect.ramp_months if effect and switches.ramp else None
    fade = effect.fade_per_year if effect and switches.ramp else None
    return Terms(
        name=name,
        move=move,
        gates=switches.gates(gates_with(gates, move.gates)),
        approval=approval_of(plan, move) if switches.approval else None,
        depth=place[0],
        rank=place[1],
        sizes={s: sum(t.size for t in own if t.site == s) for s in sites},
        counts={s: sum(t.site == s for t in own) for s in sites},
        lead=round(lead.value) if lead and switches.lead_time else 0,
        overlap=round(overlap.value) if overlap else 0,
        effect=effect,
        ramp=ramp.value if ramp else 0.0,
        fade=fade.value if fade else 0.0,
        capital_pounds=1e6 * capital.value if capital else 0.0,
        cost_pounds=(move.cost.value if move.cost else prices.get(move.opens, 0.0)) if move.opens else 0.0,
    )


def _depths(moves: Mapping[str, AnyMove]) -> dict[str, int]:
    """Longest chain of `after` behind each move."""
    depths: dict[str, int] = {}
    for name in TopologicalSorter({name: move.after for name, move in moves.items()}).static_order():
        depths[name] = 1 + max((depths[other] for other in moves[name].after), default=-1)
    return depths


def _ranks(moves: Mapping[str, AnyMove]) -> dict[str, int]:
    """Place of each move by priority, but after all that it waits for."""
    ranks: dict[str, int] = {}

    def visit(name: str) -> None:
        if name not in ranks:
            for other in moves[name].after:
                visit(other)
            ranks[name] = len(ranks)

    for name in sorted(moves, key=lambda n: moves[n].priority):
        visit(name)
    return ranks

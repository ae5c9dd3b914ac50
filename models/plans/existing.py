"""What there is before a plan, as plain data, and whether a plan's moves fit into it: beds, places and staff."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from models.plans.layout import Sizes, Tranche, lay_out
from models.plans.moves import BEDS, AnyMove, Close, Convert, Merge, Open
from models.plans.plan import Plan, Timeline
from sim.errors import Fault

__all__ = ["Existing", "Staff", "staff_faults", "supply_faults"]


@dataclass(frozen=True)
class Staff:
    """One staff group of the footprint.

    Parameters
    ----------
    in_post : float
        Whole-time equivalents.
    per_bed : float
        That a hospital bed needs, and frees when it closes.
    joiners_per_year : float
        All who come in a usual year: the most that could ever be had for something new.
    """

    in_post: float
    per_bed: float
    joiners_per_year: float


@dataclass(frozen=True)
class Existing:
    """What there is at a footprint before any plan.

    Parameters
    ----------
    footprint : str
        Its name.
    baseline_ends : date
        First day after the baseline year.
    sizes : mapping
        Beds and places by (setting, site), ``beds`` for hospital beds; a service that could open and has no places yet
        is in it with 0.
    staff : mapping
        Staff groups by name; empty where nothing is known of staff.
    keeps : mapping
        Places of a setting that have to stay at each site.
    footprints : tuple of str
        All footprints there are.
    """

    footprint: str
    baseline_ends: dt.date
    sizes: Sizes
    staff: Mapping[str, Staff] = field(default_factory=dict)
    keeps: Mapping[str, int] = field(default_factory=dict)
    footprints: tuple[str, ...] = ()

    @property
    def sites(self) -> list[str]:
        """Sites, in their order."""
        return list(dict.fromkeys(site for _, site in self.sizes))

    @property
    def settings(self) -> list[str]:
        """Hospital beds and community services, in their order."""
        return list(dict.fromkeys(setting for setting, _ in self.sizes))


@dataclass(frozen=True)
class _Change:
    """Beds or places that open (above zero) or close (below) on a day."""

    day: dt.date
    move: str
    setting: str
    site: str
    number: int


def supply_faults(plan: Plan, there: Existing) -> Iterator[Fault]:
    """Closures of more beds or places than there are at that time, summed over moves.

    Day by day on the timeline for which the plan was written: what opens on a day counts for what closes on it, what
    opens later does not. The move that goes too far is named, with every site at which it does.
    """
    tranches = lay_out(plan, Timeline(name="written", years=plan.years), there.sizes)
    changes = sorted((c for t in tranches for c in _changes(t)), key=lambda c: (c.day, -c.number))
    short: dict[str, list[str]] = {}
    for (setting, site), ones in _grouped(changes).items():
        have = round(there.sizes.get((setting, site), 0)) - there.keeps.get(setting, 0)
        for move, words in _short(have, ones, there.keeps.get(setting, 0)):
            short.setdefault(move, []).append(f"{site} {words}")
    for name, found in short.items():
        move = plan.moves[name]
        size = getattr(move, "size", None)
        planned = round(size.value) if size else sum(t.size for t in tranches if t.move == name)
        what = "beds" if move.closes == BEDS else f"places of {move.closes}"
        rule = f"closes more {what} than there are: {'; '.join(words for words in found)}."
        yield Fault(f"moves.{name}.size.value", planned, rule)


def _changes(tranche: Tranche) -> Iterator[_Change]:
    """What a step opens and closes."""
    t = tranche
    if t.kind in ("close", "convert", "merge"):
        yield _Change(t.due, t.move, t.setting, t.site, -t.size)
    if t.kind == "open":
        yield _Change(t.due, t.move, t.setting, t.site, t.size)
    if t.kind == "convert" and t.opens_due:
        yield _Change(t.opens_due, t.move, t.to, t.site, t.opens)
    if t.kind == "merge" and t.opens_due:
        yield _Change(t.opens_due, t.move, t.setting, t.to, t.opens)


def _grouped(changes: list[_Change]) -> dict[tuple[str, str], list[_Change]]:
    found: dict[tuple[str, str], list[_Change]] = {}
    for change in changes:
        found.setdefault((change.setting, change.site), []).append(change)
    return found


def _short(have: int, changes: list[_Change], stay: int) -> Iterator[tuple[str, str]]:
    """For each move that closes more than there is at one site: its name, and what was left when it first did."""
    lacking: dict[str, str] = {}
    levels = list(itertools.accumulate((c.number for c in changes), initial=have))[1:]
    worst = 0
    for change, level in zip(changes, levels, strict=True):
        if level >= worst or change.number > 0:
            continue
        worst = level
        left = level - change.number
        later = sum(c.number for c in changes if c.day > change.day and c.number > 0)
        words = f"has {max(left, 0)} left on {change.day}, when {-change.number} close"
        words += f" ({stay} must stay)" if stay else ""
        words += f" ({later} more open only later)" if later else ""
        lacking.setdefault(change.move, words)
    yield from lacking.items()


def staff_faults(plan: Plan, there: Existing) -> Iterator[Fault]:
    """Places that nobody could ever staff.

    The rule, for each staff group, kind to the plan: what all moves that open need (at the low end of staff per place)
    may not be more than closures free, all who join in the plan's years, and what `recruit` and `retrain` moves bring.
    """
    retrained: dict[str, float] = {}
    for name, move in plan.moves.items():
        group, size = getattr(move, "setting", ""), getattr(move, "size", None)
        if move.kind == "retrain" and size and group in there.staff:
            retrained[group] = retrained.get(group, 0.0) + size.value
            left = there.staff[group].in_post - (retrained[group] - size.value)
            if size.value > left:
                rule = f"moves more {group} than are in post: there are {left:,.0f}."
                yield Fault(f"moves.{name}.size.value", size.value, rule, nearest=f"{max(left, 0):.0f}")
    for group, staff in there.staff.items():
        freed = sum(_frees(move, group, staff) for move in plan.moves.values())
        joining = staff.joiners_per_year * plan.years
        brought = sum(_brings(move, group) for move in plan.moves.values())
        yield from _unstaffed(plan, group, freed + joining + brought, (freed, joining, brought))


def _unstaffed(plan: Plan, group: str, most: float, parts: tuple[float, float, float]) -> Iterator[Fault]:
    """Moves with which the need for one staff group passes what could ever be there."""
    need = 0.0
    for name, move in plan.moves.items():
        if not isinstance(move, (Open, Convert)) or group not in (move.workforce or {}):
            continue
        per_place, size = move.workforce[group], _opened(move)
        least = per_place.range[0]
        need += size * least
        if need > most * (1 + 1e-9):
            freed, joining, brought = parts
            rule = (
                f"nobody could staff these places: with the moves before it {need:,.0f} {group} are needed at the "
                f"least, and at most {most:,.0f} could ever be there ({freed:,.0f} freed by closures, {joining:,.0f} "
                f"who join in {plan.years} years, {brought:,.0f} recruited or retrained by the plan)."
            )
            fits = max(0.0, (most - need + size * least) / size) if size else 0.0
            yield Fault(f"moves.{name}.workforce.{group}", per_place.value, rule, nearest=f"{fits:.2g}")


def _opened(move: Open | Convert) -> float:
    """Beds or places that it opens."""
    per_bed = move.places_per_bed if isinstance(move, Convert) else None
    return move.size.value * (per_bed.value if per_bed else 1.0) if move.size else 0.0


def _frees(move: AnyMove, group: str, staff: Staff) -> float:
    """Staff of a group that a closure sets free."""
    size = getattr(move, "size", None)
    if size is None or isinstance(move, Merge) or not move.closes:
        return 0.0
    said = getattr(move, "workforce", None) or {}
    if isinstance(move, Close) and group in said:
        return size.value * said[group].range[1]
    return size.value * staff.per_bed if move.closes == BEDS else 0.0


def _brings(move: AnyMove, group: str) -> float:
    size = getattr(move, "size", None)
    brings = move.kind in ("recruit", "retrain") and getattr(move, "setting", "") == group
    return size.value if brings and size else 0.0

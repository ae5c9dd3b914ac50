"""What passes between a network and stocks, in words: feeds and drives that differ in their elements only are one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sim.drawing.words import where_text

if TYPE_CHECKING:
    from sim.hybrid.model import Hybrid
    from sim.hybrid.schema import Drive, Feed

__all__ = ["Passed", "interval_text", "passed"]

T = TypeVar("T")

#: means over the interval; everything else that is observed is a count
_SEEN = {
    "waiting": "there, on average",
    "in_service": "there, on average",
    "blocked": "there, on average",
    "in_transition": "from there, on average",
    "awaited": "blocked elsewhere, waiting for a place there, on average",
    "present": "in service, blocked or in transition there, on average",
    "open": "places, on average",
    "occupied": "places, on average",
    "occupancy": "occupied share of open places",
}
_SET = {
    "places": ("places", ""),
    "stay_multiplier": ("factor on stays", "that begin there"),
    "share": ("share of the route", "the other ways share the rest"),
    "arrivals": ("arrivals", "mean rate"),
    "arrivals_factor": ("factor on arrivals", ""),
    "entities": ("handed over one by one", "in whole numbers, the rest is carried"),
}
_ROUNDED = {"nearest": "rounded to the nearest", "down": "rounded down", "carry": "whole, the rest is carried"}


@dataclass(frozen=True)
class Passed:
    """A feed or a drive, or several that differ in their elements only.

    Parameters
    ----------
    number : int
        By which it is found in the picture, from 1.
    feed : bool
        Whether it goes from the network to the stocks.
    network, stocks : tuple of str
        What it comes from and goes to, one for each feed or drive.
    what : str
        What passes.
    notes : tuple of str
        More about it; the unit is the last.
    places : tuple of (str, str)
        Boxes and arrows of the network, as tags are given to them.
    variables : tuple of str
        Variables of the stocks.
    """

    number: int
    feed: bool
    network: tuple[str, ...]
    stocks: tuple[str, ...]
    what: str
    notes: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    variables: tuple[str, ...]


def interval_text(hybrid: Hybrid) -> str:
    """How often something passes."""
    dt, unit = hybrid.model.time.dt, hybrid.model.time.unit
    return f"every {dt:g} {unit}{'s' if dt > 1 and not unit.endswith('s') else ''}"


def passed(hybrid: Hybrid) -> list[Passed]:
    """Feeds, then drives, in the order of the file; of several that are one, the first counts."""
    found: list[Passed] = []
    for feeds in _alike((_feed_key(f), f) for f in hybrid.feeds):
        found.append(_feed(hybrid, feeds, len(found) + 1))
    for drives in _alike((_drive_key(hybrid, d), d) for d in hybrid.drives):
        found.append(_drive(hybrid, drives, len(found) + 1))
    return found


def _alike(keyed: Iterable[tuple[Hashable, T]]) -> list[list[T]]:
    groups: dict[Hashable, list[T]] = {}
    for key, one in keyed:
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _base(column: str) -> str:
    """Variable of a column."""
    return column.partition("[")[0].strip()


# -- from the network to the stocks -----------------------------------------------------------------------------------


def _feed_key(feed: Feed) -> Hashable:
    return _base(feed.input), feed.observes, tuple(feed.cls or ())


def _feed(hybrid: Hybrid, feeds: list[Feed], number: int) -> Passed:
    first = feeds[0]
    time = hybrid.model.time.unit
    notes = [_SEEN.get(first.observes, f"number per {time}")]
    notes += [f"of {', '.join(first.cls)}"] if first.cls else []
    unit = hybrid.unit_fed(first)
    return Passed(
        number,
        True,
        tuple(" + ".join(_titled(hybrid, s) for s in f.station) for f in feeds),
        tuple(f.input for f in feeds),
        first.observes.replace("_", " "),
        (*notes, f"[{unit}]"),
        tuple(dict.fromkeys((_box(hybrid, s), "") for f in feeds for s in f.station)),
        tuple(dict.fromkeys(_base(f.input) for f in feeds)),
    )


def _box(hybrid: Hybrid, place: str) -> str:
    """Key of the box of a station or a shared pool."""
    return place if place in hybrid.network.stations else f"pool:{place}"


def _titled(hybrid: Hybrid, place: str) -> str:
    return place if place in hybrid.network.stations else f"pool {place}"


# -- from the stocks to the network -----------------------------------------------------------------------------------


def _drive_key(hybrid: Hybrid, drive: Drive) -> Hashable:
    rule = _rule(hybrid, drive)
    return _base(drive.variable), drive.sets, tuple(drive.cls or ()), rule, drive.rounding


def _rule(hybrid: Hybrid, drive: Drive) -> str:
    """Which of several route rules it is; empty where there is only one."""
    if drive.sets != "share":
        return ""
    rules = hybrid.network.stations[drive.station or ""].routes
    who = where_text(rules[drive.rule].where) or "everyone else"
    return f"rule {drive.rule}, of {who}" if len(rules) > 1 else ""


def _drive(hybrid: Hybrid, drives: list[Drive], number: int) -> Passed:
    first = drives[0]
    what, note = _SET[first.sets]
    what += f", {_ROUNDED[first.rounding]}" if first.sets == "places" else ""
    notes = [
        note,
        _rule(hybrid, first),
        f"of {', '.join(first.cls)}" if first.cls else "",
        f"[{hybrid.unit_set(first)}]",
    ]
    ends = [_set(hybrid, d) for d in drives]
    return Passed(
        number,
        False,
        tuple(name for name, _ in ends),
        tuple(d.variable for d in drives),
        what,
        tuple(n for n in notes if n),
        tuple(dict.fromkeys(place for _, place in ends)),
        tuple(dict.fromkeys(_base(d.variable) for d in drives)),
    )


def _set(hybrid: Hybrid, drive: Drive) -> tuple[str, tuple[str, str]]:
    """What a drive sets, as it is written and where it is drawn."""
    station, source = drive.station or "", drive.source or ""
    if drive.sets == "share":
        return f"{station} → {drive.to}", (station, drive.to or "")
    if drive.source is not None and drive.sets not in ("places", "stay_multiplier"):
        return f"source {source}", (f"source:{source}", "")
    return _titled(hybrid, station), (_box(hybrid, station), "")

"""Which part of a network is drawn beside stocks: what takes part in the exchange, and what is next to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sim.drawing.graph import Arrow, Box, graph
from sim.network.schema import Network

__all__ = ["Shown", "shown"]

_SMALL = 8  #: boxes of a network that is drawn whole


@dataclass(frozen=True)
class Shown:
    """Boxes, arrows and pools that are drawn, and what is said about the rest."""

    boxes: list[Box]
    arrows: list[Arrow]
    pools: list[str]
    note: str


def shown(network: Network, places: Sequence[tuple[str, str]]) -> Shown:
    """Choose what is drawn.

    Parameters
    ----------
    places : sequence of (str, str)
        Boxes and arrows that take part: keys of boxes with nothing, or both ends of an arrow.
    """
    boxes, arrows = graph(network)
    keys = {box.key for box in boxes}
    pools = [key.removeprefix("pool:") for key, _ in places if key.startswith("pool:")]
    taking = {key for place in places for key in place if key in keys}
    taking |= {n for n, s in network.stations.items() if any(p in pools for rule in s.holds for p in rule.pools)}
    if len(boxes) <= _SMALL or not taking:
        return Shown(boxes, arrows, list(network.pools), "")
    near = {a.start for a in arrows if a.end in taking} | {a.end for a in arrows if a.start in taking}
    kept = [box if box.key in taking else replace(box, lines=[], exits=[]) for box in boxes if box.key in taking | near]
    drawn = {box.key for box in kept}
    held = [
        name
        for name in network.pools
        if name in pools
        or any(name in rule.pools for s in taking & set(network.stations) for rule in network.stations[s].holds)
    ]
    between = [a for a in arrows if a.start in drawn and a.end in drawn]
    left = [box for box in boxes if box.key not in drawn]
    return Shown(kept, between, held, _note(left, bool(near - taking), len(network.pools) - len(held)))


def _note(left: list[Box], near: bool, pools: int) -> str:
    """What is not drawn."""
    counts = [(sum(b.kind == kind for b in left), kind) for kind in ("station", "source")] + [(pools, "shared pool")]
    parts = [f"{n} other {kind}{'' if n == 1 else 's'}" for n, kind in counts if n]
    found = "boxes with nothing but a name: next to what takes part, without ways out of the network" if near else ""
    if parts:
        found += ("; " if found else "") + f"not drawn: {', '.join(parts)}, and the ways to and from them"
    return found

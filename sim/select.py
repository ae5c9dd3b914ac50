"""First-fit rules over class and attributes, shared by services, routes, returns and tallies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.network.schema import Network

__all__ = ["CLASS", "first_fit", "fits", "levels_of"]

CLASS = "class"  #: the key under which a rule names classes

Where = Mapping[str, str | list[str]]


def fits(where: Where, levels: Mapping[str, str]) -> bool:
    """Whether an entity with these levels (class included) is named by `where`; an empty `where` names everyone."""
    return all(levels[key] in (value if isinstance(value, list) else [value]) for key, value in where.items())


def first_fit(wheres: Sequence[Where], levels: Mapping[str, str]) -> int:
    """Index of the first rule that fits, or -1."""
    return next((i for i, where in enumerate(wheres) if fits(where, levels)), -1)


def levels_of(network: Network, cls: str, given: Mapping[str, str]) -> dict[str, str]:
    """Class and attribute levels by name; an attribute that is not given has its first level."""
    return {CLASS: cls, **{name: given.get(name, levels[0]) for name, levels in network.attributes.items()}}

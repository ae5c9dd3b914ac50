"""Parts of a network: what one setting at one place brings, and how parts are put together.

Every setting is a pure function from demand and parameters to a :class:`Part`. Parts name the stations of other parts
in their routes; whether these exist is checked when the whole is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from sim.errors import Fault, FaultsError

__all__ = ["Part", "together"]


@dataclass(frozen=True)
class Part:
    """What a setting brings to the network, by name, in the words of a network file (``docs/network.md``).

    Parameters
    ----------
    sources, stations, pools, clocks : dict
        As in a network file.
    census : list of dict
        Who is there on the first day.
    """

    sources: dict[str, Any] = field(default_factory=dict)
    stations: dict[str, Any] = field(default_factory=dict)
    pools: dict[str, Any] = field(default_factory=dict)
    clocks: dict[str, Any] = field(default_factory=dict)
    census: list[dict[str, Any]] = field(default_factory=list)


def together(parts: Iterable[Part]) -> Part:
    """Put parts together, in their order.

    Raises
    ------
    FaultsError
        When two parts bring the same name.
    """
    whole, faults = Part(), []
    for part in parts:
        for kind in (f.name for f in fields(Part) if f.name != "census"):
            ours, theirs = getattr(whole, kind), getattr(part, kind)
            faults += [Fault(f"{kind}.{name}", None, "is brought by two settings.") for name in theirs if name in ours]
            ours.update(theirs)
        whole.census.extend(part.census)
    if faults:
        raise FaultsError(faults, "care system")
    return whole

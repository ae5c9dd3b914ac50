"""Levers to pull: networks that differ in the places of named stations or pools."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.errors import Fault, FaultsError, nearest
from sim.network.load import load_network
from sim.network.schema import Network
from sim.tables import Lowered, lower

__all__ = ["PlacesOf"]


class PlacesOf:
    """A network as a function of the places of some of its stations and shared pools.

    Parameters
    ----------
    network : Network, mapping or path
    names : str
        Stations or shared pools whose places, planned or not, are replaced by one number each.

    Raises
    ------
    FaultsError
        When the network has faults or a name is neither a station nor a pool.

    Examples
    --------
    >>> desk = {"places": 1, "service": {"kind": "exponential", "mean": "1 h"}}
    >>> PlacesOf({"horizon": "9 d", "stations": {"desk": desk}}, "desk")(3).network.stations["desk"].places
    3
    """

    def __init__(self, network: Network | Mapping[str, Any] | str | Path, *names: str):
        self.network, self.names = load_network(network), names
        known = [*self.network.stations, *self.network.pools]
        rule = "must be a station or a pool of this network."
        faults = [Fault("places", n, rule, nearest=nearest(n, known)) for n in names if n not in known]
        if faults or not names:
            raise FaultsError(faults or [Fault("places", None, "at least one name is needed.")], "levers")
        self._ready: dict[tuple[int, ...], Lowered] = {}

    def __call__(self, *capacities: int) -> Lowered:
        """Network with so many places, in the order of the names; each is made ready once."""
        if capacities not in self._ready:
            self._ready[capacities] = lower(load_network(self._with(capacities)))
        return self._ready[capacities]

    def __getstate__(self) -> dict[str, Any]:
        """Send the network to other processes, not what was made of it."""
        return self.__dict__ | {"_ready": {}}

    def _with(self, capacities: tuple[int, ...]) -> Network:
        changed = {}
        for part in ("stations", "pools"):
            here = getattr(self.network, part)
            new = {n: c for n, c in zip(self.names, capacities, strict=True) if n in here}
            changed[part] = {n: s.model_copy(update={"places": new[n]}) if n in new else s for n, s in here.items()}
        return self.network.model_copy(update=changed)

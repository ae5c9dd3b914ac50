"""Traffic equations: how many visits of each kind of entity every station gets, from sources, routes and returns.

A kind is a class with the levels of those attributes that some rule asks for. Routes that choose by the state of the
destinations are taken to share out in proportion to places. A station whose load exceeds its places passes on only
what it can serve.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import spsolve

from sim.load.averages import Averages
from sim.network.schema import LEAVE, Destination, Network, RouteRule, Station
from sim.select import CLASS, first_fit

__all__ = ["Kinds", "Traffic", "kinds_of"]

Float = npt.NDArray[np.float64]
MOST = 200_000  #: unknowns of the equations; beyond this they are left alone
_LEAST = 1e-12  #: probability of leaving that counts


@dataclass(frozen=True)
class Kinds:
    """Kinds of entities: their levels, and how the sources' entities are spread over them."""

    levels: list[dict[str, str]]
    keys: list[str]

    def spread(self, network: Network, source: str) -> Iterator[tuple[int, float]]:
        """Kinds of a source with their probabilities."""
        given = network.sources[source]
        for k, levels in enumerate(self.levels):
            p = float(levels[CLASS] == given.cls)
            for name in self.keys:
                choices = network.attributes[name]
                shares = given.attributes.get(name, choices[0])
                p *= float(shares == levels[name]) if isinstance(shares, str) else shares.get(levels[name], 0.0)
            if p > 0:
                yield k, p


def kinds_of(network: Network) -> Kinds:
    """Kinds that the rules of a network tell apart."""
    wheres = []
    for station in network.stations.values():
        rules = station.service if isinstance(station.service, list) else []
        wheres += [r.where for r in (*rules, *station.routes, *station.returns, *station.holds, *station.patience)]
    keys = [a for a in network.attributes if any(a in where for where in wheres)]
    combos = product(network.classes, *(network.attributes[a] for a in keys))
    return Kinds([dict(zip([CLASS, *keys], combo, strict=True)) for combo in combos], keys)


class Traffic:
    """Visits a ms by kind and station, in balance.

    Parameters
    ----------
    averages : Averages
    kinds : Kinds
    """

    def __init__(self, averages: Averages, kinds: Kinds):
        self.averages, self.kinds, network = averages, kinds, averages.network
        self.names = list(network.stations)
        self.size = len(self.names), len(kinds.levels)
        self.places = {name: averages.places(s) for name, s in network.stations.items()}
        self._next = self._transitions(network)
        self.outside = self._outside(network)
        self.trapped = self._trapped()

    def _at(self, station: str, kind: int) -> int:
        return kind * len(self.names) + self.names.index(station)

    def onward(self, station: Station, levels: Mapping[str, str]) -> list[tuple[str, float, Destination | None]]:
        """Destinations of a kind after a stay, with mean shares; ``leave`` where there is no route."""
        fit = first_fit([r.where for r in station.routes], levels)
        if fit < 0:
            return [(LEAVE, 1.0, None)]
        rule = station.routes[fit]
        return [(to, share, rule.to[to]) for to, share in zip(rule.to, self._shares(rule), strict=True)]

    def _shares(self, rule: RouteRule) -> list[float]:
        if rule.choose != "shares":
            places = [self.places.get(to, math.inf) for to in rule.to]
            weights = places if sum(places) > 0 and math.isfinite(sum(places)) else [1.0] * len(places)
            return [w / sum(weights) for w in weights]
        steps = [d.share for d in rule.to.values()]
        return [self.averages.steps(s, 0.0) if isinstance(s, list) else float(s or 0.0) for s in steps]

    def _transitions(self, network: Network) -> sparse.csr_matrix:
        """Probability that a visit is followed by a visit, by kind and station; return visits included."""
        rows, columns, values = [], [], []
        for k, levels in enumerate(self.kinds.levels):
            for name, station in network.stations.items():
                back = first_fit([r.where for r in station.returns], levels)
                for to, share, _ in self.onward(station, levels):
                    again = station.returns[back] if to == LEAVE and back >= 0 else None
                    next_ = again.to if again else to
                    probability = share * again.probability if again else share
                    if next_ != LEAVE and probability > 0:
                        rows.append(self._at(name, k))
                        columns.append(self._at(next_, k))
                        values.append(probability)
        n = self.size[0] * self.size[1]
        return sparse.csr_matrix((values, (rows, columns)), shape=(n, n))

    def _outside(self, network: Network) -> Float:
        found = np.zeros(self.size[0] * self.size[1])
        for name, rate in self.averages.rates().items():
            for kind, share in self.kinds.spread(network, name):
                found[self._at(network.sources[name].to, kind)] += rate * share
        return found

    def _trapped(self) -> npt.NDArray[np.bool_]:
        """Unknowns from which nobody can get out of the network."""
        n = len(self.outside)
        leaks = 1 - np.asarray(self._next.sum(axis=1)).ravel() > _LEAST
        # a further node, "out", reached from every leak; walk backwards from it
        out = sparse.csr_matrix((np.ones(leaks.sum()), (np.flatnonzero(leaks), np.zeros(leaks.sum(), int))), (n, 1))
        whole = sparse.bmat([[self._next, out], [None, sparse.csr_matrix((1, 1))]], format="csr")
        reached = csgraph.breadth_first_order(whole.T, n, return_predecessors=False)
        trapped = np.ones(n + 1, bool)
        trapped[reached] = False
        return trapped[:n]

    def visits(self, passed: Float | None = None) -> Float:
        """Visits a ms (kinds, stations), when each station passes on the share `passed` (stations) of its visits.

        Those who can never leave the network are counted once, at the door of the part that they are caught in.
        """
        keep = sparse.diags(np.where(self.trapped, 0.0, 1.0 if passed is None else np.tile(passed, self.size[1])))
        balance = sparse.identity(len(self.outside), format="csc") - (keep @ self._next).T
        found = np.asarray(spsolve(sparse.csc_matrix(balance), self.outside))
        return np.maximum(found, 0.0).reshape(self.size[1], self.size[0])

    def after(self, stations: Iterable[str]) -> set[str]:
        """Stations that get entities from one of those named, however indirectly."""
        following: dict[str, set[str]] = {name: set() for name in self.names}
        rows, columns = self._next.nonzero()
        for a, b in zip(rows % self.size[0], columns % self.size[0], strict=True):
            following[self.names[a]].add(self.names[b])
        found: set[str] = set()
        todo = list(stations)
        while todo:
            new = following[todo.pop()] - found
            found |= new
            todo += new
        return found

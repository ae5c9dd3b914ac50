"""Where somebody goes after a stay, and when it may ask for a place there (sections 7.1 and 7.2)."""

from __future__ import annotations

from itertools import accumulate

from sim.network.schema import Destination
from sim.twin.places import Places
from sim.twin.plan import NO_LIMIT
from sim.twin.quantiles import Purpose, quantile, whole_ms
from sim.twin.rules import LEAVES
from sim.twin.stations import NOWHERE, Entity
from sim.twin.world import World

__all__ = ["Routes"]


class Routes:
    """Destinations by shares, or by the state of the network.

    Parameters
    ----------
    world : World
    places : Places
    """

    def __init__(self, world: World, places: Places):
        self.world = world
        self.places = places

    def next(self, entity: Entity) -> tuple[int, Destination | None]:
        """Destination of an entity whose service ends now; without a route everybody leaves."""
        rules = self.world.rules
        number = rules.route(entity.station, entity.kind)
        if number < 0:
            return LEAVES, None
        rule = rules.specs[entity.station].routes[number]
        choices = [rules.destination(name) for name in rule.to]
        if rule.choose == "shares":
            found = self._by_shares(entity, number)
        elif rule.choose == "shortest":
            found = _least([(self.world.stations[d].queue(), 1) for d in choices])
        elif rule.choose == "least_loaded":
            found = _least([self._load(d) for d in choices])
        else:
            found = self._first_free(entity, choices)
        return choices[found], list(rule.to.values())[found]

    def ready(self, entity: Entity, destination: Destination | None) -> int:
        """When the entity may ask for a place at its destination: after the transition delay, in an open hour."""
        a, b = self.world.draws.uniforms(Purpose.TRANSITION, entity.identity, entity.stay)
        ready = self.world.now
        if destination is not None and destination.transition is not None:
            ready += whole_ms(quantile(self.world.rules.resolved(destination.transition), a))
        window = self.world.stations[entity.station].window
        return ready if window is None else window.moved(ready, b)

    def _by_shares(self, entity: Entity, number: int) -> int:
        """Position of the destination by the shares in force now."""
        positions = self.world.plan.share_rows[entity.station, number]
        sums = accumulate(self.world.shares[i] for i in positions)
        return next((i for i, total in enumerate(sums) if total > entity.route), len(positions) - 1)

    def _load(self, d: int) -> tuple[int, int]:
        """Places held and queued for at a destination, and its places."""
        pool = self.world.pools[d]
        if pool.places == NO_LIMIT:
            return 0, 1
        return (1, 0) if pool.places == 0 else (pool.occupied + self.world.stations[d].queue(), int(pool.places))

    def _first_free(self, entity: Entity, choices: list[int]) -> int:
        """First where the entity may start; if there is none, first with room; if there is none, first."""
        there = [self.world.stations[d] for d in choices]
        may_start = (i for i, station in enumerate(there) if self.places.lodging(entity, station) != NOWHERE)
        with_room = (i for i, station in enumerate(there) if station.has_room(entity.cls, by_transfer=True))
        return next(may_start, next(with_room, 0))


def _least(fractions: list[tuple[int, int]]) -> int:
    """Position of the first of the lowest fractions, which are compared as whole numbers; 1 / 0 is infinite."""
    least = 0
    for i, (above, below) in enumerate(fractions):
        if above * fractions[least][1] < fractions[least][0] * below:
            least = i
    return least

"""Holding places: who may start and where it lodges, taking, giving up, stepping down, turnaround (section 5)."""

from __future__ import annotations

from sim.network.schema import HoldStep
from sim.twin.agenda import Rank
from sim.twin.quantiles import Purpose, quantile, whole_ms
from sim.twin.stations import NOWHERE, Entity, Pool, Station
from sim.twin.world import World

__all__ = ["Places"]


class Places:
    """Places of a station's own pool, of others where it overflows, and amounts of shared pools.

    Parameters
    ----------
    world : World
    """

    def __init__(self, world: World):
        self.world = world
        world.agenda.handlers[Rank.STEP_DOWN] = self._step_down
        world.agenda.handlers[Rank.TURNAROUND_END] = self._end_turnaround

    def lodging(self, entity: Entity, station: Station) -> int:
        """Pool in which the entity would lodge if it started a stay at a station now, or NOWHERE if it may not start.

        Whatever the entity holds elsewhere is held: one that departs asks before it gives up its places.
        """
        pools, reserve = self.world.pools, station.reserve[entity.cls]
        if station.spec.slots and station.slots == 0:
            return NOWHERE
        for shared, steps in self._holds(entity, station).items():
            pool, amount = pools[shared], steps[0].amount
            if amount > 0 and pool.occupied + amount + reserve > pool.places:
                return NOWHERE
        own = pools[station.index]
        if own.occupied + reserve < own.places:
            return own.index
        for o in station.overflow:
            if pools[o].occupied < pools[o].places and self.world.stations[o].queue() == 0:
                return o
        return NOWHERE

    def take(self, entity: Entity, lodging: int) -> None:
        """Let an entity hold what a stay holds at its beginning."""
        entity.lodging = lodging
        self.world.occupy(self.world.pools[lodging], 1)
        if lodging != entity.station:
            self.world.tallies.count_outlier(self.world.now, entity.station, 1)
        self.hold_first(entity)

    def hold_first(self, entity: Entity) -> None:
        """Bring the amounts held of shared pools to those of the first step, without asking."""
        for shared, steps in self._holds(entity, self.world.stations[entity.station]).items():
            self._hold(entity, self.world.pools[shared], steps[0].amount)

    def give_up(self, entity: Entity) -> None:
        """Let an entity hold nothing; what that frees is listed, a place in turnaround when it ends."""
        for shared in sorted(entity.held):
            pool = self.world.pools[shared]
            self._hold(entity, pool, 0)
            self.world.list_pool(pool)
        self._give_up_lodging(entity)

    def pass_on(self, entity: Entity) -> None:
        """Let an entity hold nothing, because somebody takes its places at once: nothing is listed."""
        self._count_lodging(entity, -1)
        self.world.occupy(self.world.pools[entity.lodging], -1)
        entity.lodging = NOWHERE
        for shared in sorted(entity.held):
            self._hold(entity, self.world.pools[shared], 0)

    def bring_home(self, entity: Entity) -> None:
        """Move an outlier to a place of its own station."""
        self._give_up_lodging(entity)
        entity.lodging = entity.station
        self.world.occupy(self.world.pools[entity.station], 1)
        self.world.book(entity, "repatriated")

    # -- amounts that step down (rank 6) ------------------------------------------------------------------------------

    def schedule_steps(self, entity: Entity) -> None:
        """Put the steps of a stay that starts now, and lasts `entity.length`, on the agenda."""
        given = self._holds(entity, self.world.stations[entity.station]).values()
        times = {whole_ms(step.after) for steps in given for step in steps[1:]}
        for after in sorted(times):
            if after < entity.length:
                at = self.world.now + after
                due = (entity, self.world.now)
                self.world.agenda.add_event(at, Rank.STEP_DOWN, entity.station, entity.identity, due)

    def _step_down(self, due: tuple[Entity, int]) -> None:
        entity, start = due
        for shared, steps in self._holds(entity, self.world.stations[entity.station]).items():
            pool = self.world.pools[shared]
            amount = _amount(steps, self.world.now - start)
            if amount < entity.held.get(shared, 0):
                self._hold(entity, pool, amount)
                self.world.list_pool(pool)

    # -- turnaround (rank 7) ------------------------------------------------------------------------------------------

    def _give_up_lodging(self, entity: Entity) -> None:
        pool = self.world.pools[entity.lodging]
        self._count_lodging(entity, -1)
        entity.lodging = NOWHERE
        time = self._turnaround(entity, pool)
        if time > 0:
            pool.turning += 1
            self.world.occupy(pool, 0)
            self.world.turnarounds.append(pool.index)
            at = self.world.now + time
            self.world.agenda.add_event(at, Rank.TURNAROUND_END, pool.index, entity.identity, pool)
        else:
            self.world.occupy(pool, -1)
            self.world.list_pool(pool)

    def _turnaround(self, entity: Entity, pool: Pool) -> int:
        """Time (ms) for which a place stays occupied by nobody; the station that owns the pool decides."""
        given = self.world.rules.specs[pool.index].turnaround
        if given is None:
            return 0
        u, _ = self.world.draws.uniforms(Purpose.TURNAROUND, entity.identity, entity.stay)
        return whole_ms(quantile(self.world.rules.resolved(given), u))

    def _end_turnaround(self, pool: Pool) -> None:
        self.world.turnarounds.remove(pool.index)
        pool.turning -= 1
        self.world.occupy(pool, -1)
        self.world.list_pool(pool)

    # -- counting -----------------------------------------------------------------------------------------------------

    def _holds(self, entity: Entity, station: Station) -> dict[int, list[HoldStep]]:
        return self.world.rules.holds(station.index, entity.kind)

    def _hold(self, entity: Entity, pool: Pool, amount: int) -> None:
        self.world.occupy(pool, amount - entity.held.pop(pool.index, 0))
        if amount > 0:
            entity.held[pool.index] = amount

    def _count_lodging(self, entity: Entity, change: int) -> None:
        """Count an outlier."""
        if entity.lodging != entity.station:
            self.world.tallies.count_outlier(self.world.now, entity.station, change)


def _amount(steps: list[HoldStep], elapsed: int) -> int:
    """Amount held so long (ms) after the start of a stay."""
    return [steps[0].amount, *(step.amount for step in steps[1:] if whole_ms(step.after) <= elapsed)][-1]

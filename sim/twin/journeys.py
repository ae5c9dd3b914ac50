"""From coming to leaving: what an entity does when it comes, when its service ends, and when it departs (section 5)."""

from __future__ import annotations

from sim.network.schema import LEAVE
from sim.twin.agenda import Rank
from sim.twin.arrivals import Arrival, Arrivals
from sim.twin.places import Places
from sim.twin.preemption import Preemption
from sim.twin.quantiles import Purpose, quantile, whole_ms
from sim.twin.queues import Queues
from sim.twin.routes import Routes
from sim.twin.rules import LEAVES
from sim.twin.stations import NOWHERE, Entity
from sim.twin.stays import Stays
from sim.twin.world import World

__all__ = ["Journeys"]


class Journeys:
    """The way of entities through the network.

    Parameters
    ----------
    world : World
    arrivals : Arrivals
    places : Places
    queues : Queues
    stays : Stays
    preemption : Preemption
    """

    def __init__(
        self, world: World, arrivals: Arrivals, places: Places, queues: Queues, stays: Stays, preemption: Preemption
    ):
        self.world = world
        self.arrivals = arrivals
        self.places = places
        self.queues = queues
        self.stays = stays
        self.preemption = preemption
        self.routes = Routes(world, places)
        world.agenda.handlers[Rank.ARRIVAL] = self._arrive
        world.agenda.handlers[Rank.RETURN_VISIT] = self._come_back
        world.agenda.handlers[Rank.SERVICE_END] = self._end_service
        world.agenda.handlers[Rank.TRANSITION_END] = self._depart

    # -- coming -------------------------------------------------------------------------------------------------------

    def come(self, entity: Entity, s: int, flow: str) -> None:
        """Come to a station, booked there as `flow`: start, wait, be diverted, or be lost."""
        station = self.world.stations[s]
        self.world.join(entity, s, flow)
        if (lodging := self.places.lodging(entity, station)) != NOWHERE:
            self.stays.start(entity, lodging)
        elif self.preemption.make_way(entity, station):
            self.stays.start(entity, s)
        elif station.has_room(entity.cls, by_transfer=False):
            self.queues.wait(entity)
        elif (accepted := self._diversion(entity, s)) is not None and accepted[0] != LEAVES:
            self._divert(entity, *accepted)
        else:
            self.world.book(entity, "lost")
            self.world.forget(entity)

    def _arrive(self, arrival: Arrival) -> None:
        """Somebody arrives from outside."""
        entity = self.world.entity(arrival.identity, self.arrivals.kind(arrival), arrival.station)
        self.come(entity, arrival.station, "arrived")

    def _come_back(self, entity: Entity) -> None:
        """Somebody who was away begins a return visit."""
        self.world.away -= 1
        entity.visit = self.world.now
        self.come(entity, entity.station, "returned")

    def _diversion(self, entity: Entity, s: int) -> tuple[int, int] | None:
        """First of the chain of diversions that accepts the entity (if any), and where the entity would lodge there."""
        name = self.world.rules.specs[s].divert
        while name is not None and name != LEAVE:
            station = self.world.stations[self.world.rules.destination(name)]
            lodging = self.places.lodging(entity, station)
            if lodging != NOWHERE or station.has_room(entity.cls, by_transfer=False):
                return station.index, lodging
            name = station.spec.divert
        return None if name is None else (LEAVES, NOWHERE)

    def _divert(self, entity: Entity, other: int, lodging: int) -> None:
        """Go on to a station that accepts."""
        self.world.book(entity, "diverted")
        self.world.join(entity, other, "transferred_in")
        if lodging != NOWHERE:
            self.stays.start(entity, lodging)
        else:
            self.queues.wait(entity)

    # -- going on -----------------------------------------------------------------------------------------------------

    def _end_service(self, entity: Entity) -> None:
        """Look the route up, and depart at once or after a transition."""
        self.world.book(entity, "served")
        entity.bound_for, destination = self.routes.next(entity)
        ready = self.routes.ready(entity, destination)
        if ready > self.world.now:
            self.world.enter(entity, "in_transition")
            station, identity = entity.station, entity.identity
            entity.due = self.world.agenda.add_event(ready, Rank.TRANSITION_END, station, identity, entity)
        else:
            self._depart(entity)

    def _depart(self, entity: Entity) -> None:
        """Ask for a place where the entity is bound for, still holding those it has (the cases of section 5)."""
        d = entity.bound_for
        if d == LEAVES:
            self._leave(entity)
        elif d == entity.station:
            self.world.book(entity, "transferred_out")
            self.world.book(entity, "transferred_in")
            entity.by_transfer = True
            self.stays.start_again(entity)
        elif (lodging := self.places.lodging(entity, self.world.stations[d])) != NOWHERE:
            self.queues.move(entity)
            self.stays.start(entity, lodging)
        elif self.preemption.make_way(entity, self.world.stations[d]):
            self.queues.move(entity)
            self.stays.start(entity, d)
        elif self.world.stations[d].has_room(entity.cls, by_transfer=True):
            self.queues.move(entity)
            self.queues.wait(entity)
        elif (accepted := self._diversion(entity, d)) is None:
            self.queues.block(entity)
        else:
            self.queues.move(entity)
            if accepted[0] == LEAVES:
                self.world.book(entity, "lost")
                self.world.forget(entity)
            else:
                self._divert(entity, *accepted)

    # -- leaving ------------------------------------------------------------------------------------------------------

    def _leave(self, entity: Entity) -> None:
        """Leave the network, for good or until a return visit."""
        self.world.part(entity, "left")
        self.places.give_up(entity)
        self.world.forget(entity)
        self._send_back(entity)

    def _send_back(self, entity: Entity) -> None:
        """Decide on a return visit (section 7.3)."""
        world = self.world
        rule = world.rules.back(entity.station, entity.kind)
        u, w = world.draws.uniforms(Purpose.RETURN, entity.identity, entity.stay)
        if rule is None or u >= rule.probability:
            return
        world.gone -= 1
        world.away += 1
        identity = world.draws.identity_of_return(entity.identity)
        visitor = world.entity(identity, entity.kind, world.rules.destination(rule.to))
        at = world.now + whole_ms(quantile(world.rules.resolved(rule.after), w))
        world.agenda.add_event(at, Rank.RETURN_VISIT, visitor.station, identity, visitor)

"""Everything that changes in a run of the reference program, and the plain book-keeping of it.

The other modules act on it: each holds one idea, and knows those that come before it in the list in
``sim.twin.engine``.
"""

from __future__ import annotations

from collections import deque
from itertools import count

from sim.network.schema import Network, Timetable
from sim.twin.agenda import Agenda
from sim.twin.plan import NO_LIMIT, Plan
from sim.twin.quantiles import Draws
from sim.twin.rules import Kind, Rules, Window
from sim.twin.stations import Entity, Pool, Station
from sim.twin.tallies import Tallies

__all__ = ["World"]


class World:
    """A network in the course of one replication.

    Parameters
    ----------
    network : Network
    seed, replication : int
    """

    def __init__(self, network: Network, seed: int, replication: int):
        self.network = network
        self.draws = Draws(seed, replication)
        self.rules = Rules(network)
        self.plan = Plan(network)
        self.shares = list(self.plan.share)
        self.tallies = Tallies(network, self.rules.groups)
        self.agenda = Agenda(int(network.horizon))
        self.stations = [self._station(s) for s in range(len(network.stations))]
        self.pools = [self._pool(p) for p in range(len(self.rules.pools))]
        self.entities: dict[int, Entity] = {}  # everybody who is at some station
        self.turnarounds: list[int] = []  # pools of the places that nobody holds
        self.listed: deque[int] = deque()  # pools to be granted
        self.turn = count(1)  # numbers services in the order in which they start and resume
        self.census = 0  # entities present when the run began
        self.away = 0  # between a visit and the return visit
        self.gone = 0  # out of the network for good

    @property
    def now(self) -> int:
        """The clock, in ms."""
        return self.agenda.now

    # -- entities -----------------------------------------------------------------------------------------------------

    def entity(self, identity: int, kind: Kind, station: int) -> Entity:
        """Make an entity, whose visit begins now."""
        return Entity(identity, kind, self.rules.classes[kind[0]], self.rules.group(kind), station, self.now)

    def join(self, entity: Entity, station: int, flow: str | None, by_transfer: bool = False) -> None:
        """Let an entity be at a station from now on, booked as `flow`."""
        self.entities[entity.identity] = entity
        entity.station = station
        entity.came = self.now
        entity.by_transfer = by_transfer
        if flow is not None:
            self.book(entity, flow)

    def part(self, entity: Entity, flow: str) -> None:
        """Let an entity be at its station no longer, booked as `flow`."""
        self.book(entity, flow)
        self.tallies.end_clocks(self.now, entity, "left")
        self.enter(entity, "")

    def forget(self, entity: Entity) -> None:
        """Let an entity be gone for good."""
        del self.entities[entity.identity]
        self.gone += 1

    def reclassify(self, entity: Entity, name: str) -> None:
        """Let an entity in a queue be of another class from now on."""
        state = entity.state
        if state == "blocked":
            self.await_at(entity, -1)
        self.book(entity, "reclassified_out")
        self.enter(entity, "")
        entity.kind = (name, *entity.kind[1:])
        entity.cls, entity.group = self.rules.classes[name], self.rules.group(entity.kind)
        self.book(entity, "reclassified_in")
        self.enter(entity, state)
        if state == "blocked":
            self.await_at(entity, 1)

    def enter(self, entity: Entity, state: str) -> None:
        """Change the state of an entity at the station where it is; "" takes it away from there."""
        if entity.state:
            self.tallies.count(self.now, entity.station, entity.group, entity.state, -1)
        entity.state = state
        if state:
            self.tallies.count(self.now, entity.station, entity.group, state, 1)

    def await_at(self, entity: Entity, change: int) -> None:
        """Count somebody blocked at the station it is bound for, or no longer."""
        self.tallies.count(self.now, entity.bound_for, entity.group, "awaited", change)

    def book(self, entity: Entity, flow: str) -> None:
        """Count an event of a flow at the station where the entity is."""
        self.tallies.book(entity.station, entity.group, flow)

    # -- pools --------------------------------------------------------------------------------------------------------

    def occupy(self, pool: Pool, change: int) -> None:
        """Let the number of places held go up or down."""
        pool.occupied += change
        self.tallies.pool(self.now, pool)

    def list_pool(self, pool: Pool) -> None:
        """Put a pool on the work list of grants, if it is not there."""
        if pool.index not in self.listed:
            self.listed.append(pool.index)

    # -- setting up ---------------------------------------------------------------------------------------------------

    def _station(self, s: int) -> Station:
        spec, classes = self.rules.specs[s], self.network.classes
        rooms = spec.waiting_room if isinstance(spec.waiting_room, dict) else dict.fromkeys(classes, spec.waiting_room)
        return Station(
            index=s,
            spec=spec,
            multiplier=list(self.plan.multiplier[s]),
            room=[_limit(rooms.get(c, "inf")) for c in classes],
            inside=None if spec.inside_room is None else _limit(spec.inside_room),
            priority=[spec.priority.get(c, 0) for c in classes],
            reserve=[spec.reserve.get(c, 0) for c in classes],
            overflow=[self.rules.destination(name) for name in spec.overflow.to] if spec.overflow else [],
            window=Window(spec, self.network.start.weekday() * 24) if spec.window else None,
            waiting=[[] for _ in classes],
            blocked=[[] for _ in classes],
        )

    def _pool(self, p: int) -> Pool:
        name, specs = self.rules.pools[p], self.rules.specs
        timetable: list[Timetable]
        if p < len(specs):
            users = [s for s, spec in enumerate(specs) if spec.overflow is not None and name in spec.overflow.to]
            members = [p, *users]
            timetable = specs[p].timetable
        else:
            users = [s for s, spec in enumerate(specs) if any(name in rule.pools for rule in spec.holds)]
            members = users
            timetable = self.network.pools[name].timetable
        return Pool(index=p, planned=self.plan.places[p], timetable=timetable, members=members)


def _limit(given: int | str) -> float:
    return NO_LIMIT if isinstance(given, str) else int(given)

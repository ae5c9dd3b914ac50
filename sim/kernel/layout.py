"""Layout of the kernel's memory: what each array holds, with shapes and units.

Shapes: P periods, S stations, G groups, C classes, N snapshots, Y years, B wait bins, W wait clocks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "ENTITY",
    "FLOWS",
    "FOREVER",
    "INFINITE",
    "SNAPSHOT",
    "STATES",
    "WAIT_EDGES",
    "State",
    "Tables",
]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FOREVER = 2**62  #: an instant that never comes
INFINITE = 2**40  #: places of a station without limit
LONGEST_STAY = 1e15

#: the five states whose entity-time is measured; `awaited` counts blocked entities at the station they wait for
STATES = ("waiting", "in_service", "blocked", "in_transition", "awaited")
WAITING, IN_SERVICE, BLOCKED, IN_TRANSITION, AWAITED = range(5)

#: events that are counted by period, station and group
FLOWS = (
    "arrived",
    "returned",
    "transferred_in",
    "started",
    "served",
    "transferred_out",
    "left",
    "lost",
    "delayed",
    "waited",
    "diverted",
    "reneged",
    "died",
    "reclassified_in",
    "reclassified_out",
    "preempted",
    "resumed",
    "overflowed",
    "repatriated",
    "swapped",
)
ARRIVED, RETURNED, TRANSFERRED_IN, STARTED, SERVED, TRANSFERRED_OUT, LEFT, LOST, DELAYED, WAITED = range(10)
DIVERTED, RENEGED, DIED, RECLASSIFIED_IN, RECLASSIFIED_OUT = range(10, 15)
PREEMPTED, RESUMED, OVERFLOWED, REPATRIATED, SWAPPED = range(15, 20)
WAIT_TOTAL = len(FLOWS)  #: column of the total wait; the clocks follow it

SNAPSHOT = (*STATES, "places", "occupied")

#: edges (ms) of the bins of waits; the last bin has no end
WAIT_EDGE_HOURS = (
    *(0, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 72, 96, 120),
    *(168, 240, 336, 504, 672, 1008, 1344, 2016, 4368, 8760),
)
WAIT_EDGES = (np.array(WAIT_EDGE_HOURS) * HOUR_MS).astype(np.int64)

# kinds of event, in the order in which they happen within one instant
PERIOD_END, SNAPSHOT_DUE, PLAN_CHANGE, SERVICE_END, TRANSITION_END, RETURN_VISIT = range(6)
STEP_DOWN, TURNAROUND_END, ARRIVAL, PATIENCE_END = range(6, 10)

# what a planned change sets
SET_PLACES, SET_MULTIPLIER, SET_SHARE = range(3)

DONE, NEED_ENTITIES, NEED_ARRIVALS = range(3)  #: what `advance` reports

LEAVES = -1  #: destination: out of the network
NOBODY = -1
NOWHERE = -1

#: one entity in a place, a queue, in transition or away: 64 bytes, one cache line (indices without sign spare the
#: kernel a test for wrap-around)
ENTITY = np.dtype(
    [
        ("id", np.uint64),  # address of its draws
        ("since", np.int64),  # ms, when it joined the queue it is in
        ("levels", np.int64),  # class and attributes, 7 bits each
        ("route", np.float64),  # uniform that decides where it goes next
        ("next", np.int32),  # next entity of the same queue, or of the free list
        ("group", np.uint32),  # tally group
        ("station", np.uint16),  # where it is (or, away, will return to)
        ("to", np.int16),  # where it is bound for
        ("stay", np.uint32),  # stays started in this visit
        ("cls", np.uint16),
        ("due", np.int8),  # kind of its next timed event
        ("pad", np.uint8, (13,)),
    ]
)
assert ENTITY.itemsize == 64  # noqa: S101, PLR2004

# scalars of a run, in one array so that the kernel can change them
(
    NOW,
    HEAP_SIZE,
    HOLE,
    FREE,
    NEXT_HOUR,
    BUFFER_AT,
    BUFFER_END,
    PERIOD,
    SNAPSHOT_AT,
    PLAN_AT,
    EVENTS,
    AWAY,
    PRESENT,
    GONE,
    NOISE_DAY,
    NUMBERS,
) = range(16)

#: what a source is to the kernel
SOURCE = np.dtype(
    [
        ("address", np.uint64),  # stream * 2**40
        ("levels", np.int64),  # class and attributes that are not drawn
        ("cls", np.int64),
        ("to", np.int64),  # station
        ("noise", np.int64),  # noise group or -1
        ("first_draw", np.int64),  # rows of `draw`
        ("last_draw", np.int64),
    ]
)
NOISE = np.dtype([("address", np.uint64), ("sigma", np.float64), ("phi", np.float64)])
SELECTOR = np.dtype([("first", np.int64), ("last", np.int64), ("base", np.int64)])
#: fixed properties of a station; a pick is a row of `selector`, its rules are rows of services, routes or returns
STATION = np.dtype(
    [
        ("service", np.int64),
        ("route", np.int64),
        ("back", np.int64),
        ("window", np.int64),  # row of `window`, or -1
        ("elasticity", np.float64),  # of service time to the queue, 0 for none
        ("scale", np.float64),
        ("floor", np.float64),
    ]
)
#: fixed properties of a class at a station
ENTRY = np.dtype([("room", np.int64), ("priority", np.int64), ("reserve", np.int64)])
SERVICE = np.dtype([("kind", np.int64), ("table", np.int64), ("a", np.float64), ("b", np.float64)])
ROUTE = np.dtype([("to", np.int64), ("transition", np.int64)])  # station or LEAVES; service row or -1
BACK = np.dtype([("probability", np.float64), ("after", np.int64), ("to", np.int64)])
#: a station as it is now
POOL = np.dtype(
    [
        ("places", np.int64),  # open
        ("occupied", np.int64),  # held
        ("queued", np.int64),  # waiting + awaited
        ("open_time", np.int64),  # place-ms of this period, less places * now
        ("draining_time", np.int64),
        ("listed", np.int64),  # in the work list of grants
    ]
)
ARRIVAL_ROW = np.dtype([("time", np.int64), ("id", np.uint64), ("source", np.int64)])
PLAN_ROW = np.dtype([("time", np.int64), ("what", np.int64), ("index", np.int64), ("value", np.float64)])

# constants of a network, in one array
FIRST_WEEKDAY, GROUP_PICK, SNAPSHOT_STEP, HORIZON = range(4)

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Rows = npt.NDArray[np.void]


class Tables(NamedTuple):
    """The network, lowered: read only, shared by all replications. Few arrays, so that calls stay cheap to compile."""

    constants: Int  # FIRST_WEEKDAY, …
    source: Rows  # SOURCE
    week: Float  # (sources, 168) entities an hour
    day: Float  # (sources, days) factor
    draw: Int  # (rows, 3): attribute, first and last position in `draw_share`
    draw_share: Float  # cumulative shares of levels
    noise: Rows  # NOISE
    selector: Rows  # SELECTOR: how a rule is found by class and attributes
    pick: Int  # (rows, 2): shift in the packed levels, stride
    pick_rule: Int  # rule of each combination, -1 for none
    station: Rows  # (S) STATION
    entry: Rows  # (S, C) ENTRY
    window: Int  # (windows, 168, 2): hours until the next open hour, open hours in a row from there
    service: Rows  # SERVICE
    table: Float  # (tables, KNOTS, 2): log-quantile and slope
    route_from: Int  # (routes + 1) positions in `route`
    route: Rows  # ROUTE
    back: Rows  # BACK
    wait_over: Int  # (W) ms
    wait_edges: Int  # (B) ms
    period_edges: Int  # (P + 1) ms


class State(NamedTuple):
    """Everything about a run that changes; its bytes are the run."""

    numbers: Int  # scalars, see NOW, HEAP_SIZE, …
    words: npt.NDArray[np.uint64]  # (3) seed, replication, fingerprint
    entity: Rows  # (pool) ENTITY
    heap_time: Int  # (pool) ms of timed events, a 4-ary heap
    heap_entity: npt.NDArray[np.uint32]
    arrival: Rows  # ARRIVAL_ROW: arrivals of the current hour, in order
    noise: Float  # (groups, 2): the autocorrelated normal, today's multiplier
    pool: Rows  # (S) POOL
    queue: npt.NDArray[np.int32]  # (S, C, 5): head and tail of the waiting room, of the blocked; number waiting
    multiplier: Float  # (S, C)
    share: Float  # cumulative shares of routes
    work: Int  # (S + 1) work list of grants
    plan: Rows  # PLAN_ROW: planned changes
    present: Int  # (S, G, 5) entities now
    running: Int  # (S, G, 5) entity-ms of this period, less present * now
    area: Int  # (P, S, G, 5) entity-ms
    flow: Int  # (P, S, G, 20 + 1 + W): FLOWS, total wait (ms), waits above each clock
    wait_hist: Int  # (Y, S, B)
    places_area: Int  # (P, S, 2) place-ms open and draining
    snapshot: npt.NDArray[np.int32]  # (N, S, 7)

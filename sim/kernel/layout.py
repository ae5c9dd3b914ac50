"""Layout of the kernel's memory: what each array holds, with shapes and units.

Shapes: P periods, S stations, R pools (own pool of each station, then the shared ones), G groups, C classes, N
snapshots, Y years, B wait bins, W wait clocks, K clocks.
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
FIRST_FLOW = len(STATES)  #: column of `present` of the first flow; those of waits above each clock follow
WAITED_TIME = len(STATES)  #: column of `running` of the total wait
RUNNING = 8  #: columns of `running`: a cache line

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

#: what `advance` reports: done, or which memory is full
DONE, NEED_ENTITIES, NEED_ARRIVALS, NEED_LOG = range(4)

LEAVES = -1  #: destination: out of the network
NO_DIVERSION = -2
NOBODY = -1
NOWHERE = -1

# what a source is
POISSON, ONE_AFTER_ANOTHER, LISTED, DRIVEN = range(4)
# how a destination is chosen
BY_SHARES, SHORTEST, FIRST_FREE, LEAST_LOADED = range(4)
# who is first among equals of priority
WAITING_FIRST, BLOCKED_FIRST, LONGEST_FIRST = range(3)
# order in the waiting room
BY_JOINING, BY_VISIT = range(2)
# what becomes of a stay that gave way
NO_PREEMPTION, RESUME, RESTART, RESAMPLE = range(4)
# what follows when patience ends
THEN_LEAVE, THEN_DIE, THEN_GO, THEN_CLASS = range(4)
# status of an escalation rule
OFF, CALLED, OPEN = range(3)
# ends of clocks
UNTIL_STARTED, UNTIL_LEFT = range(2)

TURN_BITS = 32  #: a turn of the wheel of buckets takes 2**32 ms (50 days)
WIDEST_BITS = 22  #: events that are due later stand in buckets of at most 2**22 ms (70 minutes), shorter if many come
NARROWEST_BITS = 14

FINE_BINS = 1152  #: bins of fine waits: 64 of a millisecond, then 32 to each doubling

#: one entity in a place, a queue, in transition or away: 64 bytes, one cache line (indices without sign spare the
#: kernel a test for wrap-around)
ENTITY = np.dtype(
    [
        ("id", np.uint64),  # address of its draws
        ("since", np.int64),  # ms, when it joined the queue it is in, or when its timed event is due
        ("levels", np.int64),  # class and attributes, 7 bits each
        ("route", np.float64),  # uniform that decides where it goes next
        ("next", np.int32),  # next entity of the same list, or of the free list
        ("prev", np.int32),  # the one before it in the same list
        ("group", np.uint32),  # tally group
        ("stay", np.uint32),  # stays started in this visit
        ("station", np.uint16),  # where it is (or, away, will return to); of a turnaround, the pool
        ("to", np.int16),  # where it is bound for
        ("cls", np.uint16),
        ("lodge", np.int16),  # pool of which it holds a place
        ("spell", np.uint16),  # queues joined in this visit
        ("due", np.int8),  # kind of its next timed event
        ("fired", np.uint8),  # rules of patience that have acted in this spell, one bit each
        ("inside", np.uint8),  # 1: it came to its station by transfer
        ("rule", np.uint8),  # number of the station's rule of patience that acts next
        ("pad", np.uint8, (2,)),
    ]
)
assert ENTITY.itemsize == 64  # noqa: S101, PLR2004

#: what only some networks need to know of an entity; kept apart so that the others do not load it
EXTRA = np.dtype(
    [
        ("visit", np.int64),  # ms, start of the visit
        ("joined", np.int64),  # ms, when it joined the station
        ("left", np.int64),  # ms of service that are left after giving way, or -1
        ("total", np.int64),  # ms, the whole stay
        ("began", np.int64),  # ms, start of the stay
        ("stepped", np.int64),  # ms after the start up to which steps have been taken
        ("hold", np.int32),  # rule of amounts held, or -1
        ("heap", np.int32),  # position in the heap of patience, or -1
        ("next", np.int32),  # next and previous outlier of the same station
        ("prev", np.int32),
    ]
)

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
    WORK_FIRST,
    WORK_SIZE,
    PATIENT,
    TURNING,
    NEXT_WEEKLY,
    WEEKLY_STEP,
    OFFERED_AT,
    NEXT_RULE,
    LOG_AT,
    OPENED,
    LATER,
    BUCKET_BITS,
    TABLES_AT,  # addresses of the arguments, while the kernel works
    STATE_AT,
    NUMBERS,
) = range(30)

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
        ("kind", np.int64),  # POISSON, …
        ("every", np.int64),  # service row of the time between arrivals
        ("begin", np.int64),  # ms; of DRIVEN, hours over which its entities are spread
        ("end", np.int64),
        ("first_time", np.int64),  # rows of `instant`
        ("last_time", np.int64),
        ("first_batch", np.int64),  # rows of `batch`; none where everybody comes alone
        ("last_batch", np.int64),
        ("attend", np.float64),
    ]
)
BATCH = np.dtype([("share", np.float64), ("size", np.int64)])  # cumulative
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
        ("plain", np.int64),  # 1: a stay holds one place of `gate`, and may start at any time
        ("gate", np.int64),  # of a plain station: its own pool, or a shared one where its own has no limit
        ("simple", np.int64),  # 1: plain, and nobody has to give way
        ("solo", np.int64),  # 1: its own pool serves this station only, and has no turnaround
        ("holds", np.int64),  # pick of a rule of `hold`
        ("first_overflow", np.int64),  # rows of `linked`
        ("last_overflow", np.int64),
        ("first_use", np.int64),  # rows of `linked`: pools that it can use
        ("last_use", np.int64),
        ("divert", np.int64),  # station, LEAVES or NO_DIVERSION
        ("order", np.int64),  # BY_JOINING, BY_VISIT
        ("first", np.int64),  # WAITING_FIRST, …
        ("preempt", np.int64),  # NO_PREEMPTION, …
        ("slots", np.int64),  # row of `weekly`, or -1
        ("first_patience", np.int64),  # rows of `patience`
        ("last_patience", np.int64),
        ("first_clock", np.int64),  # rows of `clock`
        ("last_clock", np.int64),
    ]
)
#: fixed properties of a class at a station; an inside room of -1 means: one room for all
ENTRY = np.dtype([("room", np.int64), ("inside_room", np.int64), ("priority", np.int64), ("reserve", np.int64)])
#: fixed properties of a pool
PLACE = np.dtype(
    [
        ("turnaround", np.int64),  # service row, or -1
        ("timetable", np.int64),  # row of `weekly`, or -1
        ("repatriate", np.int64),  # 1: outliers of its station come home
        ("needed", np.int64),  # 1: nobody starts at the stations that can use it without a place of it
        ("first_member", np.int64),  # rows of `linked`: stations that can use it
        ("last_member", np.int64),
    ]
)
HOLD = np.dtype([("pool", np.int64), ("first", np.int64), ("last", np.int64)])  # rows of `amount`
AMOUNT = np.dtype([("after", np.int64), ("amount", np.int64)])
PATIENCE = np.dtype(
    [
        ("where", np.int64),  # pick of 0 where the rule fits
        ("state", np.int64),  # WAITING or BLOCKED
        ("after", np.int64),  # service row
        ("then", np.int64),  # THEN_LEAVE, …
        ("target", np.int64),  # station or class
    ]
)
CLOCK = np.dtype(
    [("index", np.int64), ("visit", np.int64), ("until", np.int64), ("within", np.int64)]
)  # visit: 1 since the start of the visit
#: an escalation rule; a trigger that is not given is -1
RULE = np.dtype(
    [
        ("pool", np.int64),
        ("places", np.int64),
        ("lead", np.int64),
        ("check", np.int64),
        ("queued", np.int64),
        ("occupancy", np.float64),
        ("down_queued", np.int64),
        ("down_occupancy", np.float64),
    ]
)
RULE_NOW = np.dtype([("status", np.int64), ("due", np.int64)])
LOG_ROW = np.dtype(
    [("time", np.int64), ("id", np.uint64), ("group", np.int32), ("station", np.int16), ("flow", np.int16)]
)  # 24 bytes, aligned
#: a distribution of time (ms); one cache line
SERVICE = np.dtype(
    [
        ("kind", np.int32),  # EXPONENTIAL, … of `sim.kernel.times`
        ("table", np.int32),  # row of `cell`, or first of `observed`
        ("a", np.float64),
        ("b", np.float64),
        ("c", np.float64),
        ("base", np.float64),  # where a share u falls in a range: base + u * span
        ("span", np.float64),
        ("low", np.float64),
        ("high", np.float64),
    ]
)
CHOICE = np.dtype([("first", np.int64), ("last", np.int64), ("how", np.int64)])  # rows of `route`; BY_SHARES, …
ROUTE = np.dtype([("to", np.int64), ("transition", np.int64)])  # station or LEAVES; service row or -1
BACK = np.dtype([("probability", np.float64), ("after", np.int64), ("to", np.int64)])
#: a pool as it is now (and, of a station's own pool, the station)
POOL = np.dtype(
    [
        ("places", np.int64),  # open: planned or by timetable, and extra
        ("occupied", np.int64),  # held, turnarounds included
        ("queued", np.int64),  # waiting + awaited at the station
        ("open_time", np.int64),  # place-ms of this period, less places * now
        ("draining_time", np.int64),
        ("occupied_time", np.int64),
        ("listed", np.int64),  # in the work list of grants
        ("wanted", np.int64),  # queued at the stations that can use it
        ("planned", np.int64),
        ("weekly", np.int64),  # by the timetable, or -1
        ("extra", np.int64),  # by escalation
        ("turning", np.int64),  # turnarounds
        ("turning_time", np.int64),
        ("offer", np.int64),  # slots left in the offer that is being made
        ("blocked", np.int64),  # holders who are blocked
        ("outliers", np.int64),  # of the station
        ("outlying_time", np.int64),
        ("first_out", np.int64),  # first and last outlier in service
        ("last_out", np.int64),
        ("work", np.int64),  # ring of the pools that are put down for granting
        ("circle", np.int64),  # entity on a circle of blocked, by station
        ("live", np.int64),  # mark, then list of entities, while a deadlock is looked for
    ]
)
ARRIVAL_ROW = np.dtype([("time", np.int64), ("id", np.uint64), ("source", np.int64)])
PATIENT_ROW = np.dtype([("time", np.int64), ("who", np.int64)])
PLAN_ROW = np.dtype([("time", np.int64), ("what", np.int64), ("index", np.int64), ("value", np.float64)])

# constants of a network, in one array; the flags say which mechanisms are in use
(
    FIRST_WEEKDAY,
    GROUP_PICK,
    SNAPSHOT_STEP,
    HORIZON,
    WARM_UP,
    EXTRAS,
    TURNAROUNDS,
    WEEKLY,
    CYCLIC,
    FINE_WAITS,
    LOGGED,
    FIRST_RATE,
    CONSTANTS,
) = range(13)

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Rows = npt.NDArray[np.void]


class Tables(NamedTuple):
    """The network, lowered: read only, shared by all replications. Few arrays, so that calls stay cheap to compile."""

    constants: Int  # FIRST_WEEKDAY, …
    source: Rows  # SOURCE
    week: Float  # (168, sources) entities an hour
    day: Float  # (days, sources) factor
    draw: Int  # (rows, 3): attribute, first and last position in `draw_share`
    draw_share: Float  # cumulative shares of levels
    instant: Int  # ms, arrivals at given times, source by source
    batch: Rows  # BATCH
    noise: Rows  # NOISE
    selector: Rows  # SELECTOR: how a rule is found by class and attributes
    pick: Int  # (rows, 2): shift in the packed levels, stride
    pick_rule: Int  # rule of each combination, -1 for none
    station: Rows  # (S) STATION
    entry: Rows  # (S, C) ENTRY
    place: Rows  # (R) PLACE
    linked: Int  # stations that can use each pool; pools that each station can use, and those into which it overflows
    hold_from: Int  # (rules + 1) positions in `hold`
    hold: Rows  # HOLD
    amount: Rows  # AMOUNT
    patience: Rows  # PATIENCE
    clock: Rows  # CLOCK
    escalation: Rows  # RULE
    weekly: Int  # (1 + tables, 168): first hours until something changes, or 0; then places (-1: as planned) or slots
    window: Int  # (windows, 168, 2): hours until the next open hour, open hours in a row from there
    service: Rows  # SERVICE
    table: Float  # (parts of all tables, 4): cubics of log-quantiles
    choice: Rows  # CHOICE of each route rule
    route: Rows  # ROUTE
    back: Rows  # BACK
    wait_over: Int  # (W) ms
    period_edges: Int  # (P + 1) ms
    cell: Int  # (tables, CELLS + 1): first row of `table` of each cell of a table, and the end
    observed: Float  # ms, sorted, list after list


class State(NamedTuple):
    """Everything about a run that changes; its bytes are the run."""

    numbers: Int  # scalars, see NOW, HEAP_SIZE, …
    words: npt.NDArray[np.uint64]  # (3) seed, replication, fingerprint
    entity: Rows  # (pool) ENTITY
    extra: Rows  # (pool) EXTRA, or one row where nothing needs it
    heap_time: Int  # (pool) ms of the events that are due soon, a 4-ary heap
    heap_entity: npt.NDArray[np.uint32]
    later: npt.NDArray[np.int32]  # (pool) next entity in the bucket of each whose event is due later
    bucket: npt.NDArray[np.int32]  # (BUCKETS) first entity of each list of events that are due later
    patient: Rows  # (pool) PATIENT_ROW in order of the end of patience, a binary heap
    first: Float  # (2, sources) two uniforms of the first arrival of each source in this hour
    arrival: Rows  # ARRIVAL_ROW: arrivals of the current hour, in order
    drawn: Rows  # the same as they were drawn, source by source
    first_of_part: npt.NDArray[np.int32]  # positions in `arrival`, while it is put in order
    source_at: Int  # (sources, 4): time and number of the next arrival, and the same while an hour is being read
    noise: Float  # (groups, 2): the autocorrelated normal, today's multiplier
    pool: Rows  # (R) POOL
    queue: npt.NDArray[np.int32]  # (S, C, 8): ends of the waiting room and of the blocked; waiting, thereof inside;
    # ends of the list of those in service, where they may have to give way
    multiplier: Float  # (S, C)
    share: Float  # cumulative shares of routes; then, from FIRST_RATE on, factors on the rates of sources, or entities
    rule: Rows  # RULE_NOW of each escalation rule
    plan: Rows  # PLAN_ROW: planned changes
    present: npt.NDArray[np.int32]  # (S, G, 5 + 20 + W, filled up to a line of the cache) entities now; then what has
    # happened since `flow` was brought up to date, but for the total wait: what is booked most lies in one line
    running: Int  # (S, G, 8) entity-ms of this period, less present * now; then the total wait, as above
    area: Int  # (P, S, G, 5) entity-ms
    flow: Int  # (P, S, G, 20 + 1 + W): FLOWS, total wait (ms), waits above each clock; up to date after `advance`
    wait_hist: Int  # (Y, S, B)
    wait_fine: Int  # (S, G, FINE_BINS)
    clocks: Int  # (P, K, G, 3): ended, above the limit, total ms
    places_area: Int  # (P, R, 6) place-ms open, draining, occupied, turning; entity-ms of outliers; slots offered
    snapshot: npt.NDArray[np.int32]  # (N, R, 7)
    log: Rows  # LOG_ROW

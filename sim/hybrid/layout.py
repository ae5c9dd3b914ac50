"""Memory of the exchange between a network and stocks: what the compiled driver reads, and what it keeps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Coupling", "Ledger"]

# what is added up: counts, entity-time, place-time open and held
COUNT, TIME_IN_STATE, TIME_OPEN, TIME_HELD = range(4)
# how an integral becomes an input: per unit of time, as a mean, as the share of two integrals
RATE, MEAN, RATIO = range(3)
# what a drive sets
PLACES, FACTOR, SHARES, ARRIVALS, ENTITIES = range(5)
# how places become whole
CARRY, NEAREST, DOWN = range(3)
# what is wrong when the driver stops
FINE, STOCK_LEAKS, STATION_LEAKS, NETWORK_LEAKS, HANDED_LEAKS, FED_LEAKS, NOT_A_NUMBER, OUT_OF_RANGE = range(8)

#: a sum of `sums`; `station` is a pool for place-time, `column` a flow or a state
TERM = np.dtype(
    [("sum", np.int64), ("kind", np.int64), ("station", np.int64), ("group", np.int64), ("column", np.int64)]
)
FEED = np.dtype([("how", np.int64), ("sum", np.int64), ("other", np.int64), ("place", np.int64), ("scale", np.float64)])
DRIVE = np.dtype(
    [
        ("what", np.int64),
        ("column", np.int64),  # of a row
        ("index", np.int64),  # pool, station * classes + class, or position of a source's factor
        ("rounding", np.int64),
        ("scale", np.float64),  # from the variable to what is set
        ("first", np.int64),  # rows of `portion`
        ("last", np.int64),
        ("low", np.float64),
        ("high", np.float64),
    ]
)
#: a destination of a route whose shares are set; the one that is driven has no part in the rest
PORTION = np.dtype([("index", np.int64), ("driven", np.int64), ("part", np.float64)])
#: a flow of a stock; the state of the stock, the column of the flow, +1 or -1
SIDE = np.dtype([("stock", np.int64), ("column", np.int64), ("sign", np.float64)])

# numbers of the ledger
AT, SEEN, ROW, TROUBLE, WHICH, SET, NUMBERS = range(7)

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


class Coupling(NamedTuple):
    """What does not change."""

    term: npt.NDArray[np.void]  # TERM
    feed: npt.NDArray[np.void]  # FEED
    drive: npt.NDArray[np.void]  # DRIVE
    portion: npt.NDArray[np.void]  # PORTION
    side: npt.NDArray[np.void]  # SIDE
    column: Int  # of each stock in a row, by its state in y; -1 for other states
    census: Int  # (stations) entities there at the start
    span: Int  # (2) ms between exchanges, exchanges before anything is measured


class Ledger(NamedTuple):
    """What the exchange remembers; a few numbers for each feed and drive."""

    numbers: Int  # AT, SEEN, ROW, TROUBLE, WHICH, SET
    closed: Int  # (sums) what closed periods hold
    total: Int  # (sums) up to the last exchange
    fed: Float  # (feeds) what has been given to the stocks, integrated
    rest: Float  # (drives) what was left over by whole numbers
    given: Float  # (drives) whole numbers given
    asked: Float  # (drives) what they should have come to
    last: Float  # (drives) value set last
    balance: Int  # (stations) entered less left in closed periods
    sums: Float  # (columns) values of all intervals that are measured, added up

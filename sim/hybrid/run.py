"""One replication of a hybrid model: the compiled driver around the network's kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import numpy as np

from sim.conservation import assert_conserved
from sim.errors import CarebridgeError, ConservationError
from sim.hybrid import layout
from sim.hybrid.layout import Ledger
from sim.hybrid.lower import Ready
from sim.kernel.advance import advance
from sim.kernel.jit import address_of
from sim.kernel.layout import DONE, PLAN_AT, PLAN_ROW
from sim.littles_law import assert_littles_law
from sim.run import Run
from sim.stocks.compile import TROUBLE
from sim.stocks.run import Trajectory, rows_of

__all__ = ["HybridRun", "fresh_ledger"]


def fresh_ledger(ready: Ready) -> Ledger:
    """Return the memory of the exchange as it is before the first."""
    K = ready.coupling
    sums, feeds, drives = (int(K.term["sum"].max()) + 1 if len(K.term) else 0), len(K.feed), len(K.drive)
    return Ledger(
        numbers=np.zeros(layout.NUMBERS, np.int64),
        closed=np.zeros(sums, np.int64),
        total=np.zeros(sums, np.int64),
        fed=np.zeros(feeds),
        rest=np.zeros(drives),
        given=np.zeros(drives),
        asked=np.zeros(drives),
        last=np.full(drives, -1.0),
        balance=np.zeros(len(ready.network.network.stations), np.int64),
        sums=np.zeros(ready.stocks.generated.layout.width),
    )


class HybridRun:
    """One replication.

    Parameters
    ----------
    ready : Ready
    seed, replication : int
        They address every draw of the network; the stocks have none.
    changes : mapping, optional
        Parameters of the stocks that differ.
    log : bool
        Whether the network keeps a log of every event (`network.log_rows`).
    """

    def __init__(
        self,
        ready: Ready,
        seed: int,
        replication: int = 0,
        changes: dict[str, float] | None = None,
        *,
        log: bool = False,
    ):
        self.ready = ready
        self.network = Run(ready.network, seed, replication, log=log)
        self.ledger = fresh_ledger(ready)
        size = ready.stocks.generated.layout.size
        t, width = ready.hybrid.model.time, ready.stocks.generated.layout.width
        self.changes = dict(changes or {})
        self.p = ready.stocks.setting(self.changes)
        self.y, self.x, self.b, self.w = np.zeros(size["y"]), np.zeros(size["x"]), np.zeros(0), np.zeros((5, size["y"]))
        self.row = np.zeros((2, width))
        self._at = {column: n for n, column in enumerate(ready.hybrid.model.columns())}
        self.rows = np.zeros((rows_of(t), width))
        self._before = np.zeros_like(self.ledger.total)
        self.network.advance(0)  # compiles the kernel, or loads it
        self._kernel = address_of(advance, self.network.tables, self.network.state, 0)
        self._make_room()
        self._begin()

    @property
    def exchange(self) -> int:
        """Number of exchanges so far."""
        return int(self.ledger.numbers[layout.AT])

    def advance(self, exchange: int | None = None) -> None:
        """Go on to an exchange (the last by default), without the interpreter's lock.

        Raises
        ------
        ConservationError
            When entities, stocks or what passes between them do not add up; names the quantity.
        CarebridgeError
            When an equation has no result, or a stock sets what cannot be.
        """
        self._make_room()
        last = self.ready.hybrid.exchanges
        until = last if exchange is None else min(exchange, last)
        every = self.ready.hybrid.model.time.every
        state = (self.p, self.b, self.w, self.ready.stocks.clock, self.row, self.rows, self._before, until, every)
        while self.exchange < until:
            run = self.network
            try:
                status = self.ready.compiled.drive(
                    self._kernel, run.tables, run.state, self.ready.coupling, self.ledger, self.y, self.x, *state
                )
            except TROUBLE as error:
                self._stopped(str(error))
            if status != DONE:
                self.network.grow(status)
            if self.ledger.numbers[layout.TROUBLE]:
                self._leaks()
        if self.exchange == last:
            self.rows[-1] = self.row[1]
            assert_conserved(self.ready.network, self.network.state)
            assert_littles_law(self.ready.network, self.network.state)

    def set(self, changes: Mapping[str, float]) -> None:
        """Give parameters of the stocks other values from now on; what the stocks set in the network follows at once.

        Parameters
        ----------
        changes : mapping
            By name, as for :meth:`sim.stocks.Stocks.setting`; earlier changes of other parameters stay.

        Raises
        ------
        FaultsError
            For names that are not parameters, and values outside a parameter's range.
        """
        changed, stocks = self.changes | dict(changes), self.ready.stocks
        new = stocks.setting(changed)
        for v in self.ready.hybrid.model.of_kind("input"):  # what the network gave stays
            first = stocks.generated.layout.place[v.name][1]
            new[first : first + len(v.values)] = self.p[first : first + len(v.values)]
        self.changes, self.p = changed, new
        try:
            self.ready.compiled.again(self.y, self.x, self.p, self.b, self.w, stocks.clock, self.row, self.exchange)
        except TROUBLE as error:
            self._stopped(str(error))

    def value(self, column: str) -> float | None:
        """What a variable of the stocks is at this exchange; None when there is none of that name."""
        at = self._at.get(column)
        return None if at is None else float(self.row[1, at])

    def trajectory(self) -> Trajectory:
        """What the stocks did, by the kept rows; inputs are means of the interval that begins at the row's time."""
        return Trajectory(self.ready.hybrid.model.columns(), self.ready.stocks.time(), self.rows)

    def means(self) -> dict[str, float]:
        """Mean of every column over the intervals after the warm-up, each of them counted."""
        measured = self.exchange - self.ready.hybrid.first
        return dict(zip(self.ready.hybrid.model.columns(), map(float, self.ledger.sums / measured), strict=True))

    # -- the beginning ------------------------------------------------------------------------------------------------

    def _make_room(self) -> None:
        """Room for what the stocks set at one exchange, before the rows of the plan that are still to come.

        Whoever changes the plan between two calls leaves none.
        """
        drives = self.ready.coupling.drive
        room = int(sum(max(1, row["last"] - row["first"]) for row in drives)) + 1
        state = self.network.state
        if int(state.numbers[PLAN_AT]) >= room:
            return
        plan = np.concatenate([np.zeros(room, PLAN_ROW), state.plan[int(state.numbers[PLAN_AT]) :]])
        state.numbers[PLAN_AT] = room
        self.network.state = state._replace(plan=plan)

    def _begin(self) -> None:
        while True:
            try:
                needed = self.ready.compiled.begin(
                    self.y, self.x, self.p, self.b, self.w, self.ready.stocks.clock, self.row
                )
            except TROUBLE as error:
                self._stopped(str(error))
            if needed <= self.b.size:
                break
            self.b = np.zeros(needed)
        if self.ledger.numbers[layout.TROUBLE]:
            self._leaks()

    # -- when something is wrong --------------------------------------------------------------------------------------

    def _time(self, ahead: int = 0) -> str:
        t = self.ready.hybrid.model.time
        return f"{t.at(self.exchange + ahead):g} {t.unit}"

    def _stopped(self, words: str) -> NoReturn:
        """An equation has no result: find out which."""
        from sim.hybrid.trouble import culprit

        where = culprit(self.ready, self.y if self.exchange == 0 else self.w[1], self.p, self.b, self.exchange)
        raise CarebridgeError(f"{self.ready.hybrid.name}: {where or words} at time {self._time()}.")

    def _leaks(self) -> NoReturn:
        what, which = (int(self.ledger.numbers[n]) for n in (layout.TROUBLE, layout.WHICH))
        hybrid, K = self.ready.hybrid, self.ready.coupling
        time, columns = self._time(), hybrid.model.columns()
        if what == layout.STOCK_LEAKS:
            name = columns[int(K.column[which])]
            raise ConservationError(f"stock '{name}' did not change by its inflows and outflows, at time {time}")
        if what == layout.STATION_LEAKS:
            name = list(hybrid.network.stations)[which]
            raise ConservationError(f"entities at '{name}' are not those who came and did not leave, at time {time}")
        if what == layout.NETWORK_LEAKS:
            raise ConservationError(f"the stations hold other entities than the network counts, at time {time}")
        if what == layout.FED_LEAKS:
            name = hybrid.feeds[which].input
            raise ConservationError(f"what came in as '{name}' is not what the network counted, at time {time}")
        column = columns[int(K.drive[which]["column"])]
        if what == layout.HANDED_LEAKS:
            raise ConservationError(f"whole numbers set from '{column}' do not add up to it, at time {time}")
        value = self.row[0 if K.drive[which]["what"] == layout.ENTITIES else 1, int(K.drive[which]["column"])]
        sets = next(d for d in hybrid.drives if d.variable.partition("[")[0] == column.partition("[")[0]).sets
        rule = "is not a finite number" if what == layout.NOT_A_NUMBER else f"cannot be set as {sets}"
        raise CarebridgeError(f"{hybrid.name}: '{column}' = {value:g} {rule}, at time {time}.")

"""Running a stock-flow model: once, or for many sets of parameters on threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from threading import local
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.stocks.compile import TROUBLE, Entry, compiled, plain
from sim.stocks.generate import Generated, generate
from sim.stocks.model import Method, Model, Time, elements_of, written
from sim.stocks.schema import whole_steps

__all__ = ["Stocks", "Trajectory", "at_other_times", "rows_of"]

Floats = npt.NDArray[np.float64]

STAGES: dict[Method, int] = {"euler": 1, "rk4": 4}
_BATCH = 64  #: points that a thread runs at a time


def rows_of(time: Time) -> int:
    """Number of rows that are kept: every so many steps, and the last."""
    return -(-time.steps // time.every) + 1


class Memory(NamedTuple):
    """Arrays of one run; see `sim.stocks.generate`."""

    y: Floats
    x: Floats
    b: Floats
    w: Floats


@dataclass(frozen=True)
class Trajectory:
    """What a model did.

    Parameters
    ----------
    columns : list of str
        Names of the values, those of arrays by element: ``staff[nurse]``.
    time : (rows,)
        In the model's unit of time.
    values : (rows, columns)
    """

    columns: list[str]
    time: Floats
    values: Floats

    def __getitem__(self, column: str) -> Floats:
        """One column over time."""
        return self.values[:, self.columns.index(column)]


@dataclass(frozen=True)
class Stocks:
    """A model that has been checked, ready to run.

    Parameters
    ----------
    model : Model
    """

    model: Model

    @cached_property
    def generated(self) -> Generated:
        """Its source."""
        return generate(self.model)

    @cached_property
    def parameters(self) -> Floats:
        """Values of parameters and inputs as the model has them."""
        layout = self.generated.layout
        values = np.zeros(layout.size["p"])
        for v in self.model.of_kind("parameter", "input"):
            first = layout.place[v.name][1]
            values[first : first + len(v.values)] = list(v.values.values())
        return values

    def setting(self, changes: Mapping[str, float], where: str = "") -> Floats:
        """Values of parameters and inputs with some of them changed.

        Parameters
        ----------
        changes : mapping
            By name: ``rate``, ``rate[nurse]``, or the bare name of a subscripted parameter for all its elements.
        where : str
            Where the changes stand, for messages.

        Raises
        ------
        FaultsError
            For names that are not parameters or inputs, and values outside a parameter's range.
        """
        values, faults = self.parameters.copy(), list[Fault]()
        for name, value in changes.items():
            found = self._places(name)
            if isinstance(found, Fault):
                faults.append(replace(found, file=where))
                continue
            low, high, at = found
            if not np.isfinite(value):
                faults.append(Fault(name, value, "give a number.", where))
            elif (low is not None and value < low) or (high is not None and value > high):
                faults.append(Fault(name, value, f"lies outside the parameter's range, {low:g} to {high:g}.", where))
            values[at] = value
        if faults:
            raise FaultsError(faults, where or self.model.name)
        return values

    def _places(self, name: str) -> tuple[float | None, float | None, slice] | Fault:
        base = name.partition("[")[0].strip()
        v = self.model.variables.get(base)
        if v is None or v.kind not in ("parameter", "input"):
            choices = [v.name for v in self.model.of_kind("parameter", "input")]
            rule = (
                f"this is {'an' if v.kind == 'auxiliary' else 'a'} {v.kind}, and only parameters can be set."
                if v
                else "no such parameter."
            )
            return Fault(name, None, rule, nearest=nearest(base, choices))
        first = self.generated.layout.place[base][1]
        if "[" not in name:
            return v.low, v.high, slice(first, first + len(v.values))
        names = [written(base, e) for e in elements_of(self.model, v.dims)]
        plain_name = "".join(name.split())
        for n, one in enumerate(names):
            if "".join(one.split()) == plain_name:
                return v.low, v.high, slice(first + n, first + n + 1)
        return Fault(name, None, f"'{base}' has no such element.", nearest=nearest(name, names))

    # -- running ------------------------------------------------------------------------------------------------------

    def memory(self) -> Memory:
        """Arrays for one run."""
        size = self.generated.layout.size
        return Memory(np.zeros(size["y"]), np.zeros(size["x"]), np.zeros(0), np.zeros((3, size["y"])))

    @property
    def clock(self) -> Floats:
        """First time, step, last time."""
        t = self.model.time
        return np.array([t.start, t.dt, t.end])

    def time(self) -> Floats:
        """Times of the rows."""
        t = self.model.time
        return t.start + np.append(np.arange(0, t.steps, t.every), t.steps) * t.dt

    def run(self, changes: Mapping[str, float] | None = None, *, fast: bool = False) -> Trajectory:
        """Run once.

        Parameters
        ----------
        changes : mapping, optional
            Parameters that differ; see :meth:`setting`.
        fast : bool
            Compile first (some seconds, then kept on disk) instead of running plain Python.

        Raises
        ------
        FaultsError
            For changes that cannot be made.
        CarebridgeError
            When the run stops; says at which variable and time.
        """
        p = self.setting(changes or {})
        entry = compiled(self.generated) if fast else plain(self.generated)
        rows = self._room(1)
        self._advance(entry, p[None, :], self.memory(), rows)
        return Trajectory(self.model.columns(), self.time(), rows[0])

    def _room(self, points: int) -> Floats:
        """Room for all rows of so many points."""
        return np.zeros((points, rows_of(self.model.time), self.generated.layout.width))

    def _advance(self, entry: Entry, points: Floats, memory: Memory, out: Floats) -> None:
        """Run some points and write all their rows (points, rows, columns)."""
        t = self.model.time
        try:
            while True:
                y, x, b, w = memory
                needed = entry(y, x, points, b, w, self.clock, out, t.steps, t.every, STAGES[t.method])
                if not needed:
                    break
                memory = memory._replace(b=np.zeros(needed))
        except TROUBLE as error:
            self._explain(points, str(error))
        if not np.isfinite(out).all():
            self._explain(points, "a value is not a finite number")

    def _explain(self, points: Floats, words: str) -> None:
        """Say at which variable and time a run of some point stops: the plain reference program is asked."""
        from sim.stocks.twin import march

        names = [
            written(v.name, e)
            for v in self.model.of_kind("parameter", "input")
            for e in elements_of(self.model, v.dims)
        ]
        inputs = {v.name for v in self.model.of_kind("input")}
        for p in points:
            changed = {name: float(v) for name, v in zip(names, p, strict=True)}
            own = {n: v for n, v in changed.items() if n.partition("[")[0] not in inputs}
            march(self.model, parameters=own, inputs={n: v for n, v in changed.items() if n not in own})
        raise CarebridgeError(f"{self.model.name}: {words}.")

    def sweep(
        self, points: Floats, columns: Sequence[str] | None = None, workers: int = 1
    ) -> Iterator[tuple[int, Floats]]:
        """Run many points, compiled, on threads.

        Parameters
        ----------
        points : (points, parameters)
            Each row as :meth:`setting` gives it.
        columns : sequence of str, optional
            What is kept; everything unless given.
        workers : int
            Threads; no influence on the results.

        Yields
        ------
        int, (rows, columns)
            Number of a point, in order, and what it did.
        """
        entry = compiled(self.generated)
        names = self.model.columns()
        kept = None if columns is None else np.array([names.index(c) for c in columns], int)

        own = local()  # of a thread: room that is used again where only some columns are kept

        def work(first: int) -> Floats:
            some = points[first : first + _BATCH]
            if kept is None:
                rows = self._room(len(some))
            else:
                if not hasattr(own, "room"):
                    own.room = self._room(_BATCH)
                rows = own.room[: len(some)]
            self._advance(entry, some, self.memory(), rows)
            return rows if kept is None else rows[:, :, kept]

        with ThreadPoolExecutor(workers) as pool:
            starts = range(0, len(points), _BATCH)
            ahead = 4 * workers
            waiting: list[Any] = [pool.submit(work, s) for s in starts[:ahead]]
            for n, first in enumerate(starts):
                rows = waiting.pop(0).result()
                if n + ahead < len(starts):
                    waiting.append(pool.submit(work, starts[n + ahead]))
                for i, row in enumerate(rows):
                    yield first + i, row


def at_other_times(
    model: Model, *, until: float | None = None, dt: float | None = None, method: Method | None = None, where: str = ""
) -> Model:
    """Return the model with another end, step or method.

    Raises
    ------
    FaultsError
        When the end is not a whole number of steps from the start, or rows do not fall on steps.
    """
    t = model.time
    span = t.every * t.dt  # rows stay at the times at which they were, if the new step allows
    end, step = t.end if until is None else until, t.dt if dt is None else dt
    faults = []
    if not step > 0 or not np.isfinite(step):
        raise FaultsError([Fault("dt", dt, "a step is above zero.", where)], where or model.name)
    if not end >= t.start or not np.isfinite(end):
        faults.append(Fault("until", until, f"the end comes before the start ({t.start:g}).", where))
    elif whole_steps(end - t.start, step) is None:
        steps = max(1, round((end - t.start) / step))
        key, value = ("dt", dt) if dt is not None else ("until", until)
        near = f"dt={(end - t.start) / steps:.10g}" if dt is not None else f"until={t.start + steps * step:.10g}"
        faults.append(Fault(key, value, "the end is not a whole number of steps from the start.", where, example=near))
    every = (whole_steps(span, step) or None) if dt is not None else t.every
    if every is None:
        near = span / max(1, round(span / step))
        rule = f"a row is kept every {span:g}, which is not a whole number of steps of {step:g}."
        faults.append(Fault("dt", dt, rule, where, example=f"dt={near:.10g}"))
    if faults:
        raise FaultsError(faults, where or model.name)
    return replace(model, time=replace(t, end=end, dt=step, every=every or 1, method=method or t.method))

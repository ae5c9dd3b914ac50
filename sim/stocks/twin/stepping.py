"""A model carried from step to step by Euler's method, or Runge and Kutta's: section 2 of ``docs/stocks.md``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.errors import CarebridgeError
from sim.stocks.model import Method, Model, Time, written
from sim.stocks.schema import whole_steps
from sim.stocks.twin import memories
from sim.stocks.twin.atlas import Atlas, Place, settings
from sim.stocks.twin.carrying import explained, rates, state_at_start
from sim.stocks.twin.memories import Memory
from sim.stocks.twin.reading import Moment, Reading, State, deep_recursion
from sim.stocks.twin.standing import Site

__all__ = ["march"]

Rates = dict[Place | Site, list[float]]
Given = float | Callable[[int], float]


def march(
    model: Model,
    *,
    parameters: Mapping[str, float] | None = None,
    inputs: Mapping[str, Given] | None = None,
    until: float | None = None,
    dt: float | None = None,
    method: Method | None = None,
) -> dict[str, np.ndarray]:
    """Run a model step by step.

    Parameters
    ----------
    model : Model
    parameters : dict, optional
        Values in place of the model's own, by column (``rate``, ``rate[nurse]``); a bare name sets all elements.
    inputs : dict, optional
        Values from outside by column: a number, or a function of the number of the step.
    until, dt, method : optional
        In place of the model's own last time, step and method. Rows stay as far apart as they were.

    Returns
    -------
    dict
        ``Time`` and every column of the model, one value for each row that is kept; the last row is the end.

    Raises
    ------
    CarebridgeError
        When a value does not exist, a circle is found or a step is too long for a delay; says which value and when.
    ValueError
        When a parameter or input is unknown, or the times do not fit.
    """
    clock = _clock(model.time, until, dt, method)
    atlas = Atlas(model, parameters)
    given = settings(model, "input", inputs or {})
    remembering = list(atlas.memories())
    with deep_recursion():
        return _Marching(atlas, clock, given, remembering).run()


def _clock(time: Time, until: float | None, dt: float | None, method: Method | None) -> Time:
    end, step = time.end if until is None else until, time.dt if dt is None else dt
    if whole_steps(end - time.start, step) is None:
        raise ValueError(f"{end:g} is not a whole number of steps of {step:g} after {time.start:g}")
    every = time.every if dt is None else whole_steps(time.every * time.dt, step)
    if not every:
        raise ValueError(f"rows are kept every {time.every * time.dt:g}, which is no whole number of steps of {step:g}")
    return Time(time.unit, time.start, end, step, every, method or time.method)


@dataclass
class _Marching:
    atlas: Atlas
    clock: Time
    inputs: Mapping[Place, Given]
    remembering: Sequence[Memory]

    def run(self) -> dict[str, np.ndarray]:
        times: list[float] = []
        rows: list[list[float]] = []
        with explained(self.clock.start):
            start = Reading(self.atlas, self._moment(0, starting=True), State())
            state = state_at_start(start, self.remembering)
        for k in range(self.clock.steps + 1):
            moment = self._moment(k)
            with explained(moment.begins):
                reading = Reading(self.atlas, moment, state)
                row = [reading.value(*place) for place in self.atlas.places]
                for memory in self.remembering:  # also those in the branch of an IF that is not taken
                    if memory.function in memories.CHECKED:
                        reading.settled(memory, memories.delay_time)
                if k % self.clock.every == 0 or k == self.clock.steps:
                    times.append(moment.begins)
                    rows.append(row)
            if k < self.clock.steps:
                state = self._step(reading, state)
        columns = dict(zip(self.atlas.model.columns(), np.array(rows).T, strict=True)) if rows[0] else {}
        return {"Time": np.array(times), **columns}

    def _moment(self, k: int, starting: bool = False) -> Moment:
        t = self.clock.at(k)
        values = {place: float(given(k) if callable(given) else given) for place, given in self.inputs.items()}
        for place, value in values.items():
            if not math.isfinite(value):
                raise CarebridgeError(f"'{written(*place)}' at time {t:g} is not a finite number.")
        return Moment(k, t, t, self.clock.dt, self.clock.end, starting, inputs=values)

    def _step(self, reading: Reading, state: State) -> State:
        """The state of the next step; `reading` is the first part of this one."""
        with explained(reading.moment.begins):
            kept = {m.site: reading.settled(m, memories.kept_after) for m in self.remembering}
            rate = self._weighted(reading, state) if self.clock.method == "rk4" else rates(reading, self.remembering)
            levels = _moved(state.levels, rate, self.clock.dt)
        for key, row in levels.items():
            if not all(map(math.isfinite, row)):
                name = written(key[0], key[1])
                raise CarebridgeError(f"'{name}' after time {reading.moment.begins:g} is not a finite number.")
        return State(levels, kept, reading.watches)

    def _weighted(self, reading: Reading, state: State) -> Rates:
        """Rates of the four parts of a step, weighted 1, 2, 2, 1."""
        moment, dt = reading.moment, self.clock.dt
        held: dict[Place | Site, float] = {
            m.site: reading.settled(m, memories.output) for m in self.remembering if m.function == "SAMPLE_IF_TRUE"
        }
        held |= {place: reading.value(*place) for place in reading.watches}
        parts = [rates(reading, self.remembering)]
        for share in (0.5, 0.5, 1.0):
            now = moment.begins + share * dt
            there = replace(state, levels=_moved(state.levels, parts[-1], share * dt))
            part = Reading(self.atlas, replace(moment, now=now, first_part=False, held=held), there)
            with explained(now):
                parts.append(rates(part, self.remembering))
        return {
            key: [(a + 2 * b + 2 * c + d) / 6 for a, b, c, d in zip(*(p[key] for p in parts), strict=True)]
            for key in parts[0]
        }


def _moved(levels: Rates, rate: Rates, dt: float) -> Rates:
    return {key: [x + dt * r for x, r in zip(row, rate[key], strict=True)] for key, row in levels.items()}

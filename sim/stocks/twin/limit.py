"""The same equations in continuous time: what a run comes to as its steps grow short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sim.errors import CarebridgeError
from sim.stocks.model import Model
from sim.stocks.nodes import Expression, references
from sim.stocks.twin.atlas import Atlas, Place
from sim.stocks.twin.carrying import explained, rates, state_at_start
from sim.stocks.twin.memories import Memory
from sim.stocks.twin.reading import Moment, Reading, State, deep_recursion
from sim.stocks.twin.standing import Site
from sim.stocks.twin.steady import Steady

__all__ = ["solve"]

REFUSED = ("DELAY_FIXED", "SAMPLE_IF_TRUE", "IMPULSE")
RTOL, ATOL = 1e-11, 1e-13
BELOW = 1e-9  #: what a stock may fall below nought by the errors of the integration, beside its largest value
_FURTHEST = 10_000  #: pulses of a train


def solve(model: Model, times: Sequence[float]) -> dict[str, np.ndarray]:
    """Values at some times, by an integrator of high order with a step of its own.

    This is the continuous limit: there is no step (``STEP(h, at)`` is h where t > at, a pulse lasts for its width, and
    at the very time of a switch the value is that before it), delays of whatever length are allowed, and stocks give
    what is wanted of them. Integration is cut where ``STEP``, ``PULSE``, ``PULSE_TRAIN`` and ``RAMP`` switch, and at
    `times`. Other jumps (of an ``IF`` on ``TIME``, of ``INTEGER``) are left to the integrator's control of its error,
    and cost accuracy. Parameters and inputs have the values of the file.

    Parameters
    ----------
    model : Model
        Its own dt, end and method play no part.
    times : sequence of float
        At or after the start.

    Returns
    -------
    dict
        ``Time`` and every column of the model at `times`.

    Raises
    ------
    ValueError
        When the model has no such limit, or it is not a matter of rates alone: rules, ``DELAY_FIXED``,
        ``SAMPLE_IF_TRUE``, ``IMPULSE``, ``DELAYN`` with a time that changes, the name ``DT``, ``STEP``, ``PULSE`` or
        ``PULSE_TRAIN`` whose times change; and when a stock that cannot be negative would become so, since then its
        limit binds.
    CarebridgeError
        When a value does not exist, or the integrator gives up.
    """
    if any(t < model.time.start for t in times):
        raise ValueError(f"the model starts at {model.time.start:g}")
    atlas = Atlas(model)
    with deep_recursion():
        return _Limit(atlas).run(times)


class _Limit:
    def __init__(self, atlas: Atlas):
        self.atlas = atlas
        self.remembering = list(atlas.memories())
        self.steady = Steady(atlas)
        self._refuse()
        with explained(atlas.model.time.start):
            start = Reading(atlas, self._moment(atlas.model.time.start, starting=True), State())
            self.start = state_at_start(start, self.remembering)
        self.keys: list[Place | Site] = list(self.start.levels)

    def run(self, times: Sequence[float]) -> dict[str, np.ndarray]:
        """Integrate from switch to switch; return ``Time`` and every column at the times asked for."""
        begin = self.atlas.model.time.start
        ends = sorted({t for t in times if t > begin} | {t for t in self._switches() if begin < t < max(times)})
        levels = self._flat(self.start.levels)
        at = {begin: levels}
        for left, right in zip([begin, *ends], ends, strict=False):
            levels = self._piece(left, right, levels)
            at[right] = levels
        rows = [self._row(t, at[t]) for t in times]
        columns = dict(zip(self.atlas.model.columns(), np.array(rows).T, strict=True))
        return {"Time": np.array(times, dtype=float), **columns}

    def _piece(self, left: float, right: float, levels: np.ndarray) -> np.ndarray:
        """Carry levels from one switch to the next; what switches is read in the middle."""
        from scipy.integrate import solve_ivp

        if not len(levels):
            return levels

        def slope(t: float, y: np.ndarray) -> np.ndarray:
            return self._flat(rates(self._reading(t, y, (left + right) / 2), self.remembering))

        with explained(left):
            found = solve_ivp(slope, (left, right), levels, method="DOP853", rtol=RTOL, atol=ATOL)
        if not found.success:
            raise CarebridgeError(f"the integrator stopped after time {found.t[-1]:g}: {found.message}")
        self._watch_limits(found.y)
        return found.y[:, -1]

    def _watch_limits(self, path: np.ndarray) -> None:
        first = 0
        for key in self.keys:
            row, first = path[first : first + 1], first + len(self.start.levels[key])
            variable = self.atlas.model.variables[key[0]]
            if variable.kind == "stock" and variable.non_negative and row.min() < -BELOW * max(1.0, abs(row).max()):
                raise ValueError(f"'{variable.name}' would become negative, so that its limit binds")

    def _row(self, t: float, levels: np.ndarray) -> list[float]:
        with explained(t):
            reading = self._reading(t, levels, t)
            return [reading.value(*place) for place in self.atlas.places]

    def _reading(self, t: float, levels: np.ndarray, switched: float) -> Reading:
        numbers = iter(levels.tolist())
        rows = {key: [next(numbers) for _ in self.start.levels[key]] for key in self.keys}
        return Reading(self.atlas, self._moment(t, switched), State(rows, self.start.kept))

    def _moment(self, t: float, switched: float | None = None, starting: bool = False) -> Moment:
        begins = t if switched is None else switched
        return Moment(0, begins, t, 0.0, self.atlas.model.time.end, starting)

    def _flat(self, levels: Mapping[Place | Site, list[float]]) -> np.ndarray:
        return np.array([x for row in levels.values() for x in row])

    # -- switches and what has no limit -------------------------------------------------------------------------------

    def _switches(self) -> Iterator[float]:
        """Times at which functions of time switch."""
        reading = self._reading(self.atlas.model.time.start, self._flat(self.start.levels), self.atlas.model.time.start)
        for call in self.atlas.calls():
            if not self._times(call):
                continue
            with explained(self.atlas.model.time.start):
                values = [call.argument(reading, i) for i in self._times(call)]
            match call.function:
                case "STEP" | "RAMP":
                    yield from values
                case "PULSE":
                    yield from (values[0], values[0] + values[1])
                case "PULSE_TRAIN":
                    begin, width, every, until = values
                    yield until
                    pulses = int(max(0.0, until - begin) / every) + 1 if every > 0 else 1
                    for n in range(min(pulses, _FURTHEST)):
                        yield from (begin + n * every, begin + n * every + width)

    def _times(self, call: Memory) -> list[int]:
        """Arguments of a call that are the times at which it switches, where these do not change."""
        places = {"STEP": [1], "RAMP": [1, 2], "PULSE": [0, 1], "PULSE_TRAIN": [0, 1, 2, 3]}.get(call.function, [])
        places = [i for i in places if i < len(call.call.arguments)]
        return places if all(self._steady(call.call.arguments[i]) for i in places) else []

    def _steady(self, expression: Expression) -> bool:
        return self.steady.expression(expression)

    def _refuse(self) -> None:
        model = self.atlas.model
        if any(True for _ in model.of_kind("rule")):
            raise ValueError("rules are judged once a step and have no continuous limit")
        for variable in model.variables.values():
            for part in variable.equations:
                if any(name.name == "DT" and "DT" not in model.variables for name in references(part.equation)):
                    raise ValueError(f"'{variable.name}' uses DT, and in continuous time there is none")
        for call in self.atlas.calls():
            name = call.standing.written
            if call.function in REFUSED:
                raise ValueError(f"'{name}' uses {call.function}, which goes by steps")
            if call.function == "DELAYN" and not self._steady(call.call.arguments[1]):
                raise ValueError(f"'{name}' uses DELAYN with a time that changes, which goes by steps")
            if call.function in ("STEP", "PULSE", "PULSE_TRAIN") and not self._times(call):
                raise ValueError(f"'{name}' uses {call.function} with times that change")

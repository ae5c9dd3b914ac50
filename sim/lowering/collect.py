"""Collecting rule tables: what the parts of a network share while it is turned into flat arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.clock import Calendar
from sim.network.fields import Step, Weekly
from sim.network.schema import Network, Service
from sim.rates import instant_ms
from sim.select import CLASS, first_fit
from sim.services import Resolved, resolve

__all__ = ["Builder", "Change", "int_array", "nearest_ms", "records", "weekly_table"]


@dataclass(frozen=True)
class Change:
    """One planned change: at `time` (ms) the thing `what` with flat `index` becomes `value`."""

    time: int
    what: int
    index: int
    value: float


@dataclass
class Builder:
    """Collects rule tables and services while a network is walked through."""

    network: Network
    calendar: Calendar
    services: list[Resolved] = field(default_factory=list)
    selectors: list[tuple[int, int, int]] = field(default_factory=list)
    pick: list[tuple[int, int]] = field(default_factory=list)
    pick_rule: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    _rows: dict[Resolved, int] = field(default_factory=dict)

    def service(self, use: Service | str) -> int:
        """Row of a service; equal services share one row."""
        resolved = resolve(self.network.services[use] if isinstance(use, str) else use)
        if resolved not in self._rows:
            self._rows[resolved] = len(self.services)
            self.services.append(resolved)
        return self._rows[resolved]

    def optional_service(self, use: Service | str | None) -> int:
        """Row of a service, -1 for none."""
        return -1 if use is None else self.service(use)

    def names(self, key: str) -> list[str]:
        """Class names, or the levels of an attribute."""
        return self.network.classes if key == CLASS else self.network.attributes[key]

    def _shift(self, key: str) -> int:
        return 0 if key == CLASS else 7 * (list(self.network.attributes).index(key) + 1)

    def selector(self, wheres: Sequence[Mapping[str, Any]], rows: Sequence[int]) -> int:
        """Table of the first fitting rule by class and the attributes that any rule mentions.

        -1 for no rules; -2 - row where the first rule always holds.
        """
        if not wheres:
            return -1
        if not wheres[0]:
            return -2 - rows[0]
        keys = [k for k in (CLASS, *self.network.attributes) if any(k in w for w in wheres)]
        base, first = len(self.pick_rule), len(self.pick)
        stride = math.prod(len(self.names(k)) for k in keys)
        for key in keys:
            stride //= len(self.names(key))
            self.pick.append((self._shift(key), stride))
        for levels in product(*(self.names(k) for k in keys)):
            fit = first_fit(wheres, dict(zip(keys, levels, strict=True)))
            self.pick_rule.append(rows[fit] if fit >= 0 else -1)
        self.selectors.append((first, len(self.pick), base))
        return len(self.selectors) - 1

    def steps(self, steps: Sequence[Step], what: int, index: int, first: float) -> float:
        """Register the steps after the start as changes; return the value at the start."""
        value = first
        for step in sorted(steps, key=lambda s: instant_ms(s.since, self.calendar)):
            at = instant_ms(step.since, self.calendar)
            if at <= 0:
                value = step.value
            else:
                self.changes.append(Change(at, what, index, step.value))
        return value


def int_array(values: Any) -> npt.NDArray[np.int64]:
    """Array of whole numbers."""
    return np.array(values, np.int64)


def records(rows: Sequence[Any], dtype: np.dtype[Any]) -> npt.NDArray[np.void]:
    """Array of records from mappings of field names to values; fields that are left out are 0."""
    out = np.zeros(len(rows), dtype)
    for at, row in enumerate(rows):
        for name, value in row.items():
            out[at][name] = value
    return out


def nearest_ms(ms: float) -> int:
    """Whole millisecond nearest to a duration, halves up."""
    return math.floor(ms + 0.5)


def weekly_table(entries: Sequence[Weekly], values: Sequence[int], default: int, *, adds: bool) -> list[int]:
    """Value of each hour of the week: that of the first entry that holds then, or (`adds`) the sum of all that hold."""
    table = []
    for day, hour in product(range(7), range(24)):
        held = [
            v for e, v in zip(entries, values, strict=True) if day in e.weekdays and e.hours[0] <= hour < e.hours[1]
        ]
        table.append(sum(held) if adds else held[0] if held else default)
    return table

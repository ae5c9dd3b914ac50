"""What happened to a plan: every transition of every step, everything that held one back, and every rule that spoke."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from models.plans import Tranche
from models.transition.stages import Stage

__all__ = ["SCHEMA", "Log", "Outcome", "Row", "table"]

Event = Literal["stage", "held", "rule", "beds"]


@dataclass(frozen=True)
class Row:
    """One line of the log.

    Parameters
    ----------
    date : date
        The first of a month.
    event : str
        ``stage``: a step entered a stage; ``held``: from this day on a step is held back by another cause than before;
        ``rule``: an off-plan rule spoke; ``beds``: from this day on so many escalation beds are open by a rule.
    move, site : str
        Empty for what concerns all.
    number, of : int
        Step n of N; 0 of 0 for a rule, and for escalation beds.
    stage : str
        The stage entered, or in which it is held; of a rule, what it does (pause, slow, reopen, escalate); of beds,
        ``escalation beds``.
    cause : str
        What holds, stops or reopens it, in words of the field; empty when it goes as planned.
    size : int
        Beds, places or staff of the step, of an investment at a site thousands of pounds; escalation beds open from now
        on, 0 when they close again.
    months : int
        Of a rule, how long it lasts; otherwise 0.
    """

    date: dt.date
    event: Event
    move: str
    site: str
    number: int
    of: int
    stage: str
    cause: str = ""
    size: int = 0
    months: int = 0


@dataclass(frozen=True)
class Outcome:
    """What became of one step: when it happened, or what held it back last."""

    tranche: Tranche
    stage: Stage
    happened: dt.date | None  # beds closed, places open, effect begun; None when it never came or was undone
    held_by: str  # last cause that held it back before, or that stops it now


@dataclass
class Log:
    """Rows in the order in which they happened."""

    rows: list[Row] = field(default_factory=list)

    def entered(self, date: dt.date, tranche: Tranche, stage: Stage, cause: str = "") -> None:
        """Write down a transition."""
        self._add(date, "stage", tranche, stage, cause)

    def held(self, date: dt.date, tranche: Tranche, stage: Stage, cause: str) -> None:
        """Write down what holds a step from now on."""
        self._add(date, "held", tranche, stage, cause)

    def spoke(self, date: dt.date, rule: str, answer: str, site: str, months: int) -> None:
        """Write down that a rule spoke."""
        self.rows.append(Row(date, "rule", "", site, 0, 0, answer, f"rule: {rule}", 0, months))

    def escalated(self, date: dt.date, rule: str, site: str, beds: int) -> None:
        """Write down how many escalation beds a rule keeps open from now on."""
        self.rows.append(Row(date, "beds", "", site, 0, 0, "escalation beds", f"rule: {rule}", beds))

    def _add(self, date: dt.date, event: Event, t: Tranche, stage: Stage, cause: str) -> None:
        self.rows.append(Row(date, event, t.move, t.site, t.number, t.of, stage.value, cause, t.size))

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


SCHEMA = pa.schema(
    [
        ("replication", pa.int32()),
        ("date", pa.date32()),
        *((name, pa.dictionary(pa.int32(), pa.string())) for name in ("event", "move", "site")),
        ("number", pa.int32()),
        ("of", pa.int32()),
        *((name, pa.dictionary(pa.int32(), pa.string())) for name in ("stage", "cause")),
        ("size", pa.int32()),
        ("months", pa.int32()),
    ]
)


def table(logs: Mapping[int, Log]) -> pa.Table:
    """All logs as one table, by replication and in the order in which things happened."""
    columns: dict[str, list] = {name: [] for name in SCHEMA.names}
    for replication, log in sorted(logs.items()):
        for row in log:
            columns["replication"].append(replication)
            for name in SCHEMA.names[1:]:
                columns[name].append(getattr(row, name))
    return pa.table({name: pa.array(values, SCHEMA.field(name).type) for name, values in columns.items()}, SCHEMA)

"""Closed books: opening balances, movements and closing balances of every account in every month and replication.

The same object comes out of a run and out of its files, so that statements and invariants do not know the difference.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.finance.accounts import Keys, Pence
from models.finance.organisations import EXTERNAL, System

__all__ = ["YEAR_END", "Books", "Entity", "Lines", "entities_of", "month_starts", "year_ends", "year_of"]

YEAR_END = "year_end_close"  #: the rule that closes income and expenditure into the reserve
MARCH = 3  #: the financial year ends with it


@dataclass(frozen=True)
class Entity:
    """What is known of someone who keeps books, apart from the books.

    Parameters
    ----------
    name, title, kind : str
    external : bool
        Outside the system.
    floor : int, optional
        Least cash in pence; None when it has none.
    purposes : tuple of str
        What its money may be spent on; empty when on anything. Only funds are bound.
    members : tuple of str
        Who may be paid out of a fund, beside its host; empty when anybody.
    host : str
        Of a fund.
    opening : str
        ``accounts``, ``synthetic``, ``mirror`` (the other side of the organisations' balances) or ``empty``.
    """

    name: str
    title: str
    kind: str
    external: bool
    floor: int | None = None
    purposes: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    host: str = ""
    opening: Literal["accounts", "synthetic", "mirror", "empty"] = "empty"

    @property
    def fund(self) -> bool:
        """Whether its money is bound to purposes."""
        return bool(self.purposes)


def entities_of(system: System) -> tuple[Entity, ...]:
    """Everyone who keeps books, in the order of the tables."""
    floors, out = system.floors(), []
    for name in system.entities:
        if name in system.organisations:
            o = system.organisations[name]
            opening = "synthetic" if o.opening.synthetic else "accounts"
            out.append(Entity(name, o.title, o.kind, external=False, floor=floors[name], opening=opening))
        elif name in system.funds:
            f = system.funds[name]
            outside = f.host in EXTERNAL
            kind = "ring-fenced fund" if outside or not f.members else "pooled fund"
            found = Entity(name, f.title, kind, outside, floors[name], tuple(f.purposes), tuple(f.members), f.host)
            out.append(found)
        else:
            out.append(Entity(name, EXTERNAL[name], "outside body", external=True, opening="mirror"))
    return tuple(out)


@dataclass(frozen=True)
class Lines:
    """Single journal lines of one replication; columns of equal length, amounts in pence, debits positive."""

    txn: npt.NDArray[np.int64]
    month: npt.NDArray[np.int64]
    key: npt.NDArray[np.int64]  #: place in the books' keys
    rule: npt.NDArray[np.int64]  #: place in the books' rules
    pence: Pence


@dataclass(frozen=True)
class Books:
    """Books of a system over months and replications.

    Parameters
    ----------
    entities : tuple of Entity
    keys : Keys
        The accounts in use (K of them).
    start : date
        First day of the first month.
    opening : int64 array (K,)
        Pence, debits positive; the same in every replication.
    movement : int64 array (K, R, M)
        Of each month, before the year-end close.
    transfer : int64 array (K, R, M)
        The year-end close: income and expenditure of the year into the reserve. Zero in all months but March.
    closing : int64 array (K, R, M)
        Balance at the end of each month, after the close.
    rules : tuple of str
    contracts, savings : DataFrame
        What was agreed and claimed, see :mod:`models.finance.agreed`.
    numbers : tuple of int
        Numbers of the replications.
    lines_of : callable, optional
        Gives the journal lines of a replication (by its place), or None where they were not kept.
    """

    entities: tuple[Entity, ...]
    keys: Keys
    start: dt.date
    opening: Pence
    movement: Pence
    transfer: Pence
    closing: Pence
    rules: tuple[str, ...]
    contracts: pd.DataFrame
    savings: pd.DataFrame
    numbers: tuple[int, ...]
    lines_of: Callable[[int], Lines | None] = field(default=lambda _: None)

    @cached_property
    def months(self) -> list[dt.date]:
        """First day of each month."""
        return month_starts(self.start, self.movement.shape[2])

    @cached_property
    def internal(self) -> npt.NDArray[np.bool_]:
        """Which entities lie inside the system."""
        return np.array([not e.external for e in self.entities])

    def total(self, values: Pence, places: Sequence[int] | npt.NDArray[np.int64]) -> Pence:
        """Sum of `values` over some keys; zeros where there are none."""
        return values[np.asarray(places, np.int64)].sum(axis=0)

    def by_entity(self, values: Pence) -> Pence:
        """Sum of `values` (K, …) over the accounts of each entity (E, …)."""
        out = np.zeros((len(self.entities), *values.shape[1:]), np.int64)
        firsts = np.flatnonzero(np.diff(self.keys.entity, prepend=-1))
        if len(firsts):
            out[self.keys.entity[firsts]] = np.add.reduceat(values, firsts, axis=0)
        return out


def month_starts(start: dt.date, months: int) -> list[dt.date]:
    """First days of months from `start` on."""
    first = start.year * 12 + start.month - 1
    return [dt.date(n // 12, n % 12 + 1, 1) for n in range(first, first + months)]


def year_ends(start: dt.date, months: int) -> npt.NDArray[np.int64]:
    """Places of the Marches: the last month of each whole financial year."""
    return np.flatnonzero([day.month == MARCH for day in month_starts(start, months)])


def year_of(month: dt.date) -> str:
    """Financial year of a month, for example ``2018/19``."""
    first = month.year - (month.month <= MARCH)
    return f"{first}/{(first + 1) % 100:02d}"

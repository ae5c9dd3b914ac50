"""Books from the files of a run: one replication after the other, nothing taken for granted but the order of rows."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from models.finance.accounts import ACCOUNTS, Key, Keys, Pence
from models.finance.agreed import CONTRACT_COLUMNS, SAVING_COLUMNS
from models.finance.books import Books, Entity, Lines
from models.finance.tables import MONEY_VERSION
from sim.arrow import read_parts
from sim.errors import CarebridgeError

__all__ = ["read_books"]

_KEY = ("entity", "account", "counterparty", "purpose")
_AMOUNTS = ("movement_pence", "transfer_pence", "closing_pence")


@dataclass
class _Balances:
    """Trial balance of one replication: amounts are (3, K, months + 1), the opening balance first."""

    number: int
    listed: list[Key]
    months: npt.NDArray[np.int64]  #: days since 1970
    amounts: Pence


def read_books(folder: Path) -> Iterator[Books]:
    """Books of each replication of a run, one after the other, as its files hold them.

    Every one carries the registers of contracts and savings of the whole run.

    Raises
    ------
    CarebridgeError
        When a file is missing, broken, or of another layout.
    """
    entities = _entities(folder / "entities.arrow")
    contracts = _register(folder / "contracts.arrow", CONTRACT_COLUMNS)
    savings = _register(folder / "savings.arrow", SAVING_COLUMNS)
    journal_of = _in_turn(read_parts(folder / "ledger.arrow", MONEY_VERSION))
    path, before, count, said = folder / "trial_balance.arrow", -1, 0, ""
    for part in read_parts(path, MONEY_VERSION):
        found, said = _balances(part, path), (part.schema.metadata or {}).get(b"replications", b"none").decode()
        if found.number <= before:
            raise CarebridgeError(f"{path}: replications must rise from piece to piece.")
        before, count = found.number, count + 1
        yield _books(found, entities, contracts, savings, journal_of(found.number), folder)
    journal_of(sys.maxsize)
    if said != str(count):
        raise CarebridgeError(f"{path}: holds {count} replications, but says that it was written with {said}.")


def _books(
    found: _Balances,
    entities: tuple[Entity, ...],
    contracts: pd.DataFrame,
    savings: pd.DataFrame,
    journal: pa.Table | None,
    folder: Path,
) -> Books:
    lines, rules = None, ()
    if journal is not None:
        lines, rules = _lines(journal, found, folder / "ledger.arrow")
    keys = Keys.ordered(found.listed, [e.name for e in entities])
    order = np.array([keys.index[key] for key in found.listed], np.int64)
    amounts = np.zeros_like(found.amounts)
    amounts[:, order] = found.amounts
    if lines is not None:
        lines = Lines(lines.txn, lines.month, order[lines.key], lines.rule, lines.pence)
    movement, transfer, closing = amounts[:, :, None, :]
    return Books(
        entities=entities,
        keys=keys,
        start=dt.date(1970, 1, 1) + dt.timedelta(days=int(found.months[1])),
        opening=closing[:, 0, 0].copy(),
        movement=movement[:, :, 1:],
        transfer=transfer[:, :, 1:],
        closing=closing[:, :, 1:],
        rules=rules,
        contracts=contracts,
        savings=savings,
        numbers=(found.number,),
        lines_of=lambda _: lines,
    )


def _in_turn(journals: Iterator[pa.Table]) -> Callable[[int], pa.Table | None]:
    """Gives the journal of a replication; must be asked in rising order, and for every replication that has one."""
    waiting, last = next(journals, None), -1

    def journal_of(number: int) -> pa.Table | None:
        nonlocal waiting, last
        while waiting is not None and (not len(waiting) or _first(waiting) < number):
            if len(waiting) and _first(waiting) != last:
                raise CarebridgeError(
                    f"the journal of replication {_first(waiting)} has no trial balance in its place."
                )
            waiting = next(journals, None)
        if waiting is None or _first(waiting) != number:
            return None
        last = number
        return waiting

    return journal_of


def _first(part: pa.Table) -> int:
    return int(part["replication"][0].as_py())


def _entities(path: Path) -> tuple[Entity, ...]:
    rows = pa.concat_tables(read_parts(path, MONEY_VERSION)).to_pylist()
    return tuple(
        Entity(
            name=row["entity"],
            title=row["title"],
            kind=row["kind"],
            external=row["external"],
            floor=row["cash_floor_pence"],
            purposes=tuple(row["purposes"]),
            members=tuple(row["members"]),
            host=row["host"],
            opening=row["opening"],
        )
        for row in rows
    )


def _register(path: Path, wanted: Sequence[str]) -> pd.DataFrame:
    found = pa.concat_tables(read_parts(path, MONEY_VERSION)).to_pandas().rename(columns={"saved_pence": "pence"})
    if missing := [name for name in wanted if name not in found.columns]:
        raise CarebridgeError(f"{path}: has no column '{missing[0]}'.")
    return found.astype({name: object for name in found.columns if found[name].dtype == "category"})


def _column(part: pa.Table, name: str, path: Path) -> pa.Array:
    if name not in part.column_names:
        raise CarebridgeError(f"{path}: has no column '{name}'.")
    return part[name].combine_chunks()


def _codes(part: pa.Table, name: str, path: Path) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Codes and names of a dictionary column."""
    column = _column(part, name, path)
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0)
    if not pa.types.is_dictionary(column.type) or column.null_count:
        raise CarebridgeError(f"{path}: column '{name}' must hold a name in every row.")
    return np.asarray(column.indices).astype(np.int64), column.dictionary.to_pylist()


def _numbers(part: pa.Table, name: str, path: Path) -> npt.NDArray[np.int64]:
    column = _column(part, name, path)
    if column.null_count:
        raise CarebridgeError(f"{path}: column '{name}' must hold a number in every row.")
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    if not pa.types.is_integer(column.type):
        raise CarebridgeError(f"{path}: column '{name}' must hold whole numbers, not {column.type}.")
    return np.asarray(column).astype(np.int64)


def _balances(part: pa.Table, path: Path) -> _Balances:
    """Rows of one replication as an array; they must be whole and in order."""
    numbers, months = _numbers(part, "replication", path), _numbers(part, "month", path)
    span = len(np.unique(months))
    wide = len(months) // span if span else 0
    whole = span > 1 and wide * span == len(months) and bool((numbers == numbers[0]).all())
    if not whole or (months.reshape(wide, span) != months[:span]).any() or (np.diff(months[:span]) <= 0).any():
        raise CarebridgeError(f"{path}: rows are missing or not ordered by replication, account and month.")
    named = [_codes(part, name, path) for name in _KEY]
    for codes, _ in named:
        if (codes.reshape(wide, span) != codes[::span, None]).any():
            raise CarebridgeError(f"{path}: rows are missing or not ordered by replication, account and month.")
    listed = [tuple(names[c] for c, (_, names) in zip(row, named, strict=True)) for row in _rows(named, span)]
    strange = sorted({key[1] for key in listed} - set(ACCOUNTS))
    if strange or len(set(listed)) < len(listed):
        what = f"no account is called '{strange[0]}'" if strange else "an account is given twice"
        raise CarebridgeError(f"{path}: {what}.")
    amounts = np.stack([_numbers(part, name, path).reshape(wide, span) for name in _AMOUNTS])
    early = np.argwhere(amounts[:2, :, 0])
    if len(early):
        entity, account, other, _ = listed[early[0, 1]]
        what = f"{entity}, {account}{f'[{other}]' if other else ''}, moves before the books open"
        raise CarebridgeError(f"{path}: {what} (replication {numbers[0]}).")
    return _Balances(int(numbers[0]), listed, months[:span], amounts)  # type: ignore[arg-type]


def _rows(named: list[tuple[npt.NDArray[np.int64], list[str]]], span: int) -> list[list[int]]:
    return np.stack([codes[::span] for codes, _ in named], axis=1).tolist()


def _lines(part: pa.Table, found: _Balances, path: Path) -> tuple[Lines, tuple[str, ...]]:
    """Journal lines; accounts that the trial balance does not have are added to it, empty."""
    named = [_codes(part, name, path) for name in _KEY]
    mixed = np.zeros(len(part), np.int64)
    for codes, names in named:
        mixed = mixed * len(names) + codes
    _, firsts, which = np.unique(mixed, return_index=True, return_inverse=True)
    places = {key: n for n, key in enumerate(found.listed)}
    to = np.zeros(len(firsts), np.int64)
    for n, row in enumerate(np.stack([codes[firsts] for codes, _ in named], axis=1).tolist()):
        key = tuple(names[c] for c, (_, names) in zip(row, named, strict=True))
        to[n] = places.setdefault(key, len(places))  # type: ignore[arg-type]
    added = list(places)[len(found.listed) :]
    found.listed = list(places)
    found.amounts = np.pad(found.amounts, ((0, 0), (0, len(added)), (0, 0)))
    days = _numbers(part, "month", path)
    month = np.searchsorted(found.months[1:], days)
    if len(days) and (month.max() >= len(found.months) - 1 or (found.months[1:][month] != days).any()):
        raise CarebridgeError(f"{path}: a line lies in a month that the trial balance does not have.")
    rule, rules = _codes(part, "rule", path)
    pence = _numbers(part, "debit_pence", path) - _numbers(part, "credit_pence", path)
    return Lines(_numbers(part, "txn", path), month, to[which], rule, pence), tuple(rules)

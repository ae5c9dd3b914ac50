"""Arrow tables of the money: entities, trial balance, journal, contracts and savings; written and read back.

The trial balance holds every replication; the journal only the replications that are named, since it is many times
larger. Both are sorted by replication, each one piece of the file, so that an audit needs the memory of one.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from models.finance.accounts import ACCOUNTS, CODES, PURPOSES, Keys
from models.finance.agreed import CONTRACT_COLUMNS, SAVING_COLUMNS
from models.finance.books import Books, Entity, Lines, month_starts
from sim.arrow import names_column, write_parts, write_table
from sim.errors import CarebridgeError

__all__ = ["FILES", "MONEY_VERSION", "WORDS", "entity_table", "joined", "ledger_parts", "trial_balance_parts"]
__all__ += ["write_money"]

MONEY_VERSION = "1.0"

#: What each file of the money holds.
FILES = {
    "entities": "who keeps books: organisations, funds and outside bodies",
    "trial_balance": "every account by replication and month; the month before the first holds the opening balance",
    "ledger": "journal of named replications: one line a month, rule, pair and account",
    "contracts": "what was agreed, done and paid, by contract, year and replication",
    "savings": "who claims which saving, by scheme, month and replication",
}
#: What each column of these files holds.
WORDS = {
    "replication": "number of the simulated future, from 0",
    "month": "first day of the month",
    "year": "financial year, April to March",
    "entity": "who keeps the books, by its key",
    "title": "its name",
    "kind": "kind of organisation, fund or outside body",
    "external": "whether it lies outside the area",
    "host": "of a fund, who keeps it",
    "cash_floor_pence": "least cash at a month's end; empty where there is no floor",
    "purposes": "of a fund, what it may pay for",
    "members": "of a fund, who may be paid or pays in",
    "opening": "where its opening balance sheet comes from; synthetic: made up",
    "txn": "number of the transaction: its lines balance, on both sides of a pair",
    "rule": "rule, or contract, under which it is posted",
    "account": "account of the chart",
    "counterparty": "the other side; empty where an account has none",
    "purpose": "what the money is for; empty where an account has none",
    "movement_pence": "change in the month before the year-end transfer; debits positive, credits negative",
    "transfer_pence": "moved between the year's income and expenditure and the reserve in March; debits positive",
    "closing_pence": "balance at the month's end; debits positive, credits negative",
    "debit_pence": "amount on the debit side",
    "credit_pence": "amount on the credit side",
    "payer": "who pays under the contract",
    "payee": "who is paid",
    "form": "form of the contract",
    "bands": "shares of plan, and what is paid between them",
    "plan_pence": "planned value of the year's months",
    "actual_pence": "value of what was done",
    "rebased_pence": "change of the plan on the basis of cost",
    "paid_pence": "what the contract paid",
    "scheme": "what is saved by",
    "saved_pence": "the claim in the month",
}
_ACCOUNTS, _PURPOSES = list(ACCOUNTS), [*PURPOSES, ""]


def write_money(
    folder: Path, books: Sequence[Books], scenario_hash: str, named: Iterable[int] = (0,)
) -> dict[str, str]:
    """Write the books of a run; return the SHA-256 of each file.

    Parameters
    ----------
    folder : Path
        That is not yet under its name, see :func:`sim.files.run_folder`: a killed run leaves whole files or none.
    books : sequence of Books
        Blocks of replications of one system, in order. The files do not depend on how they were cut into blocks.
    scenario_hash : str
        Of what the run was made of.
    named : iterable of int
        Numbers of the replications whose journal is kept.
    """
    books, wanted = joined(books), set(named)
    parts: dict[str, Iterator[pa.Table]] = {
        "entities": iter([entity_table(books[0].entities)]),
        "trial_balance": (part for block in books for part in trial_balance_parts(block)),
        "ledger": (part for block in books for part in ledger_parts(block, wanted)),
        "contracts": iter([_register([b.contracts for b in books], CONTRACT_COLUMNS)]),
        "savings": iter([_register([b.savings for b in books], SAVING_COLUMNS)]),
    }
    out = {}
    for name, found in parts.items():
        about = {"schema_version": MONEY_VERSION, "scenario_hash": scenario_hash, "description": FILES[name]}
        if name == "trial_balance":
            about["replications"] = str(sum(len(b.numbers) for b in books))
        path, first = folder / f"{name}.arrow", next(found)
        units = {column: "pence" for column in first.column_names if column.endswith("_pence")}
        if name in ("trial_balance", "ledger"):
            out[path.name] = write_parts(path, itertools.chain([first], found), units, about, WORDS)
        else:
            out[path.name] = write_table(path, first, units, about, WORDS)
    return out


def joined(books: Sequence[Books]) -> list[Books]:
    """Blocks of one run with the same keys and rules, so that their tables fit together.

    Raises
    ------
    CarebridgeError
        When they are not of one system and one span.
    """
    one = books[0]
    if any((b.entities, b.start, len(b.months)) != (one.entities, one.start, len(one.months)) for b in books):
        raise CarebridgeError("books of different systems or spans cannot be written as one run.")
    listed = {key for b in books for key in b.keys.listed}
    keys = Keys.ordered(sorted(listed), one.keys.entities)
    rules = tuple(sorted({rule for b in books for rule in b.rules}))
    return [b if (b.keys, b.rules) == (keys, rules) else _under(b, keys, rules) for b in books]


def _under(books: Books, keys: Keys, rules: tuple[str, ...]) -> Books:
    """The same books under more keys and rules."""
    key_to = np.array([keys.index[key] for key in books.keys.listed], np.int64)
    rule_to = np.array([rules.index(rule) for rule in books.rules], np.int64)

    def wider(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        out = np.zeros((len(keys), *values.shape[1:]), np.int64)
        out[key_to] = values
        return out

    def lines_of(place: int) -> Lines | None:
        found = books.lines_of(place)
        return found and Lines(found.txn, found.month, key_to[found.key], rule_to[found.rule], found.pence)

    return Books(
        entities=books.entities,
        keys=keys,
        start=books.start,
        opening=wider(books.opening),
        movement=wider(books.movement),
        transfer=wider(books.transfer),
        closing=wider(books.closing),
        rules=rules,
        contracts=books.contracts,
        savings=books.savings,
        numbers=books.numbers,
        lines_of=lines_of,
    )


def entity_table(entities: Sequence[Entity]) -> pa.Table:
    """One row an entity; what an audit has to know beside the balances."""
    columns: dict[str, Any] = {
        "entity": pa.array([e.name for e in entities]),
        "title": pa.array([e.title for e in entities]),
        "kind": pa.array([e.kind for e in entities]),
        "external": pa.array([e.external for e in entities]),
        "host": pa.array([e.host for e in entities]),
        "cash_floor_pence": pa.array([e.floor for e in entities], pa.int64()),
        "purposes": pa.array([list(e.purposes) for e in entities], pa.list_(pa.string())),
        "members": pa.array([list(e.members) for e in entities], pa.list_(pa.string())),
        "opening": pa.array([e.opening for e in entities]),
    }
    return pa.table(columns)


def _key_columns(keys: Keys, at: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Entity, account, counterparty and purpose of keys."""
    names = [*keys.entities, ""]
    place = {name: n for n, name in enumerate(names)}
    purpose = {name: n for n, name in enumerate(_PURPOSES)}
    other = np.array([place[key[2]] for key in keys.listed], np.int32)
    what = np.array([purpose[key[3]] for key in keys.listed], np.int32)
    return {
        "entity": names_column(names, keys.entity[at]),
        "account": names_column(_ACCOUNTS, keys.account[at]),
        "counterparty": names_column(names, other[at]),
        "purpose": names_column(_PURPOSES, what[at]),
    }


def trial_balance_parts(books: Books) -> Iterator[pa.Table]:
    """One piece a replication: every account, each with its opening balance and then all its months."""
    count, span = len(books.keys), len(books.months) + 1
    at = np.repeat(np.arange(count), span)
    before = month_starts(books.start - dt.timedelta(days=1), 1)
    months = pa.array([*before, *books.months], pa.date32()).take(pa.array(np.tile(np.arange(span), count)))
    shared = {"month": months} | _key_columns(books.keys, at)
    for place, number in enumerate(books.numbers):
        wide = np.zeros((3, count, span), np.int64)
        wide[0, :, 1:], wide[1, :, 1:] = books.movement[:, place], books.transfer[:, place]
        wide[2, :, 0], wide[2, :, 1:] = books.opening, books.closing[:, place]
        amounts = {
            name: pa.array(wide[n].ravel())
            for n, name in enumerate(("movement_pence", "transfer_pence", "closing_pence"))
        }
        yield pa.table({"replication": pa.array(np.full(count * span, number, np.int32))} | shared | amounts)


def ledger_parts(books: Books, named: Iterable[int]) -> Iterator[pa.Table]:
    """One piece a named replication; an empty one when none of them is in this block."""
    wanted = [place for place, number in enumerate(books.numbers) if number in set(named)]
    months = pa.array(books.months, pa.date32())
    for place in wanted or [None]:
        lines = None if place is None else books.lines_of(place)
        if lines is None:
            lines = Lines(*(np.zeros(0, np.int64) for _ in range(5)))
        number = 0 if place is None else books.numbers[place]
        debit, credit = np.maximum(lines.pence, 0), np.maximum(-lines.pence, 0)
        yield pa.table(
            {
                "replication": pa.array(np.full(len(lines.txn), number, np.int32)),
                "month": months.take(pa.array(lines.month)),
                "txn": pa.array(lines.txn),
                "rule": names_column(books.rules, lines.rule),
                **_key_columns(books.keys, lines.key),
                "debit_pence": pa.array(debit),
                "credit_pence": pa.array(credit),
            }
        )


def _register(found: Sequence[pd.DataFrame], names: Sequence[str]) -> pa.Table:
    """A register of all replications, sorted; names are dictionary columns."""
    whole = pd.concat(found, ignore_index=True).sort_values(by=list(names), kind="stable", ignore_index=True)
    columns: dict[str, Any] = {}
    for name in whole.columns:
        if name == "month":
            columns[name] = pa.array(list(whole[name]), pa.date32())
        elif name == "replication":
            columns[name] = pa.array(whole[name].to_numpy(np.int32))
        elif name.endswith("pence"):
            columns[name] = pa.array(whole[name].to_numpy(np.int64))
        else:
            values, index = np.unique(whole[name].to_numpy(str), return_inverse=True)
            columns[name] = names_column(values.tolist(), index)
    if "pence" in columns:
        columns["saved_pence"] = columns.pop("pence")
    return pa.table(columns)


assert set(CODES) == set(_ACCOUNTS)

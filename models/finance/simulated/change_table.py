"""What a plan costs and what it ends, by replication and month: what double running and payback are worked out from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from models.finance.rules.amounts import Pence
from models.finance.simulated.accounts import Account, Accounts
from models.finance.simulated.costs import DOUBLE_RUNNING, HOSPITAL, NEW_PLACES, REDUNDANCY, STRANDED
from models.finance.tables import MONEY_VERSION, WORDS
from sim.arrow import names_column, write_table

__all__ = ["FILE", "change_table", "write_change"]

FILE = "change.arrow"
ABOUT = (
    "what the plan costs and what it ends, by replication, month and hospital; months without an amount have no row. "
    "Behind at a month: the sum until then, from the plan's start on, of all items but stranded cost, less cost ended"
)
ADDED = (DOUBLE_RUNNING, NEW_PLACES, "added beds", "retraining", REDUNDANCY)
OWN_WORDS = {
    "site": "hospital, or its catchment, by its key in the footprint",
    "organisation": "whose cost it is, by its key, before what pooled funds pay",
    "item": "double running, new places, added beds, retraining, redundancy, capital, stranded cost or cost ended",
    "pence": "amount of the item, always positive: cost ended is what is no longer spent",
}


def change_table(found: Accounts, arm: str) -> pa.Table:
    """One row a replication, month, hospital, organisation and item that has an amount."""
    account = found.arms[arm]
    parts = list(_items(found, account))
    text, months = pa.string(), pa.array(account.months, pa.date32())
    schema = pa.schema(
        [("replication", pa.int32()), ("month", pa.date32())]
        + [(name, pa.dictionary(pa.int32(), text)) for name in ("site", "organisation", "item")]
        + [("pence", pa.int64())]
    )
    tables = [schema.empty_table()]
    for site, who, item, pence in parts:
        replication, month = np.nonzero(pence.T)
        nought = np.zeros(len(month), np.int32)
        columns = {"replication": pa.array(np.asarray(account.books.numbers, np.int32)[replication])}
        columns |= {"month": months.take(pa.array(month))}
        names = zip(("site", "organisation", "item"), (site, who, item), strict=True)
        columns |= {name: names_column([value], nought) for name, value in names}
        tables.append(pa.table(columns | {"pence": pa.array(pence.T[replication, month])}, schema=schema))
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _items(found: Accounts, account: Account) -> Iterator[tuple[str, str, str, Pence]]:
    """Hospital, organisation, item and pence [months, replications]."""
    owners, costs = found.basis.owners, account.costs
    for line in costs.lines:
        if line.item in (*ADDED, STRANDED):
            yield line.site, owners.of(line.site, line.runs), line.item, line.pence
    for site, pence in costs.capital.items():
        yield site, owners.of(site, HOSPITAL), "capital", pence
    for (site, runs), pence in costs.released.items():
        yield site, owners.of(site, runs), "cost ended", pence


def write_change(folder: Path, found: Accounts, arm: str, scenario_hash: str) -> dict[str, str]:
    """Write the table of one arm beside its books; return the SHA-256 of the file by its name."""
    about = {"schema_version": MONEY_VERSION, "scenario_hash": scenario_hash, "description": ABOUT}
    table = change_table(found, arm)
    return {FILE: write_table(folder / FILE, table, {"pence": "pence"}, about, WORDS | OWN_WORDS)}

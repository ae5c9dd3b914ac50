"""What was agreed and what was claimed: contracts by year, and savings by scheme.

The balances alone cannot say whether a block contract was paid as agreed, or whether a saving was claimed by two
organisations (F25). These two registers can; the invariants hold them against the postings.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.finance.accounts import Pence
from models.finance.books import year_of
from models.finance.rules.contracts import Contract, block, guaranteed_income, in_words, pbr

__all__ = ["CONTRACT_COLUMNS", "FIXED", "SAVING_COLUMNS", "Agreed"]

FIXED = ("block", "guaranteed income")  #: forms that pay the agreed sum, whatever was done

#: bands of the forms that leave nothing to agree
SURE = {agreed.kind: in_words(agreed) for agreed in (pbr(), block(), guaranteed_income())}

CONTRACT_COLUMNS = ("replication", "year", "rule", "payer", "payee", "form", "bands")
CONTRACT_PENCE = ("plan_pence", "actual_pence", "rebased_pence", "paid_pence")
SAVING_COLUMNS = ("replication", "month", "scheme", "entity", "counterparty", "rule")


@dataclass
class Agreed:
    """Register of contracts and of savings while the books are open."""

    contracts: list[dict[str, Any]] = field(default_factory=list)
    savings: list[dict[str, Any]] = field(default_factory=list)

    def contract(
        self,
        year: str,
        rule: str,
        payer: str,
        payee: str,
        form: str,
        plan: npt.ArrayLike,
        actual: npt.ArrayLike,
        rebased: npt.ArrayLike = 0,
        agreed: Contract | None = None,
    ) -> None:
        """A contract of one financial year, in pence (one amount, or one a replication).

        Parameters
        ----------
        year : str
            For example ``2018/19``.
        rule : str
            Under which its payments are posted; a pair has one contract under one rule.
        form : str
            Those in :data:`FIXED` are held to the plan; other forms to being continuous and never falling in activity.
        plan, actual : int or int64 array (R,)
            What was agreed, and the value of what was done at the contract's prices.
        rebased : int or int64 array (R,)
            By how much the plan was changed on the basis of cost since it was first agreed (F6); inside `plan`.
        agreed : Contract, optional
            Bands by which it is paid, so that an audit can work the payment out again, to the penny. Those of blocks,
            guaranteed incomes and payment by results are known without.
        """
        bands = in_words(agreed) if agreed else SURE.get(form, "")
        row = {"year": year, "rule": rule, "payer": payer, "payee": payee, "form": form, "bands": bands}
        self.contracts.append(row | {"plan_pence": plan, "actual_pence": actual, "rebased_pence": rebased})

    def saving(
        self, month: int, scheme: str, entity: str, pence: npt.ArrayLike, counterparty: str = "", rule: str = ""
    ) -> None:
        """A saving that an organisation claims for a scheme in a month, in pence (one amount, or one a replication).

        Without a counterparty it is a cost that fell (staff, supplies). With one it is a payment that fell, under a
        contract's `rule`: what the payer claims, the payee must show as the same amount lost.
        """
        row = {"month": month, "scheme": scheme, "entity": entity, "counterparty": counterparty, "rule": rule}
        self.savings.append(row | {"pence": pence})

    def contract_table(
        self, income_of: Callable[[str, str, str], Pence], months: Sequence[dt.date], numbers: Sequence[int]
    ) -> pd.DataFrame:
        """One row a contract, year and replication, with what was posted for it."""
        years = np.array([year_of(month) for month in months])
        rows, known = [], dict[tuple[str, str, str], Pence]()
        for row in self.contracts:
            pair = row["rule"], row["payer"], row["payee"]
            if pair not in known:
                known[pair] = income_of(*pair)
            rows.append(row | {"paid_pence": known[pair][:, years == row["year"]].sum(axis=1)})
        return _spread(rows, CONTRACT_COLUMNS, CONTRACT_PENCE, numbers)

    def saving_table(self, months: Sequence[dt.date], numbers: Sequence[int]) -> pd.DataFrame:
        """One row a claim and replication."""
        rows = [row | {"month": months[row["month"]]} for row in self.savings]
        return _spread(rows, SAVING_COLUMNS, ("pence",), numbers)


def _spread(
    rows: Sequence[dict[str, Any]], names: Sequence[str], amounts: Sequence[str], numbers: Sequence[int]
) -> pd.DataFrame:
    """One row a register's row and replication, sorted by name."""
    if not rows:
        empty: dict[str, Any] = {n: pd.Series(dtype="int64" if n == "replication" else "object") for n in names}
        return pd.DataFrame(empty | {n: pd.Series(dtype="int64") for n in amounts})
    count = len(numbers)
    columns: dict[str, Any] = {"replication": np.tile(np.asarray(numbers, np.int64), len(rows))}
    for name in names:
        if name != "replication":
            columns[name] = [value for row in rows for value in [row[name]] * count]
    for name in amounts:
        columns[name] = np.concatenate([np.broadcast_to(np.asarray(row[name], np.int64), count) for row in rows])
    found = pd.DataFrame(columns).loc[:, [*names, *amounts]]
    return found.sort_values(by=list(names), kind="stable", ignore_index=True)

"""Invariants of what was agreed: contracts paid by their form, and savings booked once (F4 to F6, F17, F25)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.finance.agreed import FIXED
from models.finance.books import Books, year_of
from models.finance.breaches import MOST, Breach
from models.finance.rules.contracts import from_words, pay
from sim.errors import FaultsError

__all__ = ["block_as_agreed", "falls_or_jumps", "payment_with_activity", "savings_once"]

_CONTRACT = ["year", "rule", "payer", "payee"]


def falls_or_jumps(actual: npt.NDArray[np.int64], paid: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """By how much payment falls, or rises by more than the value of the activity, from each point to the next.

    Parameters
    ----------
    actual, paid : int64 arrays (n,)
        Value of what was done at the contract's prices, and what was paid for it, in any order.

    Returns
    -------
    int64 array (n - 1,)
        Pence, in order of `actual`: negative where payment falls, positive where it jumps by more than a penny over
        the value of the extra activity, else zero.
    """
    order = np.lexsort((paid, actual))
    step, rise = np.diff(np.asarray(actual)[order]), np.diff(np.asarray(paid)[order])
    over = rise - step
    return np.where(rise < 0, rise, np.where(over > 1, over, 0))


def payment_with_activity(books: Books) -> list[Breach]:
    """7: a payment is what its bands make of plan and activity; with activity it never falls and never jumps."""
    table = books.contracts
    by_activity = table.loc[~table["form"].isin(FIXED), :]
    return (_as_banded(by_activity) + _over_replications(by_activity))[:MOST]


def _as_banded(table: pd.DataFrame) -> list[Breach]:
    """Payments that are not what the contract's bands make of plan and activity; contracts without bands apart."""
    out = []
    for group, rows in table.loc[table["bands"] != "", :].groupby([*_CONTRACT, "bands"], sort=True):
        plan, actual, paid = (rows[f"{name}_pence"].to_numpy(np.int64) for name in ("plan", "actual", "paid"))
        below, words = (plan < 0) | (actual < 0), "plan or activity below nought"
        wrong = np.where(below, np.minimum(plan, actual), 0)
        if not below.any():
            words = "the payment is not what its bands make of plan and activity"
            try:
                wrong = paid - pay(from_words(str(rows["form"].iloc[0]), str(_named(group)[-1])), plan, actual)
            except FaultsError:
                wrong, words = paid, "its bands are not those of a contract"
        at = np.flatnonzero(wrong)
        if len(at):
            number = int(rows["replication"].iloc[at[0]])
            out.append(_breach(7, _named(group), int(wrong[at[0]]), number, len(at), words))
    return out


def _over_replications(table: pd.DataFrame) -> list[Breach]:
    """Payments of contracts with one plan that fall, or jump, as activity rises from replication to replication."""
    out = []
    for group, rows in table.groupby([*_CONTRACT, "plan_pence"], sort=True):
        actual, paid = (np.asarray(rows[name], np.int64) for name in ("actual_pence", "paid_pence"))
        wrong = falls_or_jumps(actual, paid)
        at = np.flatnonzero(wrong)
        if len(at):
            worst = int(wrong[at[0]])
            words = f"payment {'falls' if worst < 0 else 'jumps'} as activity rises"
            later = rows.iloc[np.lexsort((paid, actual))[at[0] + 1]]
            out.append(_breach(7, _named(group), worst, int(later["replication"]), len(at), words))
    return out


def block_as_agreed(books: Books) -> list[Breach]:
    """8: what is paid under a block contract is its plan."""
    table, out = books.contracts, []
    wrong = table.loc[(table["form"].isin(FIXED)) & (table["plan_pence"] != table["paid_pence"]), :]
    for group, rows in wrong.groupby(_CONTRACT, sort=True):
        first = rows.iloc[0]
        pence = int(first["paid_pence"] - first["plan_pence"])
        words = "a block contract was not paid as agreed"
        out.append(_breach(8, _named(group), pence, int(first["replication"]), len(rows), words))
    return out[:MOST]


def savings_once(books: Books) -> list[Breach]:
    """12: one claims a scheme's cost; a payment saved is lost by the payee; a block saves only if it is rebased."""
    table = books.savings
    if table.empty:
        return []
    return (_cost_once(table) + _payment_mirrored(table) + _block_rebased(table, books.contracts))[:MOST]


def _cost_once(table: pd.DataFrame) -> list[Breach]:
    """Costs of one scheme, month and replication that more than one row claims; the first month of each scheme."""
    cost = table.loc[(table["counterparty"] == "") & (table["pence"] != 0), :]
    one = ["scheme", "month", "replication"]
    twice = cost.loc[cost.duplicated(one, keep=False), :].sort_values(by=[*one, "entity"], kind="stable")
    out = []
    for scheme, rows in twice.groupby("scheme", sort=True):
        first = rows.iloc[0]
        same = rows.loc[(rows["month"] == first["month"]) & (rows["replication"] == first["replication"]), :]
        words = f"the saving is claimed by {' and by '.join(same['entity'])}"
        place = (f"{pd.Timestamp(first['month']):%Y-%m}", scheme, same["entity"].iloc[1], "")
        count = len(set(rows["replication"]))
        out.append(_breach(12, place, int(same["pence"].iloc[1]), int(first["replication"]), count, words, "saving"))
    return out


def _payment_mirrored(table: pd.DataFrame) -> list[Breach]:
    paid = table.loc[table["counterparty"] != "", :].copy()
    paid["pair"] = [" and ".join(sorted(pair)) for pair in zip(paid["entity"], paid["counterparty"], strict=True)]
    out = []
    group = ["scheme", "month", "rule", "pair", "replication"]
    sums = paid.groupby(group, sort=True)["pence"].sum()
    for (scheme, month, _, pair, replication), pence in sums[sums != 0].head(MOST).items():  # type: ignore[misc]
        who = pair.split(" and ")[0]
        words = f"what one of {pair} saves the other does not lose"
        place = (f"{pd.Timestamp(month):%Y-%m}", scheme, who, "")
        out.append(_breach(12, place, int(pence), int(replication), 1, words, "saving"))
    return out


def _block_rebased(table: pd.DataFrame, contracts: pd.DataFrame) -> list[Breach]:
    """Claims of a payer against the change of the block's plan."""
    claims = table.loc[table["counterparty"] != "", :].copy()
    if claims.empty or contracts.empty:
        return []
    claims["year"] = [year_of(month) for month in claims["month"]]
    claims = claims.rename(columns={"entity": "payer", "counterparty": "payee"})
    one = ["replication", *_CONTRACT]
    claimed = pd.DataFrame(claims.groupby(one, sort=True)["pence"].sum()).reset_index()
    both = claimed.merge(contracts.loc[contracts["form"].isin(FIXED), :], on=one)
    too_much = both["pence"] - np.maximum(-both["rebased_pence"], 0)
    out = []
    for n in np.flatnonzero(too_much.to_numpy() > 0):
        row = both.iloc[n]
        words = "a saving is claimed on a block contract whose plan was not rebased"
        place = tuple(str(row[name]) for name in _CONTRACT)
        out.append(_breach(12, place, int(too_much.iloc[n]), int(row["replication"]), 1, words))
    return out


def _named(group: Any) -> Sequence[Any]:
    return group if isinstance(group, tuple) else (group,)


def _breach(
    number: int, place: Sequence[Any], pence: int, replication: int, count: int, words: str, account: str = ""
) -> Breach:
    when, rule, entity, other = (str(part) for part in place[:4])
    account = account or f"expenditure[{other}]"
    return Breach(number, entity, account, when, rule, pence, replication, count, words)

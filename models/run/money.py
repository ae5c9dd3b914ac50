"""The books of a run as its settings ask for them."""

from __future__ import annotations

from collections.abc import Mapping

from models.arms.arms import Observed
from models.finance.simulated.accounts import Accounts, accounts
from models.plans.schedule import Schedule
from models.settings.settings import Settings

__all__ = ["accounts_of"]


def accounts_of(
    chosen: Settings, observed: Mapping[str, Observed], schedules: Mapping[str, Schedule]
) -> Accounts | None:
    """Keep the books of every arm, business as usual first; none where money is left out.

    Raises
    ------
    FaultsError
        When the organisations do not fit the footprint.
    LedgerError
        When books do not hold.
    """
    if chosen.money is None:
        return None
    growth = chosen.future.growth_of(chosen.footprint).value
    return accounts(observed, schedules, chosen.finance, chosen.money, growth, chosen.seed)

"""Standing against control totals by replication and year: who misses, and what it costs, follow from this file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from models.finance.simulated.accounts import Accounts
from models.finance.simulated.results import years_of
from models.finance.simulated.standing import Standing, standing
from models.finance.statements import SYSTEM
from models.finance.tables import MONEY_VERSION, WORDS
from sim.arrow import write_table

__all__ = ["FILE", "control_table", "write_control"]

FILE = "control.arrow"
ABOUT = "control totals of whole years by replication and organisation: by how much each is met, and PSF due and lost"
OF_THE_FUND = ("due", "lost", "lost_by_partners")
OWN_WORDS = {
    "organisation": "its key; system: all that have a control total together",
    "control_total_pence": "result that is asked for in the year; a deficit is negative",
    "above_pence": "result before PSF and after offsets, less the control total; below it is negative",
    "missed": "whether the control total is missed",
    "psf_due_pence": "PSF set aside for it in the year; empty where the fund does not pay it",
    "psf_lost_pence": "of that, not paid",
    "psf_lost_by_partners_pence": "of that, what its own result had earned",
    "dashboard_ratio": "all results less control totals over the commissioners' resource limits; empty but for system",
}


def control_table(found: Accounts, arm: str) -> pa.Table | None:
    """One row a replication, whole year and organisation; None where nobody has a control total."""
    account = found.arms[arm]
    if account.position is None:
        return None
    s, numbers = standing(account.position, account.books), account.books.numbers
    years = years_of(account)[: s.variance.shape[-1]]
    parts = []
    for n, name in enumerate((*s.names, SYSTEM)):
        whole = name == SYSTEM
        above = s.variance.sum(axis=1) if whole else s.variance[:, n]
        columns = {
            "replication": pa.array(np.repeat(np.asarray(numbers, np.int32), len(years))),
            "year": pa.array(years * len(numbers)),
            "organisation": pa.array([name] * above.size),
            "control_total_pence": pa.array(np.full(above.size, s.asked.sum() if whole else s.asked[n], np.int64)),
            "above_pence": pa.array(above.ravel()),
            "missed": pa.array((s.missed_by_all if whole else s.missed[:, n]).ravel()),
        }
        columns |= _of_the_fund(s, name, above.shape)
        columns["dashboard_ratio"] = pa.array(s.ratio.ravel()) if whole else pa.nulls(above.size, pa.float64())
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


def _of_the_fund(s: Standing, name: str, shape: tuple[int, ...]) -> dict[str, pa.Array]:
    """What an organisation, or all together, is due of the fund and loses; empty for those whom it does not pay."""
    at = [n for n, trust in enumerate(s.trusts) if name in (trust, SYSTEM)]
    if not at:
        return {f"psf_{what}_pence": pa.nulls(shape[0] * shape[1], pa.int64()) for what in OF_THE_FUND}
    due = np.broadcast_to(s.due[at].sum(axis=0), shape)
    amounts = (due, s.lost[:, at].sum(axis=1), s.by_partners[:, at].sum(axis=1))
    return {
        f"psf_{what}_pence": pa.array(np.asarray(pence, np.int64).ravel())
        for what, pence in zip(OF_THE_FUND, amounts, strict=True)
    }


def write_control(folder: Path, found: Accounts, arm: str, scenario_hash: str) -> dict[str, str]:
    """Write the table of one arm beside its books, if there is one; return the SHA-256 of the file by its name."""
    table = control_table(found, arm)
    if table is None:
        return {}
    about = {"schema_version": MONEY_VERSION, "scenario_hash": scenario_hash, "description": ABOUT}
    units = {name: "pence" for name in table.column_names if name.endswith("_pence")} | {"dashboard_ratio": "share"}
    return {FILE: write_table(folder / FILE, table, units, about, WORDS | OWN_WORDS)}

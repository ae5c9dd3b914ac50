"""The files of the money of a run: the books of every arm, what the plan costs, and standing against control totals."""

from __future__ import annotations

from pathlib import Path

from models.finance.simulated.accounts import Accounts
from models.finance.simulated.change_table import write_change
from models.finance.simulated.control_table import write_control
from models.finance.tables import write_money

__all__ = ["FOLDER", "write_books"]

FOLDER = "money"  #: of a run's folder, one folder an arm in it


def write_books(folder: Path, found: Accounts, scenario_hash: str) -> dict[str, str]:
    """Write the books of every arm, each in a folder of its own; return the SHA-256 of each file by its path."""
    out: dict[str, str] = {}
    for name, account in found.arms.items():
        below = Path(FOLDER) / name.replace(" ", "_")
        (folder / below).mkdir(parents=True)
        written = write_money(folder / below, [account.books], scenario_hash)
        written |= write_change(folder / below, found, name, scenario_hash)
        written |= write_control(folder / below, found, name, scenario_hash)
        out |= {(below / file).as_posix(): digest for file, digest in written.items()}
    return out

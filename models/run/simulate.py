"""The main job from Python: settings as on the command line, and what came out as tables of pandas."""

from __future__ import annotations

import time
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from models.command_line.out_folder import folder_faults
from models.run.outputs import each_table, frame
from models.run.patients import patients_table
from models.run.runner import Outcome, simulated, summary
from models.run.write import all_tables, verdict_document, write_run
from models.settings.request import EACH, parse
from models.settings.settings import settings
from sim.errors import CarebridgeError, Fault, FaultsError, nearest

__all__ = ["Simulated", "simulate"]


class Simulated:
    """What came out of the main job, in memory.

    Parameters
    ----------
    outcome : Outcome
    began : float
        When it was begun (seconds since 1970).
    """

    def __init__(self, outcome: Outcome, began: float) -> None:
        self.outcome = outcome
        self._began = began

    def __repr__(self) -> str:
        """Return what the command prints."""
        return "\n".join(summary(self.outcome))

    @cached_property
    def document(self) -> dict[str, Any]:
        """What `verdict.json` holds."""
        return verdict_document(self.outcome)

    @property
    def verdicts(self) -> pd.DataFrame:
        """One row a timeline; empty without a baseline."""
        return self.table("verdict") if "verdict" in self._tables else pd.DataFrame()

    @property
    def tables(self) -> list[str]:
        """Names that :meth:`table` knows."""
        return sorted(self._tables)

    def table(self, name: str) -> pd.DataFrame:
        """Return one of the Arrow tables of a run; units and origin are in ``attrs``.

        Raises
        ------
        CarebridgeError
            When there is no such table in this run.
        """
        if name not in self._tables:
            raise CarebridgeError(_no_such(name, self.tables))
        return frame(name, self._tables[name], self.outcome.settings.scenario_hash)

    def each(self, name: str) -> pd.DataFrame:
        """Return a table of means of every replication instead: with columns ``replication`` and ``value``.

        The same replication has the same people in every arm, so differences between arms are taken within it.

        Parameters
        ----------
        name : str
            One of beds, waits, stocks, flows and state.

        Raises
        ------
        CarebridgeError
            When there is no such table in this run.
        """
        table = each_table(name, self.outcome.observed, self.outcome.window) if name in EACH else None
        if table is None:
            raise CarebridgeError(_no_such(name, [one for one in EACH if one in self._tables]))
        return frame(f"{name}_each", table, self.outcome.settings.scenario_hash)

    def patients(self) -> pd.DataFrame:
        """Return everybody's visits to every ward and service, one a row, of the first replications.

        Raises
        ------
        CarebridgeError
            When the run did not keep them.
        """
        table = patients_table(self.outcome.observed)
        if table is None:
            raise CarebridgeError("this run kept nobody's visits; patients=1 keeps those of the first replication.")
        return frame("patients", table, self.outcome.settings.scenario_hash)

    def write(self, out: str | Path) -> Path:
        """Write the folder that the command would have left; returns it.

        Raises
        ------
        FaultsError
            When the folder holds something else.
        """
        folder = Path(out).expanduser()
        if faults := folder_faults(folder):
            raise FaultsError(faults, "write")
        write_run(folder, self.outcome, self._began)
        return folder

    @cached_property
    def _tables(self) -> dict[str, pa.Table]:
        return all_tables(self.outcome)


def simulate(*words: str, **keys: Any) -> Simulated:
    """Run business as usual and the plan on its timelines, judge the plan, and keep the results.

    Parameters
    ----------
    *words : str
        As on the command line of ``carebridge run``: ``"future.admissions_effect.value=-0.05"``.
    **keys
        The same for keys without a dot: ``footprint="devon"``, ``timeline="5y,15y"`` or ``["5y", "15y"]``,
        ``replications=12``.

    Raises
    ------
    FaultsError
        With every fault of the settings.

    Examples
    --------
    >>> from models import simulate
    >>> run = simulate(footprint="devon", timeline="5y", replications=12)  # doctest: +SKIP
    >>> run.verdicts[["timeline", "verdict", "probability"]]  # doctest: +SKIP
    """
    began = time.time()
    request = parse([*words, *(f"{key}={_word(value)}" for key, value in keys.items())])
    if request.out is not None:
        rule = "results stay in memory; call write(folder) on them."
        raise FaultsError([Fault("out", str(request.out), rule)], "simulate")
    return Simulated(simulated(settings(request)), began)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _no_such(name: str, known: list[str]) -> str:
    close = nearest(name, known)
    hint = f" Did you mean '{close}'?" if close else ""
    return f"no table '{name}' in this run; there are: {', '.join(known)}.{hint}"

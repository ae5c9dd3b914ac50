"""The care model as a study: a point is a set of words of ``carebridge run``; its tables keep every replication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models import CONFIGS, __version__
from models.arms.arms import Observed, run_arms
from models.arms.prepare import Prepared, prepare
from models.calibration.baseline import BEDS_TOLERANCE, DELAY_TOLERANCE, without_fit
from models.footprint.footprint import inputs_hash
from models.footprint.observed import delayed_beds as observed_delayed
from models.measures.measures import delayed_beds, occupied_beds
from models.settings.files import SCENARIOS
from models.settings.request import parse
from models.settings.run_only import refuse_what_only_runs_do
from models.settings.settings import Settings, settings
from models.sweep.verdicts import answers, verdicts
from models.verdict.assess import assess
from models.verdict.criteria import Assessed, crowding, every_cell, months_between
from sim.errors import CarebridgeError, Fault, FaultsError
from sim.sweep.design import Value, keys_of, untied
from sim.sweep.study import digest, replication_column

__all__ = ["Care"]

Bools = npt.NDArray[np.bool_]

MOST_VALUES = 40  #: values of a key that are checked before the sweep; of numbers the least and the greatest
NEVER_SWEPT = ("replications", "seed", "workers", "out")


class Care:
    """The care model over a design.

    Parameters
    ----------
    words : list of str
        Settings that all points share, as ``carebridge run`` takes them.
    """

    def __init__(self, words: Sequence[str] = ()):
        self._words = [str(w) for w in words]

    @property
    def settings(self) -> dict[str, Any]:
        """Arguments with which the study is made."""
        return {"words": self._words}

    def identity(self) -> dict[str, Any]:
        """The configuration that all points start from."""
        composed = self.at({}).composed
        return {"config": {k: v for k, v in composed.items() if k not in NEVER_SWEPT}}

    def software(self) -> dict[str, str]:
        """Versions of the care model, and of all configurations it may read."""
        here = Path(__file__).resolve().parent.parent
        return {
            "carebridge": __version__,
            "models": _hash_of(here, "*.py"),
            "configs": digest([_hash_of(CONFIGS, "*.*"), _hash_of(SCENARIOS, "*.yaml")]),
        }

    def check(self, values: Mapping[str, Sequence[Value]]) -> list[Fault]:
        """Try every value of words, and the least and the greatest of numbers, one key at a time."""
        faults = [
            Fault(key, None, "belongs to the sweep as a whole, not to a point.", "the design")
            for key in values
            if not set(keys_of(key)).isdisjoint(NEVER_SWEPT)
        ]
        for key in values:
            for value in _telling(values[key]) if set(keys_of(key)).isdisjoint(NEVER_SWEPT) else ():
                try:
                    self.at({key: value})
                except FaultsError as error:
                    faults += error.faults
                except CarebridgeError as error:  # the key itself is wrong: other values would say the same
                    lines = str(error).splitlines()
                    faults.append(Fault(key, None, lines[-1].strip().removeprefix(f"- {key}: "), "the design"))
                    break
        return list({str(f): f for f in faults}.values())

    def units(self) -> dict[str, dict[str, str]]:
        """Unit of the columns of each table."""
        return {
            "criteria": {"value": "see criterion", "usual_value": "see criterion"},
            "closures": {"beds": "beds"},
            "baseline": {"observed": "beds", "simulated": "beds"},
            "answers": {"value": "see measure"},
        }

    def warm(self) -> None:
        """Compile the engine."""
        from sim import Run

        Run(prepare(self._fitted({})).arms[0].lowered, 0).advance(1)

    def run(self, point: Mapping[str, Value], seed: int, replications: range) -> dict[str, pa.Table]:
        """Run business as usual and the plan on every timeline."""
        chosen, ready = self._ready(tuple(point.items()))
        found = run_arms(ready.arms, seed, replications, 1)
        usual = found[0]
        assessed = {
            o.arm.name: assess(o, usual, ready.schedules[o.arm.name], chosen.criteria, ready.window, chosen.around)
            for o in found[1:]
        }
        return {
            "criteria": _criteria(assessed, replications),
            "lenses": _lenses(assessed, replications),
            "crowding": _crowding(usual, ready, replications),
            "baseline": _baseline(chosen, usual, replications),
            "closures": _closures(found[1:], replications),
            "judged_by": _judged_by(chosen, replications),
        }

    def reduce(self, point: Mapping[str, Value], tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """Verdict of every timeline from all replications of a point."""
        frames = {name: table.to_pandas() for name, table in tables.items()}
        found = verdicts(frames)
        return {
            name: pa.Table.from_pandas(frame, preserve_index=False)
            for name, frame in (("verdict", found), ("answers", answers(found, frames)))
        }

    def at(self, point: Mapping[str, Value]) -> Settings:
        """Settings of a point: its own words go before those that all points share."""
        own = {key: f"{key}={_word(value)}" for key, value in untied(point).items()}
        shared = [w for w in self._words if w.partition("=")[0].lstrip("+") not in own]
        chosen = settings(parse([*shared, *own.values()]))
        refuse_what_only_runs_do(chosen, "the design")
        return chosen

    def _fitted(self, point: Mapping[str, Value]) -> Settings:
        chosen = self.at(point)
        if chosen.fit is None:
            raise CarebridgeError(f"NO BASELINE. {'; '.join(without_fit(chosen.footprint))}.")
        return chosen

    @lru_cache(maxsize=2)  # noqa: B019 - one study a process; a chunk has few points
    def _ready(self, items: tuple[tuple[str, Value], ...]) -> tuple[Settings, Prepared]:
        chosen = self._fitted(dict(items))
        return chosen, prepare(chosen)


def _hash_of(folder: Path, pattern: str) -> str:
    files = sorted(p for p in folder.rglob(pattern) if p.is_file() and "__pycache__" not in p.parts)
    return digest([(p.relative_to(folder).as_posix(), p.read_text("utf-8")) for p in files])


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


def _telling(values: Sequence[Value]) -> list[Value]:
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if len(numbers) == len(values):
        return list(dict.fromkeys([min(numbers), max(numbers), numbers[0], *numbers[1:MOST_VALUES:8]]))
    return list(values)[:MOST_VALUES]


def _text(values: Sequence[Any]) -> pa.Array:
    return pa.array(values, pa.string())


def _sorted(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Table of rows whose first value is the replication, sorted by it."""
    rows.sort(key=lambda row: row[0])
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in schema]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


_CRITERIA = pa.schema(
    [
        ("replication", pa.int32()),
        *((name, pa.string()) for name in ("timeline", "criterion", "place", "period")),
        ("value", pa.float64()),
        ("usual_value", pa.float64()),
    ]
)
_LENSES = pa.schema(
    [
        ("replication", pa.int32()),
        ("timeline", pa.string()),
        ("criterion", pa.string()),
        *((name, pa.bool_()) for name in ("decides", "meets", "harmless", "usual_meets", "rules_out")),
    ]
)
_CLOSURES = pa.schema(
    [
        ("replication", pa.int32()),
        *((name, pa.string()) for name in ("timeline", "kind", "site")),
        ("beds", pa.int32()),
        ("due", pa.date32()),
        ("closed", pa.date32()),
        ("held_by", pa.string()),
    ]
)


def _criteria(assessed: Mapping[str, list[Assessed]], replications: range) -> pa.Table:
    """Value of every criterion by place and period, under the plan and under business as usual."""
    rows = [
        (replications[r], timeline, key, place, period, value, usual)
        for timeline, found in assessed.items()
        for key, place, period, r, value, usual in every_cell(found)
    ]
    return _sorted(rows, _CRITERIA)


def _lenses(assessed: Mapping[str, list[Assessed]], replications: range) -> pa.Table:
    """What each lens says of every criterion, and whether it rules a plan out; which decides needs all replications."""

    def said(lens: Bools | None, r: int) -> bool | None:
        return None if lens is None else bool(lens[r])

    rows = []
    for r, number in enumerate(replications):
        for timeline, found in assessed.items():
            for a in found:
                lenses = (said(lens, r) for lens in (a.meets, a.harmless, a.usual_meets))
                rows.append((number, timeline, a.key, a.decides, *lenses, bool(a.rules_out)))
    return _sorted(rows, _LENSES)


def _crowding(usual: Observed, ready: Prepared, replications: range) -> pa.Table:
    """People waiting and beds open in the last year of business as usual, by hospital."""
    last_year = months_between(usual, *ready.window, 12)[-1][1]
    found = crowding(usual, last_year)
    sites = list(usual.arm.system.footprint.sites)
    return pa.table(
        {
            "replication": replication_column(replications, len(sites)),
            "site": _text(sites * len(replications)),
            "waiting": pa.array(found[..., 0].ravel()),
            "beds": pa.array(found[..., 1].ravel()),
        }
    )


def _baseline(chosen: Settings, usual: Observed, replications: range) -> pa.Table:
    """Beds in use by hospital and delayed beds in the baseline year, observed and simulated."""
    footprint = chosen.footprint
    months = usual.in_year(footprint.baseline_year)
    names = [*footprint.sites, "delayed"]
    simulated = [occupied_beds(usual, site)[:, months].mean(axis=1) for site in footprint.sites]
    simulated.append(delayed_beds(usual)[:, months].mean(axis=1))
    observed = [site.beds_occupied.value for site in footprint.sites.values()]
    observed.append(observed_delayed(footprint, footprint.baseline_year).value)
    return pa.table(
        {
            "replication": replication_column(replications, len(names)),
            "place": _text(names * len(replications)),
            "observed": pa.array(observed * len(replications), pa.float64()),
            "simulated": pa.array(np.stack(simulated, axis=1).ravel()),
            "tolerance": pa.array(
                [*[BEDS_TOLERANCE] * len(footprint.sites), DELAY_TOLERANCE] * len(replications), pa.float64()
            ),
        }
    )


def _closures(found: Sequence[Observed], replications: range) -> pa.Table:
    """Every closure, with its planned and its simulated date."""
    rows = [
        (number, o.arm.name, c.step.kind, c.step.site, c.step.beds, c.step.due, c.closed, c.held_by)
        for r, number in enumerate(replications)
        for o in found
        for c in o.closures[r]
    ]
    return _sorted(rows, _CLOSURES)


def _judged_by(chosen: Settings, replications: range) -> pa.Table:
    """Thresholds of the verdict, and whether the fit was made with the figures that the footprint holds."""
    assert chosen.fit is not None  # noqa: S101 - asked before
    size = len(replications)
    own = chosen.fit.footprint == chosen.footprint.name and chosen.fit.inputs == inputs_hash(chosen.footprint)
    return pa.table(
        {
            "replication": replication_column(replications, 1),
            "credible_from": pa.array([chosen.criteria.credible_from] * size, pa.float64()),
            "not_credible_below": pa.array([chosen.criteria.not_credible_below] * size, pa.float64()),
            "fitted_with_these_figures": pa.array([own] * size, pa.bool_()),
        }
    )

"""Arrow tables of a run: tidy, with units and origin in their metadata.

R16 (reproducible, auditable): the same configuration and seed give the same bytes, whatever the number of workers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from models.arms.arms import CARE_FLOWS, Observed
from models.calibration.baseline import Baseline
from models.finance.simulated.results import DESCRIPTION as MONEY
from models.measures import measures
from models.run import columns
from models.run.columns import OF_EACH
from models.run.sensitivity import Matter
from models.transition.log import table as log_table
from models.verdict.criteria import Assessed, every_cell, quarters
from models.verdict.verdict import Verdict
from models.waterfall.waterfall import TOGETHER, Waterfall
from models.waterfall.words import count_parts
from sim import arrow
from sim.arrow import names_column, write_table
from sim.clock import DAY, Calendar
from sim.kernel.layout import STATES

__all__ = [
    "TABLES_VERSION",
    "baseline_table",
    "each_table",
    "frame",
    "read_table",
    "sensitivity_table",
    "tables",
    "verdict_table",
    "waterfall_count_table",
    "waterfall_table",
    "write_tables",
]

TABLES_VERSION = "1.0"

Axes = list[tuple[str, list[Any]]]
Keep = Callable[[str, Axes, npt.NDArray[Any]], pa.Table]

DESCRIPTIONS = {
    "state": "people in each state, mean over the month; mean and 5-95 % over replications",
    "flows": "events in the month; mean and 5-95 % over replications",
    "waits": "emergencies waiting longer than 4 and 12 h for a bed, share by quarter",
    "beds": "general and acute beds open, in use at midnight and held by delayed people, mean over the month",
    "years": "beds, delays and waits by financial year, place and replication",
    "criteria": "every criterion by replication, place and period, under the plan and under business as usual",
    "lenses": "every criterion that is assessed by replication: whether it is passed, and through which lens",
    "stocks": "staff, places with staff and other stocks around the network, every four weeks; mean and 5-95 %",
    "closures": "every closure by replication, with its planned and its simulated date",
    "transition": "every stage a step of the plan entered, whatever held it back, and every rule that spoke",
    "patients": "everybody's visits to every ward and service, of the replications asked for",
    "baseline": "observed and simulated beds in the baseline year, and the held-out quarters",
    "verdict": "one row a timeline",
    "money": MONEY,
    "waterfall": "beds needed as one mechanism after another is switched on, by hospital and together",
    "waterfall_count": "from the mean load to the published beds in use, by hospital and together",
    "sensitivity": "every figure that states a range, moved to either end of it with all else as it stands",
}

#: units of figures of the baseline whose names do not say them; all others are beds
BASELINE_UNITS = {
    "observed_cancelled": "operations a year",
    "simulated_cancelled": "admissions a year",
    "simulated_cancelled_share": "share",
    "observed_type1_4h": "share",
    "observed_over_12h": "people a year",
    "simulated_over_12h": "share",
    "simulated_over_4h": "share",
    "observed_yearly_change_sd": "share",
    "simulated_yearly_change_sd": "share",
    "observed_years": "years",
}


def tables(
    observed: dict[str, Observed], assessed: dict[str, list[Assessed]], window: tuple[dt.date, dt.date]
) -> dict[str, pa.Table]:
    """Tables of what the arms did, by name.

    Parameters
    ----------
    observed : dict
        What each arm wrote down, by its name.
    assessed : dict
        Criteria by arm.
    """
    return {
        "state": pa.concat_tables([_state(name, o) for name, o in observed.items()]),
        "flows": pa.concat_tables([_flows(name, o) for name, o in observed.items()]),
        "waits": pa.concat_tables([_waits(name, o, window) for name, o in observed.items()]),
        "beds": pa.concat_tables([_beds(name, o) for name, o in observed.items()]),
        "years": pa.concat_tables([_years(name, o) for name, o in observed.items()]).unify_dictionaries(),
        "criteria": _criteria(assessed),
        "lenses": _lenses(assessed),
        "closures": _closures(observed),
        "transition": _transition(observed),
        **_stocks(observed),
    }


def each_table(name: str, observed: dict[str, Observed], window: tuple[dt.date, dt.date]) -> pa.Table | None:
    """One of the tables of means, of every replication instead: with columns ``replication`` and ``value``.

    Parameters
    ----------
    name : str
        One of :data:`models.settings.request.EACH`.

    Returns
    -------
    pyarrow.Table or None
        None of stocks where there are none.
    """
    of_arm = {
        "state": lambda arm, o: _state(arm, o, _every),
        "flows": lambda arm, o: _flows(arm, o, _every),
        "waits": lambda arm, o: _waits(arm, o, window, _every),
        "beds": lambda arm, o: _beds(arm, o, _every),
        "stocks": lambda arm, o: _stocks_of(arm, o, _every),
    }[name]
    found = [table for arm, o in observed.items() if (table := of_arm(arm, o)) is not None]
    return pa.concat_tables(found).unify_dictionaries() if found else None


def _spread(arm: str, axes: Axes, values: npt.NDArray[Any]) -> pa.Table:
    """Mean and 5-95 % over replications, which are the first axis of the values."""
    low, high = np.quantile(values, [0.05, 0.95], axis=0)
    found = {"mean": values.mean(axis=0).ravel(), "p05": low.ravel(), "p95": high.ravel()}
    return pa.table(_columns(arm, *axes) | found)


def _every(arm: str, axes: Axes, values: npt.NDArray[Any]) -> pa.Table:
    """Every replication as it is."""
    every = [("replication", list(range(len(values)))), *axes]
    return pa.table(_columns(arm, *every) | {"value": values.astype(np.float64, copy=False).ravel()})


def _columns(arm: str, *axes: tuple[str, list[Any]]) -> dict[str, Any]:
    """Index columns of a dense array whose axes are given in order."""
    shape = [len(values) for _, values in axes]
    out: dict[str, Any] = {"arm": names_column([arm], np.zeros(int(np.prod(shape)), np.int32))}
    for n, (name, values) in enumerate(axes):
        index = np.broadcast_to(np.arange(shape[n]).reshape([-1 if k == n else 1 for k in range(len(shape))]), shape)
        if values and isinstance(values[0], dt.date):
            out[name] = pa.array(values, pa.date32()).take(pa.array(index.ravel()))
        elif values and isinstance(values[0], int):
            out[name] = pa.array(np.asarray(values, np.int32)[index.ravel()])
        else:
            out[name] = names_column(values, index.ravel())
    return out


def waterfall_table(rows: pd.DataFrame) -> pa.Table:
    """Steps from the spreadsheet to the simulation, one row a step and place."""
    return pa.Table.from_pandas(rows, preserve_index=False)


def waterfall_count_table(found: Waterfall) -> pa.Table:
    """From the mean load to the published beds in use, and beds open now and after the plan: a row a part and place."""
    parts = [*count_parts(found), ("Beds open", [*found.open.values(), sum(found.open.values())])]
    if found.timeline is not None:
        parts.append(("Beds that the plan would leave", [*found.left.values(), sum(found.left.values())]))
    sites = [*found.names, TOGETHER]
    return pa.Table.from_pylist(
        [
            {"part": name, "site": site, "beds": float(beds)}
            for name, values in parts
            for site, beds in zip(sites, values, strict=True)
        ]
    )


def sensitivity_table(matters: list[Matter]) -> pa.Table:
    """One row a figure that states a range, the one that surely moves the result most first."""
    return pa.Table.from_pylist(
        [
            {
                "rank": n,
                "named": one.named,
                "figure": one.key,
                "unit": one.figure.unit,
                "value": float(one.figure.value),
                "low": float(one.figure.range[0]),
                "high": float(one.figure.range[1]),
                "status": one.figure.status,
                "source": one.figure.source,
                "as_it_stands": one.as_it_stands,
                "at_low": one.at_low,
                "at_high": one.at_high,
                "swing": one.swing,
                "sure": one.sure,
            }
            for n, one in enumerate(matters, 1)
        ]
    )


def baseline_table(baseline: Baseline) -> pa.Table:
    """Observed and simulated figures of the baseline year and of the held-out quarters, one row a figure."""
    rows = []
    waits = baseline.waits.drop(columns="site", errors="ignore")
    for part, frame in (("fitted", baseline.fitted), ("holdout", baseline.holdout), ("waits", waits)):
        for row in frame.to_dict("records"):
            period = str(row.get("quarter", "baseline year"))
            rows += [
                {
                    "part": part,
                    "hospital": str(row["hospital"]),
                    "period": period,
                    "measure": str(k),
                    "value": float(v),
                    "unit": "people a quarter" if part == "waits" else _unit_of(str(k)),
                }
                for k, v in row.items()
                if k not in ("hospital", "quarter")
            ]
    for part, figures in (("errors", baseline.errors), ("delays", baseline.delays)):
        rows += [
            {
                "part": part,
                "hospital": "all",
                "period": "baseline year",
                "measure": k,
                "value": float(v),
                "unit": _unit_of(k),
            }
            for k, v in figures.items()
        ]
    return pa.Table.from_pylist(rows)


def _unit_of(measure: str) -> str:
    """Unit of a figure of the baseline, by the name of its measure."""
    if measure in BASELINE_UNITS:
        return BASELINE_UNITS[measure]
    known = {"_points": "percentage points", "_per_cent": "per cent", "_occupancy": "share"}
    return next((unit for end, unit in known.items() if measure.endswith(end)), "beds")


def verdict_table(verdicts: dict[str, Verdict]) -> pa.Table:
    """One row a timeline."""
    return pa.Table.from_pylist(
        [
            {
                "timeline": name,
                "verdict": v.verdict,
                "conditions": "; or ".join(v.conditions),
                "probability": v.probability,
                "low": v.interval[0],
                "high": v.interval[1],
                "delivered": v.delivered["probability"],
                "safe": v.safe["probability"],
                "binding_criterion": v.binding_criterion,
                "replications": v.replications,
            }
            for name, v in verdicts.items()
        ]
    )


def _state(arm: str, o: Observed, keep: Keep = _spread) -> pa.Table:
    axes: Axes = [
        ("month", o.months),
        ("station", o.stations),
        ("class", o.arm.lowered.network.classes),
        ("state", list(STATES)),
    ]
    people = o.area / (o.days[None, :, None, None, None] * DAY)
    return keep(arm, axes, people)


def _flows(arm: str, o: Observed, keep: Keep = _spread) -> pa.Table:
    axes: Axes = [
        ("month", o.months),
        ("station", o.stations),
        ("class", o.arm.lowered.network.classes),
        ("flow", list(CARE_FLOWS)),
    ]
    return keep(arm, axes, o.flow[..., : len(CARE_FLOWS)])


def _waits(arm: str, o: Observed, window: tuple[dt.date, dt.date], keep: Keep = _spread) -> pa.Table:
    first = dt.date(int(o.arm.system.footprint.baseline_year[:4]), 4, 1)
    periods = quarters(o, first, window[1])
    places = [*o.arm.system.footprint.sites, None]
    masks = [mask for _, mask in periods]
    values = np.stack(
        [np.stack([measures.long_wait_share(o, p, masks, k) for k in (0, 1)], axis=2) for p in places], axis=1
    )
    starts = [dt.date.fromisoformat(f"{name}-01") for name, _ in periods]
    axes: Axes = [("place", [p or "footprint" for p in places]), ("quarter", starts), ("longer_than", ["4 h", "12 h"])]
    return keep(arm, axes, values)


def _beds(arm: str, o: Observed, keep: Keep = _spread) -> pa.Table:
    places = [*o.arm.system.footprint.sites, None]
    kinds = {
        "open": measures.beds_open,
        "occupied": measures.occupied_beds,
        "delayed_acute": lambda o, place: measures.delayed_beds(o, "acute", place),
        "delayed_non_acute": lambda o, place: measures.delayed_beds(o, "non_acute", place),
    }
    values = np.stack([np.stack([f(o, p) for f in kinds.values()], axis=2) for p in places], axis=1)
    axes: Axes = [("place", [p or "footprint" for p in places]), ("month", o.months), ("measure", list(kinds))]
    return keep(arm, axes, values)


def _years(arm: str, o: Observed) -> pa.Table:
    """Beds, delays and waits of each financial year from the baseline year on, in every replication."""
    first = o.arm.system.footprint.baseline_year
    years = sorted({year for year in map(Calendar.april_year, o.months) if year >= first})
    masks, days = [o.in_year(year) for year in years], o.days
    replications, parts = list(range(len(o.closures))), []

    def by_year(monthly: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.stack([(monthly[:, m] * days[m]).sum(axis=1) / days[m].sum() for m in masks], axis=1)

    for place in (*o.arm.system.footprint.sites, None):
        found = {
            "open": (by_year(measures.beds_open(o, place)), "beds"),
            "occupied": (by_year(measures.occupied_beds(o, place)), "beds"),
            "waits over 4 h": (measures.long_wait_share(o, place, masks), "share"),
        }
        if place is None:
            for setting in ("acute", "non_acute"):
                found[f"delayed_{setting}"] = by_year(measures.delayed_beds(o, setting)), "beds"
        for measure, (values, unit) in found.items():
            axes = [("place", [place or "footprint"]), ("measure", [measure]), ("unit", [unit])]
            columns_of = _columns(arm, *axes, ("replication", replications), ("year", years))
            parts.append(pa.table(columns_of | {"value": values.ravel()}))
    return pa.concat_tables(parts).unify_dictionaries()


def _stocks(observed: dict[str, Observed]) -> dict[str, pa.Table]:
    """Staff, places, trust and whatever else the stocks hold, every four weeks; no table when there are none."""
    found = [table for name, o in observed.items() if (table := _stocks_of(name, o)) is not None]
    return {"stocks": pa.concat_tables(found).unify_dictionaries()} if found else {}


def _stocks_of(arm: str, o: Observed, keep: Keep = _spread) -> pa.Table | None:
    columns = [c for c in o.stock_columns if c.partition("[")[0] not in o.arm.also]
    if not columns:
        return None
    start = o.arm.lowered.network.start
    dates = [start + dt.timedelta(days=float(day)) for day in o.stock_days]
    values = o.stocks if not o.arm.also else o.stocks[:, :, [o.stock_columns.index(c) for c in columns]]
    table = keep(arm, [("date", dates), ("stock", columns)], values)
    return table.append_column("unit", _units(o, columns, table.num_rows))


def _units(o: Observed, columns: list[str], rows: int) -> pa.DictionaryArray:
    """Unit of every row of the stocks, which stand in the same order again and again."""
    assert o.arm.around is not None  # noqa: S101 - it has columns
    variables = o.arm.around.hybrid.model.variables
    units = [str(variables[c.partition("[")[0]].unit) for c in columns]
    return names_column(units, np.tile(np.arange(len(units)), rows // len(units)))


def _criteria(assessed: dict[str, list[Assessed]]) -> pa.Table:
    frame = pd.DataFrame(
        [(arm, *row) for arm, found in assessed.items() for row in every_cell(found)],
        columns=["arm", "criterion", "place", "period", "replication", "value", "usual_value"],
    )
    return pa.Table.from_pandas(frame, preserve_index=False)


def _lenses(assessed: dict[str, list[Assessed]]) -> pa.Table:
    """One row a timeline, criterion and replication."""
    rows = [
        (arm, a.key, a.name, a.unit, a.decides, a.lens, a.threshold, r, bool(a.passes[r]))
        + tuple(None if lens is None else bool(lens[r]) for lens in (a.meets, a.harmless, a.usual_meets))
        + (bool(a.rules_out),)
        for arm, found in assessed.items()
        for a in found
        for r in range(len(a.passes))
    ]
    text, yes = pa.string(), pa.bool_()
    schema = pa.schema(
        [("arm", text), ("criterion", text), ("name", text), ("unit", text), ("decides", yes), ("lens", text)]
        + [("threshold", pa.float64()), ("replication", pa.int32()), ("passes", yes)]
        + [(name, yes) for name in ("meets_standard", "does_no_harm", "usual_meets_standard", "rules_out")]
    )
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


def _closures(observed: dict[str, Observed]) -> pa.Table:
    rows = [
        (arm, r, c.step.kind, c.step.site, c.step.beds, c.step.due, c.closed, c.held_by)
        for arm, o in observed.items()
        for r, closures in enumerate(o.closures)
        for c in closures
    ]
    names = ["arm", "replication", "kind", "site", "beds", "due", "closed", "held_by"]
    types = [pa.string(), pa.int32(), pa.string(), pa.string(), pa.int32(), pa.date32(), pa.date32(), pa.string()]
    schema = pa.schema(list(zip(names, types, strict=True)))
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)


def _transition(observed: dict[str, Observed]) -> pa.Table:
    """What happened to the plan, step by step, in every replication of every timeline."""
    found = []
    for name, o in observed.items():
        rows = log_table(dict(enumerate(o.logs)))
        found.append(rows.add_column(0, "arm", names_column([name], np.zeros(rows.num_rows, np.int32))))
    return pa.concat_tables(found).unify_dictionaries()


def write_tables(folder: Path, found: dict[str, pa.Table], scenario_hash: str) -> dict[str, str]:
    """Write tables as Arrow files (zstd); return the SHA-256 of each file."""
    return {
        f"{name}.arrow": write_table(folder / f"{name}.arrow", table, *_about(name, table, scenario_hash))
        for name, table in found.items()
    }


def frame(name: str, table: pa.Table, scenario_hash: str) -> pd.DataFrame:
    """Return one of the tables in pandas, as :func:`read_table` reads it from the folder of the run."""
    return arrow.to_frame(arrow.described(table, *_about(name, table, scenario_hash)))


def _about(name: str, table: pa.Table, scenario_hash: str) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Units of the columns, metadata of the table, and what each column holds."""
    about = {"schema_version": TABLES_VERSION, "scenario_hash": scenario_hash, "description": _description(name)}
    units = {column: columns.unit(name, column) for column in table.column_names}
    return units, about, {column: columns.meaning(name, column) for column in table.column_names}


def _description(table: str) -> str:
    means = table.removesuffix(OF_EACH)
    said = DESCRIPTIONS[means]
    return said if means == table else f"{said.partition('; mean and')[0]}; every replication"


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table of a run into pandas; units and origin are in ``frame.attrs``.

    Raises
    ------
    CarebridgeError
        When the file was written by a version with another layout.
    """
    return arrow.read_table(path, TABLES_VERSION)

"""The tables of a run: layout, units, agreement with one another, and equal bytes for equal runs."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from models.cli import main
from models.finance.simulated.files import write_books
from models.finance.simulated.results import money_table
from models.measures.tails import tails
from models.report import style
from models.report.tables import arithmetic_rows
from models.report.tables_plan import matter_rows
from models.run.outputs import (
    DESCRIPTIONS,
    baseline_table,
    read_table,
    sensitivity_table,
    tables,
    verdict_table,
    write_tables,
)
from models.run.sensitivity import Matter, ranges
from models.settings.request import parse
from models.settings.settings import settings
from sim import CarebridgeError
from tests.models.conftest import undrawn

KEYS = [
    "run",
    "timeline=3y",
    "replications=3",
    "criteria.longest_timeline_years=3",
    "criteria.window_years_after=1",
    "waterfall=0",
    "sensitivity=0",
]


@pytest.fixture(scope="module")
def found(outcome):
    return tables(outcome.observed, outcome.assessed, outcome.window)


def test_equal_runs_give_equal_bytes_for_any_number_of_workers(tmp_path, monkeypatch):
    monkeypatch.setattr(style, "save", undrawn)  # test_report draws one outcome twice, and test_repeat a run
    digests = []
    for workers in (1, 4):
        out = tmp_path / str(workers)
        assert main([*KEYS, f"workers={workers}", f"out={out}"]) == 0
        files = sorted(p for p in out.rglob("*") if p.is_file() and p.name != "manifest.json")
        digests.append({p.relative_to(out).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files})
    assert digests[0] == digests[1]
    assert {"verdict.json", "report.html", "state.arrow", "criteria.arrow", "closures.arrow"} <= set(digests[0])
    assert {"money.arrow", "money/3y/trial_balance.arrow"} <= set(digests[0])
    other = tmp_path / "other"
    assert main([*KEYS, "seed=2", f"out={other}"]) == 0
    assert hashlib.sha256((other / "state.arrow").read_bytes()).hexdigest() != digests[0]["state.arrow"]


def test_hash_leaves_out_how_to_run_and_nothing_else():
    def of(*words):
        return settings(parse(list(words))).scenario_hash

    one = "timeline=5y"
    assert of(one) == of(one, "workers=4", "out=somewhere", "replications=48", "seed=1")
    others = ["seed=2", "replications=61", "scenario=history", "plan.moves.close_acute.size.value=399"]
    assert len({of(one), *(of(one, other) for other in others)}) == 5
    assert len({of(one), of("timeline=5y,10y"), of("timeline=5y,15y")}) == 3  # every timeline counts


def test_metadata_say_units_and_origin(found, tmp_path):
    write_tables(tmp_path, found, "abc")
    for name in found:
        schema = feather.read_table(tmp_path / f"{name}.arrow").schema
        assert schema.metadata[b"scenario_hash"] == b"abc"
        assert schema.metadata[b"schema_version"] == b"1.0"
        assert schema.metadata[b"description"].decode() == DESCRIPTIONS[name]
    frame = read_table(tmp_path / "state.arrow")
    assert frame.attrs["units"]["mean"] == "people"
    assert len(pd.read_feather(tmp_path / "state.arrow")) == len(frame)


def test_unknown_layout_is_refused(tmp_path):
    table = pa.table({"x": [1]}).replace_schema_metadata({"schema_version": "2.0"})
    feather.write_feather(table, str(tmp_path / "x.arrow"))
    with pytest.raises(CarebridgeError, match="layout 2.0"):
        read_table(tmp_path / "x.arrow")


def test_tables_agree_with_what_was_observed(found, outcome):
    state = found["state"].to_pandas()
    o = outcome.observed["5y"]
    one = state[(state["arm"] == "5y") & (state["station"] == "exeter_ward") & (state["state"] == "blocked")]
    by_month = one.groupby("month", observed=True)["mean"].sum().to_numpy()
    expected = o.area[:, :, o.station("exeter_ward"), :, 2].sum(axis=2).mean(axis=0) / (o.days * 86_400_000)
    assert np.allclose(by_month, expected, rtol=1e-12)
    flows = found["flows"].to_pandas()
    arrived = flows[(flows["arm"] == "3y") & (flows["flow"] == "arrived") & (flows["class"] == "elective")][
        "mean"
    ].sum()
    assert arrived == pytest.approx(outcome.observed["3y"].flow[..., 2, 0].sum(axis=(1, 2)).mean())
    assert (state["p05"] <= state["p95"]).all()


@pytest.mark.parametrize("measure", ["open", "occupied", "delayed_acute", "delayed_non_acute"])
def test_beds_of_the_footprint_are_those_of_its_hospitals(found, measure):
    beds = found["beds"].to_pandas()
    usual = beds[(beds["arm"] == "business as usual") & (beds["measure"] == measure)]
    whole = usual[usual["place"] == "footprint"].set_index("month")["mean"]
    parts = usual[usual["place"] != "footprint"].groupby("month", observed=True)["mean"].sum()
    assert np.allclose(whole.to_numpy(), parts.loc[whole.index].to_numpy())


def test_closures_table_holds_every_step_of_every_replication(found, outcome):
    closures = found["closures"].to_pandas()
    for name, laid_out in outcome.schedules.items():
        rows = closures[closures["arm"] == name]
        assert len(rows) == len(laid_out.closures) * outcome.settings.replications
        assert rows.groupby("replication")["beds"].sum().eq(590).all()


def test_every_column_of_every_table_says_what_it_holds(found, outcome, tmp_path):
    (tmp_path / "run").mkdir()
    every = found | {"baseline": baseline_table(outcome.baseline), "verdict": verdict_table(outcome.verdicts)}
    write_tables(tmp_path / "run", every | {"money": money_table(outcome.money)}, "abc")
    write_books(tmp_path / "run", outcome.money, "abc")
    files = sorted((tmp_path / "run").rglob("*.arrow"))
    assert len(files) == len(every) + 1 + 7 * len(outcome.money.arms)
    for path in files:
        for field in feather.read_table(path).schema:
            assert field.metadata[b"description"], (path.name, field.name)
            if pa.types.is_floating(field.type):
                assert field.metadata[b"unit"], (path.name, field.name)


def test_probabilities_of_the_verdict_are_shares_of_the_judged_replications(found, outcome):
    judged = found["lenses"].to_pandas()
    for name, v in outcome.verdicts.items():
        rows = judged[(judged["arm"] == name) & judged["decides"]]
        passed = rows.pivot(index="replication", columns="criterion", values="passes")
        assert passed.all(axis=1).mean() == v.probability
        assert passed["K0"].mean() == v.delivered["probability"]
        assert passed.drop(columns="K0").all(axis=1).mean() == v.safe["probability"]
        for row in v.criteria:
            mine = judged[(judged["arm"] == name) & (judged["criterion"] == row["id"])]
            assert len(mine) == (outcome.settings.replications if row["assessed"] else 0)
            for lens in ("meets_standard", "does_no_harm", "usual_meets_standard") if row["assessed"] else ():
                told = mine[lens].dropna()
                assert (None if told.empty else told.astype(float).mean()) == row[lens]


def test_ranges_of_the_planners_arithmetic_follow_from_the_table_of_years(found, outcome):
    years = found["years"].to_pandas()
    sums = arithmetic_rows(outcome)
    last = years[(years["year"] == sums["last"]) & (years["place"] == "footprint")]
    for measure, label in (("occupied", "Beds in use at midnight, "), ("open", "Beds open, ")):
        cells = next(row["cells"] for row in sums["rows"] if row["label"] == label + sums["last"])
        for arm, (mean, span) in zip(outcome.observed, cells, strict=True):
            own = last[(last["arm"] == arm) & (last["measure"] == measure)]["value"]
            low, high = np.quantile(own, tails(len(own)))
            assert mean == f"{own.mean():,.0f}"
            assert span in ("", f"{low:,.0f} to {high:,.0f}")


def test_figures_that_were_moved_are_all_in_the_table_and_the_page_names_ten_at_most(outcome):
    figures = list(ranges(outcome.settings).items())[:3]
    told = [
        Matter(key, one, 0.01, 0.02, 0.01, sure=True, as_it_stands=0.015, named=n < 2)
        for n, (key, one) in enumerate(figures)
    ]
    table = sensitivity_table(told).to_pandas()
    assert list(table["figure"]) == [key for key, _ in figures] and list(table["rank"]) == [1, 2, 3]
    assert ((table["at_high"] - table["at_low"]) == table["swing"]).all()
    assert len(matter_rows(replace(outcome, matters=told))) == 2

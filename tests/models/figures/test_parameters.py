"""The register of parameters: what counts as a figure, what every figure must have, and which matter most."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from models.figures.command import list_parameters, table_lines
from models.figures.parameters import check, most_sensitive, parameters, selected, table
from models.report.titles import title_of
from models.run.sensitivity import ranges, surest
from models.settings.request import parse
from models.settings.settings import settings
from sim.errors import CarebridgeError, FaultsError

CONFIGS = Path(__file__).parents[3] / "configs"

#: figures in older files that lack a range; to be mended, may only become fewer
KNOWN: dict[str, int] = {
    "care/pathways.yaml": 1,
    "criteria/default.yaml": 5,
    "footprint/devon.yaml": 8,
    "footprint_defaults/england_2018_19.yaml": 7,
    "future/history.yaml": 1,
    "hybrid/devon_home_care.yaml": 1,
    "plan/devon_2016.yaml": 6,
    "plan/devon_2016_misreading.yaml": 6,
    "plan/none.yaml": 9,
}

GOOD = {"value": 2, "low": 1, "high": 3, "unit": "beds", "year": "2018/19", "basis": "national", "status": "assumed"}


@pytest.fixture(scope="module")
def everything():
    return parameters()


def of(tmp_path, data, name="plan/mine.yaml"):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    return parameters(tmp_path)


# -- what is found ----------------------------------------------------------------------------------------------------


def test_known_figures_are_found_with_all_they_say(everything):
    found = {(p.file, p.key): p for p in everything}
    beds = found["footprint/devon.yaml", "footprint.sites.exeter.beds_available"]
    assert (beds.value, beds.unit, beds.year, beds.basis, beds.status) == (
        779.5, "beds", "2018/19", "host trust", "read",
    )  # fmt: skip
    assert "KH03" in beds.source and beds.line > 100
    effect = found["future/evidence.yaml", "future.admissions_effect"]
    assert (effect.low, effect.value, effect.high) == (-0.076, -0.029, 0)
    month = found["footprint/devon.yaml", "footprint.demand.month_index"]
    assert month.short == "1.0108 1.0248 1.0316 0.9774 0.9893 0.99 … (12)"
    assert found["footprint/devon.yaml", "footprint.ward_rule.split"].short.startswith(
        "medical 0.38, older people 0.22"
    )
    assert found["footprint/devon.yaml", "footprint.discharge"].short == "10 20"
    nested = found["footprint/devon.yaml", "footprint.cohorts.long.mean_days_by_reported_share.0.mean_days"]
    assert nested.value == 17.6
    stock = found["stocks/transformation.yaml", "stocks.parameters.beds_at_start"]
    assert (stock.low, stock.high, stock.unit, stock.status) == (500, 5000, "bed", "read")
    assert found["hybrid/devon_home_care.yaml", "hybrid.stocks.parameters.full_places[site]"].value["exeter"] == 135


def test_every_mapping_with_a_number_and_evidence_is_found(everything):
    """Counted on the text: a line that gives a status belongs to one figure (anchors make more of one line)."""
    by_file = Counter(p.file for p in everything)
    for name in ("footprint/devon.yaml", "plan/devon_2016.yaml", "criteria/default.yaml", "demand/history.yaml"):
        text = (CONFIGS / name).read_text(encoding="utf-8")
        stated = sum(line.count("status: ") for line in text.splitlines() if not line.strip().startswith("#"))
        assert by_file[name] >= stated > 5


@pytest.mark.parametrize("group", ["footprint", "care", "demand", "plan", "future", "criteria", "stocks", "hybrid"])
def test_groups_with_figures(group, everything):
    assert selected(everything, group)


def test_what_is_no_figure(tmp_path):
    data = {
        "service": {"kind": "exponential", "mean": "5 d"},
        "level": [{"from": "2020-01-01", "value": 2, "unit": "x"}],
        "inputs": {"use": {"value": 1, "unit": "dimensionless"}},
        "timetable": [{"hours": [9, 17], "places": 3}],
        "number": 3,
        "real": GOOD,
    }
    assert [p.key for p in of(tmp_path, data)] == ["plan.real"]


def test_filters(everything):
    assumed = selected(everything, status="assumed", group="demand")
    assert assumed and all(p.status == "assumed" and p.group == "demand" for p in assumed)
    assert {p.key for p in selected(everything, text="NUFFIELD", group="future")} == {"future.admissions_effect"}
    with pytest.raises(FaultsError, match="Did you mean 'assumed'") as error:
        selected(everything, status="asumed", group="demnd")
    assert len(error.value.faults) == 2


# -- what every figure must have --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"unit": None}, "has no unit"),
        ({"status": None, "source": "NHS England"}, "has no status"),
        ({"status": "red", "source": "NHS England"}, "Did you mean 'read'"),
        ({"status": "read"}, "has no source, so it cannot be 'read'"),
        ({"low": None}, "is assumed and has no range"),
        ({"value": 9}, "outside its range, 1 to 3"),
        ({"year": None}, "no year or no basis"),
    ],
)
def test_what_is_missing_is_told(tmp_path, change, says):
    figure = {k: v for k, v in (GOOD | change).items() if v is not None}
    faults = check(of(tmp_path, {"deep": {"figure": figure}}))
    assert len(faults) == 1 and says in str(faults[0])
    assert "plan.deep.figure" in str(faults[0]) and faults[0].file == "plan/mine.yaml:2"


@pytest.mark.parametrize(
    "change",
    [{}, {"status": "read", "source": "NHS England", "low": None}, {"status": None}, {"source": "own estimate"}],
)
def test_what_is_complete_has_no_fault(tmp_path, change):
    assert check(of(tmp_path, {"figure": {k: v for k, v in (GOOD | change).items() if v is not None}})) == []


def test_profiles_need_no_range_and_shares_no_unit(tmp_path):
    evidence = {"year": "2018", "basis": "national", "status": "assumed"}
    data = {"a": {"shares": {"x": 1.0}, **evidence}, "b": {"values": [1, 1], "unit": "index", **evidence}}
    assert check(of(tmp_path, data)) == []


def test_stock_files_need_no_year(tmp_path):
    stock = {"value": 1, "unit": "bed", "range": [0, 2], "source": "assumption: one ward"}
    found = of(tmp_path, {"parameters": {"beds": stock}}, "stocks/mine.yaml")
    assert check(found) == [] and found[0].status == "assumed"


def test_all_configuration_files(everything):
    """No figure anywhere lacks unit, source, status or range, beyond those known in older files."""
    faults = check(everything)
    count = Counter(str(f.file).split(":")[0] for f in faults)
    new = [str(f) for f in faults if count[(name := str(f.file).split(":")[0])] > KNOWN.get(name, 0)]
    assert new == []


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 100, 121, 160, 200, 300])
def test_table_is_aligned_and_fits(width, everything):
    lines = list(table_lines(everything, width))
    assert max(map(len, lines)) <= width
    heads = [line for line in lines if line.lstrip().startswith("key ")]
    assert len(heads) == len({p.file for p in everything}) and len(set(heads)) == 1
    place = heads[0].index("status")
    end = len(lines) - lines[::-1].index("") - 1  # the summary stands below the last empty line
    rows = [line for line in lines[:end] if line and line not in heads and not line.startswith("configs/")]
    assert len(rows) == len(everything)
    assert all(line[place - 1] == " " and line[place] != " " for line in rows if len(line) > place)
    assert lines[end + 1].startswith(f"{len(everything)} parameters")


def test_command_prints_json_csv_and_table(tmp_path, capsys, everything):
    assert list_parameters(["group=future", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == len(selected(everything, "future"))
    assert {"key", "file", "value", "unit", "year", "basis", "status", "low", "high", "source", "note"} <= set(found[0])
    out = tmp_path / "all.csv"
    assert list_parameters([f"csv={out}"]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(everything) and rows[0].keys() == table(everything).to_dict("list").keys()
    capsys.readouterr()
    assert list_parameters(["status=read", "text=type1_4h_share"]) == 0
    text = capsys.readouterr().out
    assert "configs/footprint/devon.yaml" in text and "0.722" in text
    assert list_parameters(["--help"]) == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["sttus=read"], "Did you mean 'status='"),
        (["demand"], "text=demand"),
        (["status=asumed", "group=demnd"], "Did you mean 'demand'"),
        (["csv=."], "this is a folder"),
        (["--set", "a=1"], "no such key; there are: --group, --status, --text, --csv, --json."),
        (["footprint=devon"], "- footprint=devon: no such key; there are: group=, status=, text=, csv=."),
        (["text=a", "text=b"], "given twice"),
    ],
)
def test_command_tells_what_is_wrong(words, says):
    with pytest.raises(FaultsError, match=says):
        list_parameters(words)


# -- what matters -----------------------------------------------------------------------------------------------------


def ends(effects, noise, replications=20, shared=50.0):
    """Results at both ends of each parameter: a shared part of each replication, the effect, and own noise."""
    rng = np.random.default_rng(4)
    base = rng.normal(0, shared, replications)
    rows = [
        (name, r, base[r] + rng.normal(0, noise.get(name, 0.1)), base[r] + effect + rng.normal(0, noise.get(name, 0.1)))
        for name, effect in effects.items()
        for r in range(replications)
    ]
    return pd.DataFrame(rows, columns=["parameter", "replication", "low", "high"])


def test_a_sure_swing_too_small_to_be_printed_is_not_among_what_matters():
    results = pd.DataFrame(
        [("nil", 0, 0.0160, 0.0161), ("nil", 1, 0.0160, 0.0161), ("felt", 0, 0.01, 0.02), ("felt", 1, 0.01, 0.013)],
        columns=["parameter", "replication", "low", "high"],
    )
    assert list(most_sensitive(results)["parameter"]) == ["nil", "felt"]  # surest first
    assert list(surest(results)["parameter"]) == ["felt"]


def test_common_random_numbers_cancel_what_is_shared():
    found = most_sensitive(ends({"a": 1.0, "b": -3.0, "c": 0.0}, {}))
    assert list(found["parameter"]) == ["b", "a", "c"] and list(found["rank"]) == [1, 2, 3]
    assert found.loc[0, "swing"] == pytest.approx(-3, abs=0.1)  # a fiftieth of the noise between replications
    assert found.loc[0, "standard_error"] == pytest.approx(0.1 * np.sqrt(2 / 20), rel=0.4)
    assert list(found["sure"]) == [True, True, False]


def test_a_wide_but_unsure_swing_ranks_behind_a_sure_one():
    each = {"noisy": [33.0, -27, 33, -27, 3], "sure": [2.1, 1.9, 2.0, 2.0, 2.0]}
    rows = [(name, r, 0.0, high) for name, highs in each.items() for r, high in enumerate(highs)]
    found = most_sensitive(pd.DataFrame(rows, columns=["parameter", "replication", "low", "high"]))
    assert list(found["parameter"]) == ["sure", "noisy"] and list(found["sure"]) == [True, False]
    assert list(found["swing"]) == pytest.approx([2, 3])


def test_interval_of_the_swing_by_hand():
    each = np.array([1.0, 2.0, 4.0])
    frame = pd.DataFrame({"parameter": "a", "replication": [1, 2, 3], "low": [5.0, 6, 7], "high": [6.0, 8, 11]})
    found = most_sensitive(frame).iloc[0]
    error = each.std(ddof=1) / np.sqrt(3)
    assert (found["at_low"], found["at_high"], found["swing"]) == pytest.approx((6, 25 / 3, 7 / 3))
    assert found["standard_error"] == pytest.approx(error)
    assert found["greatest"] - found["swing"] == pytest.approx(4.302652729911275 * error)  # t, 2 degrees, 97.5 %


def test_pooled_noise_leaves_nothing_sure_where_there_is_only_noise_and_finds_what_is_there():
    rng, runs = np.random.default_rng(8), 2
    each = rng.normal(0, 1, (60, runs))
    each[:10] = 0.0  # figures that change nothing say nothing of noise
    each[10] = [12.0, 9.0]
    rows = [(f"p{n}", r, 0.0, each[n, r]) for n in range(60) for r in range(runs)]
    frame = pd.DataFrame(rows, columns=["parameter", "replication", "low", "high"])
    found = most_sensitive(frame, most=60, pooled=True).set_index("parameter")
    error = np.sqrt(each[10:].var(axis=1, ddof=1).mean() / runs)
    assert found["standard_error"].to_numpy() == pytest.approx(error)
    assert list(found.index[found["sure"]]) == ["p10"] == [found.index[0]]
    assert not most_sensitive(frame, most=60).set_index("parameter").loc["p10", "sure"]  # two pairs alone say nothing


def test_ten_are_named_and_one_replication_ranks_by_swing():
    names, swings = [f"p{n}" for n in range(15)], [n * (-1) ** n for n in range(15)]
    frame = pd.DataFrame({"parameter": names, "low": 0.0, "high": swings})
    found = most_sensitive(frame)
    assert list(found["parameter"]) == [f"p{n}" for n in range(14, 4, -1)]
    assert found["standard_error"].isna().all() and not found["sure"].any()


def test_a_design_gives_the_swing_of_each_key_over_its_range():
    rng = np.random.default_rng(2)
    x = pd.DataFrame(rng.uniform([0, 10, -1], [1, 20, 1], (40, 3)), columns=["a", "b", "c"])
    rows = [
        x.assign(result=3 * x["a"] - 0.5 * x["b"] + rng.normal(0, 10) + rng.normal(0, 0.2, 40), replication=r)
        for r in range(10)
    ]
    found = most_sensitive(pd.concat(rows), ["a", "b", "c"]).set_index("parameter")
    assert list(found.index) == ["b", "a", "c"]
    assert found.loc["a", "swing"] == pytest.approx(3 * np.ptp(x["a"]), abs=0.15)
    assert found.loc["b", "swing"] == pytest.approx(-0.5 * np.ptp(x["b"]), abs=0.15)
    assert found.loc["b", "at_high"] - found.loc["b", "at_low"] == pytest.approx(found.loc["b", "swing"])
    assert abs(found.loc["c", "swing"]) < 0.2
    single = most_sensitive(rows[0], ["a", "b", "c"]).set_index("parameter")
    assert single.loc["a", "standard_error"] > 0 and single.loc["a", "sure"]


def test_an_exact_line_is_found_exactly():
    grid = pd.DataFrame([(a, b, 2 * a + b) for a in (0, 1) for b in (0, 5)], columns=["a", "b", "result"])
    found = most_sensitive(grid, ["a", "b"])
    assert list(found["swing"]) == pytest.approx([5, 2]) and list(found["at_low"]) == pytest.approx([1, 2.5])


@pytest.mark.parametrize(
    ("frame", "keys", "says"),
    [
        (pd.DataFrame({"parameter": ["a"], "low": [1.0]}), None, "high: the table has no such column"),
        (pd.DataFrame({"parameter": ["a"], "low": [1.0], "high": [np.nan]}), None, "finite number"),
        (pd.DataFrame({"parameter": ["a", "a"], "low": 1.0, "high": 2.0}), None, "has several rows"),
        (
            pd.DataFrame({"parameter": ["a", "b"], "replication": [1, 2], "low": 1.0, "high": 2.0}),
            None,
            "replications are not those",
        ),
        (pd.DataFrame({"a": [1, 1, 1], "result": [1, 2, 3]}), ["a"], "one value in the whole design"),
        (pd.DataFrame({"a": [1, 2], "result": [1, 2]}), ["a"], "needs 3 points or more"),
        (pd.DataFrame({"parameter": [], "low": [], "high": []}), None, "is empty"),
    ],
)
def test_tables_that_say_nothing_are_refused(frame, keys, says):
    with pytest.raises(CarebridgeError, match=says):
        most_sensitive(frame, keys)


def test_every_figure_that_a_run_moves_has_a_title_in_plain_words():
    chosen = settings(parse([]))
    titles = {key: title_of(key, chosen.footprint) for key in ranges(chosen)}
    assert len(set(titles.values())) == len(titles) > 40
    in_words = [
        ": " + key.rpartition(".")[2].replace("_", " ") for key in titles
    ]  # what stands where there is no title
    assert not [t for t, last in zip(titles.values(), in_words, strict=True) if t.endswith(last)]
    assert titles["footprint.pathways.p1.service_days"].endswith(": mean stay")

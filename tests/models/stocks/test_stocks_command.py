"""``carebridge stocks``: what it prints for the shipped files, and what it says to good and bad words."""

from __future__ import annotations

import csv
import io
import itertools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from models.cli import main
from models.stocks.request import FLAGS, KEYS
from sim.stocks import Stocks, at_other_times, load_stocks

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "configs" / "stocks"
PIPELINE = FOLDER / "workforce_pipeline.yaml"
TRAP = FOLDER / "capability_trap.yaml"
SWEEP = FOLDER / "sweeps/pipeline.yaml"
MODELS = sorted(set(FOLDER.glob("*.yaml")) - {SWEEP})

ARRAYS = {
    "name": "Two groups at two sites",
    "time": {"unit": "year", "end": 3, "dt": 0.25, "save_every": 0.5},
    "units": ["person"],
    "dimensions": {"group": ["nurse", "doctor"], "site": ["north", "south"]},
    "parameters": {
        "leaving_rate[group]": {"value": {"nurse": 0.1, "doctor": 0.2}, "unit": "1/year", "range": [0, 1]},
        "joining_rate[group,site]": {"value": 3, "unit": "person/year"},
    },
    "stocks": {
        "staff[group,site]": {"initial": 10, "unit": "person", "inflows": ["joining"], "outflows": ["leaving"]},
    },
    "flows": {"joining[group,site]": "joining_rate", "leaving[group,site]": "staff * leaving_rate[group]"},
    "auxiliaries": {"all_staff": "SUM(staff[*,*])"},
}


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    code = main(["stocks", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def table(text: str) -> tuple[list[str], np.ndarray]:
    """Head and numbers of a CSV, read as any program reads them."""
    head, *rows = csv.reader(io.StringIO(text))
    return head, np.array([[float(cell) for cell in row] for row in rows])


def printed(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[list[str], np.ndarray]:
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    return table(out)


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    path = tmp_path / "arrays.yaml"
    path.write_text(yaml.safe_dump(ARRAYS, sort_keys=False))
    return path


# -- what is printed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", MODELS, ids=lambda p: p.stem)
def test_every_shipped_model_prints_what_the_engine_computes(file, capsys):
    head, rows = printed(capsys, file)
    data, found = yaml.safe_load(file.read_text()), Stocks(load_stocks(file)).run()
    blocks = ("parameters", "inputs", "stocks", "flows", "auxiliaries", "rules")
    names = [name for block in blocks for name in data.get(block, {})]
    assert head[0] == "Time"
    assert list(dict.fromkeys(h.partition("[")[0] for h in head[1:])) == [n.partition("[")[0] for n in names]
    t = data["time"]
    assert len(rows) == round((t["end"] - t["start"]) / t["save_every"]) + 1
    assert (rows[:, 0] == t["start"] + t["save_every"] * np.arange(len(rows))).all()
    assert (rows[:, 1:] == found.values).all()


@pytest.mark.parametrize("file", MODELS, ids=lambda p: p.stem)
def test_every_parameter_of_a_shipped_model_says_where_it_comes_from(file, capsys):
    for name, parameter in yaml.safe_load(file.read_text())["parameters"].items():
        low, high = parameter["range"]
        assert low <= parameter["value"] <= high, name
        assert parameter["source"], name
    code, out, _ = run(capsys, file, "--units")
    assert code == 0
    assert "disagree" not in out
    assert ", all agree." in out


def test_elements_of_arrays_are_columns(arrays, capsys):
    code, out, _ = run(capsys, arrays)
    assert code == 0
    first = out.splitlines()[0]
    assert first.startswith('Time,leaving_rate[nurse],leaving_rate[doctor],"joining_rate[nurse,north]",')
    head, rows = table(out)
    pairs = ["nurse,north", "nurse,south", "doctor,north", "doctor,south"]
    staff = [f"staff[{pair}]" for pair in pairs]
    assert [h for h in head if h.startswith("staff")] == staff
    assert rows[:, 0].tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3]
    by_hand = 10.0
    for _ in range(12):
        by_hand += 0.25 * (3 - 0.2 * by_hand)
    assert rows[-1, head.index("staff[doctor,south]")] == pytest.approx(by_hand, rel=1e-12)
    whole = rows[:, [head.index(name) for name in staff]].sum(axis=1)
    assert rows[:, head.index("all_staff")] == pytest.approx(whole, rel=1e-14)


def test_the_pipeline_in_balance_and_after(capsys):
    head, rows = printed(capsys, PIPELINE, "--set", "extra_intake=0")
    trainees, staff = (rows[:, head.index(name)] for name in ("trainees", "staff"))
    assert trainees == pytest.approx(90, rel=1e-12)
    assert staff == pytest.approx(300, rel=1e-12)
    head, rows = printed(capsys, PIPELINE, "until=200", "method=rk4")
    after = rows[:, 0] - 2
    exact = 400 - 100 * (10 * np.exp(-after / 10) - 3 * np.exp(-after / 3)) / 7
    assert rows[after > 0, head.index("staff")] == pytest.approx(exact[after > 0], rel=1e-7)
    assert rows[-1, head.index("trainees")] == pytest.approx(120)


def test_settings_of_parameters(arrays, capsys):
    head, rows = printed(capsys, PIPELINE, "--set", "training_time=5", "--set=leaving_rate=0.2", "set=raised_in=4")
    assert rows[0, head.index("trainees")] == 150
    assert rows[0, head.index("staff")] == 150
    intake = rows[:, head.index("intake")]
    assert (intake == np.where(rows[:, 0] < 4, 30, 40)).all()
    head, rows = printed(capsys, arrays, "--set", "leaving_rate[nurse]=0.5", "--set", "joining_rate[nurse, south]=7")
    for name, value in {
        "leaving_rate[nurse]": 0.5,
        "leaving_rate[doctor]": 0.2,
        "joining_rate[nurse,south]": 7,
        "joining_rate[nurse,north]": 3,
    }.items():
        assert (rows[:, head.index(name)] == value).all(), name
    head, rows = printed(capsys, arrays, "--set", "leaving_rate=0")
    assert rows[-1, head.index("all_staff")] == 40 + 4 * 3 * 3


def test_other_times(capsys):
    model = load_stocks(PIPELINE)
    for words, times in {
        ("until=20",): {"until": 20},
        ("dt=0.125",): {"dt": 0.125},
        ("--dt", "0.25", "--until=7.5", "method=RK4"): {"dt": 0.25, "until": 7.5, "method": "rk4"},
        ("until=0",): {"until": 0},
    }.items():
        head, rows = printed(capsys, PIPELINE, *words)
        found = Stocks(at_other_times(model, **times)).run()
        assert head[1:] == found.columns
        assert (rows == np.column_stack([found.time, found.values])).all(), words
        assert rows[:, 0].tolist() == [n / 4 for n in range(len(rows))]
        assert rows[-1, 0] == times.get("until", 15)


def test_a_file_instead_of_the_screen(tmp_path, capsys):
    _, shown, _ = run(capsys, PIPELINE)
    place = tmp_path / "new" / "run.csv"  # the folder is made
    code, out, err = run(capsys, PIPELINE, f"out={place}")
    assert (code, out) == (0, "")
    assert str(place) in err
    assert place.read_text() == shown
    assert run(capsys, PIPELINE, f"out={place}", "until=1")[0] == 0  # replaces the earlier one
    assert len(place.read_text().splitlines()) == 6
    assert leftovers(tmp_path / "new") == ["run.csv"]


def test_the_drawing(tmp_path, capsys):
    plain, _ = printed(capsys, PIPELINE)
    head, rows = printed(capsys, PIPELINE, f"draw={tmp_path / 'a' / 'p.svg'}")  # drawn and run
    assert head == plain
    assert len(rows) == 61
    code, out, _ = run(capsys, PIPELINE, "--check", f"draw={tmp_path / 'q.svg'}")  # drawn only
    assert (code, out) == (0, f"{PIPELINE}: no faults\n")
    picture = (tmp_path / "q.svg").read_text()
    assert picture == (tmp_path / "a" / "p.svg").read_text()
    assert picture.startswith("<svg")
    for name in ("trainees", "staff", "qualifying", "Workforce pipeline"):
        assert name in picture


def test_only_checking(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, TRAP, "--check") == (0, f"{TRAP}: no faults\n", "")
    assert leftovers(tmp_path) == []


def test_units(tmp_path, capsys):
    code, out, _ = run(capsys, PIPELINE, "--units")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert "person/year" in lines["qualifying"]
    assert "Time" not in lines
    text = PIPELINE.read_text().replace("staff * leaving_rate\n", "staff + leaving_rate\n")
    (tmp_path / "x.yaml").write_text(text)
    code, out, err = run(capsys, tmp_path / "x.yaml")
    assert (code, out) == (2, "")
    assert "flows.leaving" in err
    code, out, err = run(capsys, tmp_path / "x.yaml", "--no-unit-check", "until=1")
    assert code == 0
    assert "not analysed" in err
    assert table(out)[0][0] == "Time"


def test_the_schema(capsys):
    code, out, _ = run(capsys, "--schema")
    assert code == 0
    assert {"time", "stocks", "flows", "rules"} <= json.loads(out)["properties"].keys()


def test_help_names_every_key(capsys):
    for words in (["--help"], [PIPELINE, "-h"]):
        code, out, err = run(capsys, *words)
        assert (code, err) == (0, "")
        for key in KEYS:
            assert f"{key}=" in out
        for flag in (*FLAGS, "set"):
            assert f"--{flag.replace('_', '-')}" in out


def test_it_is_a_command():
    words = [sys.executable, "-m", "models.cli", "stocks", str(PIPELINE), "until=1"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 6


# -- sweeps -----------------------------------------------------------------------------------------------------------


def test_the_shipped_sweep(tmp_path, capsys):
    head, rows = printed(capsys, PIPELINE, f"sweep={SWEEP}")
    swept = ["training_time", "leaving_rate", "extra_intake"]
    assert head == ["point", *swept, "Time", "staff", "share_of_uplift_reached"]
    assert rows[:, 0].tolist() == list(range(24))
    assert (rows[:, 4] == 15).all()
    assert sorted(set(rows[:, 1])) == [1, 3, 5]
    stocks = Stocks(load_stocks(PIPELINE))
    for row in rows[[0, 13, 23]]:
        alone = stocks.run(dict(zip(swept, row[1:4].tolist(), strict=True)))
        assert row[5:].tolist() == pytest.approx([alone["staff"][-1], alone["share_of_uplift_reached"][-1]], rel=1e-12)
    texts = [run(capsys, PIPELINE, f"sweep={SWEEP}", f"workers={n}")[1] for n in (1, 2)]
    assert texts[0] == texts[1]
    code, out, err = run(capsys, PIPELINE, f"sweep={SWEEP}", f"out={tmp_path / 's.csv'}")
    assert (code, out) == (0, "")
    assert "s.csv" in err
    assert (tmp_path / "s.csv").read_text() == texts[0]


def test_a_sweep_of_all_rows(tmp_path, capsys):
    (tmp_path / "d.yaml").write_text("- grid: {training_time: [2, 4]}\n")  # a design alone will do
    head, rows = printed(capsys, PIPELINE, f"sweep={tmp_path / 'd.yaml'}", "until=2", "--set", "leaving_rate=0.2")
    columns = load_stocks(PIPELINE).columns()
    assert head == ["point", "training_time", "Time", *columns]
    assert rows[:, :3].tolist() == [[float(n), t, time / 4] for n, t in enumerate([2.0, 4.0]) for time in range(9)]
    assert (rows[:, head.index("leaving_rate")] == 0.2).all()
    for t in (2, 4):
        _, alone = printed(capsys, PIPELINE, "until=2", "--set", "leaving_rate=0.2", "--set", f"training_time={t}")
        assert rows[rows[:, 1] == t, 3:] == pytest.approx(alone[:, 1:], rel=1e-12)


def test_a_sweep_over_elements(arrays, tmp_path, capsys):
    (tmp_path / "d.yaml").write_text(
        "design:\n"
        '  - grid: {"leaving_rate[nurse]": [0, 0.5]}\n'
        '  - list: [{"joining_rate[nurse,north]": 0}]\n'
        "keep: [staff]\n"
        "rows: last\n"
    )
    head, rows = printed(capsys, arrays, f"sweep={tmp_path / 'd.yaml'}")
    elements = [f"staff[{g},{s}]" for g, s in itertools.product(("nurse", "doctor"), ("north", "south"))]
    assert head == ["point", "leaving_rate[nurse]", "joining_rate[nurse,north]", "Time", *elements]
    assert rows[0].tolist()[:6] == [0, 0, 0, 3, 10, 19]


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["FILE.yaml", "stock-flow file is needed"]),
        (["nowhere.yaml"], ["nowhere.yaml", "no such file"]),
        (["."], ["cannot be read"]),
        ([PIPELINE, TRAP], ["capability_trap.yaml", "one file at a time"]),
        ([PIPELINE, "until=ten"], ["until = 'ten'", "number"]),
        ([PIPELINE, "until=nan"], ["until", "number"]),
        ([PIPELINE, "until=-1"], ["until", "before the start"]),
        ([PIPELINE, "until=15.01"], ["whole number of steps", "until=15.015625"]),
        ([PIPELINE, "dt=0"], ["dt", "above zero"]),
        ([PIPELINE, "dt=-0.25"], ["dt", "above zero"]),
        ([PIPELINE, "dt=0.4"], ["every 0.25", "dt=0.25"]),
        ([PIPELINE, "method=rk5"], ["euler or rk4", "Did you mean 'rk4'?"]),
        ([PIPELINE, "workers=0"], ["workers", "from 1 to"]),
        ([PIPELINE, "workers=++2"], ["workers", "from 1 to"]),
        ([PIPELINE, "workers=²"], ["workers", "from 1 to"]),
        ([PIPELINE, "unitl=3"], ["unitl=3", "Did you mean 'until='?"]),
        ([PIPELINE, "--unts"], ["--unts", "Did you mean '--units'?"]),
        ([PIPELINE, "--check=3"], ["--check=3", "takes no value"]),
        ([PIPELINE, "--out"], ["--out", "a value is needed"]),
        ([PIPELINE, "--out", "--check"], ["--out", "a value is needed"]),
        ([PIPELINE, "dt=0.25", "--dt", "0.5"], ["dt", "given twice"]),
        ([PIPELINE, "out="], ["out", "name of a file"]),
        ([PIPELINE, "out=."], ["out", "this is a folder"]),
        ([PIPELINE, "out=taken/x.csv"], ["out", "taken is a file"]),
        ([PIPELINE, "draw=taken/x.svg"], ["draw", "taken is a file"]),
        ([PIPELINE, "--set"], ["--set name=value"]),
        ([PIPELINE, "--set", "training_time"], ["--set name=value"]),
        ([PIPELINE, "--set", "training_time=long"], ["training_time", "number"]),
        ([PIPELINE, "--set", "training_time=inf"], ["training_time", "number"]),
        ([PIPELINE, "--set", "training_tme=2"], ["training_tme", "Did you mean 'training_time'?"]),
        ([PIPELINE, "--set", "training_time=2", "--set", "training_time=3"], ["training_time", "set twice"]),
        ([PIPELINE, "--set", "training_time=50"], ["training_time = 50", "range, 0.5 to 10"]),
        ([PIPELINE, "--set", "staff=50"], ["staff", "only parameters can be set"]),
        ([PIPELINE, "--set", "training_time[nurse]=2"], ["training_time[nurse]", "no such element"]),
        ([PIPELINE, "--check", "--set", "foo=2"], ["foo", "no such parameter"]),
        ([PIPELINE, "--units", "dt=0"], ["dt", "above zero"]),
        ([PIPELINE, "sweep=nowhere.yaml"], ["sweep", "nowhere.yaml", "no such file"]),
        ([PIPELINE, "sweep=taken"], ["taken", "design"]),
        ([PIPELINE, "sweep=."], ["sweep", "cannot be read"]),
        ([SWEEP], ["time: this key is missing", "design: unknown key"]),
        # the step of a delay is a fault of the run, found in it
        ([TRAP, "dt=0.03125", "--set", "improvement_delay=0.05"], ["improvement_delay", "steps of 0.025 at most"]),
    ],
    ids=lambda value: " ".join(map(str, value)).replace(str(FOLDER), "") if value and isinstance(value, list) else None,
)
def test_bad_words_are_named_and_cost_nothing(words, parts, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("mine")
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    for part in parts:
        assert part in err
    assert "Traceback" not in err
    assert leftovers(tmp_path) == ["taken"]


def test_an_element_that_does_not_exist(arrays, capsys):
    code, _, err = run(capsys, arrays, "--set", "leaving_rate[nurze]=0.1", "--set", "leaving_rate[doctor]=3")
    assert code == 2
    assert "2 faults" in err
    assert "Did you mean 'leaving_rate[nurse]'?" in err
    assert "range, 0 to 1" in err


def test_all_faults_of_words_times_parameters_and_design_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("d.yaml").write_text(
        "design: [{grid: {training_tme: [1], extra_intake: [9999], raised_in: [1], leaving_rate: [fast]}}]\n"
        "keep: [stuff]\n"
    )
    words = ("dt=0.4", "--set", "nonsense=1", "--set", "leaving_rate=9", "sweep=d.yaml", "workers=none")
    code, out, err = run(capsys, PIPELINE, *words, "--set", "raised_in=3", "draw=p.svg", "out=r.csv")
    assert (code, out) == (2, "")
    for part in (
        *("workers", "every 0.25", "nonsense: no such parameter", "leaving_rate = 9", "Did you mean 'training_time'?"),
        *("extra_intake = 9999", "leaving_rate = 'fast'", "raised_in: is set for all points", "d.yaml:2: keep.0"),
        "Did you mean 'staff'?",
    ):
        assert part in err, part
    lines = [line for line in err.splitlines() if line.startswith("  - ")]
    assert len(lines) == len(set(lines)) == int(err.split()[1])
    assert leftovers(tmp_path) == ["d.yaml"]


def test_all_faults_of_the_file_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (
        PIPELINE.read_text()
        .replace("staff * leaving_rate\n", "staf * leaving_rate\n")
        .replace("dt: 0.015625", "dt: -1")
    )
    Path("bad.yaml").write_text(text.replace("trainees / training_time", "trainees * training_time"))
    code, out, err = run(capsys, "bad.yaml", "method=x", "out=r.csv", "draw=p.svg")
    assert (code, out) == (2, "")
    for part in ("method", "time.dt", "Did you mean 'staff'?", "flows.qualifying"):
        assert part in err, part
    assert leftovers(tmp_path) == ["bad.yaml"]


# -- the capability trap ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trap() -> Stocks:
    model = load_stocks(TRAP)
    return Stocks(replace(model, time=replace(model.time, every=1)))


def capacities(trap: Stocks, **changes: float) -> np.ndarray:
    """Capacity against its start, at every step."""
    column = ["capacity_against_start"]
    return next(trap.sweep(trap.setting(changes)[None, :], column))[1][:, 0]


def test_without_a_change_nothing_happens(trap):
    assert capacities(trap, shift=0) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("giving_way", [0, 1])
def test_worse_before_better_and_only_because_of_the_delay(trap, giving_way):
    delays = [0.02, 0.05, 0.25, 0.5, 1, 2, 4]
    found = [capacities(trap, improvement_delay=d, giving_way=giving_way) for d in delays]
    depths = [1 - c.min() for c in found]
    lengths = [(c < 1 - 1e-9).sum() * trap.model.time.dt for c in found]
    assert depths == sorted(depths)
    assert lengths == sorted(lengths)
    assert depths[0] < 0.005
    assert lengths[0] < 0.025
    assert 0.05 < depths[-2] < depths[-1] < 1 - 0.8 / 0.9  # never deeper than the time that was taken
    assert [c[-1] for c in found] == pytest.approx([0.8 * (2 / 3) / (0.9 / 2)] * len(delays), rel=2e-3)
    finer = Stocks(replace(trap.model, time=replace(trap.model.time, dt=trap.model.time.dt / 4)))
    less = 1 - capacities(finer, improvement_delay=0.02, giving_way=giving_way).min()
    assert less < depths[0]  # what is left at the shortest delay is partly the step


def test_better_before_worse(trap):
    c = capacities(trap, shift=-0.05)
    assert c.max() > 1.04
    assert c[-1] < 0.4
    assert 0.7 < capacities(trap, shift=-0.05, giving_way=0)[-1] < 0.72


def test_a_surge_springs_the_trap_unless_managers_hold(trap):
    assert capacities(trap, shift=0, surge=600)[-1] < 0.8
    assert capacities(trap, shift=0, surge=300)[-1] == pytest.approx(1, abs=0.01)  # below the edge it closes by itself
    assert capacities(trap, shift=0, surge=600, giving_way=0) == pytest.approx(1, rel=1e-12)


def test_the_step_suits_the_delay():
    model = load_stocks(TRAP)
    low = model.variables["improvement_delay"].low
    assert model.time.dt <= low / 4


# -- the page that explains them --------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")


def row(first: str) -> list[float]:
    """Numbers of the row of a table of the page that begins so; a figure's half-width is left out."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {first} |"))
    return [float(cell.split("±")[0].strip(" %").split(" ")[0].replace(",", "")) for cell in line.split("|")[2:-1]]


def test_the_figures_of_the_pipeline_on_the_page(capsys):
    for first, changes in {
        "ten more trainees a year": [],
        "ten fewer": ["--set", "extra_intake=-10"],
        "ten more, training takes one year": ["--set", "training_time=1"],
    }.items():
        head, rows = printed(capsys, PIPELINE, *changes)
        staff = dict(zip(rows[:, 0].tolist(), rows[:, head.index("staff")].tolist(), strict=True))
        end = rows[-1, head.index("staff_in_the_end")]
        assert row(first) == pytest.approx([staff[5], staff[12], staff[15], end], abs=0.0501)
        if not changes:
            share = dict(zip(rows[:, 0].tolist(), rows[:, head.index("share_of_uplift_reached")].tolist(), strict=True))
            assert f"`share_of_uplift_reached` {share[5]:.2f}" in PAGE
            assert f"({share[12]:.2f})" in PAGE


def test_the_figures_of_the_trap_on_the_page(trap, capsys):
    for first, delay in {"0.25": 0.25, "0.5": 0.5, "1": 1, "2 (the file's)": 2, "4": 4}.items():
        columns = ["capacity_against_start", "patients_ahead"]
        c, ahead = next(trap.sweep(trap.setting({"improvement_delay": delay})[None, :], columns))[1].T
        made_up = trap.time()[np.flatnonzero(ahead < 0)[-1]] - 2
        below = (c < 1 - 1e-9).sum() * trap.model.time.dt
        lowest, years, after = row(first)
        assert lowest == pytest.approx(100 * c.min(), abs=0.0501)
        assert years == pytest.approx(below, abs=0.0501)
        assert after == pytest.approx(made_up, abs=0.0501)
    head, rows = printed(capsys, TRAP, "--set", "shift=-0.05")
    assert f"{rows[-1, head.index('waiting')]:,.0f} patients wait" in PAGE
    head, rows = printed(capsys, TRAP, "--set", "surge=600", "--set", "surge_at=6")
    assert f"from 60 to {rows[rows[:, 0] >= 6, head.index('waiting')].max():.0f}" in PAGE

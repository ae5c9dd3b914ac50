"""``carebridge hybrid`` on the shipped ward: what it prints and leaves behind, its checks, and what it refuses."""

from __future__ import annotations

import csv
import io
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml

from models.cli import main
from models.stocks.hybrid_command import FLAGS, KEYS
from models.stocks.hybrid_files import load
from sim.hybrid import HybridRun, ready
from sim.statistics import mean_halfwidth

ROOT = Path(__file__).parents[3]
WARD = ROOT / "configs" / "hybrid" / "ward_staff.yaml"
DEVON = ROOT / "configs" / "hybrid" / "devon_home_care.yaml"


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    code = main(["hybrid", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def figures(out: str) -> dict[str, list[float]]:
    """Figures of the first table by variable: mean, half-width, and for stocks the same at the end."""
    lines = out.split("\n\n", maxsplit=1)[0].splitlines()[2:]
    return {line.split()[0]: [float(x) for x in re.findall(r"(?<=\s)-?[\d.]+(?:e[-+]\d+)?", line)] for line in lines}


@pytest.fixture(scope="module")
def ward():
    return ready(load(WARD))


# -- what is printed --------------------------------------------------------------------------------------------------


def test_the_table(ward, tmp_path, capsys):
    place = tmp_path / "new" / "run.csv"
    code, out, err = run(capsys, WARD, "replications=3", "seed=7", f"csv={place}")
    assert (code, err) == (0, "")
    assert out.startswith("A ward whose beds follow its staff: 3 replications, 1095 exchanges\n")
    assert f"Trajectories: {place}" in out
    for part in ("The network:", "mean wait", "occupied", "at the end", "dimensionless", "seed 7"):
        assert part in out
    found = figures(out)
    assert list(found) == ["nurses", "vacancies", "occupancy", "waiting"]
    runs = [HybridRun(ward, 7, r) for r in range(3)]
    for one in runs:
        one.advance()
    for name, numbers in found.items():
        means = [one.means()[name] for one in runs]
        expected = [np.mean(means), mean_halfwidth(means)]
        if name in ("nurses", "vacancies"):
            ends = [one.trajectory()[name][-1] for one in runs]
            expected += [np.mean(ends), mean_halfwidth(ends)]
        assert numbers == pytest.approx(expected, rel=0.06), name
        assert numbers[::2] == pytest.approx(expected[::2], rel=6e-4), name

    head, *rows = csv.reader(io.StringIO(place.read_text()))
    assert head == ["replication", "Time", *ward.hybrid.model.columns()]
    assert [int(row[0]) for row in rows] == [r for r in range(3) for _ in range(158)]
    times = [*range(0, 1095, 7), 1095]
    values = np.array(rows, float).reshape(3, 158, -1)
    for r, one in enumerate(runs):
        assert values[r, :, 1].tolist() == times
        assert (values[r, :, 2:] == one.trajectory().values).all()


def test_threads_change_nothing(tmp_path, capsys):
    texts = []
    for workers in ("1", "2"):
        code, out, _ = run(capsys, WARD, "replications=3", f"workers={workers}", f"--csv={tmp_path / 'run.csv'}")
        assert code == 0
        texts.append((out, (tmp_path / "run.csv").read_bytes()))
    assert texts[0] == texts[1]
    assert run(capsys, WARD, "replications=3", "seed=2")[1] != texts[0][0]


def test_one_replication_has_no_interval(capsys):
    code, out, _ = run(capsys, WARD, "replications=1")
    assert code == 0
    assert "±" not in out
    assert "WARNING: one replication only" in out
    assert len(figures(out)["nurses"]) == 2


def test_settings_of_the_stocks(capsys):
    usual = figures(run(capsys, WARD, "replications=2")[1])
    quick = figures(run(capsys, WARD, "replications=2", "--set", "time_to_recruit=20")[1])
    assert quick["vacancies"][0] < 0.5 * usual["vacancies"][0]
    small = figures(run(capsys, WARD, "replications=2", "--set", "funded_beds=20", "--set=nurses_per_bed=1")[1])
    assert small["nurses"][0] < 20


def test_only_checking(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for file in (WARD, DEVON):
        assert run(capsys, file, "--check") == (0, f"{file}: no faults\n", "")
    assert leftovers(tmp_path) == []


def test_the_drawing(tmp_path, capsys):
    code, out, _ = run(capsys, WARD, "--check", f"draw={tmp_path / 'ward.svg'}")
    assert (code, out) == (0, f"{WARD}: no faults\n")
    picture = (tmp_path / "ward.svg").read_text()
    assert picture.startswith("<svg")
    for name in ("nurses", "leaving", "ward", "door"):
        assert name in picture


def test_the_twin(capsys, monkeypatch):
    code, out, _ = run(capsys, WARD, "--twin", "replications=1")
    assert code == 0
    assert "1 replications equal the reference program in everything (==)" in out
    from sim.twin import Twin

    honest = Twin.observations
    monkeypatch.setattr(Twin, "observations", lambda self: {**honest(self), "events": 0})
    code, out, _ = run(capsys, WARD, "--twin", "replications=1")
    assert code == 1
    assert "DIFFERS from the reference program in events in replication 0" in out


def test_halving(capsys, monkeypatch):
    code, out, _ = run(capsys, WARD, "--halve", "replications=3")
    lines = out.splitlines()
    assert lines[0] == "A ward whose beds follow its staff: 3 pairs of replications, exchanges every 1 and 0.5 day"
    assert [line.split()[0] for line in lines[1:-1]] == ["figure", "nurses", "vacancies", "occupancy", "waiting"]
    shares = {line.split()[0]: float(line.split()[-2]) for line in lines[2:-1]}
    moved = [name for name, share in shares.items() if share > 1]
    assert code == (1 if moved else 0)
    words = (
        f"These move by more than 1 %: {', '.join(moved)}." if moved else "No headline figure moves by more than 1 %."
    )
    assert lines[-1] == words
    from sim.hybrid import experiment

    monkeypatch.setattr(experiment, "MOST", 0.0)
    code, out, _ = run(capsys, WARD, "--halve", "replications=2")
    assert code == 1
    assert "These move by more than 1 %: nurses, vacancies, occupancy, waiting." in out


def test_without_units(tmp_path, capsys):
    file = tmp_path / "ward.yaml"
    file.write_text(
        WARD.read_text().replace("waiting_felt: SMOOTH1(waiting,", "waiting_felt: SMOOTH1(waiting + occupancy,")
    )
    code, out, err = run(capsys, file, "--check")
    assert (code, out) == (2, "")
    assert "waiting_felt" in err
    code, out, err = run(capsys, file, "--check", "--no-unit-check")
    assert (code, out) == (0, f"{file}: no faults\n")
    assert "not analysed (--no-unit-check)" in err


def test_help_names_every_key(capsys):
    code, out, err = run(capsys, WARD, "--help")
    assert (code, err) == (0, "")
    for key in KEYS:
        assert f"{key}=" in out
    for flag in (*FLAGS, "set"):
        assert f"--{flag.replace('_', '-')}" in out


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["FILE.yaml", "hybrid file is needed"]),
        (["nowhere.yaml"], ["nowhere.yaml", "no such file"]),
        (["."], ["cannot be read"]),
        ([WARD, DEVON], ["devon_home_care.yaml", "one file at a time"]),
        ([WARD, "replications=0"], ["replications", "from 1 to"]),
        ([WARD, "seed=-1"], ["seed", "from 0 to"]),
        ([WARD, "seed=one"], ["seed = 'one'", "whole number"]),
        ([WARD, "replicatoins=3"], ["replicatoins=3", "Did you mean 'replications='?"]),
        ([WARD, "--twn"], ["--twn", "Did you mean '--twin'?"]),
        ([WARD, "--twin=3"], ["--twin=3", "takes no value"]),
        ([WARD, "--csv", "--twin"], ["--csv", "a value is needed"]),
        ([WARD, "--twin", "--halve"], ["one check at a time"]),
        ([WARD, "--twin", "csv=a.csv"], ["csv", "no trajectories"]),
        ([WARD, "--halve", "replications=1"], ["replications", "two at least"]),
        ([WARD, "csv=."], ["csv", "this is a folder"]),
        ([WARD, "csv=taken/x.csv"], ["csv", "taken is a file"]),
        ([WARD, "draw=taken/x.svg"], ["draw", "taken is a file"]),
        ([WARD, "--set", "time_to_recuit=3"], ["time_to_recuit", "Did you mean 'time_to_recruit'?"]),
        ([WARD, "--set", "time_to_recruit=3"], ["time_to_recruit = 3", "range, 10 to 400"]),
        ([WARD, "--check", "--set", "time_to_recruit=3"], ["time_to_recruit = 3", "range, 10 to 400"]),
        ([DEVON, "--set", "full_places[exter]=3"], ["full_places[exter]", "Did you mean 'full_places[exeter]'?"]),
        ([WARD, "--set", "nurses=3", "seed=x", "draw=a.svg", "csv=b.csv"], ["2 faults", "seed", "nurses"]),
        (["taken"], ["taken"]),
    ],
    ids=lambda value: " ".join(Path(v).name for v in value) if isinstance(value, list) and value else None,
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


def test_all_faults_of_stocks_network_and_words_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = WARD.read_text()
    for right, wrong in {
        "joining: MAX(0, vacancies)": "joining: MAX(0, vacancy)",
        "rate_per_day: 3.9": "rate_per_day: -3.9",
        "{to: ward": "{to: wrad",
    }.items():
        assert right in text
        text = text.replace(right, wrong)
    Path("bad.yaml").write_text(text)
    code, out, err = run(capsys, "bad.yaml", "replications=none", "csv=a.csv", "draw=a.svg")
    assert (code, out) == (2, "")
    for part in ("replications", "Did you mean 'vacancies'?", "rate_per_day", "Did you mean 'ward'?"):
        assert part in err, part
    assert leftovers(tmp_path) == ["bad.yaml"]


def test_faults_of_the_coupling(tmp_path, capsys):
    data = yaml.safe_load(WARD.read_text())
    data["feeds"][0]["station"] = "wrad"
    data["drives"][0]["variable"] = "staffd_beds"
    data["headline"] = ["nurse"]
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(data))
    code, _, err = run(capsys, tmp_path / "x.yaml")
    assert code == 2
    for part in ("Did you mean 'ward'?", "Did you mean 'staffed_beds'?", "Did you mean 'nurses'?"):
        assert part in err, part


@pytest.mark.parametrize(
    ("network", "parts"),
    [
        ("{footprint: devn}", ["network.footprint = 'devn'", "Did you mean 'devon'?"]),
        ("{footprint: devon, scenaro: x}", ["network.scenaro", "unknown key"]),
        ("{footprint: devon, scenario: evidnce}", ["network.scenario", "Did you mean 'evidence'?"]),
    ],
)
def test_faults_of_a_footprint_stand_beside_those_of_the_stocks(network, parts, tmp_path, capsys):
    text = DEVON.read_text().replace("{footprint: devon}", network).replace("usual_turnover:", "usual_turnovr:")
    (tmp_path / "x.yaml").write_text(text)
    code, out, err = run(capsys, tmp_path / "x.yaml")
    assert (code, out) == (2, "")
    for part in (*parts, "Did you mean 'usual_turnovr'?"):
        assert part in err, part
    assert "command line" not in err


# -- the page ---------------------------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in PAGE.split("```sh\n")[1:]
    for line in block.split("\n```")[0].splitlines()
    if line.startswith("carebridge ")
]


def test_the_page_has_commands_for_every_model():
    for file in ("workforce_pipeline", "capability_trap", "ward_staff"):
        assert sum(file in command for command in COMMANDS) >= 3
    assert all(command.split()[1] in ("stocks", "hybrid") for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_page_are_sound(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    words = shlex.split(command)[1:]
    assert main([*words, *(["--check"] if "--check" not in words else [])]) == 0
    assert "no faults" in capsys.readouterr().out
    drawn = [word.removeprefix("draw=") for word in words if word.startswith("draw=")]
    assert leftovers(tmp_path) == sorted(["configs", *drawn])


def test_links_of_the_page_and_to_it():
    for text in (PAGE, (ROOT / "docs" / "README.md").read_text()):
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
            assert (ROOT / "docs" / target).exists() or target.startswith("http"), target
    for name in ("stocks.md", "hybrid.md", "teaching.md"):
        assert f"]({name})" in (ROOT / "docs" / "README.md").read_text()


@pytest.mark.parametrize("days", [30, 60, 90, 180])
def test_the_figures_of_the_ward_on_the_page(days, capsys):
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {days} days |"))
    occupancy, waiting, vacancies, alone = (cell.split() for cell in line.strip("|").split("|")[1:])
    code, out, _ = run(capsys, WARD, "--set", f"time_to_recruit={days}")
    found = figures(out)
    assert code == 0
    assert float(occupancy[0]) == pytest.approx(found["occupancy"][0], abs=0.0051)
    assert float(waiting[0]) == pytest.approx(found["waiting"][0], abs=0.51 if days >= 90 else 0.051)
    assert float(waiting[2]) == pytest.approx(found["waiting"][1], abs=0.51 if days >= 90 else 0.051)
    assert float(vacancies[0]) == pytest.approx(found["vacancies"][2], abs=0.051)
    assert float(alone[0]) == pytest.approx(28 * 1.2 * days / (days + 1200), abs=0.051)
    assert ("no steady state" in " ".join(out.split())) == (days >= 90)

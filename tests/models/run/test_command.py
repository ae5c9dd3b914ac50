"""The command: what it says to good and bad input, and what it leaves behind."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import models.run.runner
import models.settings.files
from models import CONFIGS
from models.arms import memory
from models.arms.memory import gigabytes, parts
from models.cli import main
from models.command_line.unknown_keys import keys_in, meant, unwritten
from models.settings.request import parse
from models.settings.settings import settings
from sim import arrow, files

ROOT = Path(__file__).parents[3]
TINY = [
    "run",
    "timeline=3y",
    "replications=2",
    "criteria.longest_timeline_years=3",
    "criteria.window_years_after=1",
    "waterfall=0",
    "sensitivity=0",
]

CLOSE = "plan.moves.close_acute"


def every_second(cases: list[tuple[list[str], list[str]]]) -> list[object]:
    """Every case at night, every second one otherwise: each composes a configuration of its own."""
    return [pytest.param(*case, marks=[pytest.mark.nightly] * (n % 2)) for n, case in enumerate(cases)]


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize(
    ("words", "parts"),
    every_second(
        [
            (["footprint=devn"], ["footprint", "'devn'", "there are:", "Did you mean 'devon'?"]),
            (["plan=devon2016"], ["plan", "Did you mean 'devon_2016'?"]),
            (["scenario=evidance"], ["Did you mean 'evidence'?"]),
            (["timeline=5"], ["timeline", "Did you mean '5y'?"]),
            (["timeline="], ["timeline", "there are:"]),
            (["replications=x"], ["replications", "'x'", "whole number"]),
            (["replications=0"], ["replications", "between 1 and"]),
            (["replications=-1"], ["between 1 and"]),
            (["replications=1e9"], ["whole number"]),
            (["seed=-4"], ["seed", "between 0 and"]),
            (["workers=0"], ["workers"]),
            (["nonsense"], ["key=value"]),
            (["plan.moves.close_acut.sites.exter=1"], [f"unknown key. Did you mean '+{CLOSE}.sites.exeter'?"]),
            (["pln.starts=2020-04-01"], ["pln.starts", "unknown key"]),
            (["fotprint=devon"], ["fotprint: unknown key. Did you mean 'footprint'?"]),
            (["plan.moves.wards.size.value=40"], [f"unknown key. Did you mean '{CLOSE}.size.value'?"]),
            (["finance=devon2"], ["finance", "there are: default, devon", "Did you mean 'devon'?"]),
            (["demand=history"], ["demand: unknown key."]),
            (["--dryrun"], ["Did you mean '--dry-run'?"]),
            ([f"{CLOSE}.size=200"], [f"{CLOSE}.size = 200", "figure of several parts", "`value`"]),
            ([f"{CLOSE}.size.value=-5"], [f"{CLOSE}.size", "-5"]),
            ([f"{CLOSE}.size.value=9999"], [f"{CLOSE}", "9999"]),
            ([f"{CLOSE}.size.value=many"], [f"{CLOSE}.size.value", "'many'", "number"]),
            (["footprint.sites.exeter.wards.0.beds=-3"], ["footprint.sites.exeter.wards.0.beds", "-3", "devon.yaml"]),
            (["footprint.cohorts.medium.share.value=0.9"], ["footprint.cohorts", "sum to one"]),
            ([f"{CLOSE}.when.to=0.1"], [f"{CLOSE}.when", "0.1"]),
            (["plan.starts=2018-04-01"], ["plan.starts", "after the baseline year"]),
            (["plan.starts=2019-06-01"], ["plan.starts", "1 April"]),
            (["criteria.credible_from=0.4"], ["credible_from must lie above not_credible_below"]),
            (["future.growth=hist"], ["future.growth", "'hist'"]),
            (["timeline=15y", "criteria.longest_timeline_years=5"], ["timeline.years", "15"]),
            (["plan.starts=[1"], ["plan.starts"]),
            (["plan.title=a=b"], ["plan.title", "'a=b'", "needs quotes"]),
            (["seed=1", "seed=2"], ["seed", "'2'", "given twice"]),
            (
                [f"{CLOSE}.size.value=1", "+plan.moves.close_acute.size.value=2"],
                [f"{CLOSE}.size.value", "given twice"],
            ),
            (["+nonsense=1"], ["nonsense", "no such key"]),
            (["hydra.verbose=true"], ["hydra.verbose=true", "no key of Carebridge"]),
            (["++replications=-3"], ["++replications=-3", "write replications=value"]),
            (["~timeline"], ["~timeline", "write timeline=value"]),
            (["~criteria"], ["criteria", "missing"]),
            (["timeline=,"], ["timeline", "there are: 10y"]),
            (["fit=devn"], ["fit", "'devn'", "there are: berkshire_west_2023_24,", "Did you mean 'devon'?"]),
            (["future=histry"], ["future", "'histry'", "Did you mean 'history'?"]),
            (["timeline=5y", "timeline.name=x"], ["timeline.name", "'x'", "cannot be given another name"]),
            (["timeline=5y,15y", "timeline.years=3"], ["timeline.years", "3", "same on all timelines"]),
            (["plan.name=../../x"], ["plan.name", "letters, digits"]),
            (["footprint.name=../../x"], ["footprint.name", "letters, digits"]),
            (["plan.starts=9999-04-01"], ["plan.starts", "9999", "more than 20 years after"]),
            (
                ["plan.moves.open_home.lead_time_months.value=1e9"],
                ["lead_time_months", "must lie between low 6.0 and high 24.0"],
            ),
            (["gates.access.months.value=0"], ["gates.access.months", "between low 1.0 and high 6.0"]),
            (["gates.use.share.value=7"], ["gates.use.share", "7", "between low 0.3 and high 0.8"]),
            ([f"{CLOSE}.size.unit=bananas"], [f"{CLOSE}.size", "beds", "bananas"]),
            ([f"{CLOSE}.size.value=2.5"], [f"{CLOSE}.size", "2.5", "whole"]),
            (
                [f"{CLOSE}.size.value=2200"],
                [f"{CLOSE}", "2200"],
            ),
            (
                ["plan.moves.close_community.size.value=330"],
                ["plan.moves.close_community.size.value", "330", "1 must stay"],
            ),
            (["++future.admissions_effect={value: -2}"], ["future.admissions_effect", "-2", "must lie between low"]),
            (["future.admissions_effect.value=-2", "future.admissions_effect.low=-2"], ["-2", "between -1 and 1"]),
            (["fit.stay_factor.torbay=-1"], ["fit.stay_factor.torbay", "-1", "above 0", "devon.yaml"]),
            (["fit.zero_day_share.torbay=1"], ["fit.zero_day_share.torbay", "below 1"]),
            (["footprint.community_overlap.beds.value=350"], ["footprint.community_overlap.beds", "exeter"]),
            (["criteria.window_years_after=0"], ["criteria", "window_years_after (0)", "delivered_within_months (6)"]),
            (["footprint.demand.growth.history.value=-1"], ["footprint.demand.growth.history", "-1", "-0.5 and 0.5"]),
            (["future.growth=histry"], ["future.growth", "'histry'", "Did you mean 'history'?"]),
            (["future.growth.value=0.02"], ["future.growth.value", "no key of the future", "future=ageing"]),
            (["scenario=ageing", "future.growth.value=2"], ["ageing.yaml", "future.growth", "between low 0.0075 and"]),
            (["out="], ["out", "name of a folder"]),
            (["out=~nobody.at.all/x"], ["out", "no such user"]),
            (["out=."], ["out", "you are in this folder"]),
        ]
    ),
)
def test_bad_input_is_named_and_costs_nothing(words, parts, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", *words]) == 2
    said = capsys.readouterr()
    for part in parts:
        assert part in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert leftovers(tmp_path) == []


def test_text_that_is_not_a_setting_is_named_with_its_nearest(capsys):
    assert main(["run", "timelime", "--dryrun"]) == 2
    said = capsys.readouterr().err
    assert "timelime: a setting is written key=value. Did you mean 'timeline'?" in said
    assert "--dryrun: a setting is written key=value." in said


def test_parts_too_deep_in_each_other_are_an_error_that_names_the_file(tmp_path, monkeypatch, capsys):
    """Where Hydra reads them too: files of the configuration, and values of the command line."""
    shutil.copytree(CONFIGS, tmp_path / "configs")
    deep = tmp_path / "configs" / "footprint" / "deep.yaml"
    deep.write_text("a: " + "[" * 20_000)
    monkeypatch.setattr(models.settings.files, "CONFIGS", tmp_path / "configs")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)  # that of Python; libraries of other tests may have raised it
    try:
        assert main(["run", "--dry-run", "footprint=deep"]) == 2
        assert f"{deep}: cannot be read as YAML: its parts lie too deep in each other." in capsys.readouterr().err
        assert main(["run", "--dry-run", f"+plan.x={'[' * 2000}{']' * 2000}"]) == 2
        assert "cannot be composed: its parts lie too deep in each other." in capsys.readouterr().err
    finally:
        sys.setrecursionlimit(limit)


def test_timelines_are_counted_once():
    assert parse(["timeline=5y,5y,,3y,5y"]).timelines == ("5y", "3y")


def test_home_is_found(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert main(["run", "fit=none", "timeline=3y", "out=~/runs/a=b"]) == 0
    assert (tmp_path / "runs" / "a=b" / "verdict.json").is_file()
    assert capsys.readouterr().out.splitlines()[-1].endswith(str(tmp_path / "runs" / "a=b" / "report.html"))


def test_the_usual_folder_is_checked_as_a_named_one_is(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models.run.runner, "_simulate", lambda _: pytest.fail("it simulated before checking"))
    Path("runs").write_text("mine")
    assert main([*TINY]) == 2
    assert "is a file" in capsys.readouterr().err
    Path("runs").unlink()
    folder = Path("runs") / f"devon-devon_2016-{settings(parse(TINY[1:])).scenario_hash[:8]}"
    folder.mkdir(parents=True)
    (folder / "thesis.docx").write_text("mine")
    assert main([*TINY]) == 2
    assert "thesis.docx" in capsys.readouterr().err
    assert leftovers(folder) == ["thesis.docx"]


def test_more_memory_than_there_is_is_not_begun(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(models.run.runner, "_simulate", lambda _: pytest.fail("it simulated before checking"))
    monkeypatch.setattr(models.run.runner, "memory_gb", lambda: 4.0)
    assert main([*TINY[:2], "replications=100000", f"out={tmp_path / 'x'}"]) == 2
    said = capsys.readouterr().err
    assert "replications=100000" in said
    assert "this machine has 4 GB" in said


def test_memory_is_estimated_from_what_is_written_down(outcome):
    """The estimate holds what the arms keep, and not twice over."""
    kept = sum(
        sum(a.nbytes for a in (o.area, o.flow, o.places, o.midnight, o.stocks)) for o in outcome.observed.values()
    )
    assert kept < 1e9 * parts(outcome.settings)["arrays"] < 2 * kept


def test_memory_is_estimated_a_little_above_what_was_measured(chosen, monkeypatch):
    """Devon's default run took 1.80 GB; without what is beside the verdict, but with all to compile, 2.19."""
    monkeypatch.setattr(memory, "compiled", lambda: True)
    longest = chosen.criteria.model_copy(update={"longest_timeline_years": 15, "window_years_after": 2})
    usual = replace(chosen, criteria=longest, replications=48, waterfall=8, sensitivity=2)
    assert 1.80 < gigabytes(usual) < 1.15 * 1.80
    monkeypatch.setattr(memory, "compiled", lambda: False)
    assert 2.19 < gigabytes(replace(usual, waterfall=0, sensitivity=0)) < 1.25 * 2.19  # the peak of compiling is over


def test_memory_told_before_all_is_compiled_is_no_less_than_what_compiling_takes(chosen, monkeypatch):
    """With an empty cache two replications over three years took 1.42 GB, and 1.59 with detail=full."""
    monkeypatch.setattr(memory, "compiled", lambda: False)
    criteria = chosen.criteria.model_copy(update={"longest_timeline_years": 3, "window_years_after": 1})
    small = replace(
        chosen, criteria=criteria, timelines=chosen.timelines[:1], replications=2, waterfall=0, sensitivity=0
    )
    for detail, most in (("beds", 1.425), ("full", 1.591)):
        assert most < gigabytes(replace(small, detail=detail)) < 1.15 * most


@pytest.mark.nightly
def test_memory_of_a_run_stays_a_little_below_its_estimate(tmp_path):
    words = ["timeline=5y", "workers=2", "waterfall=0", "sensitivity=0"]
    for replications in (1, 12):  # the first time all is compiled
        more = [*words, f"replications={replications}", f"out={tmp_path / str(replications)}"]
        subprocess.run([sys.executable, "-m", "models.cli", "run", *more], check=True, cwd=ROOT, capture_output=True)
    used = json.loads((tmp_path / "12" / "manifest.json").read_text())["peak_memory_mb"] / 1e3
    assert 0.8 < used / gigabytes(settings(parse([*words, "replications=12"]))) < 1


def test_a_site_that_no_plan_or_footprint_names_is_answered_with_the_nearest_that_is_there():
    chosen = {"plan": "devon_2016_decided", "footprint": "devon"}  # a plan that builds on another
    known, more = keys_in(CONFIGS, chosen), unwritten(CONFIGS, chosen)
    assert meant("footprint.sites.exter.name", known) == "footprint.sites.exeter.name"
    assert meant("footprint.sites.exter.beds_available.valu", known) == "footprint.sites.exeter.beds_available.value"
    assert meant(f"{CLOSE}.sites.exter", [*known, *more]) == f"{CLOSE}.sites.exeter"
    assert {f"{CLOSE}.sites.exeter", f"{CLOSE}.sites.plymouth", f"{CLOSE}.priority"} <= {*more}
    assert not {*more} & {*known} and f"{CLOSE}.size.value" in known


def test_all_faults_at_once(capsys):
    assert main(["run", "footprint=devn", "timeline=9y", "replications=x", "seed=-1"]) == 2
    said = capsys.readouterr().err
    assert "4 faults" in said
    assert main(["run", f"{CLOSE}.size.value=-5", "criteria.credible_from=0.1", "future.growth=no"]) == 2
    assert "3 faults" in capsys.readouterr().err


def test_places_to_write_are_checked_first(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(models.run.runner, "_simulate", lambda _: pytest.fail("it simulated before checking"))
    file = tmp_path / "file"
    file.write_text("mine")
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.docx").write_text("mine")
    for out, part in ((file, "this is a file"), (file / "x", "is a file"), (other, "holds other things")):
        assert main([*TINY, f"out={out}"]) == 2
        assert part in capsys.readouterr().err
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1e6})())
    assert main([*TINY, f"out={tmp_path / 'x'}"]) == 2
    assert "1 MB are free" in capsys.readouterr().err
    assert leftovers(tmp_path) == ["file", "other"]
    assert file.read_text() == (other / "thesis.docx").read_text() == "mine"


@pytest.mark.parametrize(
    "moment",
    [
        "table",
        *(pytest.param(moment, marks=pytest.mark.nightly) for moment in ("json", "sync")),
        "rename",
    ],
)
def test_a_full_disk_leaves_nothing_half_written(moment, tmp_path, capsys, monkeypatch, outcome):
    out = tmp_path / "run"
    out.mkdir()
    (out / "manifest.json").write_text('{"scenario_hash": "an earlier run", "tables": {}, "charts": []}')
    monkeypatch.setattr(models.run.runner, "_simulate", lambda _: outcome)

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = {
        "table": (arrow.feather, "write_feather"),
        "json": (Path, "write_text"),
        "sync": (files.os, "fsync"),
        "rename": (files.os, "replace"),
    }[moment]
    monkeypatch.setattr(*target, full)
    assert main([*TINY, f"out={out}"]) == 2
    monkeypatch.undo()
    said = capsys.readouterr()
    assert "No space left on device" in said.err
    assert "earlier results there are untouched" in said.err
    assert "Report, tables" not in said.out
    assert leftovers(tmp_path) == ["run"]
    assert leftovers(out) == ["manifest.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
@pytest.mark.parametrize("seconds", [0.0, 1.5])
def test_ctrl_c_ends_it_cleanly(seconds, tmp_path):
    command = [sys.executable, "-m", "models.cli", "run", "replications=500", f"out={tmp_path / 'x'}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        first = process.stderr.readline()  # the plan's question, said before the first run
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert first.startswith("Devon")
    assert process.returncode == 130
    assert "stopped. Nothing was written" in err
    assert "Traceback" not in err
    assert out == ""
    assert leftovers(tmp_path) == []


def test_a_run_says_where_its_report_is(tmp_path, capsys):
    out = tmp_path / "a=b"
    assert main([*TINY, f"out={out}"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].endswith(str(out / "report.html"))
    assert "3 years" in said.out
    assert "left" in said.err
    assert {"manifest.json", "verdict.json", "report.html", "state.arrow", "flows.arrow"} <= set(leftovers(out))
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["scenario_hash"] == json.loads((out / "verdict.json").read_text())["scenario_hash"]
    assert leftovers(tmp_path) == ["a=b"]
    assert main([*TINY, f"out={out}"]) == 0  # the folder of an earlier run is replaced
    assert leftovers(tmp_path) == ["a=b"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_while_results_are_written_leaves_the_earlier_ones(tmp_path):
    script = (
        "import sys, time\n"
        "import models.run.write as write\n"
        "from models.cli import main\n"
        "def slow(folder, data):\n"
        "    folder.write_text('half')\n"
        "    print('writing', file=sys.stderr, flush=True)\n"
        "    time.sleep(60)\n"
        "write.write_json = slow\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    out = tmp_path / "x"
    out.mkdir()
    (out / "manifest.json").write_text('{"scenario_hash": "0", "tables": {}, "charts": []}')
    command = [sys.executable, "-c", script, "run", "fit=none", "timeline=3y", f"out={out}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stderr.readline() == "writing\n"
        process.send_signal(signal.SIGINT)
        said, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Nothing was written" in err
    assert "Traceback" not in err
    assert said == ""
    assert leftovers(tmp_path) == ["x"]
    assert leftovers(out) == ["manifest.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_printed_is_a_plain_failure():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "models.cli", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert done.returncode != 0
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pipes differ")
def test_a_reader_that_goes_away_is_no_error():
    command = [sys.executable, "-m", "models.cli", "run", "--dry-run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        process.stdout.close()
        err = process.stderr.read()
    assert err == ""


def test_dry_run_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--dry-run", "timeline=15y"]) == 0
    said = capsys.readouterr().out
    for part in ("close_acute", "scenario_hash", "events: about", "memory: about", "disk: about", "time: about"):
        assert part in said
    assert leftovers(tmp_path) == []


def test_of_an_area_without_a_baseline_the_dry_run_says_why(capsys):
    assert main(["run", "--dry-run", "footprint=frimley_2023_24"]) == 0
    told = capsys.readouterr().out.split("---")[-1]
    assert "NO BASELINE, so nothing is simulated: Frimley" in told and "beds change by -35%" in told
    assert "time:" not in told and "disk:" not in told


@pytest.mark.parametrize("verb", ["hindcast", "monotonicity", "calibrate", "backtest", "gap", "area", "network"])
def test_verbs_without_a_dry_run_say_so_and_which_have_one(verb, capsys):
    assert main([verb, "--dry-run"]) == 2
    assert f"{verb} has no --dry-run; these have one: run, compare, search, sweep." in capsys.readouterr().err


def test_an_examination_asked_for_as_a_scenario_has_no_dry_run_either(capsys):
    assert main(["run", "scenario=hindcast_england", "--dry-run"]) == 2
    assert "hindcast has no --dry-run" in capsys.readouterr().err


def test_dry_run_counts_what_is_simulated_beside_the_verdict(capsys):
    def seconds(*words: str) -> int:
        assert main(["run", "--dry-run", "workers=1", *words]) == 0
        said = capsys.readouterr().out
        return int(said[said.index("time: about") :].split()[2])

    alone = seconds("waterfall=0", "sensitivity=0")
    assert alone < seconds("waterfall=8", "sensitivity=0") < seconds("waterfall=8", "sensitivity=2")
    assert seconds("waterfall=0", "sensitivity=2") > alone


def test_list_doctor_and_help(capsys):
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    assert "devon_2016 " in said
    assert all(line.rstrip().endswith((".", "?", ")", "...)")) for line in said.splitlines())
    assert main(["list", "plan"]) == 2
    assert "Did you mean 'plans'?" in capsys.readouterr().err
    assert main(["doctor"]) in (0, 1)
    assert "kernels" in capsys.readouterr().out
    for words in ([], ["--help"], ["run", "--help"], ["calibrate", "-h"], ["--version"]):
        assert main(words) == 0
        assert "carebridge" in capsys.readouterr().out
    assert main(["list", "plans", "timelines"]) == 0
    said = capsys.readouterr().out
    assert "devon_2016_misreading" in said
    assert "15y" in said
    assert "footprints" not in said
    assert main(["doctor", "now"]) == 2
    assert "'now'" in capsys.readouterr().err
    assert main(["rum"]) == 2
    assert "Did you mean 'run'?" in capsys.readouterr().err


def test_calibrate_refuses_bad_places_to_write(tmp_path, capsys):
    assert main(["calibrate", f"out={tmp_path}"]) == 2
    assert "this is a folder" in capsys.readouterr().err
    assert main(["calibrate", "footprint=devn"]) == 2
    assert "Did you mean 'devon'?" in capsys.readouterr().err

"""``carebridge network``: what it says to good and bad words and files, what it prints, and what it leaves behind."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.cli import main
from models.network.request import parse
from sim import arrow, files
from sim.results.tables import read_table

ROOT = Path(__file__).parents[3]
MMC = ROOT / "configs" / "network" / "mmc.yaml"
BLOCKING = ROOT / "configs" / "network" / "blocking.yaml"
QUICK = ["replications=3", "horizon=100 d", "warm_up=31 d"]


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["network", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code, out, _ = run(capsys, *words, "--json", "-")
    assert code == 0
    return json.loads(out)


# -- what is printed --------------------------------------------------------------------------------------------------


def test_a_queue_is_run_and_agrees_with_erlang_c(capsys):
    found = document(capsys, str(MMC), "replications=20", "horizon=500 d", "seed=4")
    ward = found["stations"]["ward"]["all"]
    for measure, exact in {
        "wait_mean": 0.12835207663110831,
        "share_waited": 0.38505622989332494,
        "number_waiting": 2.181985302728841,
        "number_at_station": 19.181985302728844,
        "wait_over_4h": 0.23354840914365782,
        "wait_over_12h": 0.0859176582422482,
    }.items():
        assert abs(ward[measure]["value"] - exact) <= 1.8 * ward[measure]["half_width"] < 0.4 * exact, measure
    assert (found["replications"], found["seed"], found["unit"], found["warnings"]) == (20, 4, "d", [])


def test_the_table(capsys):
    code, out, err = run(capsys, str(BLOCKING), *QUICK)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 100
    for part in ("Ward and community: 3 replications", "±", "blocked", "capacity delay", "lost", "system:"):
        assert part in out


def test_one_replication(capsys):
    code, out, _ = run(capsys, str(MMC), "replications=1", "horizon=100 d")
    assert code == 0
    assert "WARNING: one replication only" in out
    assert "±" not in out
    found = document(capsys, str(MMC), "replications=1", "horizon=100 d")
    assert found["stations"]["ward"]["all"]["wait_mean"]["half_width"] is None


def test_an_overloaded_network_is_reported(capsys, tmp_path):
    text = MMC.read_text().replace("rate_per_day: 17", "rate_per_day: 40").replace("places: 20", "places: 30")
    (tmp_path / "over.yaml").write_text(text)
    code, out, _ = run(capsys, str(tmp_path / "over.yaml"), *QUICK)
    assert code == 0
    flat = " ".join(out.split())
    assert "WARNING: no steady state at 'ward': offered load 1.33 of its places (40.0 for 30 places)" in flat
    found = document(capsys, str(tmp_path / "over.yaml"), *QUICK)
    assert not found["steady"]["steady"]
    assert found["steady"]["stations"]["ward"]["utilisation"] == pytest.approx(4 / 3, rel=1e-4)


def test_keys_in_either_style_mean_the_same(capsys):
    one = document(capsys, str(MMC), *QUICK, "seed=7")
    other = document(
        capsys, "--replications", "3", "--horizon=100 d", str(MMC), "--warm-up", "31 d", "--seed", "7", "--workers", "2"
    )
    assert one == other


def test_json_is_the_same_whenever_the_network_is(capsys):
    words = ("network", str(BLOCKING), *QUICK, "--json", "-")
    texts = []
    for workers in ("1", "2"):
        assert main([*words, f"workers={workers}"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert "NaN" not in texts[0]


def test_limits_are_named_as_the_file_writes_them(capsys, tmp_path):
    data = yaml.safe_load(MMC.read_text())
    data["observe"]["wait_over"] = ["24 h", "1 d", " 30 min"]
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(data))
    ward = document(capsys, str(tmp_path / "x.yaml"), *QUICK)["stations"]["ward"]["all"]
    assert ward["wait_over_24h"] == ward["wait_over_1d"]
    assert ward["wait_over_30min"]["value"] > ward["wait_over_24h"]["value"]


def test_precision_decides_how_many_replications(capsys):
    found = document(capsys, str(MMC), "precision=0.05", "horizon=400 d")
    assert found["precision"]["reached"]
    assert found["replications"] >= found["precision"]["recommended_replications"] + 5
    wait = found["stations"]["ward"]["all"]["wait_mean"]
    assert wait["half_width"] <= 0.055 * wait["value"]
    code, out, _ = run(capsys, str(MMC), "precision=0.001", "replications=4", "horizon=100 d")
    assert code == 0
    assert "not reached: after 4 replications" in " ".join(out.split())


def test_the_twin_agrees(capsys):
    code, out, _ = run(capsys, str(BLOCKING), "--twin", "horizon=150 d", "warm_up=30 d")
    assert code == 0
    assert "SimPy twin, 3 replications" in out
    assert "every observation equals the kernel's (==)" in out
    found = document(capsys, str(BLOCKING), "--twin", "horizon=150 d", "warm_up=30 d", "replications=2")
    plain = document(capsys, str(BLOCKING), "horizon=150 d", "warm_up=30 d", "replications=2")
    assert found.pop("twin") == {"replications": 2, "events": plain["events"], "equal": True, "differences": []}
    assert found == plain


def test_a_twin_that_differs_is_a_failure(capsys, monkeypatch):
    from sim.twin import Twin

    honest = Twin.observations
    monkeypatch.setattr(Twin, "observations", lambda self: {**honest(self), "events": 0})
    code, out, _ = run(capsys, str(BLOCKING), "--twin", "horizon=50 d", "warm_up=0 d", "replications=1")
    assert code == 1
    assert "DIFFERS from the kernel in events in replication 0" in out


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["FILE.yaml", "network file is needed"]),
        (["nowhere.yaml"], ["nowhere.yaml", "no such file"]),
        ([str(MMC), "replications=0"], ["replications", "between 1 and"]),
        ([str(MMC), "replications=many"], ["'many'", "whole number"]),
        ([str(MMC), "seed=-1"], ["seed", "between 0 and"]),
        ([str(MMC), "horizon=400"], ["horizon", "'400'", "'4 h'"]),
        ([str(MMC), "warm_up=9999 d"], ["warm_up", "shorter than the horizon"]),
        ([str(MMC), "precision=2"], ["precision", "between 0 and 1"]),
        ([str(MMC), "replicatoins=3"], ["replicatoins=3", "Did you mean 'replications='?"]),
        ([str(MMC), "--twn"], ["--twn", "Did you mean '--twin'?"]),
        ([str(MMC), "--jason", "-"], ["--jason", "Did you mean '--json'?"]),
        ([str(MMC), "twin"], ["twin", "one network file", "Did you mean '--twin'?"]),
        ([str(MMC), "--twin=3"], ["--twin=3", "takes no value"]),
        ([str(MMC), "--json"], ["--json", "a value is needed"]),
        ([str(MMC), "--json", "--twin"], ["--json", "a value is needed"]),
        ([str(MMC), "seed=1", "--seed", "2"], ["seed", "given twice"]),
        ([str(MMC), "json="], ["json", "name of a file"]),
        ([str(MMC), "json=."], ["json", "this is a folder"]),
        ([str(MMC), "draw=taken/x.svg"], ["draw", "taken is a file"]),
        ([str(MMC), "out=taken"], ["out", "this is a file"]),
        ([str(MMC), "--log"], ["--log", "out=DIR"]),
        ([str(MMC), "--twin", "precision=0.1"], ["--twin", "not a precision"]),
        ([str(MMC), str(BLOCKING)], ["blocking.yaml", "one network file at a time"]),
    ],
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


def test_all_faults_of_words_and_file_are_listed_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text(
        "horizon: ten days\n"
        "sources:\n"
        "  door: {to: wrad, rate_per_day: -3}\n"
        "stations:\n"
        "  ward:\n"
        "    places: 20\n"
        "    servise: {kind: exponential, mean: 1 d}\n"
        "    service: {kind: exponential, mean: 1 d}\n"
    )
    code, out, err = run(capsys, "bad.yaml", "seed=x", "--json", "a.json", "out=b")
    assert (code, out) == (2, "")
    for part in (
        *("seed", "bad.yaml:1: horizon", "bad.yaml:3: sources.door.rate_per_day"),
        *("bad.yaml:7: stations.ward.servise", "Did you mean 'service'?"),
    ):
        assert part in err
    assert leftovers(tmp_path) == ["bad.yaml"]


def test_only_checking(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, str(MMC), "--check") == (0, f"{MMC}: no faults\n", "")
    assert leftovers(tmp_path) == []
    code, _, _ = run(capsys, str(MMC), "--check", "draw=a.svg")
    assert code == 0
    assert Path("a.svg").read_text().startswith("<svg")


def test_the_schema_is_printed(capsys):
    code, out, _ = run(capsys, "--schema")
    assert code == 0
    assert {"stations", "sources", "horizon"} <= json.loads(out)["properties"].keys()


def test_help_names_every_key(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for word in ("replications=", "seed=", "workers=", "horizon=", "warm_up=", "precision=", "out=", "json=", "draw="):
        assert word in out
    for word in ("--twin", "--log", "--log-csv", "--check", "--schema"):
        assert word in out


def test_a_file_whose_name_looks_like_a_setting(tmp_path):
    file = tmp_path / "a=b.yaml"
    file.write_text("x")
    request, faults = parse([str(file)])
    assert (request.file, faults) == (file, [])


# -- what is left behind ----------------------------------------------------------------------------------------------

FILES = [
    *("by_period.arrow", "by_period.csv", "manifest.json", "network.svg", "occupancy.arrow", "replications.arrow"),
    *("results.json", "summary.arrow", "summary.csv", "waits.arrow"),
]


def test_a_folder_of_results(capsys, tmp_path):
    out = tmp_path / "x"
    code, said, _ = run(capsys, str(BLOCKING), *QUICK, f"out={out}", f"json={tmp_path / 'a.json'}")
    assert code == 0
    assert f"Written: {out}" in said
    assert leftovers(out) == FILES
    assert (out / "results.json").read_text() == (tmp_path / "a.json").read_text()
    found = json.loads((out / "results.json").read_text())
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["file"]["text"] == BLOCKING.read_text()
    assert (manifest["seed"], manifest["replications"]) == (1, 3)
    assert set(manifest["tables"]) == set(FILES) - {"manifest.json", "network.svg"}
    summary = read_table(out / "summary.arrow")
    assert summary.attrs["scenario_hash"] == manifest["scenario_hash"]
    row = summary[(summary.name == "ward") & (summary.measure == "number_blocked")].iloc[0]
    assert row.value == pytest.approx(found["stations"]["ward"]["all"]["number_blocked"]["value"], rel=1e-9)
    before = {name: (out / name).read_bytes() for name in FILES if name != "manifest.json"}
    assert main(["network", str(BLOCKING), *QUICK, f"out={out}", "workers=1"]) == 0  # replaces the earlier run
    assert {name: (out / name).read_bytes() for name in FILES if name != "manifest.json"} == before
    assert leftovers(tmp_path) == ["a.json", "x"]


def test_a_folder_with_other_things_is_left_alone(capsys, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "thesis.docx").write_text("mine")
    code, _, err = run(capsys, str(MMC), *QUICK, f"out={tmp_path / 'x'}")
    assert code == 2
    assert "thesis.docx" in err
    assert leftovers(tmp_path / "x") == ["thesis.docx"]


@pytest.mark.parametrize("moment", ["table", "sync", "rename"])
def test_a_full_disk_leaves_nothing_half_written(moment, tmp_path, capsys, monkeypatch):
    def full(*_args: Any, **_kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = {
        "table": (arrow.feather, "write_feather"),
        "sync": (files.os, "fsync"),
        "rename": (files.os, "replace"),
    }[moment]
    (tmp_path / "a.json").write_text("earlier")
    monkeypatch.setattr(*target, full)
    code, out, err = run(capsys, str(MMC), *QUICK, f"out={tmp_path / 'x'}", f"json={tmp_path / 'a.json'}")
    monkeypatch.undo()
    assert (code, out) == (2, "")
    assert "No space left on device" in err
    assert leftovers(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "earlier"


def test_event_logs(capsys, tmp_path):
    out = tmp_path / "x"
    code, _, _ = run(capsys, str(BLOCKING), *QUICK, f"out={out}", "log=2", "--log-csv")
    assert code == 0
    assert set(leftovers(out)) - set(FILES) == {
        *("log_process.arrow", "log_process.csv", "log_vidigi.arrow", "log_vidigi.csv"),
    }
    log = read_table(out / "log_vidigi.arrow")
    assert log.attrs["units"]["time"] == "d"
    assert sorted(set(log.run)) == [1, 2]
    arrivals = log[log.event == "arrival"].groupby("run").size()
    each = read_table(out / "replications.arrow")
    after = each[(each.name == "system") & (each.measure == "arrived_total")].value.tolist()[:2]
    assert all(a > b > 0 for a, b in zip(arrivals, after, strict=True))
    begun, ended = (log[log.event_type == kind] for kind in ("resource_use", "resource_use_end"))
    assert begun.resource_id.max() == 10
    assert 0 <= len(begun) - len(ended) <= 2 * 14


def test_it_is_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "models.cli", "network", str(MMC), *QUICK],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert "M/M/20 queue" in done.stdout


# -- the page that explains it ----------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Code blocks of the page in one language."""
    return [part.split("\n```")[0] for part in PAGE.split(f"```{language}\n")[1:]]


def test_the_page_explains_every_measure(capsys):
    data = yaml.safe_load(blocks("yaml")[0]) | {"horizon": "60 d", "warm_up": "0 d", "replications": 1}
    from sim.kernel.layout import FLOWS
    from sim.load import steadiness
    from sim.results import simulate
    from sim.results.document import document as figures

    data["observe"]["wait_over"] = ["4 h"]
    written = figures(results := simulate(data), steadiness(results.axes.network))
    flows = {f"{flow}_{what}" for flow in FLOWS for what in ("rate", "total")}
    assert [m for m in written["units"] if m not in flows and f"`{m}`" not in PAGE] == []
    assert [flow for flow in FLOWS if f"`{flow}`" not in PAGE] == []
    shown = json.loads(blocks("json")[0])
    assert list(shown) == list(written)
    assert list(shown["steady"]) == list(written["steady"])
    assert list(shown["stations"]["ward"]) == list(written["stations"]["ward"])
    assert list(shown["by_period"][0]) == list(written["by_period"][0])


def test_the_snippets_of_the_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    assert main(["network", str(BLOCKING), *QUICK, "out=runs/blocking"]) == 0
    for code in blocks("python"):
        exec(compile(code, "docs/network.md", "exec"), {})
    assert "number_blocked" in capsys.readouterr().out

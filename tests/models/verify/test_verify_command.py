"""``carebridge verify``: what it prints and writes, its exit code, and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.verify.command import Verified, verify
from models.verify.trust_page import trust_page
from sim.errors import CarebridgeError, FaultsError
from sim.verification.acceptance import Estimate
from sim.verification.suite import CASES

SMALL = "finitepop_N10_c2"


def test_a_case_is_printed_and_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify([SMALL]) == 0
    out = capsys.readouterr().out
    assert CASES[SMALL].family in out
    lines = [line.split() for line in out.splitlines() if line.startswith("  P_all_busy")]
    assert lines[0][1] == f"{CASES[SMALL].wanted['P_all_busy'][0]:.6g}"
    assert lines[0][-1] == "agrees"
    assert "4 quantities of 1 systems: all agree" in out


def test_json_and_page_and_folder(tmp_path: Path) -> None:
    data, page, folder = tmp_path / "v.json", tmp_path / "v.md", tmp_path / "folder"
    words = [SMALL, "--json", str(data), "--page", str(page), f"out={folder}", "workers=1"]
    assert verify(words) == 0
    case = json.loads(data.read_text("utf-8"))["cases"][0]
    assert case["name"] == SMALL
    assert set(case["quantities"]) == set(CASES[SMALL].wanted)
    found = case["quantities"]["L"]
    assert abs(found["value"] - found["exact"]) <= found["halfwidth"] <= found["allowed"]
    assert "all 4 agree" in page.read_text("utf-8")
    assert (folder / "verification.json").read_bytes() == data.read_bytes()
    assert (folder / "verification.md").read_bytes() == page.read_bytes()
    assert verify(words) == 0  # the folder of an earlier run is replaced


def test_workers_make_no_difference(tmp_path: Path) -> None:
    for workers in (1, 2):
        verify([SMALL, "--json", str(tmp_path / f"{workers}.json"), f"workers={workers}"])
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()


def test_one_that_misses_is_named_and_the_exit_code_is_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {name: (value * 1.1, kind) for name, (value, kind) in CASES[SMALL].wanted.items()}
    monkeypatch.setitem(CASES, SMALL, replace(CASES[SMALL], wanted=wrong))
    assert verify([SMALL]) == 1
    out = capsys.readouterr().out
    assert "MISSED" in out
    assert f"NOT {SMALL}" in out


def test_page_says_what_does_not_agree() -> None:
    case = CASES[SMALL]
    found = {"L": Estimate(2.0, 0.1, 2.4, 0.2), "W": Estimate(3.0, 0.4, 3.1, 0.1)}
    page = trust_page([Verified(case, found, 10**6)], full=False, seed=1)
    assert f"2 of 2 do not: {case.name} (L), {case.name} (W)." in page
    assert "MISSED" in page
    assert "TOO WIDE" in page
    assert "**no**" in page


def test_list_names_every_case_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(["--list"]) == 0
    names = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()]
    assert names == [*CASES, "monks_2016", "treat_sim"]


@pytest.mark.nightly
def test_published_model_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "monks.md"
    assert verify(["monks_2016", "--page", str(page)]) == 0
    out = capsys.readouterr().out
    assert "acute unit, 10 beds" in out
    assert "figures: all agree" in out
    assert "**all agree**" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["mm1_rho90"], "mm1_rho80"),
        (["treatsim"], "treat_sim"),
        (["--quik"], "--quick"),
        (["--json"], "needs a file name"),
        (["sead=3"], "seed="),
        (["seed=x"], "whole number"),
        (["workers=0"], "whole number"),
        (["out="], "no such setting"),
        (["monks_2016", "mm1_rho80"], "by itself"),
    ],
)
def test_what_is_not_understood_is_said(words: list[str], says: str) -> None:
    with pytest.raises(CarebridgeError, match=says):
        verify(words)


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("keep me", "utf-8")
    with pytest.raises(FaultsError, match=r"letter\.txt"):
        verify([SMALL, f"out={tmp_path}"])


@pytest.mark.nightly
def test_pages_in_the_documentation_are_what_the_command_writes(tmp_path: Path) -> None:
    docs = Path(__file__).parents[3] / "docs"
    pages = {
        docs / "trust.md": ["--full"],
        docs / "published" / "monks_2016.md": ["monks_2016"],
        docs / "published" / "treat_sim.md": ["treat_sim"],
    }
    for kept, words in pages.items():
        written = tmp_path / kept.name
        assert verify([*words, "--page", str(written)]) == 0
        assert written.read_text("utf-8") == kept.read_text("utf-8")

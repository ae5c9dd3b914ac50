"""A comparison gives the same bytes whatever the number of workers, and ends with a single replication."""

from __future__ import annotations

import re

import pytest

from models.cli import main
from models.compare.compare import AS_PLANNED
from models.compare.mechanisms import MECHANISMS

SHORT = ["criteria.longest_timeline_years=3", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]
NOTE = "year: not applicable, basis: not applicable, status: assumed"
SMALL = [
    "footprint=tameside_glossop",
    "plan=none",
    "gates=default",
    f"+plan.moves.home={{kind: open, setting: p1, size: {{value: 40, unit: places, {NOTE}}}, when: {{from: 0.2}}}}",
    "+plan.moves.wards={kind: close, setting: beds, size: {value: 40, unit: beds, year: not applicable, basis: host "
    "trust, status: assumed}, when: {from: 0.6}, after: [home]}",
]

ACTING = {"proof", "mothball", "staff", "feedback"}  #: of the mechanisms, in this plan; the others are told, not run


def compared(folder, *words: str) -> dict[str, bytes]:
    """Files of a comparison of the small plan, by name."""
    assert main(["compare", "timeline=3y", *SMALL, *SHORT, *words, f"out={folder}"]) == 0
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def same_whatever_the_workers(folder, capsys, mechanisms: list[str], *words: str) -> None:
    """Run it twice; everything that is asked for is told, and as a number."""
    asked = f"without={','.join(mechanisms)}"
    one = compared(folder / "one", asked, "workers=1", *words)
    told = capsys.readouterr().out
    for name in (AS_PLANNED, *ACTING.intersection(mechanisms)):
        assert f'"{name}"' in one["compare.json"].decode()
    assert all(MECHANISMS[name] in told for name in mechanisms)
    assert not re.search(r"\bnan\b", told + one["compare.json"].decode(), re.IGNORECASE)  # finance has one too
    assert one == compared(folder / "two", asked, "workers=2", *words)


@pytest.mark.nightly  # compiles stocks of its own
def test_one_replication_is_the_same_whatever_the_workers(tmp_path, capsys):
    same_whatever_the_workers(tmp_path, capsys, ["proof", "staff"], "replications=1")


@pytest.mark.nightly
@pytest.mark.parametrize("replications", [1, 3])
def test_every_mechanism_is_the_same_whatever_the_workers(tmp_path, capsys, replications):
    same_whatever_the_workers(tmp_path, capsys, list(MECHANISMS), f"replications={replications}")

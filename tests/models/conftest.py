"""A small run of the main job, shared by the tests of the models."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.compose import Settings, parse, settings
from models.report import style
from models.runner import Outcome, _simulate

#: keys that keep a run short: eight years instead of nineteen
SHORT = ["criteria.longest_timeline_years=5", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]


#: files of tests that look at charts; elsewhere they are made but not drawn, which takes most of their time
LOOK = ("test_report", "test_compare_report", "test_waterfall", "test_footprints", "test_gap", "test_hindcast")
LOOK += ("test_analyse", "test_tables", "test_golden")


@pytest.fixture(autouse=True)
def plain_charts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts of runs as empty drawings, but where a file of tests looks at them."""
    if not request.path.stem.startswith(LOOK):
        monkeypatch.setattr(style, "save", _undrawn)


def _undrawn(fig: object, folder: Path, name: str, says: str) -> str:
    (folder / f"{name}.png").write_bytes(b"")
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{name}"></svg>'


@pytest.fixture(scope="session")
def chosen() -> Settings:
    return settings(parse(["timeline=3y,5y", "replications=3", "seed=5", "workers=2", *SHORT]))


@pytest.fixture(scope="session")
def outcome(chosen: Settings) -> Outcome:
    return _simulate(chosen)

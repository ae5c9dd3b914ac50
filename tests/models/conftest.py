"""A small run of the main job, shared by the tests of the models."""

from __future__ import annotations

import pytest

from models.compose import Settings, parse, settings
from models.runner import Outcome, _simulate

#: keys that keep a run short: eight years instead of nineteen
SHORT = ["criteria.longest_timeline_years=5", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]


@pytest.fixture(scope="session")
def chosen() -> Settings:
    return settings(parse(["timeline=3y,5y", "replications=3", "seed=5", "workers=2", *SHORT]))


@pytest.fixture(scope="session")
def outcome(chosen: Settings) -> Outcome:
    return _simulate(chosen)

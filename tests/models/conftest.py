"""A small run of the main job, shared by the tests of the models."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from io import TextIOBase
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from models import CONFIGS
from models.report import style
from models.run.runner import Outcome, _simulate
from models.settings import compose, files
from models.settings.files import SCENARIOS
from models.settings.request import Request, parse
from models.settings.settings import Settings, settings
from sim.reading import yaml_file

#: keys that keep a run short: eight years instead of nineteen
SHORT = ["criteria.longest_timeline_years=5", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]


#: files of tests that look at charts; elsewhere they are made but not drawn, which takes most of their time
LOOK = ("test_report", "test_compare_report", "test_waterfall", "test_footprints", "test_gap", "test_hindcast")
LOOK += ("test_analyse", "test_tables", "test_golden", "test_repeat")


@pytest.fixture(autouse=True)
def plain_charts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts of runs as empty drawings, but where a file of tests looks at them."""
    if not request.path.stem.startswith(LOOK):
        monkeypatch.setattr(style, "save", undrawn)


def undrawn(fig: object, folder: Path, name: str, says: str) -> str:
    (folder / f"{name}.png").write_bytes(b"")
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{name}"></svg>'


@pytest.fixture(scope="session", autouse=True)
def texts_parsed_once() -> Iterator[None]:
    """The same YAML text is parsed once: a configuration is made of some forty files, and most tests compose one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_file, "_parsed", _once(yaml_file._parsed, str))
        patch.setattr(OmegaConf, "load", staticmethod(_once(OmegaConf.load, TextIOBase)))
        patch.setattr(compose, "composed", _composed_once(compose.composed))
        yield


def _composed_once(make: Callable[[Request, str], Any]) -> Callable[[Request, str], Any]:
    """The same words make the same configuration, of the files that are shipped: put together once, and copied."""
    kept: dict[tuple[Any, ...], bytes] = {}

    def composed(request: Request, timeline: str) -> Any:
        if (files.CONFIGS, files.SCENARIOS) != (CONFIGS, SCENARIOS):
            return make(request, timeline)
        named = (request.footprint, request.plan, request.scenario, request.detail, *request.overrides)
        key = (timeline, *named)
        if key not in kept:
            kept[key] = pickle.dumps(make(request, timeline))
        return pickle.loads(kept[key])

    return composed


def _once(parse: Callable[..., Any], kind: type) -> Callable[..., Any]:
    """Return a function that parses each text once, and gives a copy of its own to everybody who asks."""
    kept: dict[tuple[Any, ...], bytes] = {}

    def parsed(source: Any, **more: Any) -> Any:
        if not isinstance(source, kind):
            return parse(source, **more)
        text = source
        if kind is not str:
            text = source.read()
            source.seek(0)
        key = (text, *more.values())
        if key not in kept:
            kept[key] = pickle.dumps(parse(source, **more))
        return pickle.loads(kept[key])

    return parsed


@pytest.fixture(scope="session")
def chosen() -> Settings:
    return settings(parse(["timeline=3y,5y", "replications=3", "seed=5", "workers=2", *SHORT]))


@pytest.fixture(scope="session")
def outcome(chosen: Settings) -> Outcome:
    return _simulate(chosen)

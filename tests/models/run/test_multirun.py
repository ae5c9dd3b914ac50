"""Hydra's own multirun with its launchers: the points of a sweep, one job each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.cli import main
from models.multirun import words_of
from tests.models.conftest import SHORT

ROOT = Path(__file__).resolve().parents[3]


def test_overrides_become_words() -> None:
    assert words_of(["plan=none", "+scenarios=history", "seed=3"]) == ["plan=none", "scenario=history", "seed=3"]


@pytest.mark.nightly
@pytest.mark.parametrize("launcher", ["basic", "joblib", "submitit_local"])
def test_multirun_gives_the_verdicts_of_the_main_job(tmp_path: Path, launcher: str) -> None:
    scenarios = ["evidence", "history"]
    words = ["timeline=3y", "replications=2", "seed=5", "around=none", *SHORT]
    command = [sys.executable, "-m", "models.multirun", "-m", *words, f"+scenarios={','.join(scenarios)}"]
    command += [f"hydra.sweep.dir={tmp_path / 'multirun'}", f"hydra/launcher={launcher}"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    for number, scenario in enumerate(scenarios):
        assert main(["run", *words, f"scenario={scenario}", f"out={tmp_path / scenario}"]) == 0
        found = json.loads((tmp_path / "multirun" / str(number) / "run" / "verdict.json").read_text("utf-8"))
        assert found == json.loads((tmp_path / scenario / "verdict.json").read_text("utf-8"))

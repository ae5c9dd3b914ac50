"""The main job under Hydra's own command, for those who know it: multirun, and the launchers joblib and submitit.

``python -m models.multirun -m timeline=5y,15y +scenarios=evidence,history hydra/launcher=joblib``

A job is one point with all its replications: a job of Hydra costs about 0.15 s, so a replication must never be one.
``carebridge sweep`` does the same and more: it resumes, balances and collects.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig

from models import CONFIGS
from models.settings.compose import register_scenarios
from models.settings.request import parse
from models.settings.settings import settings

__all__ = ["main", "words_of"]


def words_of(overrides: list[str]) -> list[str]:
    """Words of ``carebridge run`` that mean what these overrides of Hydra mean."""
    return [
        word.replace("+scenarios=", "scenario=", 1) if word.startswith("+scenarios=") else word for word in overrides
    ]


def job(_: Any) -> float:
    """Run one point into the job's own folder; returns P(delivered and safe) of its first timeline."""
    from models.run.runner import run

    here = HydraConfig.get()
    out = Path(here.runtime.output_dir) / "run"
    words = words_of(list(here.overrides.task))
    if not any(word.startswith("workers=") for word in words):
        words.append("workers=1")
    run(settings(parse([*words, f"out={out}"])))
    found = json.loads((out / "verdict.json").read_text("utf-8"))
    return float(found["probability"] or 0.0)


def main() -> None:
    """Give the command to Hydra."""
    register_scenarios()
    hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="config")(job)()


if __name__ == "__main__":
    main()

"""Where configurations and whole experiments lie, which there are, and the question that each answers."""

from __future__ import annotations

from models import CONFIGS

__all__ = ["CONFIGS", "SCENARIOS", "choices", "first_line"]

SCENARIOS = CONFIGS.parent / "scenarios"


def choices(group: str) -> list[str]:
    """Names that a group of configurations offers (``scenario`` for whole experiments)."""
    folder = SCENARIOS if group == "scenario" else CONFIGS / group
    return sorted(p.stem for p in folder.glob("*.yaml"))


def first_line(group: str, name: str) -> str:
    """Return the one-line question in the first comment of a configuration file (Hydra's own header apart)."""
    folder = SCENARIOS if group == "scenario" else CONFIGS / group
    lines = (folder / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    return next((line.lstrip("# ") for line in lines if line.startswith("# ") and "@package" not in line), "")

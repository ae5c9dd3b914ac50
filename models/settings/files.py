"""Where configurations and whole experiments lie, which there are, and the question that each answers."""

from __future__ import annotations

import re

from models import CONFIGS
from models.figures.presets import composed
from models.footprint.short import FIRST
from sim.errors import CarebridgeError

__all__ = ["CONFIGS", "SCENARIOS", "choices", "first_line", "of_year", "year_of"]

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


def year_of(footprint: str) -> str:
    """Year of a footprint's baseline; that of most where its file does not say, or cannot be read."""
    try:
        data = composed(CONFIGS / "footprint" / f"{footprint}.yaml")
    except (CarebridgeError, OSError):
        return FIRST
    year = str(data.get("baseline_year", FIRST)) if isinstance(data, dict) else FIRST
    return year if re.fullmatch(r"\d{4}/\d{2}", year) else FIRST


def of_year(year: str = FIRST) -> list[str]:
    """Names of the footprints whose baseline is of a year."""
    return [name for name in choices("footprint") if year_of(name) == year]

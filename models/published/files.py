"""Where the network files of the published models are."""

from __future__ import annotations

from pathlib import Path

from models import CONFIGS

__all__ = ["network_file"]


def network_file(name: str) -> Path:
    """Path of a network file that comes with Carebridge."""
    return CONFIGS / "network" / f"{name}.yaml"

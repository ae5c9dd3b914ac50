"""Where the network files of the published models are."""

from __future__ import annotations

from pathlib import Path

__all__ = ["network_file"]

_FOLDER = Path(__file__).resolve().parent.parent.parent / "configs" / "network"


def network_file(name: str) -> Path:
    """Path of a network file that comes with Carebridge."""
    return _FOLDER / f"{name}.yaml"

"""Values of a design as text, the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["place", "text"]


def text(value: object, digits: int = 12) -> str:
    """A value as the command line would give it; 20 and 20.0 are the same."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    return f"{value:.{digits}g}" if isinstance(value, (int, float, np.number)) else str(value)


def place(values: Mapping[str, object]) -> str:
    """Values of several keys in a line."""
    return ", ".join(f"{key}={text(value, 6)}" for key, value in values.items())

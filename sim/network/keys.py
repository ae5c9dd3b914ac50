"""Keys of a file as its user wrote them: short forms, and which of them touch one another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["as_written", "touches"]

_LEFT_OUT = ("pools", "share", "amount")  # keys that a short form leaves out


def as_written(key: str, data: Any) -> tuple[str, Any]:
    """A dotted key as it stands in the input, short forms included, and what stands there (None if nothing does)."""
    here, parts, follows = data, [], True
    for part in key.split("."):
        if follows and isinstance(here, Mapping) and part in here:
            here = here[part]
        elif follows and isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        elif follows and not isinstance(here, list) and (part.isdigit() or part in _LEFT_OUT):
            continue
        else:
            follows = False
        parts.append(part)
    return ".".join(parts), here if follows else None


def touches(key: str, others: Collection[str]) -> bool:
    """Whether a key is, or lies above or below, one of the others."""
    return any(key == other or key.startswith(f"{other}.") or other.startswith(f"{key}.") for other in others)

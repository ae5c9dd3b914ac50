"""Asking about any number of the configuration, by its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.search.question import Question

__all__ = ["held", "own_question"]


def own_question(
    key: str, easy: float, hard: float, held: Any = None, beside: Mapping[str, Any] | None = None
) -> Question:
    """Ask about any other number of the configuration.

    Parameters
    ----------
    key : str
        As ``carebridge run`` takes it.
    easy, hard : float
        Values at which the plan is most and least likely to hold.
    held : optional
        What the run has there.
    beside : mapping, optional
        The figure that the number is the value of: an end of its range that a value lies beyond is given up.
    """
    ends = {"low": min, "high": max} if beside is not None else {}

    def words(value: float) -> list[str]:
        found = [f"{key}={value:.10g}"]
        for end, beyond in ends.items():
            there = (beside or {}).get(end)
            if _is_number(there) and beyond(value, there) != there:
                found.append(f"{key.rpartition('.')[0]}.{end}=null")
        return found

    whole = (
        _is_number(held) and isinstance(held, int) and beside is None and easy == round(easy) and hard == round(hard)
    )
    planned = float(held) if _is_number(held) else None
    return Question(key, f"How far can {key} go?", key, "", easy, hard, words, planned, whole=whole)


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool)


def held(composed: Any, key: str) -> tuple[Any, Any]:
    """What the configuration has under a key, and the figure that it is the value of; None where there is nothing."""
    above: Any = None
    for name in key.lstrip("+").split("."):
        above, composed = composed, composed.get(name) if isinstance(composed, Mapping) else None
    return composed, above if key.endswith(".value") and isinstance(above, Mapping) else None

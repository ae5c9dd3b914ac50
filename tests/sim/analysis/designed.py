"""Outcomes of known functions over a design, without a sweep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from sim.analysis import Layout, Outcome
from sim.sweep.design import Part, lay_out


def outcome_of(design: list[dict[str, Any]], function: Callable[[pd.DataFrame], Any], half: float = np.nan) -> Outcome:
    """The function at every point of a design, each answer with the same half-width."""
    laid = lay_out([Part.model_validate(part) for part in design])
    points = laid.table().to_pandas()
    y = np.array(function(points), float)
    return Outcome("y", {}, points, y, y - half, y + half, Layout.of(design, list(laid.values), len(laid)))

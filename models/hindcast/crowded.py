"""How crowding makes people late in A&E, fitted to the training years at the fitted hospitals."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize

from models.care.crowding import Crowding
from models.hindcast.forecast import modelled
from models.hindcast.parameters import Hindcast
from models.hindcast.simulated import Simulated
from models.hindcast.told import Told
from models.history.data import COMPLETE_FROM, History

__all__ = ["CROWDED", "crowding_with", "fit_crowding"]

CROWDED = ("base_breach", "crowding_slope")


def crowding_with(crowding: Crowding, values: dict[str, float]) -> Crowding:
    """Return crowding with other values of named figures; their range is widened to hold them."""
    changed = {}
    for name, value in values.items():
        figure = getattr(crowding, name)
        low, high = figure.range
        changed[name] = figure.model_copy(
            update={"value": value, "low": min(low, value), "high": max(high, value), "status": "derived"}
        )
    return crowding.model_copy(update=changed)


def fit_crowding(
    found: Simulated, told: Told, setup: Hindcast, crowding: Crowding, trained: History
) -> dict[str, float]:
    """Least squares on the log-odds of the yearly share late, over the training years, as all targets are yearly.

    Parameters
    ----------
    found : Simulated
        The fitted hospitals over the training years.
    trained : History
        Ends with the training years.
    """
    table: Any = trained.frame()
    table = table[(table["year"] >= COMPLETE_FROM) & table["type1_4h_share"].notna()]
    late = {str(year): 1 - float(rows["type1_4h_share"].mean()) for year, rows in table.groupby("year")}
    seen = _odds(np.array(list(late.values())))

    def away(x: np.ndarray) -> np.ndarray:
        with_these = crowding_with(crowding, dict(zip(CROWDED, map(float, x), strict=True)))
        within = modelled(found, told, setup, with_these)["type1_4h_share"]
        yearly = [1 - np.mean([v for key, v in within.items() if key[0] == year]) for year in late]
        return _odds(np.array(yearly)) - seen

    start = [getattr(crowding, name).value for name in CROWDED]
    fitted = optimize.least_squares(away, start, bounds=([0.0, 0.0], [0.2, 5.0]), x_scale=[0.01, 0.5])
    return dict(zip(CROWDED, map(float, fitted.x), strict=True))


def _odds(share: np.ndarray) -> np.ndarray:
    return np.log(share / (1 - share))

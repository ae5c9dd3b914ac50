"""What is left of a time: after some of it is known to have passed, or at an arbitrary instant."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special

from sim.kernel.layout import LONGEST_STAY
from sim.services.functions import areas, edges, inverse, survival
from sim.services.laws import FloatArray
from sim.services.resolved import EXPONENTIAL, Resolved

__all__ = ["residual"]

_PANELS = 12_000
_TINY = 1e-300


def residual(service: Resolved, u: FloatArray, elapsed_ms: float | None) -> FloatArray:
    """Residual times in ms at shares `u`.

    Parameters
    ----------
    service : Resolved
    u : array of float
        Shares in (0, 1).
    elapsed_ms : float or None
        Time already spent, on which the residual is conditional; None for the stationary residual of a station
        observed at an arbitrary instant.
    """
    u = np.asarray(u, float)
    if elapsed_ms is None:
        share, x = _stationary(service)
        return np.interp(u, share, x)
    if service.kind == EXPONENTIAL and not service.bounded:  # without memory, however long it has lasted
        return -service.a * np.log1p(-u)
    # P(time > elapsed + residual); of a time beyond all expectation nothing is left
    left = np.maximum(survival(service, np.array(elapsed_ms)) * (1 - u), _TINY)
    return np.clip(inverse(service, -special.logit(left)) - elapsed_ms, 0.0, LONGEST_STAY)


@lru_cache(maxsize=256)
def _stationary(service: Resolved) -> tuple[FloatArray, FloatArray]:
    """Return knots (share, residual ms) of the stationary residual time, whose density is P(time > x) / mean."""
    at = edges(service, 0.0, service.high, _PANELS)
    at = at[np.isfinite(at)]
    area = np.concatenate([[0.0], np.cumsum(areas(lambda x: survival(service, x), at, nodes=3))])
    if area[-1] == 0:  # of no time, nothing is left
        return np.array([0.0, 1.0]), np.zeros(2)
    return area / area[-1], at

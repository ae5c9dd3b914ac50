"""Distributions of time: parameters for the kernel, distribution functions, means, residual times.

* ``laws``: the families, each with its distribution function, its inverse and its moments;
* ``phases``: Coxian distributions;
* ``table``: quantile tables of families whose inverse has no closed form;
* ``resolved``: a distribution ready for the kernel;
* ``resolve``: from what a network file writes to that;
* ``functions``: distribution functions, means and variances, kept to a range and to bounds;
* ``residual``: what is left of a time;
* ``faults``: rules that a distribution in a file may break.
"""

from sim.services.faults import service_faults
from sim.services.functions import cdf, mean_ms, moments, quantile, survival
from sim.services.residual import residual
from sim.services.resolve import resolve
from sim.services.resolved import (
    BOUNDED,
    CELLS,
    DETERMINISTIC,
    EMPIRICAL,
    EXPONENTIAL,
    LAST_SHARE,
    LOGIT_MAX,
    LOGNORMAL,
    NORMAL,
    TABLE,
    TRIANGULAR,
    UNIFORM,
    WEIBULL,
    Resolved,
)

__all__ = [
    "BOUNDED",
    "CELLS",
    "DETERMINISTIC",
    "EMPIRICAL",
    "EXPONENTIAL",
    "LAST_SHARE",
    "LOGIT_MAX",
    "LOGNORMAL",
    "NORMAL",
    "TABLE",
    "TRIANGULAR",
    "UNIFORM",
    "WEIBULL",
    "Resolved",
    "cdf",
    "mean_ms",
    "moments",
    "quantile",
    "residual",
    "resolve",
    "service_faults",
    "survival",
]

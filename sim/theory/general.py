"""Services of any law, arrivals at equal intervals, and places without limit."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import integrate, special

from sim.theory.steady import Queue, by_littles_law, not_negative, positive, steady

__all__ = ["dm1", "mg1", "mginf_mean"]


def mg1(arrival_rate: float, mean: float, scv: float) -> Queue:
    """M/G/1 with services of this mean and squared coefficient of variation.

    Wq = rho mean (1 + scv) / (2 (1 - rho)): F. Pollaczek (1930), A. Y. Khinchine (1932).

    Examples
    --------
    >>> round(mg1(0.8, 1.0, 2.25).Wq, 9)
    6.5
    """
    positive(arrival_rate=arrival_rate, mean=mean)
    not_negative(scv=scv)
    rho = arrival_rate * mean
    steady(rho)
    return by_littles_law(arrival_rate, rho, rho, rho * mean * (1 + scv) / 2 / (1 - rho), mean)


def dm1(arrival_rate: float, service_rate: float) -> Queue:
    """D/M/1: arrivals at equal intervals, exponential service.

    An arrival waits with probability s, the root below 1 of s = exp(-(1 - s) mu / lambda), and then for a mean of
    1 / (mu (1 - s)): D. G. Kendall (1953), Annals of Mathematical Statistics 24, 338-354. The root is Lambert's W.

    Examples
    --------
    >>> round(dm1(0.8, 1.0).p_wait, 6), round(dm1(0.8, 1.0).Wq, 6)
    (0.62863, 1.692731)
    """
    positive(arrival_rate=arrival_rate, service_rate=service_rate)
    rho = arrival_rate / service_rate
    steady(rho)
    s = float(-special.lambertw(-math.exp(-1 / rho) / rho).real * rho)
    return by_littles_law(arrival_rate, rho, s, s / (service_rate * (1 - s)), 1 / service_rate)


def mginf_mean(arrival_rate: float, survival: Callable[[float], float], time: float) -> float:
    """Mean number in M/G/inf so long after it was empty; the number is Poisson with this mean.

    The rate times the integral of P(service > s) over 0 < s < time: L. Takacs (1962), Introduction to the theory of
    queues, section 3.2.

    Parameters
    ----------
    arrival_rate : float
    survival : callable
        P(service > s), such as ``scipy.stats.expon(scale=6.5).sf``.
    time : float

    Examples
    --------
    >>> round(mginf_mean(60.0, lambda s: math.exp(-s / 6.5), 5.0), 4)
    209.2859
    """
    positive(arrival_rate=arrival_rate)
    found = integrate.quad(survival, 0.0, time, epsabs=0.0, epsrel=1e-10, limit=500)
    return arrival_rate * float(found[0])

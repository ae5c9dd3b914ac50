"""Queues with a limit: of room, of the population, of patience. All are chains that move by one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.theory.steady import positive

__all__ = ["Abandonment", "Loss", "birth_death", "erlang_a", "finite_population", "mmck"]

Floats = npt.NDArray[np.float64]
_NEGLIGIBLE = 45.0  #: states so much (natural logarithm) less likely than the likeliest are left out


@dataclass(frozen=True)
class Loss:
    """Steady state of a queue with a limit.

    Parameters
    ----------
    p_loss : float
        Probability of being turned away.
    throughput : float
        Rate of those served.
    L, Lq : float
        Mean number in the system, and waiting.
    W, Wq : float
        Mean time in the system, and waiting, of those who are let in.
    """

    p_loss: float
    throughput: float
    L: float
    Lq: float
    W: float
    Wq: float


@dataclass(frozen=True)
class Abandonment:
    """Steady state of a queue whose customers lose patience.

    Parameters
    ----------
    p_wait : float
        Probability of having to wait.
    p_abandon : float
        Probability of leaving the queue without service.
    Lq : float
        Mean number waiting.
    Wq : float
        Mean time waiting of all, served or not.
    busy : float
        Mean number of servers busy.
    """

    p_wait: float
    p_abandon: float
    Lq: float
    Wq: float
    busy: float


def birth_death(up: npt.ArrayLike, down: npt.ArrayLike) -> Floats:
    """Steady state of a chain on 0, 1, …, n, whose probabilities are products of rates up over rates down.

    Parameters
    ----------
    up : array (n,)
        Rate from state k to k + 1, k = 0, 1, …, n - 1.
    down : array (n,)
        Rate from state k to k - 1, k = 1, 2, …, n.

    Returns
    -------
    array (n + 1,)
        Probabilities, which sum to one.

    Examples
    --------
    >>> birth_death([1.0, 1.0], [1.0, 2.0])
    array([0.4, 0.4, 0.2])
    """
    with np.errstate(divide="ignore"):
        weight = np.concatenate([[0.0], np.cumsum(np.log(np.asarray(up, float)) - np.log(np.asarray(down, float)))])
    share = np.exp(weight - weight.max())
    return share / share.sum()


def mmck(servers: int, capacity: int, arrival_rate: float, service_rate: float) -> Loss:
    """M/M/c/K, with `capacity` K places in all, servers and waiting room: D. Gross and others (2008), section 2.5.

    Examples
    --------
    >>> found = mmck(20, 30, 19.0, 1.0)
    >>> round(found.p_loss, 6), round(found.Wq, 6)
    (0.039651, 0.140532)
    """
    positive(servers=servers, arrival_rate=arrival_rate, service_rate=service_rate)
    if capacity < servers:
        raise ValueError(f"a capacity of {capacity} is below the {servers} servers")
    n = np.arange(capacity + 1)
    p = birth_death(np.full(capacity, arrival_rate), np.minimum(n[1:], servers) * service_rate)
    return _loss(p, servers, arrival_rate * (1 - p[-1]), float(p[-1]))


def finite_population(servers: int, population: int, rate_each: float, service_rate: float) -> Loss:
    """M/M/c//N: each of a finite population comes at this rate while it is not in the system, and nobody is lost.

    C. Palm (1947), the machine repair model; D. Gross and others (2008), section 2.8.

    Examples
    --------
    >>> found = finite_population(2, 10, 0.1, 0.5)
    >>> round(found.throughput, 6), round(found.L, 6)
    (0.759628, 2.403722)
    """
    positive(servers=servers, population=population, rate_each=rate_each, service_rate=service_rate)
    n = np.arange(population + 1)
    p = birth_death((population - n[:-1]) * rate_each, np.minimum(n[1:], servers) * service_rate)
    return _loss(p, servers, float(((population - n) * p).sum()) * rate_each, 0.0)


def erlang_a(servers: int, arrival_rate: float, service_rate: float, patience_rate: float) -> Abandonment:
    """M/M/c+M: those who wait leave at the rate `patience_rate` each.

    C. Palm (1957), Tele 3; O. Garnett, A. Mandelbaum, M. Reiman (2002), Manufacturing & Service Operations Management
    4, 208-227.

    Examples
    --------
    >>> found = erlang_a(20, 22.0, 1.0, 0.25)
    >>> round(found.p_wait, 6), round(found.p_abandon, 6)
    (0.875787, 0.109462)
    """
    positive(servers=servers, arrival_rate=arrival_rate, service_rate=service_rate, patience_rate=patience_rate)
    states = 2 * servers + 64
    while True:  # until what lies beyond the last state is negligible
        n = np.arange(states + 1)
        down = np.minimum(n[1:], servers) * service_rate + np.maximum(n[1:] - servers, 0) * patience_rate
        p = birth_death(np.full(states, arrival_rate), down)
        if p[-1] < p.max() * math.exp(-_NEGLIGIBLE) and down[-1] > 1.01 * arrival_rate:
            break
        states *= 2
    waiting = float((np.maximum(n - servers, 0) * p).sum())
    return Abandonment(
        p_wait=float(p[servers:].sum()),
        p_abandon=waiting * patience_rate / arrival_rate,
        Lq=waiting,
        Wq=waiting / arrival_rate,
        busy=float((np.minimum(n, servers) * p).sum()),
    )


def _loss(p: Floats, servers: int, throughput: float, p_loss: float) -> Loss:
    n = np.arange(p.size)
    number, waiting = float((n * p).sum()), float((np.maximum(n - servers, 0) * p).sum())
    rate = float(throughput)
    return Loss(p_loss, rate, number, waiting, number / rate, waiting / rate)

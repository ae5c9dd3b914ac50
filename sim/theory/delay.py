"""Servers with exponential service and a common queue: loss, delay, priority, and how many servers are enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from sim.theory.steady import Queue, by_littles_law, not_negative, positive, steady

__all__ = [
    "erlang_b",
    "erlang_c",
    "mmc",
    "mmc_priority",
    "mmc_wait_over",
    "servers_for",
    "servers_for_occupancy",
]

_ROUNDING = 1e-9


def erlang_b(servers: int, load: float) -> float:
    """Probability of being turned away from M/G/c/c; only the mean of the service matters.

    The recursion B(n) = load B(n-1) / (n + load B(n-1)) is stable for any number of servers. A. K. Erlang (1917);
    the recursion in R. B. Cooper (1981), Introduction to queueing theory, section 3.3.

    Examples
    --------
    >>> round(erlang_b(10, 8.0), 6)
    0.121661
    """
    positive(load=load)
    not_negative(servers=servers)
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """Probability of having to wait in M/M/c; 1 when the load is not below the servers.

    From Erlang B: C = B / (1 - rho (1 - B)). A. K. Erlang (1917).

    Examples
    --------
    >>> round(erlang_c(20, 17.0), 6)
    0.385056
    """
    if load >= servers:
        return 1.0
    blocked = erlang_b(servers, load)
    return blocked / (1 - load / servers * (1 - blocked))


def mmc(servers: int, arrival_rate: float, service_rate: float) -> Queue:
    """M/M/c: D. Gross and others (2008), Fundamentals of queueing theory, section 2.3.

    Raises
    ------
    ValueError
        When the load is not below the servers: there is no steady state.

    Examples
    --------
    >>> round(mmc(1, 0.8, 1.0).L, 9), round(mmc(100, 19.0, 0.2).Wq, 6)
    (4.0, 0.506457)
    """
    positive(servers=servers, arrival_rate=arrival_rate, service_rate=service_rate)
    load = arrival_rate / service_rate
    steady(load / servers)
    p_wait = erlang_c(servers, load)
    return by_littles_law(
        arrival_rate, load / servers, p_wait, p_wait / (servers * service_rate - arrival_rate), 1 / service_rate
    )


def mmc_wait_over(servers: int, arrival_rate: float, service_rate: float, time: float) -> float:
    """Probability of waiting longer than `time` in M/M/c, first come first served.

    C exp(-(c mu - lambda) t): D. Gross and others (2008), section 2.3.

    Examples
    --------
    >>> round(mmc_wait_over(20, 17.0, 1.0, 4 / 24), 6)
    0.233548
    """
    p_wait = mmc(servers, arrival_rate, service_rate).p_wait
    return p_wait * math.exp(-(servers * service_rate - arrival_rate) * time)


def mmc_priority(servers: int, arrival_rates: Sequence[float], service_rate: float) -> list[float]:
    """Mean waits in M/M/c by class, the first served first and nobody interrupted, with equal service.

    A. Cobham (1954), Operations Research 2, 70-76: C / (c mu (1 - s(k-1)) (1 - s(k))) with s(k) the share of the
    servers that the first k classes need.

    Examples
    --------
    >>> [round(w, 6) for w in mmc_priority(20, [10.0, 7.5], 1.0)]
    [0.046316, 0.370525]
    """
    queue = mmc(servers, sum(arrival_rates), service_rate)
    needed = np.concatenate([[0.0], np.cumsum(arrival_rates)]) / (servers * service_rate)
    return [
        float(queue.p_wait / (servers * service_rate * (1 - a) * (1 - b)))
        for a, b in zip(needed, needed[1:], strict=False)
    ]


def servers_for(load: float, target: float, chance: Callable[[int, float], float] = erlang_c) -> int:
    """Smallest number of servers at which a chance (of waiting, of loss) is no more than `target`.

    Parameters
    ----------
    load : float
        Offered load.
    target : float
        Highest acceptable probability, in (0, 1).
    chance : callable
        Falls as servers are added: :func:`erlang_c` (delay) or :func:`erlang_b` (loss), or another function of
        servers and load.

    Examples
    --------
    >>> servers_for(390.0, 0.05), servers_for(390.0, 0.01, erlang_b)
    (426, 415)
    """
    positive(load=load)
    if not 0 < target < 1:
        raise ValueError(f"a target lies between 0 and 1, not at {target}")
    few, many = 0, 1
    while chance(many, load) > target:
        few, many = many, 2 * many
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if chance(middle, load) > target else (few, middle)
    return many


def servers_for_occupancy(load: float, occupancy: float) -> int:
    """Servers so many that no more than this share of them is busy on average: the load divided by it, rounded up.

    Examples
    --------
    >>> servers_for_occupancy(17.0, 0.85), servers_for_occupancy(390.0, 0.92)
    (20, 424)
    """
    positive(load=load)
    if not 0 < occupancy <= 1:
        raise ValueError(f"an occupancy lies between 0 and 1, not at {occupancy}")
    return math.ceil(load / occupancy * (1 - _ROUNDING))

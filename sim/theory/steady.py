"""What every queue without loss has, and what its parameters must be."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Queue", "by_littles_law", "not_negative", "positive", "steady"]


@dataclass(frozen=True)
class Queue:
    """Steady state of a queue that loses nobody.

    Parameters
    ----------
    rho : float
        Share of the servers that is busy.
    p_wait : float
        Probability of having to wait.
    L, Lq : float
        Mean number in the system, and waiting.
    W, Wq : float
        Mean time in the system, and waiting.
    """

    rho: float
    p_wait: float
    L: float
    Lq: float
    W: float
    Wq: float


def by_littles_law(arrival_rate: float, rho: float, p_wait: float, wait: float, service: float) -> Queue:
    """Fill in numbers and times by Little's law."""
    return Queue(rho, p_wait, arrival_rate * (wait + service), arrival_rate * wait, wait + service, wait)


def positive(**values: float) -> None:
    """Refuse values that are not above 0."""
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} = {value}: must be above 0")


def not_negative(**values: float) -> None:
    """Refuse values below 0."""
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"{name} = {value}: must be 0 or more")


def steady(rho: float) -> None:
    """Refuse a load that the servers cannot do."""
    if rho >= 1:
        raise ValueError(f"the load is {rho:.4g} of what the servers can do: there is no steady state")

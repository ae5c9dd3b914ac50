"""What the cases are written with: stations, sources, files cut into periods, and answers picked from the data.

The time unit is written as an hour where a day has few events, because hours of the calendar without arrivals cost
computing time and mean nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.verification.acceptance import MEAN, QUEUE
from sim.verification.answers import expected
from sim.verification.record import Measured, Record

__all__ = [
    "HELD",
    "QUEUE_KINDS",
    "exponential",
    "network",
    "pick",
    "queue_figures",
    "routed",
    "seated",
    "source",
    "station",
    "time",
]

HELD = ("in_service", "blocked", "in_transition")  #: states in which a place is held


def time(x: float, unit: str) -> str:
    """A duration as a network file writes it."""
    return f"{x!r} {unit}"


def exponential(mean: float, unit: str = "h") -> dict[str, Any]:
    """Exponential time of this mean."""
    return {"kind": "exponential", "mean": time(mean, unit)}


def station(places: Any, service: Any, to: Mapping[str, float] | None = None, **more: Any) -> dict[str, Any]:
    """A station with one route, or none."""
    return {"places": places, "service": service, **({"routes": [{"to": to}]} if to else {}), **more}


def source(to: str, rate: float, unit: str = "h", cls: str = "a") -> dict[str, Any]:
    """Poisson arrivals, so many per unit of time."""
    return {"class": cls, "to": to, "rate_per_day": rate * (24 if unit == "h" else 1)}


def network(
    measured: float,
    warm: float,
    stations: dict[str, Any],
    sources: dict[str, Any],
    unit: str = "h",
    snapshot: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """File whose statistics periods are the warm-up, repeated until `measured` is covered."""
    periods = max(1, round(measured / warm))
    horizon = warm * (1 + periods)
    observe = {
        "period": time(warm, unit),
        "snapshot_every": time(horizon if snapshot is None else snapshot, unit),
        "wait_over": more.pop("wait_over", []),
        "clocks": more.pop("clocks", {}),
    }
    return {
        "start": "2018-04-02",
        "horizon": time(horizon, unit),
        "classes": ["a"],
        "stations": stations,
        "sources": sources,
        "observe": observe,
        **more,
    }


def pick(case: str, kinds: dict[str, str]) -> dict[str, tuple[float, str]]:
    """Quantities of a case of the data file, with their kinds."""
    return {name: (expected(case)[name], kind) for name, kind in kinds.items()}


def seated(**count: int) -> list[dict[str, Any]]:
    """Census that puts a large system near its steady state at once; the warm-up does the rest."""
    return [{"station": s, "class": "a", "count": n} for s, n in count.items()]


def queue_figures(r: Record) -> Measured:
    """L, Lq, W, Wq of the station `w`, by entity-time and by those who start."""
    total = r.area("w", "waiting", "in_service")
    return {
        "L": total / r.time,
        "Lq": r.area("w", "waiting") / r.time,
        "W": (total, r.flow("w", "started")),
        "Wq": (r.wait("w"), r.flow("w", "started")),
    }


#: the kinds of what `queue_figures` gives
QUEUE_KINDS = {"L": MEAN, "Lq": QUEUE, "W": MEAN, "Wq": QUEUE}


def routed(p: dict[str, Any], i: int) -> dict[str, float]:
    """Shares of the destinations of node `i` in a routing matrix."""
    out = {n: x for n, x in zip(p["nodes"], p["routing"][i], strict=True) if x}
    return {**out, "leave": 1 - sum(out.values())}

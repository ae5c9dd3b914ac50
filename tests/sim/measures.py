"""Networks and measures of the tests of experiments; in a module, so that processes can be sent them."""

from typing import Any

from sim.kernel.layout import FLOWS
from sim.run import Run


def queue(load: float, places: Any = 10, days: float = 100, room: Any = "inf", period: float = 20) -> dict[str, Any]:
    """M/M/c with services of one day on average; the first statistics period is there to be left out."""
    return {
        "horizon": f"{days} d",
        "sources": {"s": {"to": "w", "rate_per_day": load}},
        "stations": {"w": {"places": places, "waiting_room": room, "service": {"kind": "exponential", "mean": "1 d"}}},
        "observe": {"period": f"{period} d", "snapshot_every": "1 d", "wait_over": ["4 h"]},
    }


def flow(run: Run, name: str, station: int = 0) -> float:
    """How often it happened at one station after the first period."""
    return float(run.observations()["flow"][1:, station, :, FLOWS.index(name)].sum())


def waits(run: Run) -> dict[str, float]:
    """Share of those who waited over 4 h, and the mean wait in hours, at the first station."""
    seen, started = run.observations(), flow(run, "started")
    return {
        "over 4 h": float(seen["wait_over"][1:, 0].sum()) / started,
        "mean wait": float(seen["wait_total"][1:, 0].sum()) / started / 3_600_000,
    }


def everything(run: Run) -> dict[str, Any]:
    """All that was written down, as bytes that can be compared exactly."""
    return {"fingerprint": run.fingerprint, "flow": run.observations()["flow"].copy(), **waits(run)}


MONTHS = [1.05, 1.04, 1.02, 1.0, 0.98, 0.96, 0.95, 0.96, 0.98, 1.0, 1.02, 1.04]
WEEK = [1.08, 1.03, 1.02, 1.01, 1.03, 0.92, 0.91]


def crowded(places: int, deflect: str = "", share: float = 0.05, variance: float = 0.02, phi: float = 0.9) -> Any:
    """G_t/G/c: 60 arrivals a day with season, weekday and day noise; lognormal stays of 6.5 days, cv 1.5.

    The load is 390. A share of the arrivals is deflected: by a lower `level` of the rate, by an `attribute`, or by
    a `route`; for the last two everybody passes a door first.
    """
    source: dict[str, Any] = {"to": "w", "rate_per_day": 60, "weekday": WEEK, "month": MONTHS, "noise": "day"}
    stations: dict[str, Any] = {
        "w": {"places": places, "service": {"kind": "lognormal", "mean": "6.5 d", "cv": 1.5}},
        "door": {"places": "inf", "service": {"kind": "deterministic", "mean": "0 h"}},
    }
    file = {
        "start": "2018-04-02",
        "horizon": "425 d",
        "noise": {"day": {"variance": variance, "correlation": phi}},
        "sources": {"s": source},
        "stations": stations,
        "census": [{"station": "w", "count": 385}],
        "observe": {"period": "60 d", "snapshot_every": "425 d", "wait_over": ["4 h"]},
    }
    if deflect == "level":
        source["level"] = [{"from": "0 d", "value": 1 - share}]
    elif deflect == "attribute":
        source |= {"to": "door", "attributes": {"deflected": {"yes": share, "no": 1 - share}}}
        gone = {"where": {"deflected": "yes"}, "to": {"leave": 1.0}}
        stations["door"]["routes"] = [gone, {"to": {"w": 1.0}}]
        file["attributes"] = {"deflected": ["yes", "no"]}
    elif deflect == "route":
        source["to"] = "door"
        stations["door"]["routes"] = [{"to": {"leave": share, "w": 1 - share}}]
    return file

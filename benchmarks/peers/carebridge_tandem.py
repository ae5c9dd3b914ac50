"""The tandem in this project's own engine: a network given as data."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from benchmarks.tandem import Result, Tandem, peak_mb


def network(case: Tandem) -> dict[str, Any]:
    """The case as a network file would give it."""
    return {
        "name": case.name,
        "horizon": f"{case.days:g} d",
        "classes": ["patient"],
        "sources": {"arrivals": {"class": "patient", "to": "acute", "rate_per_day": case.arrivals_per_day}},
        "stations": {
            "acute": {
                "places": case.acute_places,
                "service": {"kind": "lognormal", "mean": f"{case.acute_stay_mean:g} d", "cv": case.acute_stay_cv},
                "routes": [{"to": {"community": case.community_share, "leave": 1 - case.community_share}}],
            },
            "community": {
                "places": case.community_places,
                "waiting_room": 0,
                "service": {"kind": "exponential", "mean": f"{case.community_stay_mean:g} d"},
            },
        },
    }


@functools.cache
def lowered(case: Tandem) -> Any:
    """The case as flat tables, after one run that compiles the kernel or loads it from its cache."""
    from sim import load_network, lower, simulate

    tables = lower(load_network(network(case)))
    simulate(tables, seed=0)
    return tables


def run(case: Tandem, seed: int) -> Result:
    """Run the case once."""
    from sim import simulate

    tables = lowered(case)
    begin = time.process_time()
    outcome = simulate(tables, seed=seed)
    seconds = time.process_time() - begin
    return Result(
        events=outcome.events,
        seconds=seconds,
        acute_mean=outcome.mean_held("acute"),
        community_mean=outcome.mean_held("community"),
        blocked_mean=outcome.mean_blocked("acute"),
        peak_mb=peak_mb(),
    )


FORMS: dict[str, Callable[[Tandem, int], Result]] = {"network": run}

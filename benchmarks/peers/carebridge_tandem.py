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
    from sim import Run, load_network, lower

    tables = lower(load_network(network(case)))
    Run(tables, seed=0).advance()
    return tables


def run(case: Tandem, seed: int) -> Result:
    """Run the case once; what is counted is counted exactly, so the means need no sampling of the run."""
    from sim import Run
    from sim.clock import DAY
    from sim.kernel.layout import FLOWS, STATES

    tables = lowered(case)
    begin = time.process_time()
    one = Run(tables, seed)
    one.advance()
    seconds = time.process_time() - begin
    seen = one.observations()
    flows = seen["flow"].sum(axis=(0, 2))
    people = seen["area"].sum(axis=(0, 2)) / (case.days * DAY)
    in_service, blocked = STATES.index("in_service"), STATES.index("blocked")
    return Result(
        events=int(flows[0, FLOWS.index("arrived")] + flows[:, FLOWS.index("served")].sum()),
        seconds=seconds,
        acute_mean=float(people[0, in_service] + people[0, blocked]),
        community_mean=float(people[1, in_service]),
        blocked_mean=float(people[0, blocked]),
        peak_mb=peak_mb(),
    )


FORMS: dict[str, Callable[[Tandem, int], Result]] = {"network": run}

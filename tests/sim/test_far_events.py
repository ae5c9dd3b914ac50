"""Events that are due long after they are put down: turns of the wheel of buckets later, and cancelled before then."""

from typing import Any

import numpy as np
import pytest

from sim.kernel.layout import LATER, TURN_BITS
from sim.network.load import load_network
from sim.run import Run
from sim.tables import lower
from sim.twin import Twin

TURN = 1 << TURN_BITS  #: ms
SEED = 5


def network(preempt: str | None) -> dict[str, Any]:
    """A ward of stays from an hour to half a year, where the urgent may send others back to the queue."""
    ward: dict[str, Any] = {
        "places": 30,
        "service": {"kind": "lognormal", "mean": "40 d", "cv": 2.0},
        "priority": {"urgent": 0, "planned": 1},
    }
    if preempt:
        ward["preempt"] = preempt
    return {
        "horizon": "500 d",
        "classes": ["urgent", "planned"],
        "sources": {
            "urgent": {"class": "urgent", "to": "ward", "rate_per_day": 0.3},
            "planned": {"class": "planned", "to": "ward", "rate_per_day": 0.5},
        },
        "stations": {"ward": ward},
    }


@pytest.mark.parametrize("preempt", [None, "resume", "restart", "resample"])
def test_stays_of_several_turns_end_as_in_the_reference(preempt: str | None) -> None:
    loaded = load_network(network(preempt))
    horizon = int(loaded.horizon)
    assert horizon > 5 * TURN
    run, twin = Run(lower(loaded), SEED, 0), Twin(loaded, SEED, 0)
    later = 0
    for until in range(0, horizon, TURN // 3):
        run.advance(until)
        later = max(later, int(run.state.numbers[LATER]))
        run = Run.restore(run.lowered, run.save())
    run.advance()
    twin.advance(horizon)
    seen, expected = run.observations(), twin.observations()
    assert later > 20  # most of the ward stands in the wheel
    assert all(np.array_equal(seen[name], expected[name]) for name in expected)

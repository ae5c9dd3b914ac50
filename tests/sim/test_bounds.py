"""With NUMBA_BOUNDSCHECK=1 an index out of range stops the kernel; otherwise it would read or write beside the array.

Without this test, bounds checks that never reach the folded-in rules would look like a kernel without faults.
"""

import os

import pytest

from sim.clock import DAY
from sim.network.load import load_network
from sim.run import Run
from sim.tables import lower

CHECKED = os.environ.get("NUMBA_BOUNDSCHECK", "0") not in ("", "0")


@pytest.mark.boundscheck
@pytest.mark.skipif(not CHECKED, reason="needs NUMBA_BOUNDSCHECK=1, and would damage memory without it")
@pytest.mark.parametrize("array", ["group", "station", "cls"])
def test_an_index_out_of_range_is_noticed(array: str) -> None:
    network = {
        "horizon": "9 d",
        "classes": ["a"],
        "sources": {"s": {"class": "a", "to": "w", "rate_per_day": 20}},
        "stations": {
            "w": {
                "places": 8,
                "service": {"kind": "exponential", "mean": "1 d"},
                "routes": [{"to": {"w": 0.5, "leave": 0.5}}],
            }
        },
    }
    run = Run(lower(load_network(network)), 1)
    run.advance(4 * DAY)
    run.state.entity[array] = 999
    with pytest.raises(IndexError):
        run.advance()

"""Little's law as the books must satisfy it: it holds on real runs, and every kind of false book is found."""

import numpy as np
import pytest

from sim import Run, load_network, lower
from sim.errors import ConservationError
from sim.kernel.layout import AWAITED, IN_SERVICE, LEFT, WAIT_TOTAL, WAITING
from sim.littles_law import assert_littles_law, numbers_at_edges

DATA = {
    "horizon": "120 d",
    "classes": ["a", "b"],
    "sources": {
        "one": {"class": "a", "to": "ward", "rate_per_day": 1.0},
        "two": {"class": "b", "to": "ward", "rate_per_day": 0.5},
    },
    "stations": {
        "ward": {
            "places": 8,
            "service": {"kind": "exponential", "mean": "5 d"},
            "routes": [{"to": {"home": 0.3, "leave": 0.7}}],
        },
        "home": {"places": 3, "waiting_room": 0, "service": {"kind": "exponential", "mean": "7 d"}},
    },
    "observe": {"period": "30 d"},
}


@pytest.fixture
def run() -> Run:
    run = Run(lower(load_network(DATA)), 1, 0)
    run.advance()
    return run


def test_it_holds(run):
    assert_littles_law(run.lowered, run.state)


def test_numbers_at_the_edges_are_those_present(run):
    edges = numbers_at_edges(run.lowered, run.state)
    present = run.state.present[:, :, :4].sum(axis=2)
    assert np.array_equal(edges[-1], present)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: s.area.__setitem__((1, 0, 0, IN_SERVICE), 10**15),
        lambda s: s.area.__setitem__((1, 0, 0, IN_SERVICE), -(10**12)),
        lambda s: s.area.__setitem__((2, 1, 0, AWAITED), s.area[2, 1, 0, AWAITED] + 1),
        lambda s: s.area.__setitem__((2, 0, 0, WAITING), s.area[2, 0, 0, WAITING] + 1),
        lambda s: s.flow.__setitem__((0, 0, 0, LEFT), s.flow[0, 0, 0, LEFT] + 1000),
        lambda s: s.flow.__setitem__((0, 0, 0, WAIT_TOTAL), s.flow[0, 0, 0, WAIT_TOTAL] + 1),
    ],
    ids=["too much time", "too little time", "awaited", "waiting", "more leave than came", "a wait too long"],
)
def test_false_books_are_found(run, spoil):
    spoil(run.state)
    with pytest.raises(ConservationError):
        assert_littles_law(run.lowered, run.state)

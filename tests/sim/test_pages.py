"""Arrays in large pages: the same numbers, side by side, and nothing that results keep."""

import mmap

import numpy as np
import pytest

from sim import Run, load_network, lower
from sim.kernel.layout import NEED_ENTITIES
from sim.pages import LINE, PAGE, WORTH, in_large_pages
from sim.results.axes import Axes
from tests.sim.random_networks import random_network

RECORD = np.dtype([("a", np.int64), ("b", np.int32), ("c", np.int32)])


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(1)
    records = np.zeros(1001, RECORD)
    records["b"] = rng.integers(0, 9, 1001)
    numbers = rng.random((3, WORTH // 8))
    return {"records": records, "numbers": numbers, "none": np.zeros((0, 5), np.int32), "turned": numbers.T}


@pytest.mark.skipif(not hasattr(mmap, "MADV_HUGEPAGE"), reason="this system cannot be asked for large pages")
def test_copies_are_equal_and_lie_side_by_side(arrays):
    """Values, types and shapes are kept; every array begins with a line, the first with a page."""
    made = in_large_pages(arrays)
    assert list(made) == list(arrays)
    for name, array in arrays.items():
        assert made[name].dtype == array.dtype and np.array_equal(made[name], array)
        assert made[name].flags.c_contiguous and made[name].flags.writeable
        assert made[name].ctypes.data % LINE == 0 or not array.size
        assert not np.shares_memory(made[name], array)
    assert made["records"].ctypes.data % PAGE == 0
    made["records"]["a"] = 7
    assert np.array_equal(made["numbers"], arrays["numbers"]) and not arrays["records"]["a"].any()


def test_small_arrays_stay_where_they_are():
    """A page is not made for them."""
    small = {"a": np.zeros(WORTH // 16), "b": np.zeros(3)}
    made = in_large_pages(small)
    assert list(made) == list(small) and all(made[name] is small[name] for name in small)


def test_a_system_that_cannot_be_asked_gives_the_same(arrays, monkeypatch):
    """Without the advice the arrays are used as they are."""
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
    assert in_large_pages(arrays)["numbers"] is arrays["numbers"]


@pytest.mark.skipif(not hasattr(mmap, "MADV_HUGEPAGE"), reason="this system cannot be asked for large pages")
def test_without_room_the_arrays_stay_where_they_are(arrays, monkeypatch):
    """A system that refuses the memory is no reason to stop."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(mmap, "mmap", refused)
    assert in_large_pages(arrays)["numbers"] is arrays["numbers"]


def test_results_keep_no_large_page():
    """What is written down has memory of its own, so that a result does not hold the people of its run."""
    run = Run(lower(load_network(random_network(5))), 1, 0, pool=20_000)
    people = _owner(run.state.entity)
    assert people is _owner(run.state.queue) or not hasattr(mmap, "MADV_HUGEPAGE")
    held = [a for a in run.observations().values() if isinstance(a, np.ndarray)]
    assert held and not any(_owner(a) is people for a in held)


@pytest.mark.skipif(not hasattr(mmap, "MADV_HUGEPAGE"), reason="this system cannot be asked for large pages")
def test_a_pool_that_was_too_small_is_given_back():
    """Nothing of the state holds the memory from which the people have moved."""
    run = Run(lower(load_network(random_network(5))), 1, 0, pool=20_000)
    before = _owner(run.state.entity)
    run.grow(NEED_ENTITIES)
    assert len(run.state.entity) > 20_000
    assert not any(_owner(array) is before for array in run.state)


def test_axes_of_results_hold_no_tables():
    """Edges of periods are kept by results: a few numbers, and not all that a network was lowered to."""
    lowered = lower(load_network(random_network(5)))
    assert not np.shares_memory(Axes.of(lowered).edges, lowered.tables.period_edges)


def _owner(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array

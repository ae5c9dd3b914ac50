"""Edges along a scale: exact where something holds on one side only, honest where it comes and goes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.experiments import Edge, edge, find_edges
from sim.experiments.edges import spread


@given(st.integers(1, 500), st.integers(2, 9), st.data())
def test_an_edge_of_what_holds_on_one_side_is_exact_and_cheap(size, grid, data):
    first_miss = data.draw(st.integers(0, size))  # size: it holds everywhere
    asked = []

    def at(position: int) -> bool:
        asked.append(position)
        return position < first_miss

    tried = find_edges(at, size, [bool], grid)
    found = edge(tried, bool)
    if first_miss:
        assert found.last is not None and found.last == (first_miss - 1 if first_miss < size else size - 1)
    else:
        assert found.last is None
    assert found.beyond == (first_miss if first_miss < size else None)
    assert len(asked) == len(set(asked)) == len(tried)
    widest = max((b - a for a, b in zip(spread(size, grid), spread(size, grid)[1:], strict=False)), default=1)
    assert len(asked) <= grid + math.ceil(math.log2(widest)) if widest > 1 else len(asked) <= grid


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.lists(st.booleans(), min_size=60, max_size=60))
def test_what_holds_holds_at_every_easier_position_that_was_tried(one, other):
    tried = find_edges(lambda at: (one[at], other[at]), len(one), [lambda a: a[0], lambda a: a[1]])
    for nth in (0, 1):
        found = edge(tried, lambda a, nth=nth: a[nth])
        assert all(tried[at][nth] for at in tried if found.last is not None and at <= found.last)
        if found.beyond is None:
            assert all(answer[nth] for answer in tried.values())
        else:
            assert not tried[found.beyond][nth]
            # nothing is left between: the two are neighbours of the scale, unless already the easiest misses
            assert found.last is None or found.beyond - found.last == 1


def test_a_gap_in_the_middle_counts_as_the_end():
    tried = dict.fromkeys(range(9), True) | {3: False}
    assert edge(tried, bool) == Edge(2, 3)


@pytest.mark.parametrize(("size", "grid"), [(0, 5), (5, 1)])
def test_a_scale_or_a_grid_that_is_too_small_is_refused(size, grid):
    with pytest.raises(ValueError, match="size >= 1 and grid >= 2"):
        find_edges(bool, size, [bool], grid)

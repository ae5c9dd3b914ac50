"""Edges along a scale: exact where something holds on one side or in one stretch, honest where it comes and goes."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.experiments import Span, find_edges, spans
from sim.experiments.edges import spread


@given(st.integers(1, 500), st.integers(2, 9), st.data())
def test_an_edge_of_what_holds_on_one_side_is_exact_and_cheap(size, grid, data):
    first_miss = data.draw(st.integers(0, size))  # size: it holds everywhere
    asked = []

    def at(position: int) -> bool:
        asked.append(position)
        return position < first_miss

    tried = find_edges(at, size, [bool], grid)
    if first_miss:
        assert spans(tried, bool) == [Span(0, first_miss - 1, None, first_miss if first_miss < size else None)]
    else:
        assert spans(tried, bool) == []
    assert len(asked) == len(set(asked)) == len(tried)
    widest = max((b - a for a, b in pairwise(spread(size, grid))), default=1)
    assert len(asked) <= grid + math.ceil(math.log2(max(1, widest)))


@given(st.integers(20, 300), st.data())
def test_what_holds_in_the_middle_only_is_found_where_the_grid_meets_it(size, data):
    met = data.draw(st.sampled_from(spread(size, 5)[1:-1]))
    first, last = data.draw(st.integers(1, met)), data.draw(st.integers(met, size - 2))
    tried = find_edges(lambda at: first <= at <= last, size, [bool])
    assert spans(tried, bool) == [Span(first, last, first - 1, last + 1)]


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.lists(st.booleans(), min_size=60, max_size=60))
def test_spans_are_what_was_tried_and_their_edges_are_neighbours(one, other):
    tried = find_edges(lambda at: (one[at], other[at]), len(one), [lambda a: a[0], lambda a: a[1]])
    for nth in (0, 1):
        found = spans(tried, lambda a, nth=nth: a[nth])
        inside = {at for at in tried for s in found if s.first <= at <= s.last}
        assert inside == {at for at, answer in tried.items() if answer[nth]}
        for s in found:
            assert s.before is None or (s.first - s.before == 1 and not tried[s.before][nth])
            assert s.beyond is None or (s.beyond - s.last == 1 and not tried[s.beyond][nth])
            assert (s.before is None) == (s.first == min(tried)) and (s.beyond is None) == (s.last == max(tried))


def test_a_gap_in_the_middle_makes_two_spans():
    tried = dict.fromkeys(range(9), True) | {3: False}
    assert spans(tried, bool) == [Span(0, 2, None, 3), Span(4, 8, 3, None)]


@pytest.mark.parametrize(("size", "grid"), [(0, 5), (5, 1)])
def test_a_scale_or_a_grid_that_is_too_small_is_refused(size, grid):
    with pytest.raises(ValueError, match="size >= 1 and grid >= 2"):
        find_edges(bool, size, [bool], grid)

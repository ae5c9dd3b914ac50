"""Ranges beside means: of a few futures all of them, of many the middle 90 %, and always named for what they are."""

from __future__ import annotations

import numpy as np
import pytest

from models.compare.command import _interval
from models.measures.tails import FEWEST, in_short, shaded, tails, that_holds
from models.report.series import spread
from models.report.tables_statements import within


@pytest.mark.parametrize("futures", [1, 2, 4, 21, 30, FEWEST - 1])
def test_of_few_futures_no_mean_lies_outside_its_range(futures: int) -> None:
    values = np.zeros(futures)
    values[0] = 300.0  # the one future in which it happens
    found = spread(values)
    assert found.low <= found.mean <= found.high == 300
    assert (found.low, found.high) == (values.min(), values.max())
    assert "300" in _interval(values) and "300" in within(values)
    for words in (in_short(futures), that_holds(futures), shaded(futures)):
        assert "lowest to" in words and "90" not in words and "95" not in words


def test_of_many_it_is_the_middle_nine_tenths() -> None:
    values = np.arange(float(FEWEST))
    assert tails(FEWEST) == (0.05, 0.95)
    assert (spread(values).low, spread(values).high) == tuple(np.quantile(values, [0.05, 0.95]))
    assert in_short(FEWEST) == "5 to 95 %" and "90" in that_holds(FEWEST) and "90 %" in shaded(FEWEST)

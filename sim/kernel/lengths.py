"""How long things other than stays take: one compiled copy of the quantile for all the places that are not hot."""

from __future__ import annotations

from typing import NamedTuple

from sim.kernel.jit import called, rule
from sim.kernel.layout import Float, Int, Rows
from sim.kernel.times import quantile, whole_ms

__all__ = ["length"]


class _Times(NamedTuple):
    """The part of the tables that a quantile needs."""

    service: Rows
    table: Float
    cell: Int
    observed: Float


@called
def _length(service, table, cell, observed, row, u):
    return whole_ms(quantile(_Times(service, table, cell, observed), row, u))


@rule
def length(T, row, u):
    """Whole milliseconds below which a share `u` of service `row` lies."""
    return _length(T.service, T.table, T.cell, T.observed, row, u)

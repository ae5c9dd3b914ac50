"""Rules by class and attributes, looked up in a table: attributes index rules, they do not multiply classes."""

from __future__ import annotations

from sim.kernel.jit import rule

__all__ = ["pick"]


@rule
def pick(T, selector, levels):
    """Rule of a selector that holds for these class and attribute levels, or -1 (as for selector -1: no rules)."""
    if selector < 0:
        return -1
    pick = T.selector[selector]
    at = pick.base
    for row in range(pick.first, pick.last):
        at += ((levels >> T.pick[row, 0]) & 127) * T.pick[row, 1]
    return T.pick_rule[at]

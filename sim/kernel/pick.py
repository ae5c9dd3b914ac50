"""Rules by class and attributes, looked up in a table: attributes index rules, they do not multiply classes."""

from __future__ import annotations

from sim.kernel.jit import rule

__all__ = ["pick"]


@rule
def pick(selectors, picks, rules, selector, levels):
    """Rule of a selector that holds for these class and attribute levels, or -1 (as for selector -1: no rules)."""
    if selector < 0:
        return -1
    row = selectors[selector]
    at = row.base
    for k in range(row.first, row.last):
        at += ((levels >> picks[k, 0]) & 127) * picks[k, 1]
    return rules[at]

"""Rules by class and attributes, looked up in a table: attributes index rules, they do not multiply classes."""

from __future__ import annotations

from sim.kernel.jit import rule

__all__ = ["pick"]


@rule
def pick(selectors, picks, rules, selector, levels):
    """Rule of a selector that holds for these class and attribute levels, or -1.

    A selector below zero is a rule that always holds, written as -2 - rule; -1 is no rule.
    """
    if selector < 0:
        return -2 - selector
    row = selectors[selector]
    at = row.base
    for k in range(row.first, row.last):
        at += ((levels >> picks[k, 0]) & 127) * picks[k, 1]
    return rules[at]

"""Credible with conditions: another timeline, or a lever that was searched, is shown to make the plan credible.

The fourth rule of the verdict: after *not credible* and *credible*, before *undetermined* and *at risk* (V4, V9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.verdict.verdict import AT_RISK, CONDITIONAL, CREDIBLE, UNDETERMINED, Verdict

__all__ = ["name_conditions"]

OPEN = (UNDETERMINED, AT_RISK)


def name_conditions(
    verdicts: Mapping[str, Verdict],
    years: Mapping[str, int],
    levers: Mapping[str, Sequence[str]] | None = None,
    credible_from: float = 1.0,
) -> None:
    """Name on which conditions plans are credible, in place; by the other thresholds as well.

    Parameters
    ----------
    verdicts : mapping
        Of one plan on each timeline, over the same years and before any condition is named.
    years : mapping
        Of each timeline.
    levers : mapping, optional
        Of each timeline, what was found to make the plan credible, in words.
    credible_from : float
        The threshold that the levers were searched for; they hold for lower ones too.
    """
    levers = levers or {}
    said = {name: v.verdict for name, v in verdicts.items()}
    others = {name: dict(v.at_other_thresholds) for name, v in verdicts.items()}
    for name, v in verdicts.items():
        v.conditions = [*_elsewhere(said, name, years), *levers.get(name, ())] if v.verdict in OPEN else []
        v.verdict = CONDITIONAL if v.conditions else v.verdict
        for threshold, verdict in others[name].items():
            at = {other: of.get(threshold, "") for other, of in others.items()}
            met = _elsewhere(at, name, years) or (float(threshold) <= credible_from and levers.get(name))
            v.at_other_thresholds[threshold] = CONDITIONAL if verdict in OPEN and met else verdict


def _elsewhere(said: Mapping[str, str], name: str, years: Mapping[str, int]) -> list[str]:
    """Timelines other than one's own on which the plan is credible, in words."""
    return [f"over {years[other]} years" for other, verdict in said.items() if other != name and verdict == CREDIBLE]

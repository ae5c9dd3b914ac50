"""The verdict: whether the plan happens and does no harm, with what probability.

V1, V4, V7 (an answer of "no" is allowed), V10. Criteria and lenses are in :mod:`models.verdict.criteria`.
Probabilities are over replications within one named future, with exact one-sided bounds (Clopper and Pearson).
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.care.slow import Around
from models.plans.schedule import Schedule
from models.plans.whose_plan import is_no_plan
from models.settings.criteria import Criteria
from models.verdict.assess import assess
from models.verdict.criteria import Assessed, not_assessed
from sim.statistics import binomial_bounds

__all__ = ["AT_RISK", "CONDITIONAL", "CREDIBLE", "NO_BASELINE", "NO_PLAN", "SCHEMA_VERSION", "UNDETERMINED"]
__all__ += ["Verdict", "bounds", "fewest", "judge", "passed", "rule"]

SCHEMA_VERSION = "1.0"
LEVEL = 0.95

NO_BASELINE, NO_PLAN = "no baseline", "no plan"
NOT_CREDIBLE, CREDIBLE, CONDITIONAL = "not credible", "credible", "credible with conditions"
UNDETERMINED, AT_RISK = "undetermined", "at risk"


@dataclass
class Verdict:
    """What is said of one plan on one timeline.

    Parameters
    ----------
    verdict : str
        One of: no baseline, no plan, not credible, credible, credible with conditions, undetermined, at risk.
    probability, interval : float, (float, float)
        P(delivered and safe) with its exact one-sided 95 % bounds.
    delivered, safe : dict
        ``probability`` and ``interval`` of each.
    binding_criterion : str
        The deciding criterion that the fewest replications pass.
    criteria : list of dict
        Every criterion, those not assessed included.
    ruled_out : list of str
        Why the plan is not credible whatever is simulated (K9); empty where nothing speaks so.
    conditions : list of str
        Each of which by itself would make the plan credible; of *credible with conditions* only.
    at_other_grades : list of dict
        Verdicts that there would be if one piece of evidence were graded one step better or worse: ``evidence``, its
        ``grade``, what it would be ``graded``, and the ``verdict``; empty where it would be the same.
    """

    timeline: str
    verdict: str
    probability: float
    interval: tuple[float, float]
    delivered: dict[str, Any]
    safe: dict[str, Any]
    binding_criterion: str
    criteria: list[dict[str, Any]]
    replications: int
    window: tuple[str, str]
    reasons: list[str] = field(default_factory=list)
    at_other_thresholds: dict[str, str] = field(default_factory=dict)
    ruled_out: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    at_other_grades: list[dict[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for ``verdict.json``; other grades stand there where one of them would change the verdict."""
        data = asdict(self)
        return data if self.at_other_grades else {k: v for k, v in data.items() if k != "at_other_grades"}


def judge(
    plan: Observed,
    usual: Observed,
    schedule: Schedule,
    criteria: Criteria,
    window: tuple[dt.date, dt.date],
    why_not: list[str],
    money: Assessed | str = "",
    parts: Sequence[dict[str, Any]] = (),
    compensation: Assessed | str = "",
    around: Around | None = None,
) -> tuple[Verdict, list[Assessed]]:
    """Judge a plan against business as usual, replication by replication.

    Parameters
    ----------
    window : (date, date)
        First day and the day after the last; the same for every timeline.
    why_not : list of str
        Reasons why there is no baseline; empty when there is one.
    money : Assessed or str
        Criterion K7, or why it is not assessed; empty where no books are kept.
    parts : sequence of dict
        What is told beside K7 (:func:`models.verdict.criteria_money_parts.money_parts`).
    compensation : Assessed or str
        Criterion K11, or why there is nothing to judge; empty where it was not asked for.
    around : Around, optional
        What lies around the care system, with how many programmes leaders can carry; without it K12 is left out.
    """
    more = {"K7": money, "K11": compensation}
    assessed = assess(plan, usual, schedule, criteria, window, around)
    assessed += [a for a in more.values() if isinstance(a, Assessed)]
    said = {key: note for key, note in more.items() if isinstance(note, str)}
    deciding = [a for a in assessed if a.decides]
    delivered, safe = passed(assessed)
    both = delivered & safe
    binding = min(deciding, key=lambda a: (a.passes.mean(), a.key))
    low, high = bounds(both)
    ruled_out = [why for a in assessed for why in a.rules_out]

    def said_of(limits: Limits, out: bool = bool(ruled_out)) -> str:
        found = rule(low, high, limits, why_not, out)
        return NO_PLAN if found != NO_BASELINE and is_no_plan(schedule.plan) else found

    verdict = Verdict(
        timeline=schedule.timeline.name,
        verdict=said_of(criteria),
        probability=float(both.mean()),
        interval=(low, high),
        delivered=_probability(delivered),
        safe=_probability(safe),
        binding_criterion=binding.key,
        criteria=[_row(a) for a in assessed] + [{"id": k, **v} for k, v in not_assessed(assessed, said).items()],
        replications=len(both),
        window=(window[0].isoformat(), window[1].isoformat()),
        reasons=why_not,
        at_other_thresholds={
            f"{t:.2f}": said_of(criteria.model_copy(update={"credible_from": t})) for t in (0.80, 0.95)
        },
        ruled_out=ruled_out,
        at_other_grades=[
            {"evidence": title, "grade": grade, "graded": other, "verdict": said}
            for a in assessed
            for title, grade, other in a.regraded
            if (said := said_of(criteria, not ruled_out)) != said_of(criteria)
        ],
    )
    if parts:
        next(row for row in verdict.criteria if row["id"] == "K7")["parts"] = list(parts)
    verdict.criteria.sort(key=lambda row: (int("".join(c for c in row["id"] if c.isdigit())), row["id"]))
    return verdict, assessed


def passed(assessed: list[Assessed]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which replications are delivered, and which are safe, by the criteria that decide."""
    deciding = [a for a in assessed if a.decides]
    delivered = np.all([a.passes for a in deciding if a.key == "K0"], axis=0)
    safe = np.all([a.passes for a in deciding if a.key != "K0"], axis=0)
    return delivered, safe


def bounds(passes: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Exact one-sided 95 % bounds of the share of replications that pass."""
    return binomial_bounds(int(passes.sum()), len(passes), LEVEL)


def fewest(credible_from: float, failed: int = 0) -> int:
    """Replications that it takes at least before a plan can be called credible, if no more than so many fail."""

    def lower(replications: int) -> float:
        return binomial_bounds(replications - failed, replications, LEVEL)[0]

    return bisect_left(range(10**9), credible_from, lo=failed + 1, key=lower)


def _probability(passes: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {"probability": float(passes.mean()), "interval": bounds(passes)}


class Limits(Protocol):
    """Where the lines between verdicts lie."""

    @property
    def credible_from(self) -> float: ...  # noqa: D102
    @property
    def not_credible_below(self) -> float: ...  # noqa: D102


def rule(low: float, high: float, criteria: Limits, why_not: list[str], ruled_out: bool = False) -> str:
    """First rule that holds, given the bounds of P(delivered and safe) and whether a criterion rules the plan out."""
    if why_not:
        return NO_BASELINE
    if ruled_out or high < criteria.not_credible_below:
        return NOT_CREDIBLE
    if low >= criteria.credible_from:
        return CREDIBLE
    if low < criteria.credible_from <= high or low < criteria.not_credible_below <= high:
        return UNDETERMINED
    return AT_RISK


def _row(a: Assessed) -> dict[str, Any]:
    return {
        "id": a.key,
        "name": a.name,
        "assessed": True,
        "decides": a.decides,
        "lens": a.lens,
        "threshold": a.threshold,
        "unit": a.unit,
        "source": a.source,
        **_probability(a.passes),
        "meets_standard": None if a.meets is None else float(a.meets.mean()),
        "does_no_harm": None if a.harmless is None else float(a.harmless.mean()),
        "usual_meets_standard": None if a.usual_meets is None else float(a.usual_meets.mean()),
        "value": a.value,
        "usual_value": a.usual_value,
        "worst": a.worst,
        "note": a.note,
        **({"figures": list(a.figures)} if a.figures else {}),
        **({"harmed": a.harmed} if a.harmed else {}),
    }

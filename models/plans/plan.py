"""A plan: moves by name, who must agree to them, and what is done when the plan goes wrong.

Sources of the rules: T1 and A10 (double running before anything is decommissioned), T2 (3 to 5 years against 10 to 15),
G18 and G19 (legal challenge, consultation), and the off-plan rules of Nottinghamshire's plan.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from models.figures.figures import Figure, Name, must
from models.plans.moves import AnyMove, Months, Part

__all__ = [
    "WATCHED",
    "Approval",
    "MoveName",
    "OffPlan",
    "Plan",
    "Timeline",
    "approval_of",
    "over",
    "preparation_months",
]


def one_word(name: str) -> str:
    """Return the name of a move if it can be one."""
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise ValueError("a move's name is letters, digits and '_', so that plan.moves.NAME.size.value can reach it")
    return name


MoveName = Annotated[str, AfterValidator(one_word)]
Probability = Annotated[Figure, AfterValidator(must("probability", most=1))]
OfBeds = Annotated[Figure, AfterValidator(must("share of beds", most=1))]

#: unit of what each off-plan rule watches
WATCHED = {
    "access": "share",  # of emergencies waiting over 4 h for a bed
    "occupancy": "share",  # of hospital beds
    "delayed": "share",  # of hospital beds held by people ready to leave
    "staff": "share",  # of wanted posts that are empty
    "late_months": "months",  # behind the planned day
    "money": "GBP million",  # spent on the plan above what was planned so far
}


class Approval(Part):
    """Who has to agree to a move, how long that takes, and what may go wrong."""

    partners: list[str] = Field(min_length=1)
    """Organisations that decide."""
    rule: Literal["unanimous", "majority", "delegated"]
    """Whether all must agree, more than half, or one decides for all."""
    latency_months: Months
    """From asking to the decision (unit `months`)."""
    veto_probability: Probability
    """That one partner says no to one decision (unit `probability`)."""
    consultation_months: Months
    """Public consultation before beds or places close; three months or more where they do (unit `months`)."""
    legal_challenge_probability: Probability
    """That a closure is challenged in court (unit `probability`)."""
    legal_delay_months: Months
    """How long a challenge takes (unit `months`)."""
    upheld_probability: Probability
    """That a challenge stops the move for good (unit `probability`)."""


class OffPlan(Part):
    """What is done when something has been wrong for a while."""

    name: Name
    watch: Literal["access", "occupancy", "delayed", "staff", "late_months", "money"]
    """What is watched."""
    site: str = "any"
    """`any` one site, `all` sites at once, or the name of one."""
    above: Figure
    """Level above which it counts as wrong, in the unit of what is watched."""
    for_months: int = Field(ge=1, le=120)
    """Months in a row for which it must have been wrong."""
    then: Literal["pause", "slow", "reopen", "escalate"]
    """Pause closures, make them half as fast, reopen mothballed beds, or have a higher body decide for a while."""
    months: int = Field(ge=1, le=120)
    """How long that lasts."""
    beds: OfBeds | None = None
    """Of `escalate`: escalation beds that open meanwhile, as a share of the hospital's beds before the plan; none
    unless given (unit `share of beds`)."""


class Plan(Part):
    """A plan to change where people are cared for."""

    name: Name
    """As the file is called."""
    title: str
    """For the head of a report."""
    question: str
    """What somebody wants to know, in plain words."""
    footprint: Name | None = None
    """Area for which it was written; none when it may be tried on any."""
    starts: dt.date
    """A 1 April, after the baseline year."""
    years: int = Field(ge=1, le=30)
    """Years over which it was written; other timelines stretch it."""
    moves: dict[MoveName, AnyMove] = {}
    """What is to happen, by name."""
    approval: Approval | None = None
    """Who decides; without it moves begin as planned and nobody is asked."""
    gates: Name = "default"
    """Set of gates by which its moves are held, unless the run says another."""
    off_plan: list[OffPlan] = []
    """What is done when something goes wrong."""
    claims: dict[str, Figure] = {}
    """What the plan itself says it will achieve; compared, never used."""
    outcome: dict[str, Figure] = {}
    """What became of it, where that is known; compared, never used."""
    alternatives: list[str] = []
    """Other readings of the same plan."""
    missing: list[str] = []
    """What the published plan does not say."""


class Timeline(Part):
    """How long the plan takes; the end state is the same on every timeline."""

    name: Name
    years: int = Field(ge=1, le=30)


def over(under: dict, above: dict) -> dict:
    """Merge mappings, the upper one winning; everything else is replaced."""
    both = {key: (under[key], value) for key, value in above.items() if key in under}
    merged = {k: over(a, b) if isinstance(a, dict) and isinstance(b, dict) else b for k, (a, b) in both.items()}
    return under | above | merged


def approval_of(plan: Plan, move: AnyMove) -> Approval | None:
    """Return who must agree to a move of a plan, or None when nobody is asked.

    A move may change the plan's `approval`. Consultation and legal challenge are of moves that close beds or places,
    unless the move itself asks for a consultation.
    """
    if move.approval == "none" or (plan.approval is None and not move.approval):
        return None
    changes = dict(move.approval or {})
    whole = over(plan.approval.model_dump() if plan.approval else {}, changes)
    if not move.closes and "consultation_months" not in changes:
        for key in ("consultation_months", "legal_challenge_probability"):
            whole[key] = whole[key] | {"value": 0.0, "low": None, "high": None}
    return Approval.model_validate(whole)


def preparation_months(plan: Plan, move: AnyMove) -> int:
    """Months from the first step of preparing a move until it can take effect; no timeline changes them.

    Consultation, decision and lead time; of a conversion not the lead time, which follows the closing; of a merger also
    the time for which both sites are open.
    """
    approval = approval_of(plan, move)
    figures = [approval.consultation_months, approval.latency_months] if approval else []
    if move.kind != "convert" and move.lead_time_months:
        figures.append(move.lead_time_months)
    if move.kind == "merge" and move.overlap_months:
        figures.append(move.overlap_months)
    return round(sum(figure.value for figure in figures))

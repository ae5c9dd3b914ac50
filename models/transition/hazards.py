"""What fate has in store for a decision: how long it takes, who says no, whether a court is asked and what it says.

G13 (consensus, vetoes, latency), G12 (more partners decide more slowly), G18 (legal challenge), G19 (consultation).
Draws are addressed: the same decision about the same site meets the same fate on every timeline and in every worker,
and a partner says the same whatever rule counts the votes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from models.plans import Approval
from sim.kernel.draws import pair

__all__ = ["DELEGATE", "Fate", "Vote", "address", "counted", "fate"]

PURPOSE_CONSULTATION = 101  # entity = decision, k = 0: (how long, -)
PURPOSE_APPROVAL = 102  # entity = decision and partner, k = 0: (how long, whether no)
PURPOSE_CHALLENGE = 103  # entity = decision, k = 0: (whether, how long), k = 1: (whether upheld, -)

DELEGATE = "the body with delegated authority"  #: who says no where one body decides for all
STATUTORY_MONTHS = 3.0  # a consultation is never shorter than its twelve weeks; what is beyond them varies


@dataclass(frozen=True)
class Fate:
    """What will happen to a decision about one move at one site.

    Parameters
    ----------
    consultation_months : float
    approval_months : float
        From the end of the consultation until it is approved or refused.
    refused_by : str
        Those who said no, when that stops it; otherwise empty.
    challenged : bool
        Whether somebody goes to court over it, once it is approved.
    challenge_months : float
        How long that takes.
    upheld : bool
        Whether the court then stops it.
    """

    consultation_months: float = 0.0
    approval_months: float = 0.0
    refused_by: str = ""
    challenged: bool = False
    challenge_months: float = 0.0
    upheld: bool = False


@dataclass(frozen=True)
class Vote:
    """When a partner answers, in months, and whether with no."""

    partner: str
    months: float
    no: bool


@cache
def address(*names: str) -> np.uint64:
    """Address of a name's draws: 64 bits of its BLAKE2 hash, the same in every process and on every machine."""
    return np.uint64(int.from_bytes(hashlib.blake2b("\x1f".join(names).encode(), digest_size=8).digest(), "big"))


def fate(seed: int, replication: int, move: str, site: str, approval: Approval | None) -> Fate:
    """Draw the fate of a decision.

    Times are exponential with the stated means (an assumption: the least that can be said of a waiting time), except
    the first three months of a consultation, which are fixed.

    Parameters
    ----------
    seed, replication : int
    move, site : str
        What is decided.
    approval : Approval or None
        Who decides about this move, and how likely it is to go wrong; None when nobody is asked.
    """
    if approval is None:
        return Fate()
    decision = address(move, site)

    def draw(purpose: int, k: int = 0, entity: np.uint64 = decision) -> tuple[float, float]:
        return pair(seed, replication, purpose, entity, k)

    mean = approval.consultation_months.value
    least = min(mean, STATUTORY_MONTHS)
    consulted = least + (_exponential(mean - least, draw(PURPOSE_CONSULTATION)[0]) if mean > least else 0.0)
    votes = []
    for partner in (DELEGATE,) if approval.rule == "delegated" else approval.partners:
        how_long, whether = draw(PURPOSE_APPROVAL, entity=address(move, site, partner))
        months = _exponential(approval.latency_months.value, how_long)
        votes.append(Vote(partner, months, whether < approval.veto_probability.value))
    decided, refused_by = counted(approval.rule, votes)
    (challenged, how_long), (upheld, _) = draw(PURPOSE_CHALLENGE), draw(PURPOSE_CHALLENGE, 1)
    if challenged >= approval.legal_challenge_probability.value:
        return Fate(consulted, decided, refused_by)
    in_court = _exponential(approval.legal_delay_months.value, how_long)
    return Fate(consulted, decided, refused_by, True, in_court, upheld < approval.upheld_probability.value)


def counted(rule: str, votes: Sequence[Vote]) -> tuple[float, str]:
    """When it is settled, in months, and by whom it is refused (empty when it is approved).

    Unanimous (and delegated: one vote): refused with the first no, approved with the last yes. Majority: approved once
    more than half have said yes, refused once that has become impossible.
    """
    said_no = sorted((v for v in votes if v.no), key=lambda v: (v.months, v.partner))
    said_yes = sorted(v.months for v in votes if not v.no)
    needed = len(votes) // 2 + 1 if rule == "majority" else len(votes)
    if len(said_yes) >= needed:
        return (said_yes[needed - 1] if needed else 0.0), ""
    enough = said_no[: len(votes) - needed + 1]
    return enough[-1].months, ", ".join(sorted(v.partner for v in enough))


def _exponential(mean: float, u: float) -> float:
    return -mean * math.log(u)

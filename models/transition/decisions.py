"""Decisions: one about each move at each site, taken before anything of it is built or closed there.

All steps of a move at a site share it: a plan is consulted on and approved once, not anew with every ward. On a longer
timeline there are more steps but no more decisions, and none of them meets another fate.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.transition.brief import Terms
from models.transition.hazards import Fate
from models.transition.stages import Stage

__all__ = ["Decision"]


class Decision:
    """A decision on its way.

    Parameters
    ----------
    terms : Terms
        The move.
    site : str
    fate : Fate
        What will happen to it once it has begun.
    starts : int
        Month in which it has to begin for the first step to be in time.
    """

    def __init__(self, terms: Terms, site: str, fate: Fate, starts: int):
        self.terms, self.site, self.starts = terms, site, starts
        self.stage = Stage.PLANNED  # ready or stopped once it is over
        self.begun: int | None = None
        self.escalated = False
        self.cause = ""  # what stopped it, or keeps it from beginning
        self._to_come = list(_course(fate)) if terms.approval else [(0.0, Stage.READY, "")]

    @property
    def over(self) -> bool:
        """Whether it has been decided, one way or the other."""
        return not self._to_come

    def escalate(self, fate: Fate, month: int) -> None:
        """Let a higher body decide instead of the partners, if they have not decided yet; it is asked once.

        Parameters
        ----------
        fate : Fate
            What comes of it then; its consultation is the same.
        month : int
            In which the higher body is asked, unless the public is still being consulted.
        """
        undecided = self.stage in (Stage.PLANNED, Stage.CONSULTING, Stage.APPROVING)
        if self.escalated or not undecided or not self.terms.approval:
            return
        self.escalated = True
        asked = month - self.begun if self.stage is Stage.APPROVING and self.begun is not None else 0.0
        course = list(_course(fate, asked))
        entered = [stage for _, stage, _ in course]
        self._to_come = course[entered.index(self.stage) + 1 :] if self.stage in entered else course

    def progress(self, month: int) -> Iterator[Stage]:
        """Yield the stages that it enters this month, once it has begun."""
        while self._to_come and self.begun is not None and month - self.begun >= self._to_come[0][0]:
            _, self.stage, self.cause = self._to_come.pop(0)
            yield self.stage


def _course(fate: Fate, asked: float = 0.0) -> Iterator[tuple[float, Stage, str]]:
    """Stages of a decision: after how many months, which, and what stops it; `asked` is when those who decide are."""
    if fate.consultation_months > 0:
        yield 0.0, Stage.CONSULTING, ""
    months = max(asked, fate.consultation_months)
    yield months, Stage.APPROVING, ""
    months += fate.approval_months
    if fate.refused_by:
        yield months, Stage.STOPPED, f"veto: {fate.refused_by}"
        return
    if fate.challenged:
        yield months, Stage.CHALLENGED, ""
        months += fate.challenge_months
        if fate.upheld:
            yield months, Stage.STOPPED, "legal challenge"
            return
    yield months, Stage.READY, ""

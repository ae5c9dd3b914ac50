"""One step of a move on its way through its stages: what the machine remembers of it."""

from __future__ import annotations

from models.plans import Tranche
from models.transition.brief import Terms, month_of
from models.transition.decisions import Decision
from models.transition.stages import CLOSING, Stage

__all__ = ["Move", "Step"]

Move = tuple[Stage | None, str]  #: the stage to enter; or none, and what holds the step (empty: only its date)


class Step:
    """A step on its way; months are counted as in :func:`models.transition.brief.month_of`.

    Parameters
    ----------
    tranche : Tranche
    terms : Terms
        Its move.
    progress : float
        Share of its move at its site that it is.
    decision : Decision
        That it waits for.
    """

    def __init__(self, tranche: Tranche, terms: Terms, progress: float, decision: Decision):
        self.tranche, self.terms, self.progress, self.decision = tranche, terms, progress, decision
        self.closes = tranche.kind in CLOSING
        self.merges = tranche.kind == "merge"
        self.starts, self.due = month_of(tranche.starts), month_of(tranche.due)
        opens = month_of(tranche.opens_due) if self.merges and tranche.opens_due else self.due
        earliest = decision.starts if tranche.early else None  # an early step does not wait for its day
        self.build_from = opens - terms.lead if earliest is None else earliest
        self.open_from = opens if earliest is None else earliest
        self.close_from = self.due if earliest is None else earliest
        self.asks_mothball = terms.gates.enabled and terms.gates.mothball.enabled
        whole = sum(terms.sizes.values())
        weight = tranche.size / whole if whole else progress / len(terms.sizes)
        self.capital_pounds = terms.capital_pounds * weight
        self.closing_pounds = self.capital_pounds if tranche.kind == "close" else 0.0
        self.first_year_pounds = self.capital_pounds + terms.cost_pounds * (tranche.opens or tranche.size)
        self.opens_at = (terms.opens, tranche.to if self.merges else tranche.site)

        self.stage, self.since = Stage.PLANNED, self.starts
        self.finished = False  # nothing more can happen to it
        self.wakes = 0  # month before which nothing can happen to it but by its decision
        self.happened: int | None = None  # month in which beds closed, places opened, an effect began
        self.wintered = False  # closed through a whole winter, with what is left within its target
        self.reopened_by, self.open_until = "", 0  # rule that reopened it, and how long it must stay open at least
        self.paid = False  # its capital is committed
        self.cause = ""  # what holds it now
        self.held_by = ""  # what held it last before it happened, or has stopped it

    def sleep(self, month: int) -> Move:
        """Wait for a month: nothing can happen to it before."""
        self.wakes = month
        return None, ""

    @property
    def led(self) -> bool:
        """Whether leaders have to carry it: begun, and not yet done or left to stand."""
        return not self.finished and self.stage not in (Stage.PLANNED, Stage.MOTHBALLED)

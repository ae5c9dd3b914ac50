"""Plans as data: a language for moves, gates and approval, its checks, and the layout of a plan on a timeline."""

from models.plans.gates import Gates, gates_with
from models.plans.layout import EVERYWHERE, Sizes, Tranche, end_of, lay_out, months_after
from models.plans.moves import Effect, Move, When
from models.plans.plan import Approval, OffPlan, Plan, Timeline, approval_of, preparation_months

__all__ = [
    "EVERYWHERE",
    "Approval",
    "Effect",
    "Gates",
    "Move",
    "OffPlan",
    "Plan",
    "Sizes",
    "Timeline",
    "Tranche",
    "When",
    "approval_of",
    "end_of",
    "gates_with",
    "lay_out",
    "months_after",
    "preparation_months",
]

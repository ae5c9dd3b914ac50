"""Plans with other sizes, other times and nobody asked."""

from __future__ import annotations

from models.plans import Plan, When


def resized(plan: Plan, **sizes: float) -> Plan:
    """Return a plan whose moves have other sizes, by the name of the move; steps of nought are left out."""
    moves = dict(plan.moves)
    for name, value in sizes.items():
        size = moves[name].size.model_copy(update={"value": value})
        moves[name] = moves[name].model_copy(update={"size": size})
    return plan.model_copy(update={"moves": moves})


def retimed(plan: Plan, *, lead_months: float | None = None, **whens: dict) -> Plan:
    """Return a plan whose moves happen at other times, by the name of the move."""
    moves = dict(plan.moves)
    for name, when in whens.items():
        moves[name] = moves[name].model_copy(update={"when": When.model_validate(when)})
    if lead_months is not None:
        for name, move in moves.items():
            if move.lead_time_months:
                lead = move.lead_time_months.model_copy(update={"value": lead_months})
                moves[name] = move.model_copy(update={"lead_time_months": lead})
    return plan.model_copy(update={"moves": moves})

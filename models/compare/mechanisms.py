"""Mechanisms of the transition that a comparison can leave out one at a time, and which of them a run has at all."""

from __future__ import annotations

from models.plans import approval_of, gates_with
from models.settings.settings import Settings

__all__ = ["AROUND", "MECHANISMS", "present"]

#: what can be left out, in words; the parts of the stage machine, and stocks around the network
MECHANISMS: dict[str, str] = {
    "approval": "consultation, decisions and courts",
    "proof": "proof before closing",
    "mothball": "mothballing over a winter",
    "lead_time": "time to build and recruit",
    "ramp": "adoption of effects over time",
    "staff": "staff: training, recruiting, retraining, and their gate",
    "change_capacity": "few programmes at once",
    "money": "money for change",
    "rules": "the plan's own rules when it goes wrong",
    "feedback": "stays that answer to pressure",
}

#: of these, what business as usual has too
AROUND = ("staff", "feedback")


def present(chosen: Settings) -> dict[str, bool]:
    """Which mechanisms act in a run at all; of the others a comparison can say nothing, and does not run them."""
    moves = list(chosen.plan.moves.values())
    gates = [found for move in moves if (found := gates_with(chosen.gates, move.gates)).enabled]
    return {
        "approval": any(approval_of(chosen.plan, move) for move in moves),
        "proof": any(g.proof.enabled for g in gates),
        "mothball": any(g.mothball.enabled for g in gates),
        "lead_time": any(getattr(move, "lead_time_months", None) for move in moves),
        "ramp": any(getattr(move, "effect", None) for move in moves),
        "staff": chosen.around.workforce.enabled or any(g.staff.enabled for g in gates),
        "change_capacity": chosen.around.change_capacity.enabled,
        "money": chosen.fund is not None,
        "rules": bool(chosen.plan.off_plan),
        "feedback": chosen.feedback.any,
    }

"""The transition inside a run: every step of a plan goes through stages, gates and the fate of its decisions."""

from models.transition.brief import Brief, Switches, Terms, brief_of
from models.transition.log import Log, Outcome, Row, table
from models.transition.machine import StageMachine
from models.transition.sight import Sight, Target
from models.transition.stages import Stage
from models.transition.told import Told, because, by_cause, by_holder, tell

__all__ = [
    "Brief",
    "Log",
    "Outcome",
    "Row",
    "Sight",
    "Stage",
    "StageMachine",
    "Switches",
    "Target",
    "Terms",
    "Told",
    "because",
    "brief_of",
    "by_cause",
    "by_holder",
    "table",
    "tell",
]

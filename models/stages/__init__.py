"""The transition inside a run: every step of a plan goes through stages, gates and the fate of its decisions."""

from models.stages.brief import Brief, Switches, Terms, brief_of
from models.stages.log import Log, Outcome, Row, table
from models.stages.machine import StageMachine
from models.stages.sight import Sight, Target
from models.stages.stages import Stage
from models.stages.told import Told, by_cause, by_holder, tell

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
    "brief_of",
    "by_cause",
    "by_holder",
    "table",
    "tell",
]

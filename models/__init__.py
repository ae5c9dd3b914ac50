"""Carebridge's models of health and care: demand, hospitals, community services, plans, the verdict and the report.

Data flows one way through the packages:

* ``figures``, ``settings``: figures with their evidence, and what a command line asks for;
* ``footprint``, ``care``, ``system``: an area's published figures, the parts of care, and the network made of both;
* ``plans``, ``transition``: what is planned, and how it goes step by step;
* ``arms``, ``measures``: business as usual and the plan, run on the same people, and what is measured in them;
* ``calibration``, ``areas``: whether an area's own past is met, for one area or for several;
* ``finance``, ``verdict``, ``waterfall``: the money of a run, its answer, and the way there from the planner's sum;
* ``run``: the main job, which brings these together, and the same from Python (``models.simulate``);
* ``compare``, ``search``, ``sweep``: what is asked of many runs;
* ``report``: the pages and charts;
* ``history``, ``hindcast``, ``backtest``, ``published``, ``verify``: the model beside what is known;
* ``network``, ``stocks``: the engine without health care; ``command_line``: what all commands share.

Settings are read into types that the packages define, each for its own section, and a command may write pages of
``report``.
"""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.run.simulate import simulate

try:
    __version__ = version("carebridge")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0.0.0"

CONFIGS = Path(__file__).resolve().parent.parent / "configs"  #: the folder of all configuration

__all__ = ["CONFIGS", "__version__", "simulate"]


def __getattr__(name: str) -> Any:
    if name == "simulate":  # loaded when first used, so that asking for help does not load a compiler
        from models.run.simulate import simulate

        return simulate
    raise AttributeError(f"module 'models' has no attribute '{name}'")

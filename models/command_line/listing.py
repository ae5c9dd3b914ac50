"""``carebridge list``: footprints, plans, scenarios and more, each with its question; or every figure."""

from __future__ import annotations

from models import CONFIGS
from models.figures.command import HELP as PARAMETERS_HELP
from models.figures.command import list_parameters
from models.footprint.short import NoBaseline, expand, is_short
from models.plans.listing import list_plans
from models.settings.alone import GROUP, is_part
from models.settings.files import choices, first_line
from sim.errors import CarebridgeError, nearest

__all__ = ["GROUPS", "HELP", "list_command"]

HELP = f"""carebridge list [GROUP ...]

  GROUP                 footprints, plans, timelines, scenarios, feedbacks, around, winters, gates, funding, demand,
                        backtests, sweeps, stocks or hybrids; all of them unless given. Each name with its question

{PARAMETERS_HELP}"""

#: titles of what there is, and the keys or folders of their names
GROUPS = {
    "footprints": "footprint",
    "plans": "plan",
    "timelines": "timeline",
    "scenarios": "scenario",
    "feedbacks": "feedback",
    "around": "around",
    "winters": "winter",
    "gates": "gates",
    "funding": "funding",
    "demand": "demand",
    "backtests": "backtest",
    "sweeps": "sweep",
    "stocks": "stocks",
    "hybrids": "hybrid",
}
FILES = {
    "demand": "configs/demand/NAME.yaml, of the whole care system",
    "backtests": "carebridge backtest case=NAME",
    "sweeps": "carebridge sweep NAME",
    "stocks": "carebridge stocks configs/stocks/NAME.yaml",
    "hybrids": "carebridge hybrid configs/hybrid/NAME.yaml",
}


def list_command(words: list[str]) -> int:
    """Print what there is; returns the exit code."""
    if words and words[0] == "parameters":
        return list_parameters(words[1:])
    wanted = words or list(GROUPS)
    for title in wanted:
        if title not in GROUPS:
            close = nearest(title, GROUPS)
            hint = f" Did you mean '{close}'?" if close else ""
            raise CarebridgeError(f"nothing to list under '{title}'; there are: {', '.join(GROUPS)}.{hint}")
        print(f"{title} ({FILES.get(title, f'{GROUPS[title]}=...')})")
        if title == "plans":
            print("\n".join(list_plans(CONFIGS / "plan", choices("footprint"))))
            continue
        names = choices(GROUPS[title])
        wide = max([25, *map(len, names)]) + 1
        for name in names:
            state = f"{_state(name):12}" if title == "footprints" else ""
            alone = "By itself: " if GROUPS[title] == GROUP and is_part(name) else ""
            print(f"  {name:{wide}}{state}{alone}{first_line(GROUPS[title], name)}")
    return 0


def _state(footprint: str) -> str:
    """Whether a footprint can be run: it has a fit, none yet, or no baseline to fit."""
    path = CONFIGS / "footprint" / f"{footprint}.yaml"
    if (CONFIGS / "fit" / path.name).exists():
        return "fitted"
    try:
        if is_short(path):
            expand(path)
    except NoBaseline:
        return "no baseline"
    except CarebridgeError:
        return "faulty"
    return "not fitted"

"""Which ten figures matter most to a run: each moved to either end of its range, the same people coming every time.

Only figures that state a range are moved, one at a time, with the fit held. The result is the share of emergencies who
wait over 4 h for a bed (criterion K1) in the year after the plan's end, under the plan on its first timeline. V11: an
answer that hangs on a weak figure must say so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from models.arms.arms import Observed, make_arm, run_arms, with_plan
from models.care.pressure import Pressure
from models.care.slow import Around
from models.figures.figures import Figure
from models.figures.parameters import most_sensitive
from models.footprint.footprint import Footprint
from models.measures.measures import long_wait_share
from models.plans import months_after
from models.plans.schedule import Schedule
from models.settings.future import Future
from models.settings.settings import Settings
from models.system.details import build
from models.transition.followed import merged_services
from sim.errors import CarebridgeError
from sim.experiments import Stopped, in_order

__all__ = ["Matter", "moved", "ranges", "surest", "what_matters"]

MOST = 10
LEAST = 0.0005  #: a swing that the report, which prints tenths of a per cent, would show as none
SECTIONS = ("footprint", "future", "feedback", "around")
LEFT_OUT = (
    "footprint.totals",
    "footprint.population",
    "footprint.sites",
)  #: observed counts
OF_ATTENDANCES = ("future.attendances", "future.general_practice")  #: move nothing where nobody is followed through A&E

HELD = ("future.winter.", "winter.")  #: where a run holds a figure, and the key by which it is set


@dataclass(frozen=True)
class Matter:
    """A figure and what it does to the result.

    Parameters
    ----------
    key : str
        Where it stands in the configuration.
    figure : Figure
    at_low, at_high : float
        The result with the figure at either end of its range.
    swing : float
        Their difference, mean over replications; `sure` says whether it is more than chance, with all the figures that
        are moved allowed for.
    as_it_stands : float
        The result with every figure as it stands.
    named : bool
        Whether it is among the ten that the report names.
    """

    key: str
    figure: Figure
    at_low: float
    at_high: float
    swing: float
    sure: bool
    as_it_stands: float
    named: bool


def ranges(chosen: Settings) -> dict[str, Figure]:
    """Every figure of footprint, future and feedback that states a range, by key."""
    found, left_out = {}, LEFT_OUT if chosen.detail == "full" else (*LEFT_OUT, *OF_ATTENDANCES)
    for section in SECTIONS:
        for key, figure in _figures(getattr(chosen, section), section):
            low, high = figure.range
            if low < high and not key.startswith(left_out):
                found[key.replace(*HELD)] = figure
    return found


def _held(key: str) -> str:
    there, key_set = HELD
    return there + key.removeprefix(key_set) if key.startswith(key_set) else key


def _figures(part: Any, key: str) -> Iterator[tuple[str, Figure]]:
    if isinstance(part, Figure):
        yield key, part
    elif isinstance(part, BaseModel):
        if getattr(part, "enabled", True):
            for name in type(part).model_fields:
                yield from _figures(getattr(part, name), f"{key}.{name}")
    elif isinstance(part, Mapping):
        for name, inner in part.items():
            yield from _figures(inner, f"{key}.{name}")


def moved(part: Any, path: list[str], value: float) -> Any:
    """Return a section with one figure at another value."""
    if isinstance(part, Figure):
        return part.model_copy(update={"value": value})
    name, rest = path[0], path[1:]
    if isinstance(part, Mapping):
        return {**part, name: moved(part[name], rest, value)}
    return part.model_copy(update={name: moved(getattr(part, name), rest, value)})


def what_matters(
    chosen: Settings,
    schedule: Schedule,
    *,
    replications: int,
    workers: int,
    on_done: Callable[[int], None] | None = None,
) -> list[Matter]:
    """Move every figure that states a range, the surest first; ten at the most are named.

    Parameters
    ----------
    schedule : Schedule
        The plan on its first timeline.
    replications : int
        Of each end of each range; at least two.
    on_done : callable, optional
        Called with the number of ends that are done, of two for each figure.
    """
    if replications < 2:  # noqa: PLR2004 - an interval needs two
        raise CarebridgeError(f"sensitivity={replications}: at least two runs of each figure are needed.")
    known = ranges(chosen)
    stand = {name: getattr(chosen, name) for name in SECTIONS}
    ends = [(key, end) for key in known for end in (0, 1)]

    def work(task: tuple[str, int], stop: threading.Event) -> np.ndarray:
        if stop.is_set():
            raise Stopped
        key, end = task
        section, *path = _held(key).split(".")
        parts = stand | {section: moved(stand[section], path, known[key].range[end])}
        return _result(chosen, parts, schedule, replications)

    middle = float(_result(chosen, stand, schedule, replications).mean())
    found = np.array(list(in_order(ends, work, workers, on_done))).reshape(len(known), 2, replications)
    rows = [
        {"parameter": key, "replication": r, "low": found[n, 0, r], "high": found[n, 1, r]}
        for n, key in enumerate(known)
        for r in range(replications)
    ]
    moving = pd.DataFrame(rows)
    named = set(surest(moving)["parameter"]) if rows else set()
    ranked: Any = _ranked(moving) if rows else moving
    return [
        Matter(
            key=row["parameter"],
            figure=known[row["parameter"]],
            at_low=row["at_low"],
            at_high=row["at_high"],
            swing=row["swing"],
            sure=bool(row["sure"]),
            as_it_stands=middle,
            named=row["parameter"] in named,
        )
        for row in ranked.to_dict("records")
    ]


def _ranked(results: pd.DataFrame) -> pd.DataFrame:
    """All figures in the order of :func:`models.figures.parameters.most_sensitive`, the noise pooled over all."""
    return most_sensitive(results, most=len(set(results["parameter"])), pooled=True)


def surest(results: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """Rank figures as :func:`models.figures.parameters.most_sensitive` does, but for those with two ends alike.

    Each has a few runs only, so the noise is pooled over all of them.
    """
    ranked: Any = _ranked(results)
    return ranked[ranked["swing"].abs() >= LEAST].head(most)


def _result(chosen: Settings, parts: dict[str, Any], schedule: Schedule, replications: int) -> np.ndarray:
    footprint, future, feedback, around = (parts[name] for name in SECTIONS)
    assert isinstance(footprint, Footprint) and isinstance(future, Future)  # noqa: S101
    assert isinstance(feedback, Pressure) and isinstance(around, Around)  # noqa: S101
    assert chosen.fit is not None  # noqa: S101 - callers ask first
    end = months_after(schedule.end, 12)
    between = merged_services(schedule.plan)
    system = build(footprint, chosen.fit, future, end, feedback, around, planned=True, between=between)
    arm = with_plan(make_arm("plan", system), "plan", schedule, future)
    o = run_arms([arm], chosen.seed, replications, 1)[0]
    return long_wait_share(o, None, [_last_year(o)])[:, 0]


def _last_year(o: Observed) -> np.ndarray:
    return np.arange(len(o.months)) >= len(o.months) - 12

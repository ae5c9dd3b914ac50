"""How demand answers to access: shorter waits bring people who would not have come.

People, and those who refer them, learn slowly how long a wait is, and more come when it is short. Capacity that is
added, or care that is moved closer to home, then shortens the wait less than a sum of places says, and for a time only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from models import CONFIGS
from models.care.stock_part import StockPart, parameter
from models.figures.figures import Figure, Shape, Text, must, within
from models.figures.presets import read_section

__all__ = ["ACCESS_FILE", "Access", "WaitingList", "access", "read_access"]

ACCESS_FILE = CONFIGS / "care" / "access.yaml"

Factor = Annotated[Figure, AfterValidator(must("factor"))]


class Access(Shape):
    """Parameters of the answer of demand to waits, with the grade of their evidence."""

    enabled: bool
    grade: Literal["A", "B", "C", "D"]
    why: Text
    elasticity: Annotated[Figure, AfterValidator(within("elasticity", 0, 3))]
    noticing_days: Annotated[Figure, AfterValidator(within("days", 1, 3650))]
    counting_days: Annotated[Figure, AfterValidator(within("days", 1, 365))]
    least: Factor
    most: Factor


@dataclass(frozen=True)
class WaitingList:
    """A list, or the queue of an urgent care centre, and the demand that answers to its wait.

    Parameters
    ----------
    station : str
        Its waiting room is the list.
    sources : tuple of str
        Poisson sources whose rates answer.
    usual_wait_days : float
        Wait at which demand is as usual, above 0; the stocks begin with it.
    usual_per_day : float
        People seen a day as usual, above 0.
    """

    station: str
    sources: tuple[str, ...]
    usual_wait_days: float
    usual_per_day: float


def read_access(source: Mapping[str, Any] | Path | str = ACCESS_FILE) -> Access:
    """Read and check the parameters; raises FaultsError with every fault."""
    return read_section(Access, source, "access")


def access(lists: Mapping[str, WaitingList], care: Access) -> StockPart:
    """Return the stocks that set a factor on the demand for every list; nothing when switched off.

    The wait is people on the list over people seen a day (Little's law), each a mean of `counting_days`. It becomes
    known with a delay (exponential smoothing over `noticing_days`); demand is usual demand times
    (known wait / usual wait) ** -elasticity, within `least` and `most`.

    Parameters
    ----------
    lists : mapping
        By name. Their sources must not be steered by anything else.
    care : Access

    Raises
    ------
    ValueError
        When a usual wait or number is not above 0.
    """
    for name, one in lists.items():
        if not (one.usual_wait_days > 0 and one.usual_per_day > 0):
            raise ValueError(f"{name}: the usual wait and the usual number seen a day must lie above 0")
    if not care.enabled or not lists:
        return StockPart()
    part = StockPart(
        units=["person"],
        dimensions={"waiting_list": list(lists)},
        parameters=_parameters(lists, care),
        inputs={
            "on_list[waiting_list]": {
                "value": {n: one.usual_wait_days * one.usual_per_day for n, one in lists.items()},
                "unit": "person",
                "about": "people who wait",
            },
            "seen[waiting_list]": {"value": {n: one.usual_per_day for n, one in lists.items()}, "unit": "person/day"},
        },
        auxiliaries={
            "list_counted[waiting_list]": "SMOOTH1(on_list, counting_time, usual_wait * usual_seen)",
            "seen_counted[waiting_list]": "SMOOTH1(seen, counting_time, usual_seen)",
            "wait_counted[waiting_list]": {
                "equation": "list_counted / MAX(seen_counted, least_seen)",
                "about": "Days that a list of this length takes at this pace.",
            },
            "wait_known[waiting_list]": "SMOOTH1(wait_counted, time_to_notice, usual_wait)",
            "demand_factor[waiting_list]": "MIN(most_demand, MAX(least_demand, "
            "(MAX(wait_known, shortest_wait) / usual_wait) ^ (-elasticity_to_wait)))",
        },
    )
    for name, one in lists.items():
        part.feeds.append({"input": f"on_list[{name}]", "observes": "waiting", "station": one.station})
        part.feeds.append({"input": f"seen[{name}]", "observes": "started", "station": one.station})
        for source in one.sources:
            part.drives.append({"variable": f"demand_factor[{name}]", "sets": "arrivals_factor", "source": source})
    return part


def _parameters(lists: Mapping[str, WaitingList], care: Access) -> dict[str, Any]:
    return {
        "elasticity_to_wait": parameter(care.elasticity, "dimensionless"),
        "time_to_notice": parameter(care.noticing_days, "day"),
        "counting_time": parameter(care.counting_days, "day"),
        "least_demand": parameter(care.least, "dimensionless"),
        "most_demand": parameter(care.most, "dimensionless"),
        "usual_wait[waiting_list]": {"value": {n: one.usual_wait_days for n, one in lists.items()}, "unit": "day"},
        "usual_seen[waiting_list]": {"value": {n: one.usual_per_day for n, one in lists.items()}, "unit": "person/day"},
        # bounds that keep a closed service or an empty list from giving no number
        "least_seen[waiting_list]": {
            "value": {n: one.usual_per_day / 100 for n, one in lists.items()},
            "unit": "person/day",
        },
        "shortest_wait[waiting_list]": {
            "value": {n: one.usual_wait_days / 1000 for n, one in lists.items()},
            "unit": "day",
        },
    }

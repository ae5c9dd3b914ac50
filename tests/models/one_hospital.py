"""One real hospital of Devon as a network that a test may change: cut out of the footprint model, nothing made up."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from models.care.demand_shape import DemandShape
from models.care.planned import Beds, Planned, Referrals, bed_rules, planned, read_planned
from models.settings.settings import Settings
from models.system.system import build
from sim.results import Results, simulate
from sim.statistics import mean_halfwidth

Floats = npt.NDArray[np.float64]
PLANNED_FILE = Path(__file__).resolve().parents[2] / "configs" / "care" / "planned.yaml"
URGENT = ("emergency", "direct")
_DURATIONS = ("mean", "horizon", "warm_up", "wait_over")


def hospital(chosen: Settings, site: str, years: float, growth: float = 0.0) -> dict[str, Any]:
    """Network file of one hospital and the community services of its catchment, after a year of warm-up.

    Hospitals of the footprint exchange nobody, so one alone meets the people that it meets there. `growth` a year is of
    those who come unplanned.
    """
    assert chosen.fit is not None
    days = round(365.25 * (1 + years))
    network = build(chosen.footprint, chosen.fit, chosen.future, chosen.footprint.start + dt.timedelta(days)).network
    data = written(network.model_dump(by_alias=True, exclude_unset=True))
    mine = f"{site}_"
    for part in ("sources", "stations"):
        data[part] = {name: value for name, value in data[part].items() if name.startswith(mine)}
    for source in data["sources"].values():
        source["growth_per_year"] = growth if source["class"] in URGENT else 0.0
    data["census"] = [row for row in data["census"] if row["station"].startswith(mine)]
    return data | {"warm_up": "365 d"}


def written(value: Any, key: str = "") -> Any:
    """The same with times as text, as a network file has them (a read network holds milliseconds)."""
    if isinstance(value, dict):
        return {k: written(v, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [written(v, key) for v in value]
    return f"{value!r} ms" if key in _DURATIONS and isinstance(value, (int, float)) else value


def resized(data: dict[str, Any], station: str, factor: float = 1.0, extra: int = 0) -> None:
    """Change the places of a station, and leave out whom it could not hold on the first day."""
    it = data["stations"][station]
    it["places"] = [step | {"places": round(step["places"] * factor) + extra} for step in it["places"]]
    left = it["places"][0]["places"]
    for row in data["census"]:
        if row["station"] == station:
            row["count"] = min(row["count"], left)
            left -= row["count"]


def longer(service: dict[str, Any], factor: float) -> None:
    """Multiply the mean of a stay."""
    number, unit = service["mean"].split()
    service["mean"] = f"{float(number) * factor!r} {unit}"


def planned_care() -> Planned:
    """Planned care as shipped, with list, theatre and cancellations; critical care and clocks of rebooking apart."""
    care = read_planned(yaml.safe_load(PLANNED_FILE.read_text(encoding="utf-8")))
    off = {name: getattr(care, name).model_copy(update={"enabled": False}) for name in ("critical_care", "referral")}
    return care.model_copy(update=off | {"rebooking": care.rebooking.model_copy(update={"tracked": False})})


def beds_of_the_night(data: dict[str, Any], site: str) -> int:
    """Beds that emergencies need while nobody leaves: those who come outside the hours of discharge, on a usual day."""
    first, last = data["stations"][f"{site}_ward"]["window"][0]["hours"]
    need = 0.0
    for source in data["sources"].values():
        if source["class"] in URGENT:
            night = sum(weight for hour, weight in enumerate(source["hour"]) if not first <= hour < last)
            need += source["rate_per_day"] * night / sum(source["hour"])
    return round(need)


def with_list(
    data: dict[str, Any], site: str, *, first: bool = True, kept: int | None = None, weeks: float = 0.0
) -> dict[str, Any]:
    """Put a list and a theatre in the place of planned patients who appear at the ward and are lost if it is full.

    Parameters
    ----------
    first : bool
        Emergencies first, by `bed_rules`; otherwise everybody waits for a bed in order.
    kept : int, optional
        Beds that planned patients leave free; those of the night unless given.
    weeks : float
        Weeks of referrals that wait at the start.
    """
    care, ward = planned_care(), data["stations"][f"{site}_ward"]
    kept = beds_of_the_night(data, site) if kept is None else kept
    old = data["sources"].pop(f"{site}_elective")
    per_day = old["rate_per_day"]
    waiting = {"elective": round(per_day * 7 * weeks)} if weeks else {}
    shape = DemandShape(hour=tuple(old["hour"]), weekday=tuple(old["weekday"]))
    part = planned(site, Referrals(per_day, shape, waiting=waiting), care, Beds(f"{site}_ward"))
    for source in part.sources.values():
        source["attributes"] = old["attributes"]
    del ward["waiting_room"]
    if first:
        ward |= bed_rules(care, URGENT)
    if kept:
        ward["reserve"] = dict.fromkeys(("elective", "cancer"), kept)
    for name, station in data["stations"].items():
        if not name.endswith("_ward"):
            station["waiting_room"]["cancer"] = 0
    data["sources"] |= part.sources
    data["stations"] = part.stations | data["stations"]
    data["census"] += part.census
    data["classes"] = [*data["classes"], "cancer"]
    return data


def run(data: dict[str, Any], replications: int) -> Results:
    """Simulate; a replication meets the same people whatever else is changed."""
    return simulate(data, replications, seed=1, workers=2)


def each(results: Results, name: str, measure: str, row: str = "all") -> Floats:
    """One measure by replication."""
    for block in ("stations", "system", "places"):
        found = results.block(block)
        if name in found.names and measure in found.measures and row in found.rows:
            at = found.measures.index(measure), found.names.index(name), found.rows.index(row)
            return np.nan_to_num(np.array([one[block][at] for one in results.each]))
    raise KeyError((name, measure, row))


def low(values: Floats) -> float:
    """Lower end of the 95 % interval of the mean of paired differences."""
    return float(np.mean(values)) - mean_halfwidth(values)


def high(values: Floats) -> float:
    """Upper end of the 95 % interval of the mean of paired differences."""
    return float(np.mean(values)) + mean_halfwidth(values)

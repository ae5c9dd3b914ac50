"""England's figures of care, as the hindcast's hospitals need them."""

from __future__ import annotations

from typing import Any

from models import CONFIGS
from models.care.delays import transition_days
from models.care.pressure import Pressure, read_pressure
from models.care.wards import read_wards
from models.footprint.footprint import HOME, Demand
from models.footprint.short import Defaults, defaults
from models.hindcast.hospitals import Care, Service
from sim.reading.yaml_file import read_yaml

__all__ = ["england_care", "feedback_named"]


def feedback_named(name: str) -> Pressure:
    """Read a preset of the answers to pressure."""
    return read_pressure(CONFIGS / "feedback" / f"{name}.yaml")


def england_care(feedback: Pressure) -> Care:
    """Assemble the care of England: its wards as one pool a hospital, and the services outside."""
    given = defaults()
    data: Any = read_yaml(CONFIGS / "care" / "wards.yaml")[0]
    wards = read_wards({**data, "groups": "one", "escalation": {**data["escalation"], "enabled": False}})
    flows = {name: part.flow.value for name, part in given.mixture.items()}
    shares = {name: flow / sum(flows.values()) for name, flow in flows.items()}
    services = {
        name: Service(way.service_days, way.service_cv, given.flex_elasticity, given.flex_scale, way.onward)
        for name, way in given.pathways.items()
    }
    ways = _ways(given, shares, sum(flows.values()) - given.england.elective_overnight_per_day.value)
    return Care(wards, Demand.model_validate(given.demand), services, shares, ways, _transition_days(given), feedback)


def _ways(given: Defaults, shares: dict[str, float], emergencies: float) -> dict[str, dict[str, float]]:
    """Share of each need's emergencies that leave by each service; the rest go home or die."""
    millions = given.england.people.value / 1e6
    out: dict[str, dict[str, float]] = {}
    for need, share in shares.items():
        by = {
            name: way.arrivals_per_million.value
            * millions
            * way.drawn_from.shares.get(need, 0.0)
            / (emergencies * share)
            for name, way in given.pathways.items()
        }
        out[need] = {name: value for name, value in by.items() if value > 0}
        out[need][HOME] = 1 - sum(out[need].values())
    return out


def _transition_days(given: Defaults) -> float:
    """Mean days from medically ready to countable as delayed: unreported delay over those who leave by a service."""
    leavers = sum(way.arrivals_per_million.value for way in given.pathways.values()) * given.england.people.value / 1e6
    return transition_days(given.england.delayed_beds.value, given.reported_share.value, leavers)

"""A sound plan, a footprint that fits it, and ways to spoil a copy of it."""

import copy
import datetime as dt
from typing import Any

from models.plans.existing import Existing, Staff

SITES = ("east", "north", "south")


def figure(value: float, unit: str, **more: Any) -> dict[str, Any]:
    """A figure as a file holds it."""
    return {"value": value, "unit": unit, "year": "not applicable", "basis": "not applicable"} | more


def approval(**more: Any) -> dict[str, Any]:
    """Who decides, as a file holds it."""
    return {
        "partners": ["hospitals", "councils"],
        "rule": "majority",
        "latency_months": figure(2, "months"),
        "veto_probability": figure(0.1, "probability"),
        "consultation_months": figure(3, "months"),
        "legal_challenge_probability": figure(0.1, "probability"),
        "legal_delay_months": figure(9, "months"),
        "upheld_probability": figure(0.2, "probability"),
    } | more


THERE = Existing(
    footprint="shire",
    baseline_ends=dt.date(2019, 4, 1),
    sizes={("beds", "east"): 300.4, ("beds", "north"): 100.0, ("beds", "south"): 200.0}
    | {("p1", site): 40 for site in SITES}
    | {("p2", site): 20 for site in SITES}
    | {("p3", site): 0 for site in SITES},
    staff={"nurses": Staff(600, 0.8, 40), "support": Staff(400, 0.5, 60)},
    footprints=("shire", "coast"),
)

GOOD: dict[str, Any] = {
    "name": "sound",
    "title": "A sound plan",
    "question": "Is it sound?",
    "footprint": "shire",
    "starts": "2019-04-01",
    "years": 5,
    "approval": approval(),
    "off_plan": [
        {
            "name": "pause",
            "watch": "access",
            "above": figure(0.1, "share"),
            "for_months": 3,
            "then": "pause",
            "months": 6,
            "site": "east",
        }
    ],
    "moves": {
        "open_home": {
            "kind": "open",
            "setting": "p1",
            "size": figure(90, "places"),
            "when": {"from": 0.2, "to": 0.8},
            "lead_time_months": figure(9, "months"),
            "workforce": {"support": figure(0.6, "staff per place")},
        },
        "close_acute": {
            "kind": "close",
            "setting": "beds",
            "size": figure(60, "beds"),
            "when": {"from": 0.5, "to": 1.0, "every_months": 6},
            "after": ["open_home"],
            "gates": {"proof": {"months": figure(9, "months")}},
        },
        "close_north": {
            "kind": "close",
            "setting": "p2",
            "sites": {"north": 5, "south": 3},
            "size": figure(8, "places"),
            "when": {"from": "2021-10-01", "to": "2022-10-01"},
            "approval": {"rule": "delegated"},
        },
        "convert": {
            "kind": "convert",
            "from": "beds",
            "to": "p2",
            "sites": ["east"],
            "size": figure(12, "beds"),
            "when": {"from": 0.5},
            "lead_time_months": figure(6, "months"),
        },
        "frailty": {
            "kind": "avoid",
            "when": "early",
            "effect": {"share": figure(-0.02, "relative change", low=-0.05, high=0.01), "grade": "C"},
            "approval": "none",
        },
        "rounds": {
            "kind": "shorten",
            "when": {"from": 0.1},
            "effect": {"share": figure(-0.02, "relative change"), "grade": "C", "affects": "stays"},
        },
        "home_instead": {
            "kind": "shift",
            "from": "p2",
            "to": "p1",
            "when": {"from": 0.4},
            "effect": {"share": figure(0.1, "share"), "grade": "D"},
        },
        "records": {"kind": "invest", "capital": figure(3, "GBP million"), "when": {"from": 0.0, "to": 0.4}},
        "support": {"kind": "recruit", "setting": "support", "size": figure(30, "staff"), "when": {"from": 0.2}},
        "to_homes": {"kind": "retrain", "setting": "nurses", "size": figure(10, "staff"), "when": {"from": 0.4}},
        "merge": {
            "kind": "merge",
            "setting": "p2",
            "from": "south",
            "to": "east",
            "size": figure(10, "places"),
            "overlap_months": figure(3, "months"),
            "when": {"from": 0.6},
        },
    },
}


def spoilt(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Copy of the sound plan with values set at dotted keys; ``...`` takes the key away."""
    data = copy.deepcopy(GOOD)
    for path, value in changes:
        place: Any = data
        *above, last = path.split(".")
        for part in above:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return data

"""Small hybrid models with every kind of feed and drive."""

from typing import Any

from sim.hybrid import Hybrid, load_hybrid

STAY = {"kind": "exponential", "mean": "2 d"}


def everything(horizon: int = 120, dt: float = 1.0) -> dict[str, Any]:
    """A network and stocks between which everything passes that can."""
    return {
        "name": "everything",
        "entity": "person",
        "place": "bed",
        "stocks": {
            "name": "beside",
            "time": {"unit": "day", "start": 0, "end": horizon, "dt": dt, "save_every": 2},
            "units": ["person", "bed"],
            "dimensions": {"site": ["north", "south"]},
            "parameters": {
                "beds[site]": {"value": [9.4, 6.0], "unit": "bed"},
                "week": {"value": 7, "unit": "day"},
                "month": {"value": 30, "unit": "day"},
                "wanted": {"value": 5.0, "unit": "person/day"},
                "full": {"value": 0.9, "unit": "dimensionless"},
                "half": {"value": 0.5, "unit": "dimensionless"},
            },
            "inputs": {
                "used[site]": {"value": 0.5, "unit": "dimensionless"},
                "left": {"value": 0, "unit": "person/day"},
                "waiting": {"value": 0, "unit": "person"},
                "old_started": {"value": 0, "unit": "person/day"},
                "open": {"value": 15, "unit": "bed"},
                "present": {"value": 0, "unit": "person"},
            },
            "lookups": {"effect": {"points": [[0.0, 1.2], [0.8, 1.0], [1.0, 0.7]]}},
            "stocks": {
                "at_home": {"initial": 100, "unit": "person", "inflows": "coming_home", "outflows": ["falling_ill"]},
                "tiredness": {"initial": 1, "unit": "dimensionless", "inflows": "tiring", "outflows": "resting"},
            },
            "flows": {
                "coming_home": "left",
                "falling_ill": "at_home / month + 0 * old_started",
                "tiring": "used_felt / week + 0 * open / (open + beds[north]) / week",
                "resting": "tiredness / month",
            },
            "auxiliaries": {
                "used_felt": "SMOOTH1((used[north] + used[south]) * half, week, half)",
                "staffed[site]": "beds * effect(SMOOTH1(used, week, half))",
                "stays": "1 + 0.2 * SIN(tiredness)",
                "to_south": "0.25 + 0.2 * SIN(TIME / week)",
                "arrivals": "wanted * IF(crisis, half, 1)",
                "season": "1 + 0.3 * SIN(TIME / month)",
                "pressed": "ZIDZ(waiting, present)",
            },
            "rules": {"crisis": {"begins": "used_felt > full", "after": "week", "ends": "used_felt < full"}},
        },
        "network": {
            "horizon": f"{horizon} d",
            "warm_up": "20 d",
            "classes": ["young", "old"],
            "sources": {
                "a": {"class": "young", "to": "north", "rate_per_day": 3, "hour": [1] * 12 + [2] * 12},
                "b": {"class": "old", "to": "south", "rate_per_day": 2},
                "ill": {"class": "old", "to": "north", "driven": f"{dt * 24} h"},
            },
            "stations": {
                "north": {
                    "places": 9,
                    "service": dict(STAY),
                    "routes": [{"to": {"south": 0.3, "leave": 0.7}}],
                },
                "south": {"places": 6, "service": dict(STAY)},
            },
            "observe": {"period": "9 d"},
        },
        "feeds": [
            {"input": "used[north]", "observes": "occupancy", "station": "north"},
            {"input": "used[south]", "observes": "occupancy", "station": "south"},
            {"input": "left", "observes": "left", "station": ["north", "south"]},
            {"input": "waiting", "observes": "waiting", "station": ["north", "south"]},
            {"input": "old_started", "observes": "started", "station": "north", "class": "old"},
            {"input": "open", "observes": "open", "station": ["north", "south"]},
            {"input": "present", "observes": "present", "station": ["north", "south"]},
        ],
        "drives": [
            {"variable": "staffed[north]", "sets": "places", "station": "north", "rounding": "carry"},
            {"variable": "staffed[south]", "sets": "places", "station": "south", "rounding": "nearest"},
            {"variable": "stays", "sets": "stay_multiplier", "station": "north", "class": "old"},
            {"variable": "to_south", "sets": "share", "station": "north", "to": "south"},
            {"variable": "arrivals", "sets": "arrivals", "source": "a"},
            {"variable": "season", "sets": "arrivals_factor", "source": "b"},
            {"variable": "falling_ill", "sets": "entities", "source": "ill"},
        ],
    }


def everything_model(**changes: Any) -> Hybrid:
    return load_hybrid(everything(**changes))

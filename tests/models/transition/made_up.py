"""Made-up plans and sights: what the stage machine is told and shown, without any network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from models.care.estate import Estate
from models.care.slow import Around
from models.care.workforce import Workforce
from models.plans import Gates, Plan, Timeline, lay_out, months_after
from models.plans.check import load_gates
from models.plans.plan import over
from models.transition import Brief, StageMachine, Switches, Target, brief_of

START = dt.date(2019, 4, 1)
SIZES = {("beds", "exeter"): 800, ("beds", "torbay"): 400, ("p1", "exeter"): 100, ("p1", "torbay"): 100} | {
    ("p2", "exeter"): 120,
    ("p2", "torbay"): 80,
}


def figure(value: float, unit: str) -> dict[str, Any]:
    """A figure as a plan's file holds it."""
    return {"value": value, "unit": unit, "year": "not applicable", "basis": "not applicable", "status": "assumed"}


def months(value: float) -> dict[str, Any]:
    return figure(value, "months")


def opening(places: int = 100, lead: int = 12, when: Any = None, **more: Any) -> dict[str, Any]:
    """Places at home in steps over the middle of the timeline."""
    when = when or {"from": 0.2, "to": 0.8, "every_months": 3}
    move = {"kind": "open", "setting": "p1", "size": figure(places, "places"), "when": when}
    return move | ({"lead_time_months": months(lead)} if lead else {}) | more


def closing(beds: int = 60, when: Any = None, after: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """Hospital beds in steps over the end of the timeline."""
    when = when or {"from": 0.4, "to": 1.0, "every_months": 3}
    move = {"kind": "close", "setting": "beds", "size": figure(beds, "beds"), "when": when}
    return move | {"after": ["open_home"] if after is None else after} | more


def avoiding(share: float = -0.1, grade: str = "B", ramp: float = 0, fade: float = 0, **more: Any) -> dict[str, Any]:
    effect = {"share": figure(share, "relative change"), "grade": grade}
    effect |= {"ramp_months": months(ramp)} if ramp else {}
    effect |= {"fade_per_year": figure(fade, "per year")} if fade else {}
    return {"kind": "avoid", "effect": effect, "when": {"from": 0.2}} | more


def approval(**changes: Any) -> dict[str, Any]:
    """Who decides: three partners that never say no, at once, unless changed."""
    numbers = {"latency_months": 0, "consultation_months": 3, "legal_delay_months": 0}
    chances = {"veto_probability": 0, "legal_challenge_probability": 0, "upheld_probability": 0}
    out: dict[str, Any] = {"partners": ["council", "commissioner", "trust"], "rule": "unanimous"}
    out |= {k: months(changes.pop(k, v)) for k, v in numbers.items()}
    out |= {k: figure(changes.pop(k, v), "probability") for k, v in chances.items()}
    return out | changes


def plan_of(years: int = 5, **moves: Any) -> Plan:
    """A plan; whatever is no mapping of a move (`approval`, `off_plan`) is a key of the plan itself."""
    keys = {k: moves.pop(k) for k in ("approval", "off_plan") if k in moves}
    title = {"name": "made_up", "title": "Made up", "question": "What if?"}
    return Plan.model_validate(title | {"starts": START, "years": years, "moves": moves} | keys)


def gates(name: str = "default", **changes: Any) -> Gates:
    """A set of gates, some of its keys changed."""
    return Gates.model_validate(over(_read(name).model_dump(), changes))


_read = cache(load_gates)


QUIET = gates(mothball={"enabled": False})  #: as today's gatekeeper: nothing is kept ready to reopen


def briefed(
    plan: Plan, held_by: Gates | None = None, switches: Switches | None = None, years: int | None = None
) -> Brief:
    """A plan on a timeline of its own years, or of others."""
    timeline = Timeline(name="t", years=years or plan.years)
    return brief_of(plan, lay_out(plan, timeline, SIZES), held_by or gates(), switches)


@dataclass
class Made:
    """A sight in which all is well unless said otherwise; changed from month to month by a test."""

    long: float = 0.0
    long_base: float = 0.0
    full: float = 0.8
    full_base: float = 0.85
    held: float = 0.03
    used: float = 0.9
    in_post: float = 1.0
    freed: float = 0.0
    at_once: float = float("inf")
    money: float = float("inf")
    beds: int = 0  # with beds given, fewer of them are fuller

    def long_waits(self, site: str, months: int | None) -> float:
        return self.long_base if months is None else self.long

    def occupancy(self, site: str, months: int | None, fewer_beds: int = 0) -> float:
        if months is None:
            return self.full_base
        return self.full * self.beds / (self.beds - fewer_beds) if self.beds else self.full

    def delayed(self, site: str, months: int | None) -> float:
        return self.held

    def use(self, site: str, service: str, months: int) -> float:
        return self.used

    def staffed(self, site: str, setting: str) -> float:
        return self.in_post

    def freed_staff(self, site: str) -> float:
        return self.freed

    def programmes_at_once(self) -> float:
        return self.at_once

    def money_left(self) -> float:
        return self.money


def firsts(years: float, start: dt.date = START) -> Iterator[dt.date]:
    """The first of every month for some years."""
    yield from (months_after(start, m) for m in range(round(12 * years)))


def run(machine: StageMachine, years: float, sight: Any = None, start: dt.date = START) -> list[Target]:
    """Let a machine decide in every month; `sight` is one, or a function of the day."""
    return [machine.step(day, sight(day) if callable(sight) else sight or Made()) for day in firsts(years, start)]


def entered(machine: StageMachine, move: str, stage: str, number: int = 1, site: str = "exeter") -> list[dt.date]:
    """When a step entered a stage."""
    found = [r for r in machine.log if (r.move, r.site, r.number) == (move, site, number) and r.event == "stage"]
    return [r.date for r in found if r.stage == stage]


def causes(machine: StageMachine, move: str, number: int = 1, site: str = "exeter") -> list[str]:
    """What held a step, in order."""
    return [r.cause for r in machine.log if (r.move, r.site, r.number, r.event) == (move, site, number, "held")]


def around(*on: str) -> Around:
    """Staff and buildings around the network, of which nothing but the switches is asked."""
    staff = Workforce.model_construct(enabled="workforce" in on)
    return Around.model_construct(workforce=staff, estate=Estate.model_construct(enabled="estate" in on))

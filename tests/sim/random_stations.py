"""Stations of random networks: places, queues, stays and ways on, within what a network file may say.

A few stations in a row may lead back to one another (a ring, which can lock up); all other ways lead onward. What a
ring may not use, and what would make others wait for one another for ever, is left out.
"""

import random
from typing import Any

from tests.sim.random_times import Draw

Station = dict[str, Any]


class Stations(Draw):
    """Draws of stations and pools."""

    def __init__(self, number: int):
        super().__init__(number)
        self.apart = random.Random(f"gates {number}")  # so that the rest of a network is drawn as without
        n, size = len(self.stations), self.r.randint(2, 3)
        first = self.r.randint(0, max(0, n - size))
        self.ring = range(first, first + size) if n >= size and self.chance(0.6) else range(0)

    def all_stations(self) -> dict[str, Station]:
        found = {name: self.station(i) for i, name in enumerate(self.stations)}
        for i, name in enumerate(self.stations):
            if self.chance(0.85):
                self.overflow(found, i, name)
        return found

    def all_pools(self) -> dict[str, Any]:
        return {
            name: {"places": "inf"} if self.chance(0.1) else self.places({}, self.r.choice([2, 4, 9]))
            for name in self.pools
        }

    def station(self, i: int) -> Station:
        """Station number `i`, but for its overflow, which depends on the others."""
        ring = i in self.ring
        if not ring and self.chance(0.15):
            station: Station = {"places": "inf"}
        else:
            station = self.places({}, self.r.choice([1, 1, 2]) if ring else self.r.choice([1, 3, 6, 12]))
            if self.chance(0.3):
                station["turnaround"] = self.brief()
        self.rooms(station, i)
        self.classes_first(station)
        if self.chance(0.4) and len(self.classes) > 1 and station["places"] != "inf":
            station["preempt"] = self.r.choice(["resume", "restart", "resample"])
            station["priority"] = dict(zip(self.classes, self.r.sample([-1, 0, 1, 2], len(self.classes)), strict=True))
        elif not ring:
            if self.pools and self.chance(0.6):
                station["holds"] = self.holds()
            if self.chance(0.2):
                station["slots"] = [{**self.weekly(), "each_hour": self.r.randint(0, 4)} for _ in range(2)]
        if not ring and self.chance(0.3):
            station["reserve"] = {c: self.r.randint(0, 1) for c in self.classes if self.chance(0.6)}
        if self.chance(0.55):
            station["patience"] = [self.patience(i) for _ in range(self.r.randint(1, 3))]
        if self.pools and not ring and "preempt" not in station and self.apart.random() < 0.2:
            self.gate(station)
        self.stay(station)
        self.ways_on(station, i)
        return station

    def gate(self, station: Station) -> None:
        """Let one place of a shared pool be all that a stay needs."""
        for key in ("turnaround", "timetable", "escalation", "slots"):
            station.pop(key, None)
        station |= {"places": "inf", "holds": {self.apart.choice(self.pools): 1}}

    # -- places -------------------------------------------------------------------------------------------------------

    def places(self, of: dict[str, Any], level: int) -> dict[str, Any]:
        r = self.r
        of["places"] = max(0, level + r.randint(-1, 2))
        if self.chance(0.4):
            of["places"] = self.steps(lambda: {"places": max(0, level + r.randint(-level, 3))}, True)
        if self.chance(0.25):
            of["timetable"] = [{**self.weekly(), "places": r.randint(0, 2 * level)} for _ in range(r.randint(1, 2))]
        if self.chance(0.35):
            rules = [self.escalation() for _ in range(r.randint(1, 2))]
            of["escalation"] = rules if len(rules) > 1 else rules[0]
        return of

    def escalation(self) -> dict[str, Any]:
        r = self.r
        queued, occupancy = r.randint(1, 6), r.choice([0.5, 0.9, 1.0, 1.2])
        trigger = r.choice([{"queued": queued}, {"occupancy": occupancy}, {"queued": queued, "occupancy": occupancy}])
        return {
            "places": r.randint(1, 3),
            "trigger": trigger,
            "lead": r.choice(["0 h", "1 h", "150 min"]),
            "check_every": r.choice(["1 h", "3 h", "95 min"]),
            "stand_down": {"queued": r.randint(0, queued - 1), "occupancy": occupancy * r.choice([0.4, 0.8])},
        }

    def holds(self) -> Any:
        def amounts() -> dict[str, Any]:
            return {name: self.amount() for name in self.some(self.pools)}

        if self.chance(0.4):
            return amounts()
        rules = [{"where": self.where(), "pools": amounts()} for _ in range(self.r.randint(1, 2))]
        return [*rules, {"pools": amounts()}] if self.chance(0.5) else rules

    def amount(self) -> Any:
        amounts = self.r.choice([[1], [2], [1, 0], [2, 1], [3, 1, 0]])
        if len(amounts) == 1:
            return amounts[0]
        times = sorted(self.r.sample([1, 2, 3, 5.5], len(amounts) - 1))
        return [{"after": f"{t} h", "amount": n} for t, n in zip([0, *times], amounts, strict=True)]

    def overflow(self, found: dict[str, Station], i: int, name: str) -> None:
        """Let a station overflow into others, where nobody who lodges there could come to wait for himself."""
        limited = [n for n in self.stations if found[n]["places"] != "inf" and n != name]
        barred = {self.stations[k] for k in self.ring}
        if name in barred or "preempt" in found[name] or found[name]["places"] == "inf":
            return
        others = [n for n in limited if n not in barred and not self.waits_for(found, name, n)]
        if others:
            found[name]["overflow"] = {"to": self.some(others, 2), "repatriate": self.chance(0.7)}

    def waits_for(self, found: dict[str, Station], name: str, other: str) -> bool:
        """Whether somebody who holds a place of `name` may in the end wait for a place of `other`."""
        open_, seen = [name], set[str]()
        while open_:
            held = open_.pop()
            for user in self.stations:  # whoever may hold a place there waits for where he is bound
                if user == held or held in found[user].get("overflow", {}).get("to", ()):
                    bound = {to for rule in found[user].get("routes", ()) for to in rule["to"]} - {"leave", user}
                    bound |= {to for b in bound for to in found[b].get("overflow", {}).get("to", ())}
                    open_ += bound - seen
                    seen |= bound
        return other in seen

    # -- queues -------------------------------------------------------------------------------------------------------

    def rooms(self, station: Station, i: int) -> None:
        r, ring = self.r, i in self.ring
        small = [0, 0, 1, 2, 5] if ring else [0, 1, 3, 12, 12, "inf"]
        rooms: Any = r.choice(small)
        if self.chance(0.35):
            rooms = {c: r.choice(small) for c in self.classes if ring or self.chance(0.8)}
        station["waiting_room"] = rooms
        if self.chance(0.3):
            station["inside_room"] = r.choice(small)
        later = self.stations[i + 1 :]
        if self.chance(0.35 if later else 0.1):
            station["divert"] = r.choice(later) if later and self.chance(0.85) else "leave"

    def classes_first(self, station: Station) -> None:
        r = self.r
        if self.chance(0.4):
            station["priority"] = {c: r.randint(-1, 2) for c in self.classes if self.chance(0.8)}
        if self.chance(0.3):
            station["order"] = "visit"
        if self.chance(0.5):
            station["first"] = r.choice(["waiting", "blocked", "longest"])

    def patience(self, i: int) -> dict[str, Any]:
        """Whoever gives up goes elsewhere further on, seldom back, where he might give up again and again."""
        r = self.r
        elsewhere = r.choice(self.stations if self.chance(0.1) else [*self.stations[i + 1 :], "leave"])
        change = {"class": r.choice(self.classes)}
        then = r.choice(["leave", "die", change, change, elsewhere])
        after = {"kind": "deterministic", "mean": "0 h"} if then == "leave" and self.chance(0.1) else self.brief()
        return {**self.maybe_where(), "state": r.choice(["waiting", "blocked"]), "after": after, "then": then}

    # -- stays and ways on --------------------------------------------------------------------------------------------

    def stay(self, station: Station) -> None:
        r = self.r
        station["service"] = self.use()
        if self.chance(0.4):
            rules = [{"where": self.where(), "use": self.use()} for _ in range(r.randint(1, 2))]
            station["service"] = [*rules, {"use": self.use()}]
        if self.chance(0.25):
            station["flex"] = {
                "elasticity": r.uniform(0, 1.5),
                "scale": r.uniform(0.5, 5),
                "floor": r.choice([0, 0.2, 0.7]),
            }
        if self.chance(0.25):
            station["multiplier"] = self.multiplier()
        if self.chance(0.2):
            station["window"] = self.weekly() if self.chance(0.5) else [self.weekly(), self.weekly()]

    def multiplier(self) -> Any:
        def draw() -> dict[str, float]:
            return {"value": self.r.choice([0.0, 0.5, 0.9, 1.3, 2.0])}

        if self.chance(0.5):
            return self.steps(draw, self.chance(0.5))
        return {c: self.steps(draw, False) for c in self.classes if self.chance(0.6)}

    def ways_on(self, station: Station, i: int) -> None:
        r = self.r
        if i in self.ring or self.chance(0.8):
            rules = [{"where": self.where(), **self.route(i)} for _ in range(r.choice([0, 0, 1, 2]))]
            station["routes"] = [*rules, self.route(i)]
        if self.chance(0.35):
            station["returns"] = [
                {
                    **self.maybe_where(),
                    "probability": r.choice([0, 0.2, 0.5]),
                    "after": self.use(),
                    "to": r.choice(self.stations),
                }
                for _ in range(r.randint(1, 2))
            ]

    def route(self, i: int) -> dict[str, Any]:
        """Onward, to oneself, around the ring or out."""
        later = self.stations[i + 1 :]
        if later and self.chance(0.2):
            to: dict[str, Any] = {n: {} for n in self.some(later)}
            return {"to": self.delayed(to), "choose": self.r.choice(["shortest", "first_free", "least_loaded"])}
        names = self.some([*self.stations[i:], "leave"])
        back = [self.stations[k] for k in self.ring if k != i] if i in self.ring else []
        if back:
            names = list(dict.fromkeys([*names, *back]))
        if "leave" not in names:
            names.append("leave")
        plans = [self.way_out(dict(zip(names, self.shares(len(names)), strict=True)), i, back)]
        if self.chance(0.25):  # shares that change together at one instant
            plans.append(self.way_out(dict(zip(names, self.shares(len(names)), strict=True)), i, back))
        to = plans[0]
        if len(plans) > 1:
            at = f"{self.r.uniform(0.2, self.days):.4f} d"
            steps = [{"from": "0 d"}, {"from": at}]
            to = {n: {"share": [{**s, "value": p[n]} for s, p in zip(steps, plans, strict=True)]} for n in names}
        return {"to": self.delayed(to)}

    def way_out(self, shares: dict[str, float], i: int, back: list[str]) -> dict[str, float]:
        """At most 0.3 stay, and of a ring at most 0.65 go round: with stays of 0 ms, all would do so for ever."""
        own = self.stations[i]
        excess = max(0.0, shares.get(own, 0.0) - 0.3)
        if excess:
            shares[own] = 0.3
            shares["leave"] += excess
        if back:
            others = [n for n in shares if n not in (*back, own)]
            kept = {n: 0.35 / len(others) for n in others}
            return (
                {**kept, own: 0.0, **dict.fromkeys(back, 0.65 / len(back))}
                if own in shares
                else {**kept, **dict.fromkeys(back, 0.65 / len(back))}
            )
        return shares

    def delayed(self, to: dict[str, Any]) -> dict[str, Any]:
        for n, given in to.items():
            if self.chance(0.2):
                to[n] = {**(given if isinstance(given, dict) else {"share": given}), "transition": self.use()}
        return to

"""Random networks that, taken together, use every feature of a network file.

The generator is seeded and plain, so that a number names a network for ever. A network is small enough for a few
thousand events, and dense enough for the rare rules (blocking chains, full waiting rooms, draining places) to act.
"""

import random
from typing import Any

DAY = 24.0


def hours(value: float) -> str:
    return f"{value:.4f} h"


def random_network(number: int) -> dict[str, Any]:
    """Network number `number`, as a file would hold it."""
    return _Maker(number).network()


class _Maker:
    def __init__(self, number: int):
        self.r = random.Random(f"network {number}")
        self.classes = [f"c{i}" for i in range(self.r.randint(1, 4))]
        self.attributes = {
            f"a{i}": [f"v{j}" for j in range(self.r.randint(1, 4))] for i in range(self.r.choice([0, 1, 2, 3, 3, 5]))
        }
        self.stations = [f"s{i}" for i in range(self.r.randint(1, 5))]
        self.days = self.r.choice([9.0, 14.0, 20.5, 33.0])
        self.services = {f"t{i}": self.service() for i in range(self.r.randint(1, 3))}
        self.noise = {
            f"n{i}": {"variance": self.r.choice([0.0, 0.05, 0.5]), "correlation": self.r.choice([0.0, 0.6, 0.95])}
            for i in range(self.r.randint(0, 2))
        }

    def chance(self, p: float) -> bool:
        return self.r.random() < p

    def network(self) -> dict[str, Any]:
        r = self.r
        stations = {name: self.station(i) for i, name in enumerate(self.stations)}
        network: dict[str, Any] = {
            "name": "random",
            "start": f"20{r.randint(15, 24)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}",
            "horizon": f"{self.days} d",
            "classes": self.classes,
            "attributes": self.attributes,
            "services": self.services,
            "noise": self.noise,
            "sources": {f"in {i}": self.source() for i in range(r.randint(1, 4))},
            "stations": stations,
            "census": self.census(stations),
            "observe": {
                "period": r.choice(["month", "7 d", "36 h", "5 d"]),
                "snapshot_every": r.choice(["24 h", "6 h", "7 h", "1.37 h"]),
                "wait_over": r.choice([[], ["4 h"], ["0 ms", "1 h", "12 h"]]),
                "by": [a for a in self.attributes if self.chance(0.4)][:2],
            },
        }
        return network

    # -- times --------------------------------------------------------------------------------------------------------

    def service(self, depth: int = 0) -> dict[str, Any]:
        r = self.r
        kinds = ["exponential", "lognormal", "weibull", "deterministic", "gamma", "erlang", "mixture"]
        if depth:
            kinds = [k for k in kinds if k not in ("mixture", "deterministic")]
        kind = r.choice(kinds)
        if kind == "mixture":
            shares = self.shares(r.randint(2, 3))
            return {"kind": kind, "parts": [{**self.service(1), "share": s} for s in shares]}
        mean = r.choice([0.3, 2.0, 9.0, 30.0]) * r.uniform(0.5, 1.5)
        given: dict[str, Any] = {"kind": kind, "mean": hours(mean)}
        if kind == "deterministic" and self.chance(0.4):
            given["mean"] = r.choice(["0 h", "1 h", "6 h", "1 d"])  # whole hours make many ties
        if kind == "lognormal":
            given |= {"cv": r.uniform(0.2, 2.5)} if self.chance(0.5) else {"median": hours(mean * r.uniform(0.3, 0.9))}
        if kind == "weibull":
            given["shape"] = r.uniform(0.5, 3)
        if kind == "gamma":
            given |= {"shape": r.choice([0.4, 1.7, 5])} if self.chance(0.6) else {"cv": r.choice([0.5, 1.6])}
        if kind == "erlang":
            given["shape"] = r.randint(1, 4)
        return given

    def use(self) -> Any:
        return self.r.choice(list(self.services)) if self.chance(0.5) else self.service()

    def shares(self, n: int) -> list[float]:
        cuts = sorted(self.r.randint(0, 20) for _ in range(n - 1))
        return [(b - a) / 20 for a, b in zip([0, *cuts], [*cuts, 20], strict=True)]

    def where(self) -> dict[str, Any]:
        names = {"class": self.classes, **self.attributes}
        found: dict[str, Any] = {}
        for name in self.r.sample(list(names), self.r.randint(1, min(2, len(names)))):
            levels = names[name]
            found[name] = (
                self.r.choice(levels) if self.chance(0.6) else self.r.sample(levels, self.r.randint(1, len(levels)))
            )
        return found

    def steps(self, draw: Any, first: bool) -> list[dict[str, Any]]:
        """Two to four steps at rising instants; `first` says whether one must hold from the start."""
        n = self.r.randint(1, 3)
        at = sorted({self.r.choice([self.r.uniform(0.1, self.days), float(self.r.randint(1, 8))]) for _ in range(n)})
        instants = [0.0, *at] if first else at
        return [{"from": f"{t:.5f} d", **draw()} for t in instants]

    # -- stations -----------------------------------------------------------------------------------------------------

    def station(self, i: int) -> dict[str, Any]:
        r = self.r
        unlimited = self.chance(0.15)
        places: Any = "inf" if unlimited else r.choice([0, 1, 2, 4, 8, 15]) if self.chance(0.55) else None
        if places is None:
            level = r.choice([2, 5, 10])
            places = self.steps(lambda: {"places": max(0, level + r.randint(-level, 4))}, True)
        station: dict[str, Any] = {"places": places, "service": self.use()}
        if self.chance(0.4):
            station["service"] = [{"where": self.where(), "use": self.use()} for _ in range(r.randint(1, 2))]
            station["service"].append({"use": self.use()})
        rooms: Any = r.choice(["inf", 0, 1, 3, 12])
        if self.chance(0.4):
            rooms = {c: r.choice(["inf", 0, 1, 5]) for c in self.classes if self.chance(0.8)}
        station["waiting_room"] = rooms
        if self.chance(0.4):
            station["priority"] = {c: r.randint(-1, 2) for c in self.classes if self.chance(0.8)}
        if self.chance(0.3):
            station["reserve"] = {c: r.randint(0, 2) for c in self.classes if self.chance(0.6)}
        if self.chance(0.35):
            station["flex"] = {
                "elasticity": r.uniform(0, 1.5),
                "scale": r.uniform(0.5, 5),
                "floor": r.choice([0, 0.2, 0.7]),
            }
        if self.chance(0.35):
            station["multiplier"] = self.multiplier()
        if self.chance(0.3):
            station["window"] = self.window() if self.chance(0.5) else [self.window(), self.window()]
        if self.chance(0.8):
            station["routes"] = [self.route(i, self.where()) for _ in range(r.choice([0, 0, 1, 2]))]
            station["routes"].append(self.route(i, {}))
        if self.chance(0.4):
            station["returns"] = [self.back() for _ in range(r.randint(1, 2))]
        return station

    def multiplier(self) -> Any:
        def draw() -> dict[str, float]:
            return {"value": self.r.choice([0.0, 0.5, 0.9, 1.3, 2.0])}

        if self.chance(0.5):
            return self.steps(draw, self.chance(0.5))
        return {c: self.steps(draw, False) for c in self.classes if self.chance(0.6)}

    def window(self) -> dict[str, Any]:
        first = self.r.randint(0, 22)
        return {
            "weekdays": self.r.sample(range(7), self.r.randint(1, 7)),
            "hours": [first, self.r.randint(first + 1, 24)],
        }

    def route(self, i: int, where: dict[str, Any]) -> dict[str, Any]:
        """Forward, to oneself or out: two stations never lead to each other, so no cycle can lock up."""
        onward = [*self.stations[i:], "leave"]
        names = self.r.sample(onward, self.r.randint(1, len(onward)))
        if names == [self.stations[i]]:
            names.append("leave")
        own = names.index(self.stations[i]) if self.stations[i] in names else -1
        shares = self.seldom(self.shares(len(names)), own)
        to: dict[str, Any] = dict(zip(names, shares, strict=True))
        if len(names) > 1 and self.chance(0.3):  # shares that change together at one instant
            later = self.seldom(self.shares(len(names)), own)
            at = f"{self.r.uniform(0.2, self.days):.4f} d"
            to = {
                n: {"share": [{"from": "0 d", "value": a}, {"from": at, "value": b}]}
                for n, a, b in zip(names, shares, later, strict=True)
            }
        for n in names:
            if self.chance(0.3):
                given = to[n] if isinstance(to[n], dict) else {"share": to[n]}
                to[n] = {**given, "transition": self.use()}
        return {"where": where, "to": to}

    def seldom(self, shares: list[float], own: int) -> list[float]:
        """At most 0.3 of those at a station go round again: with a stay of 0 ms, all of them would do so for ever."""
        if own >= 0 and shares[own] > 0.3:
            shares[(own + 1) % len(shares)] += shares[own] - 0.3
            shares[own] = 0.3
        return shares

    def back(self) -> dict[str, Any]:
        return {
            "where": self.where() if self.chance(0.5) else {},
            "probability": self.r.choice([0, 0.2, 0.5]),
            "after": self.use(),
            "to": self.r.choice(self.stations),
        }

    # -- demand -------------------------------------------------------------------------------------------------------

    def source(self) -> dict[str, Any]:
        r = self.r
        source: dict[str, Any] = {
            "class": r.choice(self.classes),
            "to": r.choice(self.stations),
            "rate_per_day": r.choice([10, 30, 80]) * r.uniform(0.5, 1.5),
        }
        if self.chance(0.2):
            source["week"] = [r.choice([0, 1, 3]) * r.random() + 0.01 for _ in range(168)]
        else:
            if self.chance(0.4):
                source["hour"] = [r.random() for _ in range(24)]
            if self.chance(0.4):
                source["weekday"] = [r.random() for _ in range(7)]
        if self.chance(0.3):
            source["month"] = [r.uniform(0.5, 1.5) for _ in range(12)]
        if self.chance(0.3):
            source["growth_per_year"] = r.uniform(-0.9, 1)
        if self.chance(0.3):
            source["level"] = [
                {"from": f"{t} d", "value": r.choice([0, 0.5, 1.5])} for t in sorted(r.sample(range(1, 9), 2))
            ]
        if self.noise and self.chance(0.6):
            source["noise"] = r.choice(list(self.noise))
        if self.chance(0.2):
            source["begin"] = f"{r.randint(0, 3)} d"
        if self.chance(0.2):
            source["end"] = f"{r.randint(4, int(self.days))} d"
        attributes: dict[str, Any] = {}
        for name, levels in self.attributes.items():
            if self.chance(0.4):
                attributes[name] = r.choice(levels)
            elif self.chance(0.7):
                some = r.sample(levels, r.randint(1, len(levels)))
                attributes[name] = dict(zip(some, self.shares(len(some)), strict=True))
        source["attributes"] = attributes
        return source

    def census(self, stations: dict[str, Any]) -> list[dict[str, Any]]:
        rows = []
        for name, station in stations.items():
            given = station["places"]
            room = 6 if given == "inf" else given if isinstance(given, int) else given[0]["places"]
            while room > 0 and self.chance(0.5):
                count = self.r.randint(0, room)
                room -= count
                rows.append(
                    {
                        "station": name,
                        "class": self.r.choice(self.classes),
                        "count": count,
                        "attributes": {a: self.r.choice(v) for a, v in self.attributes.items() if self.chance(0.5)},
                        "elapsed": self.r.choice(["stationary", "0 h", "5 h", "2 d"]),
                    }
                )
        return rows

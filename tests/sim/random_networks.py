"""Random networks that, taken together, use every feature of a network file.

The generator is seeded and plain, so that a number names a network for ever. A network is small enough for a few
thousand events, and dense enough for the rare rules (deadlocks, preemption, patience while blocked, overflow, full
waiting rooms, draining places) to act, and to meet one another.
"""

from collections import Counter
from typing import Any

from pydantic import BaseModel

from sim.network.schema import Network
from tests.sim.random_stations import Stations


def random_network(number: int) -> dict[str, Any]:
    """Network number `number`, as a file would hold it."""
    return _Maker(number).network()


def features(network: Network) -> Counter[str]:
    """How often a network uses each key of the schema with something else than the default, and each of its words."""
    found: Counter[str] = Counter()
    _count(network, found)
    return found


def _count(value: Any, found: Counter[str]) -> None:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            inner = getattr(value, name)
            if field.is_required() or inner != field.get_default():
                key = f"{type(value).__name__}.{field.alias or name}"
                found[key] += 1
                found[f"{key}={inner}" if isinstance(inner, str) else f"{key}: {type(inner).__name__}"] += 1
                _count(inner, found)
    elif isinstance(value, dict):
        for inner in value.values():
            _count(inner, found)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _count(inner, found)


class _Maker(Stations):
    def network(self) -> dict[str, Any]:
        r = self.r
        pools, stations = self.all_pools(), self.all_stations()
        start = (r.randint(15, 24), r.randint(1, 12), r.randint(1, 28))
        return {
            "name": "random",
            "start": "20{}-{:02d}-{:02d}".format(*start),
            "horizon": f"{self.days} d",
            "warm_up": r.choice(["0 d", "0 d", "1 d", "31 h"]),
            "classes": self.classes,
            "attributes": self.attributes,
            "services": self.services,
            "noise": self.noise,
            "pools": pools,
            "sources": {f"in {i}": self.source() for i in range(r.randint(2, 5))},
            "stations": stations,
            "census": self.census(stations, pools),
            "observe": {
                "period": r.choice(["month", "7 d", "36 h", "5 d"]),
                "snapshot_every": r.choice(["24 h", "6 h", "7 h", "1.37 h"]),
                "wait_over": r.choice([[], ["4 h"], ["0 ms", "1 h", "12 h"]]),
                "by": [a for a in self.attributes if self.chance(0.4)][:2],
                "clocks": {f"k{i}": self.clock() for i in range(r.choice([0, 1, 3]))},
                "wait_quantiles": self.chance(0.5),
            },
        }

    def clock(self) -> dict[str, Any]:
        return {
            "station": self.r.choice(self.stations),
            "since": self.r.choice(["joined", "visit"]),
            "until": self.r.choice(["started", "left"]),
            "within": self.r.choice(["0 h", "4 h", "1 d"]),
        }

    # -- demand -------------------------------------------------------------------------------------------------------

    def source(self) -> dict[str, Any]:
        r = self.r
        entrances = [self.stations[i] for i in self.ring] if self.chance(0.5) else []
        source: dict[str, Any] = {"class": r.choice(self.classes), "to": r.choice(entrances or self.stations)}
        kind = r.choice(["rate", "rate", "rate", "every", "times"])
        if kind == "rate":
            source |= self.rate()
        elif kind == "every":
            source["every"] = self.brief()
        else:
            source["times"] = self.instants()
        if kind != "rate" and self.chance(0.5):
            source["attend"] = r.choice([0.5, 0.9])
        whole = 1 if kind == "rate" else 24  # a rate begins and ends at midnight
        if kind != "times" and self.chance(0.2):
            source["begin"] = f"{r.randint(0, 3 * whole) / whole:.6f} d"
        if self.chance(0.2):
            source["end"] = f"{r.randint(4 * whole, int(self.days) * whole) / whole:.6f} d"
        if self.chance(0.25):
            sizes = r.sample(range(1, 6), 2)
            source["batch"] = r.choice([2, 3, dict(zip(sizes, self.shares(2), strict=True))])
        source["attributes"] = {
            name: r.choice(levels) if self.chance(0.4) else self.split(levels)
            for name, levels in self.attributes.items()
            if self.chance(0.8)
        }
        return source

    def split(self, levels: list[str]) -> dict[str, float]:
        some = self.some(levels)
        return dict(zip(some, self.shares(len(some)), strict=True))

    def rate(self) -> dict[str, Any]:
        r = self.r
        source: dict[str, Any] = {"rate_per_day": r.choice([4, 10, 20, 40]) * r.uniform(0.5, 1.5)}
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
            at = sorted(r.sample(range(1, int(self.days)), 2))
            source["level"] = [{"from": f"{t} d", "value": r.choice([0, 0.5, 1.5])} for t in at]
        if self.noise and self.chance(0.6):
            source["noise"] = r.choice(list(self.noise))
        return source

    # -- who is there at the start ------------------------------------------------------------------------------------

    def census(self, stations: dict[str, Any], pools: dict[str, Any]) -> list[dict[str, Any]]:
        r = self.r
        left = {name: self.at_start(of) for name, of in (stations | pools).items()}
        rows = []
        for name, station in stations.items():
            while self.chance(0.45):
                waits = self.chance(0.3)
                needs = {name: 1} | self.most_held(station)
                room = 4 if waits else min(left[place] // n for place, n in needs.items() if n)
                count = r.randint(0, max(0, room))
                if not waits:
                    for place, n in needs.items():
                        left[place] -= n * count
                row = {
                    "station": name,
                    "class": r.choice(self.classes),
                    "count": count,
                    "attributes": {a: r.choice(v) for a, v in self.attributes.items() if self.chance(0.5)},
                }
                rows.append(row | ({"state": "waiting"} if waits else {"elapsed": r.choice(_ELAPSED)}))
        return rows

    def at_start(self, of: dict[str, Any]) -> int:
        """Places that are open at the start, whatever its weekday."""
        planned = of["places"][0]["places"] if isinstance(of["places"], list) else of["places"]
        return min([6 if planned == "inf" else planned, *(e["places"] for e in of.get("timetable", []))])

    def most_held(self, station: dict[str, Any]) -> dict[str, int]:
        """Most that a stay may hold of each pool at its start."""
        given = station.get("holds", {})
        most: dict[str, int] = {}
        for rule in [given] if isinstance(given, dict) else [rule["pools"] for rule in given]:
            for pool, amount in rule.items():
                first = amount if isinstance(amount, int) else amount[0]["amount"]
                most[pool] = max(first, most.get(pool, 0))
        return most


_ELAPSED = ("stationary", "0 h", "5 h", "2 d")

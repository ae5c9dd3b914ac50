"""Rules about those who are there when a run starts."""

from __future__ import annotations

from collections import Counter

from sim.network.check.findings import Findings, count_findings, finding
from sim.network.check.names import attribute_known, class_known, level_known, station_known
from sim.network.fields import Weekly
from sim.network.places import Pool
from sim.network.schema import Census, Network, Station
from sim.select import first_fit, levels_of

__all__ = ["census_findings"]


def census_findings(network: Network) -> Findings:
    """Findings about the census."""
    for i, row in enumerate(network.census):
        key = f"census.{i}"
        yield from station_known(network, f"{key}.station", row.station)
        yield from class_known(network, f"{key}.class", row.cls)
        yield from count_findings(f"{key}.count", row.count, "a count")
        for name, level in row.attributes.items():
            here = f"{key}.attributes.{name}"
            if name in network.attributes:
                yield from level_known(network, here, name, level)
            else:
                yield from attribute_known(network, here, name, lambda a: f"{a}: {network.attributes[a][0]}")
        if row.state == "waiting" and row.elapsed != "stationary":
            rule = "those who wait have spent no time in service; leave it out."
            reads = (f"{key}.elapsed", f"{key}.state")
            yield finding(f"{key}.elapsed", row.elapsed, rule, reads=reads, example="state: in_service")
    yield from _fits(network)


def _fits(network: Network) -> Findings:
    """Those in service at the start need places: of their station, and of the pools that their stays hold."""
    held: Counter[str] = Counter()
    for i, row in enumerate(network.census):
        station = network.stations.get(row.station)
        if row.state != "in_service" or station is None or not _sound(network, row):
            continue
        needs = {f"stations.{row.station}": row.count}
        for pool, amount in _held(network, station, row).items():
            needs[f"pools.{pool}"] = row.count * amount
        for place, amount in needs.items():
            before, held[place] = held[place], held[place] + amount
            places = _at_start(network, place)
            if places is not None and before <= places < held[place]:
                name = place.partition(".")[2]
                text = f"with this row {held[place]} places of '{name}' are held at the start, and it has {places}."
                reads = ("census", place, f"stations.{row.station}", "start")
                example = f"count: {row.count * (places - before) // amount}"
                yield finding(f"census.{i}.count", row.count, text, reads=reads, example=example)


def _held(network: Network, station: Station, row: Census) -> dict[str, int]:
    """Amounts that each stay of a row holds of shared pools at its start."""
    levels = levels_of(network, row.cls, row.attributes)
    wheres = [rule.where for rule in station.holds]
    if not all(name in levels for where in wheres for name in where):
        return {}
    first = first_fit(wheres, levels)
    rule = station.holds[first].pools if first >= 0 else {}
    return {pool: steps[0].amount for pool, steps in rule.items() if steps}


def _sound(network: Network, row: Census) -> bool:
    """Whether the names of a row exist, without which nobody knows what its stays hold."""
    return row.cls in network.classes and all(
        level in network.attributes.get(name, ()) for name, level in row.attributes.items()
    )


def _at_start(network: Network, place: str) -> int | None:
    """Places open at the start, the timetable considered; None without limit or where there are none to know."""
    kind, _, name = place.partition(".")
    of: Station | Pool | None = (network.stations if kind == "stations" else network.pools).get(name)
    if of is None or of.places == "inf":
        return None
    fitting = next((entry.places for entry in of.timetable if _holds(entry, network.start.weekday())), None)
    if fitting is not None:
        return fitting
    return of.places if isinstance(of.places, int) else of.places[0].places if of.places else None


def _holds(entry: Weekly, weekday: int) -> bool:
    """Whether an entry holds at midnight of a weekday."""
    return weekday in entry.weekdays and entry.hours[0] == 0 < entry.hours[1]

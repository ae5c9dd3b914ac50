"""What must hold between a network and the stocks beside it: names, one owner for each quantity, units, smoothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.errors import Fault, nearest
from sim.hybrid.model import Hybrid, columns_of
from sim.hybrid.schema import COUNTS, MEANS, PLACES_SEEN, Drive
from sim.hybrid.smoothing import unsmoothed
from sim.stocks.model import Variable

__all__ = ["coupling_faults"]

_HOUR = 3_600_000


def coupling_faults(hybrid: Hybrid, headline: Sequence[str] = (), *, check_units: bool = True) -> list[Fault]:
    """Find every fault of the coupling."""
    found = [
        *_feeds(hybrid),
        *_drives(hybrid),
        *(f for h, name in enumerate(headline) for f in _column(hybrid, f"headline.{h}", name)),
    ]
    if not found:
        found += unsmoothed(hybrid)
    if check_units and not found:
        found += _units(hybrid)
    return found


def _known(key: str, name: str, choices: Sequence[str], what: str) -> Iterator[Fault]:
    if name not in choices:
        listed = ", ".join(list(choices)[:12]) + (", ..." if len(choices) > 12 else "")
        yield Fault(key, name, f"no such {what}; known: {listed or 'none'}.", nearest=nearest(name, choices))


def _column(hybrid: Hybrid, key: str, name: str, *, single: bool = False) -> Iterator[Fault]:
    found = columns_of(hybrid.model, name)
    if not found:
        known = [*hybrid.model.columns(), *hybrid.model.variables]
        yield Fault(key, name, "no such variable of the stocks.", nearest=nearest(name, known))
    elif single and len(found) > 1:
        yield Fault(key, name, f"say which element, for example {found[0]}.")


def _feeds(hybrid: Hybrid) -> Iterator[Fault]:
    given: dict[str, int] = {}
    inputs = [c for c in hybrid.model.columns() if hybrid.model.variables[c.partition("[")[0]].kind == "input"]
    for n, feed in enumerate(hybrid.feeds):
        key = f"feeds.{n}"
        found = [c for c in columns_of(hybrid.model, feed.input) if c in inputs]
        if not found:
            rule = f"no such input of the stocks; known: {', '.join(inputs) or 'none is declared'}."
            yield Fault(f"{key}.input", feed.input, rule, nearest=nearest(feed.input, inputs))
        elif len(found) > 1:
            yield Fault(f"{key}.input", feed.input, f"say which element, for example {found[0]}.")
        elif found[0] in given:
            rule = f"feed {given[found[0]]} gives this input already: one owner for each quantity."
            yield Fault(f"{key}.input", feed.input, rule)
        given.update({c: n for c in found})
        yield from _known(f"{key}.observes", feed.observes, (*COUNTS, *MEANS), "count or mean")
        places = feed.observes in (*PLACES_SEEN, "occupancy")
        stations = list(hybrid.network.stations)
        for station in feed.station:
            choices = [*stations, *hybrid.network.pools] if places else stations
            yield from _known(f"{key}.station", station, choices, "station")
        for cls in feed.cls or []:
            yield from _known(f"{key}.class", cls, hybrid.network.classes, "class")
        if feed.cls and places:
            yield Fault(f"{key}.class", feed.cls, "places are not told apart by class.")
    for name in inputs:
        if name not in given:
            yield Fault("feeds", None, f"no feed gives the input '{name}' of the stocks.")


def _drives(hybrid: Hybrid) -> Iterator[Fault]:
    taken: dict[tuple[object, ...], int] = {}
    for n, drive in enumerate(hybrid.drives):
        key = f"drives.{n}"
        yield from _column(hybrid, f"{key}.variable", drive.variable, single=True)
        found = list(_target(hybrid, key, drive))
        yield from found
        for what in [] if found else _quantities(hybrid, drive):
            if what in taken:
                rule = f"drive {taken[what]} sets this already: one owner for each quantity."
                yield Fault(key, drive.variable, rule)
            taken.setdefault(what, n)


def _quantities(hybrid: Hybrid, drive: Drive) -> Iterator[tuple[object, ...]]:
    """What a drive owns."""
    if drive.sets == "stay_multiplier":
        yield from (("stay_multiplier", drive.station, c) for c in drive.cls or hybrid.network.classes)
    elif drive.sets == "share":
        yield ("share", drive.station, drive.rule)
    elif drive.sets == "places":
        yield ("places", drive.station)
    else:
        yield ("source", drive.source)


def _target(hybrid: Hybrid, key: str, drive: Drive) -> Iterator[Fault]:
    """What a drive sets exists, and nothing else sets it."""
    network = hybrid.network
    needs = {"places": ("station",), "stay_multiplier": ("station",), "share": ("station", "to")}
    wanted = needs.get(drive.sets, ("source",))
    missing = [name for name in wanted if getattr(drive, name) is None]
    for name in missing:
        yield Fault(f"{key}.{name}", None, f"this key is missing; {drive.sets} needs {' and '.join(wanted)}.")
    if missing:
        return
    if drive.sets == "places":
        choices = [*network.stations, *network.pools]
        bad = list(_known(f"{key}.station", drive.station or "", choices, "station or pool"))
        yield from bad
        if not bad:
            pool = network.stations.get(drive.station or "") or network.pools[drive.station or ""]
            if not _constant(pool.places):
                rule = "its places are planned in the network or without limit: one owner for each quantity."
                yield Fault(f"{key}.station", drive.station, rule, example="places: 20")
            elif pool.timetable:
                yield Fault(
                    f"{key}.station", drive.station, "a timetable sets its places: one owner for each quantity."
                )
    elif drive.sets in ("stay_multiplier", "share"):
        yield from _at_station(hybrid, key, drive)
    else:
        yield from _at_source(hybrid, key, drive)


def _constant(places: object) -> bool:
    """Whether places are one number from the start on."""
    return isinstance(places, int) or (isinstance(places, list) and len(places) == 1)


def _at_station(hybrid: Hybrid, key: str, drive: Drive) -> Iterator[Fault]:
    network, name = hybrid.network, drive.station or ""
    bad = list(_known(f"{key}.station", name, list(network.stations), "station"))
    yield from bad
    for cls in drive.cls or []:
        yield from _known(f"{key}.class", cls, network.classes, "class")
    if bad:
        return
    station = network.stations[name]
    if drive.sets == "stay_multiplier":
        if station.multiplier:
            yield Fault(
                f"{key}.station", name, "its multiplier is planned in the network: one owner for each quantity."
            )
        return
    if drive.rule >= len(station.routes):
        yield Fault(f"{key}.rule", drive.rule, f"'{name}' has {len(station.routes)} route rules, counted from 0.")
        return
    shares = {to: d.share for to, d in station.routes[drive.rule].to.items()}
    yield from _known(f"{key}.to", drive.to or "", list(shares), "destination of this rule")
    fixed = {to: float(s) for to, s in shares.items() if isinstance(s, (int, float))}
    if len(fixed) < len(shares):
        yield Fault(
            f"{key}.rule", drive.rule, "its shares are planned or chosen by state: one owner for each quantity."
        )
    elif len(shares) < 2 or fixed.get(drive.to or "", 0.0) >= 1:
        yield Fault(f"{key}.rule", drive.rule, "another destination is needed, with a share above 0, for the rest.")


def _at_source(hybrid: Hybrid, key: str, drive: Drive) -> Iterator[Fault]:
    network, name = hybrid.network, drive.source or ""
    bad = list(_known(f"{key}.source", name, list(network.sources), "source"))
    yield from bad
    if bad:
        return
    source = network.sources[name]
    if hybrid.interval % _HOUR:
        yield Fault(key, drive.sets, "arrivals change by the hour: the exchange must be a whole number of hours.")
    if drive.sets == "entities":
        if source.driven is None or source.driven != hybrid.interval:
            hours = hybrid.interval / _HOUR
            rule = f"entities come by a driven source whose interval is that of the exchange, {hours:g} h."
            yield Fault(f"{key}.source", name, rule, example=f"driven: {hours:g} h")
        yield from _leaves(hybrid, key, drive)
    elif source.rate_per_day is None or (drive.sets == "arrivals" and not source.rate_per_day):
        yield Fault(f"{key}.source", name, "only a source with a rate_per_day above 0 can be steered.")


def _leaves(hybrid: Hybrid, key: str, drive: Drive) -> Iterator[Fault]:
    """Entities that are handed over must leave a stock, or people would be invented."""
    name = drive.variable.partition("[")[0].strip()
    v = hybrid.model.variables.get(name)
    stocks = list(hybrid.model.of_kind("stock"))
    out = [s for s in stocks if name in s.outflows]
    into = [s for s in stocks if name in s.inflows]
    if v is not None and (v.kind != "flow" or not out or into):
        rule = "entities handed to the network are a flow that leaves a stock and enters none."
        yield Fault(f"{key}.variable", drive.variable, rule)


def _units(hybrid: Hybrid) -> Iterator[Fault]:
    """What passes has the unit of where it goes."""
    from sim.stocks.units import UnitError, Units, analyse

    units, known = Units(hybrid.model), analyse(hybrid.model).units

    def clash(key: str, v: Variable, expected: str) -> Iterator[Fault]:
        try:
            wanted = units.parse(expected)
        except UnitError as error:
            rule = f"what passes is counted in {expected}, a unit that the stocks do not know ({error})."
            yield Fault(key, v.name, rule)
            return
        have = known.get(v.name)
        if have is not None and not units.same(have, wanted):
            rule = f"'{v.name}' is in {units.text(have)}, but what passes here is in {expected}."
            yield Fault(key, v.name, rule)

    def variable(name: str) -> Variable:
        return hybrid.model.variables[columns_of(hybrid.model, name)[0].partition("[")[0]]

    for n, feed in enumerate(hybrid.feeds):
        yield from clash(f"feeds.{n}.input", variable(feed.input), hybrid.unit_fed(feed))
    for n, drive in enumerate(hybrid.drives):
        yield from clash(f"drives.{n}.variable", variable(drive.variable), hybrid.unit_set(drive))

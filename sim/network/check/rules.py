"""Rules about a stay and what follows it: services, multipliers, windows, routes, returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.clock import DAY
from sim.network.check.findings import Findings, at, finding, hours_findings, rising_findings, sum_findings
from sim.network.check.names import service_findings, station_known, where_findings
from sim.network.schema import LEAVE, Destination, Network, RouteRule, Station, Step

__all__ = ["rule_findings"]

_FOR_EVERYONE = "the last rule must hold for everyone (no 'where')."


def rule_findings(network: Network, key: str, station: Station) -> Findings:
    """Findings about the rules of a station."""
    yield from _services(network, key, station)
    plans: Mapping[str, Sequence[Step]] = (
        {f".{cls}": steps for cls, steps in station.multiplier.items()}
        if isinstance(station.multiplier, dict)
        else {"": station.multiplier}
    )
    for cls, steps in plans.items():
        yield from rising_findings(network, f"{key}.multiplier{cls}", [step.since for step in steps])
    for i, window in enumerate(station.window):
        yield from hours_findings(f"{key}.window.{i}", window, "a window")
    for i, rule in enumerate(station.routes):
        yield from _route(network, f"{key}.routes.{i}", rule)
    if station.routes and station.routes[-1].where:
        last = f"{key}.routes.{len(station.routes) - 1}.where"
        yield finding(f"{key}.routes", None, _FOR_EVERYONE, reads=(last,))
    for i, back in enumerate(station.returns):
        here = f"{key}.returns.{i}"
        yield from where_findings(network, here, back.where)
        yield from service_findings(network, f"{here}.after", back.after)
        yield from station_known(network, f"{here}.to", back.to)


def _services(network: Network, key: str, station: Station) -> Findings:
    if not isinstance(station.service, list):
        yield from service_findings(network, f"{key}.service", station.service)
        return
    for i, rule in enumerate(station.service):
        yield from where_findings(network, f"{key}.service.{i}", rule.where)
        yield from service_findings(network, f"{key}.service.{i}.use", rule.use)
    if not station.service or station.service[-1].where:
        example = "service: [{where: {class: old}, use: long}, {use: short}]"
        last = f"{key}.service.{len(station.service) - 1}.where" if station.service else f"{key}.service"
        yield finding(f"{key}.service", None, _FOR_EVERYONE, reads=(last,), example=example)


def _route(network: Network, key: str, rule: RouteRule) -> Findings:
    yield from where_findings(network, key, rule.where)
    for to, destination in rule.to.items():
        here = f"{key}.to.{to}"
        yield from station_known(network, here, to, also=[LEAVE], shown=lambda choice: f"to: {{{choice}: 1}}")
        if destination.transition is not None:
            yield from service_findings(network, f"{here}.transition", destination.transition)
    yield from _shares(network, key, rule) if rule.choose == "shares" else _chosen(network, key, rule)


def _shares(network: Network, key: str, rule: RouteRule) -> Findings:
    """Every destination needs a share, and at any time they sum to one."""
    here = f"{key}.to"
    lacking = [to for to, destination in rule.to.items() if destination.share is None]
    for to in lacking:
        text = "a share is missing; or choose by the state of the destinations (choose: shortest)."
        reads = (f"{here}.{to}", f"{key}.choose")
        yield finding(f"{here}.{to}", None, text, reads=reads, example=f"{to}: 0.5")
    for to, destination in rule.to.items():
        yield from rising_findings(network, f"{here}.{to}.share", [step.since for step in _steps(destination)])
    if lacking:
        return
    instants = sorted({0.0, *(max(0.0, at(network, s.since)) for d in rule.to.values() for s in _steps(d))})
    for instant in instants:
        when = f"from day {instant / DAY:g} on, " if len(instants) > 1 else ""
        shares = [_share_at(network, destination, instant) for destination in rule.to.values()]
        yield from sum_findings(here, shares, when, reads=(here, f"{key}.choose", "start"))


def _chosen(network: Network, key: str, rule: RouteRule) -> Findings:
    """Destinations chosen by their state are stations, and have no shares."""
    here, reads = f"{key}.to", (f"{key}.to", f"{key}.choose")
    stations = ", ".join(list(network.stations)[:2])
    example = f"to: [{stations}]"
    if not rule.to:
        yield finding(
            here, None, f"choose: {rule.choose} needs at least one destination.", reads=reads, example=example
        )
    if LEAVE in rule.to:
        text = f"choose: {rule.choose} compares stations; '{LEAVE}' is not one."
        yield finding(here, LEAVE, text, reads=reads, example=example)
    for to, destination in rule.to.items():
        if destination.share is not None:
            text = f"with choose: {rule.choose} a destination has no share."
            yield finding(f"{here}.{to}.share", None, text, reads=(f"{here}.{to}", *reads[1:]), example=example)


def _steps(destination: Destination) -> list[Step]:
    return destination.share if isinstance(destination.share, list) else []


def _share_at(network: Network, destination: Destination, instant: float) -> float:
    if not isinstance(destination.share, list):
        return destination.share or 0.0
    value = 0.0
    for step in destination.share:
        if at(network, step.since) <= instant:
            value = step.value
    return value

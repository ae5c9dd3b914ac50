"""Rules about places, of stations and of shared pools: plans, timetables, extra places, turnaround."""

from __future__ import annotations

from sim.network.check.findings import Findings, at, count_findings, finding, hours_findings, rising_findings
from sim.network.check.names import service_findings
from sim.network.places import Escalation, Pool
from sim.network.schema import Network, Station

__all__ = ["place_findings"]


def place_findings(network: Network, key: str, of: Station | Pool) -> Findings:
    """Findings about the places of a station or a pool."""
    yield from count_findings(f"{key}.places", of.places, "a number of places")
    if isinstance(of.places, list):
        yield from _plan(network, key, of)
    if of.places == "inf":
        yield from _unlimited(key, of)
    for i, entry in enumerate(of.timetable):
        yield from hours_findings(f"{key}.timetable.{i}", entry, "an entry of a timetable")
        yield from count_findings(f"{key}.timetable.{i}.places", entry.places, "a number of places")
    for i, rule in enumerate(of.escalation):
        yield from _escalation(f"{key}.escalation.{i}", rule)
    if isinstance(of, Station) and of.turnaround is not None:
        yield from service_findings(network, f"{key}.turnaround", of.turnaround)


def _plan(network: Network, key: str, of: Station | Pool) -> Findings:
    here = f"{key}.places"
    example = "places: [{from: 0 d, places: 20}, {from: 90 d, places: 16}]"
    if not isinstance(of.places, list) or not of.places:
        yield finding(here, [], "a plan of places needs at least one step.", example=example)
        return
    first = of.places[0].since
    if at(network, first) > 0:
        rule = "the first step must hold from the start on."
        yield finding(here, first, rule, reads=(here, "start"), example=example)
    yield from rising_findings(network, here, [step.since for step in of.places])
    for i, step in enumerate(of.places):
        yield from count_findings(f"{here}.{i}.places", step.places, "a number of places")


def _unlimited(key: str, of: Station | Pool) -> Findings:
    for field in ("timetable", "escalation", "turnaround"):
        if getattr(of, field, None):
            rule = (
                f"places are without limit (inf), so {field} has no meaning; give a number of places or leave it out."
            )
            yield finding(f"{key}.{field}", None, rule, reads=(f"{key}.{field}", f"{key}.places"), example="places: 20")


def _escalation(key: str, rule: Escalation) -> Findings:
    yield from count_findings(f"{key}.places", rule.places, "a number of places")
    if rule.check_every < 1 or rule.check_every != int(rule.check_every):
        yield finding(f"{key}.check_every", rule.check_every, "give a whole number of milliseconds above zero.")
    trigger, down = rule.trigger, rule.stand_down
    given = [name for name in ("queued", "occupancy") if getattr(trigger, name) is not None]
    if not given:
        yield finding(f"{key}.trigger", None, "a trigger has queued or occupancy, or both.")
    elif len(given) == 1 and getattr(down, given[0]) >= getattr(trigger, given[0]):
        name = given[0]
        rule_text = (
            f"the places would open and close at every check: stand_down.{name} must be below "
            f"trigger.{name}, {getattr(trigger, name):g}."
        )
        reads = (f"{key}.stand_down.{name}", f"{key}.trigger")
        example = f"stand_down: {{{name}: {_below(name, getattr(trigger, name))}}}"
        yield finding(f"{key}.stand_down.{name}", getattr(down, name), rule_text, reads=reads, example=example)


def _below(name: str, threshold: float) -> str:
    return f"{int(threshold) - 1}" if name == "queued" else f"{0.9 * threshold:.3g}"

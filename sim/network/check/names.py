"""Names that one part of a file uses and another declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sim.network.check.findings import Findings, finding, known
from sim.network.examples import KINDS
from sim.network.schema import Network, Service
from sim.select import CLASS
from sim.services import service_faults

__all__ = ["attribute_known", "class_known", "level_known", "service_findings", "station_known", "where_findings"]

Shown = Callable[[str], str] | None  # how a choice is written in the example


def class_known(network: Network, key: str, name: str, shown: Shown = None) -> Findings:
    """Check that a class exists."""
    yield from known(key, name, network.classes, "class", "classes", shown)


def station_known(network: Network, key: str, name: str, also: Iterable[str] = (), shown: Shown = None) -> Findings:
    """Check that a station exists; `also` names further words that may stand there."""
    yield from known(key, name, [*also, *network.stations], "station", f"stations.{name}", shown)


def attribute_known(network: Network, key: str, name: str, shown: Shown = None) -> Findings:
    """Check that an attribute exists."""
    yield from known(key, name, network.attributes, "attribute", f"attributes.{name}", shown)


def level_known(network: Network, key: str, attribute: str, level: str) -> Findings:
    """Check that an attribute has a level."""
    yield from known(key, level, network.attributes[attribute], "level", f"attributes.{attribute}")


def where_findings(network: Network, key: str, where: Mapping[str, str | list[str]]) -> Findings:
    """Check that a rule's `where` names attributes and levels that exist."""
    levels = {CLASS: network.classes, **network.attributes}

    def shown(choice: str) -> str:
        return f"where: {{{choice}: {levels[choice][0]}}}"

    for name, value in where.items():
        if name not in levels:
            yield from known(f"{key}.where.{name}", name, levels, "attribute", f"attributes.{name}", shown)
            continue
        what, declared = ("class", "classes") if name == CLASS else ("level", f"attributes.{name}")
        for one in value if isinstance(value, list) else [value]:
            yield from known(f"{key}.where.{name}", one, levels[name], what, declared)


def service_findings(network: Network, key: str, service: Service | str) -> Findings:
    """Check a distribution of time, or that the one that is named exists."""
    if isinstance(service, str):
        yield from known(key, service, network.services, "service", f"services.{service}")
        return
    example = f"{key.rpartition('.')[2]}: {KINDS[service.kind]}"
    for text in service_faults(service):
        yield finding(key, None, f"{text}.", example=example)

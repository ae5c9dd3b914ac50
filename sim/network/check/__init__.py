"""Cross-field rules of a network: what no single key can tell, checked all at once.

One module for each part of the file. Every rule reports the keys it was judged by, so that in a file whose shape is
unsound in places the rules about the rest can still be checked, without faults that would only follow from those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain

from sim.errors import Fault
from sim.network.check.census import census_findings
from sim.network.check.cycles import cycle_findings
from sim.network.check.endless import endless_findings
from sim.network.check.findings import Finding
from sim.network.check.places import place_findings
from sim.network.check.queues import queue_findings
from sim.network.check.rules import rule_findings
from sim.network.check.sources import source_findings
from sim.network.check.top import top_findings
from sim.network.examples import example_of
from sim.network.schema import Network

__all__ = ["check"]


def check(network: Network, sound: Callable[[str], bool] = lambda _: True) -> list[Fault]:
    """Find all cross-field faults of a network.

    Parameters
    ----------
    network : Network
    sound : callable, optional
        Whether the value of a dotted key is what the file holds. Where it is a stand-in for something that has no
        sound shape, the rules that read it are left out.

    Returns
    -------
    list of Fault
        Each with key, value, rule, nearest valid choice where there is one, and an example.
    """
    found = chain(
        top_findings(network),
        *(source_findings(network, name, source) for name, source in network.sources.items()),
        *(place_findings(network, f"pools.{name}", pool) for name, pool in network.pools.items()),
        *(
            part(network, f"stations.{name}", station)
            for name, station in network.stations.items()
            for part in (place_findings, queue_findings, rule_findings)
        ),
        census_findings(network),
        cycle_findings(network),
        endless_findings(network),
    )
    return [_with_example(finding) for finding in found if all(map(sound, finding.reads))]


def _with_example(finding: Finding) -> Fault:
    fault = finding.fault
    return fault if fault.example else replace(fault, example=example_of(Network, fault.key.split(".")))

"""Reading a network: shape, ranges and cross-field rules, all faults reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.errors import Fault, FaultsError
from sim.network.check import check
from sim.network.columns import read_columns
from sim.network.examples import example_of
from sim.network.keys import as_written, touches
from sim.network.schema import Network
from sim.reading.lines import in_order, placed
from sim.reading.mend import mended
from sim.reading.shape import keys_known, shaped
from sim.reading.yaml_file import read_yaml

__all__ = ["load_network"]

EXAMPLE = "stations: {ward: {places: 20, service: {kind: exponential, mean: 6 d}}}"  #: of how a file is written


def load_network(source: Mapping[str, Any] | Network | str | Path) -> Network:
    """Read and check a network.

    Parameters
    ----------
    source : mapping, Network or path of a YAML file
        Paths of CSV files in it are relative to the folder of the YAML file, else to the current folder.

    Raises
    ------
    FaultsError
        With every fault of shape, range and cross-field rules, each with key, value, rule and file.
    """
    name, lines = "network", {}
    if isinstance(source, (str, Path)):
        name, (data, lines) = str(source), read_yaml(Path(source), EXAMPLE)
        if not isinstance(data, Mapping):
            rule = "a network is a mapping of keys such as classes, sources and stations."
            raise FaultsError([Fault("the whole file", data, rule, name, example=EXAMPLE)], name)
    else:
        data = source
    if isinstance(data, Network):
        network, faults, unsound = data, [], set[str]()
    else:
        network, found = shaped(Network, data, example_of)
        faults, unsound = [fault for _, fault in found], set[str]()
        if network is None:  # what does not depend on these faults is checked as well
            network, unsound = mended(Network, data, found, lambda path: keys_known(Network, path))
    if network is not None:
        network, unread, missing = read_columns(network, Path(name).parent if lines else Path())
        unsound |= missing
        crossed = check(network, lambda key: not touches(as_written(key, data)[0], unsound))
        faults += [_as_written(fault, data) for fault in (*crossed, *unread)]
    if faults or network is None:
        elsewhere = [fault for fault in faults if fault.file]  # in a CSV file
        here = in_order([placed(fault, name, lines) for fault in faults if not fault.file])
        raise FaultsError([*here, *elsewhere], name)
    return network


def _as_written(fault: Fault, data: Any) -> Fault:
    """Show key and value as the user wrote them (a duration with its unit, say)."""
    key, value = as_written(fault.key, data)
    shown = value if isinstance(value, str) and isinstance(fault.value, float) else fault.value
    return replace(fault, key=key, value=shown)

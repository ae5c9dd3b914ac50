"""Hybrid files of the care model: a network may be a whole footprint, as the main job builds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sim.errors import Fault, FaultsError
from sim.hybrid import Hybrid, load_hybrid
from sim.network.schema import Network
from sim.reading.yaml_file import read_yaml

__all__ = ["load"]


def load(path: Path, *, dt: float | None = None, check_units: bool = True) -> Hybrid:
    """Read a hybrid file.

    Parameters
    ----------
    path : Path
        Its ``network`` may be ``{footprint: NAME}`` (and ``scenario: NAME``): that area under business as usual.
    dt : float, optional
        In place of the step of the stocks.
    """
    data, _ = read_yaml(path)
    given = data.get("network") if isinstance(data, dict) else None
    if not isinstance(given, dict) or "footprint" not in given:
        return load_hybrid(path, dt=dt, check_units=check_units)
    try:
        network = _footprint(given, path)
    except FaultsError as error:
        others = _faults_beside_the_network(path, dt, check_units)
        raise FaultsError([*error.faults, *others], str(path)) from None
    return load_hybrid(path, network=network, dt=dt, check_units=check_units)


def _faults_beside_the_network(path: Path, dt: float | None, check_units: bool) -> list[Fault]:
    try:
        load_hybrid(path, dt=dt, check_units=check_units)
    except FaultsError as error:
        return [f for f in error.faults if "network" not in (f.key.partition(".")[0], f.file)]
    return []


def _footprint(given: dict[str, object], path: Path) -> Network:
    """Network of a footprint under business as usual, over the years of the main job."""
    from models.arms.prepare import window
    from models.calibration.baseline import without_fit
    from models.settings.request import parse
    from models.settings.settings import settings
    from models.system.details import build

    known = ("footprint", "scenario")
    faults = [
        Fault(f"network.{key}", None, f"unknown key beside footprint; known: {', '.join(known)}.", str(path))
        for key in given
        if key not in known
    ]
    if faults:
        raise FaultsError(faults, str(path))
    try:
        chosen = settings(parse([f"{key}={value}" for key, value in given.items()]))
    except FaultsError as error:  # the words stand in the file
        found = [replace(f, key=f"network.{f.key}", file=str(path)) for f in error.faults]
        raise FaultsError(found, str(path)) from None
    if chosen.fit is None:
        rule = f"there is no baseline: {'; '.join(without_fit(chosen.footprint))}."
        raise FaultsError([Fault("network.footprint", given["footprint"], rule, str(path))], str(path))
    return build(chosen.footprint, chosen.fit, chosen.future, window(chosen)[1]).network

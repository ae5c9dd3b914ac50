"""Reading a hybrid file: the network, the stocks and their coupling, all faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.errors import CarebridgeError, Fault, FaultsError
from sim.hybrid.check import coupling_faults
from sim.hybrid.model import Hybrid, columns_of, unit_days
from sim.hybrid.schema import HybridFile
from sim.network.load import load_network
from sim.network.schema import Network
from sim.reading.lines import Lines, in_order, placed
from sim.reading.shape import shape_faults
from sim.reading.yaml_file import read_yaml
from sim.stocks.load import load_stocks
from sim.stocks.model import Model
from sim.stocks.schema import whole_steps

__all__ = ["load_hybrid"]

EXAMPLE = "{stocks: staff.yaml, network: ward.yaml, feeds: [...], drives: [...]}"


def load_hybrid(
    source: Mapping[str, Any] | str | Path,
    *,
    network: Network | None = None,
    dt: float | None = None,
    check_units: bool = True,
) -> Hybrid:
    """Read and check a hybrid model.

    Parameters
    ----------
    source : mapping or path of a YAML file
        Paths in it are relative to its folder.
    network : Network, optional
        In place of the file's own.
    dt : float, optional
        In place of the step of the stocks; it is the interval of exchange too.
    check_units : bool
        Whether to analyse dimensions, of the stocks and of what passes.

    Raises
    ------
    FaultsError
        With every fault of the three.
    """
    name, data, lines, folder = _read(source)
    file, faults = shape_faults(HybridFile, data, name, lines)
    if file is None:
        raise FaultsError(faults, name)
    model, more = _stocks(file, folder, dt, check_units)
    faults += more
    if network is None:
        network, more = _network(file, folder)
        faults += more
    if model is None or network is None:
        raise FaultsError(_placed(faults, name, lines), name)
    model, interval, found = _clock(model, network)
    if dt is not None:  # what is handed over is spread over the new interval
        network = _driven_every(network, interval)
    headline = file.headline or [v.name for v in model.of_kind("stock", "input")]
    hybrid = Hybrid(
        file.name,
        model,
        network,
        tuple(file.feeds),
        tuple(file.drives),
        interval,
        tuple(column for h in headline for column in columns_of(model, h)),
        file.about,
        file.entity,
        file.place,
    )
    found += coupling_faults(hybrid, file.headline, check_units=check_units)
    faults += found
    if faults:
        raise FaultsError(_placed(faults, name, lines), name)
    return hybrid


def _placed(faults: list[Fault], name: str, lines: Lines) -> list[Fault]:
    """Say where each fault stands; those of this file come first, by line."""
    here = in_order([placed(fault, name, lines) for fault in faults if not fault.file])
    return [*here, *(fault for fault in faults if fault.file)]


def _read(source: Mapping[str, Any] | str | Path) -> tuple[str, Any, Lines, Path]:
    if isinstance(source, Mapping):
        return "hybrid", source, {}, Path()
    path = Path(source)
    data, lines = read_yaml(path, EXAMPLE)
    return str(path), data, lines, path.parent


def _stocks(file: HybridFile, folder: Path, dt: float | None, check_units: bool) -> tuple[Model | None, list[Fault]]:
    given = folder / file.stocks if isinstance(file.stocks, str) else file.stocks
    try:
        model = load_stocks(given, check_units=check_units)
    except FaultsError as error:
        return None, [f if f.file else replace(f, key=f"stocks.{f.key}") for f in error.faults]
    except CarebridgeError as error:
        return None, [Fault("stocks", str(file.stocks), str(error))]
    if dt is None:
        return model, []
    every = whole_steps(model.time.every * model.time.dt, dt)
    if not every:
        return None, [Fault("dt", dt, "rows of the stocks do not fall on steps of this length.", "command line")]
    return replace(model, time=replace(model.time, dt=dt, every=every)), []


def _network(file: HybridFile, folder: Path) -> tuple[Network | None, list[Fault]]:
    given = folder / file.network if isinstance(file.network, str) else file.network
    try:
        return load_network(given), []
    except FaultsError as error:
        return None, [f if f.file else replace(f, key=f"network.{f.key}") for f in error.faults]
    except CarebridgeError as error:
        return None, [Fault("network", str(file.network), str(error))]


def _driven_every(network: Network, interval: int) -> Network:
    sources = {
        name: source if source.driven is None else source.model_copy(update={"driven": float(interval)})
        for name, source in network.sources.items()
    }
    return network.model_copy(update={"sources": sources})


def _clock(model: Model, network: Network) -> tuple[Model, int, list[Fault]]:
    """Give the stocks the network's horizon; the interval of exchange in ms."""
    t, faults = model.time, []
    days = unit_days(t.unit)
    if days is None:
        return model, 1, [Fault("stocks", t.unit, "the unit of time of the stocks is none the network's clock knows.")]
    exact = t.dt * days * 86_400_000
    interval = round(exact)
    if interval < 1 or abs(exact - interval) > 1e-6 * interval:
        rule = f"a step of the stocks, {t.dt:g} {t.unit}, is not a whole number of milliseconds."
        faults.append(Fault("stocks", t.dt, rule, example="time: {unit: day, dt: 1}"))
        interval = max(1, interval)
    steps, rest = divmod(int(network.horizon), interval)
    if rest or not steps:
        rule = f"the network's horizon is not a whole number of exchanges, one every {t.dt:g} {t.unit}."
        faults.append(Fault("network", None, rule))
    if t.method != "euler":
        rule = "stocks beside a network go by Euler's method, since the network holds still between exchanges."
        faults.append(Fault("stocks", t.method, rule, example="method: euler"))
    return replace(model, time=replace(t, end=t.start + steps * t.dt, method="euler")), interval, faults

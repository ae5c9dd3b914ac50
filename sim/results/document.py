"""Results as plain data for JSON: stable names, ``null`` where nothing was seen. Explained in ``docs/network.md``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.load.offered import Load
from sim.load.steady import Steadiness
from sim.results.results import Block, Estimate, Results

__all__ = ["SCHEMA_VERSION", "document"]

SCHEMA_VERSION = "1.0"
_DIGITS = 12  #: significant digits; further ones are rounding


def document(results: Results, steady: Steadiness) -> dict[str, Any]:
    """Everything that was found out, as nested mappings.

    Parameters
    ----------
    results : Results
    steady : Steadiness
        What was said of a steady state.
    """
    axes = results.axes
    network, unit = axes.network, axes.unit_ms
    measured = axes.edges[:-1][axes.measured]
    blocks = {name: results.block(name) for name in ("stations", "lodging", "places", "clocks", "system")}
    return {
        "name": network.name,
        "schema_version": SCHEMA_VERSION,
        "unit": network.unit,
        "replications": results.replications,
        "seed": results.seed,
        "warm_up": _number(network.warm_up / unit),
        "horizon": _number(network.horizon / unit),
        "measured": {"from": _number(measured[0] / unit), "to": _number(axes.edges[-1] / unit)},
        "events": results.events,
        "warnings": [*alone(results), *steady.warnings],
        "notes": steady.notes,
        "steady": _steady(steady),
        "units": {m: u for b in blocks.values() for m, u in zip(b.measures, b.units, strict=True)},
        "stations": {name: _station(results, blocks, name) for name in axes.stations},
        "pools": {name: _pool(results, blocks, name) for name in network.pools},
        "clocks": {name: _by_row(results, blocks["clocks"], name) for name in axes.clocks},
        "system": _by_row(results, blocks["system"], "system"),
        "by_period": _periods(results),
    }


def alone(results: Results) -> list[str]:
    """Warn that one replication has no half-widths."""
    few = results.replications < 2  # noqa: PLR2004
    return ["one replication only: half-widths are not known (null); ask for replications=20, say"] if few else []


def _number(value: float, digits: int = _DIGITS) -> float | None:
    value = float(value)
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def _estimate(value: float, half_width: float) -> dict[str, float | None]:
    return {"value": _number(value), "half_width": _number(half_width)}


def _of(block: Block, name: str, row: str, period: int | None = None) -> dict[str, Any]:
    n, r = block.names.index(name), block.rows.index(row)
    at = (n, r) if period is None else (period, n, r)
    return {m: _estimate(block.value[k, *at], block.half_width[k, *at]) for k, m in enumerate(block.measures)}


def _by_row(results: Results, block: Block, name: str, period: int | None = None) -> dict[str, Any]:
    """Figures of all classes together, of each class, and of each group where attributes are observed."""
    axes = results.axes
    found: dict[str, Any] = {"all": _of(block, name, "all", period)}
    if period is None or len(axes.classes) > 1:  # by period a single class is not told twice
        found["classes"] = {c: _of(block, name, row, period) for c, row in axes.classes.items()}
    if axes.groups:
        found["groups"] = {g: _of(block, name, g, period) for g in axes.groups}
    return found


def _station(results: Results, blocks: dict[str, Block], name: str) -> dict[str, Any]:
    found = _by_row(results, blocks["stations"], name)
    found["all"] |= _of(blocks["places"], name, "all") | _of(blocks["lodging"], name, "all")
    return found | {
        "occupancy_distribution": _distribution(results.distribution("occupied", name)),
        "number_distribution": _distribution(results.distribution("present", name)),
    }


def _pool(results: Results, blocks: dict[str, Block], name: str) -> dict[str, Any]:
    found = _of(blocks["places"], name, "all")
    return {"all": found, "occupancy_distribution": _distribution(results.distribution("occupied", name))}


def _distribution(found: list[tuple[int, Estimate]]) -> list[dict[str, Any]]:
    return [{"n": n, **_estimate(*estimate)} for n, estimate in found]


def _periods(results: Results) -> list[dict[str, Any]]:
    axes = results.axes
    blocks = {name: results.periods(name) for name in ("stations", "lodging", "places", "system")}
    edges = np.asarray(axes.edges, float) / axes.unit_ms
    found = []
    for p in range(len(axes.measured)):
        stations = {}
        for name in axes.stations:
            stations[name] = _by_row(results, blocks["stations"], name, p)
            own = _of(blocks["places"], name, "all", p) | _of(blocks["lodging"], name, "all", p)
            stations[name]["all"] |= own
        found.append(
            {
                "start": _number(edges[p]),
                "end": _number(edges[p + 1]),
                "measured": bool(axes.measured[p]),
                "stations": stations,
                "pools": {name: {"all": _of(blocks["places"], name, "all", p)} for name in axes.network.pools},
                "system": _by_row(results, blocks["system"], "system", p),
            }
        )
    return found


def _steady(steady: Steadiness) -> dict[str, Any]:
    return {
        "steady": steady.steady,
        "overloaded": steady.overloaded,
        "growing": steady.growing,
        "changes": steady.changes,
        "stations": {load.name: _load(steady, load) for load in steady.loads if load.kind == "station"},
        "pools": {load.name: _load(steady, load) for load in steady.loads if load.kind == "pool"},
    }


def _load(steady: Steadiness, load: Load) -> dict[str, Any]:
    found: dict[str, Any] = {
        "offered_load": _number(load.offered, 6),
        "places": _number(load.places, 6),
        "utilisation": _number(load.utilisation, 6),
        "exact": load.exact,
        "overloaded": load.overloaded or load.caught,
    }
    trend = steady.trends.get(load.name) if load.kind == "station" else None
    if trend is not None:
        found["queue_first_third"], found["queue_last_third"] = _number(trend.first, 6), _number(trend.last, 6)
        found["growing"] = trend.growing
    return found

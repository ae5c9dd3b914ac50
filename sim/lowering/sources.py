"""Sources, attributes and noise as flat arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.clock import HOUR
from sim.kernel.layout import BATCH, DRIVEN, FOREVER, LISTED, NOISE, ONE_AFTER_ANOTHER, POISSON, SOURCE
from sim.lowering.collect import Builder, int_array, records
from sim.network.schema import Source
from sim.rates import instant_ms, listed_ms, rate_tables, stream

__all__ = ["lower_sources"]


def lower_sources(build: Builder) -> dict[str, Any]:
    """Arrays of everything that arrives from outside."""
    network, names, noises = build.network, list(build.network.stations), list(build.network.noise)
    week, day = rate_tables(network)
    draw: list[tuple[int, int, int]] = []
    draw_share: list[float] = []
    instants: list[int] = []
    batch: list[tuple[float, int]] = []
    rows: list[dict[str, Any]] = []
    for name, source in network.sources.items():
        row: dict[str, Any] = {"first_draw": len(draw), "first_time": len(instants), "first_batch": len(batch)}
        row["levels"] = _attributes(build, source, draw, draw_share)
        if source.times is not None:
            instants += listed_ms(source, build.calendar)
        batch += _batches(source)
        kind = ONE_AFTER_ANOTHER if source.every is not None else LISTED if source.times is not None else POISSON
        kind = DRIVEN if source.driven is not None else kind
        begin = 0 if source.begin is None else max(0, instant_ms(source.begin, build.calendar))
        rows.append(
            row
            | {
                "address": stream(name) << 40,
                "cls": network.classes.index(source.cls),
                "to": names.index(source.to),
                "noise": -1 if source.noise is None else noises.index(source.noise),
                "last_draw": len(draw),
                "kind": kind,
                "every": build.optional_service(source.every),
                "begin": round(source.driven / HOUR) if source.driven else begin if kind == ONE_AFTER_ANOTHER else 0,
                "end": FOREVER if source.end is None else instant_ms(source.end, build.calendar),
                "last_time": len(instants),
                "last_batch": len(batch),
                "attend": source.attend,
            }
        )
    sigma = [math.sqrt(math.log(1 + n.variance)) for n in network.noise.values()]
    noise_rows = [(stream(f"noise:{n}"), x, network.noise[n].correlation) for n, x in zip(noises, sigma, strict=True)]
    return {
        "source": records(rows, SOURCE),
        "week": np.ascontiguousarray(week.T),
        "day": np.ascontiguousarray(day.T),
        "draw": int_array(draw).reshape(-1, 3),
        "draw_share": np.array(draw_share, float),
        "instant": int_array(instants),
        "batch": np.array(batch, BATCH),
        "noise": np.array(noise_rows, NOISE),
    }


def _batches(source: Source) -> list[tuple[float, int]]:
    """Cumulative shares of batch sizes in rising order; nothing where everybody comes alone."""
    if source.batch == 1:
        return []
    shares = {source.batch: 1.0} if isinstance(source.batch, int) else source.batch
    total, rows = 0.0, []
    for size in sorted(shares):
        if shares[size] > 0:
            total += shares[size]
            rows.append((total, size))
    return rows


def _attributes(build: Builder, source: Source, draw: list[Any], draw_share: list[float]) -> int:
    """Register the attributes that a source draws; return its class and fixed attributes, packed."""
    network = build.network
    packed = network.classes.index(source.cls)
    for a, (name, levels) in enumerate(network.attributes.items()):
        shares = source.attributes.get(name, levels[0])
        if isinstance(shares, str):
            packed |= levels.index(shares) << (7 * (a + 1))
            continue
        total, first, last = 0.0, len(draw_share), len(draw_share)
        for i, level in enumerate(levels):
            total += shares.get(level, 0.0)
            draw_share.append(total)
            if shares.get(level, 0.0) > 0:
                last = first + i
        draw.append((a, first, last))
    return packed

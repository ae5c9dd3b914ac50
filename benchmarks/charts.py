"""Charts of the cost of an event over a size, readable in black and white."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from pathlib import Path

from benchmarks.costs import Series


def draw(series: Sequence[Series], folder: Path) -> list[Path]:
    """Write all series as one chart, ``cost_per_event.png`` and ``.svg``; each file appears whole or not at all."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    panels = figure.subplots(2, 2, sharey=True)
    for panel, one in zip(panels.flat, series, strict=False):
        sizes, ratios = list(one.costs), list(one.costs.values())
        middle = [ratio.median for ratio in ratios]
        below = [ratio.median - ratio.lowest for ratio in ratios]
        above = [ratio.highest - ratio.median for ratio in ratios]
        panel.errorbar(sizes, middle, [below, above], color="black", marker="o", markersize=4, linewidth=1, capsize=3)
        panel.axhline(1.0, color="0.6", linewidth=0.8, linestyle="--", zorder=0)
        panel.set_xscale("log")
        panel.set_yscale("log", base=2)
        panel.set_xlabel(f"{one.size} (relative to {one.reference:,})")
        panel.spines[["top", "right"]].set_visible(False)
        panel.set_xticks(sizes, [_short(size) for size in sizes])
        panel.minorticks_off()
    top = max(ratio.highest for one in series for ratio in one.costs.values())
    marks = [2.0**power for power in range(-1, 1 + math.ceil(math.log2(max(top, 2.0))))]
    for panel in panels[:, 0]:
        panel.set_ylabel("CPU time of an event (log scale)")
        panel.set_ylim(marks[0], marks[-1])
        panel.set_yticks(marks, [f"{mark:g}" for mark in marks])
    figure.suptitle("Cost of an event: median of pairs, bars from lowest to highest", fontsize=11)
    paths = [folder / "cost_per_event.png", folder / "cost_per_event.svg"]
    for path in paths:
        out = io.BytesIO()
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(out, format=path.suffix[1:], dpi=110, metadata=metadata)
        part = path.with_name(f".{path.name}.tmp")
        part.write_bytes(out.getvalue())
        os.replace(part, path)
    return paths


def _short(size: int) -> str:
    for unit, name in ((1_000_000, "M"), (1000, "k")):
        if size >= unit:
            return f"{size / unit:g}{name}"
    return f"{size:g}"

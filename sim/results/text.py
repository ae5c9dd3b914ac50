"""Results as a table for the terminal: at most 100 columns, the rest in JSON and Arrow."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence

from sim.load.steady import Steadiness
from sim.results.document import alone
from sim.results.results import Block, Results

__all__ = ["report"]

WIDTH = 100
_NAME = 26  #: characters of a name
_ROWS = 40  #: rows of a table beyond which classes are left to JSON and Arrow
Column = tuple[str, str, str]  # head, measure, block


def report(results: Results, steady: Steadiness) -> list[str]:
    """Lines to print: warnings, then tables of those figures that say something."""
    axes, unit = results.axes, results.axes.network.unit
    begin, end = axes.edges[:-1][axes.measured][0] / axes.unit_ms, axes.edges[-1] / axes.unit_ms
    several = results.replications > 1
    lines = [
        f"{axes.network.name}: {results.replications} replication{'s' if several else ''}, seed {results.seed}, "
        f"measured from {begin:g} to {end:g} {unit}"
        + (", mean ± half-width (t, 95 %)" if several else ", half-widths unknown")
    ]
    for head, texts in (("WARNING", [*alone(results), *steady.warnings]), ("note", steady.notes)):
        for text in texts:
            lines += textwrap.wrap(f"{head}: {text}", WIDTH, subsequent_indent="  ")
    table = _Tables(results)
    lines += table.write("mean over time", _numbers(results), "stations")
    lines += table.write(f"waits and stays in {unit}", _waits(results), "stations")
    lines += table.write("share of those who came", _losses(), "stations", only=True)
    lines += table.write(f"blocking, times in {unit}", _blocking(unit), "stations", only=True)
    lines += table.write("shared pools", _pools(), "places", names=list(axes.network.pools))
    lines += table.write(f"clocks, times in {unit}", _clocks(), "clocks")
    return [*lines, "", *textwrap.wrap(_system(results), WIDTH, subsequent_indent="  ")]


def _numbers(results: Results) -> list[Column]:
    used = [("places", "places_open", "places"), ("occupied", "occupancy", "places")]
    used += [("in service", "number_in_service", "stations"), ("waiting", "number_waiting", "stations")]
    more = [("blocked", "number_blocked"), ("in transition", "number_in_transition"), ("awaited", "number_awaited")]
    stations = results.block("stations")
    seen = {m: float(stations.value[stations.measures.index(m)].max()) > 0 for _, m in more}
    return used + [(head, m, "stations") for head, m in more if seen[m]]


def _waits(results: Results) -> list[Column]:
    measures = results.block("stations").measures
    limits = [(f"over {m.removeprefix('wait_over_')}", m) for m in measures if m.startswith("wait_over_")]
    quantile = [("wait 95 %", "wait_p95")] if "wait_p95" in measures else []
    used = [("mean wait", "wait_mean"), ("waited", "share_waited"), *quantile, ("length of stay", "length_of_stay")]
    used += [(f"out, 1/{results.axes.network.unit}", "throughput"), *limits]
    return [(head, m, "stations") for head, m in used]


def _losses() -> list[Column]:
    heads = ("lost", "diverted", "reneged", "died", "overflowed")
    return [(head, f"share_{head}", "stations") for head in heads]


def _blocking(unit: str) -> list[Column]:
    used = [("delayed", "share_delayed"), ("capacity delay", "capacity_delay")]
    used += [("transition delay", "transition_delay"), (f"swapped, 1/{unit}", "swapped_rate")]
    return [(head, m, "stations") for head, m in used]


def _pools() -> list[Column]:
    used = [("places", "places_open"), ("occupied", "places_occupied"), ("share", "occupancy")]
    return [(head, m, "places") for head, m in [*used, ("none free", "all_places_occupied")]]


def _clocks() -> list[Column]:
    return [("within", "share_within", "clocks"), ("mean", "mean", "clocks"), ("ended", "ended_total", "clocks")]


def _system(results: Results) -> str:
    block = results.block("system")

    def one(measure: str) -> str:
        return _cell(block, measure, "system", "all")

    unit = results.axes.network.unit
    return (
        f"system: {one('number_in_system')} present, {one('time_in_system')} {unit} per visit, "
        f"{one('arrived_rate')} arrive and {one('visits_ended_rate')} end their visit per {unit}"
    )


class _Tables:
    """Tables of the same results, whose blocks are worked out once."""

    def __init__(self, results: Results):
        self.results = results
        self.blocks = {name: results.block(name) for name in ("stations", "places", "clocks")}

    def write(
        self, title: str, columns: list[Column], block: str, names: Sequence[str] | None = None, only: bool = False
    ) -> list[str]:
        """Lines of one table; with `only`, of the rows and columns in which something happened."""
        names = self.blocks[block].names if names is None else names
        rows = [r for r in self._rows(block, names) if not only or any(self._happened(c, *r) for c in columns)]
        if only:
            columns = [c for c in columns if any(self._happened(c, *r) for r in rows)]
        if not rows or not columns:
            return []
        classes_apart = len(rows) > _ROWS and len(self.blocks[block].rows) > 1
        if classes_apart:
            rows = [(name, row) for name, row in rows if row == "all"]
        cells = [[self._label(*r), *(_cell(self.blocks[c[2]], c[1], *r) for c in columns)] for r in rows]
        lines = ["", *_aligned([title, *(c[0] for c in columns)], cells)]
        return [*lines, "(figures by class: --json or out=)"] if classes_apart else lines

    def _rows(self, block: str, names: Sequence[str]) -> list[tuple[str, str]]:
        """Names, each followed by its classes when there are several and they came."""
        classes = [c for c, row in self.results.axes.classes.items() if row != "all"] if block != "places" else []
        stations = self.blocks["stations"]
        came = stations.value[stations.measures.index("number_at_station")]
        found = []
        for name in names:
            found.append((name, "all"))
            for c in classes:
                if block != "stations" or came[stations.names.index(name), stations.rows.index(c)] > 0:
                    found.append((name, c))
        return found

    def _happened(self, column: Column, name: str, row: str) -> bool:
        block = self.blocks[column[2]]
        value = block.value[block.measures.index(column[1]), block.names.index(name), block.rows.index(row)]
        return bool(value > 0)

    @staticmethod
    def _label(name: str, row: str) -> str:
        text = name if row == "all" else f"  {row}"
        return text if len(text) <= _NAME else text[: _NAME - 1] + "…"


def _cell(block: Block, measure: str, name: str, row: str) -> str:
    if row not in block.rows or name not in block.names:
        return ""
    m = block.measures.index(measure)
    at = m, block.names.index(name), block.rows.index(row)
    value, half = float(block.value[at]), float(block.half_width[at])
    if measure == "places_open":
        return "no limit" if math.isnan(value) else f"{value:.5g}"
    if math.isnan(value) or value == half == 0:
        return "-" if math.isnan(value) else "0"
    share = block.units[m] == "share"
    if share:
        value, half = 100 * value, 100 * half
    write = _decimals(value, half, most=2 if share else 5)
    text = write(value) if math.isnan(half) else f"{write(value)} ±{write(half)}"
    return f"{text} %" if share else text


def _decimals(value: float, half: float, most: int) -> Callable[[float], str]:
    """Write with as many decimals as the half-width has to two digits, or the value to four."""
    scale = half if half > 0 and not math.isnan(half) else abs(value) / 100
    places = 0 if scale <= 0 else max(0, min(most, 1 - math.floor(math.log10(scale))))
    return lambda x: f"{x:.{places}f}"


def _aligned(head: list[str], cells: list[list[str]]) -> list[str]:
    """Columns under their heads: names to the left, figures to the right; the last columns give way beyond 100."""
    widths = [max(len(row[i]) for row in [head, *cells]) for i in range(len(head))]
    while len(widths) > 2 and sum(widths) + 2 * (len(widths) - 1) > WIDTH:  # noqa: PLR2004
        widths.pop()
    rows = [
        [f"{row[0]:<{widths[0]}}", *(f"{row[i]:>{w}}" for i, w in enumerate(widths) if i)] for row in [head, *cells]
    ]
    return ["  ".join(row).rstrip() for row in rows]

"""What features and sizes cost: each figure is a ratio within one run, beside its target.

    python -m benchmarks.scaling [--quick] [--json FILE] [--charts DIR]

Times are CPU times of an event, measured in pairs that take turns (``benchmarks/measure.py``); the tables give the
median of the pairs and the worst. Only the speed-up of two threads is wall time: believe it on a quiet machine only.
The exit code is 1 if a median misses its target.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import costs, memory
from benchmarks.engines import write_json
from benchmarks.measure import Ratio, machine

SETTLED = 5000  #: alive; from here on the memory of a run has grown to fit


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much to run."""

    pairs: int
    days: float  #: of the tandem
    thread_days: float
    places: tuple[int, ...]
    stations: tuple[int, ...]
    alive: tuple[int, ...]
    years: tuple[int, ...]
    horizons: tuple[int, int] = (5, 50)  #: years
    compile: bool = True  #: the cold compile takes half a minute


FULL = Plan(
    pairs=9,
    days=3650.0,
    thread_days=36_500.0,
    places=(100, 500, 2000, 10_000, 50_000),
    stations=(2, 10, 50, 200),
    alive=(1000, 10_000, 100_000, 1_000_000),
    years=(1, 5, 15, 50),
)
QUICK = dataclasses.replace(
    FULL,
    pairs=3,
    days=1825.0,
    thread_days=18_250.0,
    places=(100, 500, 5000, 50_000),
    alive=(1000, 10_000, 100_000),
    years=(1, 10),
)
TINY = Plan(
    pairs=1,
    days=20.0,
    thread_days=20.0,
    places=(100, 500),
    stations=(2, 3),
    alive=(100, 200),
    years=(1,),
    horizons=(1, 2),
    compile=False,
)


@dataclasses.dataclass(frozen=True)
class Line:
    """A figure beside its target."""

    name: str
    unit: str
    median: float
    worst: float
    target: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.median >= self.target if self.at_least else self.median <= self.target


@dataclasses.dataclass(frozen=True)
class Report:
    """All that was measured."""

    machine: str
    lines: list[Line]
    threads_cpu: Ratio
    series: list[costs.Series]
    features: dict[str, Ratio]
    entities: dict[str, list[memory.Entities]]
    horizons: dict[int, memory.Horizon]


def measure(plan: Plan) -> Report:
    """Measure everything in the plan."""
    busy = machine()
    compiling = memory.compile_seconds() if plan.compile else {}
    costs.compile_all()
    log = costs.log_cost(plan.days, plan.pairs)
    threads = costs.threads(plan.thread_days, plan.pairs)
    series = [
        costs.places_series(plan.places, plan.days, plan.pairs),
        costs.stations_series(plan.stations, plan.days / 10, plan.pairs),
        costs.alive_series(plan.alive, 200 * plan.days, plan.pairs),
        costs.years_series(plan.years, plan.pairs),
    ]
    features = costs.features_cost(plan.days, plan.pairs)
    entities = {
        name: [memory.bytes_of_entities(size, extras=extras) for size in plan.alive]
        for name, extras in (("without extras", False), ("with extras", True))
    }
    horizons = {years: memory.horizon(years) for years in plan.horizons}
    large = series[0].costs[max(plan.places)]
    lines = [
        Line("event log, against none", "times", log.median, log.highest, 1.6),
        Line(f"{max(plan.places):,} places, against 500", "times an event", large.median, large.highest, 2.5),
        Line("two threads, against one", "times faster", threads.speed_up.median, threads.speed_up.lowest, 1.8, True),
        *_memory_lines(entities, horizons),
        *(Line(f"first run, {n} cache", "CPU s", s, s, 30 if n == "cold" else 1) for n, s in compiling.items()),
    ]
    return Report(busy, lines, threads.cpu, series, features, entities, horizons)


def _memory_lines(entities: dict[str, list[memory.Entities]], horizons: dict[int, memory.Horizon]) -> Iterator[Line]:
    for name, rows in entities.items():
        # a run begins with memory for 4,096, which a few do not fill: that counts as the worst, and is not judged
        settled = max(row.allocated for row in rows if row.alive >= min(SETTLED, rows[-1].alive))
        yield Line(f"an entity alive, {name}", "bytes", settled, max(row.allocated for row in rows), 200)
    (few, short), (many, long) = horizons.items()
    ratio = long.rest / short.rest
    yield Line(f"memory but for statistics, {many} years against {few}", "times", ratio, ratio, 1.0)


def tables(report: Report) -> str:
    """The report as Markdown."""
    out = [
        f"Measured on: {report.machine}.",
        "",
        "| figure | unit | measured | worst | target | met |",
        "|---|---|---:|---:|---:|---|",
    ]
    for line in report.lines:
        target = f"{'≥' if line.at_least else '≤'} {line.target:g}"
        met = "yes" if line.met else "no"
        out.append(f"| {line.name} | {line.unit} | {line.median:.3g} | {line.worst:.3g} | {target} | {met} |")
    cpu = report.threads_cpu
    out += ["", f"CPU time of two replications at once, against one after the other: {_spread(cpu)}."]
    for series in report.series:
        out += ["", f"| {series.size} | " + " | ".join(f"{size:,}" for size in series.costs) + " |"]
        out.append("|---|" + "---:|" * len(series.costs))
        out.append("| cost of an event | " + " | ".join(map(_spread, series.costs.values())) + " |")
    out += ["", "| feature | cost of an event |", "|---|---:|"]
    out += [f"| {name} | {_spread(ratio)} |" for name, ratio in report.features.items()]
    out += ["", "| entities alive | memory of one | as allocated | |", "|---:|---:|---:|---|"]
    for name, rows in report.entities.items():
        out += [f"| {row.alive:,} | {row.needed:.0f} bytes | {row.allocated:.0f} bytes | {name} |" for row in rows]
    out += ["", "| years | statistics by period | rest of the state | peak of the process |", "|---:|---:|---:|---:|"]
    for years, row in report.horizons.items():
        out.append(f"| {years} | {row.periods / 1e6:.2f} MB | {row.rest / 1e6:.2f} MB | {row.peak_mb:.0f} MiB |")
    return "\n".join(out)


def _spread(ratio: Ratio) -> str:
    return f"{ratio.median:.2f} ({ratio.lowest:.2f} to {ratio.highest:.2f})"


def as_data(report: Report) -> list[dict[str, Any]]:
    """The report for a file: one row with all of it."""
    return [dataclasses.asdict(report) | {"missed": [line.name for line in report.lines if not line.met]}]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer pairs, shorter runs, at most 100,000 alive")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    parser.add_argument("--charts", type=Path, metavar="DIR", help="also draw the cost of an event over sizes")
    options = parser.parse_args(arguments)
    folders = {"--json": options.json and options.json.absolute().parent, "--charts": options.charts}
    for option, folder in folders.items():
        if folder is not None and not folder.is_dir():
            parser.error(f"{option}: there is no folder {folder}")
    report = measure(QUICK if options.quick else FULL)
    print(tables(report))
    if options.json is not None:
        write_json(options.json, as_data(report))
    if options.charts is not None:
        from benchmarks.charts import draw

        draw(report.series, options.charts)
    missed = [line.name for line in report.lines if not line.met]
    if missed:
        print("\nmissed:", "; ".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""What the whole care system costs: events, CPU time and memory of a footprint, by setting and over its size.

``python -m benchmarks.care [--quick] [--json FILE] [--charts DIR]``. CPU time is the least of several replications,
each from the lowered network to its last period, conservation checked. Memory is the growth of a process of its
own (``python -m benchmarks.care peak DETAIL``) while it runs one. Sizes are Devon's mean hospital as many times as
needed, so that people a hospital do not change with people in all. The exit code is 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measure import machine
from models.care.demand import load_demand
from models.care.population import load_population
from models.footprint.footprint import DATA_FOLDER, Footprint
from models.system.whole.network import prior_fit, read_care, whole
from sim import Network, Run, lower
from sim.kernel.layout import FLOWS
from sim.reading.yaml_file import read_yaml

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "configs"
TARGETS = {"default": 1.0, "full": 3.0}  #: CPU seconds of a year of warm-up and 15 years of Devon
MEMORY = 150.0  #: MiB of a replication
FLAT = 1.25  #: most that a person may cost against the least, over sizes
HOSPITAL = 250_000  #: people of each hospital, over sizes
SIZES = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0)  #: millions of people
OFF = {  # switches of each setting, in its plainest or no form
    "A&E, same-day care and assessment": {"front_door": "aggregate"},
    "several groups of wards": {"ward_groups": "one"},
    "escalation beds": {"escalation": False},
    "critical care": {"critical_care": False},
    "theatre lists": {"planned": False},
    "deaths": {"deaths": False},
    "detailed ways out": {"pathways": "plain", "self_funders": False},
    "community nursing": {"nursing": False},
    "urgent response": {"urgent_response": False},
    "virtual wards": {"virtual_ward": False},
    "mental health": {"mental_health": False},
}
ON = {  # what is left out or merged
    "triage, handover, boarding, departure": {"triage": "stations"},
    "those who come back to A&E": {"reattendances": True},
    "outpatients before the list": {"outpatients": "stations"},
    "slots offered hourly": {"lists": "hourly"},
    "age bands": {"ages": True},
    "day cases": {"day_cases": True},
}


@dataclasses.dataclass(frozen=True)
class Cost:
    """One network."""

    name: str
    events: int
    people: int  #: who came from outside
    seconds: float

    @property
    def per_second(self) -> float:
        return self.events / self.seconds

    @property
    def per_person(self) -> float:
        """Microseconds."""
        return 1e6 * self.seconds / self.people


def devon(sites: int = 0) -> Footprint:
    """Devon; or so many hospitals of the same size, each with the mean figures of Devon's for its people.

    The wards' beds come from a table, which is written for as many hospitals.
    """
    data: dict[str, Any] = read_yaml(CONFIGS / "footprint" / "devon.yaml")[0]
    if not sites:
        return Footprint.model_validate(data)
    people = data["population"]["england_equivalents"]["value"]
    share = sites * HOSPITAL / people  # of all of Devon's work
    means = _mean_site(data["sites"], HOSPITAL * len(data["sites"]) / people)
    names = [f"site_{n + 1}" for n in range(sites)]
    folder, table = Path(tempfile.mkdtemp(prefix="carebridge-")), data["data"]["beds_quarterly"]
    beds: Any = pd.read_csv(DATA_FOLDER / table)
    quarter, columns = ["year", "quarter"], ["available", "occupied"]
    beds[columns] = beds.groupby(quarter)[columns].transform("sum") * share / sites
    one = beds[beds["site"] == beds["site"].iloc[0]]
    pd.concat([one.assign(site=name) for name in names]).to_csv(folder / table, index=False)
    data["data"]["folder"] = str(folder)
    data["sites"] = {name: means for name in names}
    data["community_overlap"]["spread"]["shares"] = dict.fromkeys(names, 1 / sites)
    parts = [data["population"]["england_equivalents"], data["community_overlap"]["beds"]]
    parts += [*data["delays"].values(), *(p["arrivals_per_day"] for p in data["pathways"].values())]
    parts += [*data["emergency"].values(), *data["elective"].values()]
    for figure in parts:
        if figure.get("unit") in ("people", "beds", "per day"):
            _scale(figure, share)
    return Footprint.model_validate(data)


def _scale(figure: dict[str, Any], factor: float) -> None:
    figure.update({k: figure[k] * factor for k in ("value", "low", "high") if k in figure})


def _mean_site(sites: dict[str, Any], factor: float) -> dict[str, Any]:
    """One hospital with the mean figures of all, rates and beds times a factor."""
    some = next(s for s in sites.values() if "zero_day_share_at_least" not in s)
    out = dict(some)
    for key, figure in some.items():
        if isinstance(figure, dict) and "value" in figure:
            mean = sum(s[key]["value"] for s in sites.values()) / len(sites)
            out[key] = figure | {"value": mean * (1.0 if figure["unit"] == "share" else factor)}
    return out


class _Builder:
    """Networks of a footprint; the files are read once."""

    def __init__(self) -> None:
        self.care = read_care()
        self.demand = load_demand(CONFIGS / "demand" / "england_2018_19.yaml")
        self.population = load_population(CONFIGS / "care" / "population.yaml")

    def network(self, footprint: Footprint, detail: str, years: int | None = None, **changes: Any) -> Network:
        start = footprint.start + dt.timedelta(days=footprint.warm_up_days)
        horizon = start.replace(year=start.year + years) if years else None
        care = self.care.switched(detail, **changes)
        built = whole(footprint, prior_fit(footprint), care, detail, horizon, self.demand, self.population)
        return built.network


def cost(name: str, network: Network, runs: int) -> Cost:
    """Least CPU time of some runs of one replication."""
    lowered, best, events, people = lower(network), float("inf"), 0, 0
    for _ in range(runs):
        begin = time.process_time()
        run = Run(lowered, 1, 0)
        run.advance()
        best = min(best, time.process_time() - begin)
        events = run.events
        people = int(run.state.flow[..., FLOWS.index("arrived")].sum())
    return Cost(name, events, people, best)


def peak(detail: str) -> float:
    """MiB by which a process of its own grows while it runs a replication."""
    command = [sys.executable, "-m", "benchmarks.care", "peak", detail]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def _grown(detail: str) -> float:
    footprint, builder = devon(), _Builder()
    lowered = lower(builder.network(footprint, detail))
    Run(lowered, 2).advance(86_400_000)  # compiles the kernel, or loads it
    status = Path("/proc/self/status")
    if not status.exists():  # only Linux forgets the peak of what came before
        return float("nan")
    before = _line(status, "VmRSS")
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak begins anew
    Run(lowered, 1).advance()
    return _line(status, "VmHWM") - before


def _line(status: Path, name: str) -> float:
    """MiB of one line of a process's status."""
    lines = status.read_text("utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


@dataclasses.dataclass(frozen=True)
class Report:
    """Everything that was measured."""

    machine: str
    whole: dict[str, Cost]
    memory: dict[str, float]
    off: dict[str, list[Cost]]
    on: list[Cost]
    sizes: dict[str, list[tuple[float, Cost]]]

    def missed(self) -> Iterator[str]:
        """Targets that are not met."""
        for detail, one in self.whole.items():
            if one.seconds > TARGETS[detail]:
                yield f"{detail}: {one.seconds:.2f} s, target {TARGETS[detail]:g}"
            if self.memory[detail] > MEMORY:
                yield f"{detail}: {self.memory[detail]:.0f} MiB, target {MEMORY:g}"
        for detail, rows in self.sizes.items():
            costs = [one.per_person for _, one in rows]
            if max(costs) > FLAT * min(costs):
                yield f"{detail}: a person costs up to {max(costs) / min(costs):.2f} times the least, target {FLAT}"


def measure(quick: bool = False) -> Report:
    """Run everything."""
    builder, footprint, runs = _Builder(), devon(), 2 if quick else 5
    busy = machine()
    full = {d: cost(d, builder.network(footprint, d), runs) for d in TARGETS}
    off: dict[str, list[Cost]] = {d: [] for d in TARGETS}
    for detail in TARGETS:
        base = builder.care.settings[detail].model_dump()
        for name, change in OFF.items():
            if any(base[k] != v for k, v in change.items()) and not (quick and detail == "full"):
                off[detail].append(cost(name, builder.network(footprint, detail, **change), runs - 1))
    on = [] if quick else [cost(n, builder.network(footprint, "full", **c), 2) for n, c in ON.items()]
    sizes: dict[str, list[tuple[float, Cost]]] = {}
    for detail in TARGETS:
        sizes[detail] = []
        for millions in SIZES[::2] if quick else SIZES:
            number = max(1, round(millions * 1e6 / HOSPITAL))
            one = cost(f"{number} hospitals", builder.network(devon(number), detail, 1 if quick else 3), runs - 1)
            sizes[detail].append((number * HOSPITAL / 1e6, one))
    return Report(busy, full, {d: peak(d) for d in TARGETS}, off, on, sizes)


def tables(report: Report) -> str:
    """The report as Markdown."""
    out = [f"Measured on: {report.machine}.", ""]
    out += [
        "| Devon, 16 years | events | people | CPU s | target | M events/s | MiB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for d, one in report.whole.items():
        row = f"| {d} | {one.events:,} | {one.people:,} | {one.seconds:.2f} | {TARGETS[d]:g} "
        out.append(f"{row}| {one.per_second / 1e6:.2f} | {report.memory[d]:.0f} |")
    for detail, rows in report.off.items():
        base = report.whole[detail]
        out += ["", f"| without, {detail} detail | events saved | CPU s saved |", "|---|---:|---:|"]
        for one in rows:
            out.append(f"| {one.name} | {base.events - one.events:,} | {base.seconds - one.seconds:.2f} |")
    if report.on:
        base = report.whole["full"]
        out += ["", "| with, full detail | further events | further CPU s |", "|---|---:|---:|"]
        for one in report.on:
            out.append(f"| {one.name} | {one.events - base.events:,} | {one.seconds - base.seconds:.2f} |")
    out += [
        "",
        "| million people | detail | hospitals | events | people | µs a person |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for detail, sized in report.sizes.items():
        for millions, one in sized:
            number = one.name.split()[0]
            row = f"| {millions:.2f} | {detail} | {number} | {one.events:,} | {one.people:,} "
            out.append(f"{row}| {one.per_person:.2f} |")
    return "\n".join(out)


def draw(report: Report, folder: Path) -> Path:
    """Write ``care_per_person.png``: cost of a person over the size of the footprint; whole or not at all."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    styles = {"default": ("o", "-"), "full": ("s", "--")}
    for detail, rows in report.sizes.items():
        marker, line = styles[detail]
        x, y = [m for m, _ in rows], [one.per_person for _, one in rows]
        axes.plot(
            x, y, color="black", marker=marker, markersize=5, linewidth=1, linestyle=line, label=f"{detail} detail"
        )
    axes.set_xscale("log")
    ticks = [m for m, _ in report.sizes["default"]]
    axes.set_xticks(ticks, [f"{m:g}" for m in ticks])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("people of the footprint, millions (log scale)")
    axes.set_ylabel("CPU time a simulated person, µs")
    axes.set_title("Cost of a person over the size of the care system", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    path, out = folder / "care_per_person.png", io.BytesIO()
    figure.savefig(out, format="png", dpi=110, metadata={"Software": None})
    part = path.with_name(f".{path.name}.tmp")
    part.write_bytes(out.getvalue())
    os.replace(part, path)
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["peak"]:
        print(_grown(words[1]))
        return 0
    parser = argparse.ArgumentParser(prog="python -m benchmarks.care", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs and sizes, shorter")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    parser.add_argument("--charts", type=Path, metavar="DIR", help="also draw the cost of a person over sizes")
    options = parser.parse_args(words)
    if options.charts is not None:
        options.charts.mkdir(parents=True, exist_ok=True)  # before the minutes of measuring, not after
    report = measure(options.quick)
    print(tables(report))
    if options.json is not None:
        options.json.write_text(json.dumps(dataclasses.asdict(report), indent=1), encoding="utf-8")
    if options.charts is not None:
        draw(report, options.charts)
    missed = list(report.missed())
    if missed:
        print("\nmissed:", "; ".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

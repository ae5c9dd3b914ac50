"""``carebridge hybrid``: a network and stocks on one clock; means, trajectories, the drawing, and two checks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from models.command_line.progress import runs_done
from models.command_line.words import WHERE, Key, Words, file_faults, path, read_words, whole
from sim.errors import CarebridgeError, Fault, FaultsError
from sim.files import replace_text

if TYPE_CHECKING:
    from sim.hybrid import Hybrid, HybridRun, Ready
    from sim.hybrid.experiment import Halved, HybridResults

__all__ = ["HELP", "run_hybrid"]

HELP = """carebridge hybrid FILE.yaml [key=value ...] [--flag ...]

  Runs a network and stocks on one clock: at every exchange the network tells the stocks what it counted, and the
  stocks set places, rates, stays or routes of the network. docs/hybrid.md says how a file is written and what
  everything means.

  --set name=value      another value for a parameter of the stocks, as often as needed
  replications=20       independent runs; by default those of the network
  seed=1                same seed, same results; by default that of the network
  workers=2             threads; no influence on the results
  csv=FILE.csv          what the stocks did: replication, Time, and every variable
  draw=FILE.svg         a drawing of the stocks, the network, and what passes between them

  --halve               run everything at half the interval too, paired, and say how far each headline figure moves
                        (50 replications unless given); ends with exit code 1 when one moves by more than 1 %
  --twin                run the slow reference program for both halves too and compare everything with ==
                        (3 replications unless given)
  --check               check the file (and draw it, with draw=), but do not run it
  --no-unit-check       do not analyse the dimensions of the equations and of what passes
  --help                this text

Every key may also be written --key value or --key=value. Exit code: 0 done, 2 something was wrong with the words or
the files (all faults are listed, nothing is written), 1 the work failed or a check did not hold, 130 stopped by
Ctrl-C.
"""

KEYS = {
    "replications": Key(whole(1, 1_000_000), "replications=20"),
    "seed": Key(whole(0, 2**63 - 1), "seed=1"),
    "workers": Key(whole(1, 1024), "workers=2"),
    "csv": Key(path, "csv=FILE.csv"),
    "draw": Key(path, "draw=FILE.svg"),
}
FLAGS = ("halve", "twin", "check", "no_unit_check")
HALVED, TWINS = 50, 3  #: replications of the checks unless given


def run_hybrid(words: list[str]) -> int:
    """Do what the words ask for; returns the exit code.

    Raises
    ------
    FaultsError
        With all faults of the words and of the files.
    """
    asked, faults = read_words(words, KEYS, FLAGS)
    if asked.file is None:
        faults.append(Fault("FILE.yaml", None, "the name of a hybrid file is needed; see --help.", WHERE))
    if {"halve", "twin"} <= asked.flags:
        faults.append(Fault("--halve", None, "one check at a time: --halve or --twin.", WHERE))
    if asked["csv"] is not None and asked.flags & {"halve", "twin"}:
        faults.append(Fault("csv", str(asked["csv"]), "--halve and --twin write no trajectories.", WHERE))
    if "halve" in asked.flags and asked["replications"] == 1:
        faults.append(Fault("replications", 1, "--halve needs two at least; fifty are usual.", WHERE))
    faults += file_faults(asked, "csv", "draw")
    if "no_unit_check" in asked.flags and asked.file is not None:
        print(f"{asked.file}: dimensions are not analysed (--no-unit-check)", file=sys.stderr)
    hybrid, more = _read(asked, None)
    if hybrid is None:
        raise FaultsError([*faults, *more], WHERE if not more else str(asked.file))
    faults += _setting_faults(asked, hybrid)
    if faults:
        raise FaultsError(faults, WHERE)
    if asked["draw"] is not None:
        from sim.drawing import draw_hybrid

        replace_text(asked["draw"], draw_hybrid(hybrid))
    if "check" in asked.flags:
        print(f"{asked.file}: no faults")
        return 0
    return _run(asked, hybrid)


def _read(asked: Words, dt: float | None) -> tuple[Hybrid | None, list[Fault]]:
    from models.stocks.hybrid_files import load

    if asked.file is None:
        return None, []
    try:
        return load(asked.file, dt=dt, check_units="no_unit_check" not in asked.flags), []
    except FaultsError as error:
        return None, error.faults
    except CarebridgeError as error:
        return None, [Fault("FILE.yaml", None, str(error), WHERE)]


def _setting_faults(asked: Words, hybrid: Hybrid) -> list[Fault]:
    from sim.stocks import Stocks

    try:
        Stocks(hybrid.model).setting(asked.changes, WHERE)
    except FaultsError as error:
        return error.faults
    return []


def _run(asked: Words, hybrid: Hybrid) -> int:
    from sim.hybrid import ready

    made = ready(hybrid)
    seed = hybrid.network.seed if asked["seed"] is None else asked["seed"]
    workers = asked["workers"] or os.cpu_count() or 1
    if "twin" in asked.flags:
        return _twin(made, seed, asked["replications"] or TWINS, asked.changes)
    if "halve" in asked.flags:
        return _halve(asked, made, seed, asked["replications"] or HALVED, workers)
    return _simulate(asked, made, seed, asked["replications"] or hybrid.network.replications, workers)


def _simulate(asked: Words, made: Ready, seed: int, replications: int, workers: int) -> int:
    from sim.hybrid.experiment import replicate_hybrid
    from sim.load import steadiness
    from sim.results.axes import Axes
    from sim.results.record import record
    from sim.results.results import Results
    from sim.results.text import report

    axes, wanted = Axes.of(made.network), asked["csv"] is not None

    def keep(run: HybridRun) -> Any:
        return record(axes, run.network.observations()), run.trajectory() if wanted else None

    with runs_done(replications) as show:
        found = replicate_hybrid(made, seed, replications, workers, changes=asked.changes, keep=keep, on_done=show)
    results = Results(axes, seed)
    for one, _ in found.kept:
        results.add(one)
    if wanted:
        replace_text(asked["csv"], "".join(_trajectories(found)))
    print("\n".join(_headline(found)))
    print("\n".join(["", "The network:", *report(results, steadiness(made.network.network, results.queues))]))
    if wanted:
        print(f"Trajectories: {asked['csv']}")
    return 0


def _trajectories(found: HybridResults) -> Iterator[str]:
    from models.stocks.command import csv_lines

    columns = found.ready.hybrid.model.columns()
    rows = (
        [r, t, *row] for r, (_, done) in enumerate(found.kept) for t, row in zip(done.time, done.values, strict=True)
    )
    return csv_lines(["replication", "Time", *columns], rows)


def _headline(found: HybridResults) -> list[str]:
    """Means of the headline figures over the run and their values at its end, with half-widths of 95 % intervals."""
    from sim.statistics import mean_halfwidth
    from sim.stocks.units import analyse

    hybrid = found.ready.hybrid
    units = analyse(hybrid.model)
    head = ["variable", "unit", "mean over the run", "", "at the end", ""]
    rows = []
    for name in hybrid.headline:
        base = name.partition("[")[0]
        unit = units.registry.text(units.units[base]) if base in units.units else ""
        row = [name, unit]
        for values in ([m[name] for m in found.means], [e[name] for e in found.ends]):
            half = mean_halfwidth(values) if len(values) > 1 else float("nan")
            row += [f"{sum(values) / len(values):.4g}", f"± {half:.2g}" if half == half else ""]  # noqa: PLR0124
        if hybrid.model.variables[base].kind == "input":
            row[4:] = ["", ""]  # one interval's mean says little
        rows.append(row)
    title = f"{hybrid.name}: {len(found.means)} replications, {hybrid.exchanges} exchanges"
    return [title, *_aligned([head, *rows])]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if c < 2 else cell.rjust(width)  # noqa: PLR2004 - names to the left, numbers to the right
            for c, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _halve(asked: Words, made: Ready, seed: int, replications: int, workers: int) -> int:
    from sim.hybrid import ready
    from sim.hybrid.experiment import halve

    t = made.hybrid.model.time
    other, faults = _read(asked, t.dt / 2)
    if other is None:
        raise FaultsError(faults, str(asked.file))
    with runs_done(2 * replications) as show:
        found = list(halve(made, ready(other), seed, replications, workers, changes=asked.changes, on_done=show))
    print(
        f"{made.hybrid.name}: {replications} pairs of replications, exchanges every {t.dt:g} and {t.dt / 2:g} {t.unit}"
    )
    print("\n".join(_aligned(_table(found))))
    moved = [one.name for one in found if not one.small]
    print(
        f"These move by more than 1 %: {', '.join(moved)}." if moved else "No headline figure moves by more than 1 %."
    )
    return 1 if moved else 0


def _table(found: Sequence[Halved]) -> list[list[str]]:
    head = ["figure", "", "whole", "half", "difference", "", "share"]
    return [head] + [
        [
            *(one.name, "", f"{one.whole:.5g}", f"{one.half:.5g}", f"{one.difference:+.2g}"),
            *(f"± {one.half_width:.2g}", f"{100 * one.share:.2f} %"),
        ]
        for one in found
    ]


def _twin(made: Ready, seed: int, replications: int, changes: dict[str, float]) -> int:
    """Compare the compiled driver with the SimPy program and the stocks in plain Python."""
    import numpy as np

    from sim.hybrid import HybridRun, PlainHybrid, TwinSide
    from sim.twin import Twin

    differences: list[str] = []
    with runs_done(replications) as show:
        for r in range(replications):
            run, twin = HybridRun(made, seed, r, changes), Twin(made.hybrid.network, seed, r)
            run.advance()
            theirs = PlainHybrid(made.hybrid, TwinSide(twin), changes=changes).run()
            if not np.array_equal(run.trajectory().values, theirs.values):
                differences.append(f"the stocks in replication {r}")
            seen, also = run.network.observations(), twin.observations()
            differences += [f"{n} in replication {r}" for n in seen if not np.array_equal(seen[n], also[n])]
            show(r + 1)
    if differences:
        print(f"{made.hybrid.name}: DIFFERS from the reference program in {'; '.join(differences[:5])}")
        return 1
    print(f"{made.hybrid.name}: {replications} replications equal the reference program in everything (==)")
    return 0

"""Events per second of Carebridge and its peers on one model, side by side.

    python -m benchmarks.engines [--quick] [--json FILE]

Each run has a process of its own, so that its peak memory is its own; the engines take turns within a repeat, so that
a busy spell of the machine does not fall on one of them. Reported is the run with the median events per CPU second.
The exit code is 1 if the engines disagree (rule: ``benchmarks/agreement.py``) or one of them fails.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.agreement import LIMIT, Check, cases, compare
from benchmarks.tandem import TANDEM, Result, Tandem

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 1200


class Entry(NamedTuple):
    """One way to write the case in one engine."""

    engine: str
    form: str

    def __str__(self) -> str:
        return f"{self.engine} ({self.form})"


OURS = Entry("carebridge", "network")
PEERS = (Entry("simpy", "resource"), Entry("cimba", "per bed"), Entry("cimba", "per patient"))
ENTRIES = (OURS, *PEERS)

Results = dict[Entry, list[Result]]


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much to run."""

    repeats: int
    simpy_days: float
    check_seeds: int
    check_days: float


FULL = Plan(repeats=3, simpy_days=TANDEM.days, check_seeds=8, check_days=730.0)
QUICK = Plan(repeats=1, simpy_days=365.0, check_seeds=6, check_days=365.0)


class EngineFailed(RuntimeError):
    """A run ended without an answer."""


class EngineMissing(RuntimeError):
    """An engine cannot be imported."""


def run_apart(entry: Entry, case: Tandem, seeds: Sequence[int]) -> list[Result]:
    """Run an entry in a process of its own, once for each seed.

    A child begins with the peak memory of its parent, which is why this module imports nothing large.
    """
    request = {"engine": entry.engine, "form": entry.form, "case": dataclasses.asdict(case), "seeds": list(seeds)}
    command = [sys.executable, "-m", "benchmarks.worker", json.dumps(request)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise EngineFailed(f"{entry} did not end within {TIMEOUT_SECONDS} s") from None
    if done.returncode:
        raise EngineFailed(f"{entry} failed:\n{done.stderr.strip()}")
    answer = json.loads(done.stdout.splitlines()[-1])
    if "skipped" in answer:
        raise EngineMissing(answer["skipped"])
    return [Result(**result) for result in answer["results"]]


def skip_line(entry: Entry, reason: str) -> str:
    """Why an engine is left out, and what to do about it."""
    if entry == OURS:
        return f"skipped: {entry}: the engine cannot be imported ({reason})"
    return f"skipped: {entry}: not installed ({reason}); install it with: pip install -e '.[bench]'"


def check_runs(plan: Plan) -> tuple[tuple[Entry, ...], list[Check]]:
    """Entries that can run, and how they agree; prints those that cannot."""
    first, *others = cases(plan.check_days)
    seeds = range(1, plan.check_seeds + 1)
    results: Results = {}
    for entry in ENTRIES:
        try:
            results[entry] = run_apart(entry, first, seeds)
        except EngineMissing as missing:
            print(skip_line(entry, str(missing)), flush=True)
    if not results:
        raise EngineMissing("no engine can run")
    by_case = [(first, results)]
    by_case += [(case, {entry: run_apart(entry, case, seeds) for entry in results}) for case in others]
    checks = [
        check for case, found in by_case for check in compare(case, {str(entry): runs for entry, runs in found.items()})
    ]
    return tuple(results), checks


def timed_runs(entries: Sequence[Entry], plan: Plan) -> Results:
    """Every entry once in each repeat, with the repeat's number as seed."""
    results: Results = {entry: [] for entry in entries}
    for repeat in range(1, plan.repeats + 1):
        for entry in entries:
            days = plan.simpy_days if entry.engine == "simpy" else TANDEM.days
            results[entry] += run_apart(entry, dataclasses.replace(TANDEM, days=days), [repeat])
    return results


def median_run(runs: Sequence[Result]) -> Result:
    """The run with the median events per second; of an even number, the slower of the two in the middle."""
    return sorted(runs, key=lambda run: run.events_per_second)[(len(runs) - 1) // 2]


def check_table(checks: Sequence[Check], plan: Plan) -> str:
    """Means of every form beside what they may differ by."""
    lines = [
        f"Agreement: means of {plan.check_seeds} runs of {plan.check_days:g} days from an empty start; two forms may "
        f"differ by {LIMIT:g} standard errors, pooled over forms."
    ]
    width = max(len(check.quantity) for check in checks)
    for case in dict.fromkeys(check.case for check in checks):
        shown = [check for check in checks if check.case == case]
        lines += [
            "",
            f"{case + ':':{width + 2}}" + "".join(f"{form:>22}" for form in shown[0].means) + f"{'allowed':>10}",
        ]
        for check in shown:
            means = "".join(f"{mean:22.2f}" for mean in check.means.values())
            lines.append(f"  {check.quantity:{width}}{means}{check.tolerance:10.2f}")
    return "\n".join(lines)


def speed_table(results: Mapping[Entry, Sequence[Result]]) -> str:
    """Speed and memory of every form."""
    head = (
        f"{'form':24}{'events':>10}{'CPU s':>9}{'events/s':>13}{'lowest':>13}{'highest':>13}{'ns/event':>10}{'MiB':>7}"
    )
    lines = [head]
    for entry, runs in results.items():
        chosen = median_run(runs)
        speeds = [run.events_per_second for run in runs]
        lines.append(
            f"{entry!s:24}{chosen.events:10,}{chosen.seconds:9.3f}{chosen.events_per_second:13,.0f}{min(speeds):13,.0f}"
            f"{max(speeds):13,.0f}{1e9 / chosen.events_per_second:10,.0f}{max(run.peak_mb for run in runs):7.0f}"
        )
    return "\n".join(lines)


def ratio_lines(results: Mapping[Entry, Sequence[Result]]) -> list[str]:
    """How many times the events per second of each peer ours has."""
    if OURS not in results:
        return ["no ratios: carebridge has not run"]
    ours = median_run(results[OURS]).events_per_second
    return [
        f"carebridge / {peer}: {ours / median_run(results[peer]).events_per_second:.1f}"
        for peer in PEERS
        if peer in results
    ]


def records(results: Mapping[Entry, Sequence[Result]]) -> list[dict[str, Any]]:
    """The table as data: events and seconds of the median run, and the highest peak of memory."""
    rows = []
    for entry, runs in results.items():
        chosen = median_run(runs)
        rows.append(
            {
                "case": TANDEM.name,
                "engine": entry.engine,
                "form": entry.form,
                "events": chosen.events,
                "seconds": chosen.seconds,
                "events_per_second": chosen.events_per_second,
                "peak_mb": max(run.peak_mb for run in runs),
            }
        )
    return rows


def write_json(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=2)
            file.write("\n")
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def compare_engines(plan: Plan, json_path: Path | None) -> list[str]:
    """Check, time and print; what is wrong, in words, comes back."""
    entries, checks = check_runs(plan)
    print("\n" + check_table(checks, plan), flush=True)
    faults = [fault for check in checks for fault in check.faults]
    if faults:
        return ["the engines disagree, so they were not timed:", *faults]
    results = timed_runs(entries, plan)
    print(
        f"\nSpeed, case {TANDEM.name}: {TANDEM.days:g} days ({plan.simpy_days:g} for SimPy), {plan.repeats} repeat(s)"
    )
    print("\n".join([speed_table(results), "", *ratio_lines(results)]))
    if json_path is not None:
        write_json(json_path, records(results))
    return []


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one repeat, and one year instead of ten for SimPy")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    options = parser.parse_args(arguments)
    if options.json is not None and not options.json.absolute().parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.absolute().parent}")
    try:
        faults = compare_engines(QUICK if options.quick else FULL, options.json)
    except (EngineFailed, EngineMissing) as error:
        faults = [str(error)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

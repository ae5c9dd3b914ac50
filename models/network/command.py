"""``carebridge network``: check a network file, run it, say what came out, and write it down whole or not at all."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.command_line.progress import runs_done
from models.network.request import Request, parse
from sim.errors import CarebridgeError, Fault, FaultsError
from sim.files import check_file, check_room, json_text, replace_text

if TYPE_CHECKING:
    from sim.load.steady import Steadiness
    from sim.network.schema import Network
    from sim.results import Experiment, Results

__all__ = ["run_network"]

TWINS = 3  #: replications of the SimPy program unless given; it is some hundred times slower
_WHERE = "command line"


@dataclass
class Outcome:
    """Everything that was found out."""

    request: Request
    network: Network
    experiment: Experiment
    shown: Results
    steady: Steadiness
    began: float
    messages: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)


def run_network(words: list[str]) -> int:
    """Do what the words ask for; returns the exit code.

    Raises
    ------
    FaultsError
        With all faults of the words and of the file.
    """
    began = time.time()
    request, faults = parse(words)
    if request.schema and not faults:
        from sim.network.json_schema import json_schema

        print(json_text(json_schema()), end="")
        return 0
    network, more = _read(request)
    faults = [*faults, *more, *_places_to_write(request)]
    if faults or network is None:
        raise FaultsError(faults, _WHERE if not more else str(request.file))
    network = _changed(request, network)
    if request.draw is not None:
        from sim.drawing import draw

        replace_text(request.draw, draw(network))
    if request.check:
        print(f"{request.file}: no faults")
        return 0
    outcome = _run(request, network, began)
    _write(outcome)
    _print(outcome)
    return 1 if outcome.more.get("twin", {}).get("differences") else 0


def _read(request: Request) -> tuple[Network | None, list[Fault]]:
    """Return the network, or every fault of its file."""
    from sim.network.load import load_network

    if request.file is None:
        return None, []
    try:
        return load_network(request.file), []
    except FaultsError as error:
        return None, error.faults
    except CarebridgeError as error:
        return None, [Fault("FILE.yaml", None, str(error), _WHERE)]


def _places_to_write(request: Request) -> list[Fault]:
    """Faults of the places to which results are to go, found before any work is done."""
    from models.command_line.out_folder import folder_faults

    faults = folder_faults(request.out) if request.out is not None else []
    for key in ("json", "draw"):
        path: Path | None = getattr(request, key)
        if path is None or (key == "json" and request.stdout):
            continue
        if path.is_dir():
            faults.append(Fault(key, str(path), "this is a folder; a file is needed.", _WHERE))
        else:
            faults += _tried(key, lambda p=path, k=key: check_file(p, k))
    return faults + (_tried("out", lambda: check_room(request.out, 1)) if request.out and not faults else [])  # type: ignore[arg-type]


def _tried(key: str, check: Callable[[], None]) -> list[Fault]:
    try:
        check()
    except CarebridgeError as error:
        return [Fault(key, None, str(error).removeprefix(f"{key}="), _WHERE)]
    return []


def _changed(request: Request, network: Network) -> Network:
    """Return the network with what the command line sets in place of the file, checked again."""
    from sim.network.load import load_network

    keys = ("replications", "seed", "horizon", "warm_up")
    given = {k: getattr(request, k) for k in keys if getattr(request, k) is not None}
    return load_network(network.model_copy(update=given)) if given else network


def _limits(request: Request, network: Network) -> list[str] | None:
    """Limits of waits as the file writes them, without blanks."""
    from sim.reading.yaml_file import read_yaml

    data, _ = read_yaml(request.file)  # type: ignore[arg-type]
    observe = data.get("observe") if isinstance(data, dict) else None
    written = observe.get("wait_over") if isinstance(observe, dict) else None
    if not isinstance(written, list) or len(written) != len(network.observe.wait_over):
        return None
    return ["".join(str(text).split()) for text in written]


def _run(request: Request, network: Network, began: float) -> Outcome:
    from sim.load import steadiness
    from sim.results import Experiment

    workers = request.workers or os.cpu_count() or 1
    experiment = Experiment(network, limits=_limits(request, network))
    _check_memory(experiment, workers)
    found: dict[str, Any] = {}
    if request.precision is not None:
        most = max(request.replications or 1000, 3)
        with runs_done(None) as show:
            precise = experiment.run_until(request.precision, most, workers, show)
        messages = [f"precision {request.precision:g}: {precise.reason}"]
        found["precision"] = {
            "asked": request.precision,
            "recommended_replications": precise.recommended,
            "reached": precise.reached,
            "reason": precise.reason,
        }
    else:
        replications = network.replications
        if request.twin and request.replications is None:
            replications = min(replications, TWINS)
        with runs_done(replications) as show:
            experiment.run(replications, workers, show)
        messages = []
    results = experiment.results
    if request.twin:
        results, found["twin"] = _twin(experiment)
        messages.append(_agreement(found["twin"]))
    steady = steadiness(experiment.network, results.queues)
    return Outcome(request, network, experiment, results, steady, began, messages, found)


def _check_memory(experiment: Experiment, workers: int) -> None:
    """Refuse what would not fit: what every replication writes down, and the estimates by period."""
    from models.command_line.doctor import memory_gb

    axes = experiment.results.axes
    cells = len(axes.measured) * len(axes.stations) * len(axes.rows)
    looks = axes.network.horizon / axes.network.observe.snapshot_every * len(axes.places) * 7 * 4
    needed, have = (cells * 8 * (5 * 30 * 2 + 90 * workers) + looks * workers * 2) / 1e9, memory_gb()
    if have is not None and needed > have:
        raise CarebridgeError(
            f"about {needed:.0f} GB of memory are needed and this machine has {have:.0f} GB: lengthen observe.period "
            "or observe.snapshot_every, or shorten horizon."
        )


def _twin(experiment: Experiment) -> tuple[Results, dict[str, Any]]:
    """Run the reference program for the same replications and compare every observation."""
    import numpy as np

    from sim.results.record import record
    from sim.results.results import Results
    from sim.run import Run
    from sim.twin import Twin

    kernel, network = experiment.results, experiment.network
    results = Results(kernel.axes, kernel.seed)
    differences: list[str] = []
    with runs_done(kernel.replications) as show:
        for r in range(kernel.replications):
            run, twin = Run(experiment.lowered, kernel.seed, r), Twin(network, kernel.seed, r)
            run.advance()
            twin.advance(int(network.horizon))
            ours, theirs = run.observations(), twin.observations()
            for name in sorted(ours.keys() | theirs.keys()):
                if name not in ours or name not in theirs or not np.array_equal(ours[name], theirs[name]):
                    differences.append(f"{name} in replication {r}")
            results.add(record(kernel.axes, theirs))
            show(r + 1)
    found = {"replications": kernel.replications, "events": results.events, "equal": not differences}
    return results, {**found, "differences": differences}


def _agreement(twin: dict[str, Any]) -> str:
    what = f"SimPy twin, {twin['replications']} replications, {twin['events']} events"
    if twin["equal"]:
        return f"{what}: every observation equals the kernel's (==); the figures are the twin's"
    return f"{what}: DIFFERS from the kernel in {'; '.join(twin['differences'][:5])}"


def _document(outcome: Outcome) -> dict[str, Any]:
    from sim.results.document import document

    return {**document(outcome.shown, outcome.steady), **outcome.more}


def _write(outcome: Outcome) -> None:
    request = outcome.request
    if request.out is None and request.json is None:
        return
    text = json_text(_document(outcome))
    if request.out is not None:
        from models.network.folder import write_folder

        write_folder(request, outcome.network, outcome.experiment, outcome.shown, text, outcome.began)
    if request.json is not None and not request.stdout:
        replace_text(request.json, text)
    if request.stdout:
        print(text, end="")


def _print(outcome: Outcome) -> None:
    from sim.results.text import report

    request = outcome.request
    said: Sequence[str] = [*report(outcome.shown, outcome.steady), *outcome.messages]
    written = [str(path) for path in (request.out, request.json, request.draw) if path and str(path) != "-"]
    if written:
        said = [*said, f"Written: {', '.join(written)}"]
    if not request.stdout:
        print("\n".join(said))
        return
    for line in outcome.messages:
        print(line, file=sys.stderr)

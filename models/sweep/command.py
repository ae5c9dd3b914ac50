"""``carebridge sweep``, ``status``, ``collect``, ``analyse`` and ``chunk``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import CarebridgeError, Fault, FaultsError

if TYPE_CHECKING:
    from sim.sweep.coordinate import Outcome
    from sim.sweep.executor import Ended, Executor
    from sim.sweep.folder import Folder

__all__ = ["ANALYSE_HELP", "CHUNK_HELP", "COLLECT_HELP", "STATUS_HELP", "SWEEP_HELP"]
__all__ += ["analyse", "chunk", "collect", "status", "sweep"]

SWEEP_HELP = """carebridge sweep [FILE.yaml] [key=value,value,... ...] out=DIR

  FILE.yaml             the design: what is swept, over which points (docs/sweeps.md)
  key=v1,v2,...         a grid over any key that `carebridge run` takes; several are crossed
  'a & b=v1,v2,...'     the same values for both keys at once
  network=FILE.yaml     sweep a network instead; keys are those of its file, for example stations.ward.places=20,22
  replications=20       of every point
  seed=1                same seed, same results to the last byte, whatever the executor
  out=DIR               folder of the sweep; the same command goes on where it stopped
  executor=local        local, slurm or dask
  workers=2             processes (local)
  jobs=16 minutes=60 mem_gb=2 partition=P account=A qos=Q      limits of jobs (slurm)
  scheduler=tcp://...   address of a Dask scheduler (dask)
  chunk_seconds=10      length of a chunk of work
  --dry-run             lay out and check everything, and run nothing

Then: carebridge status DIR, collect DIR, analyse DIR. Ctrl-C stops after the chunks that are running; twice, at once.
"""
STATUS_HELP = """carebridge status DIR

Says how the sweep in a folder stands: chunks done, running and failed (with the reason), the work and the disk that
remain. It may be asked while the sweep runs.
"""
COLLECT_HELP = """carebridge collect DIR

Makes one Parquet file a table of a complete sweep, in DIR/tables, for pandas, polars, DuckDB, R and Excel.
"""
ANALYSE_HELP = """carebridge analyse DIR [measure=NAME ...] [group=COLUMN=VALUE ...]

  measure=NAME          which answer, or several; for the care model 'probability' unless given. A wrong name lists all
  group=COLUMN=VALUE    only these answers or points, for example group=timeline=5y or group=name=ward
  at_least=NUMBER       an answer passes from this number up; for 'probability' the verdict's own unless given
  at_most=NUMBER        or up to this number
  find=failing          which points boxes are sought for (PRIM): failing or passing
  frontier=KEY,KEY      how much of the second key is needed for each value of the first; both of a grid

Says in sentences and plain tables what a collected sweep shows: what moves the answer most, what explains its
differences, and where it fails. For that it makes response curves and a tornado always; Sobol indices and Morris
effects where the design was made for them; boxes of failing points where there is a threshold, and a frontier where
there are two keys of numbers too. Tables and charts go to DIR/analysis.
"""
CHUNK_HELP = """carebridge chunk DIR NUMBER

Makes one chunk of a sweep alone, here and now, and shows every error in full.
"""


def sweep(words: list[str]) -> int:
    """Begin a sweep or go on with it; returns 0 when it is complete, 1 when chunks failed, 130 when stopped."""
    from models.sweep.request import parse, sweep_of
    from sim.sweep.begin import begin
    from sim.sweep.coordinate import coordinate

    request = parse(words)
    asked = sweep_of(request)
    _say(f"{asked.question or 'A sweep'}: {len(asked.points)} points x {asked.replications} replications")
    if request.dry_run:
        return _dry_run(asked)
    folder = begin(request.out, asked)
    show, close = _bar(folder)
    try:
        outcome = coordinate(folder, _executor(request, folder), show, _say)
    finally:
        close()
    return _tell(folder, outcome)


def _executor(request: Any, folder: Folder) -> Callable[[], Executor]:
    """How the executor that was asked for is made."""
    from sim.sweep.dask import DaskExecutor
    from sim.sweep.local import LocalExecutor
    from sim.sweep.slurm import SlurmExecutor

    if request.executor == "dask":
        return lambda: DaskExecutor(folder.path, request.scheduler)
    if request.executor == "slurm":
        return lambda: SlurmExecutor(folder, request.limits)
    return lambda: LocalExecutor(folder.path, request.workers)


def _dry_run(asked: Any) -> int:
    """Check everything and lay out the points, without running any."""
    faults = asked.study.check(asked.points.distinct())
    if faults:
        raise FaultsError(faults, "the design")
    table = asked.points.table()
    print(table.slice(0, 10).to_pandas().to_string(index=False))
    if len(asked.points) > 10:  # noqa: PLR2004
        print(f"… and {len(asked.points) - 10} points more")
    print(f"{len(asked.points) * asked.replications} runs. Nothing was run.")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _bar(folder: Folder) -> tuple[Callable[[Ended, Outcome], None], Callable[[], None]]:
    """Progress by expected time, so that the time left is told well from the first chunk on."""
    from tqdm import tqdm

    shape = "{desc} {percentage:3.0f} % |{bar}| {remaining} left"
    total = float(folder.seconds.sum())
    bar = tqdm(total=total, desc="sweeping", bar_format=shape, file=sys.stderr)
    begun = False

    def show(ended: Ended, outcome: Outcome) -> None:
        nonlocal begun
        if not begun:  # what was done before counts, but not for the pace
            begun = True
            waiting = outcome.done - outcome.made
            bar.initial = total * waiting / folder.chunks
            bar.n = bar.initial
        if ended.trouble is None:
            bar.update(min(float(folder.seconds[ended.chunk]), total - bar.n))
        else:
            bar.write(f"chunk {ended.chunk}: {ended.trouble.reason}", file=sys.stderr)

    return show, bar.close


def _tell(folder: Folder, outcome: Outcome) -> int:
    """Say how it went and what to do next; returns the exit code."""
    path = folder.path
    if outcome.damaged:
        print(f"{outcome.damaged} files of an earlier run were damaged and have been made anew.")
    print(f"{outcome.done} of {outcome.chunks} chunks are done, {outcome.made} of them now.")
    for number, bad in sorted(outcome.failed.items()):
        print(f"Chunk {number} failed three times: {bad.reason}")
        print(f"  To run it alone: carebridge chunk {path} {number}")
    if outcome.complete:
        print(f"Complete. `carebridge collect {path}` makes the tables, `carebridge analyse {path}` looks at them.")
        return 0
    if outcome.stopped:
        print(f"Stopped: {outcome.stopped}. Nothing is lost; the same command goes on.")
    return 130 if outcome.stopped.startswith("stopped") else 1


def _folder(words: Sequence[str], count: int, usage: str) -> Folder:
    from sim.sweep.folder import Folder

    if len(words) != count:
        raise CarebridgeError(usage.splitlines()[0])
    return Folder.open(Path(words[0]).expanduser())


def status(words: list[str]) -> int:
    """Say how a sweep stands."""
    from sim.sweep.status import status as look
    from sim.sweep.status import words as lines

    folder = _folder(words, 1, STATUS_HELP)
    for line in lines(look(folder), folder.path):
        print(line)
    return 0


def collect(words: list[str]) -> int:
    """Make the tables of a complete sweep."""
    from sim.sweep.collect import collect as gather

    folder = _folder(words, 1, COLLECT_HELP)
    for name, path in gather(folder).items():
        print(f"{name:12} {path}")
    return 0


def analyse(words: list[str]) -> int:
    """Analyse a collected sweep."""
    from models.sweep.analyse import analyse as work

    return work(words)


def chunk(words: list[str]) -> int:
    """Make one chunk alone."""
    from sim.sweep.attempt import software_of
    from sim.sweep.chunk import run_chunk
    from sim.sweep.faults import check_software

    folder = _folder(words, 2, CHUNK_HELP)
    if not words[1].isdigit() or int(words[1]) >= folder.chunks:
        rule = f"a number from 0 to {folder.chunks - 1} is needed."
        raise FaultsError([Fault("NUMBER", words[1], rule, "command line")], "command line")
    study = folder.study()
    check_software(folder.about["software"], software_of(study))
    made = run_chunk(folder, study, int(words[1]))
    print("done before; nothing to do" if made is None else f"done in {made.seconds:.1f} s, {made.bytes / 1e6:.2f} MB")
    return 0

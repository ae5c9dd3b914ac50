"""Faults that a kernel could have, each one edit of its source, and a check that must notice every one of them.

A fault is planted in a copy of the engine and run there, in a process of its own, as plain Python. The check runs
random networks, compares what is written down with what the reference wrote down, and leaves the engine's own check of
conservation on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MUTATIONS", "Mutation", "check", "copy_of_engine", "plant"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutation:
    """A fault of the kernel.

    Parameters
    ----------
    name : str
        What is wrong, in words.
    file : str
        File of ``sim/kernel``.
    right : str
        Text that stands in the file exactly once.
    wrong : str
        What the fault puts in its place.
    """

    name: str
    file: str
    right: str
    wrong: str


def copy_of_engine(folder: Path) -> Path:
    """Copy the engine, and what checks it, to `folder`."""
    unwanted = shutil.ignore_patterns("__pycache__", "test_*")
    for part in ("sim", "tests/sim"):
        shutil.copytree(ROOT / part, folder / part, ignore=unwanted)
    return folder


def plant(folder: Path, mutation: Mutation) -> None:
    """Put a fault into the copy in `folder`.

    Raises
    ------
    ValueError
        When the text does not stand in the file exactly once: the fault must be written anew.
    """
    path = folder / "sim" / "kernel" / mutation.file
    text = path.read_text("utf-8")
    if (found := text.count(mutation.right)) != 1:
        raise ValueError(f"'{mutation.name}': its text stands {found} times in {mutation.file}; write the fault anew")
    path.write_text(text.replace(mutation.right, mutation.wrong), "utf-8")


def check(folder: Path, answers: Path) -> subprocess.CompletedProcess[str]:
    """Run `check_kernel` in the copy in `folder`; what the reference says is kept in, and read from, `answers`."""
    settings = {k: v for k, v in os.environ.items() if k != "NUMBA_BOUNDSCHECK"}
    settings |= {"PYTHONPATH": str(folder), "CAREBRIDGE_CACHE": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "tests.sim.check_kernel", str(answers)],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


MUTATIONS = (
    # -- places -------------------------------------------------------------------------------------------------------
    Mutation(
        "somebody who goes gives two places back",
        "holding.py",
        "hold(S.pool, s, -1, t)\n        if gate != s:",
        "hold(S.pool, s, -2, t)\n        if gate != s:",
    ),
    Mutation(
        "somebody who goes gives no place back",
        "holding.py",
        "hold(S.pool, s, -1, t)\n        if gate != s:",
        "hold(S.pool, s, 0, t)\n        if gate != s:",
    ),
    Mutation(
        "who goes keeps the one place of a shared pool",
        "holding.py",
        "            hold(S.pool, gate, -1, t)\n",
        "",
    ),
    Mutation(
        "nobody is told that a shared place is free",
        "holding.py",
        "            list_pool(S, gate)\n",
        "",
    ),
    Mutation(
        "closing places puts those who hold them out",
        "tally.py",
        "    pool.places = places\n",
        "    pool.places = places\n    pool.occupied = min(pool.occupied, places)\n",
    ),
    Mutation(
        "places that drain are not counted",
        "tally.py",
        "return max(0, occupied - places)",
        "return 0",
    ),
    Mutation("a place needs no turnaround", "holding.py", "if needs > 0:", "if needs < 0:"),
    Mutation(
        "places given back by a step serve nobody",
        "holding.py",
        "hold(S.pool, T.hold[k].pool, change, t)\n            list_pool(S, T.hold[k].pool)",
        "hold(S.pool, T.hold[k].pool, change, t)",
    ),
    Mutation(
        "places held back are given away",
        "holding.py",
        "if gate.occupied + reserve >= gate.places:",
        "if gate.occupied >= gate.places:",
    ),
    Mutation(
        "outliers take a place for which others queue",
        "holding.py",
        "if S.pool[o].occupied < S.pool[o].places and S.pool[o].queued == 0:",
        "if S.pool[o].occupied < S.pool[o].places:",
    ),
    Mutation(
        "the outlier who started last comes home first",
        "blocking.py",
        "i = pool.first_out\n",
        "i = pool.last_out\n",
    ),
    Mutation(
        "slots that nobody took do not lapse",
        "advance.py",
        "            S.pool[N[OFFERED_AT]].offer = 0\n",
        "",
    ),
    Mutation(
        "escalation ends while the queue is long",
        "weekly.py",
        "if queued <= row.down_queued and occupied",
        "if queued <= row.down_queued or occupied",
    ),
    Mutation("a slot serves all who want it", "holding.py", "S.pool[s].offer -= 1", "S.pool[s].offer -= 0"),
    Mutation("places called for are open at once", "weekly.py", "now.due = t + row.lead", "now.due = t"),
    # -- queues -------------------------------------------------------------------------------------------------------
    Mutation(
        "room in the waiting room unblocks nobody when somebody starts",
        "blocking.py",
        "            if which == WAITING_ROOM:\n                refill(T, S, n, c, t)\n",
        "",
    ),
    Mutation(
        "room in the waiting room unblocks nobody when somebody loses patience",
        "leaving.py",
        "    if c >= 0:\n        refill(T, S, n, c, t)\n",
        "",
    ),
    Mutation(
        "the blocked go before those who wait, and the other way round",
        "blocking.py",
        "return 1 - which if first == BLOCKED_FIRST else which",
        "return which if first == BLOCKED_FIRST else 1 - which",
    ),
    Mutation("low priority goes first", "blocking.py", "return p < p2", "return p > p2"),
    Mutation(
        "those who come by transfer take up the room of the others",
        "blocking.py",
        "if inside else waiting - within < entry.room",
        "if inside else waiting < entry.room",
    ),
    Mutation(
        "a deadlock is not noticed",
        "deadlock.py",
        "if pools[s].blocked > 0 and pools[s].blocked == pools[s].occupied:",
        "if pools[s].blocked > pools[s].occupied:",
    ),
    Mutation(
        "a deadlock moves those blocked last",
        "deadlock.py",
        "if found == NOBODY or e.since < other.since or",
        "if found == NOBODY or e.since > other.since or",
    ),
    Mutation(
        "somebody is called home before others who wait for the place",
        "blocking.py",
        "            if i == NOBODY:\n                if _home",
        "            if True:\n                if _home",
    ),
    Mutation(
        "who loses patience lets nobody else start",
        "leaving.py",
        "    list_station(T, S, n, levels)\n",
        "",
    ),
    # -- giving way and patience --------------------------------------------------------------------------------------
    Mutation(
        "a stay that gave way resumes for its whole length",
        "stays.py",
        "    else:\n        stay = S.extra[i].left\n",
        "    else:\n        stay = S.extra[i].total\n",
    ),
    Mutation(
        "who gives way joins the end of the queue",
        "stays.py",
        "push_front(T, S, s, e.cls, v)",
        "append(T, S, s, e.cls, 0, v)",
    ),
    Mutation(
        "patience goes on when the stay has started",
        "blocking.py",
        "                if T.constants[EXTRAS]:\n                    withdraw(S, i)\n                note_wait",
        "                note_wait",
    ),
    Mutation(
        "who loses patience while blocked keeps the place",
        "leaving.py",
        "        S.pool[e.lodge].blocked -= 1\n        release(T, S, i, t)\n",
        "        S.pool[e.lodge].blocked -= 1\n",
    ),
    Mutation(
        "a change of class is booked on the old group",
        "leaving.py",
        "    e.group = pick(T.selector, T.pick, T.pick_rule, T.constants[GROUP_PICK], e.levels)\n",
        "",
    ),
    # -- draws --------------------------------------------------------------------------------------------------------
    Mutation(
        "all stays of a visit have one draw",
        "stays.py",
        "U(PURPOSE_STAY), e.id, U(e.stay))",
        "U(PURPOSE_STAY), e.id, U(1))",
    ),
    Mutation(
        "all queues of a visit have one draw of patience",
        "patience.py",
        "k = U(8 * e.spell + number)",
        "k = U(number)",
    ),
    Mutation("those of a batch are one person", "arrivals.py", "row.id = x0 | _MEMBER", "row.id = who"),
    Mutation(
        "a return visit repeats the draws of the first",
        "moves.py",
        "            e.id = x0 | _RETURNER\n",
        "",
    ),
    Mutation(
        "noise raises the mean",
        "arrivals.py",
        "math.exp(sigma * x - 0.5 * sigma * sigma)",
        "math.exp(sigma * x)",
    ),
    Mutation("two attributes have one draw", "arrivals.py", "u = u1 if attribute & 1 else u0", "u = u0"),
    Mutation(
        "the place in a window is drawn as the delay is",
        "routing.py",
        "departure(T, window, ready, b)",
        "departure(T, window, ready, a)",
    ),
    # -- the clock and the books --------------------------------------------------------------------------------------
    Mutation(
        "a departure does not wait for the window",
        "routing.py",
        "        ready = departure(T, window, ready, b)\n",
        "        ready = t\n",
    ),
    Mutation(
        "the end of a stay is counted twice",
        "routing.py",
        "    book(S, s, i, SERVED, t)\n",
        "    book(S, s, i, SERVED, t)\n    book(S, s, i, SERVED, t)\n",
    ),
    Mutation(
        "ends of stays come before what the calendar has at their instant",
        "advance.py",
        "elif calendar == t:",
        "elif calendar == t and timed != t:",
    ),
    Mutation(
        "of two events at one instant, that of the higher identity comes first",
        "heap.py",
        "return a.id < b.id",
        "return a.id > b.id",
    ),
    Mutation(
        "who is due in the same bucket is not put into order",
        "heap.py",
        "    at = _rise(S, at, t, i)\n    S.heap_time[at] = t\n",
        "    S.heap_time[at] = t\n",
    ),
    Mutation(
        "a snapshot is written a step early",
        "tally.py",
        "S.snapshot[n, s, k] = total",
        "S.snapshot[n - 1, s, k] = total",
    ),
    Mutation(
        "a wait is counted as the time since the visit began",
        "blocking.py",
        "t - S.entity[i].since, t)",
        "t - S.extra[i].visit, t)",
    ),
    Mutation(
        "clocks count from the start of the visit",
        "tally.py",
        "taken = t - (x.visit if clock.visit else x.joined)",
        "taken = t - x.visit",
    ),
)

"""The random generator under a statistical battery, fed with words in the orders in which the engine asks for them.

    python -m benchmarks.generator battery [--minutes 20] [--json FILE]   run the battery and print its table
    python -m benchmarks.generator stream ORDER [FIRST] | dieharder ...   words without end, for any other battery

A draw of the engine is addressed by (seed, replication, purpose, entity, k) and gives two words of 64 bits. A battery
reads one word after another, so what it can find depends on the order of the addresses. There are three orders,
and in each the neighbours in the stream are neighbours somewhere in a simulation:

``events``        entity after entity, all purposes of one before the next: what one run reads
``replications``  the same draw over a thousand replications, then the next draw: what is compared between replications
``seeds``         the same draw over a thousand consecutive seeds, then the next draw

``-high`` after an order gives only the highest 52 bits of each word, those from which uniforms are made.
The battery is Dieharder (Debian package ``dieharder``), every test that it calls good, at its standard sizes. Each test
reads a part of its stream that no other test reads. A result outside 0.005 to 0.995 is called weak; one in a hundred
is expected. A weak test is repeated twice on fresh words, and fails if it is weak both times.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from sim.kernel.draws import threefry
from sim.kernel.jit import compiled
from sim.rates import stream

U = np.uint64
ORDERS = ("events", "replications", "seeds")
MANY = 1000  #: replications or seeds next to one another
ARRIVALS = 8  #: in one hour of one source
HOURS = 24 * 365 * 15
SOURCES = np.array([stream(name) for name in ("walk in", "ambulance", "planned", "general practice", "transfer")], U)
#: (purpose, k) of what is asked about one entity: arrival, two pairs of attributes, three stays with their
#: transitions, a return, its identity, turnarounds, two rules of patience in two spells, two members of a batch
ASKED = np.array(
    [(1, 0), (2, 0), (2, 1), (3, 1), (4, 1), (9, 1), (3, 2), (4, 2), (9, 2), (3, 3), (4, 3), (5, 3), (6, 0)]
    + [(10, 8), (10, 9), (10, 16), (11, 0), (11, 1)],
    U,
)
CHUNK = 1 << 19  #: words made at once
PART = 1 << 36  #: draws between the beginnings of two parts of a stream
WEAK = 0.005

#: every test that Dieharder itself rates good (number, n-tuple). Its sums at a lag read a hundred million words times
#: the lag; four lags stand for 33, because all of them would read 200 gigabytes
TESTS = (
    *((n, 0) for n in (0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 15, 16, 17, 100, 101, 102)),
    *((200, n) for n in range(1, 13)),
    *((201, n) for n in range(2, 6)),
    *((202, n) for n in range(2, 6)),
    *((203, n) for n in (0, 1, 2, 7)),
    *((n, 0) for n in (204, 205, 206, 207, 208, 209)),
)
#: the orders beside the first are given the tests that read most words and compare neighbours
SHORT = ((1, 0), (2, 0), (4, 0), (8, 0), (15, 0), (17, 0), (102, 0), (200, 8), (201, 5), (202, 5), (203, 1), (209, 0))
PLAN = (
    ("events", TESTS),
    *((order, SHORT) for order in ("events-high", "replications", "replications-high", "seeds", "seeds-high")),
)


@compiled
def fill(words, order, first, asked, sources):
    """Fill `words`, two a draw, from draw number `first` of an order (a position in ORDERS) on."""
    n = U(first)
    for i in range(0, len(words), 2):
        rest = n
        n += U(1)
        many = U(0)
        if order > 0:
            many = rest % U(MANY)
            rest //= U(MANY)
        question = rest % U(len(asked))
        rest //= U(len(asked))
        arrival = rest % U(ARRIVALS)
        rest //= U(ARRIVALS)
        source = rest % U(len(sources))
        rest //= U(len(sources))
        hour = rest % U(HOURS)
        rest //= U(HOURS)
        seed, replication = U(1), many
        if order == 0:
            replication = rest
        elif order == 2:
            seed, replication = U(1) + many, U(0)
        entity = (sources[source] << U(40)) + (hour << U(16)) + arrival
        key = (replication << U(8)) | asked[question, 0]
        words[i], words[i + 1] = threefry(entity, asked[question, 1], seed, key)


def packed(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
    """The highest 52 bits of each word, end to end, as words of 32 bits; takes a multiple of eight words."""
    high = (words >> U(12)).reshape(-1, 8)
    bits = np.unpackbits(high.astype(">u8").view(np.uint8).reshape(-1, 8, 8), axis=2).reshape(-1, 8, 64)[:, :, 12:]
    return np.packbits(bits.reshape(len(high), -1), axis=1).reshape(-1).view(">u4").astype(np.uint32)


def chunks(name: str, first: int) -> Iterator[npt.NDArray[np.uint32]]:
    """Words of 32 bits without end: the stream `name` from draw number `first` on."""
    order, _, high = name.partition("-")
    words = np.empty(CHUNK, U)
    while True:
        fill(words, ORDERS.index(order), first, ASKED, SOURCES)
        first += CHUNK // 2
        yield packed(words) if high else words.view(np.uint32)


@dataclass(frozen=True)
class Outcome:
    """One result of one test."""

    stream: str
    test: str
    ntuple: int
    p: float

    @property
    def weak(self) -> bool:
        return not WEAK < self.p < 1 - WEAK


def run_test(name: str, test: tuple[int, int], part: int) -> list[Outcome]:
    """Give one test its part of a stream; a test may report several results."""
    number, ntuple = test
    command = ["dieharder", "-g", "200", "-d", str(number), "-n", str(ntuple)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            for words in chunks(name, part * PART):
                process.stdin.write(words.data)
        except BrokenPipeError:
            pass  # the test has read enough
        lines = process.stdout.read().decode().splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in lines if line.count("|") == 5]
    return [Outcome(name, r[0], int(r[1]), float(r[4])) for r in rows if r[1].isdigit()]


def battery(minutes: float) -> tuple[list[Outcome], list[Outcome], list[str]]:
    """Run the plan on two workers, giving way to all else, until the time is up.

    Returns the results, the repeats of the weak ones, and what failed.
    """
    os.nice(19)
    jobs = [(name, test) for name, tests in PLAN for test in tests]
    end = time.monotonic() + 60 * minutes

    def one(number: int) -> tuple[list[Outcome], list[Outcome], list[str]]:
        name, test = jobs[number]
        if time.monotonic() > end:
            return [], [], []
        found = run_test(name, test, 3 * number)
        print(f"  {name:18} -d {test[0]:3} -n {test[1]:2}  {' '.join(f'{o.p:.4f}' for o in found)}", flush=True)
        if not any(o.weak for o in found):
            return found, [], []
        again = [run_test(name, test, 3 * number + repeat) for repeat in (1, 2)]
        failed = [
            f"{o.stream} {o.test} {o.ntuple}"
            for i, o in enumerate(found)
            if o.weak and all(other[i].weak for other in again)
        ]
        return found, [a for other in again for a in other], failed

    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(one, range(len(jobs))))
    return tuple([x for part in parts for x in part[i]] for i in range(3))  # type: ignore[return-value]


def table(found: list[Outcome], failed: list[str]) -> str:
    """The outcome by stream, as Markdown."""
    lines = ["| stream | tests | results | weak at first | expected weak | failed |", "|---|---:|---:|---:|---:|---:|"]
    for name, _ in PLAN:
        here = [o for o in found if o.stream == name]
        if here:
            tests = len({(o.test, o.ntuple) for o in here})
            bad = sum(f.startswith(name + " ") for f in failed)
            weak = sum(o.weak for o in here)
            lines.append(f"| {name} | {tests} | {len(here)} | {weak} | {2 * WEAK * len(here):.1f} | {bad} |")
    return "\n".join(lines)


def main(words: list[str] | None = None) -> int:
    """Stream words or run the battery; the exit code is 1 if a test failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    streaming = verbs.add_parser("stream", help="words without end on the standard output")
    streaming.add_argument("order", choices=[f"{o}{h}" for o in ORDERS for h in ("", "-high")])
    streaming.add_argument("first", type=int, nargs="?", default=0, help="number of the first draw")
    running = verbs.add_parser("battery", help="run Dieharder")
    running.add_argument("--minutes", type=float, default=20.0, help="start no test after this time")
    running.add_argument("--json", help="file for all results")
    asked = parser.parse_args(words)
    if asked.verb == "stream":
        try:
            for chunk in chunks(asked.order, asked.first):
                sys.stdout.buffer.write(chunk.data)
        except BrokenPipeError:
            sys.stderr.close()
        return 0
    if shutil.which("dieharder") is None:
        print("dieharder is not installed (Debian and Ubuntu: apt-get install dieharder)", file=sys.stderr)
        return 2
    found, again, failed = battery(asked.minutes)
    print(table(found, failed))
    print("repeats of the weak ones:", ", ".join(f"{o.stream} {o.test} {o.ntuple}: {o.p:.4f}" for o in again) or "none")
    if asked.json:
        rows = {"found": [asdict(o) for o in found], "repeats": [asdict(o) for o in again], "failed": failed}
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

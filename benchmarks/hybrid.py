"""What exchanging with stocks costs beside the network alone, and what two threads gain.

    python -m benchmarks.hybrid [--pairs N] [--file HYBRID.yaml]

Costs are CPU times of whole runs of the same people, in pairs that take turns (``benchmarks/measure.py``): at most 1.10
is asked for the compiled exchange. The plain loop in Python, which controllers need, is measured too. Only the gain of
two threads is wall time (at least 1.8 is asked): believe it on a quiet machine only.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.measure import Ratio, machine, paired
from models.stocks.hybrid_files import load
from sim.hybrid import HybridRun, KernelSide, PlainHybrid, Ready, ready
from sim.run import Run

DEVON = Path(__file__).parent.parent / "configs" / "hybrid" / "devon_home_care.yaml"


def alone(made: Ready, seed: int) -> float:
    """CPU seconds of the network by itself, with places as they are at the start."""
    run = Run(made.network, seed)
    began = time.thread_time()
    run.advance()
    return time.thread_time() - began


def together(made: Ready, seed: int) -> float:
    """CPU seconds of the compiled driver."""
    run = HybridRun(made, seed)
    began = time.thread_time()
    run.advance()
    return time.thread_time() - began


def in_python(made: Ready, seed: int) -> float:
    """CPU seconds of the plain loop, which Python controllers need."""
    plain = PlainHybrid(made.hybrid, KernelSide(made.network, Run(made.network, seed)), controller=lambda _: None)
    began = time.thread_time()
    plain.run()
    return time.thread_time() - began


def threads(made: Ready, runs: int, workers: int) -> float:
    """Wall seconds of some runs on some threads."""
    with ThreadPoolExecutor(workers) as pool:
        began = time.perf_counter()
        list(pool.map(lambda seed: HybridRun(made, seed).advance(), range(runs)))
        return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--file", type=Path, default=DEVON)
    asked = parser.parse_args()
    print(machine())
    made = ready(load(asked.file))
    HybridRun(made, 0).advance(1)  # compiles
    hybrid = made.hybrid
    print(f"{hybrid.name}: {hybrid.exchanges} exchanges, {len(hybrid.feeds)} feeds, {len(hybrid.drives)} drives")
    cost = paired(lambda s: alone(made, s), {"": lambda s: together(made, s)}, asked.pairs)[""]
    print(f"compiled exchange: {cost.median:.3f} times the network alone, {_span(cost)}")
    slow = paired(lambda s: alone(made, s), {"": lambda s: in_python(made, s)}, 1)[""]
    print(f"exchange in Python, for controllers: {slow.median:.1f} times the network alone")
    gain = paired(lambda _: threads(made, 8, 2), {"": lambda _: threads(made, 8, 1)}, max(3, asked.pairs // 3))[""]
    print(f"two threads: {gain.median:.2f} times as fast as one by wall time, {_span(gain)}")


def _span(ratio: Ratio) -> str:
    return f"from {ratio.lowest:.3f} to {ratio.highest:.3f} in {len(ratio.ratios)} pairs"


if __name__ == "__main__":
    main()

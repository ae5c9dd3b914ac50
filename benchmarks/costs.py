"""CPU time of an event in one network relative to another, and wall time of two threads."""

from __future__ import annotations

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.cases import FEATURES, FILL, STAY, crowd, line, tandem, with_feature
from benchmarks.measure import Ratio, Sample, paired
from sim import Run, load_network, lower
from sim.clock import DAY


def per_event(network: dict[str, Any], fill: float = FILL, *, log: bool = False) -> Sample:
    """CPU seconds an event after `fill` days; with a log, handing over all of it is part of the cost."""
    lowered = lower(load_network(network))

    def sample(seed: int) -> float:
        run = Run(lowered, seed, log=log)
        run.advance(round(fill * DAY))
        before = run.events
        begin = time.process_time()
        run.advance()
        if log:
            run.log_rows()
        return (time.process_time() - begin) / (run.events - before)

    return sample


def compile_all() -> None:
    """Compile the kernel, or load it from its cache, so that no sample has to."""
    per_event(tandem(1.0), log=True)(0)


def log_cost(days: float, pairs: int) -> Ratio:
    """An event with the log against one without."""
    network = tandem(days)
    return paired(per_event(network, 0.0), {"log": per_event(network, 0.0, log=True)}, pairs)["log"]


def features_cost(days: float, pairs: int) -> dict[str, Ratio]:
    """An event of the tandem with one feature against one of the bare tandem."""
    bare = per_event(with_feature(days, None))
    others = {"none (the same run twice)": bare}
    others |= {name: per_event(with_feature(days, name)) for name in FEATURES}
    return paired(bare, others, pairs)


# --- over a size -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Series:
    """Cost of an event at several sizes, relative to that at the reference; there it shows what is mere noise."""

    size: str
    reference: int
    costs: dict[int, Ratio]


def places_series(sizes: tuple[int, ...], days: float, pairs: int) -> Series:
    """Acute places; arrivals and community places grow with them and the horizon shrinks: as many events in each."""
    samples = {size: per_event(tandem(days * 500 / size, size / 500)) for size in sizes}
    return _series("acute places", 500, samples, pairs)


def stations_series(sizes: tuple[int, ...], days: float, pairs: int) -> Series:
    """Stations in line; the more of them, the longer they take to fill."""
    samples = {size: per_event(line(size, days, 2.0 * size), 2.0 * size) for size in sizes}
    return _series("stations in line", sizes[0], samples, pairs)


def alive_series(sizes: tuple[int, ...], events: float, pairs: int) -> Series:
    """Entities alive at once, all with a stay that will end."""
    samples = {size: per_event(crowd(size, events / 2 * STAY / size, 4 * STAY), 4 * STAY) for size in sizes}
    return _series("entities alive", sizes[0], samples, pairs)


def years_series(sizes: tuple[int, ...], pairs: int) -> Series:
    """Years of the tandem."""
    samples = {size: per_event(tandem(365.0 * size)) for size in sizes}
    return _series("years", sizes[0], samples, pairs)


def _series(size: str, reference: int, samples: dict[int, Sample], pairs: int) -> Series:
    found = paired(samples[reference], {str(s): sample for s, sample in samples.items()}, pairs)
    return Series(size, reference, {s: found[str(s)] for s in samples})


# --- threads ---------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Threads:
    """Two replications at once against one after the other."""

    speed_up: Ratio  #: wall time; means something on a quiet machine only
    cpu: Ratio  #: CPU time of the two at once, relative to one after the other: what they cost each other


def threads(days: float, pairs: int) -> Threads:
    """Two replications of the tandem on two threads, and on one."""
    lowered = lower(load_network(tandem(days)))
    speed_ups, cpus = [], []
    with ThreadPoolExecutor(2) as pool:
        for pair in range(1, pairs + 1):
            cost: dict[bool, tuple[float, float]] = {}
            for together in (pair % 2 == 0, pair % 2 == 1):
                runs = [Run(lowered, pair, replication) for replication in range(2)]
                wall, cpu = time.perf_counter(), time.process_time()
                list((pool.map if together else map)(Run.advance, runs))
                cost[together] = time.perf_counter() - wall, time.process_time() - cpu
            speed_ups.append(cost[False][0] / cost[True][0])
            cpus.append(cost[True][1] / cost[False][1])
    return Threads(Ratio(tuple(speed_ups)), Ratio(tuple(cpus)))

"""Places that several share: turnarounds, shared pools, overflow, diversion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sim.theory import erlang_b
from sim.verification.acceptance import CHANCE, MEAN, QUEUE, Case
from sim.verification.chains import steady
from sim.verification.formulas import mg1_wait, mmc_number, trunk_occupancy
from sim.verification.parts import exponential, network, queue_figures, source, station
from sim.verification.record import Measured, Record

__all__ = ["amounts", "diversion", "overflow", "shared_queue", "steps", "turnaround_loss", "turnaround_queue"]

LINEAR = "linear equations of the Markov chain"
Triple = tuple[int, int, int]


def turnaround_loss() -> Case:
    """A place that has to be made ready is as good as held, so the loss is that of longer stays."""
    c, rate, made_ready, warm = 10, 7.0, 0.25, 200.0
    loss = erlang_b(c, rate * (1 + made_ready))
    places = station(
        c, exponential(1.0), waiting_room=0, turnaround={"kind": "deterministic", "mean": f"{made_ready} h"}
    )

    def measure(r: Record) -> Measured:
        return {
            "P_loss": (r.flow("w", "lost"), r.flow("w", "arrived")),
            "busy": r.area("w", "in_service") / r.time,
            "made ready": r.place_time("w", "turnaround") / r.time,
            "held": r.place_time("w", "held") / r.time,
        }

    return Case(
        "turnaround_loss",
        lambda t: network(t, warm, {"w": places}, {"s": source("w", rate)}),
        measure,
        {
            "P_loss": (loss, CHANCE),
            "busy": (rate * (1 - loss), MEAN),
            "made ready": (rate * (1 - loss) * made_ready, MEAN),
            "held": (rate * (1 - loss), MEAN),
        },
        time=6000,
        warm=warm,
        family="Places that are made ready after each stay, nobody waits",
        source="Erlang B with the load of stay and turnaround; insensitivity (Sevastyanov 1957)",
    )


def turnaround_queue() -> Case:
    """One place that has to be made ready after each stay."""
    rate, stay, made_ready, warm = 1.0, 0.55, 0.2, 1000.0
    mean, square = stay + made_ready, 2 * stay**2 + 2 * stay * made_ready + made_ready**2
    wait = mg1_wait(rate, mean, square)
    places = station(1, exponential(stay), turnaround={"kind": "deterministic", "mean": f"{made_ready} h"})
    return Case(
        "turnaround_queue",
        lambda t: network(t, warm, {"w": places}, {"s": source("w", rate)}),
        queue_figures,
        {
            "L": (rate * (wait + stay), MEAN),
            "Lq": (rate * wait, QUEUE),
            "W": (wait + stay, MEAN),
            "Wq": (wait, QUEUE),
        },
        time=170_000,
        warm=warm,
        family="One place that is made ready after each stay",
        source="Pollaczek and Khinchine for the sum of stay and turnaround",
    )


def amounts() -> Case:
    """Two stations draw different amounts on one pool; by insensitivity any stays of the same mean will do."""
    size, rates, held, stays, warm = 12, (4.0, 2.0), (1, 3), (1.0, 1.2), 300.0
    p = trunk_occupancy([r * m for r, m in zip(rates, stays, strict=True)], held, size)
    loss = [float(p[size - b + 1 :].sum()) for b in held]
    services = [exponential(stays[0]), {"kind": "lognormal", "mean": f"{stays[1]} h", "cv": 1.3}]
    stations = {
        name: station("inf", service, waiting_room=0, holds={"staff": b})
        for name, service, b in zip(("one", "two"), services, held, strict=True)
    }

    def measure(r: Record) -> Measured:
        found: Measured = {"held": r.place_time("staff", "held") / r.time}
        for name in ("one", "two"):
            found[f"P_loss {name}"] = (r.flow(name, "lost"), r.flow(name, "arrived"))
            found[f"busy {name}"] = r.area(name, "in_service") / r.time
        return found

    return Case(
        "shared_pool_amounts",
        lambda t: network(
            t,
            warm,
            stations,
            {f"to {n}": source(n, x) for n, x in zip(stations, rates, strict=True)},
            pools={"staff": {"places": size}},
        ),
        measure,
        {
            "held": (float(p @ np.arange(size + 1)), MEAN),
            **{f"P_loss {n}": (x, CHANCE) for n, x in zip(stations, loss, strict=True)},
            **{
                f"busy {n}": (rate * (1 - x) * stay, MEAN)
                for n, x, rate, stay in zip(stations, loss, rates, stays, strict=True)
            },
        },
        time=10_000,
        warm=warm,
        family="Two stations that draw different amounts on one pool, nobody waits",
        source="Kaufman 1981, Roberts 1981",
    )


def shared_queue() -> Case:
    """Two stations without limits of their own that share three places: one M/M/3 queue, served in one line."""
    c, rates, warm = 3, (1.2, 0.9), 800.0
    wait = mmc_number(sum(rates), c) / sum(rates) - 1.0
    stations = {n: station("inf", exponential(1.0), holds={"staff": 1}) for n in ("one", "two")}

    def measure(r: Record) -> Measured:
        return {
            **{f"Wq {n}": (r.wait(n), r.flow(n, "started")) for n in stations},
            **{f"Lq {n}": r.area(n, "waiting") / r.time for n in stations},
            "Lq": sum(r.area(n, "waiting") for n in stations) / r.time,
        }

    return Case(
        "shared_pool_queue",
        lambda t: network(
            t,
            warm,
            stations,
            {f"to {n}": source(n, x) for n, x in zip(stations, rates, strict=True)},
            pools={"staff": {"places": c}},
        ),
        measure,
        {
            **{f"Wq {n}": (wait, QUEUE) for n in stations},
            **{f"Lq {n}": (wait * x, QUEUE) for n, x in zip(stations, rates, strict=True)},
            "Lq": (wait * sum(rates), QUEUE),
        },
        time=25_000,
        warm=warm,
        family="Two stations that share one pool, anybody may wait",
        source="Erlang C of both streams together (first come, first served)",
    )


def steps() -> Case:
    """An amount that falls during the stay, of a pool that is never full."""
    rate, first, after, warm = 20.0, 3, 0.7, 100.0
    longer = float(np.exp(-after))  # share of exponential stays, mean 1, that reach the step
    held = rate * (first * (1 - longer) + 1 * longer)
    falls = [{"after": "0 h", "amount": first}, {"after": f"{after} h", "amount": 1}]
    places = station("inf", exponential(1.0), holds={"staff": falls})

    def measure(r: Record) -> Measured:
        return {"held": r.place_time("staff", "held") / r.time, "there": r.area("w", "in_service") / r.time}

    return Case(
        "amount_falls",
        lambda t: network(t, warm, {"w": places}, {"s": source("w", rate)}, pools={"staff": {"places": 500}}),
        measure,
        {"held": (held, MEAN), "there": (rate, MEAN)},
        time=1500,
        warm=warm,
        family="An amount that falls during the stay",
        source="the mean of the part of the stay before and after the step",
    )


def overflow(repatriate: bool, rates: tuple[float, float] = (4.0, 1.5), stay: float = 1.5) -> Case:
    """Whoever finds no place at the first station takes one at the second, and may come home later."""
    own, other, warm = 4, 3, 400.0

    def rules(state: Triple) -> Iterator[tuple[Triple, float]]:
        home, away, theirs = state
        if home < own:
            yield (home + 1, away, theirs), rates[0]
        elif away + theirs < other:
            yield (home, away + 1, theirs), rates[0]
        if away + theirs < other:
            yield (home, away, theirs + 1), rates[1]
        if home:
            yield ((home, away - 1, theirs) if repatriate and away else (home - 1, away, theirs)), float(home)
        if away:
            yield (home, away - 1, theirs), float(away)
        if theirs:
            yield (home, away, theirs - 1), theirs / stay

    chain = steady((0, 0, 0), rules)
    full = chain.mean(lambda s: s[1] + s[2] == other)
    wanted = {
        "P_loss one": (chain.mean(lambda s: s[0] == own and s[1] + s[2] == other), CHANCE),
        "P_loss two": (full, CHANCE),
        "there one": (chain.mean(lambda s: s[0] + s[1]), MEAN),
        "outliers": (chain.mean(lambda s: s[1]), QUEUE),
        "overflowed": (rates[0] * chain.mean(lambda s: s[0] == own and s[1] + s[2] < other), QUEUE),
    }
    if repatriate:
        wanted["repatriated"] = (chain.mean(lambda s: s[0] if s[1] else 0), QUEUE)
    stations = {
        "one": station(own, exponential(1.0), waiting_room=0, overflow={"to": ["two"], "repatriate": repatriate}),
        "two": station(other, exponential(stay), waiting_room=0),
    }

    def measure(r: Record) -> Measured:
        found: Measured = {f"P_loss {n}": (r.flow(n, "lost"), r.flow(n, "arrived")) for n in stations}
        found["there one"] = r.area("one", "in_service") / r.time
        found["outliers"] = r.outlying("one") / r.time
        found["overflowed"] = r.flow("one", "overflowed") / r.time
        if repatriate:
            found["repatriated"] = r.flow("one", "repatriated") / r.time
        return found

    return _two_streams(
        "overflow_repatriated" if repatriate else "overflow",
        stations,
        rates,
        measure,
        wanted,
        warm,
        family="Overflow to the places of another station, nobody waits",
    )


def diversion() -> Case:
    """Whoever finds the first station full tries the second, and stays there as those do who came to it."""
    own, other, room, rates, stay, warm = 3, 3, 2, (4.0, 1.0), 1.2, 400.0
    most = other + room

    def rules(state: tuple[int, int]) -> Iterator[tuple[tuple[int, int], float]]:
        one, two = state
        if one < own:
            yield (one + 1, two), rates[0]
        elif two < most:
            yield (one, two + 1), rates[0]
        if two < most:
            yield (one, two + 1), rates[1]
        if one:
            yield (one - 1, two), float(one)
        if two:
            yield (one, two - 1), min(two, other) / stay

    chain = steady((0, 0), rules)
    stations = {
        "one": station(own, exponential(1.0), waiting_room=0, divert="two"),
        "two": station(other, exponential(stay), waiting_room=room),
    }

    def measure(r: Record) -> Measured:
        return {
            **{f"P_loss {n}": (r.flow(n, "lost"), r.flow(n, "arrived")) for n in stations},
            "diverted": r.flow("one", "diverted") / r.time,
            "there one": r.area("one", "in_service") / r.time,
            "there two": r.area("two", "in_service") / r.time,
            "waiting two": r.area("two", "waiting") / r.time,
        }

    wanted = {
        "P_loss one": (chain.mean(lambda s: s == (own, most)), CHANCE),
        "P_loss two": (chain.mean(lambda s: s[1] == most), CHANCE),
        "diverted": (rates[0] * chain.mean(lambda s: s[0] == own and s[1] < most), MEAN),
        "there one": (chain.mean(lambda s: s[0]), MEAN),
        "there two": (chain.mean(lambda s: min(s[1], other)), MEAN),
        "waiting two": (chain.mean(lambda s: max(s[1] - other, 0)), QUEUE),
    }
    family = "Whoever finds one station full is sent on to another"
    return _two_streams("diversion", stations, rates, measure, wanted, warm, family=family)


def _two_streams(
    name: str, stations: dict[str, Any], rates: tuple[float, float], measure: Any, wanted: Any, warm: float, family: str
) -> Case:
    streams = {f"to {n}": source(n, x) for n, x in zip(stations, rates, strict=True)}
    return Case(
        name,
        lambda t: network(t, warm, stations, streams),
        measure,
        wanted,
        time=12_000,
        warm=warm,
        family=family,
        source=LINEAR,
    )

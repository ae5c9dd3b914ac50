"""Destinations chosen by their state, circles that lock up, and stays that depend on the queue."""

from __future__ import annotations

from collections.abc import Iterator

from sim.verification.acceptance import CHANCE, MEAN, QUEUE, Case
from sim.verification.chains import steady
from sim.verification.parts import exponential, network, queue_figures, source, station
from sim.verification.record import Measured, Record

__all__ = ["choose", "hurried", "locked_circle"]

Pair = tuple[int, int]
Circle = tuple[int, int, int, int]  #: served and blocked at the first, served and blocked at the second


def choose(rule: str) -> Case:
    """Two single places; whoever comes goes to the one that the rule prefers, the first of equal ones."""
    rate, speeds, most, warm = 1.25, (1.0, 0.8), 70, 1000.0

    def better(state: Pair) -> int:
        one, two = state
        if rule == "shortest":
            return int(max(two - 1, 0) < max(one - 1, 0))
        if rule == "first_free":
            return int(one > 0 and two == 0)
        return int(two < one)

    def rules(state: Pair) -> Iterator[tuple[Pair, float]]:
        one, two = state
        if better(state) == 0:
            yield (min(one + 1, most), two), rate
        else:
            yield (one, min(two + 1, most)), rate
        if one:
            yield (one - 1, two), speeds[0]
        if two:
            yield (one, two - 1), speeds[1]

    chain = steady((0, 0), rules)
    stations = {
        "door": station("inf", exponential(1.0)) | {"routes": [{"to": ["one", "two"], "choose": rule}]},
        "one": station(1, exponential(1 / speeds[0])),
        "two": station(1, exponential(1 / speeds[1])),
    }

    def measure(r: Record) -> Measured:
        return {
            **{f"L {n}": r.area(n, "waiting", "in_service") / r.time for n in ("one", "two")},
            "to one": (r.flow("one", "transferred_in"), r.flow("door", "served")),
        }

    return Case(
        f"choose_{rule}",
        lambda t: network(t, warm, stations, {"s": source("door", rate)}),
        measure,
        {
            "L one": (chain.mean(lambda s: s[0]), QUEUE),
            "L two": (chain.mean(lambda s: s[1]), QUEUE),
            "to one": (chain.mean(lambda s: better(s) == 0), CHANCE),
        },
        time=25_000,
        warm=warm,
        family="Two stations of which the better one is chosen",
        source="linear equations of the Markov chain, cut at 70",
    )


def locked_circle(size: int = 2) -> Case:
    """Two stations whose people want each other's places; when all are stuck, they change places."""
    rate, speeds, onward, back, warm = 1.5, (1.0, 0.8), 0.9, 0.6, 500.0

    def settled(state: Circle) -> tuple[Circle, int]:
        """Move the blocked where there is a place; where all are stuck, two change places."""
        a, stuck_a, b, stuck_b = state
        swaps = 0
        while True:
            if stuck_a and b + stuck_b < size:
                stuck_a, b = stuck_a - 1, b + 1
            elif stuck_b and a + stuck_a < size:
                stuck_b, a = stuck_b - 1, a + 1
            elif stuck_a == stuck_b == size:
                a, stuck_a, b, stuck_b = 1, size - 1, 1, size - 1
                swaps += 2
            else:
                return (a, stuck_a, b, stuck_b), swaps

    def moves(state: Circle) -> Iterator[tuple[Circle, float]]:
        a, stuck_a, b, stuck_b = state
        if a + stuck_a < size:
            yield (a + 1, stuck_a, b, stuck_b), rate
        if a:
            yield (a - 1, stuck_a + 1, b, stuck_b), a * speeds[0] * onward
            yield (a - 1, stuck_a, b, stuck_b), a * speeds[0] * (1 - onward)
        if b:
            yield (a, stuck_a, b - 1, stuck_b + 1), b * speeds[1] * back
            yield (a, stuck_a, b - 1, stuck_b), b * speeds[1] * (1 - back)

    def rules(state: Circle) -> Iterator[tuple[Circle, float]]:
        for to, speed in moves(state):
            yield settled(to)[0], speed

    chain = steady((0, 0, 0, 0), rules)
    stations = {
        "one": station(size, exponential(1 / speeds[0]), {"two": onward, "leave": 1 - onward}, waiting_room=0),
        "two": station(size, exponential(1 / speeds[1]), {"one": back, "leave": 1 - back}, waiting_room=0),
    }

    def measure(r: Record) -> Measured:
        return {
            "P_loss": (r.flow("one", "lost"), r.flow("one", "arrived")),
            **{f"served {n}": r.area(n, "in_service") / r.time for n in stations},
            **{f"blocked {n}": r.area(n, "blocked") / r.time for n in stations},
            "swapped": sum(r.flow(n, "swapped") for n in stations) / r.time,
        }

    return Case(
        "locked_circle",
        lambda t: network(t, warm, stations, {"s": source("one", rate)}),
        measure,
        {
            "P_loss": (chain.mean(lambda s: s[0] + s[1] == size), CHANCE),
            "served one": (chain.mean(lambda s: s[0]), MEAN),
            "served two": (chain.mean(lambda s: s[2]), MEAN),
            "blocked one": (chain.mean(lambda s: s[1]), QUEUE),
            "blocked two": (chain.mean(lambda s: s[3]), QUEUE),
            "swapped": (chain.mean(lambda s: sum(settled(to)[1] * speed for to, speed in moves(s))), QUEUE),
        },
        time=20_000,
        warm=warm,
        family="A circle of stations that locks up and is resolved by changing places",
        source="linear equations of the Markov chain",
    )


def hurried(rate: float = 1.1, elasticity: float = 0.5) -> Case:
    """One place; the more wait when a stay starts, the shorter it is made."""
    scale, floor, most, warm = 2.0, 0.5, 80, 1000.0
    factor = [max(floor, (1 + q / scale) ** -elasticity) for q in range(most + 2)]
    levels = next(q for q, x in enumerate(factor) if x in (floor, factor[-1]))  # from here on all stays are alike

    def rules(state: Pair) -> Iterator[tuple[Pair, float]]:
        """Of the number there and the number who waited when the present stay started."""
        n, waited = state
        if n == 0:
            yield (1, 0), rate
            return
        if n < most:
            yield (n + 1, waited), rate
        yield (n - 1, min(max(n - 2, 0), levels)), 1 / factor[waited]

    chain = steady((0, 0), rules)
    number, busy = chain.mean(lambda s: s[0]), chain.mean(lambda s: s[0] > 0)
    hasty = station(1, exponential(1.0), flex={"elasticity": elasticity, "scale": scale, "floor": floor})
    return Case(
        "mm1_hurried",
        lambda t: network(t, warm, {"w": hasty}, {"s": source("w", rate)}),
        lambda r: {**queue_figures(r), "busy": r.area("w", "in_service") / r.time},
        {
            "L": (number, QUEUE),
            "Lq": (number - busy, QUEUE),
            "W": (number / rate, QUEUE),
            "Wq": ((number - busy) / rate, QUEUE),
            "busy": (busy, MEAN),
        },
        time=50_000,
        warm=warm,
        family="One place whose stays are made shorter as the queue grows",
        source="linear equations of the Markov chain, cut at 80",
    )

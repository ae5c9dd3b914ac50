"""A first class that takes the place of the second."""

from __future__ import annotations

import math
from typing import Any

from sim.verification.acceptance import MEAN, QUEUE, Case
from sim.verification.formulas import mmc_number
from sim.verification.parts import exponential, network, source, station
from sim.verification.record import Measured, Record

__all__ = ["equal_places", "one_place", "start_again"]

RATES = (0.3, 0.4)  #: arrivals of the first and of the second class
STAYS = (1.0, 1.25)
RULES = [{"where": {"class": "second"}, "use": exponential(STAYS[1])}, {"use": exponential(STAYS[0])}]


def _file(t: float, warm: float, places: dict[str, Any], rates: tuple[float, float]) -> dict[str, Any]:
    streams = {"one": source("w", rates[0], cls="first"), "two": source("w", rates[1], cls="second")}
    return network(t, warm, {"w": places}, streams, classes=["first", "second"])


def _figures(r: Record) -> Measured:
    found: Measured = {}
    for number, cls in enumerate(("first", "second"), 1):
        total = r.area("w", "waiting", "in_service", cls=cls)
        found |= {f"L{number}": total / r.time, f"W{number}": (total, r.flow("w", "started", cls))}
    return {**found, "preempted": r.flow("w", "preempted") / r.time, "resumed": r.flow("w", "resumed") / r.time}


def one_place(mode: str) -> Case:
    """One place; the stay goes on, or is drawn anew, which is the same for exponential stays."""
    warm = 2000.0
    load = [rate * stay for rate, stay in zip(RATES, STAYS, strict=True)]
    first = STAYS[0] / (1 - load[0])
    residual = load[0] * STAYS[0] + load[1] * STAYS[1]
    second = STAYS[1] / (1 - load[0]) + residual / ((1 - load[0]) * (1 - sum(load)))
    places = station(1, RULES, priority={"second": 1}, preempt=mode)
    often = RATES[0] * load[1]  # a first-class arrival finds the second class in service as often as that is so
    return Case(
        f"mm1_preemptive_{mode}",
        lambda t: _file(t, warm, places, RATES),
        _figures if mode == "resume" else lambda r: {q: x for q, x in _figures(r).items() if q[0] in "LW"},
        {
            "L1": (RATES[0] * first, MEAN),
            "W1": (first, MEAN),
            "L2": (RATES[1] * second, QUEUE),
            "W2": (second, QUEUE),
            **({"preempted": (often, MEAN), "resumed": (often, MEAN)} if mode == "resume" else {}),
        },
        time=70_000,
        warm=warm,
        family="Two classes, one place, the first class takes the place of the second (M/M/1, preemptive)",
        source="White and Christie 1958",
    )


def start_again() -> Case:
    """One place; the second class has stays of fixed length and starts again from the beginning when interrupted."""
    warm, rates, length = 2000.0, (0.3, 0.25), 1.2
    busy = 1 / (1 - rates[0])  # mean busy period of the first class, mean stay 1
    busy_square = 2 / (1 - rates[0]) ** 3
    # the time from first start to end is N interrupted trials, each followed by a busy period, and one whole stay
    end = math.exp(-rates[0] * length)
    trials, trials_square = (1 - end) / end, (1 - end) * (2 - end) / end**2
    trial = 1 / rates[0] - length * end / (1 - end)
    trial_square = 2 / rates[0] ** 2 - (length**2 + 2 * length / rates[0]) * end / (1 - end)
    lost = trial + busy
    lost_variance = trial_square - trial**2 + busy_square - busy**2
    whole = length + trials * lost
    variance = trials * lost_variance + (trials_square - trials**2) * lost**2
    square = variance + whole**2
    # one at a time, M/G/1 with these times, and sometimes the first class is there when the second finds no second
    wait = rates[1] * square / (2 * (1 - rates[1] * whole)) + rates[0] * busy_square / (2 * (1 + rates[0] * busy))
    rules = [
        {"where": {"class": "second"}, "use": {"kind": "deterministic", "mean": f"{length} h"}},
        {"use": exponential(1.0)},
    ]
    places = station(1, rules, priority={"second": 1}, preempt="restart")
    return Case(
        "mm1_preemptive_restart",
        lambda t: _file(t, warm, places, rates),
        _figures,
        {
            "L1": (rates[0] * busy, MEAN),
            "W1": (busy, MEAN),
            "L2": (rates[1] * (wait + whole), QUEUE),
            "W2": (wait + whole, QUEUE),
            "preempted": (rates[1] * trials, MEAN),
            "resumed": (rates[1] * trials, MEAN),
        },
        time=70_000,
        warm=warm,
        family="Two classes, one place, the second class starts again when interrupted (preemptive repeat)",
        source="Gaver 1962",
    )


def equal_places() -> Case:
    """Several places, equal stays: the first class sees a queue of its own, all together one without classes."""
    c, rates, warm = 5, (2.0, 2.2), 800.0
    first, both = mmc_number(rates[0], c), mmc_number(sum(rates), c)
    places = station(c, exponential(1.0), priority={"second": 1}, preempt="resume")

    def measure(r: Record) -> Measured:
        return {q: x for q, x in _figures(r).items() if q[0] in "LW"}

    return Case(
        "mmc_preemptive_resume",
        lambda t: _file(t, warm, places, rates),
        measure,
        {
            "L1": (first, MEAN),
            "W1": (first / rates[0], MEAN),
            "L2": (both - first, QUEUE),
            "W2": ((both - first) / rates[1], QUEUE),
        },
        time=11_000,
        warm=warm,
        family="Two classes, several places, the first class takes the place of the second (M/M/c, preemptive)",
        source="Erlang C for the first class and for both classes together",
    )

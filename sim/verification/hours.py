"""Places that come and go: timetables, appointment slots, escalation; and windows in which people may leave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import stats

from sim.verification.acceptance import CHANCE, MEAN, QUEUE, Case
from sim.verification.chains import Cycle, Piece, cycle
from sim.verification.parts import HELD, exponential, network, source, station
from sim.verification.record import Measured, Record

__all__ = ["called_by_queue", "called_by_occupancy", "office_hours", "slots", "window"]

Held = tuple[int, bool]  #: places held, and whether the extra ones are open
Crowd = tuple[int, int, int]  #: busy, waiting, and 0 off, 1 called, 2 open

EXPONENTIAL = "matrix exponentials over one period of the Markov chain"


def office_hours() -> Case:
    """Three places by day, one by night; at the end of the day stays go on, and the places close as they end."""
    few, many, rate, most, warm = 1, 3, 1.4, 45, 240.0

    def rules(places: int) -> Any:
        def moves(state: tuple[int, int]) -> Iterator[tuple[tuple[int, int], float]]:
            busy, queue = state
            if busy < places:
                yield (busy + 1, queue), rate
            elif queue < most:
                yield (busy, queue + 1), rate
            if busy:
                taken = queue > 0 and busy <= places
                yield ((busy, queue - 1) if taken else (busy - 1, queue)), float(busy)

        return moves

    def opened(state: tuple[int, int]) -> tuple[int, int]:
        taken = min(state[1], max(many - state[0], 0))
        return state[0] + taken, state[1] - taken

    day = cycle((0, 0), [Piece(12.0, rules(many), opened), Piece(12.0, rules(few))])
    places = station(few, exponential(1.0), timetable=[{"hours": [8, 20], "places": many}])

    def measure(r: Record) -> Measured:
        waiting = r.snapshot("w", "waiting").reshape(-1, 24).mean(axis=0)
        return {
            "Lq": r.area("w", "waiting") / r.time,
            "busy": r.area("w", "in_service") / r.time,
            "Lq at 8": float(waiting[8]),
            "Lq at 20": float(waiting[20]),
            "draining": r.place_time("w", "draining") / r.time,
        }

    return Case(
        "timetable_queue",
        lambda t: network(t, warm, {"w": places}, {"s": source("w", rate)}, snapshot=1.0),
        measure,
        {
            "Lq": (day.mean(lambda s: s[1]), QUEUE),
            "busy": (rate, MEAN),
            "Lq at 8": (day.mean_before(0, lambda s: s[1]), QUEUE),
            "Lq at 20": (day.mean_before(1, lambda s: s[1]), QUEUE),
            "draining": (day.mean_in(1, lambda s: max(s[0] - few, 0)) / 2, QUEUE),
        },
        time=57_600,
        warm=warm,
        family="Places by the hour of the day (M/M/c(t), periodic)",
        source=EXPONENTIAL,
    )


def slots(each: int = 3, rate: float = 2.6) -> Case:
    """So many stays may start at each full hour."""
    most, warm = 400, 480.0
    came = stats.poisson.pmf(np.arange(most), rate)
    step = np.zeros((most, most))
    for n in range(most):
        left = max(n - each, 0)
        step[n, left:] = came[: most - left]
        step[n, -1] += 1 - step[n].sum()
    system = step.T - np.eye(most)
    system[0, :] = 1.0
    p = np.linalg.solve(system, np.eye(most)[0])
    number = np.arange(most)
    after = float(p @ np.maximum(number - each, 0))
    queue = after + rate / 2
    places = station("inf", {"kind": "deterministic", "mean": "30 min"}, slots=[{"each_hour": each}])

    def measure(r: Record) -> Measured:
        return {
            "Lq": r.area("w", "waiting") / r.time,
            "Wq": (r.wait("w"), r.flow("w", "started")),
            "before the hour": float(r.snapshot("w", "waiting").mean()),
            "offered": r.offered("w") / r.time,
        }

    return Case(
        "slots_each_hour",
        lambda t: network(t, warm, {"w": places}, {"s": source("w", rate)}, snapshot=1.0),
        measure,
        {
            "Lq": (queue, QUEUE),
            "Wq": (queue / rate, QUEUE),
            "before the hour": (float(p @ number), QUEUE),
            "offered": (float(each), MEAN),
        },
        time=24_000,
        warm=warm,
        family="Appointments at full hours (bulk service, M/D^m)",
        source="Bailey 1954: linear equations of the embedded chain",
    )


def _escalated(name: str, round_: Cycle, places: dict[str, Any], rate: float, base: int, wanted: Any) -> Case:
    warm = 480.0

    def measure(r: Record) -> Measured:
        found: Measured = {
            "P_loss": (r.flow("w", "lost"), r.flow("w", "arrived")),
            "Lq": r.area("w", "waiting") / r.time,
            "busy": r.area("w", "in_service") / r.time,
            "extra": r.place_time("w", "places") / r.time - base,
        }
        return {q: x for q, x in found.items() if q in wanted}

    return Case(
        name,
        lambda t: network(t, warm, {"w": places}, {"s": source("w", rate)}),
        measure,
        {q: (round_.mean(value), kind) for q, (value, kind) in wanted.items()},
        time=19_200,
        warm=warm,
        family="Extra places that are called when it is crowded",
        source=EXPONENTIAL,
    )


def called_by_occupancy() -> Case:
    """Nobody waits; every two hours two places open when all are held, and close when at most three are."""
    base, extra, rate = 4, 2, 4.0

    def rules(state: Held) -> Iterator[tuple[Held, float]]:
        n, more = state
        if n < base + extra * more:
            yield (n + 1, more), rate
        if n:
            yield (n - 1, more), float(n)

    def look(state: Held) -> Held:
        n, more = state
        return (n, n > 3) if more else (n, n >= base)

    places = station(
        base,
        exponential(1.0),
        waiting_room=0,
        escalation={
            "places": extra,
            "trigger": {"occupancy": 1.0},
            "stand_down": {"occupancy": 0.75},
            "check_every": "2 h",
        },
    )
    wanted = {
        "P_loss": (lambda s: s[0] >= base + extra * s[1], CHANCE),
        "busy": (lambda s: s[0], MEAN),
        "extra": (lambda s: extra * s[1], MEAN),
    }
    round_ = cycle((0, False), [Piece(2.0, rules, look)])
    return _escalated("escalation_by_occupancy", round_, places, rate, base, wanted)


def called_by_queue() -> Case:
    """Two places more when three wait, an hour after they are called; they close when nobody waits."""
    base, extra, rate, most = 2, 2, 1.7, 45

    def rules(state: Crowd) -> Iterator[tuple[Crowd, float]]:
        busy, queue, stage = state
        places = base + extra * (stage == 2)
        if busy < places:
            yield (busy + 1, queue, stage), rate
        elif queue < most:
            yield (busy, queue + 1, stage), rate
        if busy:
            yield ((busy, queue - 1, stage) if queue and busy <= places else (busy - 1, queue, stage)), float(busy)

    def look(state: Crowd) -> Crowd:
        busy, queue, stage = state
        if stage == 0:
            return (busy, queue, 1 if queue >= 3 else 0)
        return (busy, queue, 0 if stage == 2 and queue == 0 and busy <= base else stage)

    def opened(state: Crowd) -> Crowd:
        busy, queue, stage = state
        if stage != 1:
            return state
        taken = min(queue, base + extra - busy)
        return busy + taken, queue - taken, 2

    places = station(
        base,
        exponential(1.0),
        escalation={"places": extra, "trigger": {"queued": 3}, "lead": "1 h", "check_every": "2 h"},
    )
    wanted = {
        "Lq": (lambda s: s[1], QUEUE),
        "busy": (lambda s: s[0], MEAN),
        "extra": (lambda s: extra * (s[2] == 2), QUEUE),
    }
    round_ = cycle((0, 0, 0), [Piece(1.0, rules, look), Piece(1.0, rules, opened)])
    return _escalated("escalation_by_queue", round_, places, rate, base, wanted)


def window() -> Case:
    """Whoever is ready at night goes at a time of the next day that is uniform over the window."""
    rate, stay, begin, end, warm = 6.0, 30.0, 8, 18, 480.0
    closed = 24 - (end - begin)
    # ready at a uniform hour: with probability closed / 24 half the night until the window opens, and half of it then
    extra = closed / 24 * (closed / 2 + (end - begin) / 2)
    places = station("inf", exponential(stay), {"next": 1}, window={"hours": [begin, end]})
    stations = {"w": places, "next": station("inf", exponential(5.0))}

    def measure(r: Record) -> Measured:
        return {
            "ready": r.area("w", "in_transition") / r.time,
            "held": r.area("w", *HELD) / r.time,
            "next": r.area("next", "in_service") / r.time,
        }

    return Case(
        "departure_window",
        lambda t: network(t, warm, stations, {"s": source("w", rate)}),
        measure,
        {"ready": (rate * extra, MEAN), "held": (rate * (stay + extra), MEAN), "next": (rate * 5.0, MEAN)},
        time=4800,
        warm=warm,
        family="A window of hours in which people may leave",
        source="the end of a stay is uniform over the day; Little 1961",
    )

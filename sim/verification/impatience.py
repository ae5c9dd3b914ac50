"""Queues that some leave: to go away, to go elsewhere, to be called first, to give up a place they block."""

from __future__ import annotations

from collections.abc import Iterator

from sim.verification.acceptance import CHANCE, MEAN, QUEUE, Case
from sim.verification.answers import expected, params
from sim.verification.chains import steady
from sim.verification.formulas import birth_death
from sim.verification.parts import exponential, network, queue_figures, seated, source, station
from sim.verification.record import Measured, Record

__all__ = ["called_first", "erlang_a", "give_up_blocking", "go_elsewhere", "limited_room"]

BIRTHS = "birth and death equations"


def erlang_a() -> Case:
    """Whoever has waited too long leaves."""
    name = "erlangA_c20"
    p, wanted, warm = params(name), expected(name), 200.0
    places = station(
        p["c"], exponential(1 / p["mu"]), patience=[{"after": exponential(1 / p["theta"]), "then": "leave"}]
    )

    def measure(r: Record) -> Measured:
        came, reneged = r.flow("w", "arrived"), r.flow("w", "reneged")
        return {
            "P_wait": (r.flow("w", "waited") + reneged, came),
            "Lq": r.area("w", "waiting") / r.time,
            "P_abandon": (reneged, came),
            "Wq_all": (r.area("w", "waiting"), came),
            "mean_busy": r.area("w", "in_service") / r.time,
        }

    kinds = {"P_wait": CHANCE, "Lq": QUEUE, "P_abandon": CHANCE, "Wq_all": QUEUE, "mean_busy": MEAN}
    return Case(
        name,
        lambda t: network(t, warm, {"w": places}, {"s": source("w", p["lambda"])}, census=seated(w=18)),
        measure,
        {quantity: (wanted[quantity], kind) for quantity, kind in kinds.items()},
        time=4000,
        warm=warm,
    )


def limited_room() -> Case:
    """A waiting room that can be full, and that some leave."""
    c, room, rate, theta, warm = 3, 5, 3.6, 0.4, 500.0
    p = birth_death(lambda n: rate, lambda n: min(n, c) + max(n - c, 0) * theta, c + room + 1)
    queue = sum(max(n - c, 0) * p[n] for n in range(c + room + 1))
    busy = sum(min(n, c) * p[n] for n in range(c + room + 1))
    patience = [{"after": exponential(1 / theta), "then": "leave"}]

    def measure(r: Record) -> Measured:
        return {
            "P_loss": (r.flow("w", "lost"), r.flow("w", "arrived")),
            "P_abandon": (r.flow("w", "reneged"), r.flow("w", "arrived")),
            "Lq": r.area("w", "waiting") / r.time,
            "busy": r.area("w", "in_service") / r.time,
        }

    return Case(
        "mmck_reneging",
        lambda t: network(
            t, warm, {"w": station(c, exponential(1.0), waiting_room=room, patience=patience)}, {"s": source("w", rate)}
        ),
        measure,
        {
            "P_loss": (p[-1], CHANCE),
            "P_abandon": (theta * queue / rate, CHANCE),
            "Lq": (queue, QUEUE),
            "busy": (busy, MEAN),
        },
        time=10_000,
        warm=warm,
        family="A waiting room that can be full and that some leave (M/M/c/K+M)",
        source=BIRTHS,
    )


def go_elsewhere() -> Case:
    """Whoever has waited too long goes to a station without limit."""
    c, rate, theta, stay, warm = 2, 2.4, 0.5, 3.0, 500.0
    p = birth_death(lambda n: rate, lambda n: min(n, c) + max(n - c, 0) * theta, 80)
    queue = sum(max(n - c, 0) * p[n] for n in range(80))
    stations = {
        "w": station(c, exponential(1.0), patience=[{"after": exponential(1 / theta), "then": "other"}]),
        "other": station("inf", exponential(stay)),
    }

    def measure(r: Record) -> Measured:
        return {
            "Lq": r.area("w", "waiting") / r.time,
            "moved": r.flow("other", "transferred_in") / r.time,
            "left the queue": r.flow("w", "reneged") / r.time,
            "there": r.area("other", "in_service") / r.time,
        }

    return Case(
        "reneging_to_another_station",
        lambda t: network(t, warm, stations, {"s": source("w", rate)}),
        measure,
        {
            "Lq": (queue, QUEUE),
            "moved": (theta * queue, MEAN),
            "left the queue": (theta * queue, MEAN),
            "there": (theta * queue * stay, MEAN),
        },
        time=18_000,
        warm=warm,
        family="A queue that some leave for another station",
        source=BIRTHS,
    )


def called_first() -> Case:
    """Whoever has waited too long is called before the others; the number present does not change by that."""
    rate, theta, warm, most = 0.8, 0.25, 2000.0, 90

    def rules(state: tuple[int, int, int]) -> Iterator[tuple[tuple[int, int, int], float]]:
        low, high, busy = state
        if not busy:
            yield (0, 0, 1), rate
            return
        if low + high < most:
            yield (low + 1, high, 1), rate
        yield ((low, high - 1, 1) if high else (low - 1, 0, 1) if low else (0, 0, 0)), 1.0
        if low:
            yield (low - 1, high + 1, 1), theta * low

    chain = steady((0, 0, 0), rules)
    low, high = chain.mean(lambda s: s[0]), chain.mean(lambda s: s[1])
    patience = [{"where": {"class": "low"}, "after": exponential(1 / theta), "then": {"class": "high"}}]
    places = station(1, exponential(1.0), priority={"low": 1}, patience=patience)

    def measure(r: Record) -> Measured:
        return {
            **{q: x for q, x in queue_figures(r).items() if q in ("L", "Lq")},
            "Lq low": r.area("w", "waiting", cls="low") / r.time,
            "Lq high": r.area("w", "waiting", cls="high") / r.time,
            "changed": r.flow("w", "reclassified_out", "low") / r.time,
        }

    return Case(
        "mm1_class_change",
        lambda t: network(t, warm, {"w": places}, {"s": source("w", rate, cls="low")}, classes=["low", "high"]),
        measure,
        {
            "L": (rate / (1 - rate), QUEUE),
            "Lq": (rate**2 / (1 - rate), QUEUE),
            "Lq low": (low, QUEUE),
            "Lq high": (high, QUEUE),
            "changed": (theta * low, QUEUE),
        },
        time=50_000,
        warm=warm,
        family="One place; whoever has waited too long is called first (M/M/1, class change)",
        source="linear equations of the Markov chain, cut at 90 waiting",
    )


def give_up_blocking() -> Case:
    """Places held until the next station has one, unless patience ends first."""
    front, back, rate, slow, share, theta, warm = 5, 2, 3.5, 0.5, 0.5, 0.3, 500.0

    def rules(state: tuple[int, int, int]) -> Iterator[tuple[tuple[int, int, int], float]]:
        served, blocked, there = state
        if served + blocked < front:
            yield (served + 1, blocked, there), rate
        if served:
            yield (served - 1, blocked, there), served * (1 - share)
            yield (
                ((served - 1, blocked, there + 1) if there < back else (served - 1, blocked + 1, there)),
                served * share,
            )
        if there:
            yield ((served, blocked - 1, there) if blocked else (served, 0, there - 1)), slow * there
        if blocked:
            yield (served, blocked - 1, there), theta * blocked

    chain = steady((0, 0, 0), rules)
    blocked = chain.mean(lambda s: s[1])
    patience = [{"state": "blocked", "after": exponential(1 / theta), "then": "leave"}]
    stations = {
        "front": station(
            front, exponential(1.0), {"back": share, "leave": 1 - share}, waiting_room=0, patience=patience
        ),
        "back": station(back, exponential(1 / slow), waiting_room=0),
    }

    def measure(r: Record) -> Measured:
        return {
            "P_loss": (r.flow("front", "lost"), r.flow("front", "arrived")),
            "in service": r.area("front", "in_service") / r.time,
            "blocked": r.area("front", "blocked") / r.time,
            "gave up": r.flow("front", "reneged") / r.time,
            "there": r.area("back", "in_service") / r.time,
        }

    return Case(
        "blocking_with_patience",
        lambda t: network(t, warm, stations, {"s": source("front", rate)}),
        measure,
        {
            "P_loss": (chain.mean(lambda s: s[0] + s[1] == front), CHANCE),
            "in service": (chain.mean(lambda s: s[0]), MEAN),
            "blocked": (blocked, QUEUE),
            "gave up": (theta * blocked, QUEUE),
            "there": (chain.mean(lambda s: s[2]), MEAN),
        },
        time=12_000,
        warm=warm,
        family="Places held until the next station has one, or until patience ends",
        source="linear equations of the Markov chain",
    )

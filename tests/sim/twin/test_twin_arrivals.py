"""Arrivals of the reference program: one after another, at given times, attended or not, in batches (section 4)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from sim.clock import HOUR
from sim.kernel.draws import _words, pair
from sim.kernel.layout import FLOWS
from sim.network.load import load_network
from sim.network.schema import Network
from sim.rates import stream
from tests.sim.twin.twin_timelines import REPLICATION, SEED, WORD, Run, exactly

TOP_BIT = 1 << 63


def network(source: dict[str, Any], horizon: str = "40 h", **more: Any) -> Network:
    """Everybody from one source, whose arrivals stay half an hour at a station without limit."""
    return load_network(
        {
            "horizon": horizon,
            "classes": ["a"],
            "sources": {"in": {"to": "W", **source}},
            "stations": {"W": {"places": "inf", "service": exactly(0.5)}},
            "observe": {"period": "1 h", "snapshot_every": "1 h"},
            **more,
        }
    )


def uniforms(purpose: int, identity: int, k: int = 0) -> tuple[float, float]:
    u, w = pair(SEED, REPLICATION, purpose, np.uint64(identity), k)
    return float(u), float(w)


def member(identity: int, j: int) -> int:
    key = np.uint64(REPLICATION * 256 + 11)
    return int(_words(np.uint64(identity), np.uint64(j), np.uint64(SEED), key)[0]) | TOP_BIT


def came(run: Run) -> list[int]:
    """Arrivals by the hour."""
    return run.seen["flow"][:, 0, :, FLOWS.index("arrived")].sum(axis=1).tolist()


def hours_with(counts: list[int]) -> dict[int, int]:
    return {hour: n for hour, n in enumerate(counts) if n}


def fingerprint(events: list[tuple[float, int, int]]) -> int:
    """Of events (hour, rank, identity) at the first station."""
    f = 0
    for hour, rank, who in events:
        f = ((f ^ int(hour * HOUR)) * 0x9E3779B97F4A7C15) & WORD
        f = ((f ^ who ^ rank << 56) * 0xD1B54A32D192ED03) & WORD
        f ^= f >> 29
    return f


def visits(people: Sequence[tuple[float, int]]) -> list[tuple[float, int, int]]:
    """Events of arrivals (hour, identity) who stay half an hour, in the order in which they happen."""
    events = [(hour + stay, rank, who) for hour, who in people for stay, rank in ((0, 8), (0.5, 3))]
    return sorted(events)


def test_one_after_another() -> None:
    # every 3 h from 2 h on: 5, 8, 11, and 14 h, which is not before the end
    run = Run(network({"every": exactly(3), "begin": "2 h", "end": "14 h"}))
    assert hours_with(came(run)) == {5: 1, 8: 1, 11: 1}
    first = stream("in") << 40
    assert run.seen["fingerprint"] == fingerprint(visits([(5, first), (8, first + 1), (11, first + 2)]))


def test_random_times_between_arrivals() -> None:
    # the time between arrivals is drawn by the identity of the one that comes
    run = Run(network({"every": {"kind": "exponential", "mean": "2 h"}}))
    first, at, expected = stream("in") << 40, 0, Counter[int]()
    for k in range(200):
        at += int(np.floor(-2 * HOUR * np.log(uniforms(1, first + k)[0]) + 0.5))
        if at < 40 * HOUR:
            expected[at // HOUR] += 1
    assert hours_with(came(run)) == dict(sorted(expected.items()))


def test_given_times() -> None:
    # In order of time; the one before the start (1 April 2018) is left out before counting. 3.75 h is not before the
    # end, and two come at once.
    times = ["3 h", "1.25 h", "2018-03-31", "1.25 h", "3.75 h"]
    run = Run(network({"times": times, "end": "3.75 h"}))
    first = stream("in") << 40
    assert run.seen["fingerprint"] == fingerprint(visits([(1.25, first), (1.25, first + 1), (3, first + 2)]))
    assert run.seen["events"] == 6


def test_a_date_among_the_times() -> None:
    run = Run(network({"times": ["2018-04-02", "1 h"]}))
    assert hours_with(came(run)) == {1: 1, 24: 1}


def test_attendance_leaves_the_other_times_alone() -> None:
    run = Run(network({"every": exactly(1), "attend": 0.6}))
    first = stream("in") << 40
    attended = {k + 1: 1 for k in range(39) if uniforms(1, first + k)[1] < 0.6}
    assert hours_with(came(run)) == attended
    assert 15 < len(attended) < 33


def test_members_of_a_batch_are_people_of_their_own() -> None:
    given = {"times": ["1 h", "2 h"], "batch": 3, "attributes": {"age": {"young": 0.5, "old": 0.5}}}
    run = Run(network(given, attributes={"age": ["young", "old"]}, observe={"by": ["age"]}))
    first = stream("in") << 40
    people = [(k + 1, who) for k in (0, 1) for who in (first + k, member(first + k, 1), member(first + k, 2))]
    assert run.seen["fingerprint"] == fingerprint(visits(people))
    old = sum(uniforms(2, who)[0] >= 0.5 for _, who in people)
    arrived = run.seen["flow"][:, 0, :, FLOWS.index("arrived")].sum(axis=0)
    assert arrived.tolist() == [6 - old, old]


def test_sizes_of_batches() -> None:
    # cumulative shares in rising order of size: 1 up to 0.3, 2 up to 0.5, 4 above
    run = Run(network({"every": exactly(1), "batch": {"4": 0.5, "1": 0.3, "2": 0.2}}))
    first = stream("in") << 40
    sizes = {k + 1: 1 if (u := uniforms(11, first + k)[0]) < 0.3 else 2 if u < 0.5 else 4 for k in range(39)}
    assert hours_with(came(run)) == sizes
    assert set(sizes.values()) == {1, 2, 4}


def test_those_who_do_not_attend_bring_nobody() -> None:
    run = Run(network({"every": exactly(1), "attend": 0.5, "batch": 2}))
    assert set(came(run)) == {0, 2}


@pytest.mark.parametrize("batch", [2, 5])
def test_arrivals_of_a_rate_come_in_batches(batch: int) -> None:
    alone, together = (Run(network({"rate_per_day": 30, "batch": m})) for m in (1, batch))
    assert sum(came(alone)) > 20
    assert came(together) == [batch * n for n in came(alone)]

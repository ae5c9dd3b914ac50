"""The words that the statistical battery is fed with are those that the engine asks for."""

import numpy as np
import pytest

from benchmarks.generator import ARRIVALS, ASKED, MANY, ORDERS, SOURCES, Outcome, chunks, fill, packed, table
from sim.kernel.draws import _words, pair

U = np.uint64


def words(order: str, first: int, draws: int = 1) -> list[int]:
    found = np.empty(2 * draws, U)
    fill(found, ORDERS.index(order), first, ASKED, SOURCES)
    return found.tolist()


def entity(source: int, hour: int, arrival: int) -> int:
    return int(SOURCES[source]) * 2**40 + hour * 2**16 + arrival


def asked(seed: int, replication: int, question: int, who: int) -> list[int]:
    purpose, k = map(int, ASKED[question])
    return list(map(int, _words(U(who), U(k), U(seed), U(replication * 256 + purpose))))


def test_events_ask_everything_of_one_entity_before_the_next() -> None:
    per = len(ASKED)
    assert words("events", 3) == asked(1, 0, 3, entity(0, 0, 0))
    assert words("events", per) == asked(1, 0, 0, entity(0, 0, 1))
    assert words("events", per * ARRIVALS) == asked(1, 0, 0, entity(1, 0, 0))
    assert words("events", per * ARRIVALS * len(SOURCES)) == asked(1, 0, 0, entity(0, 1, 0))


@pytest.mark.parametrize(("order", "seed", "replication"), [("replications", 1, 7), ("seeds", 8, 0)])
def test_replications_and_seeds_ask_the_same_of_many(order: str, seed: int, replication: int) -> None:
    assert words(order, 7) == asked(seed, replication, 0, entity(0, 0, 0))
    assert words(order, MANY + 7) == asked(seed, replication, 1, entity(0, 0, 0))


def test_the_words_are_those_behind_the_uniforms_of_the_engine() -> None:
    purpose, k = map(int, ASKED[4])
    found = [((word >> 12) + 0.5) / 2**52 for word in words("events", 4)]
    assert tuple(found) == pair(1, 0, purpose, U(entity(0, 0, 0)), k)


def test_a_stream_goes_on_where_it_stopped() -> None:
    stream = chunks("events", 0)
    first, second = next(stream).copy(), next(stream).copy()
    draws = len(first) // 4  # of two words of 64 bits
    assert np.array_equal(next(chunks("events", draws)), second)
    assert np.array_equal(next(chunks("events", draws // 2))[: 2 * draws], first[2 * draws :])


def test_high_bits_are_laid_end_to_end() -> None:
    given = np.random.default_rng(1).integers(0, 2**64, 16, dtype=U)
    bits = "".join(f"{int(word) >> 12:052b}" for word in given)
    assert "".join(f"{int(word):032b}" for word in packed(given)) == bits


def test_table_counts_weak_and_failed() -> None:
    found = [Outcome("events", "runs", 0, 0.4), Outcome("events", "runs", 0, 0.999), Outcome("seeds", "gcd", 0, 0.001)]
    rows = table(found, ["seeds gcd 0"]).splitlines()[2:]
    assert [row.strip("| ").split(" | ") for row in rows] == [
        ["events", "1", "2", "1", "0.0", "0"],
        ["seeds", "1", "1", "1", "0.0", "1"],
    ]

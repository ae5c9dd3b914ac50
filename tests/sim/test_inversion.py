"""The inverse question: exact bed numbers from simulated queues, brute force, the guard, and two levers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.experiments import PlacesOf, finish, frontier, invert
from sim.experiments.order import Kind
from sim.experiments.replicate import lowered
from sim.run import Run
from sim.statistics import binomial_bounds, quantile_ranks
from sim.tables import Lowered
from tests.sim.measures import crowded, flow, queue, waits

SEED = 7


@dataclass(frozen=True)
class AtMost:
    """Criterion: the share of one flow in another is no more than a limit."""

    part: str
    whole: str
    limit: float

    def __call__(self, run: Run) -> bool:
        return flow(run, self.part) <= self.limit * flow(run, self.whole)


# -- against exact numbers of servers ---------------------------------------------------------------------------------

LOSS, DELAY, LONGER = (
    AtMost("lost", "arrived", 0.01),
    AtMost("waited", "started", 0.05),
    AtMost("waited", "started", 0.1),
)


@pytest.mark.parametrize(
    ("load", "criterion", "room", "exact"),
    [
        (17, LOSS, 0, 27),
        (17, DELAY, "inf", 25),
        (17, LONGER, "inf", 24),
        (45, LOSS, 0, 58),
        (45, DELAY, "inf", 58),
        (45, LONGER, "inf", 56),
    ],
)
def test_servers_that_theory_asks_for(load: int, criterion: AtMost, room: Any, exact: int) -> None:
    """Long runs settle on the steady state's answer: half of the replications need no more."""
    of = PlacesOf(queue(load, 1, days=24_000 // load, room=room, period=50), "w")
    found = invert(of, criterion, load, 2 * load, SEED, 24, confidence=0.5, workers=2)
    assert found.monotone and found.answer is not None
    assert found.lower is not None and found.upper is not None
    assert found.lower <= exact <= found.upper <= found.lower + 2
    assert abs(found.answer - exact) <= 1


def waits_seldom(run: Run) -> bool:
    return waits(run)["over 4 h"] <= 0.05


@pytest.fixture(scope="module")
def ward() -> Any:
    of = PlacesOf(crowded(440, variance=0.01, phi=0.5), "w")
    return of, invert(of, waits_seldom, 390, 517, SEED, 60, grid=2, workers=2)


def test_sixty_replications_of_a_year(ward: Any) -> None:
    """No more than 5 % may wait over 4 h in a year, in nine years of ten: load 390 with season and noise."""
    of, found = ward
    assert found.monotone and not found.violations
    assert found.runs <= 60 * 9  # seven halvings of 128 capacities, and the two ends
    assert found.lower <= found.answer <= found.upper
    assert 430 <= np.median(found.capacities) < found.answer <= 465
    ranks = quantile_ranks(60, 0.9)
    assert [found.lower, found.answer, found.upper] == [sorted(found.capacities)[r - 1] for r in ranks]
    # brute force at the answer and next to it
    for places, enough in ((found.answer, True), (found.answer - 1, False)):
        met = sum(waits_seldom(finish(Run(of(places), SEED, r))) for r in range(60))
        assert (met >= 54) is enough
        assert met == next(p.met for p in found.points if p.capacity == places)


def test_curve_rises_with_exact_bounds(ward: Any) -> None:
    _, found = ward
    assert [p.capacity for p in found.points] == list(range(390, 518))
    met = [p.met for p in found.points]
    assert met == sorted(met) and met[0] == 0 and met[-1] == 60
    for p in found.points[::9]:
        assert (p.lower, p.upper) == binomial_bounds(p.met, 60, 0.95, 2)


# -- synthetic responses: exact answers without queues ----------------------------------------------------------------

BARE = lowered({"horizon": "1 h", "stations": {"w": {"places": 1, "service": {"kind": "exponential", "mean": "1 h"}}}})


@dataclass(frozen=True)
class Synthetic:
    """A criterion that looks at capacity and replication alone."""

    rule: Callable[[int, int], bool]

    def solve(self, low: int, high: int, replications: int, **options: Any) -> Any:
        asked: list[tuple[int, int]] = []

        def meets(run: Run) -> bool:
            capacity, replication = run.lowered.network.stations["w"].places, int(run.state.words[1])
            assert isinstance(capacity, int)
            asked.append((capacity, replication))
            return self.rule(capacity, replication)

        found = invert(PlacesOf(BARE.network, "w"), meets, low, high, SEED, replications, **options)
        assert len(asked) == len(set(asked)) == found.runs  # nothing is run twice
        return found


@pytest.mark.parametrize("grid", [2, 5, 40])
@pytest.mark.parametrize("first", [0, 9])
def test_each_replication_finds_its_own_threshold(grid: int, first: int) -> None:
    found = Synthetic(lambda c, r: c >= 20 + r % 7).solve(10, 40, 30, grid=grid, first=first)
    assert list(found.capacities) == [20 + r % 7 for r in range(first, first + 30)]
    assert found.monotone
    few = Synthetic(lambda c, r: c >= 20 + r % 7).solve(10, 40, 30, grid=2)
    assert few.runs <= 30 * 7


@pytest.mark.parametrize("confidence", [0.1, 0.5, 0.9])
def test_largest_is_smallest_in_a_mirror(confidence: float) -> None:
    smallest = Synthetic(lambda c, r: c >= 20 + (r * r) % 11).solve(0, 100, 40, confidence=confidence)
    largest = Synthetic(lambda c, r: 100 - c >= 20 + (r * r) % 11).solve(
        0, 100, 40, confidence=confidence, smallest=False
    )
    assert list(largest.capacities) == [100 - c for c in smallest.capacities]
    assert largest.answer == 100 - smallest.answer
    assert (largest.lower, largest.upper) == (100 - smallest.upper, 100 - smallest.lower)
    assert [(100 - p.capacity, p.met) for p in largest.points] == [(p.capacity, p.met) for p in smallest.points]


def test_ends_of_the_range_are_told() -> None:
    never = Synthetic(lambda c, r: False).solve(1, 9, 20)
    assert (never.answer, never.lower, never.upper) == (None, None, None)
    assert list(never.capacities) == [10] * 20 and "no capacity of the range is enough" in never.note
    always = Synthetic(lambda c, r: True).solve(1, 9, 20)
    assert always.answer == 1 and "the answer may lie beyond it" in always.note
    mostly = Synthetic(lambda c, r: r % 20 != 0 and c >= 5).solve(1, 9, 40, confidence=0.9)
    assert mostly.answer == 5 and mostly.upper is None  # with so few replications it may be that nothing is enough
    one = Synthetic(lambda c, r: c >= 4).solve(4, 4, 20)
    assert one.answer == 4 and one.runs == 20


def test_interval_covers_the_quantile() -> None:
    """Thresholds drawn from a known law: the order statistics bound its quantile as often as they should."""
    generator = np.random.default_rng(4)
    law = stats.binom(60, 0.5)
    exact, covered = int(law.ppf(0.8)), 0
    lower, _, upper = quantile_ranks(40, 0.8, 0.9)
    for _ in range(2000):
        drawn = np.sort(law.rvs(40, random_state=generator))
        covered += drawn[lower - 1] <= exact <= drawn[upper - 1]
    assert covered / 2000 >= 0.9
    drawn = law.rvs(40, random_state=generator)
    found = Synthetic(lambda c, r: c >= drawn[r]).solve(0, 60, 40, confidence=0.8, level=0.9)
    assert (found.lower, found.upper) == (np.sort(drawn)[lower - 1], np.sort(drawn)[upper - 1])


# -- the guard --------------------------------------------------------------------------------------------------------


def test_going_back_and_forth_is_noticed_and_said() -> None:
    """One replication in ten meets the criterion at 20 to 24 and again from 30 on; the others from 22 on."""
    odd = Synthetic(lambda c, r: 20 <= c < 25 or c >= 30 if r % 10 == 3 else c >= 22)
    found = odd.solve(10, 42, 60, confidence=0.85, grid=17, fallback=17)
    assert not found.monotone
    assert found.violations == tuple(range(3, 60, 10))
    assert found.note.startswith("6 of 60 replications went back and forth")
    assert len(found.capacities) == 0
    assert {p.capacity: p.met for p in found.points} == {
        c: sum(odd.rule(c, r) for r in range(60)) for c in range(10, 43, 2)
    }
    each = 1 - 0.05 / 17
    assert all((p.lower, p.upper) == binomial_bounds(p.met, 60, each, 2) for p in found.points)
    # met by 90 % from 22 on; only from 30 on is it sure that 85 % meet it; below 22 it is sure that they do not
    assert (found.lower, found.answer, found.upper) == (22, 22, 30)
    strict = odd.solve(10, 42, 60, confidence=0.95, grid=17, fallback=17)
    assert strict.answer == 30 and strict.lower == 22 and strict.upper is None


def test_coarse_grid_is_what_the_guard_can_see() -> None:
    narrow = Synthetic(lambda c, r: c >= 20 or c == 13)
    assert not narrow.solve(10, 42, 5, grid=33).monotone
    assert narrow.solve(10, 42, 5, grid=3).monotone  # documented: between its points the guard is blind


def test_largest_capacity_that_goes_back_and_forth() -> None:
    found = Synthetic(lambda c, r: c <= 30 and c not in (16, 17, 18)).solve(
        10, 42, 100, smallest=False, grid=17, fallback=17
    )
    assert not found.monotone
    # more must not be harder: 16 and 18 fail, so only 14 is safe with all that are easier
    assert (found.lower, found.answer, found.upper) == (14, 14, 14)


def few_lost_and_few_blocked(run: Run) -> bool:
    """No more than 30 % are turned away, and no more than 11 % are blocked on the way out."""
    return flow(run, "lost") <= 0.3 * flow(run, "arrived") and flow(run, "delayed") <= 0.11 * flow(run, "started")


def test_guard_on_a_real_trade_off() -> None:
    """More places let more in and so block more of them on the way out: only a middle number meets both demands."""
    file = queue(9.0, 10, days=420, room=0)
    file["stations"]["w"]["routes"] = [{"to": {"v": 1.0}}]
    file["stations"]["v"] = {"places": 4, "waiting_room": 0, "service": {"kind": "exponential", "mean": "6 h"}}
    found = invert(PlacesOf(file, "w"), few_lost_and_few_blocked, 4, 24, SEED, 15, grid=11, fallback=21, workers=2)
    shares = [p.met / p.replications for p in found.points]
    assert not found.monotone and len(found.violations) > 5
    assert shares[0] == shares[-1] == 0 and max(shares) > 0.5
    assert found.answer is None  # no number is enough together with all above it


# -- workers and settings ---------------------------------------------------------------------------------------------


def test_answer_does_not_depend_on_workers() -> None:
    of = PlacesOf(queue(9.0, days=100), "w")
    one = invert(of, DELAY, 9, 30, SEED, 8)
    kinds: dict[Kind, int] = {"threads": 3, "processes": 2}
    for kind, workers in kinds.items():
        other = invert(of, DELAY, 9, 30, SEED, 8, workers=workers, kind=kind)
        assert np.array_equal(one.capacities, other.capacities)
        assert (one.answer, one.points, one.runs, one.note) == (other.answer, other.points, other.runs, other.note)


@pytest.mark.parametrize(
    "wrong", [{"low": 5, "high": 4}, {"replications": 0}, {"grid": 1}, {"confidence": 1.0}, {"level": 0.0}]
)
def test_settings_without_sense_are_refused(wrong: dict[str, Any]) -> None:
    good: dict[str, Any] = {"low": 1, "high": 2, "seed": 1, "replications": 3}
    with pytest.raises(ValueError, match="low <= high"):
        invert(PlacesOf(BARE.network, "w"), DELAY, **(good | wrong))


# -- two levers -------------------------------------------------------------------------------------------------------


def two_stages(hours: int) -> dict[str, Any]:
    """Some of those who end their first stay need a second one and block until there is a place."""
    return {
        "horizon": f"{hours} h",
        "sources": {"s": {"to": "a", "rate_per_day": 2.6 * 24}},
        "stations": {
            "a": {
                "places": 20,
                "service": {"kind": "exponential", "mean": "6 h"},
                "routes": [{"to": {"c": 0.12, "leave": 0.88}}],
            },
            "c": {"places": 6, "waiting_room": 0, "service": {"kind": "exponential", "mean": "14 h"}},
        },
        "observe": {"period": f"{hours / 15} h", "snapshot_every": f"{hours} h"},
    }


EXACT_WAIT = 1.2076199340854483  #: mean wait (h) with 20 and 6 places, by the matrix-geometric solution
NEEDED = {6: 20, 7: 19, 8: 19, 9: 18, 10: 18, 12: 18}  #: places of the first that keep it, by places of the second


def as_before(run: Run) -> bool:
    return waits(run)["mean wait"] <= EXACT_WAIT


def check_frontier(others: list[int], hours: int, replications: int) -> None:
    network_at: Callable[[int, int], Lowered] = PlacesOf(two_stages(hours), "a", "c")
    found = frontier(network_at, as_before, 15, 23, others, SEED, replications, confidence=0.5, workers=2)
    for other in others:
        lower, upper = found[other].lower, found[other].upper
        assert lower is not None and upper is not None and lower <= NEEDED[other] <= upper <= lower + 1, other
    answers = [found[other].answer or 0 for other in others]
    assert answers == sorted(answers, reverse=True)


def test_places_of_the_second_stage_replace_some_of_the_first() -> None:
    check_frontier([7, 12], 15_000, 16)


@pytest.mark.nightly
def test_whole_frontier() -> None:
    check_frontier(list(NEEDED), 60_000, 40)

"""Sources that are steered from outside: a factor on a rate, and entities that stocks hand over."""

import numpy as np
import pytest

from sim.clock import DAY, HOUR
from sim.errors import FaultsError
from sim.network.load import load_network
from sim.run import Run
from sim.tables import lower
from sim.twin import Twin

FILE = {
    "horizon": "40 d",
    "noise": {"day": {"variance": 0.1, "correlation": 0.5}},
    "sources": {
        "door": {"to": "ward", "rate_per_day": 20, "noise": "day", "hour": [1] * 12 + [3] * 12},
        "handed": {"to": "ward", "driven": "2 d"},
    },
    "stations": {"ward": {"places": 12, "service": {"kind": "exponential", "mean": "10 h"}}},
    "observe": {"period": "2 d"},
}
RATES = [1.0, 0.0, 2.5, 0.3]
HANDED = [0, 3, 17, 1, 0, 40]


@pytest.fixture(scope="module")
def runs() -> tuple[Run, Twin]:
    network = load_network(FILE)
    lowered = lower(network)
    run, twin = Run(lowered, 3, 1), Twin(network, 3, 1)
    for n in range(20):
        at = 2 * n * DAY
        run.advance(at)
        twin.advance(at)
        factor, people = RATES[n % len(RATES)], HANDED[n % len(HANDED)]
        run.change([lowered.source_at("door", factor, at), lowered.source_at("handed", people, at)])
        twin.change(at, "rate", "door", factor)
        twin.change(at, "rate", "handed", people)
    run.advance()
    twin.advance(40 * DAY)
    return run, twin


@pytest.mark.boundscheck
def test_kernel_and_twin_agree(runs: tuple[Run, Twin]) -> None:
    ours, theirs = runs[0].observations(), runs[1].observations()
    for name in ours:
        assert np.array_equal(ours[name], theirs[name]), name


def test_all_who_are_handed_over_arrive_in_their_interval() -> None:
    network = load_network({**FILE, "sources": {"handed": FILE["sources"]["handed"]}})  # type: ignore[index]
    lowered = lower(network)
    run = Run(lowered, 1)
    for n in range(20):
        run.advance(2 * n * DAY)
        run.change([lowered.source_at("handed", HANDED[n % 6], 2 * n * DAY)])
    run.advance()
    arrived = run.observations()["flow"][:, 0, 0, 0]
    assert arrived.tolist() == [HANDED[n % 6] for n in range(20)]


def test_they_are_spread_evenly_over_the_interval() -> None:
    network = load_network({**FILE, "sources": {"handed": FILE["sources"]["handed"]}, "observe": {"period": "1 h"}})  # type: ignore[index]
    lowered = lower(network)
    counts = np.zeros(48)
    for seed in range(20):
        run = Run(lowered, seed)
        run.change([lowered.source_at("handed", 50, 0)])
        run.advance()
        counts += run.observations()["flow"][:, 0, 0, 0].reshape(20, 48).sum(axis=0)
    expected = counts.sum() / 48
    assert counts.sum() == 20 * 20 * 50
    assert ((counts - expected) ** 2 / expected).sum() < 85  # 99.9 % of chi-square with 47 degrees


def test_a_higher_rate_only_adds_people() -> None:
    network = load_network({**FILE, "sources": {"door": FILE["sources"]["door"]}})  # type: ignore[index]
    lowered = lower(network)
    seen = []
    for factor in (1.0, 1.7):
        run = Run(lowered, 5, log=True)
        run.change([lowered.source_at("door", factor, 0)])
        run.advance()
        rows = run.log_rows()
        seen.append({(int(r["id"]), int(r["time"])) for r in rows[rows["flow"] == 0]})
    assert seen[0] < seen[1]
    assert len(seen[1]) / len(seen[0]) == pytest.approx(1.7, abs=0.2)


def test_an_unsound_driven_source_is_refused() -> None:
    with pytest.raises(FaultsError) as caught:
        load_network({**FILE, "sources": {"x": {"to": "ward", "driven": f"{HOUR + 1} ms", "growth_per_year": 0.1}}})
    text = str(caught.value)
    assert "whole number of hours" in text
    assert "growth_per_year belongs to rate_per_day, not to driven" in text

"""treat-sim: the files, the same patients in every scenario, and a second program written from the description."""

from typing import Any

import numpy as np
import pytest
import yaml
from scipy import stats

from models.published import treat_sim
from models.published.files import network_file
from models.published.treat_sim import METRICS, SCENARIOS, measure
from sim.experiments import replicate
from sim.network.load import load_network
from sim.rates import rate_tables
from tests.models.published.urgent_care import HOURS, RATES, Centre

SEED = 3
TRAUMA = ("trauma_room", "trauma_treatment")


def file(name: str) -> dict[str, Any]:
    return yaml.safe_load(network_file(name).read_text("utf-8"))


def simulated(scenario: str, replications: int) -> list[dict[str, Any]]:
    return replicate(load_network(network_file(SCENARIOS[scenario])), SEED, replications, measure, workers=2)


@pytest.mark.parametrize(
    ("scenario", "changes"),
    [
        ("triage + 1", {"triage": 2}),
        ("exam + 1", {"exam": 4}),
        ("treatment + 1", {"treatment": 2}),
        ("swap", {"triage": 2, "exam": 2}),
        ("short exam", {"triage": 2, "exam": 2}),
    ],
)
def test_a_scenario_is_the_base_case_with_its_changes_only(scenario: str, changes: dict[str, int]) -> None:
    base, other = file("treat_sim"), file(SCENARIOS[scenario])
    for station, places in changes.items():
        base["stations"][station]["places"] = places
    if scenario == "short exam":
        base["stations"]["exam"]["service"]["mean"] = "12 min"
    for key in ("name", "description"):
        base.pop(key), other.pop(key)
    assert base == other


def test_arrivals_are_the_published_rates_from_6_am_with_the_first_again_in_the_19th_hour() -> None:
    network = load_network(network_file("treat_sim"))
    week, day = rate_tables(network)
    expected = [RATES[hour % len(RATES)] for hour in range(HOURS)]
    assert week[0, :HOURS] * day[0, 0] == pytest.approx(expected, abs=1e-5)
    assert week[0, HOURS:24] == pytest.approx(0)
    assert sum(expected) == pytest.approx(229.5, abs=1e-4)


def upstream(one: dict[str, Any], other: dict[str, Any], stations: tuple[str, ...]) -> bool:
    """Whether two runs saw exactly the same at these stations."""
    return all(one["rows"][s] == other["rows"][s] for s in stations)


def test_what_lies_upstream_of_a_change_is_exactly_the_same() -> None:
    """Common random numbers by address: the published columns that are equal are equal here to the last bit."""
    found = {scenario: simulated(scenario, 4) for scenario in SCENARIOS}
    stations = ("triage", "registration", *TRAUMA)
    for r in range(4):
        base = found["base"][r]
        for scenario in ("exam + 1", "treatment + 1"):
            assert upstream(base, found[scenario][r], stations)
        assert upstream(base, found["treatment + 1"][r], (*stations, "exam"))
        for scenario in ("swap", "short exam"):
            assert upstream(found["triage + 1"][r], found[scenario][r], stations)
        assert not upstream(base, found["exam + 1"][r], ("exam",))
        assert not upstream(base, found["triage + 1"][r], ("registration",))
        assert len({one[r]["arrivals"] for one in found.values()}) == 1


SECOND = {
    "base": {},
    "triage + 1": {"triage": 2},
    "treatment + 1": {"treatment": 2},
    "swap": {"triage": 2, "exam": 2},
    "short exam": {"triage": 2, "exam": 2, "exam_mean": 12.0},
    "exam + 1": {"exam": 4},
}
COMPARED = [m for m in METRICS if not m.startswith("use")]
ORDINARY, NIGHTLY = 120, 1000


def second_opinion(scenario: str, replications: int) -> dict[str, tuple[float, float]]:
    """Probability of differences as large as those seen in mean and in distribution, for each metric."""
    ours = simulated(scenario, replications)
    theirs = [Centre(seed, **SECOND[scenario]).run() for seed in range(replications)]
    found = {}
    for metric in COMPARED:
        a, b = (np.array([one[metric] for one in runs]) for runs in (ours, theirs))
        found[metric] = (stats.ttest_ind(a, b, equal_var=False).pvalue, stats.ks_2samp(a, b).pvalue)
    return found


@pytest.mark.parametrize("scenario", ["base", "short exam"])
def test_second_program_agrees(scenario: str) -> None:
    found = second_opinion(scenario, ORDINARY)
    assert {m: p for m, p in found.items() if min(p) < 0.001 / len(COMPARED)} == {}


@pytest.mark.nightly
@pytest.mark.parametrize("scenario", SECOND)
def test_second_program_agrees_closely(scenario: str) -> None:
    found = second_opinion(scenario, NIGHTLY)
    assert {m: p for m, p in found.items() if min(p) < 0.001 / len(COMPARED)} == {}


def test_second_program_disagrees_when_a_place_is_missing() -> None:
    ours = simulated("base", 30)
    theirs = [Centre(seed, treatment=2).run() for seed in range(30)]
    a, b = ([one["wait treatment"] for one in runs] for runs in (ours, theirs))
    assert stats.ttest_ind(a, b, equal_var=False).pvalue < 1e-9


@pytest.mark.nightly
def test_second_program_with_late_arrivals_meets_the_published_figures() -> None:
    """Where ours differ most from the published figures, it is because arrivals there come late."""
    runs = {late: [Centre(seed, late=late).run() for seed in range(NIGHTLY)] for late in (False, True)}
    mean = {late: {m: np.mean([one[m] for one in found]) for m in COMPARED} for late, found in runs.items()}
    assert mean[True]["arrivals"] < mean[False]["arrivals"] - 1
    assert mean[True]["throughput"] < mean[False]["throughput"] - 1
    for metric in COMPARED:
        spread = np.std([one[metric] for one in runs[True]]) * (1 / treat_sim.REPLICATIONS + 1 / NIGHTLY) ** 0.5
        assert abs(mean[True][metric] - treat_sim.PUBLISHED[metric][0][0]) < 3.5 * spread, metric


@pytest.mark.nightly
def test_published_figures_are_met() -> None:
    outcome = treat_sim.run()
    assert [f"{c.name}: {c.value:.3f} ± {c.halfwidth:.3f}, not {c.exact}" for c in outcome.checks if not c.covers] == []

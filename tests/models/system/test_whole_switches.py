"""Every setting of the whole can be switched off, and what is merged or left out gives the same flows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from models.care.demand import load_demand
from models.care.planned import theatre_list
from models.care.population import load_population
from models.footprint.footprint import load_footprint
from models.system.whole.demand import site_demand
from models.system.whole.hospital import half_days
from models.system.whole.network import Whole, prior_fit, read_care, whole
from models.system.whole.reading import SINCE_DECISION
from sim.errors import FaultsError
from sim.kernel.layout import AWAITED, FLOWS
from sim.littles_law import assert_littles_law
from sim.run import Run
from sim.tables import lower
from tests.models.whole_by_hand import four_hour_by_crowding, treated_in_time, within_limit
from tests.sim.test_littles_law_log import time_present

CONFIGS = Path(__file__).resolve().parents[3] / "configs"
CARE = read_care()
DEMAND = load_demand(CONFIGS / "demand" / "england_2018_19.yaml")
POPULATION = load_population(CONFIGS / "care" / "population.yaml")
FRIMLEY = load_footprint(CONFIGS / "footprint" / "frimley.yaml")
OTHER = {
    "front_door": ("aggregate", "people"),
    "triage": ("merged", "stations"),
    "ward_groups": ("one", "several"),
    "outpatients": ("merged", "stations"),
    "lists": ("half_day", "hourly"),
    "pathways": ("plain", "detailed"),
}


def built(detail: str, days: int = 40, **changes) -> Whole:
    horizon = FRIMLEY.start + dt.timedelta(days=days)
    return whole(FRIMLEY, None, CARE.switched(detail, **changes), detail, horizon, DEMAND, POPULATION)


def ran(one: Whole, **options) -> Run:
    run = Run(lower(one.network), 3, **options)
    run.advance()
    assert_littles_law(run.lowered, run.state)
    return run


def switched() -> list[tuple[str, str, object]]:
    """Every switch of both details, turned round."""
    out: list[tuple[str, str, object]] = []
    for detail, on in CARE.settings.items():
        for name, value in on.model_dump().items():
            other = next(o for o in OTHER[name] if o != value) if name in OTHER else not value
            out.append((detail, name, other))
    return out


@pytest.mark.parametrize(("detail", "name", "value"), switched())
def test_every_switch_leaves_a_network_that_reads_and_runs(detail, name, value):
    run = ran(built(detail, 20, **{name: value}))
    assert run.events > 1_000


@pytest.mark.parametrize("detail", ["default", "full"])
def test_time_of_people_is_time_under_the_curve(detail):
    """Little's law in every setting, class and period, person by person from the log, as whole numbers."""
    run = ran(built(detail, 35), log=True)
    np.testing.assert_array_equal(run.state.area[..., :AWAITED].sum(axis=-1), time_present(run))


def test_a_switch_that_is_none_is_named():
    with pytest.raises(FaultsError, match="nursing"):
        CARE.switched("full", nursin=False)


def test_people_of_both_details_are_the_same_in_number():
    """Overnight emergencies a day are the footprint's, whether stays without a night are simulated or not."""
    fit = prior_fit(FRIMLEY)
    with_them, without = (site_demand(FRIMLEY, fit, zero_day)["frimley"] for zero_day in (True, False))
    published = FRIMLEY.sites["frimley"].overnight_emergencies_per_day.value
    assert with_them.overnight == pytest.approx(published)
    assert without.overnight == pytest.approx(published)
    assert sum(with_them.needs.values()) == pytest.approx(1)


def test_merged_front_door_keeps_attendances_and_admissions():
    """Sources that lead straight to the queues have the rates of those that led to triage and handover."""

    def rate(one: Whole, cls: str) -> float:
        sources = one.network.sources
        return sum(s.rate_per_day for s in sources.values() if s.cls == cls and s.rate_per_day)

    merged, stations = built("full"), built("full", triage="stations")
    for cls in ("attendance", "emergency", "direct"):
        assert rate(merged, cls) == pytest.approx(rate(stations, cls))
    names = set(stations.network.stations) - set(merged.network.stations)
    assert names == {f"frimley_{n}" for n in ("triage", "handover", "boarding", "departure")}


def test_half_day_lists_offer_as_many_slots():
    hourly, half = (built("default", lists=lists).network for lists in ("hourly", "half_day"))
    slots = [network.stations[theatre_list("frimley")].slots for network in (hourly, half)]
    offered = [sum(s.each_hour * (s.hours[1] - s.hours[0]) * len(s.weekdays) for s in one) for one in slots]
    assert offered[0] == offered[1]
    assert half_days([{"weekdays": [1], "hours": [9, 10], "each_hour": 3}], (9, 17)) == [
        {"weekdays": [1], "hours": [9, 10], "each_hour": 3}
    ]


def test_time_before_the_decision_is_added():
    """Nobody waits after the decision: the share in time is the law of the time before; nobody treated: none."""
    assert within_limit([1.0] * len(SINCE_DECISION), 1e6, 28, 0.5) == pytest.approx(1)
    assert within_limit([0.0] * len(SINCE_DECISION), 1e6, 28, 0.5) == 0
    early = within_limit([1.0] * len(SINCE_DECISION), 62, 28, 0.5)
    late = within_limit([0.0, 1.0, 1.0], 62, 28, 0.5)
    assert 0.9 < early < 1
    assert late < early


def test_shares_in_time_are_read():
    one = built("default", 500)  # a year of it is warm-up, of which clocks count nothing
    run = ran(one)
    seen = run.observations()
    treated = treated_in_time(run.lowered, seen, "frimley", one.care.planned)
    assert 0.9 < treated["elective"] <= 1
    assert 0.7 < treated["cancer"] <= 1
    share = four_hour_by_crowding(run.lowered, seen, ["frimley_ward"], 50.0, 0.3, one.care.crowding)
    assert ((share > 0.5) & (share <= 1)).all()


def test_deaths_are_no_part_of_those_for_the_pathways():
    """With deaths or without, as many leave for the pathways."""

    def shares(one: Whole) -> float:
        rules = one.network.stations["frimley_ward"].routes
        rule = next(r for r in rules if r.where.get("need") == "long" or "long" in r.where.get("need", []))
        return sum(float(d.share or 0) for name, d in rule.to.items() if name.endswith(("_p1", "_p2", "_p3")))

    assert shares(built("default")) == pytest.approx(shares(built("default", deaths=False)))


def test_flows_reach_every_setting():
    """In full detail every station but those that only serve when others are full sees somebody within weeks."""
    one = built("full", 60)
    flow = ran(one).state.flow[..., : len(FLOWS)].sum(axis=(0, 2, 3))
    idle = {name for name, n in zip(one.network.stations, flow, strict=True) if n == 0}
    assert idle <= {"frimley_out_of_area", "frimley_mental_health_out_of_area", "frimley_step_up"}

"""Ways out of hospital: the plain stations, what they are made of, and what limits them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from models.care.demand_shape import DemandShape
from models.care.part import together
from models.care.pathways import (
    Arrivals,
    Classes,
    Pathways,
    arrivals_for,
    detailed,
    loads_of,
    payer_shares,
    places_for,
    plain,
    read_pathways,
    ways_out,
)
from models.plans.schedule import schedule
from models.settings.request import parse
from models.settings.settings import Settings, settings
from models.system.demand import pathway_shares
from models.system.system import AT_HOME, EMERGENCY_CLASSES, _transition_days, build, pathway_station, ward
from sim import load_network
from sim.errors import FaultsError
from sim.load import offered_load
from sim.results import Results, simulate

CARE = read_pathways()
START = dt.date(2018, 4, 1)
FLAT = DemandShape((1.0,) * 24)
SMALL = Arrivals(3.0, 1.2, 0.8, 0.3)  # about 150,000 people
PRESENT = Classes((*EMERGENCY_CLASSES, "elective"), (AT_HOME,))


def changed(care: Pathways, changes: dict[str, Any]) -> Pathways:
    """Copy of the parameters with figures, shares or switches set by their dotted names."""
    data = care.model_dump(mode="json")
    for key, value in changes.items():
        *path, last = key.split(".")
        there = data
        for part in path:
            there = there[part]
        if isinstance(there[last], dict) and "value" in there[last]:
            there[last] |= {"value": value, "low": None, "high": None}
        elif isinstance(there[last], dict) and "shares" in there[last]:
            there[last]["shares"] = value
        else:
            there[last] = value
    return read_pathways(data)


def network(
    care: Pathways,
    arrivals: Arrivals = SMALL,
    places: dict[str, int] | None = None,
    days: int = 600,
    warm_up: int = 200,
    extra: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """An unlimited hospital that sends people to the detailed services."""
    classes = Classes(("emergency",), ("community",))
    part = detailed("x", arrivals, care, places, classes, FLAT)
    rate = arrivals.p1 + arrivals.p2 + arrivals.p3
    shares = {"p1": arrivals.p1 / rate, "p2": arrivals.p2 / rate, "p3": arrivals.p3 / rate}
    hospital = {
        "places": "inf",
        "service": {"kind": "exponential", "mean": "4 d"},
        "routes": ways_out("x", shares, 0.0, care),
    }
    payers = {"payer": payer_shares(care)} if care.self_share > 0 else None
    return {
        "start": START,
        "horizon": f"{days} d",
        "warm_up": f"{warm_up} d",
        "classes": ["emergency", "community"],
        "attributes": {"payer": ["council", "self"]},
        "sources": {"ready": FLAT.source("emergency", "hospital", rate, payers), **part.sources},
        "stations": {"hospital": hospital, **part.stations},
        "pools": part.pools,
        "census": part.census,
    } | (extra or {})


def value(results: Results, name: str, measure: str) -> float:
    return results.figure(name, measure).value


@pytest.fixture(scope="module")
def devon() -> Settings:
    return settings(parse(["timeline=3y", "replications=2", "seed=5"]))


def test_plain_says_what_the_footprint_says(devon):
    """Every figure of the footprint is in its station, and the main job is built of these."""
    system = build(devon.footprint, devon.fit, devon.future, dt.date(2020, 4, 1))
    start = devon.footprint.start
    for site in devon.footprint.sites:
        places = {p: system.places[site, p] for p in devon.footprint.pathways}
        stations = plain(site, devon.footprint.pathways, places, start, PRESENT).stations
        for name, pathway in devon.footprint.pathways.items():
            station = stations[pathway_station(site, name)]
            assert station["places"] == [{"from": start, "places": places[name]}]
            assert station["service"]["mean"] == f"{pathway.service_days.value!r} d"
            assert station["service"]["cv"] == pathway.service_cv.value
            assert station["flex"]["elasticity"] == pathway.flex_elasticity.value
            assert station["flex"]["scale"] == pathway.flex_scale.value * places[name]
            assert station["waiting_room"] == {"emergency": 0, "direct": 0, "elective": 0, AT_HOME: "inf"}
            assert ("routes" in station) == bool(pathway.onward)
            assert pathway_station(site, name) in system.network.stations


def test_plain_opens_places_as_a_plan_does(devon):
    sizes = {(setting, site): 500.0 for setting in ("beds", "p1", "p2") for site in devon.footprint.sites}
    plan = schedule(devon.plan, devon.timelines[0], devon.gates, sizes)
    site = next(iter(plan.openings))
    openings = {"p1": plan.openings[site]}
    places = dict.fromkeys(devon.footprint.pathways, 50)
    part = plain(site, devon.footprint.pathways, places, devon.footprint.start, PRESENT, openings)
    steps = [{"from": day, "places": 50 + n} for day, n in plan.openings[site]]
    assert part.stations[f"{site}_p1"]["places"] == [{"from": devon.footprint.start, "places": 50}, *steps]
    assert len(steps) > 1 and len(part.stations[f"{site}_p2"]["places"]) == 1


def test_plain_ways_out_are_those_of_the_present_wards(devon):
    system = build(devon.footprint, devon.fit, devon.future, dt.date(2020, 4, 1))
    days = _transition_days(devon.footprint)
    for site in devon.footprint.sites:
        rules = []
        for cohort, shares in pathway_shares(devon.footprint).items():
            if len(shares) > 1:
                where = {"class": list(EMERGENCY_CLASSES), "cohort": cohort}
                rules += ways_out(site, shares, days, where=where)
        alone = {"name": "alone", "classes": [*EMERGENCY_CLASSES, "elective", AT_HOME], "horizon": "1 d"}
        alone["attributes"] = {"cohort": list(devon.footprint.cohorts)}
        stay = {"kind": "exponential", "mean": "1 d"}
        stations = {pathway_station(site, p): {"places": 1, "service": stay} for p in devon.footprint.pathways}
        stations[ward(site)] = {"places": 1, "service": stay, "routes": [*rules, {"to": {"leave": 1.0}}]}
        read = load_network({**alone, "stations": stations})
        assert read.stations[ward(site)].routes == system.network.stations[ward(site)].routes


def test_published_figures_are_overloaded_as_they_stand():
    """BNSSG 2022/23: arrivals x mean stay / capacity is 1.33, 1.54 and 1.61; ours is the load with some spare."""
    rates = CARE.arrivals_per_million
    for rate, days, capacity, load in (
        (rates.p1.value, 16.2, 234, 1.33),
        (rates.p2.value, 38.9, 191, 1.54),
        (rates.p3.value, 44.6, 148, 1.61),
    ):
        assert rate * days / capacity == pytest.approx(load, abs=0.01)
    arrivals = arrivals_for(1e6, CARE)
    loads, places = loads_of(arrivals, CARE), places_for(arrivals, CARE)
    assert all(1.05 < places[k] / loads[k] < 1.25 for k in loads)


def test_reablement_and_short_packages_keep_the_mean_stay_of_p1():
    share = CARE.reablement.share_of_p1.value
    mean = share * CARE.reablement.stay_days.value + (1 - share) * CARE.home_care.short_days.value
    assert mean == pytest.approx(16.2, abs=0.05)


@pytest.mark.parametrize("self_funders", [True, False])
def test_loads_are_those_of_the_traffic_equations(self_funders):
    """The loads by hand agree with the engine's own, hours that step down included; people blocked are in neither."""
    care = changed(CARE, {"self_funders.enabled": self_funders})
    read = load_network(network(care))
    found = {load.name: load.offered for load in offered_load(read) or []}
    for name, load in loads_of(SMALL, care).items():
        if load > 0:
            assert found[f"x_{name}"] == pytest.approx(load, rel=2e-3), name


def test_hours_held_are_the_offered_load_when_there_are_enough():
    """Without queues the mean of hours held is rate x mean amount-days of a stay; exact by Little's law."""
    care = changed(CARE, {"home_care.lasting_share": 0.0, "reablement.lasting_share": 0.0})
    care = changed(care, {"care_home.after_assessment": {"care_home": 0.7, "home": 0.3}})
    arrivals = Arrivals(12.0, 1.0, 1.0)
    plenty = {k: 10 * n for k, n in places_for(arrivals, care).items()}
    results = simulate(network(care, arrivals, plenty, days=1500), 2, 1)
    loads = loads_of(arrivals, care)
    for pool in ("funded_hours", "self_hours"):
        assert value(results, f"x_{pool}", "places_occupied") == pytest.approx(loads[pool], rel=0.03)
    assert value(results, "hospital", "number_blocked") == 0


def test_short_hours_block_hospital_and_reablement():
    """Fewer funded hours: more are blocked for home care, in hospital and in reablement."""
    care = changed(CARE, {"self_funders.enabled": False, "spot_purchase.enabled": False})
    size = places_for(SMALL, care)["funded_hours"]
    blocked, held = [], []
    for share in (1.2, 0.95, 0.85):
        results = simulate(network(care, places={"funded_hours": round(size * share)}), 2, 1)
        blocked.append(value(results, "hospital", "number_blocked"))
        held.append(value(results, "x_reablement", "number_blocked"))
    assert blocked == sorted(blocked) and blocked[2] > 3 * blocked[0] + 1
    assert held == sorted(held) and held[2] > held[0]


def test_care_homes_block_assessment_beds_which_block_hospital():
    care = changed(CARE, {"self_funders.enabled": False, "spot_purchase.enabled": False, "choice.enabled": False})
    care = changed(care, {"care_home.lasting_days": 120.0})
    size = places_for(SMALL, care)["care_home"]
    hospital, assessment, beds = [], [], []
    for share in (1.3, 0.85, 0.7):
        results = simulate(network(care, places={"care_home": round(size * share)}), 2, 1)
        hospital.append(value(results, "hospital", "number_blocked"))
        assessment.append(value(results, "x_p3", "number_blocked"))
        beds.append(value(results, "x_p2", "number_blocked"))
    assert assessment == sorted(assessment) and assessment[2] > assessment[0] + 5
    assert hospital == sorted(hospital) and hospital[2] > hospital[0] + 1
    assert beds[2] > beds[0]


@pytest.mark.parametrize("places", [0.80, 0.9])
def test_flex_and_spot_purchase_shorten_queues(places):
    plainly = changed(CARE, {"self_funders.enabled": False, "choice.enabled": False})
    size = {"p2": round(places_for(SMALL, plainly)["p2"] * places)}
    queues = []
    for elasticity, spot in ((0.0, False), (0.1, False), (0.3, False), (0.3, True)):
        care = changed(plainly, {"community_bed.elasticity": elasticity, "spot_purchase.enabled": spot})
        queues.append(value(simulate(network(care, places=size), 2, 1), "x_p2", "number_awaited"))
    assert queues == sorted(queues, reverse=True)
    assert queues[3] < 0.7 * queues[0]


def test_self_funders_have_their_own_part_of_the_market():
    """Full council places delay council's people; who pays for themselves only needs time to arrange the place."""
    care = changed(CARE, {"spot_purchase.enabled": False, "care_home.lasting_days": 120.0})
    size = places_for(SMALL, care)
    for short, other in (("care_home", "care_home_self"), ("care_home_self", "care_home")):
        places = {short: round(0.7 * size[short]), other: round(1.5 * size[other])}
        results = simulate(network(care, places=places), 3, 1)
        assert value(results, f"x_{short}", "number_awaited") > 5
        assert value(results, f"x_{other}", "number_awaited") < 0.2


def test_choice_adds_its_mean_to_the_transition():
    """Mean transition in assessment beds is the share that goes on to a home x share that chooses x extra days."""
    for extra in (0.0, 5.0, 20.0):
        care = changed(CARE, {"choice.extra_days": extra, "self_funders.enabled": False})
        results = simulate(network(care, days=1500), 2, 1)
        went_on = care.care_home.after_assessment.shares["care_home"]
        want = went_on * care.choice.share.value * extra
        assert value(results, "x_p3", "transition_delay") == pytest.approx(want, rel=0.25, abs=0.02)


def test_switches_at_neutral_leave_plain_queues():
    care = changed(
        CARE,
        {
            "self_funders.enabled": False,
            "choice.enabled": False,
            "spot_purchase.enabled": False,
            "reablement.elasticity": 0.0,
            "home_care.elasticity": 0.0,
            "community_bed.elasticity": 0.0,
            "care_home.elasticity": 0.0,
        },
    )
    part = detailed("x", SMALL, care)
    text = repr((part.stations, part.pools, part.sources))
    assert not any(word in text for word in ("flex", "escalation", "transition", "payer", "self"))
    assert not part.sources  # nobody comes from the community without a pattern
    full = repr(detailed("x", SMALL, CARE, shape=FLAT))
    assert all(word in full for word in ("flex", "escalation", "transition", "payer", "care_home_self"))


def test_census_starts_near_the_steady_state():
    """Who is there on the first day holds nearly the offered load, lasting places included."""
    results = simulate(network(CARE, days=30, warm_up=0), 2, 1)
    loads = loads_of(SMALL, CARE)
    for name in ("care_home", "care_home_self", "funded_hours", "p2"):
        assert value(results, f"x_{name}", "places_occupied") == pytest.approx(loads[name], rel=0.12)


def wolstenholme(beds: int, places: int, stay: float) -> float:
    """Mean number of people who wait, for a bed and in a bed, with a ward before a community service."""
    stations = {
        "ward": {
            "places": beds,
            "service": {"kind": "lognormal", "mean": "6 d", "cv": 1.0},
            "routes": [{"to": {"x_p2": 0.25, "leave": 0.75}}],
        },
        "x_p2": {
            "places": places,
            "waiting_room": 0,
            "service": {"kind": "lognormal", "mean": f"{stay} d", "cv": 0.68},
        },
    }
    data = {
        "horizon": "3000 d",
        "warm_up": "500 d",
        "classes": ["emergency"],
        "sources": {"door": {"to": "ward", "rate_per_day": 10}},
        "stations": stations,
    }
    results = simulate(data, 3, 4)
    return value(results, "system", "number_waiting") + value(results, "system", "number_blocked")


@pytest.mark.parametrize("stay", [20.0, 38.9])
@pytest.mark.parametrize("beds", [70, 76])
@pytest.mark.parametrize("spare", [1.04, 1.10])
def test_money_for_shorter_community_stays_beats_acute_beds(stay, beds, spare):
    """Wolstenholme (1999): flow beats stock, at equal cost (346 an acute bed day, 150 a community place day).

    Shortening stays by a share is taken to cost that share of the service's own cost.
    """
    places = round(2.5 * stay * spare)
    none = wolstenholme(beds, places, stay)
    for money in (2 * 346, 4 * 346):
        more_beds = wolstenholme(beds + money // 346, places, stay)
        shorter = wolstenholme(beds, places, stay * (1 - money / (places * 150)))
        assert shorter < 0.6 * more_beds < more_beds < none


def test_where_community_is_never_full_money_for_beds_wins():
    """The order is that of the bottleneck: with a third of places spare, shorter community stays change nothing."""
    stay, beds, places = 38.9, 70, 126
    more_beds = wolstenholme(beds + 4, places, stay)
    shorter = wolstenholme(beds, places, stay * (1 - 4 * 346 / (places * 150)))
    assert more_beds < 0.5 * shorter


def test_parts_of_two_sites_go_together():
    part = together([detailed(site, SMALL, CARE) for site in ("a", "b")])
    assert len(part.stations) == 14 and len(part.pools) == 4


def test_faults_are_named():
    data = CARE.model_dump(mode="json")
    data["reablement"]["stay_days"]["unit"] = "weeks"
    data["community_bed"]["onward"]["shares"] = {"p4": 1.0}
    data["care_home"]["after_assessment"]["shares"] = {"home": 1.0}
    data["home_care"]["hours"]["steps"][1]["amount"] = 20
    with pytest.raises(FaultsError) as caught:
        read_pathways(data)
    text = str(caught.value)
    for part in ("reablement.stay_days", "knows no p4", "needs a share of care_home", "amounts fall"):
        assert part in text

"""Delay: clocks and the public statistic."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.care.delays import (
    ATTRIBUTIONS,
    CARES,
    PATHWAYS,
    REASONS,
    apportion,
    by_destination,
    clocks,
    national_table,
    pathway_mix,
    public_statistic,
    read_delays,
    reweighted,
    total_by,
    transition_days,
)
from models.care.pathways import Classes, plain, ways_out
from models.footprint.footprint import load_footprint
from models.system.system import _transition_days
from sim import Run, load_network, lower
from sim.errors import FaultsError
from sim.kernel.layout import STATES

DELAYS = read_delays()
TABLE = national_table(DELAYS)
TIED = DELAYS.tied
DEVON = {"nhs": 0.775, "social_care": 0.199, "both": 0.026}  # attribution of its delayed days, 2018/19
FOOTPRINT = "configs/footprint/devon.yaml"


def test_national_days_have_the_published_sums():
    assert total_by(TABLE) == 1_665_649
    assert total_by(TABLE, care="acute") == 1_085_299
    sums = [total_by(TABLE, attribution=who) for who in ATTRIBUTIONS]
    assert sums == [721_150 + 314_628, 301_605 + 196_588, 62_544 + 69_134]
    assert total_by(TABLE, care="acute", reason="O") == 0


def test_reasons_by_pathway_as_worked_out_for_devon():
    """DEVON: home package and equipment 21 %, further NHS 26 %, homes 22 %, none of them 31 % of acute delay."""
    mix = pathway_mix(reweighted(TABLE, DEVON), TIED)
    assert {k: round(100 * v) for k, v in mix.items()} == {"p1": 21, "p2": 26, "p3": 22, "any": 31}
    footprint = load_footprint(FOOTPRINT)
    for name in PATHWAYS:
        beds = footprint.delays.acute_beds.value * mix[name] / (1 - mix["any"])
        assert beds == pytest.approx(footprint.pathways[name].delayed_target.value, abs=0.15)


def test_attribution_of_another_area_is_kept():
    table = reweighted(TABLE, DEVON)
    for care in CARES:
        whole = total_by(table, care=care)
        for who in ATTRIBUTIONS:
            assert total_by(table, care=care, attribution=who) / whole == pytest.approx(DEVON[who], abs=1e-6)


def named_days(care: str) -> dict[str, int]:
    return {p: sum(n for (c, r, _), n in TABLE.items() if c == care and TIED[r] == p) for p in PATHWAYS}


def test_delay_in_national_proportions_gives_the_national_table_back():
    areas = {}
    for care in CARES:
        named, whole = named_days(care), total_by(TABLE, care=care)
        parts = apportion(whole * 10**6, [named[p] for p in PATHWAYS])
        areas |= {(care, p): n for p, n in zip(PATHWAYS, parts, strict=True)}
    found = public_statistic(areas, TABLE, TIED)
    assert sum(found.values()) == sum(areas.values())
    for key, days in TABLE.items():
        assert found[key] == pytest.approx(days * 10**6, abs=5)


def test_all_delay_for_a_community_bed_is_under_the_nhs_or_names_no_place():
    found = public_statistic({("acute", "p2"): 10**9}, TABLE, TIED)
    assert {r for (_, r, _), n in found.items() if n} == {"A", "B", "C", "G", "H", "I"}
    assert total_by(found, reason="C") == total_by(found, reason="C", attribution="nhs") > 0.6 * 10**9
    homes = public_statistic({("acute", "p1"): 10**9}, TABLE, TIED)
    assert total_by(homes, attribution="social_care") > 2 * total_by(found, attribution="social_care")


@given(
    st.dictionaries(st.tuples(st.sampled_from(CARES), st.sampled_from(PATHWAYS)), st.integers(0, 10**18), min_size=1),
    st.dictionaries(st.tuples(st.sampled_from(CARES), st.sampled_from(PATHWAYS)), st.integers(0, 10**15)),
)
def test_reasons_and_attributions_sum_exactly(areas, chosen):
    found = public_statistic(areas, TABLE, TIED, chosen)
    for care in CARES:
        want = sum(n for given in (areas, chosen) for (c, _), n in given.items() if c == care)
        assert total_by(found, care=care) == want
        assert sum(total_by(found, care=care, reason=r) for r in REASONS) == want
        assert sum(total_by(found, care=care, attribution=w) for w in ATTRIBUTIONS) == want
    assert min(found.values()) >= 0


def test_choice_that_is_known_apart_is_the_whole_of_its_reason():
    found = public_statistic({("acute", "p3"): 900}, TABLE, TIED, {("acute", "p3"): 100})
    assert total_by(found) == 1000
    assert total_by(found, reason="G") == 100


@given(st.integers(0, 10**18), st.lists(st.integers(0, 10**12), min_size=1, max_size=12).filter(any))
def test_parts_sum_to_the_whole_and_follow_the_weights(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


def test_clocks():
    found = clocks(700, 300, DELAYS, chosen=100)
    assert (found.a_to_b, found.b_to_c, found.c_to_d) == (300, 300, 400)
    assert (found.total, found.public, found.reported_share) == (1000, 400, 0.4)
    assert math.isnan(clocks(0, 0, DELAYS).reported_share)
    with pytest.raises(ValueError, match="part of the area"):
        clocks(10, 0, DELAYS, chosen=11)


def test_transition_is_that_of_the_present_model():
    footprint = load_footprint(FOOTPRINT)
    beds = footprint.delays.acute_beds.value * footprint.delays.host_conversion.value
    leavers = sum(p.arrivals_per_day.value for p in footprint.pathways.values())
    for share in (0.2, 0.43, 0.6, 1.0):
        figure = footprint.delays.reported_share.model_copy(update={"value": share})
        changed = footprint.delays.model_copy(update={"reported_share": figure})
        there = _transition_days(footprint.model_copy(update={"delays": changed}))
        assert transition_days(beds, share, leavers) == pytest.approx(there, rel=1e-12)
    with pytest.raises(ValueError, match="above 0"):
        transition_days(beds, 0.0, leavers)


def test_reported_share_is_a_stated_prior():
    assert DELAYS.reported_share.range == (0.2, 0.6)
    assert DELAYS.reported_share.status == "assumed"


def run_of_hospital(transition: float) -> tuple[dict[str, int], dict[str, int], dict[str, int], int]:
    """Areas of a ward with the plain pathways after it: blocked and in transition by station, awaited by station."""
    footprint = load_footprint(FOOTPRINT)
    classes = Classes(("emergency",), ())
    services = plain("x", footprint.pathways, {"p1": 16, "p2": 15, "p3": 13}, dt.date(2018, 4, 1), classes).stations
    shares = {"p1": 0.10, "p2": 0.04, "p3": 0.03, "home": 0.83}
    ward = {
        "places": "inf",
        "service": {"kind": "exponential", "mean": "6 d"},
        "routes": ways_out("x", shares, transition),
    }
    network = {
        "start": dt.date(2018, 4, 1),
        "horizon": "1500 d",
        "classes": ["emergency"],
        "sources": {"door": {"to": "ward", "rate_per_day": 10}},
        "stations": {"ward": ward, **services},
    }
    lowered = lower(load_network(network))
    run = Run(lowered, seed=3, replication=0)
    run.advance()
    area = run.observations()["area"].sum(axis=(0, 2))  # over periods and groups
    names = list(services)

    def of(state: str, stations: list[str]) -> dict[str, int]:
        all_names = ["ward", *names]
        return {s: int(area[all_names.index(s), STATES.index(state)]) for s in stations}

    moving = of("in_transition", ["ward", *names])
    return of("blocked", ["ward", *names]), of("awaited", names), moving, int(area.sum())


def test_simulated_delay_becomes_the_public_statistic_without_a_millisecond_lost():
    blocked, awaited, moving, _ = run_of_hospital(2.0)
    assert sum(blocked.values()) == sum(awaited.values()) > 0
    ways = {"ward": {"x_p1": 1.0, "x_p2": 0.4, "x_p3": 0.3}, "x_p2": {"x_p1": 0.25 * 0.4, "x_p3": 0.10 * 0.4}}
    cells = by_destination(blocked, awaited, ways)
    for station in blocked:
        assert sum(n for (s, _), n in cells.items() if s == station) == blocked[station]
    for station in awaited:
        reached = sum(n for (_, d), n in cells.items() if d == station)
        assert reached == pytest.approx(awaited[station], rel=1e-6)
    areas: dict[tuple[str, str], int] = {}
    for (where, to), n in cells.items():
        key = ("acute" if where == "ward" else "non_acute", to.removeprefix("x_"))
        areas[key] = areas.get(key, 0) + n
    found = public_statistic(areas, TABLE, TIED)
    assert sum(found.values()) == sum(blocked.values())
    assert total_by(found, care="acute") == blocked["ward"]
    both = clocks(moving["ward"], blocked["ward"], DELAYS)
    assert both.total == moving["ward"] + blocked["ward"]
    assert both.public == total_by(found, care="acute")


def test_longer_transition_lowers_the_reported_share_and_not_the_public_statistic():
    shares, public = [], []
    for days in (0.5, 2.0, 6.0):
        blocked, _, moving, _ = run_of_hospital(days)
        shares.append(clocks(moving["ward"], blocked["ward"], DELAYS).reported_share)
        public.append(blocked["ward"])
    assert shares == sorted(shares, reverse=True)
    assert max(public) < 1.2 * min(public)


def test_blocked_without_a_way_is_refused():
    with pytest.raises(ValueError, match="no way leads"):
        by_destination({"ward": 5}, {"p1": 5}, {})
    with pytest.raises(ValueError, match="same sum"):
        by_destination({"ward": 5}, {"p1": 4}, {"ward": {"p1": 1.0}})


def test_faults_are_named():
    data = DELAYS.model_dump(mode="json")
    data["reported_share"]["unit"] = "days"
    data["costs"]["acute_day"]["unit"] = "GBP"
    del data["days_by_reason"]["reasons"]["O"]
    with pytest.raises(FaultsError) as caught:
        read_delays(data)
    text = str(caught.value)
    assert "reported_share" in text and "costs.acute_day" in text and "Di, Dii" in text

"""Crowding of A&E: the four-hour share beside Monte Carlo and people one by one, and sizes from attendances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.care.crowding import (
    Crowding,
    bed_wait_over,
    cubicle_load,
    four_hour_share,
    late_admitted,
    late_not_admitted,
    read_crowding,
    size,
)
from models.care.front_door import staffed
from models.care.front_door_figures import FrontDoor, read_front_door
from sim.errors import FaultsError
from sim.results import simulate
from tests.models.care.test_front_door import (
    AMPLE,
    DAILY,
    ENGLAND,
    FULL,
    four_hours,
    front_demand,
    network,
    value,
    with_,
)

Float = npt.NDArray[np.float64]
HOURS = np.array([0.5, 1, 1.5, 2, 3, 4, 6, 8, 12])
WITH_ANY = np.append(0.0, HOURS)


@pytest.fixture(scope="module")
def crowding() -> Crowding:
    return read_crowding()


@pytest.fixture(scope="module")
def care() -> FrontDoor:
    return read_front_door()


def changed(crowding: Crowding, **values: float) -> Crowding:
    new = {key: getattr(crowding, key).model_copy(update={"value": v}) for key, v in values.items()}
    return crowding.model_copy(update=new)


def uncrowded(crowding: Crowding, **values: float) -> Crowding:
    return changed(crowding, crowding_slope=0.0, admitted_slope=0.0, **values)


def times(crowding: Crowding, n: int, rng: np.random.Generator) -> Float:
    """Times to the decision, drawn."""
    spread = math.log1p(crowding.decision_variation.value**2)
    return rng.lognormal(math.log(crowding.decision.value) - spread / 2, math.sqrt(spread), n)


def over(waits: Float, hours: Float) -> Float:
    return np.array([(waits > h).mean() for h in hours])


@pytest.mark.parametrize("waits", ["exponential", "lognormal", "two kinds"])
@pytest.mark.parametrize("hours", [HOURS, WITH_ANY], ids=["from half an hour", "from nought"])
def test_against_monte_carlo(crowding: Crowding, waits: str, hours: Float) -> None:
    rng, n = np.random.default_rng(7), 1_000_000
    some = rng.random(n) < 0.4
    drawn = {
        "exponential": rng.exponential(2.0, n),
        "lognormal": rng.lognormal(0.0, 1.2, n),
        "two kinds": np.where(rng.random(n) < 0.7, rng.exponential(0.6, n), rng.exponential(6.0, n)),
    }[waits]
    bed = np.where(some, drawn, 0.0)
    direct = (times(crowding, n, rng) + bed > 4).mean()
    found = late_admitted(over(bed, hours), hours, np.array(0.0), crowding)
    assert abs(found - direct) < 0.004


def test_all_of_it_against_monte_carlo(crowding: Crowding) -> None:
    """Admitted or not, crowded or not: the whole share, drawn person by person."""
    rng, n, crowded, share = np.random.default_rng(8), 1_000_000, 0.2, 0.3
    bed = np.where(rng.random(n) < 0.5, rng.exponential(3.0, n), 0.0)
    slow = rng.random(n) > np.exp(-crowding.admitted_slope.value * crowded)
    admitted = (times(crowding, n, rng) + bed > 4) | slow
    calm = (1 - crowding.base_breach.value) * np.exp(-crowding.crowding_slope.value * crowded)
    late = np.where(rng.random(n) < share, admitted, rng.random(n) > calm)
    found = four_hour_share(over(bed, WITH_ANY), WITH_ANY, np.array(8.0), np.array(40.0), np.array(share), crowding)
    assert abs(found - (1 - late.mean())) < 0.003


def test_without_waits_it_is_the_base(crowding: Crowding) -> None:
    quick = uncrowded(crowding, decision=0.5)
    none, boarders, cubicles, share = np.zeros(9), np.array(5.0), np.array(40.0), np.array(0.3)
    found = four_hour_share(none, HOURS, boarders, cubicles, share, quick)
    assert found == pytest.approx(1 - 0.7 * quick.base_breach.value, abs=1e-9)
    slow = uncrowded(crowding)
    alone = 1 - late_admitted(none, HOURS, np.array(0.0), slow)
    expected = 0.3 * alone + 0.7 * (1 - slow.base_breach.value)
    assert four_hour_share(none, HOURS, boarders, cubicles, share, slow) == pytest.approx(expected, abs=1e-12)


def test_who_waits_beyond_the_standard_is_late(crowding: Crowding) -> None:
    everybody = (HOURS <= 4).astype(float)
    assert late_admitted(everybody, HOURS, np.array(0.0), crowding) == pytest.approx(1.0, abs=1e-9)
    nobody = four_hour_share(everybody, HOURS, np.array(1e4), np.array(1.0), np.array(0.5), crowding)
    assert nobody == pytest.approx(0.0, abs=1e-9)


def test_exponential_waits_are_met_exactly_between_thresholds() -> None:
    hours = np.linspace(0, 12, 49)
    rates = np.exp(-np.outer([0.2, 1.0, 3.0], HOURS))
    assert bed_wait_over(rates, HOURS, hours) == pytest.approx(np.exp(-np.outer([0.2, 1.0, 3.0], hours)), rel=1e-9)
    end = np.array([0.5, 0.0])
    assert bed_wait_over(end, np.array([1.0, 2.0]), np.array([1.0, 1.5, 2.0, 5.0])) == pytest.approx([0.5, 0.25, 0, 0])


SHARES = st.lists(st.floats(0, 1), min_size=9, max_size=9).map(lambda x: np.sort(x)[::-1])


@given(SHARES, SHARES, st.floats(0, 80), st.floats(0, 20), st.floats(5, 80), st.floats(0, 1))
def test_it_falls_with_waits_and_boarders(
    one: Float, two: Float, boarders: float, more: float, cubicles: float, share: float
) -> None:
    crowding = read_crowding()

    def found(waits: Float, held: float, places: float) -> float:
        return float(four_hour_share(waits, HOURS, np.array(held), np.array(places), np.array(share), crowding))

    usual = found(one, boarders, cubicles)
    assert 0 <= usual <= 1
    assert found(one, boarders + more, cubicles) <= usual + 1e-12
    assert found(one, boarders, cubicles + more) >= usual - 1e-12
    # below the first threshold the share is a continuation, so more waits mean more late people only where it is given
    low, high = np.append(1.0, np.minimum(one, two)), np.append(1.0, np.maximum(one, two))
    a, b = (late_admitted(x, WITH_ANY, np.array(0.0), crowding) for x in (low, high))
    assert a <= b + 1e-12


def test_shapes(crowding: Crowding) -> None:
    """Replications by months by sites at once are the same as one by one."""
    rng = np.random.default_rng(1)
    waits = np.sort(rng.random((3, 12, 4, 9)), axis=-1)[..., ::-1]
    boarders, cubicles, share = rng.random((3, 12, 4)) * 10, np.array([20.0, 30.0, 40.0, 50.0]), rng.random((12, 4))
    found = four_hour_share(waits, HOURS, boarders, cubicles, share, crowding)
    assert found.shape == (3, 12, 4)
    one = four_hour_share(waits[1, 5, 2], HOURS, boarders[1, 5, 2], cubicles[2], share[5, 2], crowding)
    assert found[1, 5, 2] == pytest.approx(float(one), rel=1e-12)


def test_faults_come_at_once(crowding: Crowding) -> None:
    rising, ones = np.linspace(0, 1.2, 9), np.ones(3)
    with pytest.raises(FaultsError) as raised:
        four_hour_share(rising, HOURS[::-1], -ones, np.zeros(2), ones * 2, crowding)
    keys = [fault.key for fault in raised.value.faults]
    assert keys == [
        "thresholds_h",
        "over",
        "admitted_share",
        "boarders",
        "cubicles",
        "boarders, cubicles, admitted_share",
    ]
    with pytest.raises(FaultsError):
        read_crowding(crowding.model_dump() | {"base_breach": 0.1})


def test_the_reference_hospital_gets_its_cubicles(care: FrontDoor) -> None:
    reference = care.reference_attendances.value
    places = size(care, front_demand(care, reference, 32, FULL))
    assert places.cubicles == math.ceil(reference * care.cubicle.per_attendance.value)
    assert places.minors == math.ceil(reference * care.minors.per_attendance.value)


def test_small_hospitals_need_more_cubicles_a_head(care: FrontDoor) -> None:
    found = [(n, size(care, front_demand(care, n, n / 10, FULL))) for n in (60, 120, 240, 480)]
    ratio = [[getattr(places, what) / n for n, places in found] for what in ("cubicles", "assessment", "sdec")]
    assert all((np.diff(row) < 0).all() for row in ratio)
    demand = front_demand(care, 240, 24, FULL)
    roomy = [size(care, demand, hours).cubicles for hours in (0.0, 1.0, 4.0)]
    assert roomy == sorted(set(roomy))
    added = cubicle_load(care, demand, 4.0) - cubicle_load(care, demand)
    assert added == pytest.approx(np.full(24, demand.emergency * 4 / 24))


def test_assessment_and_same_day_loads_are_offered_loads(care: FrontDoor) -> None:
    """With margins of nought, sizes are the mean numbers that a run without limits finds, rounded up."""
    bare = with_(care, assessment__margin=0.0, sdec__margin=0.0)
    demand = front_demand(care, 313.6, 32, DAILY)
    places = size(bare, demand)
    results = simulate(network((demand, bare, AMPLE)), replications=3)
    beds = value(results, "a_assessment", "places_occupied")
    assert math.ceil(beds * 0.97) <= places.assessment <= math.ceil(beds * 1.03)
    first, last = care.sdec.open.hours
    by_day = value(results, "a_sdec", "places_occupied") * 24 / (last - first)
    assert places.sdec == pytest.approx(by_day, abs=1)


@pytest.mark.nightly
def test_against_people_one_by_one(care: FrontDoor, crowding: Crowding) -> None:
    """From calm to crowded, aggregate and individual four-hour shares of the same runs differ by a point at most."""
    for year, wards in (("2011/12", (500, 405, 392)), ("2018/19", (560, 490, 473, 466))):
        attendances, conversion, direct = ENGLAND[year]
        demand = front_demand(care, attendances, direct, FULL, conversion)
        places = size(care, demand)
        cubicles = sum(staffed(care.cubicle.staffing, places.cubicles)) / 24
        for beds in wards:
            file = network((demand, care, places), beds, horizon="1275 d", warm_up="180 d")
            waits = {f"over {h}": {"station": "a_boarding", "within": f"{h} h"} for h in WITH_ANY}
            file["observe"]["clocks"] |= waits
            # other wards and another seed than the defaults were fitted with
            results = simulate(file, replications=6, seed=2)
            above = np.array([1 - value(results, name, "share_within") for name in waits])
            boarders = value(results, "a_boarding", "number_at_station")
            args: Any = (np.array(boarders), np.array(cubicles), np.array(conversion), crowding)
            direct_share = four_hours(results)
            assert four_hour_share(above, WITH_ANY, *args) == pytest.approx(direct_share, abs=0.01), (year, beds)
            assert four_hour_share(above[1:], HOURS, *args) == pytest.approx(direct_share, abs=0.012), (year, beds)
            late = 1 - value(results, "a_departure_4h", "share_within", "attendance")
            assert late_not_admitted(np.array(boarders / cubicles), crowding) == pytest.approx(late, abs=0.015)

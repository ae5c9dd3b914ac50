"""Mental-health beds: loads, placements out of area and coming home, waits in A&E."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from models.care.demand_shape import DemandShape
from models.care.mental_health import (
    Footprint,
    MentalHealth,
    crisis_patience,
    crisis_stay,
    local_beds,
    mental_health,
    mh_ward,
    out_of_area,
    read_mental_health,
    stay_days,
)
from sim.errors import FaultsError
from sim.results import Results, simulate
from sim.theory.delay import erlang_b

CONFIG = Path(__file__).resolve().parents[3] / "configs" / "care" / "mental_health.yaml"
AREA = Footprint("a", 0.2, DemandShape(hour=(1.0,) * 24))
WARD, AWAY, CRISIS = mh_ward("a"), out_of_area("a"), "a_crisis_assessment"


def data() -> dict[str, Any]:
    return yaml.safe_load(CONFIG.read_text(encoding="utf-8"))


def care(**changes: Any) -> MentalHealth:
    """The configuration changed as given (dotted keys as ``a__b``); figures by their value."""
    found = data()
    for key, value in changes.items():
        *path, last = key.split("__")
        here = found
        for part in path:
            here = here[part]
        if isinstance(here[last], dict):
            here[last] = {k: v for k, v in here[last].items() if k not in ("low", "high")} | {"value": value}
        else:
            here[last] = value
    return read_mental_health(found)


def run(mh: MentalHealth, days: int = 6000, replications: int = 4, **more: Any) -> Results:
    part = mental_health(AREA, mh, more.pop("supported", None))
    network = {
        "horizon": f"{days} d",
        "warm_up": "1000 d",
        "classes": ["mental_health"],
        "sources": part.sources,
        "stations": part.stations | more.pop("stations", {}),
        "observe": {"clocks": part.clocks},
    }
    return simulate(network, replications=replications)


def of(results: Results, name: str, measure: str) -> float:
    return results.figure(name, measure).value


def test_config_reads_and_faults_name_the_key():
    assert local_beds(Footprint("a", 1.0, AREA.shape), care()) == 329
    wrong = data()
    wrong["occupancy"]["value"] = 1.2
    wrong["placement"]["when"] = "after_waiting"
    with pytest.raises(FaultsError) as caught:
        read_mental_health(wrong)
    keys = " ".join(fault.key for fault in caught.value.faults)
    assert "occupancy" in keys and "placement" in keys


def test_stays_fill_the_beds_that_are_in_use():
    """Admissions times time in bed, delay included, are the beds in use, here and away: Little's law."""
    assert stay_days(care()) == pytest.approx(328.9 * 0.891 / 5.0 - 3.0)
    assert stay_days(care(delay__enabled=False)) == pytest.approx(328.9 * 0.891 / 5.0)
    results = run(care())
    in_beds = of(results, WARD, "number_in_service") + of(results, WARD, "number_in_transition")
    assert in_beds == pytest.approx(0.2 * 328.9 * 0.891, rel=0.03)
    assert of(results, WARD, "number_in_transition") == pytest.approx(0.2 * 5.0 * 0.1 * 30, rel=0.1)


def test_without_coming_home_placements_are_a_loss_system():
    """Who finds no bed goes away for the whole stay: Erlang's loss formula, whatever the distribution of stays."""
    mh = care(placement__repatriate=False, crisis__enabled=False)
    results = run(mh, 12_000, 6)
    exact = erlang_b(66, 0.2 * 328.9 * 0.891)
    share = results.figure(WARD, "share_overflowed")
    assert abs(share.value - exact) < 2 * share.half_width < 0.6 * exact


def test_coming_home_shortens_time_away():
    home, stay = run(care(crisis__enabled=False)), run(care(crisis__enabled=False, placement__repatriate=False))
    assert of(home, WARD, "repatriated_total") > 0 == of(stay, WARD, "repatriated_total")
    away = {"home": home, "stay": stay}
    days = {k: of(r, WARD, "number_outlying") / of(r, WARD, "overflowed_rate") for k, r in away.items()}
    assert days["home"] < 0.5 * days["stay"]
    assert days["stay"] == pytest.approx(328.9 * 0.891 / 5.0, rel=0.1)
    # a pool of beds here and away is then M/G/inf: nobody waits
    assert of(home, WARD, "wait_mean") == 0
    assert of(home, WARD, "number_outlying") < of(stay, WARD, "number_outlying")


def test_fewer_beds_place_more_people_out_of_area():
    out = []
    for beds in (400.0, 360.0, 330.0, 300.0):
        mh = care(beds=beds, occupancy=0.891 * 328.9 / beds)
        out.append(of(run(mh, 4000, 2), WARD, "number_outlying"))
    assert all(b > 1.3 * a for a, b in zip(out, out[1:], strict=False)), out


def test_no_placement_means_waiting_in_crisis():
    """People in crisis hold their place in A&E until a bed is free; direct admissions wait at home."""
    never, placed = run(care(placement__when="never")), run(care())
    assert AWAY not in mental_health(AREA, care(placement__when="never")).stations
    assert of(never, CRISIS, "number_blocked") > 0.05
    assert of(placed, CRISIS, "number_blocked") == 0
    clock = f"{WARD}_24_hours"
    assert of(never, clock, "share_within") < 0.95 < of(placed, clock, "share_within")


def test_waiting_before_a_placement():
    """The longer people hold out, the fewer go out of area, and the more wait in A&E; nobody longer than that."""
    placed, blocked = [], []
    for hours in (4, 24, 96):
        mh = care(placement__when="after_waiting", placement__repatriate=False, placement__patience_hours=hours)
        results = run(mh)
        placed.append(of(results, AWAY, "transferred_in_rate"))
        blocked.append(of(results, CRISIS, "number_blocked"))
        assert of(results, WARD, "wait_mean_of_waiters") * 24 < hours
    assert placed[0] > placed[1] > placed[2] > 0
    assert 0 < blocked[0] < blocked[1] < blocked[2]


def test_delay_is_blocking_when_supported_places_are_few():
    places = {"a_supported": {"places": 4, "waiting_room": 0, "service": {"kind": "exponential", "mean": "60 d"}}}
    tight = run(care(), supported="a_supported", stations=places)
    places = {"a_supported": {"places": 40, "waiting_room": 0, "service": {"kind": "exponential", "mean": "60 d"}}}
    wide = run(care(), supported="a_supported", stations=places)
    assert of(wide, WARD, "number_blocked") == 0 and of(tight, WARD, "number_blocked") > 1
    assert of(tight, WARD, "number_outlying") > of(wide, WARD, "number_outlying")


def test_hooks_of_the_front_door():
    """With a front door of one's own, people in crisis come there, and nothing else changes."""
    mh = care(placement__when="after_waiting", placement__repatriate=False)
    part = mental_health(AREA, mh, front_door="a_ed")
    assert CRISIS not in part.stations
    assert part.sources["a_mental_health_crisis"]["to"] == "a_ed"
    assert crisis_patience("a", mh)[0]["then"] == AWAY and crisis_patience("a", care()) == []
    door = {"places": 30, "service": [{"use": crisis_stay(mh)}], "routes": [{"to": {WARD: 1.0}}]}
    door["patience"] = crisis_patience("a", mh)
    network = {"horizon": "3000 d", "warm_up": "500 d", "classes": ["mental_health"], "sources": part.sources}
    results = simulate(network | {"stations": part.stations | {"a_ed": door}}, replications=2)
    assert of(results, "a_ed", "active_service") * 24 == pytest.approx(6, rel=0.06)
    assert of(results, AWAY, "transferred_in_total") > 0


def test_crisis_switched_off_is_the_plain_stream():
    part = mental_health(AREA, care(crisis__enabled=False))
    assert list(part.sources) == ["a_mental_health_direct"]
    assert part.sources["a_mental_health_direct"]["rate_per_day"] == pytest.approx(1.0)

"""The slow mechanisms together, beside the answers of stays to pressure: one owner for each number, Devon included."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from models.care.around import hybrid
from models.care.pressure import Watched, pressure, read_pressure
from models.care.slow import NAMES, Around, stocks_around
from models.care.stock_part import StockPart, stocks_together
from models.care.supply import Piece, Service, Site, constant_places, driven_stations
from models.figures.presets import read_section
from models.system.system import EMERGENCY_CLASSES, build, pathway_station, ward
from sim import Run, load_network, lower
from sim.clock import Calendar
from sim.errors import FaultsError
from sim.hybrid import Hybrid, HybridRun, KernelSide, Moment, PlainHybrid, ready
from sim.network.schema import Network
from sim.stocks import Trajectory
from sim.stocks.run import Stocks

CONFIGS = Path(__file__).resolve().parents[3] / "configs"
BEDS = (60, 58, 59, 62)
USUAL = 0.9


@functools.cache
def composed(preset: str) -> Around:
    with initialize_config_dir(str(CONFIGS), version_base=None):
        found = OmegaConf.to_container(compose(overrides=[f"+around={preset}"]).around)
        return read_section(Around, found, "configs/around")


def answers() -> Any:
    return read_pressure(yaml.safe_load((CONFIGS / "feedback" / "history.yaml").read_text(encoding="utf-8")))


def small_site() -> Site:
    services = {"p1": Service("home", 12), "p2": Service("rehab", 8), "p3": Service("care_home", 9)}
    return Site({"a_ward": BEDS}, USUAL, services, ("in",))


def small_network(days: int, per_day: float = 9.0) -> dict[str, Any]:
    service = {"kind": "exponential", "mean": "20 d"}
    stations = {
        "a_ward": {
            "places": [{"from": "2017-04-01", "places": 60}, {"from": "2017-07-01", "places": 58}],
            "service": {"kind": "exponential", "mean": "5.5 d"},
            "inside_room": 0,
            "routes": [{"to": {"home": 0.06, "rehab": 0.03, "care_home": 0.02, "leave": 0.89}}],
        },
        **{name: {"places": n, "service": service} for name, n in (("home", 12), ("rehab", 8), ("care_home", 9))},
    }
    return {
        "name": "small",
        "start": "2017-04-01",
        "horizon": f"{days} d",
        "classes": ["emergency"],
        "sources": {"in": {"class": "emergency", "to": "a_ward", "rate_per_day": per_day}},
        "stations": stations,
    }


def coupled(care: Around, network: dict[str, Any], beside: bool = True) -> Hybrid:
    """Couple the small network with what is on, and with the answers of stays unless they are left out."""
    part = stocks_around({"a": small_site()}, care, start_day=0)
    parts = [part] if part else []
    if beside:
        stays = pressure({"a": Watched("a_ward", USUAL, classes=("emergency",))}, answers(), start_day=0)
        parts.insert(0, stays)
    whole = stocks_together(parts)
    stations = constant_places(network["stations"], whole)
    return hybrid(load_network(network | {"stations": stations}), whole)


def run(one: Hybrid, seed: int = 1, **changes: float) -> Trajectory:
    return PlainHybrid(one, KernelSide(lowered := lower(one.network), Run(lowered, seed)), changes=changes).run()


def test_presets_say_what_is_on():
    on = {name: [n for n in NAMES if getattr(composed(name), n).enabled] for name in ("none", "usual", "all")}
    assert on == {"none": [], "usual": ["workforce"], "all": list(NAMES)}
    assert composed("short_of_staff").workforce.vacancy_at_start.keys() == {"nurses", "support"}
    assert not composed("usual").workforce.leaving_under_pressure.enabled
    assert stocks_around({"a": small_site()}, composed("none"), start_day=0) is None


def test_the_grade_of_every_mechanism_is_printed():
    lines = composed("usual").told()
    assert len(lines) == len(NAMES) + 5
    assert any(line.startswith("change_capacity: off, grade D. ") for line in lines)
    assert any(line.startswith("workforce.minimum_staffing: on, grade C. ") for line in lines)
    assert any(line.startswith("workforce.leaving_under_pressure: off") for line in lines)


@pytest.mark.parametrize("on", [*((name,) for name in NAMES), ("workforce", "care_market"), NAMES[3:], NAMES])
def test_any_of_them_go_together_with_the_answers_of_stays(on):
    """Names, units, owners and noise are checked as a hybrid is loaded."""
    switched = dict.fromkeys(NAMES, False) | dict.fromkeys(on, True)
    found = coupled(composed("all").switched(**switched), small_network(400))
    places = {drive.station for drive in found.drives if drive.sets == "places"}
    expected = {"home", "care_home"} if "care_market" in on else set()
    expected |= {"home", "rehab"} if "workforce" in on else set()
    assert places == expected | ({"a_ward"} if {"workforce", "estate"} & set(on) else set())
    coupled(composed("all").switched(**switched), small_network(400), beside=False)


@pytest.mark.parametrize(
    "off", ["minimum_staffing", "leaving_under_pressure", "temporary", "redeployment", "places_follow_staff"]
)
def test_parts_of_the_workforce_have_switches(off):
    care = composed("all")
    without = care.model_copy(update={"workforce": care.workforce.switched(**{off: False})})
    found, full = coupled(without, small_network(400)), coupled(care, small_network(400))
    assert Stocks(found.model).generated.source != Stocks(full.model).generated.source


def test_planned_steps_beside_a_drive_are_refused_until_they_are_constant():
    part = stocks_around({"a": small_site()}, composed("usual"), start_day=0)
    assert part is not None and driven_stations(part) == ("a_ward", "home", "rehab")
    network = small_network(400)
    with pytest.raises(FaultsError, match="planned in the network"):
        hybrid(load_network(network), part)
    stations = constant_places(network["stations"], part)
    assert stations["a_ward"]["places"] == 60 and stations["home"] == network["stations"]["home"]
    assert isinstance(network["stations"]["a_ward"]["places"], list)


def test_faulty_sites_are_told_all_at_once():
    bad = Site({"w": (1, 2, 3)}, 0.0, {"p1": Service("s", 0)})
    with pytest.raises(FaultsError) as caught:
        stocks_around({"a": bad}, composed("usual"), start_day=0)
    keys = {fault.key for fault in caught.value.faults}
    assert keys == {"a.usual_pressure", "a.wards.w", "a.services.p1.places"}


def test_a_small_system_runs_with_everything_on():
    """The engine checks every stock, station and exchange; places are those that were asked for."""

    def open_more(moment: Moment) -> None:
        if moment.time in (10, 100):
            moment.set("added_posts[home]" if moment.time == 10 else "added_places[home]", 6)

    one = coupled(composed("all"), small_network(420))
    found = PlainHybrid(one, KernelSide(lowered := lower(one.network), Run(lowered, 1)), controller=open_more).run()
    assert found["beds_open[a]"][1:-1] == pytest.approx(found["staffed_beds[a_ward]"][1:-1], abs=1.01)
    assert (found["staffed_beds[a_ward]"] <= planned_beds(found, BEDS)).all()
    assert found["places_wanted[home]"][-1] == 18 > found["open_places[home]"][-1] > 12


def test_a_place_made_of_several_things_opens_as_far_as_there_are_staff():
    """Home help takes a place of its own and two hours; both follow the places that staff allow, and one service."""
    pieces = (Piece("help", 6, 0.5), Piece("hours", 24, 2.0))
    site = Site(
        {"a_ward": BEDS}, USUAL, small_site().services | {"p1": Service("a_p1", 12, pieces, ("help",))}, ("in",)
    )
    part = stocks_around({"a": site}, composed("usual"), start_day=0)
    assert part is not None and driven_stations(part) == ("a_ward", "rehab", "help", "hours")
    network = small_network(420)
    network["pools"] = {"hours": {"places": 24}}
    stations = network["stations"]
    stations["help"] = stations.pop("home") | {"places": 6, "holds": [{"pools": {"hours": 4}}]}
    stations["a_ward"]["routes"][0]["to"]["help"] = stations["a_ward"]["routes"][0]["to"].pop("home")

    def open_more(moment: Moment) -> None:
        if moment.time in (10, 100):
            moment.set("added_posts[a_p1]" if moment.time == 10 else "added_places[a_p1]", 6)

    one = hybrid(load_network(network | {"stations": constant_places(stations, part)}), part)
    side = KernelSide(lowered := lower(one.network), state := Run(lowered, 1))
    found = PlainHybrid(one, side, controller=open_more).run()
    assert (found["open_places[a_p1]"][found.time < 100] == pytest.approx(12)) and found["places_wanted[a_p1]"][
        -1
    ] == 18
    assert 12 < found["open_places[a_p1]"][-1] < 18
    more = found["open_places[a_p1]"] - 12
    for pool, before, each in (("help", 6, 0.5), ("hours", 24, 2.0)):
        assert found[f"open_pieces[{pool}]"] == pytest.approx(before + each * more)
        at_last = state.state.pool["planned"][lowered.pools.index(pool)]
        assert at_last == pytest.approx(found[f"open_pieces[{pool}]"][-1], abs=0.51) and at_last > before


def planned_beds(found: Trajectory, beds: Sequence[int], start: dt.date = dt.date(2016, 4, 1)) -> np.ndarray:
    days = (start + dt.timedelta(days=float(day)) for day in found.time)
    quarter = np.array([Calendar.april_quarter(day) - 1 for day in days])
    return np.array(beds)[quarter]


def test_closures_reach_the_stocks_by_a_parameter():
    """Twelve beds close on a day of the run: beds, posts and staff follow."""

    def close(moment: Moment) -> None:
        if moment.time == 100:
            moment.set("added_places[home]", 6)
        if moment.time == 200:
            moment.set("closed_beds[a]", 12)

    one = coupled(composed("usual"), small_network(420, 7.0))
    found = PlainHybrid(one, KernelSide(lowered := lower(one.network), Run(lowered, 1)), controller=close).run()
    lost = planned_beds(found, BEDS) - found["beds_to_open[a]"]
    assert not lost[found.time < 200].any() and (lost[found.time > 200] == 12).all()
    assert found["beds_open[a]"][-1] == BEDS[0] - 12
    assert found["ward_posts[a,nurses]"][-1] == pytest.approx(0.8 * (62 - 12))
    assert found["retraining[a,nurses]"][found.time > 230].min() > 0.1


@pytest.mark.nightly
def test_pressure_staff_and_beds_reinforce_each_other():
    """Who leaves closes beds, which adds to the pressure, and more leave; agencies slow it and cost money."""
    only = composed("all").switched(estate=False, change_capacity=False, maturity=False, care_market=False)
    calm = only.model_copy(update={"workforce": only.workforce.switched(leaving_under_pressure=False)})
    off, on = (coupled(care, small_network(1300, 10.2), beside=False) for care in (calm, only))
    touchy = {"least_staffing": 0.98, "wear_elasticity": 3, "wear_noticing_time": 60}
    some, none = (run(on, agency_allowed=a, **touchy) for a in (1, 0))
    off = run(off, least_staffing=0.98)
    late = slice(-13, None)

    def mean(found: Trajectory, name: str) -> float:
        return float(found[name][late].mean())

    assert mean(off, "beds_to_open[a]") > mean(some, "beds_to_open[a]") > mean(none, "beds_to_open[a]")
    assert mean(off, "pressure_now[a]") <= mean(some, "pressure_now[a]") < mean(none, "pressure_now[a]")
    assert mean(off, "ward_staff[a,nurses]") > mean(some, "ward_staff[a,nurses]") > mean(none, "ward_staff[a,nurses]")
    assert some["agency_paid[a]"][-1] > off["agency_paid[a]"][-1] > none["agency_paid[a]"][-1] == 0


# -- Devon ------------------------------------------------------------------------------------------------------------


def devon(chosen: Any, preset: str, until: dt.date) -> tuple[Hybrid, Hybrid, dict[str, Site]]:
    """Devon under business as usual with the answers of stays alone, and with a preset beside them."""
    footprint, fit = chosen.footprint, chosen.fit
    system = build(footprint, fit, chosen.future, until, feedback=chosen.feedback)
    sites = {
        str(s): Site(
            {ward(s): [system.beds[s][q] for q in (1, 2, 3, 4)]},
            fit.usual_pressure[s],
            {p: Service(pathway_station(s, p), system.places[s, p]) for p in footprint.pathways},
            tuple(f"{s}_{cls}" for cls in EMERGENCY_CLASSES),
        )
        for s in footprint.sites
    }
    part = stocks_around(sites, composed(preset), start_day=365)  # 1 April 2017
    assert part is not None and system.around is not None
    alone = hybrid(system.network, system.around)
    return alone, hybrid(_held(system.network, part), stocks_together([system.around, part])), sites


def _held(network: Network, part: StockPart) -> Network:
    """Return the network with driven places as one number."""
    stations = dict(network.stations)
    for name in driven_stations(part):
        places = stations[name].places
        assert isinstance(places, list)
        stations[name] = stations[name].model_copy(update={"places": places[:1]})
    return network.model_copy(update={"stations": stations})


def as_planned(found: Trajectory, sites: dict[str, Site]) -> None:
    for site in sites.values():
        for station, beds in site.wards.items():
            season = planned_beds(found, beds, dt.date(2017, 4, 1))
            assert np.array_equal(np.floor(found[f"staffed_beds[{station}]"]), season)
        for service in (site.services["p1"], site.services["p2"]):
            assert (np.rint(found[f"open_places[{service.station}]"]) == service.places).all()


def test_baseline_staffing_leaves_devon_as_planned(chosen):
    """Beds and places are open as planned, to a bed, in every quarter."""
    _, beside, sites = devon(chosen, "usual", dt.date(2018, 2, 1))
    found = run(beside)
    as_planned(found, sites)
    for name, site in sites.items():
        assert set(found[f"beds_open[{name}]"][1:-1]) == {float(n) for n in next(iter(site.wards.values()))}


@pytest.mark.nightly
def test_hospitals_of_devon_are_as_full_as_without_the_stocks(chosen):
    """Three years, compiled; the pressure on every hospital is that of the network whose beds are planned steps."""
    alone, beside, sites = devon(chosen, "usual", dt.date(2020, 4, 1))
    found = []
    for one in (alone, beside):
        runs = [HybridRun(ready(one), seed=1, replication=r) for r in range(2)]
        for each in runs:
            each.advance()
        found.append(runs)
    as_planned(found[1][0].trajectory(), sites)
    for name in sites:
        for column, close in ((f"beds_open[{name}]", 1e-3), (f"pressure_now[{name}]", 0.02)):
            before, after = (np.mean([each.means()[column] for each in runs]) for runs in found)
            assert after == pytest.approx(before, rel=close), column


@pytest.mark.nightly
def test_everything_on_runs_in_devon(chosen):
    """Two years with every mechanism; the loop in Python checks that whole numbers and people add up."""
    _, beside, sites = devon(chosen, "all", dt.date(2019, 4, 1))
    found = run(beside)
    for name in sites:
        assert 0 < found[f"trust[{name}]"][-1] < 1
        assert 0.85 < found[f"beds_to_open[{name}]"][-1] / found[f"beds_planned[{name}]"][-1] <= 1
        assert found[f"maturity[{name}]"][-1] > 0.05

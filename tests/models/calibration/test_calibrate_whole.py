"""A whole calibration: implausibility, what is identified, ranges, quarters held back; on one hospital of Cornwall."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from models import CONFIGS
from models.calibration import calibrate, factors
from models.calibration import targets as calibration_targets
from models.calibration import whole as calibration_whole
from models.calibration.aim import delayed_by_pathway, delayed_each
from models.calibration.calibrate import CannotFit, fit_footprint
from models.calibration.point import at_point, start_of, unknowns
from models.calibration.targets import CHANGE, QUARTERS, aims, held_back, range_sd
from models.calibration.whole import Calibrated, _nearer, _slopes, calibrate_around, fit_hash, in_words
from models.footprint.footprint import Footprint, inside_beds, load_footprint
from models.settings.fit import Fit
from models.settings.future import Future
from models.settings.settings import Settings
from models.system.sizes import community_places
from sim.calibration import LogNormal, Moments, Parameter, Target, identify, spread_error
from sim.calibration.problem import Space
from sim.calibration.runs import Runner

FUTURE = Future.model_validate(yaml.safe_load((CONFIGS / "future" / "evidence.yaml").read_text("utf-8")))


@pytest.fixture(scope="module")
def area() -> tuple[Footprint, Fit]:
    """Cornwall with few ranges and a rough point estimate: four replications cannot meet delays to 5 %."""
    footprint = sure_of(load_footprint(CONFIGS / "footprint" / "cornwall.yaml"), ("p3", "p2"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(factors, "DELAY_TOLERANCE", 0.5)
        return footprint, fit_footprint(footprint, FUTURE, replications=4, workers=2)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three years in place of five, and few draws."""
    shorten(monkeypatch)


def shorten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calibration_whole, "YEARS", 3)
    patch.setattr(calibration_targets, "YEARS", 3)
    patch.setattr(calibration_whole, "_DRAWS", 5)


@pytest.fixture(scope="module")
def whole(area: tuple[Footprint, Fit]) -> Calibrated:
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        return calibrate_around(*area, FUTURE, workers=2)


def sure_of(footprint: Footprint, names: tuple[str, ...], all_else: bool = False) -> Footprint:
    """The footprint without ranges in some pathways, and in all else if asked, so that few parameters are left."""
    sure = {"low": None, "high": None, "year": footprint.baseline_year}

    def fixed(of: Any, *keys: str) -> Any:
        return of.model_copy(update={key: getattr(of, key).model_copy(update=sure) for key in keys})

    keys = ("arrivals_per_day", "service_days", *(["flex_elasticity"] if all_else else []))
    pathways = {name: fixed(p, *keys) if name in names else p for name, p in footprint.pathways.items()}
    changed: dict[str, Any] = {"pathways": footprint.pathways | pathways}
    if all_else:
        changed |= {"delays": fixed(footprint.delays, "reported_share")}
        changed |= {"demand": fixed(footprint.demand, "noise_variance")}
    return footprint.model_copy(update=changed)


# --- targets and parameters ----------------------------------------------------------------------------------------


def test_targets_carry_both_tolerances(chosen: Settings) -> None:
    found = {t.name: t for t in aims(chosen.footprint)}
    assert len(found) == 4 + 3 + 2
    beds, p1 = found["torbay_beds_occupied"], found["p1_delayed_beds"]
    quarters = [319.1978, 312.6739, 320.1848, 319.3]
    assert beds.value == pytest.approx(317.8)
    assert beds.sd_observed == pytest.approx(np.std(quarters, ddof=1) / 2)
    assert beds.sd_model == pytest.approx(3.178)
    assert p1.value == pytest.approx(23.8 * 1.06)
    assert p1.sd_observed == pytest.approx(23.8 * (1.12 - 1.0) / (2 * 1.6449))
    assert (p1.realisations, p1.basis, p1.conversion) == (1, "host trust", "delays.host_conversion")


def test_spread_between_years_is_that_of_the_published_days(chosen: Settings) -> None:
    days = [18763 / 366, 20242 / 365, 22476 / 365, 25259 / 365, 35075 / 366, 42082 / 365, 39871 / 365, 28437 / 365]
    changes = np.diff(np.log(days))
    c4 = 0.9593688  # of seven values
    found = {t.name: t for t in aims(chosen.footprint)}
    assert found[CHANGE].value == pytest.approx(np.std(changes, ddof=1) / c4, rel=1e-6)
    assert found[CHANGE].sd_observed == pytest.approx(spread_error(found[CHANGE].value, 7))
    assert 0.01 < found[QUARTERS].value < 0.04


def test_priors_come_from_the_ranges(chosen: Settings) -> None:
    assert chosen.fit is not None
    found = {p.name: p for p in unknowns(chosen.footprint, chosen.fit)}
    assert len(found) == 4 + 3 * 3 + 3 + 3
    stay, arrivals, places = (found[f"{k}_p1"] for k in ("stay", "arrivals", "places"))
    assert isinstance(stay.prior, LogNormal) and isinstance(arrivals.prior, LogNormal)
    assert stay.prior.median == 16.2
    assert stay.prior.sd == pytest.approx(range_sd(np.log(12.1), np.log(18.7)))
    # counted in another year, so widened to 0.7 to 1.4 times
    assert arrivals.prior.sd == pytest.approx(np.log(2.0) / (2 * 1.6449))
    assert isinstance(places.prior, LogNormal)
    assert places.prior.sd == pytest.approx(np.hypot(stay.prior.sd, arrivals.prior.sd))
    assert places.prior.median == pytest.approx(373 + 0.25 * 8.6 * 16.2)  # with those who come on from a community bed
    assert found["overlap_beds"].low == 0 and found["overlap_beds"].high == 350
    assert found["reported_share"].high == 1.0


def test_the_start_is_the_point_estimate(chosen: Settings) -> None:
    assert chosen.fit is not None
    start = start_of(chosen.footprint, chosen.fit)
    footprint, fit = at_point(chosen.footprint, chosen.fit, start)
    assert footprint == chosen.footprint
    assert fit.stay_factor == chosen.fit.stay_factor and fit.usual_pressure == chosen.fit.usual_pressure
    assert community_places(footprint, fit) == community_places(chosen.footprint, chosen.fit)
    for p in unknowns(chosen.footprint, chosen.fit):
        assert p.low <= start[p.name] <= p.high


def test_points_change_what_they_name_and_places_are_places(chosen: Settings) -> None:
    assert chosen.fit is not None
    start = start_of(chosen.footprint, chosen.fit)
    point = start | {"arrivals_p1": 25.0, "overlap_beds": 100.0, "flex_p3": 0.3}
    footprint, fit = at_point(chosen.footprint, chosen.fit, point)
    assert footprint.pathways["p1"].arrivals_per_day.value == 25.0
    assert footprint.pathways["p3"].flex_elasticity.value == 0.3
    # more who come, the same places: the factor on the load falls
    assert fit.capacity_factor["p1"] < chosen.fit.capacity_factor["p1"]
    total = sum(n for (_, p), n in community_places(footprint, fit).items() if p == "p1")
    assert total == pytest.approx(start["places_p1"], abs=2)
    was, now = inside_beds(chosen.footprint)["exeter"], inside_beds(footprint)["exeter"]
    beds = 779.5
    usual = chosen.fit.usual_pressure["exeter"]
    assert fit.usual_pressure["exeter"] == pytest.approx((usual * (beds - was) + was - now) / (beds - now))
    assert fit.usual_pressure["plymouth"] == pytest.approx(chosen.fit.usual_pressure["plymouth"])


# --- the machinery, where the answer is known ------------------------------------------------------------------------

P1 = [
    Parameter("arrivals_p1", 5, 80, LogNormal(22.0, 0.2), "per day"),
    Parameter("stay_p1", 4, 60, LogNormal(16.0, 0.13), "days"),
    Parameter("places_p1", 90, 1600, LogNormal(390.0, 0.24), "places"),
    Parameter("flex_p1", 0.01, 4, LogNormal(0.2, 0.33), "elasticity"),
]
WAIT = [Target("p1_delayed_beds", 25.0, 2.0, 2.0, unit="beds")]


def queue(point: dict[str, float], numbers: range) -> dict[str, np.ndarray]:
    """Delayed beds that depend on places over load alone, exactly linear in the logarithms."""
    load = np.log(point["arrivals_p1"] * point["stay_p1"] / point["places_p1"])
    noise = np.sin(np.arange(numbers.start, numbers.stop))
    return {"p1_delayed_beds": 55.0 + 300 * load - 0.5 * np.log(point["flex_p1"]) + noise}


def around(scaled: np.ndarray) -> tuple[Runner, Moments]:
    space = Space(P1)
    runner = Runner(queue, space, WAIT, 4)
    here = runner(space.from_scaled(scaled[None]))
    jacobian, doubt = _slopes(queue, space, ["p1_delayed_beds"], 4, scaled, np.full(4, 0.05), 1)
    assert doubt == pytest.approx([0.0], abs=1e-12)  # the same noise on both sides
    return runner, calibration_whole._moments(space, WAIT, scaled, jacobian, here, 4)


def test_slopes_are_exact_for_a_straight_surface() -> None:
    _, found = around(np.zeros(4))
    assert found.jacobian[0] == pytest.approx([300 * 0.2, 300 * 0.13, -300 * 0.24, -0.5 * 0.33])


def test_the_step_leads_to_the_exact_minimum_of_a_straight_surface() -> None:
    runner, found = around(np.array([0.3, -0.2, 0.1, 0.5]))
    nearer = _nearer(found, runner, np.zeros(1))
    a, away = found.whitened, (found.outputs - [25.0]) / np.sqrt(np.diag(found.total))
    exact = np.linalg.lstsq(np.vstack([a, np.eye(4)]), np.concatenate([a @ found.scaled - away, np.zeros(4)]))[0]
    assert nearer.scaled == pytest.approx(exact)
    assert abs(nearer.sds_off[0]) < abs(found.sds_off[0])


def test_chance_in_a_slope_is_no_knowledge() -> None:
    """Noise that does not cancel between points widens the target by the variance of the slopes."""
    space, steps = Space(P1), np.full(4, 0.05)

    def rough(point: dict[str, float], numbers: range) -> dict[str, np.ndarray]:
        own = np.random.default_rng([int(1e6 * v) for v in point.values()]).normal(size=len(numbers))
        return {"p1_delayed_beds": 25.0 + 2.0 * own}

    slopes, doubt = _slopes(rough, space, ["p1_delayed_beds"], 400, np.zeros(4), steps, 2)
    one = 2 * 2.0**2 / 400 / (2 * 0.05) ** 2  # variance of a difference of two means, over the squared width
    assert doubt == pytest.approx([4 * one], rel=0.15)
    assert (slopes[0] ** 2).sum() < 4 * 4 * one
    here = Runner(rough, space, WAIT, 400)(space.from_scaled(np.zeros((1, 4))))
    found = calibration_whole._moments(space, WAIT, np.zeros(4), 10 * slopes, here, 400)
    sure, unsure = (identify(calibration_whole.replace(found, total=found.total + d)) for d in (0.0, 100 * doubt))
    assert min(sure.ratios.values()) < min(unsure.ratios.values())


def test_p1_is_known_as_one_ratio_and_the_rest_are_priors() -> None:
    _, found = around(np.zeros(4))
    footprint: Any = SimpleNamespace(pathways={"p1": SimpleNamespace(title="Home with support")})
    assert in_words(footprint, found, identify(found)) == [
        "Home with support: arrivals_p1 x stay_p1 / places_p1: only their ratio is identified; the rest are priors",
        "flex_p1: nothing is learnt; the range afterwards is the one that was put in",
    ]


# --- one hospital ------------------------------------------------------------------------------------------------


def test_the_point_estimate_is_left_alone(area: tuple[Footprint, Fit], whole: Calibrated) -> None:
    same = {"posterior": {}, "identified": [], "implausibility": {}, "hash": ""}
    assert whole.fit.model_copy(update=same) == area[1]
    assert whole.fit.feedback == "none" and whole.fit.mechanisms == []


def test_every_target_says_basis_year_clock_and_miss(area: tuple[Footprint, Fit], whole: Calibrated) -> None:
    found = whole.fit.implausibility
    assert set(found) == {t.name for t in aims(area[0])}
    for row in found.values():
        assert row.implausibility == pytest.approx(abs(row.simulated - row.observed) / row.sd, abs=0.02)
        assert row.implausibility <= 3 and row.basis and row.year and row.clock
    assert found[CHANGE].year == "2011/12-2018/19" and found[CHANGE].simulated > 0.05
    assert found["p1_delayed_beds"].clock.startswith("counted delayed transfers")
    assert found["royal_cornwall_beds_occupied"].clock == "counted at midnight"


def test_only_one_combination_of_arrivals_stay_and_places_is_identified(whole: Calibrated) -> None:
    words = next(w for w in whole.fit.identified if w.startswith("Home with support:"))
    assert "places_p1" in words and "only" in words and words.endswith("the rest are priors")
    draws = dict(zip([p.name for p in whole.known.parameters], np.log(whole.known.values.T), strict=True))
    ratio = draws["arrivals_p1"] + draws["stay_p1"] - draws["places_p1"]
    assert np.std(ratio) < 0.7 * min(np.std(draws["arrivals_p1"]), np.std(draws["places_p1"]))
    assert whole.identified.ratios["reported_share"] > 0.8  # the targets do not tell


def test_ranges_lie_within_the_bounds_and_hold_their_median(area: tuple[Footprint, Fit], whole: Calibrated) -> None:
    for parameter in unknowns(*area):
        row = whole.fit.posterior[parameter.name]
        assert parameter.low <= row.low <= row.median <= row.high <= parameter.high
        assert row.prior_low < row.prior_high
    assert whole.fit.posterior["stay_factor_royal_cornwall"].used == area[1].stay_factor["royal_cornwall"]


def test_held_back_quarters_are_predicted_by_site(area: tuple[Footprint, Fit], whole: Calibrated) -> None:
    assert [t.name for t in whole.held.targets] == [t.name for t in held_back(area[0])]
    coverage = whole.coverage().loc["royal_cornwall"]
    assert coverage["quarters"] == 3 and coverage["level"] == 0.9
    assert coverage["inside"] == whole.held.inside.sum()


def test_delays_by_replication_have_the_pooled_mean(chosen: Settings) -> None:
    assert chosen.fit is not None
    o = calibrate._baseline(chosen.footprint, chosen.fit, chosen.future, None, 1, 3, 2)
    months = o.in_year("2018/19")
    pooled, each = delayed_by_pathway(o, months), delayed_each(o, months)
    for name, beds in each.items():
        assert beds.shape == (3,)
        assert beds.mean() == pytest.approx(pooled[name], rel=0.03)


def test_same_bytes_for_any_workers_whatever_the_held_back_quarters(
    area: tuple[Footprint, Fit], short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    footprint, fit = sure_of(area[0], ("p1", "p2", "p3"), all_else=True), area[1].model_copy(update={"replications": 2})
    monkeypatch.setattr(calibration_whole, "LIMIT", 99.0)  # two replications say nothing of chance
    one = calibrate_around(footprint, fit, FUTURE, workers=1)
    known = held_back(footprint)
    other = [Target(t.name, 0.5 * t.value, sd_model=1.0, unit=t.unit, realisations=1) for t in known]
    monkeypatch.setattr(calibration_whole, "held_back", lambda _: other)
    two = calibrate_around(footprint, fit, FUTURE, workers=2)
    assert yaml.safe_dump(one.fit.model_dump()).encode() == yaml.safe_dump(two.fit.model_dump()).encode()
    assert one.held.low.tolist() != [] and not two.held.inside.any()


def test_a_hash_belongs_to_one_fit(whole: Calibrated) -> None:
    assert whole.fit.hash == fit_hash(whole.fit)
    assert fit_hash(whole.fit.model_copy(update={"seed": 2})) != whole.fit.hash
    again = Fit.model_validate(yaml.safe_load(yaml.safe_dump(whole.fit.model_dump())))
    assert again == whole.fit and fit_hash(again) == whole.fit.hash


# --- no baseline -------------------------------------------------------------------------------------------------


def test_a_target_beyond_three_standard_deviations_is_refused(
    area: tuple[Footprint, Fit], short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    footprint, fit = area
    monkeypatch.setattr(calibration_whole, "_slopes", lambda *_: pytest.fail("slopes were taken"))
    longer = fit.model_copy(update={"stay_factor": {k: 0.85 * v for k, v in fit.stay_factor.items()}})
    with pytest.raises(CannotFit, match=r"royal_cornwall_beds_occupied \(604 beds observed, .* standard deviations\)"):
        calibrate_around(footprint, longer, FUTURE, workers=2)


def test_more_beds_in_use_than_open_is_refused_at_once(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "_baseline", lambda *_: pytest.fail("it ran"))
    with pytest.raises(CannotFit, match=r"north_devon \(300.0 beds in use, 271.0 open\)"):
        fit_footprint(contradictory(chosen.footprint), chosen.future)


def contradictory(footprint: Footprint) -> Footprint:
    """More people in the beds of one hospital than it has beds."""
    site = footprint.sites["north_devon"]
    beds = site.beds_occupied.model_copy(update={"value": 300.0})
    full = site.model_copy(update={"beds_occupied": beds})
    return footprint.model_copy(update={"sites": footprint.sites | {"north_devon": full}})

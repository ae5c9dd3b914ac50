"""Beds out of reach: the search for them, what a fit with them simulates, how long waits are judged and forecast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import yaml

from models import CONFIGS
from models.arms.arms import Observed, make_arm, run_arms
from models.calibration import baseline as baseline_module
from models.calibration import reach as reach_module
from models.calibration.baseline import check_baseline
from models.calibration.calibrate import fit_footprint
from models.calibration.command import fit_text
from models.calibration.front import log_odds
from models.calibration.reach import LEAST_MISS, WAIT_TOLERANCE, Reach, observed_waits
from models.calibration.waits_ahead import misses_of_waits, waits_ahead
from models.calibration.whole import fit_hash
from models.footprint.footprint import Footprint, load_footprint
from models.hindcast.england import feedback_named
from models.measures.measures import cancelled_share, long_wait_share
from models.settings.fit import Fit
from models.settings.request import parse
from models.settings.settings import settings
from models.system.details import build
from models.system.sizes import season_beds
from models.system.system import network_data
from tests.models.system.test_whole import END

FOLDER = CONFIGS / "footprint"
DEVON = load_footprint(FOLDER / "devon_2023_24.yaml")
MONTHS = np.ones(1, bool)


def shipped(name: str) -> Fit:
    return Fit.model_validate(yaml.safe_load((CONFIGS / "fit" / f"{name}.yaml").read_text("utf-8")))


# --- what was counted ------------------------------------------------------------------------------------------------


def test_the_share_is_of_those_admitted_through_the_department() -> None:
    found = observed_waits(DEVON)
    assert found["plymouth"] == pytest.approx(6704 / (93.7158 * 365), rel=0.003)
    assert found["torbay"] == pytest.approx(1409 / (79.2213 * 365), rel=0.003)
    assert DEVON.fits_waits and not load_footprint(FOLDER / "devon.yaml").fits_waits


# --- the search ------------------------------------------------------------------------------------------------------


class Hospitals:
    """Long waits that follow from the beds out of reach by a rule, where a run would take a minute."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rule: Callable[[str, int], float]):
        self.reach, self.rounds = Reach(DEVON), 0
        monkeypatch.setattr(reach_module, "waited", lambda _o, site, _m: rule(site, self.reach.beds[site]))

    def sought(self, most: int = 30) -> dict[str, float]:
        anything: Any = None
        for _ in range(most):
            self.rounds += 1
            misses = self.reach.misses(anything, MONTHS)
            if max(map(abs, misses.values())) <= 1:
                return misses
            self.reach.move()
        raise AssertionError(f"not found in {most} rounds: {self.reach.beds}, {misses}")


def share_of(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))


@pytest.mark.parametrize("slope", [0.07, 0.1, 0.4])
def test_beds_are_found_where_waits_rise_evenly(monkeypatch: pytest.MonkeyPatch, slope: float) -> None:
    hospitals = Hospitals(monkeypatch, lambda site, beds: share_of(-4.5 + slope * beds))
    hospitals.sought()
    for site, wanted in hospitals.reach.wanted.items():
        found = share_of(-4.5 + slope * hospitals.reach.beds[site])
        assert abs(found - wanted) <= max(WAIT_TOLERANCE * wanted, LEAST_MISS) or (
            abs(log_odds(found) - log_odds(wanted)) <= slope  # the nearest whole bed
        )
    assert hospitals.rounds <= 20


def test_the_nearer_of_two_beds_is_taken_where_none_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the first bed waits jump from 1 % to 60 %; what was counted lies between."""
    hospitals = Hospitals(monkeypatch, lambda site, beds: 0.01 if beds == 0 else 0.6 + 0.001 * beds)
    misses = hospitals.sought()
    assert hospitals.reach.beds["torbay"] == hospitals.reach.beds["exeter_barnstaple"] == 0
    assert hospitals.reach.beds["plymouth"] == 1  # 20 % is nearer to 60 % than to 1 %, in log odds
    assert set(misses.values()) == {0.0}


def test_what_cannot_be_met_stops_at_the_end_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    hospitals = Hospitals(monkeypatch, lambda site, beds: 0.9 if site == "torbay" else 0.001)
    hospitals.sought(40)
    free = {s: b.beds_available.value - b.beds_occupied.value for s, b in DEVON.sites.items()}
    assert hospitals.reach.beds["torbay"] == 0
    assert 0.8 * free["plymouth"] < hospitals.reach.beds["plymouth"] <= 0.95 * free["plymouth"]


def test_what_was_seen_is_forgotten_when_something_else_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    level = {"odds": -2.0}
    hospitals = Hospitals(monkeypatch, lambda site, beds: share_of(level["odds"] - 2.5 + 0.1 * beds))
    hospitals.sought()
    before = dict(hospitals.reach.beds)
    level["odds"] = -4.0
    hospitals.reach.forget()
    hospitals.sought()
    assert all(hospitals.reach.beds[site] > before[site] for site in before)


def test_a_fit_holds_shares_that_give_the_same_whole_beds() -> None:
    reach = Reach(DEVON)
    for beds in (1, 7, 16, 76):
        reach.beds = dict.fromkeys(reach.beds, beds)
        fit = shipped("devon_2023_24").model_copy(update={"out_of_reach": reach.shares})
        for site in DEVON.sites:
            data = network_data(DEVON, fit, settings(parse(["footprint=devon_2023_24", "timeline=5y"])).future, END)
            assert data["stations"][f"{site}_ward"]["reserve"] == {"emergency": beds, "direct": beds}


def test_in_the_whole_care_system_wards_keep_them_as_well() -> None:
    footprint = load_footprint(FOLDER / "devon.yaml")
    future = settings(parse(["footprint=devon", "timeline=5y"])).future
    fit = shipped("devon_default").model_copy(update={"out_of_reach": {"plymouth": 0.05}})
    stations = build(footprint, fit, future, END).network.stations
    kept = round(0.05 * float(np.mean(list(season_beds(footprint)["plymouth"].values()))))
    assert stations["plymouth_ward"].reserve == {"emergency": kept, "direct": kept}
    assert stations["torbay_ward"].reserve == {}


# --- what a fit with them simulates ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> Callable[[Footprint, Fit, str], Observed]:
    def simulated(footprint: Footprint, fit: Fit, until: str) -> Observed:
        import datetime as dt

        future = settings(parse([f"footprint={footprint.name}", "timeline=5y"])).future
        system = build(footprint, fit, future, dt.date.fromisoformat(until), feedback=feedback_named("history"))
        return run_arms([make_arm("usual", system)], 3, 6, 2)[0]

    return simulated


def test_beds_out_of_reach_lengthen_waits_and_spare_planned_patients(run: Any) -> None:
    footprint, fit = load_footprint(FOLDER / "cornwall_2023_24.yaml"), shipped("cornwall_2023_24")
    waits, lost = [], []
    for share in (0.0, fit.out_of_reach["royal_cornwall"]):
        one = fit.model_copy(update={"out_of_reach": {"royal_cornwall": share} if share else {}})
        o = run(footprint, one, "2024-04-01")
        months = o.in_year("2023/24")
        waits.append(float(long_wait_share(o, "royal_cornwall", [months], 1).mean()))
        lost.append(float(cancelled_share(o, "royal_cornwall", [months]).mean()))
    assert waits[1] > 1.5 * waits[0] and lost[1] < lost[0]
    assert waits[1] == pytest.approx(observed_waits(footprint)["royal_cornwall"], rel=0.5)


def test_long_waits_are_forecast_and_laid_beside_persistence(run: Any) -> None:
    footprint, fit = load_footprint(FOLDER / "cornwall_2023_24.yaml"), shipped("cornwall_2023_24")
    o = run(footprint, fit, "2025-04-01")
    found = check_baseline(footprint, fit, o)
    assert list(found.waits["quarter"]) == [f"2024/25 Q{q}" for q in (1, 2, 3, 4)]
    row = found.waits.iloc[0]
    assert row["same_quarter_over_12h"] == found.waits["last_quarter_over_12h"].iloc[0] or row["observed_over_12h"] > 0
    assert found.errors["forecast_over_12h_per_cent"] > 0
    assert not any("waits over twelve hours" in reason for reason in found.reasons)
    without = check_baseline(footprint, fit.model_copy(update={"out_of_reach": {}}), o)
    assert without.waits.empty and "forecast_over_12h_per_cent" not in without.errors
    far = fit.model_copy(update={"out_of_reach": {"royal_cornwall": 0.03}})
    reasons = check_baseline(footprint, far, run(footprint, far, "2025-04-01")).reasons
    assert any("waits over twelve hours at Royal Cornwall Hospital are" in reason for reason in reasons)


@pytest.mark.parametrize(("runs", "refused"), [(8, False), (48, True)])
def test_a_few_quiet_years_are_no_proof_of_short_waits(
    monkeypatch: pytest.MonkeyPatch, runs: int, refused: bool
) -> None:
    """Half a per cent where 2.5 % were counted: years vary by more than the mean of so few can tell."""

    class Usual:
        def in_year(self, _year: str) -> Any:
            return MONTHS

    def quiet(_o: Any, site: str, _masks: Any, _clock: int) -> Any:
        wanted = observed_waits(DEVON)[site]
        about = 0.005 if site == "exeter_barnstaple" else wanted
        return np.linspace(0.9 * about, 1.1 * about, runs)[:, None]

    monkeypatch.setattr(baseline_module, "long_wait_share", quiet)
    usual: Any = Usual()
    found = baseline_module._missed_waits(DEVON, usual)
    assert [("Royal Devon" in text) for text in found] == ([True] if refused else [])


def test_misses_are_in_per_cent_of_what_was_counted() -> None:
    footprint = load_footprint(FOLDER / "cornwall_2023_24.yaml")
    table = waits_ahead(footprint, {"royal_cornwall": {f"2024/25 Q{q}": 1000.0 for q in (1, 2, 3, 4)}})
    seen = table["observed_over_12h"]
    assert misses_of_waits(table)["forecast_over_12h_per_cent"] == pytest.approx(
        100 * (1000 - seen).abs().mean() / seen.mean()
    )
    assert list(table["same_quarter_over_12h"]) != list(seen)
    assert misses_of_waits(table.assign(observed_over_12h=0.0)) == {}


# --- files of fits ---------------------------------------------------------------------------------------------------


def test_fits_without_them_are_written_as_before() -> None:
    chosen = settings(parse(["footprint=cornwall", "timeline=5y"]))
    fit = shipped("cornwall")
    assert "out_of_reach" not in fit_text(chosen, fit, quick=True)
    assert fit_hash(fit) == fit_hash(fit.model_copy(update={"out_of_reach": {}}))
    assert fit_hash(fit) != fit_hash(fit.model_copy(update={"out_of_reach": {"royal_cornwall": 0.01}}))
    assert "out_of_reach:\n  royal_cornwall" in fit_text(chosen, shipped("cornwall_2023_24"), quick=True)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["devon_2023_24", "cornwall_2023_24"])
def test_the_shipped_fit_is_what_the_command_makes(name: str) -> None:
    chosen = settings(parse([f"footprint={name}", "timeline=5y"]))
    fit = fit_footprint(chosen.footprint, chosen.future, workers=2, feedback=chosen.feedback)
    whole = shipped(name)  # a whole calibration adds ranges, misses, a hash, and words before these
    point = {"posterior": {}, "implausibility": {}, "hash": "", "identified": whole.identified[-len(fit.identified) :]}
    assert fit == whole.model_copy(update=point)

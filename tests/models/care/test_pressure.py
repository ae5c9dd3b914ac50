"""Stays answer to pressure: neutral at usual pressure, the stated elasticity in balance, bounds, and switches."""

import datetime as dt

import numpy as np
import pytest

from models.care.around import hybrid
from models.care.pressure import (
    Pressure,
    Watched,
    april_quarters,
    by_quarter,
    day_of_four_years,
    pressure,
    read_pressure,
)
from models.care.stock_part import StockPart, stocks_together
from models.hindcast.england import feedback_named
from sim import load_network, lower
from sim.clock import Calendar
from sim.errors import FaultsError
from sim.hybrid import HybridRun, ready
from sim.kernel.layout import BLOCKED, IN_SERVICE, IN_TRANSITION, WAITING
from sim.run import Run
from sim.stocks import Stocks, load_stocks

RATE, STAY = 100.0, 6.0
USUAL = 0.8
BEDS = 750


def network(beds: int, classes: tuple[str, ...] = ("emergency",), **more):
    """One large hospital with room to spare: nobody waits, so only the answer to pressure limits it."""
    source = {"class": "emergency", "to": "ward", "rate_per_day": RATE}
    return load_network(
        {
            "start": "2017-04-01",
            "horizon": "730 d",
            "warm_up": "365 d",
            "classes": list(classes),
            "attributes": {"cohort": ["medium", "long"]},
            "sources": {"come": source, **more},
            "stations": {"ward": {"places": beds, "service": {"kind": "exponential", "mean": f"{STAY} d"}}},
            "census": [{"station": "ward", "class": "emergency", "count": min(beds, int(USUAL * BEDS))}],
        }
    )


def elastic(care: Pressure, value: float) -> Pressure:
    """The same with another elasticity and bounds that do not bind."""
    answer = care.bed_limited_response
    changed = answer.model_copy(
        update={
            "elasticity": answer.elasticity.model_copy(update={"value": value, "low": 0.0, "high": 10.0}),
            "shortest": answer.shortest.model_copy(update={"value": 0.2, "low": 0.1}),
            "longest": answer.longest.model_copy(update={"value": 3.0, "high": 4.0}),
        }
    )
    return care.model_copy(update={"bed_limited_response": changed})


def run(beds: int, care: Pressure, watched: Watched | None = None, replications: int = 4):
    """Mean number in beds in the second year, by replication, and the last run."""
    part = pressure({"one": watched or Watched("ward", USUAL)}, care, start_day=0)
    made, out, last = ready(hybrid(network(beds), part)), [], None
    for r in range(replications):
        last = HybridRun(made, 1, r)
        last.advance()
        area = last.network.state.area[12:, 0, :, [WAITING, IN_SERVICE, BLOCKED, IN_TRANSITION]].sum()
        out.append(area / (365 * 86_400_000))
    return np.array(out), last


@pytest.mark.parametrize("elasticity", [0.8, 1.6, 2.7])
def test_beds_in_use_follow_beds_with_the_elasticity_of_balance(elasticity):
    """In balance n = D (n / B / usual)^-e, so n follows B with e / (1 + e), and D with 1 / (1 + e)."""
    care = elastic(feedback_named("history"), elasticity)
    there, fewer = run(BEDS, care)[0], run(round(BEDS * 0.9), care)[0]
    found = np.log(fewer / there).mean() / np.log(round(BEDS * 0.9) / BEDS)
    assert found == pytest.approx(elasticity / (1 + elasticity), abs=0.03)
    demand = RATE * STAY
    expected = demand ** (1 / (1 + elasticity)) * (BEDS * USUAL) ** (elasticity / (1 + elasticity))
    assert there.mean() == pytest.approx(expected, rel=0.01)


@pytest.mark.nightly
def test_without_an_answer_beds_in_use_are_what_demand_offers():
    """Switched off, the number of beds makes no difference and the mean is rate times stay."""
    off = feedback_named("history").switched(bed_limited_response=False)
    there, fewer = run(BEDS, off)[0], run(round(BEDS * 0.95), off)[0]
    assert there.mean() == pytest.approx(RATE * STAY, rel=0.015)
    assert np.array_equal(there, fewer)


def test_switched_off_the_network_runs_as_if_alone():
    """All off and no season: the same events, to the last bit."""
    off = feedback_named("none")
    _, last = run(BEDS, off, replications=1)
    alone = Run(lower(network(BEDS)), 1, 0)
    alone.advance()
    assert last is not None
    assert last.network.fingerprint == alone.fingerprint


def test_season_is_the_factor_of_its_quarter():
    """Four factors on stays, by April quarter."""
    season = (0.8, 1.0, 1.1, 1.3)
    off = feedback_named("none")
    _, last = run(BEDS, off, Watched("ward", USUAL, season), replications=1)
    assert last is not None
    rows = last.trajectory()
    factor, time = rows["stay_factor[one]"], rows.time
    for day, value in ((28, 0.8), (140, 1.0), (224, 1.1), (336, 1.3), (365 + 55, 0.8)):
        at = int(np.argmin(np.abs(time - day)))
        assert factor[at] == pytest.approx(value)


def test_stays_do_not_shorten_without_end():
    """A tenth of the beds: the factor stops at its bound."""
    care = feedback_named("history")
    _, last = run(BEDS // 10, care, replications=1)
    assert last is not None
    assert min(last.trajectory()["stay_factor[one]"]) == pytest.approx(care.bed_limited_response.shortest.value)


def test_speed_up_is_neutral_at_usual_pressure_and_turns():
    """Shorter stays between the knots, longer above the second; both relative to what is usual."""
    care = feedback_named("none").switched(speed_up=True)
    step = care.speed_up
    part = pressure({"one": Watched("ward", 0.88)}, care, start_day=0)
    values = {}
    for felt in (0.88, 0.92, 0.93, 0.99):
        space = {
            "MAX": max,
            "MIN": min,
            "shortening": step.shortening_per_point.value,
            "lengthening": step.lengthening_per_point.value,
            "speed_up_from": step.from_occupancy.value,
            "speed_up_turns_at": step.turns_at.value,
            "one_point": 0.01,
            "pressure_noticed": felt,
            "usual_pressure": 0.88,
        }
        at = eval(part.auxiliaries["speed_up_at[site]"], space)  # noqa: S307 - our own equation
        usually = eval(part.auxiliaries["speed_up_usually[site]"]["equation"], space)  # noqa: S307
        values[felt] = at / usually
    assert values[0.88] == pytest.approx(1.0)
    assert values[0.93] < values[0.92] < 1 and values[0.99] > values[0.93]


@pytest.mark.nightly
def test_early_discharge_brings_people_back():
    """At full occupancy the odds of coming back rise, and the excess comes as whole people by its own way in."""
    care = feedback_named("none").switched(early_discharge=True)
    watched = Watched("ward", 0.98, returns_by="back")
    back = {"class": "emergency", "to": "ward", "driven": "24 h", "attributes": {"cohort": "medium"}}
    part = pressure({"one": watched}, care, start_day=0)
    full = ready(hybrid(network(600, back=back), part))
    last = HybridRun(full, 1, 0)
    last.advance()
    came = last.network.state.flow[12:, 0, 0, 0].sum()
    alone = Run(lower(network(600)), 1, 0)
    alone.advance()
    extra = came - alone.state.flow[12:, 0, 0, 0].sum()
    share = extra / last.network.state.flow[12:, 0, 0, 6].sum()
    base = 0.138
    highest = 1.17 * base / (1 - base) / (1 + 1.17 * base / (1 - base)) - base
    assert 0.005 < share <= highest + 0.002


def test_faults_are_named():
    """A unit that is not the place's, and a key that is missing, together."""
    data = feedback_named("history").model_dump(mode="json")
    data["bed_limited_response"]["adjusting_days"]["unit"] = "weeks"
    del data["speed_up"]["noticing_days"]
    with pytest.raises(FaultsError) as caught:
        read_pressure(data)
    keys = [fault.key for fault in caught.value.faults]
    assert any("adjusting_days" in key for key in keys) and any("noticing_days" in key for key in keys)


def test_two_mechanisms_may_not_mean_different_things_by_one_name():
    """Equal definitions count once, different ones are a fault."""
    one = StockPart(parameters={"a": {"value": 1, "unit": "day"}})
    assert stocks_together([one, one]).parameters == one.parameters
    other = StockPart(parameters={"a": {"value": 2, "unit": "day"}})
    with pytest.raises(FaultsError, match="defined differently"):
        stocks_together([one, other])


@pytest.mark.parametrize("start", ["2015-04-01", "2017-04-01", "2018-12-30", "2020-02-28"])
def test_quarters_begin_on_their_day_by_the_calendar(start):
    """For forty years from any start, leap years included."""
    start = dt.date.fromisoformat(start)
    part = april_quarters(day_of_four_years(start))
    model = {"name": "quarters", "time": {"unit": "day", "start": 0, "end": 14_610, "dt": 1}, "units": []}
    part.auxiliaries["quarter"] = {"equation": by_quarter("number"), "unit": "dimensionless"}
    part.parameters.update({f"number_q{q}": {"value": q, "unit": "dimensionless"} for q in (1, 2, 3, 4)})
    part.stocks["none"] = {"initial": 0, "unit": "dimensionless"}
    found = Stocks(
        load_stocks({**model, "parameters": part.parameters, "auxiliaries": part.auxiliaries, "stocks": part.stocks})
    ).run()
    days = [start + dt.timedelta(days=float(t)) for t in found.time]
    assert found["quarter"].tolist() == [Calendar.april_quarter(day) for day in days]

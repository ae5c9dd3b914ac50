"""Steps of demand: bank holidays, shocks, general practice, prevention with delays of years, and their networks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import erlang

from models.care.demand import (
    demand_shape,
    effect_steps,
    load_demand,
    noise_groups,
    prevention_steps,
    rates_per_day,
)
from models.care.population import NEEDS, age_shares, growth, load_population
from models.care.shocks import (
    STREAMS,
    Shock,
    bank_holidays,
    closed_beds,
    combined,
    holiday_steps,
    months_beside,
    of_dates,
    shock_steps,
    value_on,
)
from sim import load_network
from sim.errors import FaultsError
from sim.rates import rate_tables

CONFIGS = Path(__file__).parents[3] / "configs"
PRESETS = sorted(p.stem for p in (CONFIGS / "demand").glob("*.yaml"))
PLACE = "england_per_million"
START = dt.date(2018, 4, 1)
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def population():
    return load_population(CONFIGS / "care" / "population.yaml")


@pytest.fixture(scope="module")
def presets():
    return {name: load_demand(CONFIGS / "demand" / f"{name}.yaml") for name in PRESETS}


def days_of(first, last):
    return [first + dt.timedelta(days=n) for n in range((last - first).days)]


def enabled(preset, name, **changes):
    return preset.shocks[name].model_copy(update={"enabled": True, **changes})


# -- bank holidays and steps ------------------------------------------------------------------------------------------

PUBLISHED = {  # gov.uk, England and Wales
    2010: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2011: "01-03 04-22 04-25 04-29 05-02 05-30 08-29 12-26 12-27",
    2012: "01-02 04-06 04-09 05-07 06-04 06-05 08-27 12-25 12-26",
    2016: "01-01 03-25 03-28 05-02 05-30 08-29 12-26 12-27",
    2018: "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26",
    2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_bank_holidays_as_published(year):
    assert list(bank_holidays(year, year)) == [dt.date.fromisoformat(f"{year}-{d}") for d in PUBLISHED[year].split()]


def test_bank_holidays_of_all_years():
    for year in range(2010, 2036):
        found = bank_holidays(year, year)
        assert len(found) == 8 + (year in (2011, 2012, 2022, 2023)) + (year == 2022)
        assert all(day.weekday() < 5 for day in found)
    assert dt.date(2035, 3, 26) in bank_holidays(2010, 2035)  # Easter Monday; Easter was worked out by Gauss's rule


def test_single_dates_as_steps():
    monday = dt.date(2018, 1, 1)
    steps = of_dates({monday: 0.8, monday + DAY: 1.1, monday + 5 * DAY: 0.5})
    found = [value_on(steps, monday + n * DAY) for n in range(-1, 7)]
    assert found == [1, 0.8, 1.1, 1, 1, 1, 0.5, 1]


def test_steps_multiply_day_by_day():
    rng = np.random.default_rng(1)
    first = dt.date(2018, 1, 1)

    def some():
        return tuple((first + int(n) * DAY, float(rng.uniform(0.5, 2))) for n in np.unique(rng.integers(0, 60, 8)))

    levels = [some() for _ in range(4)]
    whole = combined(*levels)
    for day in days_of(first - DAY, first + 70 * DAY):
        assert value_on(whole, day) == pytest.approx(np.prod([value_on(one, day) for one in levels]))
    assert combined() == combined((), ()) == ()
    with pytest.raises(FaultsError, match="dates must rise"):
        combined(((first, 1.0), (first, 2.0)))


def test_holidays_move_people_between_days_and_change_no_month(presets):
    holidays = presets["history"].holidays
    month = presets["history"].patterns["emergency"].month.values
    steps = holiday_steps(holidays, "zero_day", 2018, 2021)
    assert value_on(steps, dt.date(2021, 12, 25)) == 0.65  # a Saturday: Christmas Day itself
    assert value_on(steps, dt.date(2021, 12, 27)) == 0.80  # its substitute
    assert value_on(steps, dt.date(2021, 12, 29)) == 1.05  # the first working day after
    assert value_on(steps, dt.date(2021, 12, 30)) == 1
    beside = months_beside(month, steps, 2018, 2021)
    for number in range(12):
        days = [d for d in days_of(dt.date(2018, 1, 1), dt.date(2022, 1, 1)) if d.month == number + 1]
        assert np.mean([beside[number] * value_on(steps, d) for d in days]) == pytest.approx(month[number])
    planned, weekday = holiday_steps(holidays, "elective", 2018, 2021), (1.33,) * 5 + (0.21, 0.14)
    beside = months_beside([1.0] * 12, planned, 2018, 2021, weekday)
    days = days_of(dt.date(2018, 1, 1), dt.date(2022, 1, 1))
    december = [(weekday[d.weekday()], value_on(planned, d)) for d in days if d.month == 12]
    assert sum(w * f * beside[11] for w, f in december) == pytest.approx(sum(w for w, _ in december))
    off = holidays.model_copy(update={"enabled": False})
    assert holiday_steps(off, "zero_day", 2018, 2021) == ()
    with pytest.raises(FaultsError, match="Did you mean 'zero_day'"):
        holiday_steps(holidays, "zero", 2018, 2021)


# -- shapes in a network ----------------------------------------------------------------------------------------------


def network_of(demand, population, streams=STREAMS, start=START, days=3653):
    rates = rates_per_day(demand, population, PLACE, start)
    end = start + dt.timedelta(days=days)
    shapes = {s: demand_shape(demand, population, s, start, end) for s in streams}
    return load_network(
        {
            "name": "Door",
            "start": start,
            "horizon": f"{days} d",
            "noise": noise_groups(demand),
            "sources": {s: shape.source("all", "door", rates[s]) for s, shape in shapes.items()},
            "stations": {"door": {"places": "inf", "service": {"kind": "deterministic", "mean": "1 h"}}},
        }
    )


@pytest.mark.parametrize("name", PRESETS)
def test_shapes_of_every_preset_are_read_by_a_network(name, presets, population):
    network = network_of(presets[name], population)
    assert [s.noise for s in network.sources.values()] == ["demand"] * 5 + [None]


def test_a_standing_preset_keeps_the_rate_it_states(presets, population):
    base = presets["england_2018_19"]
    network = network_of(base, population, start=dt.date(2018, 1, 1), days=3653 - 1)
    week, day = rate_tables(network)
    rates = rates_per_day(base, population, PLACE)
    for number, stream in enumerate(STREAMS):
        per_day = week[number].reshape(7, 24).sum(axis=1)
        monday = network.start.weekday()
        total = [per_day[(monday + d) % 7] * day[number, d] for d in range(day.shape[1])]
        assert np.mean(total) == pytest.approx(rates[stream], rel=3e-3)


def test_growth_of_a_source_is_that_of_its_own_need(presets, population):
    _, day = rate_tables(network_of(presets["history"], population, start=dt.date(2018, 1, 1), days=3652))
    rates = growth(population, presets["history"].growth, 2017.5, 2027.5)
    for number, stream in enumerate(STREAMS):
        first, last = day[number, :365].mean(), day[number, -365:].mean()
        assert (last / first) ** (1 / 9) - 1 == pytest.approx(rates[stream].volume, abs=0.0015)


# -- shocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["flu_wave", "norovirus", "cold_snap", "pandemic_wave"])
@pytest.mark.parametrize("every", [1, 7, 10])
def test_a_wave_brings_its_whole_excess_whatever_the_step(name, every, presets):
    shock = enabled(presets["history"], name)
    begin, length = shock.starts[0], shock.length.value
    for stream, size in shock.excess.items():
        steps = shock_steps([shock], stream, every)
        more = sum(value_on(steps, d) - 1 for d in days_of(begin - 30 * DAY, begin + 400 * DAY))
        assert more == pytest.approx(size.value * (1 - shock.in_month_index.value) * length / 2)
        assert value_on(steps, begin - DAY) == value_on(steps, begin + (int(length) + 1) * DAY) == 1


def test_peak_and_streams_of_a_wave(presets):
    shock = enabled(presets["history"], "flu_wave")
    steps = shock_steps([shock], "medium", every=1)
    daily = [value_on(steps, d) for d in days_of(shock.starts[0], shock.starts[0] + 56 * DAY)]
    assert max(daily) == pytest.approx(1 + 0.12 * 0.7, abs=0.003)
    assert int(np.argmax(daily)) in (22, 23)  # 0.4 of 56 days
    assert shock_steps([shock], "elective") == ()
    twice = enabled(presets["history"], "flu_wave", starts=[dt.date(2019, 12, 20), dt.date(2020, 12, 20)])
    assert len(shock_steps([twice], "medium")) == 2 * len(shock_steps([shock], "medium"))


def test_shock_and_trend_multiply_once(presets, population):
    history = presets["history"]
    with_shock = history.model_copy(update={"shocks": {"flu_wave": enabled(history, "flu_wave")}})
    plain, shocked = (
        rate_tables(network_of(d, population, ["medium"], days=1461))[1][0] for d in (history, with_shock)
    )
    steps = shock_steps(with_shock.shocks.values(), "medium")
    days = days_of(START, START + 1461 * DAY)
    assert shocked / plain == pytest.approx([value_on(steps, d) for d in days])


def test_pandemic_wave_has_the_fall_that_was_seen(presets):
    """NHS England: all emergency admissions in April 2020 were 39 % below April 2019."""
    base = presets["england_2018_19"]
    excess = base.shocks["pandemic_wave"].excess
    assert sum(base.needs.shares[n] * excess[n].value for n in NEEDS) == pytest.approx(-0.39, abs=0.01)


def test_norovirus_closes_beds_and_gives_them_back(presets):
    shock = enabled(presets["history"], "norovirus", starts=[dt.date(2020, 1, 15)])
    big = shock.model_copy(update={"beds_closed": shock.beds_closed.model_copy(update={"value": 0.04})})
    plan = closed_beds([(START, 740), (dt.date(2020, 2, 1), 700)], [big], START)
    assert plan[0] == {"from": START, "places": 740} and plan[-1]["places"] == 700
    assert min(step["places"] for step in plan) == pytest.approx(700 * 0.96, abs=4)  # the mean of a week at the peak
    lost = sum(
        (740 if d < dt.date(2020, 2, 1) else 700) - next(s["places"] for s in reversed(plan) if s["from"] <= d)
        for d in days_of(START, dt.date(2020, 6, 1))
    )
    assert lost == pytest.approx(705 * 0.04 * 35, rel=0.03)
    assert closed_beds(740, [presets["history"].shocks["norovirus"]], START) == [{"from": START, "places": 740}]
    load_network(
        {
            "name": "Ward",
            "start": START,
            "horizon": "900 d",
            "sources": {"door": {"to": "ward", "rate_per_day": 100}},
            "stations": {"ward": {"places": plan, "service": {"kind": "exponential", "mean": "5 d"}}},
        }
    )


def test_a_shock_that_runs_at_the_start_already_holds():
    sizes = {
        "length": (40, "days"),
        "peak_at": (0.5, "share"),
        "in_month_index": (0, "share"),
        "beds_closed": (0.1, "share"),
    }
    figures = {
        key: {"value": value, "unit": unit, "year": "not applicable", "basis": "national"}
        for key, (value, unit) in sizes.items()
    }
    data = {"title": "Wave", "enabled": True, "starts": ["2018-03-20"], **figures}
    plan = closed_beds(100, [Shock.model_validate(data)], START)
    assert plan[0]["from"] == START and plan[0]["places"] < 100
    with pytest.raises(ValueError, match="touches nothing"):
        Shock.model_validate({k: v for k, v in data.items() if k != "beds_closed"})


# -- prevention, effects ----------------------------------------------------------------------------


def prevention_of(presets, **changes):
    figures = {"delay": 3.0, **changes}
    plain = presets["history"].prevention["frailty"]
    updates = {k: getattr(plain, k).model_copy(update={"value": v}) for k, v in figures.items() if k != "joining"}
    return plain.model_copy(
        update={"enabled": True, "joining": figures.get("joining", [dt.date(2019, 4, 1)]), **updates}
    )


@pytest.mark.parametrize("months", [1, 12])
def test_prevention_is_the_exact_erlang_response(months, presets, population):
    join = dt.date(2019, 4, 1)
    prevention = prevention_of(presets)
    steps = prevention_steps(prevention, "long", population, dt.date(2032, 4, 1), months)
    ages = age_shares(population, "long", 2019 - 91 / 365.25)
    whole = -0.10 * 0.25 * (ages["75_84"] + ages["85_plus"])
    for (day, factor), (after, _) in zip(steps, steps[1:], strict=False):
        a, b = ((d - join).days / 365.25 for d in (day, after))
        mean = quad(lambda t: erlang.cdf(t, 3, scale=1.0), a, b)[0] / (b - a)
        assert factor - 1 == pytest.approx(whole * mean, rel=1e-6, abs=1e-12)
    assert len(steps) == 156 / months
    assert steps[-1][1] - 1 == pytest.approx(whole, rel=0.01)


def test_prevention_without_delay_works_at_once(presets, population):
    steps = prevention_steps(prevention_of(presets, delay=0.0), "medium", population, dt.date(2021, 4, 1))
    assert len({f for _, f in steps}) == 1 and value_on(steps, dt.date(2019, 3, 31)) == 1 > steps[0][1]


def test_prevention_by_instalments_is_their_mean(presets, population):
    dates = [dt.date(2019, 4, 1), dt.date(2020, 6, 15)]
    end = dt.date(2027, 4, 1)
    both = prevention_steps(prevention_of(presets, joining=dates, delay=0.0), "long", population, end)
    assert value_on(both, dates[1] - DAY) - 1 == pytest.approx((value_on(both, dates[1]) - 1) / 2)
    assert prevention_steps(prevention_of(presets), "attendance", population, end) == ()
    assert prevention_steps(presets["history"].prevention["frailty"], "long", population, end) == ()


def test_a_stated_effect_builds_up_in_a_straight_line(presets):
    effect = presets["as_plans_hoped"].effects["emergency"]
    steps = effect_steps(effect, "medium")
    assert len(steps) == 49
    span = days_of(effect.since, effect.to)
    assert np.mean([value_on(steps, d) - 1 for d in span]) == pytest.approx(-0.157 / 2, rel=1e-6)
    assert value_on(steps, effect.to) == pytest.approx(0.843) and value_on(steps, effect.since - DAY) == 1
    assert effect_steps(effect, "elective") == ()

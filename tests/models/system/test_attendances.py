"""A&E attendances of a future: their own growth, and access to general practice; only where people are followed."""

from __future__ import annotations

import datetime as dt
from functools import cache

import pytest

from models.care.shocks import value_on
from models.run.sensitivity import ranges
from models.settings.request import parse
from models.settings.settings import Settings, settings
from models.system.details import build
from models.system.system import System
from sim.errors import CarebridgeError

END = dt.date(2029, 4, 1)
MIDDLE = dt.date(2018, 10, 1)  #: of the baseline year
CHECKED = dt.date(2020, 3, 31)  #: the last day before which the baseline is checked
HARDER = "scenario=harder_to_see_a_gp"  #: with detail=full of its own


@cache
def built(*words: str) -> tuple[Settings, System]:
    chosen = settings(parse(["timeline=5y", *words]))
    assert chosen.fit is not None
    return chosen, build(chosen.footprint, chosen.fit, chosen.future, END)


def a_day(system: System, cls: str, day: dt.date) -> float:
    """People of a class a day, apart from what the season and the weekday make of them."""
    years = (day - dt.date(2017, 4, 1)).days / 365.25
    return sum(
        s.rate_per_day * (1 + s.growth_per_year) ** years * value_on([(x.since, x.value) for x in s.level], day)
        for s in system.network.sources.values()
        if s.cls == cls and s.rate_per_day
    )


def test_attendances_grow_from_the_middle_of_the_baseline_year_and_nobody_else_changes():
    chosen, older = built("scenario=ageing", "detail=full")
    still = chosen.future.model_copy(update={"attendances": None})
    assert chosen.fit is not None
    plain = build(chosen.footprint, chosen.fit, still, END)
    for day, years in ((MIDDLE, 0), (dt.date(2028, 10, 1), 10)):
        ratio = a_day(older, "attendance", day) / a_day(plain, "attendance", day)
        assert ratio == pytest.approx(1.006**years, rel=1e-4)
    for name, source in plain.network.sources.items():
        assert (source == older.network.sources[name]) == (source.cls != "attendance"), name


def test_whom_general_practice_cannot_see_comes_to_a_and_e_once_the_baseline_is_checked():
    _, usual = built("detail=full")
    _, harder = built(HARDER)
    for day in (MIDDLE, CHECKED):
        assert a_day(harder, "attendance", day) == pytest.approx(a_day(usual, "attendance", day))
    after = a_day(harder, "attendance", dt.date(2027, 4, 1)) / a_day(usual, "attendance", dt.date(2027, 4, 1))
    assert after == pytest.approx(1 + 0.15 * (0.16 / 0.11 - 1))
    halfway = a_day(harder, "attendance", dt.date(2022, 10, 1)) / a_day(usual, "attendance", dt.date(2022, 10, 1))
    assert halfway - 1 == pytest.approx((after - 1) / 2, rel=0.03)
    for name, source in usual.network.sources.items():
        assert (source == harder.network.sources[name]) == (source.cls != "attendance"), name


@pytest.mark.nightly
def test_a_wave_in_such_a_winter_is_on_top_of_it():
    _, harder = built(HARDER)
    _, both = built(HARDER, "winter=flu")
    _, wave = built("detail=full", "winter=flu")
    _, usual = built("detail=full")
    peak = dt.date(2023, 1, 14)
    more = a_day(wave, "attendance", peak) / a_day(usual, "attendance", peak)
    assert more > 1.01
    assert a_day(both, "attendance", peak) == pytest.approx(more * a_day(harder, "attendance", peak), rel=1e-9)


def test_where_nobody_is_followed_growth_changes_nothing_and_access_is_refused():
    chosen, older = built("scenario=ageing")
    still = chosen.future.model_copy(update={"attendances": None})
    assert chosen.fit is not None
    assert older.network == build(chosen.footprint, chosen.fit, still, END).network
    for detail in ("beds", "default"):
        with pytest.raises(CarebridgeError, match="choose detail=full"):
            settings(parse(["timeline=5y", HARDER, f"detail={detail}"]))


def test_their_figures_are_moved_only_where_they_can_move_anything():
    def of_attendances(*words: str) -> set[str]:
        found = ranges(settings(parse(["timeline=5y", *words])))
        return {key for key in found if key.startswith(("future.attendances", "future.general_practice"))}

    assert of_attendances("scenario=ageing") == set()
    assert of_attendances("scenario=ageing", "detail=full") == {"future.attendances"}
    practice = {f"future.general_practice.{name}" for name in ("unmet", "years", "elasticity")}
    assert of_attendances(HARDER) == practice

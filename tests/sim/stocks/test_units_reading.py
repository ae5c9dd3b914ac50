"""Unit texts and a model's own units: how they are read, when two are the same, and what is said of faults."""

from __future__ import annotations

import pytest

from sim.stocks.units import UnitError, Units, analyse
from tests.sim.stocks.unit_models import model_of, rules


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("person/year", "person/year"),
        ("GBP/(bed*day)", "GBP/(bed*day)"),
        ("GBP/bed/day", "GBP/(bed*day)"),
        ("£ / (bed * day)", "GBP/(bed*day)"),
        ("person^2", "person^2"),
        ("person**2", "person^2"),
        ("person^0.5", "person^0.5"),
        ("person^(1/2)", "person^0.5"),
        ("year^-1", "1/year"),
        ("1/year", "1/year"),
        ("1 / year / year", "1/year^2"),
        ("1", "dimensionless"),
        ("dimensionless", "dimensionless"),
        ("person/person", "dimensionless"),
        ("years", "year"),
        ("persons*months", "person*month"),
        ("people/day", "person/day"),
    ],
)
def test_unit_texts(text: str, written: str) -> None:
    units = Units(model_of())
    assert units.text(units.parse(text)) == written


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("week", "fortnight/2", None),
        ("month", "year", False),
        ("quarter", "month", False),
        ("1/day*week", "dimensionless", False),
        ("week", "seven_days", True),
        ("fortnight", "fourteen_days", True),
        ("nurse", "person", True),
        ("person/day*day", "people", True),
        ("GBP", "£", True),
        ("hour", "minute", False),
        ("fraction", "1", True),
        ("percent", "1", False),
        ("person", "bed", False),
        ("year", "twelve_months", True),
        ("year", "four_quarters", True),
        ("day^100", "day^100", True),
        ("day^300", "week^300", False),
    ],
)
def test_units_are_the_same_in_dimension_and_scale(a: str, b: str, same: bool | None) -> None:
    own = {"nurse": "person", "person": "", "bed": "", "fortnight": "2 week", "seven_days": "7 day", "percent": "0.01"}
    own |= {"fourteen_days": "14 * day", "twelve_months": "12 months", "four_quarters": "4 quarter", "fraction": "1"}
    units = Units(model_of(own))
    assert units.faults == []
    if same is None:
        with pytest.raises(UnitError, match="no number in it"):
            units.parse(b)
    else:
        assert units.same(units.parse(a), units.parse(b)) is same


@pytest.mark.parametrize(
    ("text", "told", "near"),
    [
        ("persn/year", "there is no unit 'persn'", "person"),
        ("person/yr", "there is no unit 'yr'", "year"),
        ("Year", "there is no unit 'Year'", "year"),
        ("kday", "there is no unit 'kday'", "day"),
        ("GP", "there is no unit 'GP'", "GBP"),
        ("person per year", "'per' is not expected", ""),
        ("7 day", "a unit has no number in it, here it is 7", ""),
        ("", "a unit is missing", ""),
        ("person/", "ends too early", ""),
        ("(person", "bracket is not closed", ""),
        ("person)", "is not expected here", ""),
        ("person^year", "is not expected here", ""),
        ("person^(1/0)", "divided by 0", ""),
        ("%", "'%' is not expected", ""),
        ("0*day", "not 0", ""),
        ("1e400*day", "too large", ""),
        ("(" * 2000 + "day" + ")" * 2000, "too many brackets", ""),
    ],
)
def test_unit_texts_at_fault(text: str, told: str, near: str) -> None:
    with pytest.raises(UnitError, match=told.replace("(", r"\(")) as caught:
        Units(model_of()).parse(text)
    assert caught.value.nearest == near


@pytest.mark.parametrize(
    ("own", "name", "told", "near"),
    [
        ({"day": ""}, "day", "known unit already", ""),
        ({"days": ""}, "days", "the plural of 'day'", ""),
        ({"bed": "", "beds": ""}, "beds", "the plural of 'bed'", ""),
        ({"person": "", "people": ""}, "people", "the plural of 'person'", ""),
        ({"nurse": "persn", "person": ""}, "nurse", "there is no unit 'persn'", "person"),
        ({"a": "b", "b": "c", "c": "a"}, "a", "'a' stands for itself, by way of 'b', by way of 'c'.", ""),
        ({"a": "2 a"}, "a", "'a' stands for itself.", ""),
        ({"full-time": ""}, "full-time", "letters, digits and underscores", ""),
        ({"era": "day^400"}, "era", "too large or too small", ""),
        ({"era": "1/"}, "era", "ends too early", ""),
    ],
)
def test_own_units_at_fault(own: dict[str, str], name: str, told: str, near: str) -> None:
    (fault,) = Units(model_of(own)).faults
    assert fault.key == f"units.{name}"
    assert told in fault.rule
    assert fault.nearest == near


def test_own_units_may_stand_for_others_in_any_order_and_have_any_name() -> None:
    own = {
        "team": "5 nurses",
        "nurse": "person",
        "person": "",
        "people": "person",
        "time": "",
        "per": "",
        "squared": "",
    }
    units = Units(model_of(own))
    assert units.faults == []
    assert not units.same(units.parse("team"), units.parse("nurse"))
    assert units.alike(units.parse("team"), units.parse("people"))
    assert not units.alike(units.parse("time"), units.parse("year"))
    assert units.text(units.parse("per*squared")) == "per*squared"
    only = Units(model_of(["people"]))
    assert only.same(only.parse("person"), only.parse("people"))


def test_what_uses_a_unit_at_fault_is_not_reported_again() -> None:
    model = model_of(
        {"nurse": "persn", "matron": "nurse", "person": ""},
        parameters={"a": "1 nurse", "b": "1 matron", "c": "1 person"},
        auxiliaries={"sum": "a + c", "other": "b + a"},
    )
    assert [fault.key for fault in analyse(model).faults] == ["units.nurse"]


def test_the_unit_of_time() -> None:
    assert [(f.key, f.nearest) for f in analyse(model_of(time="yaer")).faults] == [("time.unit", "year")]
    (fault,) = analyse(model_of(time="person", auxiliaries={"x": "TIME + 1"})).faults
    assert fault.key == "time.unit"
    assert "no unit of time" in fault.rule
    assert rules(model_of({"sprint": "2 week"}, time="sprint")) == []
    assert rules(model_of(time="1/year"))
    assert rules(model_of(time="yaer"), unsound=("time",)) == []

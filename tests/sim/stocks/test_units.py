"""Units: how they are read, and what the analysis says of every kind of equation, sound and unsound."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import Fault
from sim.stocks.build import build
from sim.stocks.model import Model
from sim.stocks.schema import StockFile
from sim.stocks.units import Analysis, UnitError, Units, analyse, report

CONVERTED = "are different units, and nothing is converted in silence"
BARE = "a bare number is dimensionless: make it a parameter with the unit"


def model_of(units: Any = ("person", "bed"), time: str = "year", **blocks: Any) -> Model:
    axis = {"unit": time, "start": 0, "end": 2, "dt": 0.25}
    units = units if isinstance(units, dict) else list(units)
    return build(StockFile.model_validate({"name": "units", "time": axis, "units": units, **blocks}))[0]


def ward(**auxiliaries: Any) -> Model:
    """A model with something of every kind, and further auxiliaries."""
    return model_of(
        dimensions={"group": ["nurse", "doctor"]},
        parameters={
            "rate": "0.1 1/year",
            "monthly": "0.1 1/month",
            "delay": "2 year",
            "short": "3 month",
            "ratio": "2 dimensionless",
            "heads": "2 person",
            "beds": "3 bed",
            "joining": "5 person/year",
            "pay[group]": {"value": [1, 2], "unit": "GBP/person"},
        },
        inputs={"load": {"unit": "dimensionless"}},
        lookups={"effect": {"points": [[0, 0], [1, 1]], "unit_x": "person", "unit": "1/year"}},
        stocks={
            "staff": {"initial": "heads", "unit": "person", "inflows": ["hiring"], "outflows": ["leaving"]},
            "team[group]": {"initial": "heads", "unit": "person"},
        },
        flows={"hiring": "joining", "leaving": "staff * rate"},
        auxiliaries=auxiliaries,
        rules={"paused": {"begins": "staff > heads", "after": "delay", "ends": "load < 1", "ends_after": "0"}},
    )


def rules(model: Model, unsound: tuple[str, ...] = ()) -> list[str]:
    return [fault.rule for fault in analyse(model, unsound).faults]


def unit_of(equation: str) -> str:
    """Derived unit of a sound equation."""
    found = analyse(ward(x=equation))
    assert found.faults == []
    assert "x" in found.derived
    return found.registry.text(found.units["x"]) if "x" in found.units else "any" if "x" in found.any else "unknown"


def fault_of(equation: Any) -> str:
    """Rule of the one fault of an equation."""
    faults = analyse(ward(x=equation)).faults
    assert [fault.key for fault in faults] == ["auxiliaries.x.equation"]
    return faults[0].rule


# -- unit texts -------------------------------------------------------------------------------------------------------


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


# -- operators --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "unit"),
    [
        ("staff + heads", "person"),
        ("staff - team[nurse]", "person"),
        ("staff + 0", "person"),
        ("0 - staff", "person"),
        ("-0 + staff", "person"),
        ("MAX(0, staff)", "person"),
        ("IF(load > 0, staff, 0)", "person"),
        ("MAX(0, 0) + staff", "person"),
        ("0", "any"),
        ("0 * staff", "any"),
        ("0 / staff + beds", "bed"),
        ("staff * rate", "person/year"),
        ("staff / heads", "dimensionless"),
        ("staff / delay + joining", "person/year"),
        ("3 * staff", "person"),
        ("-staff", "person"),
        ("staff^2", "person^2"),
        ("staff^-1", "1/person"),
        ("staff^(1/2)", "person^0.5"),
        ("POWER(staff, 2)", "person^2"),
        ("SQRT(staff^2)", "person"),
        ("SQRT(staff * heads) - heads", "person"),
        ("ratio^load", "dimensionless"),
        ("(staff / heads)^load", "dimensionless"),
        ("2^ratio", "dimensionless"),
        ("0^ratio", "any"),
        ("staff > heads", "dimensionless"),
        ("staff > 0 AND NOT (load = 1) OR staff <> heads", "dimensionless"),
        ("IF staff > heads THEN rate ELSE 1 / delay", "1/year"),
        ("TIME + DT - INITIAL_TIME + FINAL_TIME", "year"),
        ("PI * ratio", "dimensionless"),
        ("MIN(staff, heads, 0, team[doctor])", "person"),
    ],
)
def test_sound_operators(equation: str, unit: str) -> None:
    assert unit_of(equation) == unit


@pytest.mark.parametrize(
    ("equation", "rule"),
    [
        ("staff + leaving", "adds 'staff' in person and 'leaving' in person/year."),
        ("staff - beds", "subtracts 'beds' in bed from 'staff' in person."),
        ("ratio + staff", "adds 'ratio' (dimensionless) and 'staff' in person."),
        ("rate + monthly", f"adds 'rate' in 1/year and 'monthly' in 1/month; 1/year and 1/month {CONVERTED}."),
        ("IF(delay > short, 1, 2)", f"compares 'delay' in year with 'short' in month; year and month {CONVERTED}."),
        ("joining + 5", f"adds 'joining' in person/year and 5 (dimensionless); {BARE} person/year."),
        ("5 - staff", f"subtracts 'staff' in person from 5 (dimensionless); {BARE} person."),
        ("staff > 300", f"compares 'staff' in person with 300 (dimensionless); {BARE} person."),
        ("MAX(1, staff)", f"MAX takes 1 (dimensionless) and 'staff' in person; {BARE} person."),
        ("MAX(staff, beds)", "MAX takes 'staff' in person and 'beds' in bed."),
        ("IF(load > 1, staff, beds)", "IF gives 'staff' in person or 'beds' in bed."),
        ("IF(staff, 1, 2)", "the argument 'condition' of IF is dimensionless, but 'staff' is in person."),
        ("staff AND load", "AND takes conditions, but 'staff' is in person."),
        ("load OR staff", "OR takes conditions, but 'staff' is in person."),
        ("NOT staff", "NOT takes conditions, but 'staff' is in person."),
        ("staff^heads", "an exponent is dimensionless, but 'heads' is in person."),
        ("2^heads", "an exponent is dimensionless, but 'heads' is in person."),
        ("staff^ratio", "'staff' is in person, so its exponent must be a number written out, not 'ratio'."),
        ("POWER(staff, ratio)", "'staff' is in person, so its exponent must be a number written out, not 'ratio'."),
        ("(delay / short)^ratio",
         "'delay / short' is in year/month, so its exponent must be a number written out, not 'ratio'."),
        ("PI + staff", "adds 'PI' (dimensionless) and 'staff' in person."),
        ("TIME + short", f"adds 'TIME' in year and 'short' in month; year and month {CONVERTED}."),
        ("(staff + beds) * rate + staff", "adds 'staff' in person and 'beds' in bed."),
    ],
)  # fmt: skip
def test_operators_at_fault(equation: str, rule: str) -> None:
    assert fault_of(equation) == rule


# -- functions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "unit"),
    [
        ("ABS(staff)", "person"),
        ("EXP(-rate * TIME)", "dimensionless"),
        ("ZIDZ(staff, beds)", "person/bed"),
        ("ZIDZ(0, beds)", "any"),
        ("XIDZ(staff, beds, heads / beds)", "person/bed"),
        ("XIDZ(staff, heads, 1)", "dimensionless"),
        ("STEP(heads, delay)", "person"),
        ("STEP(10, delay)", "dimensionless"),
        ("RAMP(joining, delay)", "person"),
        ("RAMP(rate, delay, 2 * delay)", "dimensionless"),
        ("PULSE(delay, delay)", "dimensionless"),
        ("PULSE_TRAIN(delay, delay, delay, delay)", "dimensionless"),
        ("IMPULSE(heads, delay)", "person/year"),
        ("IMPULSE(heads, 0, delay)", "person/year"),
        ("SMOOTH1(staff, delay)", "person"),
        ("SMOOTH3(staff, delay, 0)", "person"),
        ("SMOOTHN(staff, delay, heads, 5)", "person"),
        ("smooth(staff, delay)", "person"),
        ("DELAY1(joining, delay)", "person/year"),
        ("DELAYN(joining, delay, joining, 3)", "person/year"),
        ("DELAY_FIXED(staff, delay, heads)", "person"),
        ("TREND(staff, delay)", "1/year"),
        ("TREND(staff, delay, rate)", "1/year"),
        ("FORECAST(staff, delay, delay, rate)", "person"),
        ("SAMPLE_IF_TRUE(staff > heads, beds, 0)", "bed"),
        ("INITIAL(staff)", "person"),
        ("ACTIVE_INITIAL(staff, heads)", "person"),
        ("MODULO(staff, heads)", "person"),
        ("QUANTUM(TIME, delay)", "year"),
        ("INTEGER(staff) + FLOOR(heads)", "person"),
        ("effect(staff)", "1/year"),
        ("effect(0)", "1/year"),
        ("SUM(team[*])", "person"),
        ("SUM(team[group!] * pay[group!])", "GBP"),
        ("MEAN(team[*]) + VMIN(team[*]) - VMAX(team[group!])", "person"),
        ("PROD(team[group!] / heads)", "dimensionless"),
    ],
)
def test_sound_functions(equation: str, unit: str) -> None:
    assert unit_of(equation) == unit


@pytest.mark.parametrize(
    ("equation", "rule"),
    [
        ("EXP(TIME)", "the argument 'x' of EXP is dimensionless, but 'TIME' is in year."),
        ("LN(staff)", "the argument 'x' of LN is dimensionless, but 'staff' is in person."),
        ("STEP(heads, 2)", f"the argument 'at' of STEP is in year, but 2 is dimensionless; {BARE} year."),
        ("STEP(heads, short)",
         f"the argument 'at' of STEP is in year, but 'short' is in month; month and year {CONVERTED}."),
        ("SMOOTH1(staff, short)",
         f"the argument 'time' of SMOOTH1 is in year, but 'short' is in month; month and year {CONVERTED}."),
        ("SMOOTH1(staff, delay, beds)", "SMOOTH1 takes 'staff' in person and 'beds' in bed."),
        ("DELAYN(staff, delay, heads, beds)", "the argument 'order' of DELAYN is dimensionless, but 'beds' is in bed."),
        ("XIDZ(staff, beds, heads)", "the argument 'otherwise' of XIDZ is in person/bed, but 'heads' is in person."),
        ("XIDZ(staff, beds, 1)",
         f"the argument 'otherwise' of XIDZ is in person/bed, but 1 is dimensionless; {BARE} person/bed."),
        ("TREND(staff, delay, ratio)", "the argument 'at_start' of TREND is in 1/year, but 'ratio' is dimensionless."),
        ("PULSE(heads, delay)", "the argument 'from' of PULSE is in year, but 'heads' is in person."),
        ("PROD(team[*])", "the argument 'x' of PROD is dimensionless, but 'team[*]' is in person."),
        ("SUM(team[group!] + pay[group!])", "adds 'team[group!]' in person and 'pay[group!]' in GBP/person."),
        ("MODULO(staff, beds)", "MODULO takes 'staff' in person and 'beds' in bed."),
        ("effect(beds)", "the argument of the lookup 'effect' is in person, but 'beds' is in bed."),
        ("effect(2)", f"the argument of the lookup 'effect' is in person, but 2 is dimensionless; {BARE} person."),
        ("SAMPLE_IF_TRUE(staff, beds, 0)",
         "the argument 'condition' of SAMPLE_IF_TRUE is dimensionless, but 'staff' is in person."),
    ],
)  # fmt: skip
def test_functions_at_fault(equation: str, rule: str) -> None:
    assert fault_of(equation) == rule


def test_what_a_fault_leaves_known_is_checked_further() -> None:
    """The time of STEP is at fault, and the unit of what it gives is not that of the flow."""
    assert rules(ward(x={"equation": "joining + STEP(10, 2)", "unit": "person/year"})) == [
        f"the argument 'at' of STEP is in year, but 2 is dimensionless; {BARE} year.",
        f"adds 'joining' in person/year and 'STEP(10, 2)' (dimensionless); {BARE} person/year.",
    ]


# -- variables --------------------------------------------------------------------------------------------------------


def test_an_auxiliary_has_the_unit_it_declares() -> None:
    assert rules(ward(x={"equation": "staff * rate", "unit": "persons/year"})) == []
    rule = f"its unit is person/month, but 'x' is declared as person/year; person/month and person/year {CONVERTED}."
    assert fault_of({"equation": "staff * monthly", "unit": "person/year"}) == rule
    rule = f"its unit is dimensionless, but 'x' is declared as person/year; {BARE} person/year."
    assert fault_of({"equation": "30", "unit": "person/year"}) == rule
    assert fault_of({"equation": "30 + STEP(10, delay)", "unit": "person/year"}) == rule
    assert fault_of({"equation": "ratio", "unit": "bed"}) == "its unit is dimensionless, but 'x' is declared as bed."
    assert rules(ward(x={"equation": "0", "unit": "bed"})) == []


def test_unit_texts_of_variables_and_lookups_name_their_key() -> None:
    model = model_of(
        parameters={"a": "1 yaer", "b": {"value": 1, "unit": "persn"}},
        inputs={"c": {"unit": "bad"}},
        lookups={"table": {"points": [[0, 0], [1, 1]], "unit": "persn", "unit_x": "yaer"}},
        stocks={"s": {"initial": "a", "unit": "bedd"}},
        auxiliaries={"x": {"equation": "a + b", "unit": "dya"}, "y": "table(a) + c"},
    )
    assert [(f.key, f.value, f.nearest) for f in analyse(model).faults] == [
        ("lookups.table.unit_x", "yaer", "year"),
        ("lookups.table.unit", "persn", "person"),
        ("parameters.a.unit", "yaer", "year"),
        ("parameters.b.unit", "persn", "person"),
        ("inputs.c.unit", "bad", "bed"),
        ("stocks.s.unit", "bedd", "bed"),
        ("auxiliaries.x.unit", "dya", "day"),
    ]


def with_flow(flow: Any, target: str = "person", initial: str = "heads") -> Model:
    return model_of(
        parameters={"heads": "3 person", "beds": "2 bed", "joining": "1 person/year", "monthly": "1 person/month"},
        stocks={
            "source": {"initial": initial, "unit": "person", "outflows": ["moving"]},
            "target": {"initial": "0", "unit": target, "inflows": ["moving"]},
        },
        flows={"moving": flow},
    )


def test_a_flow_has_the_unit_of_its_stocks_per_unit_of_time() -> None:
    found = analyse(with_flow("joining"))
    assert found.faults == []
    assert found.registry.text(found.units["moving"]) == "person/year"
    assert "moving" in found.derived
    assert rules(with_flow({"equation": "joining", "unit": "person/year"})) == []
    assert rules(with_flow("0")) == []
    assert rules(with_flow("heads")) == ["its unit is person, but a flow of 'source' is in person/year."]
    assert rules(with_flow("30")) == [
        f"its unit is dimensionless, but a flow of 'source' is in person/year; {BARE} person/year."
    ]
    (fault,) = analyse(with_flow({"equation": "monthly", "unit": "person/month"})).faults
    assert fault == Fault(
        "flows.moving.unit",
        "person/month",
        "'source' is in person and time in year, so this flow must be in person/year.",
    )


def test_a_flow_joins_stocks_of_one_unit() -> None:
    (fault,) = analyse(with_flow("joining", target="bed")).faults
    assert fault.key == "flows.moving"
    assert fault.rule == "it leads between 'source' in person and 'target' in bed, which must have one unit."
    assert rules(with_flow("joining", target="bed"), unsound=("stocks.target.inflows.0",)) == []


def test_what_a_stock_holds_at_first_has_its_unit() -> None:
    assert rules(with_flow("joining", initial="beds")) == ["its unit is bed, but 'source' is declared as person."]
    assert rules(with_flow("joining", initial="heads + 3")) == [
        f"adds 'heads' in person and 3 (dimensionless); {BARE} person."
    ]
    assert rules(with_flow("joining", initial="300")) == []  # as with a parameter, its unit stands beside it


def test_rules() -> None:
    def rule(**more: Any) -> list[str]:
        given = {"begins": "staff > 0", **more}
        stocks = {"staff": {"initial": 3, "unit": "person"}}
        return rules(model_of(stocks=stocks, parameters={"weeks": "2 week"}, time="day", rules={"r": given}))

    assert rule() == []
    time = "the time for which a condition must hold is in day"
    assert rule(begins="staff") == ["its unit is person, but a condition is dimensionless."]
    assert rule(ends="staff", ends_after="0") == ["its unit is person, but a condition is dimensionless."]
    assert rule(after="weeks") == [f"its unit is week, but {time}; week and day {CONVERTED}."]
    assert rule(ends_after="14") == [f"its unit is dimensionless, but {time}; {BARE} day."]
    assert unit_of("paused + 1") == "dimensionless"


def test_all_parts_of_a_variable_agree() -> None:
    def parts(**more: str) -> Model:
        return model_of(
            dimensions={"group": ["nurse", "doctor", "porter"]},
            parameters={"heads": "2 person", "beds": "3 bed"},
            auxiliaries={"x[group]": {"equation": more}, "y[group]": "x + heads"},
        )

    assert rules(parts(nurse="heads", doctor="2 * heads", **{"else": "0"})) == []
    (fault,) = analyse(parts(nurse="0", doctor="heads", **{"else": "beds"})).faults
    assert fault.key == "auxiliaries.x[group].equation.else"
    assert fault.value == "beds"
    assert fault.rule == "its unit is bed, but that of 'x' for doctor is person."
    assert len(rules(parts(nurse="heads", **{"else": "heads + beds"}))) == 1  # though it holds for two elements


# -- derivation, circles, and what follows from other faults ------------------------------------------------------------


def test_units_are_derived_in_the_order_of_need_however_long_the_chain() -> None:
    chain = {f"x{n}": f"x{n + 1} + x{n + 1}" for n in range(1500)}
    found = analyse(ward(**chain, x1500="staff"))
    assert found.faults == []
    assert found.registry.text(found.units["x0"]) == "person"


def test_long_sums_do_not_run_out_of_stack() -> None:
    assert unit_of(" + ".join(["staff"] * 300)) == "person"
    assert "…" in fault_of(" + ".join(["staff"] * 300) + " + beds")
    assert fault_of("staff + (1" + " + 0" * 200 + ")").endswith(f"{BARE} person.")


def test_circles_stay_unknown_and_say_nothing() -> None:
    found = analyse(ward(a="b + staff", b="c * 2", c="a + beds", d="a + beds"))
    assert found.faults == []
    assert not {"a", "b", "c", "d"} & set(found.units)


def test_a_circle_through_a_function_is_resolved_where_one_unit_does_not_need_the_other() -> None:
    for order in (1, -1):
        pair = [("felt", "SMOOTH1(pressure, delay)"), ("pressure", "staff * effect(felt)")][::order]
        found = analyse(ward(**dict(pair)))
        assert found.registry.text(found.units["felt"]) == "person/year"
        told = "the argument of the lookup 'effect' is in person, but 'felt' is in person/year."
        assert [fault.rule for fault in found.faults] == [told]


def test_unknown_things_say_nothing() -> None:
    names = {
        "a": "nobody + staff",
        "b": "SMOTH(staff, delay) + beds",
        "c": "table(staff) + beds",
        "d": "effect + staff",
    }
    more = {
        "e": "a + beds",
        "f": "EXP(a)",
        "g": "STEP(heads) + beds",
        "h": "ABS(heads, heads) + beds",
        "i": "MIN(a, staff)",
    }
    found = analyse(ward(**names, **more))
    assert found.faults == []
    assert set(found.units) & {*names, *more} == {"f"}  # what EXP gives does not depend on its argument


def test_unsound_keys_say_nothing_and_nothing_follows() -> None:
    model = ward(
        x={"equation": "staff + beds", "unit": "person"},
        y={"equation": "staff + beds"},
        z={"equation": "x + y"},
        w={"equation": "x + beds"},
    )
    assert len(rules(model)) == 3
    assert rules(model, unsound=("auxiliaries.x.equation", "auxiliaries.y.equation")) == [
        "adds 'x' in person and 'beds' in bed."
    ]
    assert rules(model, unsound=("auxiliaries.x", "auxiliaries.y")) == []
    assert len(rules(ward(x="rate + monthly"), unsound=("parameters.monthly.unit",))) == 0
    assert len(rules(ward(x="rate + monthly"), unsound=("parameters.monthly",))) == 0
    assert len(rules(ward(x="rate + monthly"), unsound=("parameters.monthly.value",))) == 1
    assert rules(model_of(["person"], parameters={"a": "1 bed"}), unsound=("units.bed",)) == []
    assert rules(model_of(["person"], parameters={"a": "1 bed"}), unsound=("units",)) == []


def test_several_faults_at_once_one_for_each_cause() -> None:
    model = ward(
        a="staff + beds",
        b={"equation": "a * 2", "unit": "persn"},
        c={"equation": "staff * monthly", "unit": "person/year"},
        d="a + c",
        e="EXP(staff) + LN(beds)",
    )
    assert [(fault.key, fault.rule.split()[0]) for fault in analyse(model).faults] == [
        ("auxiliaries.b.unit", "there"),
        ("auxiliaries.a.equation", "adds"),
        ("auxiliaries.c.equation", "its"),
        ("auxiliaries.e.equation", "the"),
        ("auxiliaries.e.equation", "the"),
    ]


def test_messages_shorten_and_bracket_what_they_name() -> None:
    assert "'(staff + heads) * -(rate - rate)^2'" in fault_of("(staff + heads) * -(rate - rate)^2 + beds")
    assert "'staff / (heads * heads)'" in fault_of("staff / (heads * heads) + beds")
    assert "'staff - (heads - heads)'" in fault_of("(staff - (heads - heads)) + beds")
    told = fault_of("staff * rate * rate * rate * rate * rate * rate * rate + beds")
    assert "'staff * rate * rate * rate * rate * rat…' in person/year^7" in told


# -- report -----------------------------------------------------------------------------------------------------------


def reported(model: Model) -> list[list[str]]:
    return [line.split() for line in report(model).splitlines()]


def test_report() -> None:
    text = report(
        model_of(
            dimensions={"group": ["nurse", "doctor"]},
            parameters={"rate": "0.1 1/year"},
            lookups={"effect": {"points": [[0, 0], [1, 1]], "unit_x": "year"}},
            stocks={"staff[group]": {"initial": 3, "unit": "people", "outflows": ["leaving"]}},
            flows={"leaving[group]": "staff * rate"},
            auxiliaries={"felt": "effect(TIME)", "nought": "0"},
            rules={"late": {"begins": "felt > 1"}},
        )
    )
    assert text.splitlines() == [
        "name            kind       unit                             equation",
        "rate            parameter  1/year                 declared",
        "effect          lookup     dimensionless of year  declared",
        "staff[group]    stock      person                 declared  agrees",
        "leaving[group]  flow       person/year            derived   agrees",
        "felt            auxiliary  dimensionless          derived   agrees",
        "nought          auxiliary  any                    derived   agrees",
        "late            rule       dimensionless                    agrees",
        "",
        "5 equations, all agree.",
    ]


def test_report_of_a_model_at_fault() -> None:
    lines = report(ward(a="staff + beds", b="a", c="staff")).splitlines()
    assert [line.split()[-1] for line in lines if line[:2] in ("a ", "b ", "c ")] == ["fault", "checked", "agrees"]
    assert lines[-3] == "auxiliaries.a.equation = 'staff + beds': adds 'staff' in person and 'beds' in bed."
    assert lines[-1] == "10 equations: 8 agree, 1 not checked for want of units, 1 fault."


def test_the_example_of_the_documentation() -> None:
    """Its one fault is that of which the page says so."""
    model = model_of(
        ["person"],
        parameters={"training_time": {"value": 3, "unit": "year"}, "leaving_rate": "0.1 1/year"},
        stocks={
            "trainees": {"initial": 90, "unit": "person", "inflows": ["intake"], "outflows": ["qualifying"]},
            "staff": {"initial": 300, "unit": "person", "inflows": ["qualifying"], "outflows": ["leaving"]},
        },
        flows={
            "intake": "30 + STEP(10, 2)",
            "qualifying": "trainees / training_time",
            "leaving": "staff * leaving_rate",
        },
        auxiliaries={"staff_per_trainee": {"equation": "ZIDZ(staff, trainees)", "unit": "dimensionless"}},
    )
    found: Analysis = analyse(model)
    assert {fault.key for fault in found.faults} == {"flows.intake.equation"}
    assert [fault.rule for fault in found.faults] == [
        f"the argument 'at' of STEP is in year, but 2 is dimensionless; {BARE} year.",
        f"its unit is dimensionless, but a flow of 'trainees' is in person/year; {BARE} person/year.",
    ]

"""Units of expressions: every operator and every kind of function, sound and unsound."""

from __future__ import annotations

import pytest

from tests.sim.stocks.unit_models import BARE, CONVERTED, fault_of, rules, unit_of, ward


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

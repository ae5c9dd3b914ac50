"""Units of variables: declared, derived, in circles, after other faults; and the report of them all."""

from __future__ import annotations

from typing import Any

from sim.errors import Fault
from sim.stocks.model import Model
from sim.stocks.units import Analysis, analyse, report
from tests.sim.stocks.unit_models import BARE, CONVERTED, fault_of, model_of, rules, unit_of, ward

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


# -- derivation, circles, and what follows from other faults ----------------------------------------------------------


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

"""Credible with conditions: when it is said, of which plans, and on which conditions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.report.words import line_for
from models.run.outputs import verdict_table
from models.run.runner import _simulate, summary
from models.run.write import verdict_document
from models.verdict import verdict as v
from models.verdict.conditions import name_conditions

YEARS = {"5y": 5, "10y": 10, "15y": 15}
THRESHOLDS = ("0.80", "0.95")


class _Lines:
    not_credible_below = 0.5

    def __init__(self, credible_from: float) -> None:
        self.credible_from = credible_from


def judged(name: str, passed: int, of: int = 60, reasons=()) -> v.Verdict:
    """A verdict by the rules, of so many replications that pass."""
    low, high = v.bounds(np.arange(of) < passed)

    def said(line: float) -> str:
        return v.rule(low, high, _Lines(line), list(reasons))

    part = {"probability": passed / of, "interval": (low, high)}
    at = {t: said(float(t)) for t in THRESHOLDS}
    window = ("2019-04-01", "2036-04-01")
    return v.Verdict(name, said(0.9), passed / of, (low, high), part, part, "K0", [], of, window, [], at)


def several(**passed: int) -> dict[str, v.Verdict]:
    found = {f"{name[1:]}": judged(name[1:], n) for name, n in passed.items()}
    name_conditions(found, YEARS)
    return found


def test_another_timeline_that_is_credible_is_a_condition():
    found = several(_5y=52, _15y=60)
    assert (found["5y"].verdict, found["5y"].conditions) == (v.CONDITIONAL, ["over 15 years"])
    assert (found["15y"].verdict, found["15y"].conditions) == (v.CREDIBLE, [])
    line = line_for(found["5y"])
    assert line.startswith("CREDIBLE WITH CONDITIONS (over 15 years). As planned: delivered and safe in 52 of 60")
    assert found["5y"].as_dict()["conditions"] == ["over 15 years"]


def test_what_is_at_risk_may_have_several_conditions():
    found = {"5y": judged("5y", 420, 600), "10y": judged("10y", 60), "15y": judged("15y", 60)}
    assert found["5y"].verdict == v.AT_RISK
    name_conditions(found, YEARS, {"5y": ["size, at most 25 beds"]}, 0.9)
    assert found["5y"].conditions == ["over 10 years", "over 15 years", "size, at most 25 beds"]


@pytest.mark.parametrize("passed", [0, 20])
def test_what_is_not_credible_stays_so_whatever_else_is(passed):
    found = several(_5y=passed, _15y=60)
    assert (found["5y"].verdict, found["5y"].conditions) == ("not credible", [])


def test_without_a_condition_nothing_changes():
    found = several(_5y=52, _15y=51)
    assert [one.verdict for one in found.values()] == [v.UNDETERMINED] * 2
    assert all(not one.conditions and v.CONDITIONAL not in one.at_other_thresholds.values() for one in found.values())
    alone = {"5y": judged("5y", 60, reasons=["no fit"]), "15y": judged("15y", 60)}
    name_conditions(alone, YEARS)
    assert alone["5y"].verdict == v.NO_BASELINE


def test_other_thresholds_have_their_own_conditions():
    found = several(_5y=40, _15y=57)  # 57 of 60: from 0.876, credible at 0.80 and not at 0.90
    assert found["5y"].verdict == v.UNDETERMINED or found["5y"].verdict == v.AT_RISK
    assert found["5y"].at_other_thresholds["0.80"] == v.CONDITIONAL
    assert found["15y"].at_other_thresholds["0.80"] == v.CREDIBLE
    assert found["5y"].at_other_thresholds["0.95"] != v.CONDITIONAL


def test_a_lever_holds_for_lower_thresholds_than_it_was_searched_for():
    one = {"5y": judged("5y", 52)}
    name_conditions(one, YEARS, {"5y": ["size, at most 25 beds"]}, 0.9)
    assert one["5y"].verdict == v.CONDITIONAL
    at = one["5y"].at_other_thresholds
    assert at["0.80"] == v.CONDITIONAL != at["0.95"]


def test_a_run_names_the_conditions_of_its_verdicts_everywhere(outcome, monkeypatch):
    """A run in which the plan is credible over five years and undetermined over three."""
    said = {"3y": judged("3y", 52), "5y": judged("5y", 60)}

    def judge(o, usual, schedule, *rest):
        verdict, assessed = v.judge(o, usual, schedule, *rest)
        as_said = said[schedule.timeline.name]
        names = ("verdict", "probability", "interval", "replications", "at_other_thresholds")
        return replace(verdict, **{name: getattr(as_said, name) for name in names}), assessed

    monkeypatch.setattr("models.run.runner.judge", judge)
    monkeypatch.setattr("models.run.runner._replicate", lambda chosen, arms: [outcome.observed[a.name] for a in arms])
    found = _simulate(outcome.settings)
    assert [one.verdict for one in found.verdicts.values()] == [v.CONDITIONAL, v.CREDIBLE]
    assert "Credible on condition: over 5 years." in "\n".join(summary(found))
    document = verdict_document(found)
    assert (document["verdict"], document["conditions"]) == (v.CONDITIONAL, ["over 5 years"])
    table = verdict_table(found.verdicts)
    assert table["verdict"].to_pylist() == [v.CONDITIONAL, v.CREDIBLE]
    assert table["conditions"].to_pylist() == ["over 5 years", ""]

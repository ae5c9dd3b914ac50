"""What the report says of NHS England's test of March 2017: what a plan counts on, and what the run has found."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace

from models.report.tables_bed_test import bed_test_rows
from models.run.runner import Outcome


def test_devons_plan_counts_on_places_at_home_and_what_they_avoid(outcome: Outcome):
    provision, treatments, efficiency = bed_test_rows(outcome)
    opened = sum(steps[-1][1] for steps in outcome.schedules["3y"].openings.values())
    assert provision[1].startswith(f"{opened} ") and "at home" in provision[1]
    assert (
        "staff (K6) passed in" in provision[2] and "places open before beds close (K8) passed in 3 of 3" in provision[2]
    )
    assert "makes up for the beds (K11) not assessed" in provision[2]
    assert treatments[1].startswith("Places at home (effect on emergency admissions): ")
    assert "\u2212" in treatments[1] and "percentile" in treatments[2] and "within" in treatments[2]
    assert efficiency[1:] == ["nothing: no such effect is in the plan or its future", "not asked"]


def test_timelines_that_differ_are_told_apart(outcome: Outcome):
    verdicts = deepcopy(outcome.verdicts)
    row = next(row for row in verdicts["5y"].criteria if row["id"] == "K8")
    row["probability"] = 0.0
    told = bed_test_rows(replace(outcome, verdicts=verdicts))[0][2]
    assert told.count("(K8)") == 2 and "3-year plan: " in told and "5-year plan: " in told


def test_shorter_stays_are_laid_beside_the_evidence(outcome: Outcome):
    verdicts = deepcopy(outcome.verdicts)
    for verdict in verdicts.values():
        row = next(row for row in verdict.criteria if row["id"] == "K9")
        known = {"in_one_year": None, "own": False, "low": -0.05, "high": 0.0}
        shorter = {"title": "Ward rounds", "on": "stays", "value": -0.2, "percentile": 0.001, **known}
        row["figures"] = [shorter | {"reading": "beyond all that was seen"}]
    treatments, efficiency = bed_test_rows(replace(outcome, verdicts=verdicts))[1:]
    assert efficiency[1] == "Ward rounds: \u221220.0\u00a0%"
    assert efficiency[2] == "beyond all that was seen (percentile below 1 of the evidence, K9)"
    assert treatments[1].startswith("nothing")


def test_a_plan_that_closes_nothing_is_not_asked(outcome: Outcome):
    opens = {name: SimpleNamespace(closures=[]) for name in outcome.schedules}
    assert bed_test_rows(replace(outcome, schedules=opens)) == []

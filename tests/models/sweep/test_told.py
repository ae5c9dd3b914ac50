"""The words of an analysis: shares of the differences, effects, boxes and frontiers, without a bare table."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from models.report.words import MINUS
from models.sweep import told
from models.sweep.care import Care
from models.sweep.titles import Answer, Titles, answer_of
from sim.analysis.frontier import Passing

NAMES = Titles({"a.beds": "Beds that close", "a.effect": "Effect"}, {"a.beds": "beds", "a.effect": "relative change"})
SHARE = Answer("Share of futures", share=True)


def _sobol(first: float, half: float, total: float) -> list[str]:
    row = {"key": "a.beds", "first": first, "first_half_width": half, "total": total, "total_half_width": half}
    return told.sobol_words(pd.DataFrame([row | {"base": 64, "at": ""}]), [], NAMES)


def _plain(lines: list[str]) -> list[str]:
    return [line.replace("\u00a0", " ") for line in lines]


def test_shares_of_the_differences_in_words():
    assert _plain(_sobol(0.404, 0.10, 0.41))[1:] == [
        "  Beds that close explains about 40 % of them, between 30 and 50 %.",
    ]
    assert _plain(_sobol(0.25, 0.05, 0.40))[1].endswith(
        "; with what it does together with others, about 40 % (between 35 and 45 %)."
    )
    assert "hardly any of them" in _sobol(-0.02, 0.05, 0.001)[1]
    unsure = _plain(_sobol(0.8, 0.5, 0.8))
    assert "between 30 and 100 %" in unsure[1] and "not yet known well" in unsure[2]  # a share is at most all


def test_effects_say_their_way_and_what_they_depend_on():
    row = {"key": "a.beds", "mu_star": 0.2, "mu_star_half_width": 0.05, "mu": -0.2, "sigma": 0.1, "at": ""}
    bent = row | {"key": "a.effect", "mu": 0.05, "sigma": 0.3}
    said = _plain(told.morris_words(pd.DataFrame([row, bent]), ["a.beds at a.effect=-0.05: no"], SHARE, NAMES))
    assert said[0] == (
        f"Not told is how far each figure moves the answer for Beds that close where Effect: {MINUS}5 %: no."
    )
    assert said[2] == "  Beds that close: by about 20 points, between 15 points and 25 points, downwards."
    assert said[3].endswith("up or down; how far depends on the other figures or on where it stands.")


def test_boxes_and_frontiers_in_words():
    limits = [
        {"key": "a.beds", "low": 400.0, "high": np.inf, "words": "", "quasi_p": 0.01},
        {"key": "a.effect", "low": -0.05, "high": np.inf, "words": "", "quasi_p": 0.01},
    ]
    box: Any = SimpleNamespace(limits=pd.DataFrame(limits), density=0.9, coverage=0.5)
    points = pd.DataFrame({"a.beds": [100, 200, 400], "a.effect": [-0.1, -0.05, 0.0]})
    said = _plain(told.box_words(1, box, "failing", points, NAMES))
    assert said == [
        "Points that fail gather where all of this holds (box 1, PRIM):",
        "  Beds that close: 400 beds",
        f"  Effect: {MINUS}5 % or more",
        "  90 % of the points there fail; 50 % of all that fail are there.",
    ]
    edge = {
        "at": "",
        "a.effect": [-0.05, 0.0],
        "frontier": [200, np.nan],
        "possible": [200, 100],
        "sure": [200, np.nan],
    }
    table = pd.DataFrame(edge | {"undecided": [False, True], "holds": [True, False], "side": "greatest"})
    said = _plain(told.edge_words(table, ["a.effect", "a.beds"], SHARE, Passing(0.8), NAMES))
    assert said[0] == "Beds that close: greatest value that passes (at least 80 %), by Effect:"
    assert said[2].split() == [f"{MINUS}5", "%", "200", "beds", "sure"]
    assert "none" in said[3] and said[3].endswith("may be 100 beds; no value is sure")


def test_a_swing_that_may_be_chance_says_so():
    row = {"key": "a.effect", "from": "up to -0.07", "to": "from -0.01", "mean_from": 0.5, "mean_to": 0.4}
    swings = pd.DataFrame([row | {"swing": -0.1, "low": -0.3, "high": 0.1, "rule": ""}])
    line = _plain(told.swing_words(swings, SHARE, NAMES))[2]
    assert f"lowest tenth, up to {MINUS}7 %" in line and f"highest tenth, from {MINUS}1 %" in line
    assert line.endswith(f"{MINUS}30 points to +10 points; may be chance")


def test_keys_and_answers_of_the_care_model_have_their_own_words():
    keys = ["plan.moves.close_acute.size.value", "gates.proof.months.value", "future.admissions_effect.low", "scenario"]
    point: dict[str, Any] = {keys[0]: 200}
    folder: Any = SimpleNamespace(about={"keys": keys}, study=lambda: Care(["plan=devon_2016"]), points=[point])
    titles = Titles.of(folder)
    assert [titles[key] for key in keys] == [
        "Acute beds, size",
        "How long new places are open before beds close",
        "Effect of the plan on emergency admissions that stay a night, low end of its range",
        "Scenario",
    ]
    assert titles.value(keys[0], np.int64(200)) == "200 beds" and titles.value(keys[1], 6) == "6 months"
    outcome: Any = SimpleNamespace(measure="passes_K1", where={"timeline": "5y"}, unit="")
    assert answer_of(outcome, True).title == (
        "Share of simulated futures that pass K1, waits over 4 h for a bed (timeline 5y)"
    )


def test_where_the_configuration_is_gone_the_keys_themselves_are_said():
    folder: Any = SimpleNamespace(about={"keys": ["a.b", "x.b"]}, study=lambda: Care(["plan=gone"]), points=[{}])
    titles = Titles.of(folder)
    assert titles["a.b"] != titles["x.b"] and titles.care

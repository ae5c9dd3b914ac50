"""Fate: how often and how long, who says no under which rule, and that it depends on nothing but its address."""

from __future__ import annotations

import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, expon, kstest

from models.plans import Approval
from models.transition import StageMachine
from models.transition.hazards import DELEGATE, Fate, Vote, address, counted, fate
from tests.models.transition.made_up import approval, briefed, closing, opening, plan_of, run

MANY = 4000
NO = 0.2


def drawn(count: int = MANY, move: str = "close_acute", **changes) -> list[Fate]:
    terms = Approval.model_validate(approval(**changes))
    return [fate(7, r, move, "exeter", terms) for r in range(count)]


def agrees(happened: int, of: int, probability: float) -> bool:
    """Whether a count lies inside the exact binomial bounds that it leaves once in 10,000 times."""
    low, high = binom.interval(0.9999, of, probability)
    return low <= happened <= high


def test_nobody_is_asked_without_an_approval():
    assert fate(1, 1, "m", "s", None) == Fate()


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        ("unanimous", 1 - (1 - NO) ** 3),  # any of three
        ("majority", NO**3 + 3 * NO**2 * (1 - NO)),  # two of three
        ("delegated", NO),
    ],
)
def test_vetoes_are_as_frequent_as_the_rule_says(rule, refused):
    fates = drawn(rule=rule, veto_probability=NO)
    assert agrees(sum(bool(f.refused_by) for f in fates), MANY, refused)


def test_each_partner_says_no_as_often_and_independently():
    fates = drawn(veto_probability=NO, partners=["council"])
    others = drawn(veto_probability=NO, partners=["trust"])
    assert agrees(sum(bool(f.refused_by) for f in fates), MANY, NO)
    both = sum(bool(a.refused_by) and bool(b.refused_by) for a, b in zip(fates, others, strict=True))
    assert agrees(both, MANY, NO**2)


def test_a_partner_says_the_same_whatever_the_rule_and_whoever_else_is_asked():
    alone = drawn(300, veto_probability=NO, partners=["council"], latency_months=2)
    all_three = drawn(300, veto_probability=NO, latency_months=2)
    majority = drawn(300, veto_probability=NO, latency_months=2, rule="majority")
    for one, every, most in zip(alone, all_three, majority, strict=True):
        assert bool(every.refused_by) >= bool(one.refused_by)  # one no is enough
        assert bool(every.refused_by) >= bool(most.refused_by)  # what a majority refuses, not all agree to
        if not every.refused_by:
            assert every.approval_months >= max(one.approval_months, most.approval_months)


def test_challenges_and_what_courts_say():
    fates = drawn(legal_challenge_probability=0.3, upheld_probability=0.4, legal_delay_months=8)
    challenged = [f for f in fates if f.challenged]
    assert agrees(len(challenged), MANY, 0.3)
    assert agrees(sum(f.upheld for f in challenged), len(challenged), 0.4)
    assert not any(f.upheld for f in fates if not f.challenged)
    assert kstest([f.challenge_months for f in challenged], expon(scale=8).cdf).pvalue > 1e-4


def test_how_long_it_takes():
    fates = drawn(consultation_months=5, latency_months=2)
    assert kstest([f.consultation_months for f in fates], expon(loc=3, scale=2).cdf).pvalue > 1e-4
    slowest = kstest([f.approval_months for f in fates], lambda x: expon(scale=2).cdf(x) ** 3)
    assert slowest.pvalue > 1e-4  # all three must have answered
    first_two = [f.approval_months for f in drawn(consultation_months=5, latency_months=2, rule="majority")]
    assert kstest(first_two, lambda x: 3 * (p := expon(scale=2).cdf(x)) ** 2 - 2 * p**3).pvalue > 1e-4
    assert {f.consultation_months for f in drawn(50, consultation_months=3)} == {3.0}
    assert {f.consultation_months for f in drawn(50, consultation_months=0)} == {0.0}
    assert {f.approval_months for f in drawn(50)} == {0.0}


def test_counting():
    a, b, c = Vote("a", 1, False), Vote("b", 2, True), Vote("c", 3, True)
    yes = [Vote(n, m, False) for n, m in (("a", 1), ("b", 5), ("c", 3))]
    assert counted("unanimous", [a, b, c]) == (2, "b")  # the first no
    assert counted("majority", [a, b, c]) == (3, "b, c")  # when a majority has become impossible
    assert counted("unanimous", yes) == (5, "")
    assert counted("majority", yes) == (3, "")
    assert counted("delegated", [Vote(DELEGATE, 4, True)]) == (4, DELEGATE)
    tie = [Vote("a", 1, False), Vote("b", 2, True)]
    assert counted("majority", tie) == (2, "b")  # half is no majority


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), min_size=1, max_size=9))
def test_a_majority_is_more_than_half_and_unanimity_is_all(answers):
    votes = [Vote(f"p{n}", months, no) for n, (months, no) in enumerate(answers)]
    yes = sum(not v.no for v in votes)
    assert (counted("unanimous", votes)[1] == "") == (yes == len(votes))
    assert (counted("majority", votes)[1] == "") == (2 * yes > len(votes))
    assert counted("majority", votes)[0] in {v.months for v in votes}


def test_the_same_fate_on_three_and_on_fifteen_years():
    """Each decision is refused, challenged and delayed alike, however many steps and however long the plan."""
    asked = approval(
        consultation_months=5, latency_months=3, veto_probability=0.1, legal_challenge_probability=0.4,
        legal_delay_months=9, upheld_probability=0.3,
    )  # fmt: skip
    plan = plan_of(open_home=opening(), close_acute=closing(), approval=asked)
    briefs = {years: briefed(plan, years=years) for years in (3, 15)}
    assert len(briefs[3].tranches) < len(briefs[15].tranches)
    lasted: dict[int, list] = {}
    for years, replication in product((3, 15), range(12)):
        machine = StageMachine(briefs[years], 11, replication)
        run(machine, 17)
        rows = [r for r in machine.log if r.event == "stage" and r.number == 1]
        found = {}
        for row in rows:
            if row.stage in ("consulting", "approving", "challenged", "ready", "running both", "stopped"):
                found.setdefault((row.move, row.site), []).append(row)
        lasted.setdefault(years, []).append(
            {
                key: [
                    (r.stage, r.cause, (r.date.year - f[0].date.year) * 12 + r.date.month - f[0].date.month) for r in f
                ]
                for key, f in found.items()
            }
        )
    assert lasted[3] == lasted[15]
    stopped = {s[1] for run_ in lasted[3] for f in run_.values() for s in f if s[0] == "stopped"}
    assert "legal challenge" in stopped
    assert any(cause.startswith("veto: ") for cause in stopped)


def test_fate_depends_on_seed_replication_move_and_site_and_on_nothing_else():
    terms = Approval.model_validate(approval(latency_months=2))
    base = fate(1, 2, "m", "s", terms)
    assert fate(1, 2, "m", "s", terms) == base
    others = [fate(2, 2, "m", "s", terms), fate(1, 3, "m", "s", terms)]
    others += [fate(1, 2, "n", "s", terms), fate(1, 2, "m", "t", terms)]
    assert base not in others


def test_addresses_are_the_same_in_every_process():
    assert address("close_acute", "exeter") == np.uint64(address("close_acute", "exeter"))
    assert address("a", "bc") != address("ab", "c")
    code = "from models.transition.hazards import address; print(int(address('close_acute', 'exeter', 'council')))"
    for salt in ("1", "2"):  # Python's own hash of a text differs between these
        out = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": salt, "PYTHONPATH": "."},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert int(out.stdout) == int(address("close_acute", "exeter", "council"))

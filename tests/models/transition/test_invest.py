"""Investments: an effect is that of `avoid` and `shorten`, money for buildings is given site by site to the penny."""

from __future__ import annotations

from typing import Any

import pytest

from models.plans import EVERYWHERE, Timeline, lay_out
from models.transition import Stage, StageMachine
from models.transition.idle import NO_BUILDINGS, NO_EFFECT, NOBODY_FOLLOWED, idle_moves
from tests.models.transition.made_up import (
    SIZES,
    Made,
    approval,
    around,
    avoiding,
    briefed,
    causes,
    closing,
    entered,
    figure,
    gates,
    months,
    opening,
    plan_of,
    run,
)

STEPS = {"from": 0.1, "to": 0.6, "every_months": 6}


def investing(millions: float = 4.5, **more: Any) -> dict[str, Any]:
    return {"kind": "invest", "capital": figure(millions, "GBP million"), "when": {"from": 0.2}} | more


def machine(**moves: Any) -> StageMachine:
    return StageMachine(briefed(plan_of(**moves), gates("none")), 7, 0)


@pytest.mark.parametrize("on", ["emergencies", "attendances", "readmission", "stays"])
def test_an_effect_is_the_same_whoever_states_it(on):
    """Month by month, with the same decisions, ramp and fading: to the last bit what `avoid` or `shorten` would do."""
    stated = avoiding(-0.1, "C", ramp=9, fade=0.2)["effect"] | {"affects": on}
    asked = approval(latency_months=3)
    common = {"effect": stated, "when": STEPS, "lead_time_months": months(4), "capital": figure(4.5, "GBP million")}
    kinds = ("invest", "shorten" if on == "stays" else "avoid")
    ours, theirs = (run(machine(m={"kind": kind, **common}, approval=asked), 8) for kind in kinds)
    said, known = ([{(k[0], k[2]): n for k, n in one.effects.items()} for one in found] for found in (ours, theirs))
    assert said == known and len({one.get((on, "exeter")) for one in said}) > 20
    assert ours[-1].capital_pounds == pytest.approx(theirs[-1].capital_pounds)


def test_an_effect_without_sites_is_everywhere_and_plain_money_is_nowhere():
    effect = avoiding(-0.1)["effect"]
    plan = plan_of(money=investing(), works=investing(setting="estate"), it=investing(effect=effect))
    plan.moves["here"] = plan.moves["money"].model_copy(update={"sites": ["torbay"]})
    found: dict[str, dict[str, int]] = {}
    for t in lay_out(plan, Timeline(name="t", years=5), SIZES):
        found.setdefault(t.move, {})[t.site] = t.size
    everywhere = {"exeter": 3000, "torbay": 1500}  # thousands, by 800 and 400 beds
    assert found == {"money": {EVERYWHERE: 0}, "works": everywhere, "it": everywhere, "here": {"torbay": 4500}}


@pytest.mark.parametrize(
    ("sites", "pounds"),
    [
        ("all", {"exeter": 3_000_000, "torbay": 1_500_000}),
        (["torbay"], {"torbay": 4_500_000}),
        ({"exeter": 0.2, "torbay": 0.8}, {"exeter": 900_000, "torbay": 3_600_000}),
        ({"exeter": 1.25, "torbay": 3.25}, {"exeter": 1_250_000, "torbay": 3_250_000}),
    ],
)
def test_money_for_buildings_goes_where_the_plan_says_in_its_steps(sites, pounds):
    made = machine(m=investing(setting="estate", sites=sites, when=STEPS, lead_time_months=months(3)))
    targets = run(made, 5)
    assert targets[-1].repairs == pytest.approx(pounds)
    assert targets[-1].capital_pounds == pytest.approx(4_500_000)
    site = next(iter(pounds))
    steps = [entered(made, "m", "live", n, site)[0] for n in range(1, 6)]
    given = [one.repairs.get(site, 0.0) for one in targets]
    assert sorted({round(n) for n in given}) == [round(pounds[site] * n / 5) for n in range(6)]
    assert len(set(steps)) == 5
    assert run(machine(m=investing(when=STEPS)), 5)[-1].repairs == {}


def test_a_closure_may_claim_what_an_investment_does_for_demand():
    """NHS England's test: treatments and efficiency with their evidence, however they are paid for."""
    held = gates("nhs_england_2017")
    for grade, on, cause in (
        ("B", "emergencies", ""),
        ("D", "emergencies", "treatments"),
        ("D", "stays", "efficiency"),
    ):
        effect = avoiding(-0.1, grade)["effect"] | {"affects": on}
        plan = plan_of(pay=investing(effect=effect), shut=closing(after=["pay"], when={"from": 0.6}))
        made = StageMachine(briefed(plan, held), 7, 0)
        run(made, 8, Made())
        assert (cause in causes(made, "shut")) == bool(cause), (grade, on)
        assert bool(entered(made, "shut", Stage.MOTHBALLED)) == (not cause)


def test_money_from_which_nothing_follows_is_told():
    effect = avoiding(-0.1)["effect"]
    plan = plan_of(
        alone=investing(),
        first=investing(),
        home=opening(after=["first"]),
        it=investing(effect=effect),
        works=investing(setting="estate"),
        both=investing(setting="estate", effect=effect | {"affects": "attendances"}, title="New A&E"),
    )

    def told(*on: str, follows: bool = True) -> set[tuple[str, str]]:
        return {(one.title, one.why) for one in idle_moves(plan, around(*on), ["exeter", "torbay"], follows)}

    assert told("estate") == {("alone", NO_EFFECT)}
    without = {("alone", NO_EFFECT), ("works", NO_BUILDINGS), ("Repairs of New A&E", NO_BUILDINGS)}
    assert told() == without
    assert told(follows=False) == without | {("Effect of New A&E", NOBODY_FOLLOWED)}

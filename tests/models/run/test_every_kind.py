"""Every kind of move acts on a real run, in every detail: a small plan for each moves the number that it says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from models.arms.arms import Arm, make_arm, with_plan
from models.plans import Plan, Timeline
from models.plans.check import load_gates
from models.plans.moves import AFFECTED, BEDS, KINDS
from models.plans.schedule import schedule
from models.settings.request import parse
from models.settings.settings import settings
from models.system.details import build
from sim import Run
from sim.clock import DAY
from sim.hybrid import HybridRun
from sim.kernel.layout import ARRIVED, FIRST_RATE, STARTED
from tests.models.transition.made_up import figure, months

STARTS, ACTS, ENDS = dt.date(2017, 4, 1), dt.date(2017, 6, 1), dt.date(2017, 9, 1)
MONTHS = 5  #: of which the last two lie wholly after the move
LAST = slice(3, 5)
DETAILS = ["beds", pytest.param("default", marks=pytest.mark.nightly), pytest.param("full", marks=pytest.mark.nightly)]


@pytest.fixture(scope="module", params=DETAILS)
def arm(request) -> Arm:
    """Devon's hospitals, with staff around them, and a way from Exeter's wards to the community beds of Torbay."""
    short = ["criteria.longest_timeline_years=3", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]
    chosen = settings(parse([f"detail={request.param}", "timeline=3y", *short]))
    assert chosen.fit is not None
    basis = (chosen.footprint, chosen.fit, chosen.future, ENDS, chosen.feedback, chosen.around)
    return make_arm("x", build(*basis, between=[("p2", "exeter", "torbay")]))


@dataclass
class Ran:
    """One replication after the last month: what it counts, and what its stocks hold."""

    arm: Arm
    run: Run
    around: HybridRun
    capital_pounds: float = 0.0

    def stations(self, names) -> list[int]:
        order = list(self.arm.lowered.network.stations)
        return [order.index(name) for name in names]

    def places(self, site: str, setting: str) -> int:
        """Beds, or what the first thing is that a place of a service is made of."""
        roles, pools = self.arm.system.roles, self.arm.lowered.pools
        names = roles.wards[site] if setting == BEDS else [roles.made_of[site, setting][0].pool]
        return sum(int(self.run.state.pool["places"][pools.index(name)]) for name in names)

    def arrived(self, site: str, classes) -> int:
        numbers = [self.arm.lowered.network.classes.index(c) for c in classes]
        here = self.stations(n for n in self.arm.lowered.network.stations if n.startswith(f"{site}_"))
        return int(self.run.state.flow[LAST][:, here][:, :, numbers][..., ARRIVED].sum())

    def started(self, site: str, pathway: str) -> int:
        at = self.stations(self.arm.system.roles.services[site, pathway])
        return int(self.run.state.flow[LAST][:, at][..., STARTED].sum())

    def in_beds(self, site: str) -> float:
        at = self.stations(self.arm.system.roles.wards[site])
        return float(self.run.state.area[LAST][:, at][..., 1].sum() / (61 * DAY))

    def factor(self, source: str) -> float:
        first = int(self.arm.lowered.tables.constants[FIRST_RATE])
        return float(self.run.state.share[first + list(self.arm.lowered.network.sources).index(source)])

    def stock(self, name: str) -> float:
        found = self.around.value(name)
        assert found is not None, name
        return found


def ran(arm: Arm, off_plan: Sequence[Any] = (), **moves: Any) -> Ran:
    """Five months with a plan that nothing holds back; without moves, business as usual."""
    title = {"name": "made_up", "title": "Made up", "question": "What if?", "starts": STARTS, "years": 1}
    plan = Plan.model_validate(title | {"moves": moves, "off_plan": list(off_plan)})
    laid_out = schedule(plan, Timeline(name="t", years=1), load_gates("none"), arm.system.sizes)
    chosen = settings(parse(["timeline=3y"]))
    planned = with_plan(arm, "t", laid_out, chosen.future)
    assert planned.around and planned.steering
    around = HybridRun(planned.around, 5, 0)
    watch = planned.steering.watch(around.network, around)
    edges = arm.lowered.tables.period_edges
    for month in range(MONTHS):
        watch.decide(month)
        around.advance(int(edges[month + 1]) // DAY)
    return Ran(arm, around.network, around, watch.target.capital_pounds)


@pytest.fixture(scope="module")
def usual(arm) -> Ran:
    return ran(arm)


WHEN = {"when": {"from": ACTS}}


def effect(share: float, unit: str = "relative change", affects: str | None = None) -> dict[str, Any]:
    return {"effect": {"share": figure(share, unit), "grade": "D"} | ({"affects": affects} if affects else {})}


def sized(kind: str, number: int, unit: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "size": figure(number, unit)} | WHEN | more


def test_close(arm, usual):
    for setting, unit in ((BEDS, "beds"), ("p1", "places"), ("p2", "places"), ("p3", "places")):
        now = ran(arm, m=sized("close", 10, unit, setting=setting, sites=["exeter"]))
        fewer = usual.places("exeter", setting) - now.places("exeter", setting)
        per = 1 if setting == BEDS else arm.system.roles.made_of["exeter", setting][0].per_place
        assert fewer == pytest.approx(10 * per, abs=0 if setting == BEDS else 1), setting
        assert now.places("torbay", setting) == usual.places("torbay", setting)


def test_open(arm, usual):
    for setting, unit in ((BEDS, "beds"), ("p1", "places"), ("p2", "places"), ("p3", "places")):
        now = ran(arm, m=sized("open", 10, unit, setting=setting, sites=["exeter"], lead_time_months=months(1)))
        more = now.places("exeter", setting) - usual.places("exeter", setting)
        per = 1 if setting == BEDS else arm.system.roles.made_of["exeter", setting][0].per_place
        assert 0 < more <= 10 * per + 1, setting  # as many as there are staff for
        assert now.places("torbay", setting) == usual.places("torbay", setting)


def test_open_with_an_effect(arm, usual):
    """Places that do more than care for those who come to them: each thing that `open` may change."""
    share = {"emergencies": 0.8, "readmission": 1 - 0.138 * 0.2}
    for on, kept in share.items():
        now = ran(arm, m=sized("open", 10, "places", setting="p3", sites=["exeter"]) | effect(-0.2, affects=on))
        source = arm.system.roles.emergency_sources["exeter"][0]
        assert now.factor(source) == pytest.approx(kept * usual.factor(source)), on
    now = ran(arm, m=sized("open", 10, "places", setting="p3", sites=["exeter"]) | effect(-0.3, affects="stays"))
    assert now.in_beds("exeter") < 0.9 * usual.in_beds("exeter")


def test_convert(arm, usual):
    now = ran(arm, m=sized("convert", 10, "beds", sites=["exeter"]) | {"from": BEDS, "to": "p2"})
    assert usual.places("exeter", BEDS) - now.places("exeter", BEDS) == 10
    assert 0 < now.places("exeter", "p2") - usual.places("exeter", "p2") <= 10


def test_merge(arm, usual):
    for setting, unit in ((BEDS, "beds"), ("p2", "places")):
        move = sized("merge", 8, unit, setting=setting) | {"from": "exeter", "to": "torbay"}
        now = ran(arm, m=move)
        assert usual.places("exeter", setting) - now.places("exeter", setting) == 8
        assert 0 < now.places("torbay", setting) - usual.places("torbay", setting) <= 8


def test_merge_takes_people_along(arm, usual):
    """Emergencies follow beds, and those who need a service follow its places; none are lost on the way."""
    size, sites = 100, ("exeter", "torbay")
    share = size / arm.system.sizes[BEDS, "exeter"]
    move = sized("merge", size, "beds", setting=BEDS) | {"from": "exeter", "to": "torbay"}
    now, emergencies = ran(arm, m=move), arm.system.roles.emergencies
    before, after = ([one.arrived(s, emergencies) for s in sites] for one in (usual, now))
    assert after[0] / before[0] == pytest.approx(1 - share, abs=0.03)
    assert sum(after) == pytest.approx(sum(before), rel=0.02)
    shift = {"kind": "shift", "from": "exeter", "to": "torbay", **WHEN, **effect(share, "share")}
    assert ran(arm, m=move, who=shift).arrived("exeter", emergencies) == after[0]  # said once, and done once


def test_merge_of_a_service_takes_people_along(arm, usual):
    half = round(arm.system.sizes["p2", "exeter"] / 2)
    move = sized("merge", half, "places", setting="p2") | {"from": "exeter", "to": "torbay"}
    now = ran(arm, m=move)
    fewer = usual.started("exeter", "p2") - now.started("exeter", "p2")
    assert fewer > 0.25 * usual.started("exeter", "p2")
    # as many come as are missed; where places there are scarce not all of them have begun by the end
    assert 0.25 * fewer < now.started("torbay", "p2") - usual.started("torbay", "p2") < 1.5 * fewer


def test_avoid_emergencies(arm, usual):
    emergencies = arm.system.roles.emergencies
    now = ran(arm, m={"kind": "avoid", "sites": ["exeter"], **WHEN, **effect(-0.2)})
    assert now.arrived("exeter", emergencies) / usual.arrived("exeter", emergencies) == pytest.approx(0.8, abs=0.02)
    assert now.arrived("torbay", emergencies) == usual.arrived("torbay", emergencies)
    now = ran(arm, m={"kind": "avoid", "sites": ["exeter"], **WHEN, **effect(-0.5, affects="readmission")})
    left = now.arrived("exeter", emergencies) / usual.arrived("exeter", emergencies)
    assert left == pytest.approx(1 - 0.5 * 0.138, abs=0.02)


def test_avoid_attendances(arm, usual):
    """Those who go home from A&E are fewer where they are followed; who is admitted comes as before."""
    now = ran(arm, m={"kind": "avoid", "sites": ["exeter"], **WHEN, **effect(-0.2, affects="attendances")})
    emergencies = arm.system.roles.emergencies
    assert now.arrived("exeter", emergencies) == usual.arrived("exeter", emergencies)
    if arm.system.roles.attendances:
        left = now.arrived("exeter", ["attendance"]) / usual.arrived("exeter", ["attendance"])
        assert left == pytest.approx(0.8, abs=0.02)


def test_shorten(arm, usual):
    now = ran(arm, m={"kind": "shorten", "sites": ["exeter"], **WHEN, **effect(-0.3)})
    assert now.in_beds("exeter") < 0.9 * usual.in_beds("exeter")


def test_shift_between_services(arm, usual):
    move = {"kind": "shift", "from": "p2", "to": "p1", "sites": ["exeter"], **WHEN, **effect(0.5, "share")}
    now = ran(arm, m=move)
    assert now.started("exeter", "p2") < 0.8 * usual.started("exeter", "p2")
    assert now.started("torbay", "p2") == usual.started("torbay", "p2")


def test_shift_between_hospitals(arm, usual):
    emergencies, sites = arm.system.roles.emergencies, ("exeter", "torbay")
    for on, classes in (("emergencies", emergencies), ("attendances", ["attendance"])):
        if on == "attendances" and not arm.system.roles.attendances:
            continue
        now = ran(arm, m={"kind": "shift", "from": "exeter", "to": "torbay", **WHEN, **effect(0.2, "share", on)})
        before, after = ([one.arrived(s, classes) for s in sites] for one in (usual, now))
        assert after[0] / before[0] == pytest.approx(0.8, abs=0.03), on
        assert after[1] > before[1] and sum(after) == pytest.approx(sum(before), rel=0.02), on


def test_invest(arm):
    capital = {"capital": figure(4.5, "GBP million")}
    assert ran(arm, m={"kind": "invest", **WHEN, **capital}).capital_pounds == 4_500_000


@pytest.mark.nightly
def test_invest_with_an_effect(arm, usual):
    """What money buys acts as the same effect of a move that costs nothing: the same people, event by event."""
    common = {"sites": ["exeter"], **WHEN, "capital": figure(4.5, "GBP million")}
    for kind, stated in (("avoid", effect(-0.2)), ("shorten", effect(-0.3, affects="stays"))):
        ours, theirs = (ran(arm, m={"kind": k, **common, **stated}) for k in ("invest", kind))
        assert ours.run.fingerprint == theirs.run.fingerprint != usual.run.fingerprint
        assert np.array_equal(ours.run.state.flow, theirs.run.state.flow)


def test_recruit(arm, usual):
    now = ran(arm, m=sized("recruit", 40, "staff", setting="nurses", lead_time_months=months(1)))
    sites = arm.system.footprint.sites
    assert sum(now.stock(f"plan_recruited[{s},nurses]") for s in sites) == pytest.approx(40)
    assert 36 < _staff(now, "ward") + _staff(now, "community") - _staff(usual, "ward") - _staff(usual, "community") < 40
    assert _staff(now, "ward", "support") == pytest.approx(_staff(usual, "ward", "support"), rel=2e-3)


def test_retrain(arm, usual):
    now = ran(arm, m=sized("retrain", 20, "staff", setting="nurses", lead_time_months=months(1)))
    sites = arm.system.footprint.sites
    assert sum(now.stock(f"plan_retrained[{s},nurses]") for s in sites) == pytest.approx(20)
    assert -20.1 < _staff(now, "ward") - _staff(usual, "ward") < -16  # usual recruitment fills some of their posts
    assert 16 < _staff(now, "community") - _staff(usual, "community") < 20.1


def _staff(one: Ran, setting: str, group: str = "nurses") -> float:
    return sum(one.stock(f"{setting}_staff[{site},{group}]") for site in one.arm.system.footprint.sites)


def test_escalation_beds(arm, usual):
    """A rule opens a twentieth of a hospital's beds; they are open as all beds are, and posts are as without them."""
    rule = {"name": "full", "watch": "occupancy", "above": figure(0.01, "share"), "for_months": 1, "site": "exeter"}
    rule |= {"then": "escalate", "months": 24, "beds": figure(0.05, "share of beds")}
    moves = {"m": sized("close", 10, "beds", setting=BEDS, sites=["exeter"])}
    without, now = ran(arm, **moves), ran(arm, [rule], **moves)
    extra = round(0.05 * arm.system.sizes[BEDS, "exeter"])
    more = now.places("exeter", BEDS) - without.places("exeter", BEDS)
    assert more == extra > 20
    assert now.places("torbay", BEDS) == usual.places("torbay", BEDS)
    assert now.stock("ward_posts[exeter,nurses]") == without.stock("ward_posts[exeter,nurses]")


def test_the_table_is_whole():
    """Each kind has a test of its name, and each thing that a kind may change is in one."""
    names = [name for name in globals() if name.startswith("test_")]
    assert all(any(name.startswith(f"test_{kind}") for name in names) for kind in KINDS)
    assert set().union(*AFFECTED.values()) == {"emergencies", "attendances", "readmission", "stays"}

"""With gates `default`, nobody to ask and no mothballing, the machine closes what the first gatekeeper did, and when.

Both are driven month by month by one made-up sight that differs by site and month. The gatekeeper's own look at a
running network is replaced by it; its decisions are its own.
"""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from models.plan import Gate, Schedule, Staging, schedule
from models.plan import Plan as OldPlan
from models.plan import Timeline as OldTimeline
from models.plans import Timeline, lay_out, months_after
from models.stages import StageMachine, Switches, brief_of
from models.transition import Watch
from tests.models.stages.made_up import START, figure, gates, months, plan_of

BASELINE = dt.date(2018, 4, 1)
BEDS = {"exeter": 820, "north_devon": 260, "plymouth": 800, "torbay": 390}
PLACES = {"exeter": 150, "north_devon": 60, "plymouth": 90, "torbay": 80}
ACUTE, COMMUNITY, HOME, LEAD = 400, 190, 590, 12


class Random:
    """Waits, occupancy and use that differ from month to month and site to site; a month back of `month`."""

    def __init__(self, seed: int, years: int):
        rng = np.random.default_rng(seed)
        shape = (12 * years + 60, len(BEDS))
        self.sites, self.month = list(BEDS), 0
        self.long, self.full = rng.beta(2, 38, shape), rng.normal(0.82, 0.06, shape)
        self.used = rng.beta(4, 3, shape)
        self.long[:12] = rng.beta(2, 30, (1, len(BEDS)))

    def _mean(self, values: np.ndarray, site: str, months: int | None) -> float:
        s = self.sites.index(site)
        return float(values[:12, s].mean() if months is None else values[self.month - months : self.month, s].mean())

    def long_waits(self, site, months):
        return self._mean(self.long, site, months)

    def occupancy(self, site, months, fewer_beds=0):
        return self._mean(self.full, site, months) * BEDS[site] / max(1, BEDS[site] - fewer_beds)

    def use(self, site, service, months):
        assert service == "p1"
        return self._mean(self.used, site, months)

    def delayed(self, site, months):
        return 0.0

    def staffed(self, site, setting):
        return 1.0

    def freed_staff(self, site):
        return 0.0

    def programmes_at_once(self):
        return float("inf")

    def money_left(self):
        return float("inf")


class Before(Watch):
    """The first gatekeeper, looking at the made-up sight."""

    sight: Random

    def _back(self, months: slice) -> int | None:
        if months == self._baseline():
            return None
        assert months.stop == self.sight.month
        return months.stop - months.start

    def _use(self, site, months):
        return self.sight.use(site, "p1", self._back(months))

    def _long_waits(self, site, months):
        return self.sight.long_waits(site, self._back(months))

    def _occupancy(self, site, months, closed):
        return self.sight.occupancy(site, self._back(months), closed)

    def _close(self, step, today, at):
        return []

    def _beds(self, site, today, at):
        return cast("Any", None)


def before(laid_out: Schedule, sight: Random, count: int) -> Watch:
    """Let the first gatekeeper decide every month."""
    edges = [(months_after(BASELINE, m) - BASELINE).days * 86_400_000 for m in range(count + 61)]
    lowered = SimpleNamespace(tables=SimpleNamespace(period_edges=edges), network=SimpleNamespace(start=BASELINE))
    system = SimpleNamespace(footprint=SimpleNamespace(baseline_year="2018/19"))
    keeper = cast("Any", SimpleNamespace(lowered=lowered, schedule=laid_out, system=system))
    watch = Before(keeper, cast("Any", SimpleNamespace(change=lambda changes: None)), list(laid_out.closures))
    watch.sight = sight
    for month in range(12, 12 + count):
        sight.month = month
        watch.decide(month)
    return watch


def old_schedule(years: int) -> Schedule:
    held = gates()
    gate = Gate(
        enabled=True, proof_months=held.proof.months, use_share=held.use.share, access_months=held.access.months,
        access_share=held.access.share, occupancy=held.occupancy.share,
    )  # fmt: skip
    plan = OldPlan.model_validate(
        {"name": "p", "title": "p", "question": "?", "starts": START, "close_acute": figure(ACUTE, "beds")}
        | {"close_community": figure(COMMUNITY, "beds"), "open_home": figure(HOME, "places")}
        | {"lead_time_months": months(LEAD), "gate": gate, "staging": Staging(
            open_from=0.2, open_to=0.8, close_from=0.4, close_to=1.0, months_between_steps=3)}
    )  # fmt: skip
    timeline = OldTimeline(name="t", years=years)
    return schedule(plan, timeline, cast("dict[str, float]", BEDS), cast("dict[str, float]", PLACES))


def new_machine(years: int, switches: Switches) -> StageMachine:
    closing = {"kind": "close", "when": {"from": 0.4, "to": 1.0, "every_months": 3}, "after": ["open_home"]}
    opening = {"kind": "open", "setting": "p1", "share_by": "p2", "when": {"from": 0.2, "to": 0.8, "every_months": 3}}
    plan = plan_of(
        open_home=opening | {"size": figure(HOME, "places"), "lead_time_months": months(LEAD)},
        close_acute=closing | {"setting": "beds", "size": figure(ACUTE, "beds")},
        close_community=closing | {"setting": "p2", "size": figure(COMMUNITY, "places")},
    )
    sizes = {("beds", s): n for s, n in BEDS.items()} | {("p2", s): n for s, n in PLACES.items()}
    tranches = lay_out(plan, Timeline(name="t", years=years), sizes)
    return StageMachine(brief_of(plan, tranches, gates(), switches), 1, 0)


@pytest.mark.parametrize("years", [3, 5, 10, 15])
@pytest.mark.parametrize("seed", range(4))
def test_the_machine_decides_as_the_first_gatekeeper_did(years, seed):
    count = 12 * (years + 3)
    sight = Random(seed, years + 6)
    old = before(old_schedule(years), sight, count)
    machine = new_machine(years, Switches(mothball=False))
    for month in range(12, 12 + count):
        sight.month = month
        machine.step(months_after(BASELINE, month), sight)
    kinds = {"close_acute": "acute", "close_community": "community"}
    now = sorted(
        (kinds[o.tranche.move], o.tranche.site, o.tranche.due, o.tranche.size, o.happened or dt.date.max,
         "proof" if o.held_by == "after: open_home" else o.held_by)
        for o in machine.outcomes if o.tranche.move in kinds
    )  # fmt: skip
    then = sorted(
        (c.step.kind, c.step.site, c.step.due, c.step.beds, c.closed or dt.date.max, c.held_by) for c in old.closures
    )
    assert now == then
    assert len(now) > 30
    assert {"use", "access", "occupancy"} <= {row[-1] for row in now}, "the sight is to bring every gate into play"
    assert any(row[-2] == row[2] for row in now)

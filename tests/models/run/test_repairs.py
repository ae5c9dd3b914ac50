"""Money that a plan gives for repairs, in a whole run: the backlog falls by it, and fewer beds are out of use."""

from __future__ import annotations

import numpy as np
import pytest

from models.arms.arms import run_arms
from models.arms.prepare import idle, prepare
from models.settings.request import parse
from models.settings.settings import settings

CAPITAL, SITE = 25, "exeter"
FIGURE = "unit: GBP million, year: not applicable, basis: not applicable, status: assumed"
MOVE = (
    f"{{kind: invest, setting: estate, sites: [{SITE}], when: {{from: 0.1}}, capital: {{value: {CAPITAL}, {FIGURE}}}}}"
)
SHORT = ["timeline=3y", "criteria.longest_timeline_years=3", "criteria.window_years_after=2", "waterfall=0"]
WORN = ["around.estate.out_of_use.value=0.02", "plan=none", "gates=none"]


@pytest.mark.nightly
def test_repairs_put_beds_back_into_use():
    words = [*SHORT, *WORN, "sensitivity=0", "around=estate", f"+plan.moves.repairs={MOVE}"]
    chosen = settings(parse(words))
    assert idle(chosen) == []
    usual, planned = run_arms(prepare(chosen).arms, 1, 2, 1)
    backlog = usual.stock(f"backlog[{SITE}]") - planned.stock(f"backlog[{SITE}]")
    assert backlog[:, -1] == pytest.approx(1e6 * CAPITAL, rel=1e-9)
    assert backlog == pytest.approx(planned.stock(f"plan_repaired[{SITE}]"), abs=1)
    broken = usual.stock(f"beds_broken[{SITE}]") - planned.stock(f"beds_broken[{SITE}]")
    assert broken.min() >= 0 and (broken[:, -1] > 3).all()
    ward = usual.arm.system.roles.wards[SITE][0]
    more = (planned.places - usual.places)[:, :, usual.station(ward), 0]
    assert more.min() >= 0 and (more[:, -1] > 0).all()
    others = [usual.station(w) for s, ws in usual.arm.system.roles.wards.items() if s != SITE for w in ws]
    assert np.array_equal(planned.places[:, :, others], usual.places[:, :, others])

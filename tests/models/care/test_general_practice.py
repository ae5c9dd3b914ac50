"""Access to general practice: neutral until set, the elasticity at the usual share, and a straight path to another."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import yaml

from models.care.demand import load_demand
from models.care.general_practice import GeneralPractice, GpAccess, gp_steps
from models.care.shocks import value_on
from sim.reading.shape import shaped

CONFIGS = Path(__file__).parents[3] / "configs"
START = dt.date(2020, 4, 1)
STATED = yaml.safe_load((CONFIGS / "future" / "harder_to_see_a_gp.yaml").read_text(encoding="utf-8"))[
    "general_practice"
]


@pytest.fixture(scope="module")
def usual() -> GpAccess:
    return load_demand(CONFIGS / "demand" / "england_2018_19.yaml").gp_access


def stated(**values: float) -> GeneralPractice:
    bare = {k: f | {"low": None, "high": None} for k, f in STATED.items()}
    return GeneralPractice.model_validate({k: f | {"value": values.get(k, f["value"])} for k, f in bare.items()})


def test_nobody_comes_or_stays_away_until_it_is_set(usual: GpAccess):
    worse = usual.model_copy(update={"unmet": {START: 0.11, dt.date(2021, 4, 1): 0.22}})
    assert gp_steps(worse, "attendance") == ()
    elastic = usual.elasticity["attendance"].model_copy(update={"value": 0.25})
    coupled = worse.model_copy(update={"elasticity": {"attendance": elastic}})
    assert [f for _, f in gp_steps(coupled, "attendance")] == pytest.approx([1, 1.25])
    assert gp_steps(coupled, "long") == ()
    none_unmet = coupled.model_copy(update={"unmet": {START: 0.0}})
    assert gp_steps(none_unmet, "attendance") == ((START, 0.75),)  # the part that unmet demand brings is gone
    nearly = coupled.model_copy(update={"unmet": {START: 1.001 * usual.usual_unmet.value}})
    assert (gp_steps(nearly, "attendance")[0][1] - 1) / 0.001 == pytest.approx(0.25)  # the elasticity


@pytest.mark.parametrize(("unmet", "years"), [(0.16, 5), (0.2, 2.5), (0.11, 3), (0.12, 0)])
def test_the_path_is_a_straight_line_from_the_usual_share_to_the_new_one(usual: GpAccess, unmet: float, years: float):
    access = stated(unmet=unmet, years=years).access(usual, START)
    before, path = usual.usual_unmet.value, sorted(access.unmet.items())
    assert path[0][0] == START and path[-1][1] == unmet
    assert path[-1][0] == dt.date(2020 + int(years), 4 if years == int(years) else 10, 1)
    months = [share for _, share in path[:-1]]
    assert len(months) == 12 * years
    if months:
        assert np.mean(months) == pytest.approx((before + unmet) / 2)
        assert np.diff(months) == pytest.approx((unmet - before) / (12 * years))
    steps = gp_steps(access, "attendance")
    after = 1 + STATED["elasticity"]["value"] * (unmet / before - 1)
    assert value_on(steps, dt.date(2034, 1, 1)) == pytest.approx(after)
    assert value_on(steps, START - dt.timedelta(1)) == 1.0


def test_the_elasticity_is_what_its_note_works_out(usual: GpAccess):
    """One in twenty of those who find no appointment, over attendances of those who go home: per person and year."""
    rate = load_demand(CONFIGS / "demand" / "england_2018_19.yaml").rates.attendance.value / 1000
    assert 5.5 * usual.usual_unmet.value * 0.05 / rate == pytest.approx(STATED["elasticity"]["value"], abs=0.006)
    assert STATED["unmet"]["low"] == usual.usual_unmet.value  # at that end nothing changes


def test_shares_and_years_must_be_possible():
    data = {name: dict(figure) for name, figure in STATED.items()}
    data["unmet"] |= {"value": 1.4, "high": 1.5}
    data["years"]["unit"] = "months"
    faults = "\n".join(f"{fault.key} {fault.rule}" for _, fault in shaped(GeneralPractice, data)[1])
    assert "unmet" in faults and "years" in faults

"""What a fit may set side by side, and with which feedback it may be used."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models import CONFIGS
from models.calibration import baseline, calibrate
from models.calibration.bases import COUNTED, MIDNIGHT, READY, check_bases, compared, delay_clock
from models.calibration.calibrate import fit_footprint
from models.calibration.feedback import feedback_reasons, mechanisms_around, mechanisms_of
from models.footprint.footprint import Footprint, inputs_hash, load_footprint
from models.settings.settings import Settings
from models.system.system import stocks_around
from sim.errors import FaultsError


def put(footprint: Footprint, key: str, **update: Any) -> Footprint:
    """The footprint with one figure changed, unchecked."""

    def change(at: Any, path: list[str]) -> Any:
        if not path:
            return at.model_copy(update=update)
        if isinstance(at, dict):
            return at | {path[0]: change(at[path[0]], path[1:])}
        return at.model_copy(update={path[0]: change(getattr(at, path[0]), path[1:])})

    return change(footprint, key.split("."))


def test_devon_compares_like_with_like_through_one_conversion(chosen: Settings) -> None:
    check_bases(chosen.footprint)
    table = {row.key: row for row in compared(chosen.footprint)}
    beds, delay = table["sites.torbay.beds_occupied"], table["pathways.p1.delayed_target"]
    assert (beds.observed.basis, beds.observed.clock, beds.conversion) == ("host trust", MIDNIGHT, "")
    assert (delay.observed.basis, delay.simulated.basis) == ("resident", "host trust")
    assert (delay.observed.clock, delay.conversion) == (COUNTED, "delays.host_conversion")
    assert {row.observed.year for row in table.values()} == {"2018/19"}


@pytest.mark.parametrize(
    ("year", "clock"),
    [("2018/19", COUNTED), ("2019/20", COUNTED), ("2020/21", READY), ("2022", READY), ("2011/12-2022/23", READY)],
)
def test_the_clock_of_delays_changed_after_2019_20(year: str, clock: str) -> None:
    assert delay_clock(year) == clock


@pytest.mark.parametrize(
    ("key", "update", "named"),
    [
        ("pathways.p1.delayed_target", {"basis": "registered"}, ["'registered'", "'host trust'", "p1"]),
        ("pathways.p2.delayed_target", {"year": "2016/17"}, ["2016/17", "2018/19", "p2"]),
        ("pathways.p3.delayed_target", {"year": "2022/23"}, [READY, COUNTED, "p3"]),
        ("sites.exeter.beds_occupied", {"basis": "resident"}, ["'resident'", "'host trust'", "exeter"]),
        ("sites.exeter.beds_occupied", {"year": "2017/18"}, ["2017/18", "2018/19"]),
        ("delays", {"host_conversion": None}, ["'resident'", "'host trust'", "host trust per resident"]),
        ("delays.host_conversion", {"year": "2016/17", "low": None, "high": None}, ["2016/17", "2018/19"]),
    ],
)
def test_mixed_figures_are_refused_and_both_are_named(
    chosen: Settings, monkeypatch: pytest.MonkeyPatch, key: str, update: dict[str, Any], named: list[str]
) -> None:
    monkeypatch.setattr(calibrate, "_baseline", lambda *_: pytest.fail("it ran"))
    mixed = put(chosen.footprint, key, **update)
    with pytest.raises(FaultsError) as refused:
        fit_footprint(mixed, chosen.future)
    for word in named:
        assert word in str(refused.value)


def test_every_mixture_is_named_at_once(chosen: Settings) -> None:
    mixed = put(chosen.footprint, "pathways.p1.delayed_target", basis="registered", year="2022/23")
    with pytest.raises(FaultsError) as refused:
        check_bases(put(mixed, "sites.torbay.beds_occupied", year="2016/17"))
    assert len(refused.value.faults) == 4  # basis, year and clock of one; year of the other


def test_a_conversion_of_another_year_needs_a_range() -> None:
    footprint = load_footprint(CONFIGS / "footprint" / "cornwall.yaml")
    factor = footprint.delays.host_conversion
    assert factor is not None and factor.year != footprint.baseline_year and factor.range[0] < factor.range[1]
    check_bases(footprint)


# --- feedback ----------------------------------------------------------------------------------------------------

LIMITED, HURRY, EARLY = "bed_limited_response", "speed_up", "early_discharge"


@pytest.mark.parametrize(
    ("made", "on", "accepted"),
    [
        ([LIMITED], [LIMITED], True),
        ([LIMITED], [], True),  # switched off: its factor was one on average
        ([LIMITED], [LIMITED, HURRY], True),  # usual pressure has been measured
        ([], [], True),
        ([], [LIMITED], False),  # usual pressure has not been measured
        ([LIMITED], [LIMITED, EARLY], False),  # brings people
        ([LIMITED, EARLY], [LIMITED], False),
        ([LIMITED, EARLY], [LIMITED, EARLY], True),
        ([EARLY], [EARLY, HURRY], False),
    ],
)
def test_a_fit_made_with_another_feedback_is_refused_unless_neutral(
    chosen: Settings, made: list[str], on: list[str], accepted: bool
) -> None:
    assert chosen.fit is not None
    fit = chosen.fit.model_copy(update={"feedback": "mine", "mechanisms": made})
    reasons = feedback_reasons(fit, on)
    assert (not reasons) == accepted
    assert all("'mine'" in reason and "carebridge calibrate" in reason for reason in reasons)


def test_a_fit_that_does_not_say_is_accepted_with_neutral_mechanisms(chosen: Settings) -> None:
    assert chosen.fit is not None
    old = chosen.fit.model_copy(update={"feedback": None, "mechanisms": []})
    assert feedback_reasons(old, [LIMITED, HURRY]) == []
    assert "early discharge" in feedback_reasons(old, [EARLY])[0]


@pytest.mark.parametrize("on", [[], [LIMITED], [HURRY, EARLY], [LIMITED, HURRY, EARLY]])
def test_stocks_around_a_network_tell_their_mechanisms(chosen: Settings, on: list[str]) -> None:
    feedback = chosen.feedback.switched(**{name: name in on for name in (LIMITED, HURRY, EARLY)})
    assert chosen.fit is not None
    assert mechanisms_of(feedback) == on
    assert mechanisms_around(stocks_around(chosen.footprint, chosen.fit, feedback)) == on


def test_the_baseline_check_asks_for_the_feedback(chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen.fit is not None
    rows = {"simulated_beds": 1.0, "simulated_sd": 0.0, "observed_beds": 1.0}
    monkeypatch.setattr(baseline, "_fitted", lambda *_: pd.DataFrame([{"hospital": "any", **rows}]))
    monkeypatch.setattr(baseline, "_delays", lambda *_: rows)
    monkeypatch.setattr(baseline, "_holdout", lambda *_: (pd.DataFrame(), {}))
    around = stocks_around(chosen.footprint, chosen.fit, chosen.feedback)
    usual: Any = SimpleNamespace(area=np.zeros((2, 1)), arm=SimpleNamespace(system=SimpleNamespace(around=around)))
    own = {"inputs": inputs_hash(chosen.footprint)}
    without = chosen.fit.model_copy(update=own | {"feedback": "none", "mechanisms": []})
    assert "usual pressure" in baseline.check_baseline(chosen.footprint, without, usual).reasons[0]
    same = chosen.fit.model_copy(update=own | {"feedback": "history", "mechanisms": mechanisms_of(chosen.feedback)})
    assert baseline.check_baseline(chosen.footprint, same, usual).reasons == []

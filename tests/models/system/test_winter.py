"""Bad winters by name: their days and size, demand and beds in every detail, one difference only, and K10."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import numpy as np
import pytest

from models.arms.arms import Observed, make_arm, run_arms
from models.arms.prepare import window
from models.care.shocks import share_closed, share_on, shock_steps, value_on
from models.care.supply import Site, opened
from models.measures import measures
from models.plans.schedule import schedule
from models.run.sensitivity import _held, moved, ranges
from models.settings.request import parse
from models.settings.settings import Settings, settings
from models.system.details import build
from models.system.system import System, ward
from models.system.winter import Winter, level_of, waves_known
from models.transition.steering import Steering, Watch
from models.verdict.criteria import NOT_ASSESSED, of_care
from sim import Run, lower
from sim.clock import DAY
from sim.errors import CarebridgeError
from tests.models.small_area import SITE, area, planned, usual
from tests.models.transition.made_up import closing

WINTER = "2020/21"
STEADY = ("around=none", "feedback=none")
STAFFED = ("around=usual", "feedback=none")
SIZE = {"value": 1.0, "unit": "factor", "year": "not applicable", "basis": "not applicable", "status": "assumed"}


def winter(*waves: str, size: float = 1.0, winters: tuple[str, ...] = (WINTER,)) -> Winter:
    data = {"name": "made_up", "title": "made up", "waves": list(waves), "winters": list(winters)}
    return Winter.model_validate(data | {"size": SIZE | {"value": size}})


@cache
def seen(*words: str, replications: int = 2) -> Observed:
    return usual(area(*words), replications)


def words_of(name: str, *more: str) -> tuple[str, ...]:
    return (f"winter={name}", f"winter.winters=[{WINTER}]", *more)


# -- days and size ----------------------------------------------------------------------------------------------------


def test_waves_come_on_their_day_of_the_year_in_the_winters_named():
    shocks = winter("flu_wave", "norovirus", "pandemic_wave", winters=("2024/25", "2022/23")).shocks()
    assert shocks["flu_wave"].starts == [dt.date(2022, 12, 20), dt.date(2024, 12, 20)]
    assert shocks["norovirus"].starts == [dt.date(2023, 1, 15), dt.date(2025, 1, 15)]
    assert shocks["pandemic_wave"].starts[0] == dt.date(2023, 3, 10)
    assert all(shock.enabled for shock in shocks.values())
    assert not any(shock.enabled for shock in waves_known().values())  # the preset itself is not touched


def test_size_is_a_factor_on_all_that_waves_do():
    one, three = (winter("norovirus", size=size).shocks() for size in (1.0, 3.0))
    assert winter("norovirus", size=0.0).shocks() == {}
    day = dt.date(2021, 2, 19)
    assert value_on(share_closed(three.values()), day) == pytest.approx(3 * value_on(share_closed(one.values()), day))
    excess = [value_on(shock_steps(found.values(), "one_night"), day) - 1 for found in (one, three)]
    assert excess[1] == pytest.approx(3 * excess[0]) and excess[0] > 0


def test_streams_of_one_source_count_by_their_weight():
    """Flu adds 12 % to medium and 8 % to long stays at its peak, 7/10 of it beyond the months' index."""
    shocks = list(winter("flu_wave").shocks().values())
    each = {stream: shock_steps(shocks, stream) for stream in ("medium", "long")}
    level = level_of(shocks, {"medium": 3.0, "long": 1.0, "somebody_else": 4.0})
    peak = max(day for day, _ in each["medium"] if value_on(each["medium"], day) == max(v for _, v in each["medium"]))
    expected = 1 + (3 * (value_on(each["medium"], peak) - 1) + (value_on(each["long"], peak) - 1)) / 8
    assert value_on(level, peak) == pytest.approx(expected)
    assert 1 + 0.7 * 0.12 * 0.8 < value_on(each["medium"], peak) <= 1 + 0.7 * 0.12


# -- what a run sees --------------------------------------------------------------------------------------------------


def arrivals(o: Observed) -> Any:
    """Emergencies by month, all replications together."""
    network = o.arm.lowered.network
    classes = [list(network.classes).index(c) for c in o.arm.system.roles.emergencies]
    return o.flow[:, :, o.station(ward(SITE))][:, :, classes, 0].sum(axis=(0, 2))


def test_a_wave_adds_its_own_people_and_nobody_else():
    """Months before it are the same to the last person; the excess is that of its steps within chance."""
    before, after = seen(*STEADY), seen(*words_of("flu", *STEADY))
    first = before.months.index(dt.date(2020, 12, 1))
    assert np.array_equal(before.area[:, :first], after.area[:, :first])
    plain, more = arrivals(before), arrivals(after)
    assert np.array_equal(plain[:first], more[:first])
    wave = slice(first, first + 3)  # 56 days from 20 December
    steps = area(*words_of("flu")).future.shocks
    mean = np.mean([value_on(shock_steps(steps, "medium"), dt.date(2020, 12, 20) + dt.timedelta(n)) for n in range(56)])
    added = more[wave].sum() / plain[wave].sum() - 1
    assert 0.4 * (mean - 1) * 56 / 90 < added < 1.3 * (mean - 1) * 56 / 90
    assert np.array_equal(plain[first + 3 :], more[first + 3 :])  # arrivals are as they were once it is over


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(STEADY, id="by the calendar"),
        pytest.param(STAFFED, id="by the stocks", marks=pytest.mark.nightly),  # compiles stocks of its own
    ],
)
def test_norovirus_shuts_the_same_beds_whoever_sets_them(words: tuple[str, ...]):
    """0.8 % of beds at the peak, times five: by the mean of the month, whether the network or the stocks hold beds."""
    before, after = seen(*words), seen(*words_of("norovirus", "winter.size={value: 5, high: 9}", *words))
    shut = share_closed(area(*words_of("norovirus", "winter.size={value: 5, high: 9}")).future.shocks)
    for month in (dt.date(2021, 2, 1), dt.date(2021, 3, 1)):
        at = before.months.index(month)
        days = [month + dt.timedelta(n) for n in range(int(before.days[at]))]
        share = np.mean([value_on(shut, day) if day >= shut[0][0] else 0.0 for day in days])
        have, left = (measures.beds_open(o, SITE)[:, at].mean() for o in (before, after))
        lost = before.arm.system.beds[SITE][4] * share  # community beds inside the count stay open
        assert have - left == pytest.approx(lost, abs=0.8), month  # whole beds
        assert lost > 4


def test_a_plan_keeps_its_beds_closed_while_norovirus_shuts_others():
    """By the calendar too: of 40 beds closed before the wave none comes back in the midst of a quarter."""
    size = "winter.size={value: 5, high: 9}"
    chosen = area(*words_of("norovirus", size, *STEADY), wards=closing(40, {"from": 0.1}, []))
    plan, kept = planned(chosen, 2), seen(*words_of("norovirus", size, *STEADY))
    shut = share_closed(chosen.future.shocks)
    first = plan.months.index(dt.date(2020, 11, 1))
    for at in range(first, first + 8):
        days = [plan.months[at] + dt.timedelta(n) for n in range(int(plan.days[at]))]
        lost = 40 * (1 - np.mean([share_on(shut, day) for day in days]))
        found = measures.beds_open(kept, SITE)[:, at] - measures.beds_open(plan, SITE)[:, at]
        assert found == pytest.approx(lost, abs=0.8), plan.months[at]  # whole beds


@pytest.mark.parametrize("beds", [0, 40])
def test_gates_do_not_count_beds_that_norovirus_shuts(beds: int):
    """What the gate on occupancy divides by is, in a wave as before it, the time for which beds were really open."""
    words = words_of("norovirus", "winter.size={value: 5, high: 9}", *STEADY)
    view = followed(area(*words, wards=closing(40, {"from": 0.1 if beds else 1.0}, [])), dt.date(2021, 3, 1))
    wards, month = view.steering.system.roles.wards[SITE], view.month
    for months in (1, 2, 3, 4):
        span = slice(month - months, month)
        assert view.occupancy(SITE, months, beds) == pytest.approx(view._held(wards, span) / view._open(wards, span))
    whole = view.steering.system.beds[SITE][4] - beds
    assert view._open(wards, slice(month - 1, month)) < 0.98 * whole * 28 * DAY  # some were shut in February


def followed(chosen: Settings, until: dt.date) -> Watch:
    """What is seen of one replication of the plan on the first of a month."""
    assert chosen.fit is not None
    basis = (chosen.footprint, chosen.fit, chosen.future, window(chosen)[1], chosen.feedback, chosen.around)
    system = build(*basis, planned=True)
    lowered, laid_out = lower(system.network), schedule(chosen.plan, chosen.timelines[0], chosen.gates, system.sizes)
    view = Steering.of(system, lowered, laid_out, chosen.future).watch(Run(lowered, 1, 0))
    month = next(m for m in range(len(lowered.tables.period_edges)) if view._date(m) == until)
    for m in range(month):
        view.decide(m)
        view.run.advance(int(lowered.tables.period_edges[m + 1]))
    view.decide(month)
    return view


def test_stocks_take_shut_beds_off_those_they_would_open():
    """The share holds from its day on, and nothing is shut before or without it."""
    sites = {"here": Site({"here_ward": [100, 100, 100, 100]}, 1.0)}
    part = opened(sites, staffed=True, shut=[(10, 0.1), (17, 0.0)])
    assert (
        part.auxiliaries["beds_to_open[site]"]["equation"]
        == "(MIN(beds_called, beds_staffed)) * (1 - share_shut(TIME))"
    )
    assert part.lookups["share_shut"]["points"] == [[9, 0], [10, 0.1], [17, 0.0]]
    assert part.lookups["share_shut"]["outside"] == "discrete"
    assert opened(sites, staffed=True).lookups == {}


def test_winters_as_usual_are_the_run_without_them():
    plain = settings(parse(["timeline=5y"]))
    none = settings(parse(["timeline=5y", "winter=bad", "winter.size.value=0"]))
    assert plain.future.winter is None and none.future.winter is None
    assert plain.scenario_hash == none.scenario_hash
    bad = settings(parse(["timeline=5y", "winter=bad"]))
    assert bad.scenario_hash != plain.scenario_hash
    assert bad.future.title.endswith("; bad winters (2022/23, 2027/28, 2032/33)")


def by_need(system: System, need: str, day: dt.date) -> float:
    """Emergencies a day of one need on a day, apart from what growth and the weekday make of them."""
    found = 0.0
    for source in system.network.sources.values():
        if source.cls in system.roles.emergencies and source.rate_per_day:
            shares = source.attributes["need"]
            share = shares.get(need, 0.0) if isinstance(shares, dict) else float(shares == need)
            month = source.month[day.month - 1] if source.month else 1.0
            found += source.rate_per_day * share * month * value_on([(s.since, s.value) for s in source.level], day)
    return found


@pytest.mark.parametrize("detail", ["default", "full"])
def test_in_the_whole_care_system_every_need_has_its_own_waves(detail: str):
    """Flu brings few people without a night and many for days; each need has its own steps, attendances too."""
    chosen = settings(parse(["timeline=5y", "winter=bad", f"detail={detail}"]))
    assert chosen.fit is not None
    system, plain = (
        build(chosen.footprint, chosen.fit, future, dt.date(2023, 4, 1))
        for future in (chosen.future, chosen.future.model_copy(update={"winter": None}))
    )
    assert system.winters == ("2022/23", "2027/28", "2032/33") and plain.winters == ()
    needs = ["one_night", "medium", "long"] + ["zero_day"] * (detail == "full")
    for need in needs:
        steps = shock_steps(chosen.future.shocks, need)
        for day in (dt.date(2023, 1, 16), dt.date(2023, 1, 30), dt.date(2023, 2, 8)):
            expected = value_on(steps, day)
            assert by_need(system, need, day) / by_need(plain, need, day) == pytest.approx(expected, rel=4e-3), need
        before = dt.date(2022, 11, 1)
        assert by_need(system, need, before) == pytest.approx(by_need(plain, need, before), rel=4e-3)  # own holidays
    excess = [value_on(shock_steps(chosen.future.shocks, n), dt.date(2023, 1, 16)) for n in needs]
    assert len({round(e, 6) for e in excess}) == len(needs)  # otherwise this tells nothing
    for name, source in plain.network.sources.items():
        if source.cls == "attendance":
            assert system.network.sources[name].level != source.level


# -- K10 --------------------------------------------------------------------------------------------------------------


def judged(*words: str) -> dict[str, Any]:
    chosen = area(*words)
    o = seen(*words)
    return {one.key: one for one in of_care(o, o, chosen.criteria, window(chosen))}


def test_k10_looks_at_the_quarter_after_a_bad_winter_and_never_decides():
    """Of two arms that are the same none does harm; the cells are April to June of the next year."""
    found = judged(*words_of("bad", *STEADY))["K10"]
    assert {period for _, period in found.cells} == {"2021-04"}
    assert not found.decides and found.harmless is not None and found.harmless.all()
    o = seen(*words_of("bad", *STEADY))
    spring = np.array([month in (dt.date(2021, 4, 1), dt.date(2021, 5, 1), dt.date(2021, 6, 1)) for month in o.months])
    assert np.allclose(found.values[:, 0], measures.long_wait_share(o, SITE, [spring])[:, 0])
    assert WINTER in found.note


def test_k10_is_not_assessed_without_bad_winters():
    assert "K10" not in judged(*STEADY)
    assert "winter=bad" in NOT_ASSESSED["K10"]["note"]


def test_a_wave_after_the_last_spring_is_no_test_of_recovery():
    """A winter at whose end the window ends leaves no quarter to look at."""
    end = window(area(*STEADY))[1]
    last = f"{end.year - 1}/{end.year % 100:02d}"
    assert "K10" not in judged("winter=bad", f"winter.winters=[{last}]", *STEADY)


# -- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["winter=bat"], "Did you mean 'bad'"),
        (["winter=bad", "winter.waves=[flue_wave]"], "Did you mean 'flu_wave'"),
        (["winter=bad", "winter.winters=[2019/20]"], "checked until 2019/20"),
        (["winter=bad", "winter.winters=[2040/41]"], "the run ends before it"),
        (["winter=bad", "winter.winters=[]"], "name the winters"),
        (["winter=bad", "winter.winters=[2022/23,2022/23]"], "named twice"),
        (["winter=bad", "winter.size.unit=share"], "unit"),
        (["winter=bad", "winter.winters=[2022/24]"], "written like 2022/23"),
        (["winter.size.value=2"], "no wave comes in this preset.*winter=bad"),
        (["winter.winters=[2024/25]"], "no wave comes in this preset.*winter=bad"),
    ],
)
def test_what_cannot_be_is_said(words: list[str], said: str):
    with pytest.raises(CarebridgeError, match=said):
        settings(parse(words))


def test_arms_meet_the_same_winters_whatever_the_workers():
    chosen = area(*words_of("bad", *STEADY))
    assert chosen.fit is not None
    system = build(chosen.footprint, chosen.fit, chosen.future, dt.date(2021, 7, 1), None, None)
    one, two = (run_arms([make_arm("usual", system)], 1, 2, workers)[0] for workers in (1, 2))
    assert one.area.tobytes() == two.area.tobytes()


def test_the_size_of_waves_is_moved_under_the_key_by_which_it_is_set():
    chosen = area(*words_of("bad"))
    assert "winter.size" in ranges(chosen) and not any(key.startswith("future.winter") for key in ranges(chosen))
    assert "winter.size" not in ranges(area())
    moved_ = moved(chosen.future, _held("winter.size").split(".")[1:], 2.0)
    assert moved_.winter.size.value == 2.0


def test_every_figure_of_every_wave_can_be_said():
    said = dict(winter(*waves_known()).figures(followed=True))
    assert len(said) == 1 + sum(2 + len(w.excess) + (w.beds_closed is not None) for w in waves_known().values())
    assert len(dict(winter(*waves_known()).figures(followed=False))) < len(said)
    assert said["Norovirus on the wards: beds shut at its peak"].status == "unverified"

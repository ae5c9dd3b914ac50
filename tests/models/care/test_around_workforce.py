"""Staff around the network: neutral at the start, the pipeline in closed form, leaving, agencies, redeployment."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy import integrate, stats

from models.care.stock_part import StockPart, stocks_together
from models.care.supply import Service, Site, opened, planned
from models.care.workforce import Workforce, workforce
from models.figures.presets import read_section
from sim.clock import Calendar
from sim.errors import FaultsError
from sim.stocks import Stocks, Trajectory, load_stocks

CONFIG = Path(__file__).resolve().parents[3] / "configs" / "around" / "workforce.yaml"
WARDS = {"a_medical": (201, 190, 199, 207), "a_surgical": (100, 101, 99, 103)}
MEAN = 300.0
YEAR = 365.25
LIMITS = {"p1": ["community_share[{service}]"], "p2": ["community_share[{service}]"]}


def data() -> dict[str, Any]:
    return yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["workforce"]


def read(figures: dict[str, Any]) -> Workforce:
    return read_section(Workforce, figures, "configs/around")


def care(**on: bool) -> Workforce:
    return read(data()).switched(**{"leaving_under_pressure": True, **on})


SITE = Site(WARDS, 0.9, {"p1": Service("a_p1", 60), "p2": Service("a_p2", 41), "p3": Service("a_p3", 30)})
Opening = tuple[int, int, int]  #: day, places of P1 that open, and how many days before it their posts may be filled


def model(opening: Opening | None, staff: Workforce, days: int, every: int = 1) -> Stocks:
    limits = LIMITS if staff.places_follow_staff.enabled else {}
    parts = [planned({"a": SITE}, 0), workforce({"a": SITE}, staff), opened({"a": SITE}, staffed=True, limits=limits)]
    part = stocks_together(parts)
    if opening:
        day, places, ahead = opening
        levers = {"added_places": day, "added_posts": day - ahead}
        for lever, at in ((k, v) for k, v in levers.items() if f"{k}[service]" in part.parameters):
            del part.parameters[f"{lever}[service]"]
            part.parameters[f"{lever}_new"] = {"value": places, "unit": "place"}
            part.parameters[f"{lever}_day"] = {"value": at, "unit": "day"}
            step = {"a_p1": f"STEP({lever}_new, {lever}_day)", "else": "0"}
            part.auxiliaries[f"{lever}[service]"] = {"equation": step, "unit": "place"}
    return Stocks(loaded(part, days, every))


def loaded(part: StockPart, days: int, every: int) -> Any:
    blocks = ("units", "dimensions", "parameters", "inputs", "lookups", "stocks", "flows", "auxiliaries", "rules")
    time = {"unit": "day", "start": 0, "end": days, "dt": 1, "save_every": every}
    return load_stocks({"name": "staff", "time": time, **{block: getattr(part, block) for block in blocks}})


def run(
    opening: Opening | None, staff: Workforce, days: int, every: int = 1, pressure: float = 1.0, **changes: float
) -> Trajectory:
    """Run with what the network would tell, were pressure so many times its usual."""
    told = {"in_beds": 0.9 * MEAN * pressure, "beds_open": MEAN}
    if staff.leaving_under_pressure.enabled:
        told["in_service"] = 95.0
    return model(opening, staff, days, every).run(told | changes)


def test_config_reads_and_faults_name_the_key():
    wrong = data()
    wrong["groups"]["nurses"]["leaving"]["unit"] = "per month"
    wrong["temporary"]["bank_most"]["high"] = 2
    with pytest.raises(FaultsError) as caught:
        read(wrong)
    keys = " ".join(fault.key for fault in caught.value.faults)
    assert "groups.nurses.leaving" in keys and "temporary.bank_most" in keys
    wrong = data()
    wrong["vacancy_at_start"] = {"nurse": wrong["temporary"]["bank_most"]}
    with pytest.raises(FaultsError, match="did you mean 'nurses'"):
        read(wrong)
    with pytest.raises(FaultsError, match="a.services"):
        workforce({"a": Site(WARDS, 0.9)}, care())


def test_baseline_staffing_changes_nothing():
    """Six years of usual pressure: all factors 1, every bed and place open as planned, staff where they were."""
    found = run(None, care(), 2200)
    days = (dt.date(2016, 4, 1) + dt.timedelta(days=float(day)) for day in found.time)
    quarter = np.array([Calendar.april_quarter(day) - 1 for day in days])
    for ward, beds in WARDS.items():
        assert np.array_equal(np.floor(found[f"staffed_beds[{ward}]"]), np.array(beds)[quarter])
    for service, places in (("a_p1", 60), ("a_p2", 41), ("a_p3", 30)):
        assert np.array_equal(np.rint(found[f"open_places[{service}]"]), np.full(len(found.time), places))
    assert np.allclose(found["ward_wear[a]"], 1, rtol=0, atol=1e-9)
    assert np.allclose(found["community_wear[a]"], 1, rtol=0, atol=1e-9)
    for column in found.columns:
        if column.startswith(("ward_staff[", "community_staff[", "trainees[", "bank[", "agency[")):
            assert np.allclose(found[column], found[column][0], rtol=1e-9), column
        if column.startswith("retraining["):
            assert found[column].max() < 1e-6


def test_a_larger_intake_reaches_the_wards_as_an_erlang_pipeline():
    """Twice the intake: qualifying follows the gamma distribution of order 3, staff a linear equation (SciPy)."""
    staff = care(leaving_under_pressure=False, places_follow_staff=False, redeployment=False)
    found = run(None, staff, 7300, 20, intake_factor=2)
    t, group = found.time, staff.groups["nurses"]
    training, leaving = group.training_days.value, group.leaving.value / YEAR
    before = found["qualifying[a,nurses]"][0]
    expected = before * (1 + stats.gamma.cdf(t, 3, scale=training / 3))
    assert found["qualifying[a,nurses]"] == pytest.approx(expected, rel=2e-3)
    posts, vacancy = found["ward_posts[a,nurses]"][0], group.usual_vacancy.value
    filling = found["filling_rate[nurses]"][0] / YEAR

    def change(now: float, here: Any) -> Any:
        come = before * (1 + stats.gamma.cdf(now, 3, scale=training / 3)) + max(0.0, posts - here[0]) * filling
        return [come - here[0] * leaving]

    solved = integrate.solve_ivp(change, (0, 7300), [posts * (1 - vacancy)], t_eval=t, rtol=1e-8, max_step=20)
    assert found["ward_staff[a,nurses]"] == pytest.approx(solved.y[0], rel=2e-3)
    assert solved.y[0][-1] > 1.05 * solved.y[0][0]


def test_staff_of_mothballed_beds_stay_until_the_beds_are_given_up():
    """Beds that stand closed and can reopen keep their posts, so nobody moves on; given up, they free their staff."""
    staff = care(leaving_under_pressure=False)
    kept = run((0, 40, 90), staff, 600, closed_beds=60, mothballed_beds=60)
    usual = run((0, 40, 90), staff, 600)
    freed = run((0, 40, 90), staff, 600, closed_beds=60)
    for column in ("ward_posts[a,nurses]", "ward_staff[a,nurses]", "retraining[a,nurses]"):
        assert np.array_equal(kept[column], usual[column]), column
    assert kept["beds_called[a]"][-1] == usual["beds_called[a]"][-1] - 60
    assert freed["ward_posts[a,nurses]"][-1] < kept["ward_posts[a,nurses]"][-1]


def test_nobody_is_lost_and_nobody_invented():
    """Every stock of staff is what it was, and what came, less what went; those who qualify are those who arrive."""
    found = run((100, 30, 90), care(), 1500, pressure=1.2, closed_beds=40)

    def total(flow: str) -> np.ndarray:
        return np.concatenate([[0.0], np.cumsum(found[flow])[:-1]])

    for g in ("nurses", "support"):
        e = f"[a,{g}]"
        come = total(f"ward_recruited{e}") + total(f"ward_qualified{e}")
        gone = total(f"ward_leaving{e}") + total(f"moving{e}")
        assert found[f"ward_staff{e}"] == pytest.approx(found[f"ward_staff{e}"][0] + come - gone)
        come = total(f"community_recruited{e}") + total(f"community_qualified{e}") + total(f"retrained{e}")
        there = found[f"community_staff{e}"]
        assert there == pytest.approx(there[0] + come - total(f"community_leaving{e}"))
        kept = total(f"moving{e}") - total(f"retrained{e}") - total(f"giving_up{e}")
        assert found[f"retraining{e}"] == pytest.approx(kept, abs=1e-9)
        trained = total(f"intake{e}") - total(f"dropping_out{e}")
        trained -= total(f"ward_qualified{e}") + total(f"community_qualified{e}")
        assert found[f"trainees{e}"] == pytest.approx(found[f"trainees{e}"][0] + trained)


def test_pressure_makes_staff_leave_and_missing_staff_add_to_the_work():
    staff = care()
    runs = {p: run(None, staff, 2200, 50, p) for p in (1.0, 1.15, 1.4)}
    ends = [runs[p] for p in (1.0, 1.15, 1.4)]
    left = [r["ward_staff[a,nurses]"][-1] for r in ends]
    assert left[0] > left[1] > left[2]
    assert ends[0]["beds_staffed[a]"][-1] > ends[1]["beds_staffed[a]"][-1] > ends[2]["beds_staffed[a]"][-1]
    for pressure in (1.15, 1.4):  # those who are left do the work of those who went
        assert runs[pressure]["ward_work_felt[a]"][-1] > pressure * 1.01
    early = runs[1.15]["ward_work_felt[a]"][runs[1.15].time <= 150]
    wear = runs[1.15]["ward_wear[a]"][runs[1.15].time <= 150]
    assert wear == pytest.approx(early**staff.leaving_under_pressure.elasticity.value)
    calm = run(None, care(leaving_under_pressure=False), 2200, 50, 1.4)
    assert calm["ward_staff[a,nurses]"][-1] == pytest.approx(calm["ward_staff[a,nurses]"][0])


def test_agencies_damp_at_a_cost():
    found = [run(None, care(), 2200, 50, 1.4, agency_allowed=a) for a in (0, 1, 2)]
    beds = [r["beds_staffed[a]"].min() for r in found]
    staff = [r["ward_staff[a,nurses]"][-1] for r in found]
    paid = [r["agency_paid[a]"][-1] for r in found]
    assert beds[0] < beds[1] < beds[2]
    assert staff[0] < staff[1] < staff[2]  # less work, and fewer leave
    assert 0 == paid[0] < paid[1] < paid[2]


def test_staff_of_closed_wards_come_to_the_community_after_their_retraining():
    staff = care(leaving_under_pressure=False)
    found = run((0, 40, 90), staff, 1800, closed_beds=60)
    moving, there, up = (found[f"{n}[a,support]"] for n in ("moving", "retrained", "giving_up"))
    t = found.time
    assert moving.sum() > 5
    assert there.sum() == pytest.approx(0.8 * moving.sum(), rel=0.01)
    assert there + up == pytest.approx((there + up).clip(0))
    later = (t * there).sum() / there.sum() - (t * moving).sum() / moving.sum()
    assert later == pytest.approx(staff.redeployment.retraining_days.value, rel=0.02)
    stay = run((0, 40, 90), care(leaving_under_pressure=False, redeployment=False), 600, closed_beds=60)
    day = 500
    assert found["open_places[a_p1]"][day] > stay["open_places[a_p1]"][day] + 1
    assert found["ward_staff[a,support]"][day] < stay["ward_staff[a,support]"][day]
    assert found["staffed_beds[a_medical]"][0] == round(201 * 241 / 301) and found["beds_to_open[a]"][0] == 301 - 60


def test_new_places_wait_for_their_staff_and_old_ones_stay_open():
    found = run((400, 40, 90), care(leaving_under_pressure=False), 6000)
    new, old = found["open_places[a_p1]"], found["open_places[a_p2]"]
    assert np.rint(new[:310]) == pytest.approx(60) and np.rint(old) == pytest.approx(41)
    assert found["places_wanted[a_p1]"][401] == 100
    assert new[401] < 75 < new[-1]
    assert (np.diff(new[401:]) >= -1e-9).all()
    sooner = run((400, 40, 365), care(leaving_under_pressure=False), 600)
    assert sooner["open_places[a_p1]"][401] > new[401] + 1


def test_empty_posts_close_beds_until_they_are_filled():
    short = data()
    short["vacancy_at_start"] = {"nurses": {**short["temporary"]["bank_most"], "value": 0.3, "high": 0.35}}
    found = run(None, read(short), 7300, 10)
    # three in ten posts empty, of which bank and agency fill 6 per cent of posts each; usually 97 per cent are on duty
    expected = 310 * (1 - 0.3 + 0.12) / (0.97 * 0.9)
    assert found["beds_staffed[a]"][0] == pytest.approx(expected)
    assert found["beds_to_open[a]"][0] == pytest.approx(expected) and expected < 301
    assert found["beds_to_open[a]"][-1] == found["beds_called[a]"][-1]
    assert run(None, read(short), 10, least_staffing=0.8)["beds_to_open[a]"][0] == 301


def balance(found: Trajectory) -> np.ndarray:
    """Nurses anywhere, less those there were, less all who came, and with all who left: nought if none is lost."""
    there = sum(found[f"{name}[a,nurses]"] for name in ("ward_staff", "plan_learning", "community_staff"))
    came = sum(found[f"{at}_{how}[a,nurses]"] for at in ("ward", "community") for how in ("recruited", "qualified"))
    left = sum(found[f"{at}_leaving[a,nurses]"] for at in ("ward", "community"))
    net = came + found["plan_recruiting[a,nurses]"] - left
    return there - there[0] - np.concatenate([[0.0], np.cumsum(net)[:-1]])


PLAIN = {"leaving_under_pressure": False, "redeployment": False}


def test_whom_a_plan_recruits_come_into_post_and_none_is_lost():
    """The day after, wards and community have exactly so many more, as vacancies are; from then on they are staff."""
    found, usual = (run(None, care(**PLAIN), 300, **more) for more in ({"plan_recruits[a,nurses]": 7.0}, {}))
    more = [(found[f"{s}_staff[a,nurses]"] - usual[f"{s}_staff[a,nurses]"])[1] for s in ("ward", "community")]
    empty = [usual[f"{s}_vacancies[a,nurses]"][0] for s in ("ward", "community")]
    assert sum(more) == pytest.approx(7, abs=1e-9) and more[0] == pytest.approx(7 * empty[0] / sum(empty))
    assert balance(found) == pytest.approx(0, abs=1e-8)
    assert np.array_equal(found["ward_staff[a,support]"], usual["ward_staff[a,support]"])


def test_whom_a_plan_retrains_leave_wards_learn_and_come_to_the_community():
    sent, usual = {"plan_sent_to_learn[a,nurses]": 9.0}, run(None, care(**PLAIN), 300)
    for learned in (0.0, 4.0):
        found = run(None, care(**PLAIN), 300, **sent, **{"plan_learned[a,nurses]": learned})
        gone = (found["ward_staff[a,nurses]"] - usual["ward_staff[a,nurses]"])[1]
        back = (found["community_staff[a,nurses]"] - usual["community_staff[a,nurses]"])[2]
        assert (gone, back) == pytest.approx((-9, learned), abs=0.02)  # a day's recruiting between
        assert found["plan_learning[a,nurses]"][2:] == pytest.approx(9 - learned)
        assert balance(found) == pytest.approx(0, abs=1e-8)


def test_no_more_are_sent_to_learn_than_there_are():
    found = run(None, care(**PLAIN), 300, **{"plan_sent_to_learn[a,nurses]": 1e5})
    assert found["ward_staff[a,nurses]"].min() >= 0
    assert found["plan_learning[a,nurses]"][1] == pytest.approx(found["ward_staff[a,nurses]"][0], rel=1e-2)
    assert balance(found) == pytest.approx(0, abs=1e-8)

"""Published findings about loops: demand that access brings back, and coping that people come back from.

As in :mod:`tests.models.published.test_published_behaviour`: sign and order over a range, and nothing without the
mechanism.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import numpy as np
import pytest

from models import CONFIGS
from models.care.access import Access, WaitingList, access, read_access
from models.care.around import hybrid
from models.care.planned import session_slots, theatre_list
from models.care.pressure import Pressure, Watched, pressure, read_pressure
from models.care.stock_part import StockPart
from models.settings.request import parse
from models.settings.settings import Settings, settings
from sim import load_network
from sim.errors import FaultsError
from sim.hybrid import HybridRun, ready
from tests.models.one_hospital import URGENT, Floats, hospital, low, planned_care, with_list

WEEK_MS, LATER = 7 * 86_400_000, pytest.mark.nightly


def at(care: Any, **values: float) -> Any:
    """The same with other numbers in place of figures."""
    plain: dict[str, Any] = {"low": None, "high": None}
    new = {k: getattr(care, k).model_copy(update=plain | {"value": v}) for k, v in values.items()}
    return care.model_copy(update=new)


# -- access brings demand back (Taylor and Dangerfield) ---------------------------------------------------------------

SITE, WEEKS, SHIFT = "north_devon", 10.0, dt.date(2019, 4, 1)
SOURCES = tuple(f"{SITE}_{cls}" for cls in ("elective", "cancer"))


def switched_on(elasticity: float, noticing: float) -> Access:
    on = read_access().model_copy(update={"enabled": True})
    return at(on, elasticity=elasticity, noticing_days=noticing)


def waits(chosen: Settings, care: Access, nearer: float) -> Floats:
    """Days that the list takes, every 28 days (runs x rows): from April 2019 on a share of people is seen near home.

    The list of a hospital with beds to spare, slots for its referrals and ten weeks of them waiting; nobody leaves it.
    """
    data = with_list(hospital(chosen, SITE, 9), SITE, weeks=WEEKS)
    waiting = theatre_list(SITE)
    per_day = sum(data["sources"][name]["rate_per_day"] for name in SOURCES)
    theatre = planned_care().theatre
    needed = 7 * per_day / (1 - theatre.other_cancellations.value)
    station = data["stations"][waiting]
    station["slots"] = session_slots(round(needed), theatre.sessions)
    station["patience"] = [rule for rule in station["patience"] if rule["then"] != "leave"]
    for name in SOURCES:
        data["sources"][name]["level"] = [{"from": SHIFT, "value": 1 - nearer}]
    around = access({"surgery": WaitingList(waiting, SOURCES, WEEKS * 7, per_day)}, care)
    made, rows = ready(hybrid(load_network(data), around)), []
    for replication in range(4):
        run = HybridRun(made, 1, replication)
        run.advance()
        rows.append(run.trajectory()["wait_counted[surgery]"])
    return np.array(rows)


def gained(chosen: Settings, elasticity: float, noticing: float) -> tuple[Floats, Floats]:
    """Days of wait saved by care nearer to home: the best quarter of the first three years, and years 6 and 7."""
    care = switched_on(elasticity, noticing)
    saved = waits(chosen, care, 0.0) - waits(chosen, care, 0.1)
    since = -(-(SHIFT - chosen.footprint.start).days // 28)
    quarter = np.stack([saved[:, since + n : since + n + 3].mean(axis=1) for n in range(37)])
    best = int(quarter.mean(axis=1).argmax())
    return quarter[best], saved[:, since + 65 : since + 91].mean(axis=1)


@pytest.mark.parametrize("noticing", [180, pytest.param(360, marks=LATER)])
@pytest.mark.parametrize("elasticity", [pytest.param(0.3, marks=LATER), 0.5, pytest.param(1.0, marks=LATER)])
def test_care_closer_to_home_shortens_the_wait_for_a_time(chosen, elasticity, noticing):
    """Taylor and Dangerfield 2005: a shift of access brings demand back, so the wait falls and then rebounds."""
    best, later = gained(chosen, elasticity, noticing)
    assert low(best) > 5  # it fell
    assert low(best - later) > 0  # it came back
    assert later.mean() < 0.8 * best.mean()


def test_the_stronger_the_answer_the_less_is_gained(chosen):
    """What lasts shrinks with the elasticity; where demand does not answer, the list is cleared and stays so."""
    found = [gained(chosen, elasticity, 180) for elasticity in (0.0, 0.2, 0.5, 1.0)]
    lasting = [later.mean() for _, later in found]
    assert lasting == sorted(lasting, reverse=True)
    kept_share = [later.mean() / best.mean() for best, later in found]
    assert kept_share == sorted(kept_share, reverse=True)
    assert lasting[0] > 2 * lasting[1]
    assert waits(chosen, switched_on(0, 180), 0.1)[:, -26:].max() < 5


def test_access_is_off_unless_switched_on():
    care = read_access()
    lists = {"surgery": WaitingList("list", ("door",), 70, 9)}
    assert not care.enabled
    assert access(lists, care) == StockPart()
    part = access(lists, switched_on(0.2, 180))
    assert [d["sets"] for d in part.drives] == ["arrivals_factor"]
    with pytest.raises(ValueError, match="surgery"):
        access({"surgery": WaitingList("list", ("door",), 0, 9)}, care)


def test_faults_of_access_are_named():
    data = read_access().model_dump(mode="json")
    data["elasticity"]["unit"] = "share"
    data["noticing_days"]["value"] = 0
    with pytest.raises(FaultsError) as caught:
        read_access(data)
    assert {"elasticity", "noticing_days"} <= {fault.key.split(".")[0] for fault in caught.value.faults}


# -- coping (Wolstenholme and McKelvie) -------------------------------------------------------------------------------

SHORT_OF_BEDS = dt.date(2018, 7, 1)
ODDS = [(1.11, 1.17), (1.2, 1.35)]  # central, and the high ends of the ranges


@cache
def mechanisms() -> Pressure:
    return settings(parse(["feedback=all"])).feedback


def coping(shortening: float, odds: tuple[float, float], *, returns: bool) -> Pressure:
    """Hurry alone, without fatigue (lengthening), with or without people who come back because they left early."""
    care = mechanisms().switched(bed_limited_response=False, speed_up=True, early_discharge=returns)
    hurry = at(care.speed_up, shortening_per_point=shortening, lengthening_per_point=0.0)
    early = at(care.early_discharge, odds_from_95=odds[0], odds_from_100=odds[1])
    return care.model_copy(update={"speed_up": hurry, "early_discharge": early})


def urgent_load(chosen: Settings, site: str, short: float, care: Pressure) -> Floats:
    """Emergencies in beds and waiting for one, week by week (runs x weeks), when beds are lost in July 2018."""
    assert chosen.fit is not None
    data, ward = hospital(chosen, site, 1.2), f"{site}_ward"
    steps = data["stations"][ward]["places"]
    data["stations"][ward]["places"] = [
        step | {"places": round(step["places"] * (1 - short))} if step["from"] >= SHORT_OF_BEDS else step
        for step in steps
    ]
    del data["stations"][ward]["multiplier"]  # stays belong to the stocks
    data["observe"]["period"], data["warm_up"] = "7 d", "364 d"
    back = f"{site}_back" if care.early_discharge.enabled else None
    if back:
        data["sources"][back] = {"class": "direct", "driven": "24 h", "attributes": {"cohort": "medium"}, "to": ward}
    season = tuple(chosen.footprint.demand.stay_season.values)
    watched = Watched(ward, chosen.fit.usual_pressure[site], season, URGENT, back)
    made = ready(hybrid(load_network(data), pressure({site: watched}, care, start_day=0)))
    classes = [made.network.network.classes.index(cls) for cls in URGENT]
    at_ward, weeks = list(made.network.network.stations).index(ward), []
    for replication in range(8):
        run = HybridRun(made, 1, replication)
        run.advance()
        area = run.network.observations()["area"][:, at_ward, classes]
        weeks.append(area.sum(axis=(1, 2)) / WEEK_MS)
    return np.array(weeks)


def kept(chosen: Settings, site: str, short: float, shortening: float, odds: tuple[float, float]) -> list[Floats]:
    """Beds freed by hurry, without and with those who come back: in the first two weeks, and from month four on."""
    usual = urgent_load(chosen, site, short, coping(0.0, odds, returns=False))
    first = (SHORT_OF_BEDS - chosen.footprint.start).days // 7 + 1
    out = []
    for returns in (False, True):
        freed = usual - urgent_load(chosen, site, short, coping(shortening, odds, returns=returns))
        out += [freed[:, first : first + 2].mean(axis=1), freed[:, first + 13 : first + 38].mean(axis=1)]
    return out


@pytest.mark.nightly
@pytest.mark.parametrize("odds", ODDS)
@pytest.mark.parametrize(
    ("site", "short"),
    [
        ("exeter", 0.12),
        *(pytest.param(*c, marks=LATER) for c in (("exeter", 0.16), ("torbay", 0.08), ("torbay", 0.16))),
    ],
)
def test_early_discharge_gains_at_once_and_pays_later(chosen, site, short, odds):
    """Wolstenholme and McKelvie: coping helps at once; readmissions later take back a part of what it gained.

    Of the beds that hurry frees a smaller part is kept from the fourth month on than in the first two weeks. Where
    nobody comes back for having left early, the gain only grows.
    """
    early, late, early_kept, late_kept = kept(chosen, site, short, 0.005, odds)
    assert low(early) > 0
    assert late.mean() > early.mean()  # nobody comes back
    assert low(late - late_kept) > 0
    assert late_kept.mean() / late.mean() < early_kept.mean() / early.mean() < 1


@pytest.mark.nightly
def test_the_more_come_back_the_less_is_gained(chosen):
    """Readmission odds of one leave the gain as it is; higher ones take more of it."""
    lasting = []
    for odds in ((1.0, 1.0), *ODDS):
        _, late, _, late_kept = kept(chosen, "exeter", 0.16, 0.005, odds)
        lasting.append(late_kept.mean() / late.mean())
    assert lasting[0] == pytest.approx(1)
    assert 1 > lasting[1] + 0.1 > lasting[2] + 0.2


@pytest.mark.nightly
def test_with_strong_returns_coping_is_a_fix_that_fails(chosen):
    """Wolstenholme and McKelvie: at the high end of the odds and many beds short, returns take all that hurry freed."""
    early, late, early_kept, late_kept = kept(chosen, "torbay", 0.16, 0.005, ODDS[1])
    assert early_kept.mean() > 0.4 * early.mean() > 0
    assert late_kept.mean() < 0.1 * late.mean()


def test_figures_of_coping_are_those_shipped():
    care = read_pressure(mechanisms().model_dump(mode="json"))
    assert ODDS[0] == (care.early_discharge.odds_from_95.value, care.early_discharge.odds_from_100.value)
    assert ODDS[1] == (care.early_discharge.odds_from_95.high, care.early_discharge.odds_from_100.high)
    assert CONFIGS.joinpath("care", "access.yaml").exists()

"""Naive forecasts of the national history: what a model must beat before it may claim to know anything.

Every rule has one signature, ``rule(past, ahead)``. `past` is a sealed view that ends where the forecast was made and
holds nothing later; `ahead` is the quarter forecast, with its calendar days and the inputs the rule has declared, and
nothing else. A rule therefore cannot see a later quarter, however it is written.

Two horizons, both on the 19 test quarters 2015/16 Q1 to 2019/20 Q3. ``one_year``: each year is forecast at the end of
the year before it (its Q1 is one quarter ahead, its Q4 four). ``five_years``: all are forecast at the end of 2014/15.

Unless a rule says otherwise it uses the quarters from 2011/12, and levels differ by quarter of the year. Stay is
occupied bed-days over emergency admissions, ``beds_occupied * days / emergency_admissions``. A trend is fitted to
logarithms: one slope a year, one level a quarter of the year, by least squares. Actual available beds leak the answer
(occupied beds follow them), so forecasts that are told them are marked by their inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from models.history.data import COMPLETE_FROM, History, Key, days_of, england, label, parse, year_before
from sim.errors import CarebridgeError, Fault, FaultsError, nearest

__all__ = ["HORIZONS", "LATER_QUARTERS", "NAIVE", "ORIGIN", "TARGETS", "TEST_QUARTERS", "Ahead", "Horizon", "Naive"]
__all__ += ["Rule", "Target", "checked", "forecasts", "naive_forecasts", "origin_of"]

Horizon = Literal["one_year", "five_years"]
HORIZONS: tuple[str, ...] = get_args(Horizon)
ORIGIN = "2014/15"  #: the last training year; every test quarter is later
TEST_QUARTERS: tuple[Key, ...] = tuple(
    (year, quarter) for year in ("2015/16", "2016/17", "2017/18", "2018/19", "2019/20") for quarter in (1, 2, 3, 4)
)[:-1]  #: 2019/20 Q4 saw the pandemic and is no test
LATER_QUARTERS: tuple[Key, ...] = tuple(
    (year, quarter) for year in ("2022/23", "2023/24", "2024/25") for quarter in (1, 2, 3, 4)
)[:-2]  #: after the pandemic, as far as A&E figures are at hand; 2021/22 is the first year with a whole one before it


@dataclass(frozen=True)
class Target:
    """What is forecast: its column, in words, and whether errors are percent of it or percentage points."""

    column: str
    words: str
    unit: Literal["%", "points"]


TARGETS: dict[str, Target] = {
    target.column: target
    for target in (
        Target("beds_occupied", "occupied general and acute beds", "%"),
        Target("type1_4h_share", "share within four hours in major A&E", "points"),
        Target("type1_4h_share_tabled", "share within four hours in major A&E, as tabled", "points"),
        Target("waits_over_4h", "waits of over four hours for a bed", "%"),
        Target("delayed_days_all", "days of delayed transfers of care", "%"),
        Target("delayed_days_acute", "days of delayed transfers of care, acute", "%"),
        Target("elective_cancelled", "planned operations cancelled at the last minute", "%"),
        Target("rtt_list", "people waiting for planned care", "%"),
        Target("rtt_18w_share", "share of the planned-care list within 18 weeks", "points"),
    )
}


@dataclass(frozen=True)
class Ahead:
    """The quarter that is forecast, and all that may be known of it: the calendar and the declared inputs."""

    year: str
    quarter: int
    inputs: Mapping[str, float] = field(default_factory=dict)

    @property
    def days(self) -> int:
        """Calendar days of the quarter."""
        return days_of(self.year, self.quarter)

    def __getitem__(self, name: str) -> float:
        if name not in self.inputs:
            told = ", ".join(self.inputs) or "nothing"
            raise CarebridgeError(f"{name} of {label((self.year, self.quarter))} was not declared; told: {told}")
        return self.inputs[name]


Rule = Callable[[History, Ahead], float]


@dataclass(frozen=True)
class Naive:
    """A naive forecast.

    Parameters
    ----------
    name : str
    target : str
        A key of :data:`TARGETS`.
    horizon : {'one_year', 'five_years'}
    rule : callable
        ``rule(past, ahead)`` gives the forecast.
    inputs : tuple of str
        Inputs of the forecast quarter that the rule is told.
    printed : float, optional
        Mean error in the evidence table, as printed there: percent or points.
    note : str
        How the printed figure relates to this rule, where that is not plain.
    hindsight : bool
        Chosen after the test quarters had been seen: shown, but no bar to beat.
    """

    name: str
    target: str
    horizon: Horizon
    rule: Rule
    inputs: tuple[str, ...] = ()
    printed: float | None = None
    note: str = ""
    hindsight: bool = False


def origin_of(horizon: str, year: str) -> str:
    """The year at whose end the quarters of `year` are forecast."""
    return year_before(year) if horizon == "one_year" else ORIGIN


def checked(target: str, horizon: str) -> Target:
    """The target of that name.

    Raises
    ------
    FaultsError
        When target or horizon is unknown.
    """
    faults = [
        Fault(key, value, f"must be one of: {', '.join(choices)}", nearest=nearest(value, choices))
        for key, value, choices in (("target", target, tuple(TARGETS)), ("horizon", horizon, HORIZONS))
        if value not in choices
    ]
    if faults:
        raise FaultsError(faults, "a forecast")
    return TARGETS[target]


def forecasts(naive: Naive, history: History | None = None, keys: Sequence[Key] = TEST_QUARTERS) -> dict[Key, float]:
    """A naive forecast of every test quarter, each made from a view that ends at its origin.

    Parameters
    ----------
    naive : Naive
    history : History, optional
        England unless another is given.
    keys : sequence of (year, quarter), optional
        Quarters to forecast.
    """
    history = england() if history is None else history
    checked(naive.target, naive.horizon)
    wanted = [parse(key) for key in keys]
    views = {origin: history.until(origin) for origin in {origin_of(naive.horizon, year) for year, _ in wanted}}
    found = {}
    for year, quarter in wanted:
        ahead = Ahead(year, quarter, history.inputs(year, quarter, naive.inputs))
        found[year, quarter] = float(naive.rule(views[origin_of(naive.horizon, year)], ahead))
    return found


def naive_forecasts(target: str, horizon: str) -> tuple[Naive, ...]:
    """Every naive forecast of one target at one horizon."""
    checked(target, horizon)
    return tuple(naive for naive in NAIVE if naive.target == target and naive.horizon == horizon)


# --- the pieces rules are made of ------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _rows(past: History, since: str = COMPLETE_FROM) -> pd.DataFrame:
    """Past quarters with what is worked out from them; `first` is the year as a number."""
    table: Any = past.frame()
    table = table[table["year"] >= since]
    return table.assign(
        first=table["year"].str[:4].astype(int),
        occupancy=table["beds_occupied"] / table["beds_available"],
        stay=table["beds_occupied"] * table["days"] / table["emergency_admissions"],
        admissions_a_day=table["emergency_admissions"] / table["days"],
    )


def _by_year(past: History, ahead: Ahead, column: str) -> np.ndarray:
    """The same quarter of every past year, oldest first."""
    rows = _rows(past)
    return rows[column].to_numpy(float)[rows["quarter"].to_numpy() == ahead.quarter]


def _trend(past: History, ahead: Ahead, column: str, since: str = COMPLETE_FROM, log: bool = True) -> float:
    """One slope a year and one level a quarter, carried on to the quarter ahead."""
    rows = _rows(past, since)
    levels = np.eye(4)[rows["quarter"].to_numpy(int) - 1]
    origin = int(past.last[0][:4])  # years counted from the origin keep the fit well conditioned
    design = np.column_stack([rows["first"].to_numpy(float) - origin, levels])
    values = rows[column].to_numpy(float)
    slope, *level = np.linalg.lstsq(design, np.log(values) if log else values, rcond=None)[0]
    value = slope * (int(ahead.year[:4]) - origin) + level[ahead.quarter - 1]
    return float(np.exp(value) if log else value)


def _years_on(past: History, ahead: Ahead) -> int:
    return int(ahead.year[:4]) - int(past.last[0][:4])


def last_year(column: str) -> Rule:
    """The same quarter of the last known year."""
    return lambda past, ahead: _by_year(past, ahead, column)[-1]


def past_mean(column: str) -> Rule:
    """Mean of the same quarter of all past years from 2011/12."""
    return lambda past, ahead: float(_by_year(past, ahead, column).mean())


def drift(column: str) -> Rule:
    """The last known year, moved on each year by the mean change of its four quarters on the year before it."""

    def rule(past: History, ahead: Ahead) -> float:
        values = _rows(past)[column].to_numpy(float)  # whole years: the origin is the end of one
        change = values[-4:].mean() - values[-8:-4].mean()
        return _by_year(past, ahead, column)[-1] + change * _years_on(past, ahead)

    return rule


def trend(column: str) -> Rule:
    """A straight line through all past years from 2011/12, one slope and a level for each quarter of the year."""
    return lambda past, ahead: _trend(past, ahead, column, log=False)


# --- occupied beds ---------------------------------------------------------------------------------------------------


def last_occupancy(past: History, ahead: Ahead) -> float:
    """Occupancy of the same quarter last year on the actual beds."""
    return _by_year(past, ahead, "occupancy")[-1] * ahead["beds_available"]


def constant_occupancy(past: History, ahead: Ahead) -> float:
    """Mean occupancy of the same quarter in all past years on the actual beds."""
    return float(_by_year(past, ahead, "occupancy").mean()) * ahead["beds_available"]


def occupancy_trend(past: History, ahead: Ahead) -> float:
    """Trend of occupancy on the actual beds."""
    return _trend(past, ahead, "occupancy") * ahead["beds_available"]


def long_occupancy_trend(past: History, ahead: Ahead) -> float:
    """Trend of occupancy from 2010/11 on the actual beds: one more year steadies the slope."""
    return _trend(past, ahead, "occupancy", since="2010/11") * ahead["beds_available"]


def regression(past: History, ahead: Ahead) -> float:
    """Changes on the same quarter a year earlier: occupied beds on admissions and on available beds, no constant."""
    rows = _rows(past)
    names = ["beds_occupied", "emergency_admissions", "beds_available"]
    change = rows.groupby("quarter")[names].diff().dropna().to_numpy(float)
    size = np.abs(change[:, 1:]).max(axis=0)
    weights = np.linalg.lstsq(change[:, 1:] / size, change[:, 0], rcond=None)[0] / size
    last = rows.loc[rows["quarter"] == ahead.quarter, names].iloc[-1].to_numpy(float)
    now = np.array([ahead["emergency_admissions"], ahead["beds_available"]])
    return float(last[0] + weights @ (now - last[1:]))


def stay_trend(past: History, ahead: Ahead) -> float:
    """Trend of stay on the actual admissions."""
    return _trend(past, ahead, "stay") * ahead["emergency_admissions"] / ahead.days


def frozen_stay(past: History, ahead: Ahead) -> float:
    """Stay of the same quarter last year on the actual admissions."""
    return _by_year(past, ahead, "stay")[-1] * ahead["emergency_admissions"] / ahead.days


def overnight_share(past: History, ahead: Ahead) -> float:
    """Last year's beds, grown by 0.21 of the growth of admissions a day: 79 % of growth stayed no night (NAO)."""
    growth = ahead["emergency_admissions"] / ahead.days / _by_year(past, ahead, "admissions_a_day")[-1] - 1
    return _by_year(past, ahead, "beds_occupied")[-1] * (1 + 0.21 * growth)


def blend(past: History, ahead: Ahead) -> float:
    """A quarter demand, three quarters last year's occupancy on the actual beds.

    Demand: stay of the same quarter last year, moved on at its mean yearly rate since 2011/12, on actual admissions.
    """
    stays = _by_year(past, ahead, "stay")
    rate = (stays[-1] / stays[0]) ** (1 / (len(stays) - 1))
    demand = stays[-1] * rate ** _years_on(past, ahead) * ahead["emergency_admissions"] / ahead.days
    return 0.25 * demand + 0.75 * last_occupancy(past, ahead)


_BEDS, _ADMISSIONS = ("beds_available",), ("emergency_admissions",)
_REGRESSION = "several definitions were tried; changes on the year print 1.14, log levels by quarter 0.93"
_BLEND = "weight chosen after the test; the table's own stay trend blended with last year's occupancy gives 0.72"
_LONG = "not in the table, whose rules leave out 2010/11"


def _occupied() -> list[Naive]:
    """Naive forecasts of occupied beds: the two columns of the table, in its order, and one it leaves out."""
    beds, one, five = "beds_occupied", "one_year", "five_years"
    both = (*_ADMISSIONS, *_BEDS)
    return [
        Naive("same quarter last year", beds, one, last_year(beds), printed=1.31),
        Naive("mean of all past years by quarter", beds, one, past_mean(beds), printed=0.81),
        Naive("last year's occupancy x actual beds", beds, one, last_occupancy, _BEDS, 0.89),
        Naive("occupancy trend x actual beds", beds, one, occupancy_trend, _BEDS, 0.75),
        Naive("regression on admissions and beds", beds, one, regression, both, 1.14, _REGRESSION),
        Naive("stay trend x admissions", beds, one, stay_trend, _ADMISSIONS, 2.25),
        Naive("stay frozen at last year", beds, one, frozen_stay, _ADMISSIONS, 3.89),
        Naive("occupancy trend since 2010/11 x actual beds", beds, one, long_occupancy_trend, _BEDS, note=_LONG),
        Naive("constant occupancy x actual beds", beds, five, constant_occupancy, _BEDS, 2.27),
        Naive("last year's occupancy x actual beds", beds, five, last_occupancy, _BEDS, 1.29),
        Naive("constant number of occupied beds by quarter", beds, five, past_mean(beds), printed=0.75),
        Naive("occupancy trend x actual beds", beds, five, occupancy_trend, _BEDS, 0.93),
        Naive("overnight share 0.21 of growth", beds, five, overnight_share, _ADMISSIONS, 3.21),
        Naive("stay trend x admissions", beds, five, stay_trend, _ADMISSIONS, 5.37),
        Naive("25/75 demand/bed-limited blend", beds, five, blend, both, 0.83, _BLEND, hindsight=True),
        Naive("occupancy trend since 2010/11 x actual beds", beds, five, long_occupancy_trend, _BEDS, note=_LONG),
    ]


#: what the evidence prints for other targets: (rule, target, horizon) to mean error
_PRINTED = {
    ("last year", "type1_4h_share_tabled", "one_year"): 2.6,
    ("drift", "type1_4h_share_tabled", "one_year"): 2.5,
    ("last year", "type1_4h_share_tabled", "five_years"): 7.5,
    ("last year", "waits_over_4h", "one_year"): 20.0,
    ("last year", "waits_over_4h", "five_years"): 47.0,
    ("last year", "delayed_days_all", "one_year"): 14.4,
}
_RULES: dict[str, tuple[str, str, Callable[[str], Rule]]] = {
    "last year": ("same quarter last year", f"held at {ORIGIN}", last_year),
    "drift": ("last year with drift", f"{ORIGIN} with drift", drift),
    "trend": ("trend of past years", f"trend to {ORIGIN}", trend),
    "mean": ("mean of all past years by quarter", f"mean to {ORIGIN} by quarter", past_mean),
}


def _others() -> list[Naive]:
    """The same four rules, which are told nothing of the quarter ahead, for every other target."""
    return [
        Naive(
            ahead if horizon == "one_year" else held,
            column,
            horizon,
            rule(column),
            printed=_PRINTED.get((key, column, horizon)),
        )
        for column in TARGETS
        if column != "beds_occupied"
        for horizon in get_args(Horizon)
        for key, (ahead, held, rule) in _RULES.items()
    ]


NAIVE: tuple[Naive, ...] = (*_occupied(), *_others())  #: every naive forecast, by target and horizon

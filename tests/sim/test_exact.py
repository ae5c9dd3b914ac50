"""The engine against exact answers of queueing theory, run by the rule in ``sim/verification/acceptance.py``.

Sources of the answers: Erlang (1917) for loss and delay; Pollaczek and Khinchine for M/G/1; Cobham (1954) for
priority; Jackson (1957) for open networks; Takács (1962) for unlimited places; Hunt (1956) for lines that block;
matrix-geometric and forward-equation solutions for two stations with blocking after service. The figures,
worked out without this engine, are in ``sim/verification/answers.json``; how closely each is met stands in
``sim/verification/suite.py``.
"""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from sim.network.load import load_network
from sim.rates import rate_tables
from sim.verification import moving
from sim.verification.acceptance import CHANCE, FAMILY, MEAN, Case, Estimate, estimate, faults, limit
from sim.verification.answers import IDS, expected, params
from sim.verification.suite import CASES, LONGER


def report(case: Case) -> dict[str, Estimate]:
    found, events = estimate(case)
    print(f"\n{case.name}: {events / 1e6:.1f} million events")
    for name, one in found.items():
        print(f"  {name:45s} {one}")
    return found


#: cases of a family whose others run whole by day: by day a fifth of their length, at night all of it
AT_NIGHT = {"mph1_mixture", "mph1_hyperexponential", "mmc_c100_a95", "dm1_rho80", "erlangB_c400_a380 lognormal"}
AT_NIGHT |= {"mm1_preemptive_resample", "jackson_three_stations", "mxm1_batches", "mph1_coxian"}
AT_NIGHT |= {f"transient_double_running_order {when}" for when in ("both_on_day_60", "front_first_60d", "no_change")}
AT_NIGHT |= {"erlangB_c400_a380 gamma", "mmc_c450_a412.75", "unlimited_three_stations to 1 d"}


@pytest.mark.parametrize("name", sorted(AT_NIGHT))
def test_exact_answer_quickly(name: str) -> None:
    assert faults(report(CASES[name].quick())) == []


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.nightly] * (n in AT_NIGHT)) for n in CASES])
def test_exact_answer(name: str) -> None:
    assert faults(report(CASES[name])) == []


@pytest.mark.nightly
@pytest.mark.parametrize("name", LONGER)
def test_exact_answer_closely(name: str) -> None:
    assert faults(report(CASES[name].nightly())) == []


@pytest.mark.boundscheck
@pytest.mark.parametrize("name", ["bas_finiteQ_c30_c10_K15", "reservation_c20_r4"])
def test_exact_answer_with_bounds(name: str) -> None:
    case = CASES[name]
    short = replace(case, time=case.time / 20, loose=dict.fromkeys(case.wanted, 20.0))
    assert faults(report(short)) == []


# -- that these tests can fail ----------------------------------------------------------------------------------------


def one_place_more(file: dict[str, Any]) -> dict[str, Any]:
    """The same network with a place more at every station and pool that has a limit; of hundreds, two in a hundred."""
    for owner in [*file["stations"].values(), *file.get("pools", {}).values()]:
        if isinstance(owner["places"], int):
            owner["places"] += max(1, owner["places"] // 50)
        elif owner["places"] != "inf":
            owner["places"] = [{**step, "places": step["places"] + 1} for step in owner["places"]]
    return file


def three_per_cent_more(file: dict[str, Any]) -> dict[str, Any]:
    """The same network with three per cent more demand."""
    for source in file["sources"].values():
        source["rate_per_day"] *= 1.03
    return file


WHOLE = {"unlimited_three_stations to 365 d"}  #: a fifth of these runs is too little to notice too much demand


def missed(name: str, mutate: Any) -> list[str]:
    case = CASES[name] if name in WHOLE else CASES[name].quick()
    found, _ = estimate(replace(case, network=lambda t: mutate(deepcopy(case.network(t)))))
    return [quantity for quantity, one in found.items() if not one.covers]


def every_third(names: list[str]) -> list[Any]:
    """Every case at night, every third one otherwise."""
    return [pytest.param(name, marks=[pytest.mark.nightly] * (n % 3 > 0)) for n, name in enumerate(names)]


NEVER_FULL = {"amount_falls"}  #: cases whose pool is so large that a place more cannot be noticed
LIMITED = [
    name
    for name, case in CASES.items()
    if name not in NEVER_FULL and one_place_more(deepcopy(case.network(1.0))) != case.network(1.0)
]


@pytest.mark.parametrize("name", every_third(LIMITED))
def test_one_place_too_many_is_noticed(name: str) -> None:
    assert missed(name, one_place_more)


@pytest.mark.parametrize("name", every_third(sorted(set(CASES) - set(LIMITED))))
def test_too_much_demand_is_noticed(name: str) -> None:
    assert missed(name, three_per_cent_more)


def test_all_intervals_together_cover() -> None:
    assert sum(len(case.wanted) for case in CASES.values()) <= FAMILY


def test_every_case_of_the_file_is_answered() -> None:
    here = {case.name.split(" ")[0] for case in CASES.values()}
    elsewhere = {"ci_halfwidth", "binomial_bounds", "growth_nel"}
    assert set(IDS) - here == elsewhere


def test_every_case_says_what_it_is_and_where_its_answer_comes_from() -> None:
    assert [name for name, case in CASES.items() if not (case.family and case.source)] == []


def test_limits_are_those_of_the_rule() -> None:
    assert limit(MEAN, 4.0) == pytest.approx(0.04)
    assert limit("queue", 3.2) == limit("variance", 3.2) == pytest.approx(0.16)
    assert limit(CHANCE, 0.03) == pytest.approx(0.003)
    assert limit(CHANCE, 0.3) == 0.005


# -- answers without simulation ---------------------------------------------------------------------------------------


def test_lognormal_day_multiplier_is_close_to_the_linear_one() -> None:
    # The published variance supposes a correlation phi^k between multipliers; here it is between their logarithms.
    for name, key in (("cox_ar1_lam60_v0.01_phi0.9", "var"), ("cox_mginf_lam60_v0.01", "var_occupancy_end_of_day")):
        p = params(name)
        given = (p["lam"], p["mean_stay"], p["multiplier_var"], p.get("phi", 0.0))
        assert moving.cox_variance(*given, lognormal=False) == pytest.approx(expected(name)[key], rel=1e-9)
        assert moving.cox_variance(*given, lognormal=True) == pytest.approx(expected(name)[key], rel=3e-3)


@pytest.mark.parametrize(("key", "rate", "years"), [("planned_5y", -0.002, 5), ("actual_5y", 0.022, 5)])
def test_growth_compounds(key: str, rate: float, years: int) -> None:
    base = params("growth_nel")["base"]
    network = load_network(
        {
            "horizon": f"{years * 365.25 + 1} d",
            "classes": ["a"],
            "sources": {"s": {"class": "a", "to": "w", "rate_per_day": 1, "growth_per_year": rate}},
            "stations": {"w": {"places": 1, "service": {"kind": "deterministic", "mean": "1 d"}}},
        }
    )
    _, day = rate_tables(network)
    before, after = day[0][int(years * 365.25)], day[0][int(years * 365.25) + 1]
    part = years * 365.25 % 1
    assert base * before ** (1 - part) * after**part == pytest.approx(expected("growth_nel")[key], rel=1e-12)


def test_order_of_the_five_schedules() -> None:
    """The back first loses fewest, then both at once, then the front first; closing without opening loses most."""
    order = [
        "back_first_60d",
        "both_on_day_60",
        "front_first_60d",
        "front_only",
    ]
    found = [estimate(moving.double_running(schedule, replications=10))[0] for schedule in order]
    for t in ("180", "365"):
        lost = [one[f"cum_lost {t}"].value for one in found]
        assert lost == sorted(lost)
        assert len(set(lost)) == len(lost)

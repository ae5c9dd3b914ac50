"""The engine against exact answers of queueing theory, run by the rule in ``tests/sim/acceptance.py``.

Sources of the answers: Erlang (1917) for loss and delay; Pollaczek and Khinchine for M/G/1; Cobham (1954) for
priority; Jackson (1957) for open networks; Takács (1962) for unlimited places; Hunt (1956) for lines that block;
matrix-geometric and forward-equation solutions for two stations with blocking after service. The figures, worked out
without this engine, are in ``tests/data/verification_cases.json``.

The ordinary run takes 10 to 60 million events a case. Where that leaves a half-width above its limit, the factor
is written here (`LOOSE`), and the nightly run, longer by the factor in `LONGER` (at most a thousand million events),
meets the limit, but for the quantities in `LOOSE_NIGHTLY`: rare queues of large stations with a memory of months, and
rare states at one instant.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sim.network.load import load_network
from sim.rates import rate_tables
from tests.sim import exact_cases as steady
from tests.sim import moving_cases as moving
from tests.sim.acceptance import CHANCE, FAMILY, MEAN, Case, Estimate, estimate, faults, limit
from tests.sim.cases import IDS, expected, params

GENERAL = {
    "mginf_exponential_mean6.5": {"kind": "exponential"},
    "mginf_lognormal_mean6.5_cv1.5": steady.STAYS["lognormal"],
}
INFINITE = "infserver_network_vs_SD"

EVERY = [
    steady.mm1(),
    steady.mmc("mmc_c20_a17", time=2600, warm=100),
    steady.mmc("mmc_c100_a95", time=9900, warm=300),
    steady.mmc("mmc_c450_a412.75", time=3000, warm=100),
    *(steady.erlang_b("erlangB_c10_a8", stay, time=6000) for stay in steady.STAYS),
    *(steady.erlang_b("erlangB_c28_a25", stay, time=2000) for stay in steady.STAYS),
    *(steady.erlang_b("erlangB_c400_a380", stay, time=240) for stay in steady.STAYS),
    steady.mmck(),
    steady.mg1("mg1_deterministic", {"kind": "deterministic"}, time=126_000),
    steady.mg1("mg1_lognormal_cv1.5", steady.STAYS["lognormal"], time=63_000),
    *(steady.mginf(name, law) for name, law in GENERAL.items()),
    steady.priority("prio_mm1_nonpreemptive", [1.0, 1.25], 1, time_=70_000, warm=2000),
    steady.priority("prio_mmc_nonpreemptive_c20", [1.0, 1.0], 20, time_=2800, warm=200),
    steady.reservation(),
    steady.finite_population(),
    steady.jackson(),
    steady.tandem("tandem_saturated_BAS_1.0_1.0"),
    steady.tandem("tandem_saturated_BAS_1.0_1.0_1.0"),
    steady.tandem("tandem_saturated_BAS_2.0_1.0"),
    steady.blocking("bas_loss_c10_c4", time_=20_000, warm=400),
    steady.blocking("bas_queue_c20_c6", time_=14_000, warm=1500),
    steady.blocking("bas_finiteQ_c30_c10_K15", time_=9000, warm=400),
    steady.blocking("bas_saturated_c20_c6", time_=14_000, warm=400),
    steady.blocking("bas_queue_c120_c40", time_=15_000, warm=1500, replications=60),
    moving.weekly_wave(),
    moving.cox("cox_mginf_lam60_v0.01", time=1400),
    moving.cox("cox_ar1_lam60_v0.01_phi0.9", time=700),
    *(moving.from_empty(name, ["1", "2", "5"], scale=100, replications=60) for name in GENERAL),
    *(moving.from_empty(name, ["10", "20", "40", "80"], scale=10, replications=110) for name in GENERAL),
    moving.from_empty(INFINITE, ["1"], scale=250, replications=220),
    moving.from_empty(INFINITE, ["5", "10"], scale=50, replications=80),
    moving.from_empty(INFINITE, ["30", "90", "365"], scale=4, replications=100),
    moving.bed_closure(),
    *(moving.double_running(schedule) for schedule in moving.SCHEDULES),
]

DOUBLE_RUNNING = {"cum_diverted": 5.9, "cum_blocked_bed_days": 1.7, "P_divert_now": 5.2, "mean_blocked_now": 12.2}

LOOSE: Mapping[str, Mapping[str, float]] = {
    "mm1_rho80": {"L": 2.6, "W": 2.4, "P_Wq_gt_5": 1.5, "var_N": 1.6},
    "mmc_c20_a17": {"Lq": 1.5, "Wq": 1.4, "erlangC": 2.1, "P_Wq_gt_4h": 2.1, "P_Wq_gt_12h": 1.7},
    "mmc_c100_a95": {"Lq": 1.8, "Wq": 1.8, "erlangC": 3.0, "P_Wq_gt_4h": 3.3, "P_Wq_gt_12h": 3.3},
    "mmc_c450_a412.75": {"Lq": 4.3, "Wq": 4.3, "erlangC": 1.4, "P_Wq_gt_4h": 2.2, "P_Wq_gt_12h": 5.1},
    "mg1_lognormal_cv1.5": {"L": 5.0, "Lq": 1.2, "W": 4.9, "Wq": 1.2},
    "mginf_exponential_mean6.5": {"steady_var": 1.5, "P_N_gt_420": 2.1, "P_N_gt_430": 3.2},
    "mginf_lognormal_mean6.5_cv1.5": {"steady_var": 1.4, "P_N_gt_420": 2.9, "P_N_gt_430": 3.3},
    "prio_mm1_nonpreemptive": {"W2": 3.0},
    "prio_mmc_nonpreemptive_c20": {"Wq2": 1.9, "erlangC": 2.5, "Lq_total": 1.7},
    "jackson_ae_acute_community": {
        "acute erlangC": 2.7,
        "acute Lq": 10.9,
        "community erlangC": 4.2,
        "community Lq": 9.9,
    },
    "bas_loss_c10_c4": {"P_any_blocked": 2.5},
    "bas_queue_c20_c6": {
        "mean_blocked_beds": 2.2,
        "mean_community": 1.4,
        "DTOC_rate_blocked_over_occupied": 2.1,
        "community_occupancy": 1.4,
        "P_all_acute_beds_full": 3.6,
        "P_any_blocked": 3.7,
        "mean_blocked_days_per_community_bound": 2.1,
        "mean_blocked_days_per_admission": 2.2,
        "mean_queue": 4.7,
        "mean_wait_for_acute_bed": 4.7,
    },
    "bas_finiteQ_c30_c10_K15": {
        "mean_blocked_beds": 1.3,
        "DTOC_rate_blocked_over_occupied": 1.2,
        "P_all_acute_beds_full": 3.9,
        "P_any_blocked": 4.4,
        "mean_blocked_days_per_community_bound": 1.3,
        "mean_blocked_days_per_admission": 1.4,
    },
    "bas_queue_c120_c40": {
        "mean_blocked_beds": 3.0,
        "DTOC_rate_blocked_over_occupied": 2.9,
        "P_all_acute_beds_full": 3.3,
        "P_any_blocked": 5.1,
        "mean_blocked_days_per_community_bound": 3.0,
        "mean_blocked_days_per_admission": 3.0,
        "mean_queue": 15.7,
        "mean_wait_for_acute_bed": 15.7,
    },
    "cox_ar1_lam60_v0.01_phi0.9": {"variance": 2.3, "dispersion": 2.2},
    "infserver_network_vs_SD to 10 d": {"AE at": 2.4, "community at": 1.6},
    "infserver_network_vs_SD to 365 d": {"AE at": 7.8, "acute at": 1.8, "community at": 1.7},
    "transient_bed_closure_loss": {"P full at": 3.8},
    **{f"transient_double_running_order {schedule}": DOUBLE_RUNNING for schedule in moving.SCHEDULES},
}
LONGER: Mapping[str, float] = {
    "mm1_rho80": 7,
    "mmc_c20_a17": 5,
    "mmc_c100_a95": 12,
    "mmc_c450_a412.75": 28,
    "mg1_lognormal_cv1.5": 24,
    "mginf_exponential_mean6.5": 10,
    "mginf_lognormal_mean6.5_cv1.5": 11,
    "prio_mm1_nonpreemptive": 9,
    "prio_mmc_nonpreemptive_c20": 7,
    "jackson_ae_acute_community": 18,
    "bas_loss_c10_c4": 6,
    "bas_queue_c20_c6": 22,
    "bas_finiteQ_c30_c10_K15": 19,
    "bas_queue_c120_c40": 34,
    "cox_ar1_lam60_v0.01_phi0.9": 6,
    "infserver_network_vs_SD to 10 d": 6,
    "infserver_network_vs_SD to 365 d": 25,
    "transient_bed_closure_loss": 14,
    **{f"transient_double_running_order {schedule}": 40 for schedule in moving.SCHEDULES},
}
LOOSE_NIGHTLY: Mapping[str, Mapping[str, float]] = {
    "jackson_ae_acute_community": {"acute Lq": 2.7, "community Lq": 2.5},
    "bas_queue_c120_c40": {"mean_queue": 3.8, "mean_wait_for_acute_bed": 3.8},
    "infserver_network_vs_SD to 365 d": {"AE at": 1.6},
    **{f"transient_double_running_order {schedule}": {"mean_blocked_now": 1.8} for schedule in moving.SCHEDULES[:3]},
}

CASES = {
    case.name: replace(
        case,
        loose=LOOSE.get(case.name, {}),
        longer=LONGER.get(case.name, 0.0),
        loose_longer=LOOSE_NIGHTLY.get(case.name, {}),
    )
    for case in EVERY
}


def report(case: Case) -> dict[str, Estimate]:
    found, events = estimate(case)
    print(f"\n{case.name}: {events / 1e6:.1f} million events")
    for name, one in found.items():
        print(f"  {name:45s} {one}")
    return found


@pytest.mark.parametrize("name", CASES)
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
    """The same network with a place more at every station that has a limit; of hundreds of places, two in a hundred."""
    for station in file["stations"].values():
        if isinstance(station["places"], int):
            station["places"] += max(1, station["places"] // 50)
        elif station["places"] != "inf":
            station["places"] = [{**step, "places": step["places"] + 1} for step in station["places"]]
    return file


def three_per_cent_more(file: dict[str, Any]) -> dict[str, Any]:
    """The same network with three per cent more demand."""
    for source in file["sources"].values():
        source["rate_per_day"] *= 1.03
    return file


def missed(case: Case, mutate: Any) -> list[str]:
    short = replace(case, time=case.time * 0.4, replications=round(case.replications * (1 if case.time else 0.4)))
    found, _ = estimate(replace(short, network=lambda t: mutate(case.network(t))))
    return [name for name, one in found.items() if not one.covers]


LIMITED = [case.name for case in EVERY if any(s["places"] != "inf" for s in case.network(1.0)["stations"].values())]


@pytest.mark.parametrize("name", LIMITED)
def test_one_place_too_many_is_noticed(name: str) -> None:
    assert missed(CASES[name], one_place_more)


@pytest.mark.parametrize("name", sorted(set(CASES) - set(LIMITED)))
def test_too_much_demand_is_noticed(name: str) -> None:
    assert missed(CASES[name], three_per_cent_more)


def test_all_intervals_together_cover() -> None:
    assert sum(len(case.wanted) for case in CASES.values()) <= FAMILY


def test_every_case_of_the_file_is_answered() -> None:
    here = {case.name.split(" ")[0] for case in EVERY}
    elsewhere = {"ci_halfwidth", "binomial_bounds", "growth_nel"}
    assert here | elsewhere == set(IDS)


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
        given = (p["lam"], p["LOS_mean"], p["multiplier_var"], p.get("phi", 0.0))
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
    """Community first loses fewest people, then both at once, then acute first; closing without opening loses most."""
    order = [
        "community_first_60d_double_running",
        "simultaneous_day60",
        "acute_first_60d_gap",
        "acute_closed_no_community",
    ]
    found = [estimate(moving.double_running(schedule, replications=10))[0] for schedule in order]
    for t in ("180", "365"):
        lost = [one[f"cum_diverted {t}"].value for one in found]
        assert lost == sorted(lost)
        assert len(set(lost)) == len(lost)

"""All cases with exact answers, and how closely each is met.

The ordinary run takes 10 to 60 million events a case. Where that leaves a half-width above its limit, the factor
is written here (`LOOSE`), and the nightly run, longer by the factor in `LONGER` (at most a thousand million events),
meets the limit, but for the quantities in `LOOSE_NIGHTLY`: rare queues of large stations with a memory of months, and
rare states at one instant. The quick run (:meth:`sim.verification.acceptance.Case.quick`) takes a fifth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sim.verification import arrivals, choosing, hours, impatience, moving, networks, preemption, sharing, single
from sim.verification.acceptance import Case
from sim.verification.answers import family, source

__all__ = ["CASES", "LONGER"]

_GENERAL = {
    "mginf_exponential_mean6.5": {"kind": "exponential"},
    "mginf_lognormal_mean6.5_cv1.5": single.STAYS["lognormal"],
}
_UNLIMITED = "unlimited_three_stations"

_EVERY = [
    single.mm1(),
    single.mmc("mmc_c20_a17", time=2600, warm=100),
    single.mmc("mmc_c100_a95", time=9900, warm=300),
    single.mmc("mmc_c450_a412.75", time=3000, warm=100),
    *(single.erlang_b("erlangB_c10_a8", stay, time=6000) for stay in single.STAYS),
    *(single.erlang_b("erlangB_c28_a25", stay, time=2000) for stay in single.STAYS),
    *(single.erlang_b("erlangB_c400_a380", stay, time=240) for stay in single.STAYS),
    single.mmck(),
    single.mg1("mg1_deterministic", {"kind": "deterministic"}, time=126_000),
    single.mg1("mg1_lognormal_cv1.5", single.STAYS["lognormal"], time=63_000),
    *(single.mginf(name, law) for name, law in _GENERAL.items()),
    networks.priority("prio_mm1_nonpreemptive", [1.0, 1.25], 1, time_=70_000, warm=2000),
    networks.priority("prio_mmc_nonpreemptive_c20", [1.0, 1.0], 20, time_=2800, warm=200),
    networks.reservation(),
    networks.finite_population(),
    networks.jackson(),
    networks.tandem("tandem_saturated_BAS_1.0_1.0"),
    networks.tandem("tandem_saturated_BAS_1.0_1.0_1.0"),
    networks.tandem("tandem_saturated_BAS_2.0_1.0"),
    networks.blocking("bas_loss_c10_c4", time_=20_000, warm=400),
    networks.blocking("bas_queue_c20_c6", time_=14_000, warm=1500),
    networks.blocking("bas_finiteQ_c30_c10_K15", time_=9000, warm=400),
    networks.blocking("bas_saturated_c20_c6", time_=14_000, warm=400),
    networks.blocking("bas_queue_c120_c40", time_=15_000, warm=1500, replications=60),
    moving.weekly_wave(),
    moving.cox("cox_mginf_lam60_v0.01", time=1400),
    moving.cox("cox_ar1_lam60_v0.01_phi0.9", time=700),
    *(moving.from_empty(name, ["1", "2", "5"], scale=100, replications=60) for name in _GENERAL),
    *(moving.from_empty(name, ["10", "20", "40", "80"], scale=10, replications=110) for name in _GENERAL),
    moving.from_empty(_UNLIMITED, ["1"], scale=250, replications=220),
    moving.from_empty(_UNLIMITED, ["5", "10"], scale=50, replications=80),
    moving.from_empty(_UNLIMITED, ["30", "90", "365"], scale=4, replications=120),
    moving.closure(),
    *(moving.double_running(schedule) for schedule in moving.SCHEDULES),
    arrivals.fixed_intervals(),
    arrivals.kept_bookings(),
    arrivals.batches(),
    *(arrivals.phases(kind) for kind in arrivals.PHASES),
    impatience.erlang_a(),
    impatience.limited_room(),
    impatience.go_elsewhere(),
    impatience.called_first(),
    impatience.give_up_blocking(),
    *(preemption.one_place(mode) for mode in ("resume", "resample")),
    preemption.start_again(),
    preemption.equal_places(),
    sharing.turnaround_loss(),
    sharing.turnaround_queue(),
    sharing.amounts(),
    sharing.shared_queue(),
    sharing.steps(),
    *(sharing.overflow(repatriate) for repatriate in (False, True)),
    sharing.diversion(),
    hours.office_hours(),
    hours.slots(),
    hours.called_by_occupancy(),
    hours.called_by_queue(),
    hours.window(),
    *(choosing.choose(rule) for rule in ("shortest", "first_free", "least_loaded")),
    choosing.locked_circle(),
    choosing.hurried(),
]

_DOUBLE_RUNNING = {"cum_lost": 5.9, "cum_blocked_time": 1.7, "P_full_now": 5.2, "mean_blocked_now": 12.2}

LOOSE: Mapping[str, Mapping[str, float]] = {
    "mm1_rho80": {"L": 2.6, "W": 2.4, "P_Wq_gt_5": 1.5, "P_T_gt_5": 1.5, "var_N": 1.6},
    "mmc_c20_a17": {"Lq": 1.5, "Wq": 1.4, "erlangC": 2.1, "P_Wq_gt_4h": 2.1, "P_Wq_gt_12h": 1.7},
    "mmc_c100_a95": {"Lq": 1.8, "Wq": 1.8, "erlangC": 3.0, "P_Wq_gt_4h": 3.3, "P_Wq_gt_12h": 3.3},
    "mmc_c450_a412.75": {"Lq": 4.3, "Wq": 4.3, "erlangC": 1.4, "P_Wq_gt_4h": 2.2, "P_Wq_gt_12h": 5.1},
    "mg1_lognormal_cv1.5": {"L": 5.0, "Lq": 1.2, "W": 4.9, "Wq": 1.2},
    "mginf_exponential_mean6.5": {"steady_var": 1.5, "P_N_gt_420": 2.1, "P_N_gt_430": 3.2},
    "mginf_lognormal_mean6.5_cv1.5": {"steady_var": 1.4, "P_N_gt_420": 2.9, "P_N_gt_430": 3.3},
    "prio_mm1_nonpreemptive": {"W2": 3.0},
    "prio_mmc_nonpreemptive_c20": {"Wq2": 1.9, "erlangC": 2.5, "Lq_total": 1.7},
    "jackson_three_stations": {
        "slow erlangC": 2.7,
        "slow Lq": 10.9,
        "slowest erlangC": 4.2,
        "slowest Lq": 9.9,
    },
    "bas_loss_c10_c4": {"P_any_blocked": 2.5},
    "bas_queue_c20_c6": {
        "mean_blocked": 2.2,
        "mean_back": 1.4,
        "blocked_over_occupied": 2.1,
        "back_occupancy": 1.4,
        "P_front_full": 3.6,
        "P_any_blocked": 3.7,
        "mean_blocked_per_transfer": 2.1,
        "mean_blocked_per_start": 2.2,
        "mean_queue": 4.7,
        "mean_wait": 4.7,
    },
    "bas_finiteQ_c30_c10_K15": {
        "mean_blocked": 1.3,
        "blocked_over_occupied": 1.2,
        "P_front_full": 3.9,
        "P_any_blocked": 4.4,
        "mean_blocked_per_transfer": 1.3,
        "mean_blocked_per_start": 1.4,
    },
    "bas_queue_c120_c40": {
        "mean_blocked": 3.0,
        "blocked_over_occupied": 2.9,
        "P_front_full": 3.3,
        "P_any_blocked": 5.1,
        "mean_blocked_per_transfer": 3.0,
        "mean_blocked_per_start": 3.0,
        "mean_queue": 15.7,
        "mean_wait": 15.7,
    },
    "cox_ar1_lam60_v0.01_phi0.9": {"variance": 2.3, "dispersion": 2.2},
    "unlimited_three_stations to 10 d": {"quick at": 2.4, "slowest at": 1.6},
    "unlimited_three_stations to 365 d": {"quick at": 7.8, "slow at": 1.8, "slowest at": 1.7},
    "transient_closure_loss": {"P full at": 3.8},
    **{f"transient_double_running_order {schedule}": _DOUBLE_RUNNING for schedule in moving.SCHEDULES},
}
#: the nightly run is longer by this factor
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
    "jackson_three_stations": 18,
    "bas_loss_c10_c4": 6,
    "bas_queue_c20_c6": 22,
    "bas_finiteQ_c30_c10_K15": 19,
    "bas_queue_c120_c40": 34,
    "cox_ar1_lam60_v0.01_phi0.9": 6,
    "unlimited_three_stations to 10 d": 6,
    "unlimited_three_stations to 365 d": 25,
    "transient_closure_loss": 14,
    **{f"transient_double_running_order {schedule}": 40 for schedule in moving.SCHEDULES},
}
LOOSE_NIGHTLY: Mapping[str, Mapping[str, float]] = {
    "jackson_three_stations": {"slow Lq": 2.7, "slowest Lq": 2.5},
    "bas_queue_c120_c40": {"mean_queue": 3.8, "mean_wait": 3.8},
    "unlimited_three_stations to 365 d": {"quick at": 1.6},
    **{f"transient_double_running_order {schedule}": {"mean_blocked_now": 1.8} for schedule in moving.SCHEDULES[:3]},
}

#: by name, in the order in which they are shown
CASES: dict[str, Case] = {
    case.name: replace(
        case,
        family=case.family or family(case.name.split(" ")[0]),
        source=case.source or source(case.name.split(" ")[0]),
        loose=LOOSE.get(case.name, {}),
        longer=LONGER.get(case.name, 0.0),
        loose_longer=LOOSE_NIGHTLY.get(case.name, {}),
    )
    for case in _EVERY
}

"""Closed forms against figures worked out elsewhere, against one another and against their definitions."""

import doctest
import importlib
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim import theory
from sim.verification.answers import IDS, expected, params

SIX: Any = {"rel": 1e-6}
DOCUMENTED = [
    *(f"sim.theory.{name}" for name in ("delay", "general", "limits")),
    "sim.statistics",
    *(f"sim.experiments.{name}" for name in ("decide", "levers", "pairs", "precision", "warmup")),
]


def of(family: str) -> list[str]:
    found = [case for case in IDS if case.startswith(family)]
    assert found
    return found


@pytest.mark.parametrize("module", DOCUMENTED)
def test_examples_in_the_text(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 0 and result.failed == 0


# -- figures worked out elsewhere -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", of("mm1") + of("mmc_"))
def test_mmc(case: str) -> None:
    p, wanted = params(case), expected(case)
    servers, found = p.get("c", 1), theory.mmc(p.get("c", 1), p["lambda"], p["mu"])
    for name in {"rho", "L", "Lq", "W", "Wq"} & wanted.keys():
        assert getattr(found, name) == pytest.approx(wanted[name], **SIX), name
    if "erlangC" in wanted:
        assert found.p_wait == pytest.approx(wanted["erlangC"], **SIX)
        assert p["lambda"] / p["mu"] == pytest.approx(wanted["offered_load"], **SIX)
    clocks = {"P_Wq_gt_5": 5.0, "P_Wq_gt_4h": 4 / 24, "P_Wq_gt_12h": 12 / 24}
    for name in clocks.keys() & wanted.keys():
        over = theory.mmc_wait_over(servers, p["lambda"], p["mu"], clocks[name])
        assert over == pytest.approx(wanted[name], **SIX), name


@pytest.mark.parametrize("case", of("erlangB"))
def test_erlang_b(case: str) -> None:
    p, wanted = params(case), expected(case)
    blocking = theory.erlang_b(p["c"], p["a"])
    assert blocking == pytest.approx(wanted["blocking"], **SIX)
    assert p["a"] * (1 - blocking) == pytest.approx(wanted["mean_occupied"], **SIX)


def test_waiting_room_with_a_limit() -> None:
    p, wanted = params("mmck_c20_K30"), expected("mmck_c20_K30")
    found = theory.mmck(p["c"], p["K_total_places"], p["lambda"], p["mu"])
    assert found.p_loss == pytest.approx(wanted["P_loss"], **SIX)
    for name in ("L", "Lq", "W", "Wq", "throughput"):
        assert getattr(found, name) == pytest.approx(wanted[name], **SIX), name


def test_finite_population() -> None:
    p, wanted = params("finitepop_N10_c2"), expected("finitepop_N10_c2")
    found = theory.finite_population(p["c"], p["N"], p["lambda_each"], p["mu"])
    for name in ("L", "W", "throughput"):
        assert getattr(found, name) == pytest.approx(wanted[name], **SIX), name


def test_erlang_a() -> None:
    # figures of an independent solution
    found = theory.erlang_a(20, 22.0, 1.0, 0.25)
    assert found.p_wait == pytest.approx(0.8757871294097441, **SIX)
    assert found.Lq == pytest.approx(9.632614424236785, **SIX)
    assert found.p_abandon == pytest.approx(0.10946152754814528, **SIX)
    assert found.Wq == pytest.approx(0.43784611019258113, **SIX)
    assert found.busy == pytest.approx(19.591846393940806, **SIX)


@pytest.mark.parametrize("case", of("mg1"))
def test_mg1(case: str) -> None:
    p, wanted = params(case), expected(case)
    found = theory.mg1(p["lambda"], p["E_S"], p["scv"])
    for name in ("rho", "L", "Lq", "W", "Wq"):
        assert getattr(found, name) == pytest.approx(wanted[name], **SIX), name


def test_dm1() -> None:
    found = theory.dm1(0.8, 1.0)
    assert found.p_wait == pytest.approx(0.6286297964969677, **SIX)
    assert found.Wq == pytest.approx(1.6927308399200498, **SIX)
    assert found.W == pytest.approx(2.69273083992005, **SIX)
    assert found.L == pytest.approx(2.15418467193604, **SIX)


SIGMA = math.sqrt(math.log(1 + 1.5**2))
LAWS = {
    "exponential_mean6.5": stats.expon(scale=6.5),
    "lognormal_mean6.5_cv1.5": stats.lognorm(SIGMA, scale=6.5 * math.exp(-(SIGMA**2) / 2)),
}


@pytest.mark.parametrize("case", of("mginf"))
def test_filling_up(case: str) -> None:
    p, wanted = params(case), expected(case)
    law: Any = LAWS[case.removeprefix("mginf_")]
    for time, mean in wanted["transient_mean_from_empty"].items():
        assert theory.mginf_mean(p["lambda"], law.sf, float(time)) == pytest.approx(mean, **SIX)


@pytest.mark.parametrize("case", ["prio_mmc_nonpreemptive_c20"])
def test_priority(case: str) -> None:
    p, wanted = params(case), expected(case)
    found = theory.mmc_priority(p["c"], p["lambda"], p["mu"])
    assert found == pytest.approx([wanted["Wq1"], wanted["Wq2"]], **SIX)


#: load; servers by an occupancy of 85 and of 92 per cent, by Erlang B <= 1 %, by Erlang C <= 5 % and <= 10 %
ARITHMETIC = [
    (17.0, 20, 19, 27, 25, 24),
    (45.0, 53, 49, 58, 58, 56),
    (92.0, 109, 100, 109, 110, 107),
    (200.0, 236, 218, 221, 226, 221),
    (390.0, 459, 424, 415, 426, 419),
    (760.0, 895, 827, 789, 809, 800),
]


@pytest.mark.parametrize("row", ARITHMETIC)
def test_servers_for_a_target(row: tuple[float, ...]) -> None:
    load, *wanted = row
    assert [
        theory.servers_for_occupancy(load, 0.85),
        theory.servers_for_occupancy(load, 0.92),
        theory.servers_for(load, 0.01, theory.erlang_b),
        theory.servers_for(load, 0.05),
        theory.servers_for(load, 0.10),
    ] == wanted


# -- against one another and their definitions ------------------------------------------------------------------------


@pytest.mark.parametrize(("servers", "load"), [(1, 0.3), (7, 5.0), (40, 39.0), (300, 200.0)])
def test_erlang_formulas_are_chains(servers: int, load: float) -> None:
    loss = theory.birth_death(np.full(servers, load), np.arange(1, servers + 1))
    assert theory.erlang_b(servers, load) == pytest.approx(loss[-1], rel=1e-10)
    queue = theory.mmc(servers, load, 1.0)
    large = theory.mmck(servers, servers + 4000, load, 1.0)
    assert (queue.L, queue.Wq) == pytest.approx((large.L, large.Wq), rel=1e-9)
    assert theory.mmck(servers, servers, load, 1.0).p_loss == pytest.approx(loss[-1], rel=1e-10)


@pytest.mark.parametrize("servers", [10, 40])
@pytest.mark.parametrize("load", [8.0, 45.0])
def test_erlang_a_lies_between_loss_and_delay(servers: int, load: float) -> None:
    hurried = theory.erlang_a(servers, load, 1.0, 1e6)
    assert hurried.p_abandon == pytest.approx(theory.erlang_b(servers, load), rel=1e-3)
    if load < servers:
        patient, endless = theory.erlang_a(servers, load, 1.0, 1e-7), theory.mmc(servers, load, 1.0)
        assert (patient.Lq, patient.p_wait) == pytest.approx((endless.Lq, endless.p_wait), rel=1e-4)
    # patience like service: as if there were no limit of servers
    alike = theory.erlang_a(servers, load, 1.0, 1.0)
    assert alike.Lq + alike.busy == pytest.approx(load, rel=1e-9)
    for theta in (0.01, 0.5, 3.0):
        some = theory.erlang_a(servers, load, 1.0, theta)
        assert some.busy == pytest.approx(load * (1 - some.p_abandon), rel=1e-9)


@pytest.mark.parametrize("rho", [0.05, 0.5, 0.9, 0.999])
def test_single_servers_agree(rho: float) -> None:
    exponential = theory.mmc(1, rho, 1.0)
    for name in ("rho", "p_wait", "L", "Lq", "W", "Wq"):
        assert getattr(theory.mg1(rho, 1.0, 1.0), name) == pytest.approx(getattr(exponential, name), rel=1e-10)
    even = theory.dm1(rho, 1.0)
    assert even.p_wait == pytest.approx(math.exp(-(1 - even.p_wait) / rho), rel=1e-7)
    assert 0 < even.p_wait < rho
    assert even.Wq < exponential.Wq


def test_one_class_waits_like_all() -> None:
    assert theory.mmc_priority(20, [17.0], 1.0) == pytest.approx([theory.mmc(20, 17.0, 1.0).Wq])
    rates = [3.0, 6.0, 8.0]
    waits = theory.mmc_priority(20, rates, 1.0)
    assert waits == sorted(waits)
    assert np.dot(rates, waits) == pytest.approx(theory.mmc(20, 17.0, 1.0).Lq)  # priority moves waits between classes


@pytest.mark.parametrize("target", [0.5, 0.05, 1e-6])
@pytest.mark.parametrize("load", [0.01, 3.0, 170.0])
@pytest.mark.parametrize("chance", [theory.erlang_b, theory.erlang_c])
def test_one_server_fewer_misses_the_target(load: float, target: float, chance: Any) -> None:
    servers = theory.servers_for(load, target, chance)
    assert chance(servers, load) <= target < chance(servers - 1, load)


def test_what_has_no_steady_state_is_refused() -> None:
    for ask in (lambda: theory.mmc(3, 3.0, 1.0), lambda: theory.mg1(1.0, 1.0, 0.0), lambda: theory.dm1(2.0, 1.0)):
        with pytest.raises(ValueError, match="no steady state"):
            ask()
    assert theory.erlang_c(3, 3.0) == 1.0
    for ask in (lambda: theory.erlang_b(3, -1.0), lambda: theory.erlang_a(3, 1.0, 1.0, 0.0)):
        with pytest.raises(ValueError, match="must be above 0"):
            ask()
    with pytest.raises(ValueError, match="0 or more"):
        theory.erlang_b(-1, 1.0)
    with pytest.raises(ValueError, match="target"):
        theory.servers_for(3.0, 1.0)
    with pytest.raises(ValueError, match="occupancy"):
        theory.servers_for_occupancy(3.0, 0.0)
    with pytest.raises(ValueError, match="below the 3 servers"):
        theory.mmck(3, 2, 1.0, 1.0)

"""One station in steady state: queues, loss, and places without limit."""

from __future__ import annotations

from typing import Any

from sim.verification.acceptance import CHANCE, MEAN, VARIANCE, Case
from sim.verification.answers import expected, params
from sim.verification.parts import QUEUE_KINDS, exponential, network, pick, queue_figures, seated, source, station
from sim.verification.record import Measured, Record

__all__ = ["STAYS", "erlang_b", "mg1", "mginf", "mm1", "mmc", "mmck"]


def mm1() -> Case:
    """One place, arrivals at random, exponential stays."""
    name, warm = "mm1_rho80", 2000.0
    mean = expected(name)["L"]

    def measure(r: Record) -> Measured:
        n = r.snapshot("w", "waiting", "in_service")
        return {
            **queue_figures(r),
            "rho": r.area("w", "in_service") / r.time,
            "p0": float((n == 0).mean()),
            "p5": float((n == 5).mean()),
            "P_Wq_gt_5": (r.wait_over("w", 0), r.flow("w", "started")),
            "P_T_gt_5": (r.clock("whole", "over"), r.clock("whole", "ended")),
            "var_N": float(((n - mean) ** 2).mean()),
        }

    kinds = {"rho": MEAN, "p0": CHANCE, "p5": CHANCE, "P_Wq_gt_5": CHANCE, "P_T_gt_5": CHANCE, "var_N": VARIANCE}
    p = params(name)
    return Case(
        name,
        lambda t: network(
            t,
            warm,
            {"w": station(1, exponential(1 / p["mu"]))},
            {"s": source("w", p["lambda"])},
            snapshot=3.0,
            wait_over=["5 h"],
            clocks={"whole": {"station": "w", "since": "joined", "until": "left", "within": "5 h"}},
        ),
        measure,
        pick(name, {**QUEUE_KINDS, **kinds}),
        time=62_000,
        warm=warm,
    )


def mmc(name: str, time: float, warm: float) -> Case:
    """Several places, arrivals at random, exponential stays."""
    p = params(name)
    c = p["c"]
    busy = round(expected(name)["offered_load"])

    def measure(r: Record) -> Measured:
        started = r.flow("w", "started")
        return {
            **queue_figures(r),
            "offered_load": r.area("w", "in_service") / r.time,
            "rho": r.area("w", "in_service") / (p["c"] * r.time),
            "erlangC": (r.flow("w", "waited"), started),
            "P_Wq_gt_4h": (r.wait_over("w", 0), started),
            "P_Wq_gt_12h": (r.wait_over("w", 1), started),
        }

    chances = {"erlangC": CHANCE, "P_Wq_gt_4h": CHANCE, "P_Wq_gt_12h": CHANCE}
    return Case(
        name,
        lambda t: network(
            t,
            warm,
            {"w": station(c, exponential(1 / p["mu"], "d"))},
            {"s": source("w", p["lambda"], "d")},
            "d",
            wait_over=["4 h", "12 h"],
            census=seated(w=busy),
        ),
        measure,
        pick(name, {**QUEUE_KINDS, "offered_load": MEAN, "rho": MEAN, **chances}),
        time=time,
        warm=warm,
        unit="d",
    )


#: stays of different distributions, the mean to be added
STAYS: dict[str, dict[str, Any]] = {
    "exponential": {"kind": "exponential"},
    "lognormal": {"kind": "lognormal", "cv": 1.5},
    "gamma": {"kind": "gamma", "shape": 0.6},
    "deterministic": {"kind": "deterministic"},
}


def erlang_b(name: str, stay: str, time: float) -> Case:
    """Loss without a queue; by insensitivity the answer holds for any stay of the same mean (here one day)."""
    p = params(name)
    warm = 60.0

    def measure(r: Record) -> Measured:
        held = r.area("w", "in_service") / r.time
        return {
            "blocking": (r.flow("w", "lost"), r.flow("w", "arrived")),
            "mean_occupied": held,
            "occupancy": held / p["c"],
        }

    return Case(
        f"{name} {stay}",
        lambda t: network(
            t,
            warm,
            {"w": station(p["c"], {**STAYS[stay], "mean": "1 d"}, waiting_room=0)},
            {"s": source("w", p["a"], "d")},
            "d",
            census=seated(w=round(expected(name)["mean_occupied"])),
        ),
        measure,
        pick(name, {"blocking": CHANCE, "mean_occupied": MEAN, "occupancy": MEAN}),
        time=time,
        warm=warm,
        unit="d",
    )


def mmck() -> Case:
    """A waiting room that can be full."""
    name, warm = "mmck_c20_K30", 100.0
    p = params(name)

    def measure(r: Record) -> Measured:
        return {
            **queue_figures(r),
            "P_loss": (r.flow("w", "lost"), r.flow("w", "arrived")),
            "throughput": r.flow("w", "started") / r.time,
        }

    room = p["K_total_places"] - p["c"]
    return Case(
        name,
        lambda t: network(
            t,
            warm,
            {"w": station(p["c"], exponential(1 / p["mu"]), waiting_room=room)},
            {"s": source("w", p["lambda"])},
        ),
        measure,
        pick(name, {**QUEUE_KINDS, "P_loss": CHANCE, "throughput": MEAN}),
        time=2500,
        warm=warm,
    )


def mg1(name: str, service: dict[str, Any], time: float) -> Case:
    """One place and stays of any distribution."""
    p, warm = params(name), 3000.0
    return Case(
        name,
        lambda t: network(
            t,
            warm,
            {"w": station(1, {**service, "mean": f"{p['E_S']} h"})},
            {"s": source("w", p["lambda"])},
        ),
        lambda r: {**queue_figures(r), "rho": r.area("w", "in_service") / r.time},
        pick(name, {**QUEUE_KINDS, "rho": MEAN}),
        time=time,
        warm=warm,
    )


def mginf(name: str, service: dict[str, Any]) -> Case:
    """Places without limit: the number present is a Poisson variable."""
    warm = 1000.0
    mean = expected(name)["steady_mean"]

    def measure(r: Record) -> Measured:
        n = r.snapshot("w", "in_service")
        return {
            "steady_mean": r.area("w", "in_service") / r.time,
            "steady_var": float(((n - mean) ** 2).mean()),
            "P_N_gt_420": float((n > 420).mean()),
            "P_N_gt_430": float((n > 430).mean()),
        }

    kinds = {"steady_mean": MEAN, "steady_var": VARIANCE, "P_N_gt_420": CHANCE, "P_N_gt_430": CHANCE}
    return Case(
        name,
        lambda t: network(
            t,
            warm,
            {"w": station("inf", {**service, "mean": "6.5 h"})},
            {"s": source("w", params(name)["lambda"])},
            snapshot=1.0,
            census=seated(w=390),
        ),
        measure,
        pick(name, kinds),
        time=2000,
        warm=warm,
        replications=50,
    )

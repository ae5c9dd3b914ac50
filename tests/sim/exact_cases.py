"""Networks in steady state whose exact answers are known.

Rates and times are those of ``tests/data/verification_cases.json``. The time unit is written as an hour where a day
has few events, because hours of the calendar without arrivals cost computing time and mean nothing here.
"""

from __future__ import annotations

from typing import Any

from tests.sim.acceptance import CHANCE, MEAN, QUEUE, VARIANCE, Case, Measured, Record
from tests.sim.cases import expected, params

HELD = ("in_service", "blocked", "in_transition")


def time(x: float, unit: str) -> str:
    return f"{x!r} {unit}"


def exponential(mean: float, unit: str = "h") -> dict[str, Any]:
    return {"kind": "exponential", "mean": time(mean, unit)}


def station(places: Any, service: Any, to: dict[str, float] | None = None, **more: Any) -> dict[str, Any]:
    return {"places": places, "service": service, **({"routes": [{"to": to}]} if to else {}), **more}


def source(to: str, rate: float, unit: str = "h", cls: str = "a") -> dict[str, Any]:
    return {"class": cls, "to": to, "rate_per_day": rate * (24 if unit == "h" else 1)}


def network(
    measured: float,
    warm: float,
    stations: dict[str, Any],
    sources: dict[str, Any],
    unit: str = "h",
    snapshot: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """File whose statistics periods are the warm-up, repeated until `measured` is covered."""
    periods = max(1, round(measured / warm))
    horizon = warm * (1 + periods)
    observe = {
        "period": time(warm, unit),
        "snapshot_every": time(horizon if snapshot is None else snapshot, unit),
        "wait_over": more.pop("wait_over", []),
    }
    return {
        "start": "2018-04-02",
        "horizon": time(horizon, unit),
        "classes": ["a"],
        "stations": stations,
        "sources": sources,
        "observe": observe,
        **more,
    }


def pick(case: str, kinds: dict[str, str]) -> dict[str, tuple[float, str]]:
    return {name: (expected(case)[name], kind) for name, kind in kinds.items()}


def seated(**count: int) -> list[dict[str, Any]]:
    """Census that puts a large system near its steady state at once; the warm-up does the rest."""
    return [{"station": s, "class": "a", "count": n} for s, n in count.items()]


# -- one station ------------------------------------------------------------------------------------------------------


def queue_figures(r: Record) -> Measured:
    """L, Lq, W, Wq of the station `w`, by entity-time and by those who start."""
    total = r.area("w", "waiting", "in_service")
    return {
        "L": total / r.time,
        "Lq": r.area("w", "waiting") / r.time,
        "W": (total, r.flow("w", "started")),
        "Wq": (r.wait("w"), r.flow("w", "started")),
    }


QUEUE_KINDS = {"L": MEAN, "Lq": QUEUE, "W": MEAN, "Wq": QUEUE}


def mm1() -> Case:
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
            "var_N": float(((n - mean) ** 2).mean()),
        }

    kinds = {"rho": MEAN, "p0": CHANCE, "p5": CHANCE, "P_Wq_gt_5": CHANCE, "var_N": VARIANCE}
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
        ),
        measure,
        pick(name, {**QUEUE_KINDS, **kinds}),
        time=62_000,
        warm=warm,
    )


def mmc(name: str, time: float, warm: float) -> Case:
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


STAYS = {
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


# -- two classes ------------------------------------------------------------------------------------------------------


def priority(name: str, mean: list[float], c: int, time_: float, warm: float) -> Case:
    """Non-preemptive priority of class `high` over class `low`."""
    rates = params(name)["lambda"]
    rules = [{"where": {"class": "low"}, "use": exponential(mean[1])}, {"use": exponential(mean[0])}]
    wanted = expected(name)

    def measure(r: Record) -> Measured:
        started = {cls: r.flow("w", "started", cls) for cls in ("high", "low")}
        total = {cls: r.area("w", "waiting", "in_service", cls=cls) for cls in ("high", "low")}
        found: Measured = {
            "Wq1": (r.wait("w", "high"), started["high"]),
            "Wq2": (r.wait("w", "low"), started["low"]),
            "W1": (total["high"], started["high"]),
            "W2": (total["low"], started["low"]),
            "erlangC": (r.flow("w", "waited"), sum(started.values())),
            "Lq_total": r.area("w", "waiting") / r.time,
        }
        return {k: v for k, v in found.items() if k in wanted}

    kinds = {"Wq1": QUEUE, "Wq2": QUEUE, "W1": MEAN, "W2": MEAN, "erlangC": CHANCE, "Lq_total": QUEUE}
    return Case(
        name,
        lambda t: network(
            t,
            warm,
            {"w": station(c, rules, priority={"low": 1})},
            {"one": source("w", rates[0], cls="high"), "two": source("w", rates[1], cls="low")},
            classes=["low", "high"],
        ),
        measure,
        pick(name, {k: v for k, v in kinds.items() if k in wanted}),
        time=time_,
        warm=warm,
    )


def reservation() -> Case:
    name, warm = "reservation_c20_r4", 200.0
    p = params(name)

    def measure(r: Record) -> Measured:
        held = r.area("w", "in_service") / r.time
        return {
            "P_emergency_turned_away": (r.flow("w", "lost", "emergency"), r.flow("w", "arrived", "emergency")),
            "P_elective_cancelled": (r.flow("w", "lost", "elective"), r.flow("w", "arrived", "elective")),
            "mean_occupied": held,
            "occupancy": held / p["c"],
        }

    ward = station(p["c"], exponential(1 / p["mu"]), waiting_room=0, reserve={"elective": p["r_reserved"]})
    return Case(
        name,
        lambda t: network(
            t,
            warm,
            {"w": ward},
            {
                "one": source("w", p["lam_emergency"], cls="emergency"),
                "two": source("w", p["lam_elective"], cls="elective"),
            },
            classes=["emergency", "elective"],
        ),
        measure,
        pick(
            name,
            {
                "P_emergency_turned_away": CHANCE,
                "P_elective_cancelled": CHANCE,
                "mean_occupied": MEAN,
                "occupancy": MEAN,
            },
        ),
        time=18_000,
        warm=warm,
    )


# -- networks ---------------------------------------------------------------------------------------------------------


def finite_population() -> Case:
    """A closed network: everybody is in the census, nobody arrives and nobody leaves."""
    name, warm = "finitepop_N10_c2", 500.0
    p = params(name)

    def measure(r: Record) -> Measured:
        total, done = r.area("repair", "waiting", "in_service"), r.flow("repair", "served")
        return {
            "L": total / r.time,
            "throughput": done / r.time,
            "W": (total, done),
            "P_all_busy": float((r.snapshot("repair", "in_service") >= p["c"]).mean()),
        }

    return Case(
        name,
        lambda t: network(
            t,
            warm,
            {
                "home": station("inf", exponential(1 / p["lambda_each"]), {"repair": 1}),
                "repair": station(p["c"], exponential(1 / p["mu"]), {"home": 1}),
            },
            {},
            census=seated(home=p["N"]),
            snapshot=2.0,
        ),
        measure,
        pick(name, {"L": MEAN, "throughput": MEAN, "W": MEAN, "P_all_busy": CHANCE}),
        time=40_000,
        warm=warm,
    )


def routed(p: dict[str, Any], i: int) -> dict[str, float]:
    out = {n: x for n, x in zip(p["nodes"], p["routing"][i], strict=True) if x}
    return {**out, "leave": 1 - sum(out.values())}


def jackson() -> Case:
    name, warm = "jackson_ae_acute_community", 200.0
    p, wanted = params(name), expected(name)
    nodes = p["nodes"]

    def measure(r: Record) -> Measured:
        found: Measured = {}
        everybody = came = 0.0
        for i, n in enumerate(nodes):
            busy, queue = r.area(n, "in_service") / r.time, r.area(n, "waiting") / r.time
            found |= {
                f"{n} lambda": (r.flow(n, "arrived") + r.flow(n, "transferred_in")) / r.time,
                f"{n} offered_load": busy,
                f"{n} rho": busy / p["c"][i],
                f"{n} erlangC": (r.flow(n, "waited"), r.flow(n, "started")),
                f"{n} Lq": queue,
                f"{n} L": busy + queue,
            }
            everybody += r.area(n, "waiting", "in_service")
            came += r.flow(n, "arrived")
        found["total_L"] = everybody / r.time
        found["mean_sojourn_total_per_external_arrival"] = (everybody, came)
        return found

    kinds = {"lambda": MEAN, "offered_load": MEAN, "rho": MEAN, "erlangC": CHANCE, "Lq": QUEUE, "L": MEAN}
    return Case(
        name,
        lambda t: network(
            t,
            warm,
            {n: station(p["c"][i], exponential(1 / p["mu"][i], "d"), routed(p, i)) for i, n in enumerate(nodes)},
            {f"to {n}": source(n, p["external"][i], "d") for i, n in enumerate(nodes)},
            "d",
            census=seated(AE=13, acute=260, community=317),
        ),
        measure,
        {
            **{f"{n} {q}": (wanted[n][q], kind) for n in nodes for q, kind in kinds.items()},
            "total_L": (wanted["total_L"], MEAN),
            "mean_sojourn_total_per_external_arrival": (wanted["mean_sojourn_total_per_external_arrival"], MEAN),
        },
        time=5000,
        warm=warm,
        unit="d",
        replications=40,
    )


def tandem(name: str) -> Case:
    """Saturated line without buffers: more people ask at the first machine than it can ever take."""
    mu, warm = params(name)["mu"], 500.0
    line = {}
    for i, rate in enumerate(mu):
        after = {f"m{i + 1}": 1} if i + 1 < len(mu) else {"leave": 1}
        line[f"m{i}"] = station(1, exponential(1 / rate), after, waiting_room=40 if i == 0 else 0)
    return Case(
        name,
        lambda t: network(t, warm, line, {"s": source("m0", 2.5 * mu[0])}),
        lambda r: {"throughput": r.flow(f"m{len(mu) - 1}", "served") / r.time},
        pick(name, {"throughput": MEAN}),
        time=20_000,
        warm=warm,
    )


BAS_KINDS = {
    "throughput_admissions": MEAN,
    "mean_in_treatment": MEAN,
    "mean_blocked_beds": QUEUE,
    "mean_community": MEAN,
    "acute_occupancy": MEAN,
    "DTOC_rate_blocked_over_occupied": QUEUE,
    "community_occupancy": MEAN,
    "P_all_acute_beds_full": CHANCE,
    "P_any_blocked": CHANCE,
    "mean_blocked_days_per_community_bound": QUEUE,
    "mean_blocked_days_per_admission": QUEUE,
}
BAS_QUEUE = {"mean_queue": QUEUE, "mean_wait_for_acute_bed": QUEUE}


def blocking_figures(r: Record, c: int, c2: int) -> Measured:
    blocked, held = r.area("acute", "blocked"), r.area("acute", *HELD)
    started = r.flow("acute", "started")
    stuck, full = r.snapshot("acute", "blocked"), r.snapshot("acute", *HELD) >= c
    there = r.area("community", "in_service") / r.time
    return {
        "throughput_admissions": started / r.time,
        "mean_in_treatment": r.area("acute", "in_service") / r.time,
        "mean_blocked_beds": blocked / r.time,
        "mean_community": there,
        "acute_occupancy": held / r.time / c,
        "DTOC_rate_blocked_over_occupied": (blocked, held),
        "community_occupancy": there / c2,
        "P_all_acute_beds_full": float(full.mean()),
        "P_any_blocked": float((stuck > 0).mean()),
        "mean_blocked_days_per_community_bound": (blocked, r.flow("community", "transferred_in")),
        "mean_blocked_days_per_admission": (blocked, started),
        "mean_queue": r.area("acute", "waiting") / r.time,
        "mean_wait_for_acute_bed": (r.wait("acute"), started),
        "P_loss": (r.flow("acute", "lost"), r.flow("acute", "arrived")),
        "max_throughput_admissions_per_day": started / r.time,
        "mean_blocked_at_saturation": blocked / r.time,
    }


def blocking(name: str, time_: float, warm: float, replications: int = 100) -> Case:
    """Acute beds that stay occupied until community has a place (blocking after service)."""
    p, wanted = params(name), expected(name)
    kinds = {**BAS_KINDS, **BAS_QUEUE, "P_loss": CHANCE}
    if wanted.get("mean_queue") == 0:
        kinds = {k: v for k, v in kinds.items() if k not in BAS_QUEUE}
    if "max_throughput_admissions_per_day" in wanted:
        kinds = {
            "max_throughput_admissions_per_day": MEAN,
            "mean_blocked_at_saturation": QUEUE,
            "mean_community": MEAN,
        }
    kinds = {k: v for k, v in kinds.items() if k in wanted}
    # the saturated hospital: more people ask than can ever be taken in, and 40 of them wait at any time
    rate, room = p.get("lam", 8.0), p.get("waiting_places", "inf" if "lam" in p else 40)
    c, c2 = p["c_acute"], p["c_comm"]
    stations = {
        "acute": station(
            c,
            exponential(1 / p["mu_acute"]),
            {"community": p["p_comm"], "leave": 1 - p["p_comm"]},
            waiting_room=room,
        ),
        "community": station(c2, exponential(1 / p["mu_comm"]), waiting_room=0),
    }
    start = seated(acute=round(0.75 * c), community=round(wanted["mean_community"]))

    def measure(r: Record) -> Measured:
        found = blocking_figures(r, c, c2)
        return {k: found[k] for k in kinds}

    return Case(
        name,
        lambda t: network(t, warm, stations, {"s": source("acute", rate)}, snapshot=3.0, census=start),
        measure,
        pick(name, kinds),
        time=time_,
        warm=warm,
        replications=replications,
    )

"""Two classes at one station, and networks of stations, in steady state."""

from __future__ import annotations

from sim.verification.acceptance import CHANCE, MEAN, QUEUE, Case
from sim.verification.answers import expected, params
from sim.verification.parts import HELD, exponential, network, pick, routed, seated, source, station
from sim.verification.record import Measured, Record

__all__ = ["blocking", "finite_population", "jackson", "priority", "reservation", "tandem"]


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
    """Places that the second class may not take."""
    name, warm = "reservation_c20_r4", 200.0
    p = params(name)

    def measure(r: Record) -> Measured:
        held = r.area("w", "in_service") / r.time
        return {
            "P_first_lost": (r.flow("w", "lost", "first"), r.flow("w", "arrived", "first")),
            "P_second_lost": (r.flow("w", "lost", "second"), r.flow("w", "arrived", "second")),
            "mean_occupied": held,
            "occupancy": held / p["c"],
        }

    reserved = station(p["c"], exponential(1 / p["mu"]), waiting_room=0, reserve={"second": p["r_reserved"]})
    return Case(
        name,
        lambda t: network(
            t,
            warm,
            {"w": reserved},
            {
                "one": source("w", p["lam_first"], cls="first"),
                "two": source("w", p["lam_second"], cls="second"),
            },
            classes=["first", "second"],
        ),
        measure,
        pick(
            name,
            {
                "P_first_lost": CHANCE,
                "P_second_lost": CHANCE,
                "mean_occupied": MEAN,
                "occupancy": MEAN,
            },
        ),
        time=18_000,
        warm=warm,
    )


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
                "out": station("inf", exponential(1 / p["lambda_each"]), {"repair": 1}),
                "repair": station(p["c"], exponential(1 / p["mu"]), {"out": 1}),
            },
            {},
            census=seated(out=p["N"]),
            snapshot=2.0,
        ),
        measure,
        pick(name, {"L": MEAN, "throughput": MEAN, "W": MEAN, "P_all_busy": CHANCE}),
        time=40_000,
        warm=warm,
    )


def jackson() -> Case:
    """Open network in which each station behaves as if it were alone."""
    name, warm = "jackson_three_stations", 200.0
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
            census=seated(quick=13, slow=260, slowest=317),
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
        replications=70,
    )


def tandem(name: str) -> Case:
    """Saturated line without buffers: more ask at the first machine than it can ever take."""
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
    "throughput": MEAN,
    "mean_in_service": MEAN,
    "mean_blocked": QUEUE,
    "mean_back": MEAN,
    "front_occupancy": MEAN,
    "blocked_over_occupied": QUEUE,
    "back_occupancy": MEAN,
    "P_front_full": CHANCE,
    "P_any_blocked": CHANCE,
    "mean_blocked_per_transfer": QUEUE,
    "mean_blocked_per_start": QUEUE,
}
BAS_QUEUE = {"mean_queue": QUEUE, "mean_wait": QUEUE}


def _figures(r: Record, c: int, c2: int) -> Measured:
    blocked, held = r.area("front", "blocked"), r.area("front", *HELD)
    started = r.flow("front", "started")
    stuck, full = r.snapshot("front", "blocked"), r.snapshot("front", *HELD) >= c
    there = r.area("back", "in_service") / r.time
    return {
        "throughput": started / r.time,
        "mean_in_service": r.area("front", "in_service") / r.time,
        "mean_blocked": blocked / r.time,
        "mean_back": there,
        "front_occupancy": held / r.time / c,
        "blocked_over_occupied": (blocked, held),
        "back_occupancy": there / c2,
        "P_front_full": float(full.mean()),
        "P_any_blocked": float((stuck > 0).mean()),
        "mean_blocked_per_transfer": (blocked, r.flow("back", "transferred_in")),
        "mean_blocked_per_start": (blocked, started),
        "mean_queue": r.area("front", "waiting") / r.time,
        "mean_wait": (r.wait("front"), started),
        "P_loss": (r.flow("front", "lost"), r.flow("front", "arrived")),
        "max_throughput": started / r.time,
        "mean_blocked_at_saturation": blocked / r.time,
    }


def blocking(name: str, time_: float, warm: float, replications: int = 100) -> Case:
    """Places in front that stay held until one behind is free (blocking after service)."""
    p, wanted = params(name), expected(name)
    kinds = {**BAS_KINDS, **BAS_QUEUE, "P_loss": CHANCE}
    if wanted.get("mean_queue") == 0:
        kinds = {k: v for k, v in kinds.items() if k not in BAS_QUEUE}
    if "max_throughput" in wanted:
        kinds = {
            "max_throughput": MEAN,
            "mean_blocked_at_saturation": QUEUE,
            "mean_back": MEAN,
        }
    kinds = {k: v for k, v in kinds.items() if k in wanted}
    # the saturated line: more ask than can ever be taken in, and 40 of them wait at any time
    rate, room = p.get("lam", 8.0), p.get("waiting_places", "inf" if "lam" in p else 40)
    c, c2 = p["c_front"], p["c_back"]
    stations = {
        "front": station(
            c,
            exponential(1 / p["mu_front"]),
            {"back": p["p_back"], "leave": 1 - p["p_back"]},
            waiting_room=room,
        ),
        "back": station(c2, exponential(1 / p["mu_back"]), waiting_room=0),
    }
    start = seated(front=round(0.75 * c), back=round(wanted["mean_back"]))

    def measure(r: Record) -> Measured:
        found = _figures(r, c, c2)
        return {k: found[k] for k in kinds}

    return Case(
        name,
        lambda t: network(t, warm, stations, {"s": source("front", rate)}, snapshot=3.0, census=start),
        measure,
        pick(name, kinds),
        time=time_,
        warm=warm,
        replications=replications,
    )

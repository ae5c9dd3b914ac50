"""Exact answers for demand that moves, and for the way from one state to another.

Sums of independent Poisson streams are Poisson streams, so networks without limits may be run with many times the rate
and be divided afterwards. Networks with limits are run as many copies in one file, each with streams of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.kernel.layout import FLOWS, STATES
from sim.verification.acceptance import CHANCE, MEAN, QUEUE, VARIANCE, Case
from sim.verification.answers import expected, params
from sim.verification.order import Row, Small
from sim.verification.parts import exponential, network, routed, source, station
from sim.verification.record import Measured, Record

__all__ = ["SCHEDULES", "closure", "cox", "cox_variance", "double_running", "from_empty", "in_order", "weekly_wave"]

MONDAY = "2018-04-02"


def weekly(amplitude: float) -> list[float]:
    """Mean of 1 + amplitude × sin(2π t / 7 days) over each hour of the week."""
    edge = [math.cos(2 * math.pi * h / 168) for h in range(169)]
    return [1 + amplitude * 168 / (2 * math.pi) * (a - b) for a, b in zip(edge, edge[1:], strict=False)]


def weekly_wave() -> Case:
    """Occupancy without limits follows a weekly wave of demand, flatter and later."""
    name, warm = "mt_m_inf_weekly", 350.0
    p, wanted = params(name), expected(name)
    instants = wanted["mean_occupancy_at"]
    amplitude, lag, omega = wanted["peak_amplitude"], wanted["lag_behind_arrivals"], 2 * math.pi / 7

    def measure(r: Record) -> Measured:
        by_phase = r.snapshot("w", "in_service").reshape(-1, 14).mean(axis=0)
        angle = omega * (np.arange(14) / 2 - lag)
        # components in phase with the exact wave and a quarter of a wave off it; the second is zero if the lag is right
        in_phase, off = (float((by_phase * wave(angle)).mean() * 2) for wave in (np.sin, np.cos))
        return {
            **{f"at {at}": float(by_phase[round(2 * float(at))]) for at in instants},
            "mean": r.area("w", "in_service") / r.time,
            "amplitude": in_phase,
            "lag": lag - off / (amplitude * omega),
        }

    def file(t: float) -> dict[str, Any]:
        week = source("w", p["lam_bar"], "d") | {"week": weekly(p["amplitude"])}
        return network(t, warm, {"w": station("inf", exponential(6.5, "d"))}, {"s": week}, "d", snapshot=0.5)

    return Case(
        name,
        file,
        measure,
        {
            **{f"at {at}": (value, MEAN) for at, value in instants.items()},
            "mean": (wanted["mean"], MEAN),
            "amplitude": (amplitude, QUEUE),
            "lag": (lag, QUEUE),
        },
        time=1050,
        warm=warm,
        unit="d",
    )


def cox_variance(rate: float, stay: float, variance: float, phi: float, lognormal: bool) -> float:
    """Variance of the number present at midnight when a day multiplier moves the rate.

    The expected number is a weighted sum of the multipliers of the days before, to which the Poisson variance adds. The
    covariance of two days at lag k is v × phi^k, or exp(s² phi^k) − 1 with s² = log(1 + v) if the logarithm of the
    multiplier is the autoregressive one.
    """
    k = np.arange(600)
    weight = rate * stay * (np.exp(-k / stay) - np.exp(-(k + 1) / stay))
    power = np.power(phi, k) if phi else (k == 0).astype(float)
    covariance = np.expm1(math.log1p(variance) * power) if lognormal else variance * power
    return rate * stay + float(weight @ covariance[np.abs(k[:, None] - k[None, :])] @ weight)


def cox(name: str, time: float) -> Case:
    """Over-dispersed demand: a day multiplier, independent or autocorrelated."""
    p, wanted = params(name), expected(name)
    rate, stay, v, phi = p["lam"], p["mean_stay"], p["multiplier_var"], p.get("phi", 0.0)
    mean, warm = rate * stay, 350.0
    variance = cox_variance(rate, stay, v, phi, lognormal=True)

    def measure(r: Record) -> Measured:
        n = r.snapshot("w", "in_service")
        daily = r.seen["flow"][r.first :, 0, 0, 0].astype(float)
        spread = float(((n - mean) ** 2).mean())
        return {
            "mean": float(n.mean()),
            "variance": spread,
            "dispersion": (spread, float(n.mean())),
            "dispersion of arrivals": (float(((daily - rate) ** 2).mean()), float(daily.mean())),
        }

    def file(t: float) -> dict[str, Any]:
        demand = source("w", rate, "d") | {"noise": "day"}
        given = network(t, warm, {"w": station("inf", exponential(stay, "d"))}, {"s": demand}, "d", snapshot=1.0)
        given["observe"]["period"] = "1 d"
        return given | {"noise": {"day": {"variance": v, "correlation": phi}}}

    return Case(
        name,
        file,
        measure,
        {
            "mean": (wanted.get("mean", mean), MEAN),
            "variance": (variance, VARIANCE),
            "dispersion": (variance / mean, VARIANCE),
            "dispersion of arrivals": (1 + rate * v, VARIANCE),
        },
        time=time,
        warm=warm,
        unit="d",
    )


# -- from empty -------------------------------------------------------------------------------------------------------


def from_empty(name: str, instants: Sequence[str], scale: float, replications: int) -> Case:
    """Stations without limit fill up: the mean number at each instant, from an empty start."""
    p, wanted = params(name), expected(name)
    if "nodes" in p:
        table = wanted["mean_stock_at_t"]
        nodes = p["nodes"]
        stations = {n: station("inf", exponential(1 / p["mu"][i], "d"), routed(p, i)) for i, n in enumerate(nodes)}
        sources = {f"to {n}": source(n, x * scale, "d") for n, x in zip(nodes, p["external"], strict=True)}
    else:
        table = {t: [x] for t, x in wanted["transient_mean_from_empty"].items()}
        nodes = ["w"]
        law = {"kind": "lognormal", "cv": 1.5} if "lognormal" in p["stay"] else {"kind": "exponential"}
        stations = {"w": station("inf", {**law, "mean": "6.5 d"})}
        sources = {"s": source("w", p["lambda"] * scale, "d")}

    def measure(r: Record) -> Measured:
        return {f"{n} at {t}": float(r.snapshot(n, "in_service")[int(t)] / scale) for t in instants for n in nodes}

    last = max(map(int, instants))
    return Case(
        f"{name} to {last} d",
        lambda t: {
            "horizon": f"{24 * last + 1} h",
            "classes": ["a"],
            "stations": stations,
            "sources": sources,
            "observe": {"period": f"{24 * last + 1} h"},
        },
        measure,
        {f"{n} at {t}": (table[t][i], MEAN) for t in instants for i, n in enumerate(nodes)},
        time=0,
        unit="d",
        replications=replications,
    )


# -- places that close ------------------------------------------------------------------------------------------------


def closure() -> Case:
    """Three of twenty places close as they empty, while demand moves with the week. The steady state comes first."""
    name, before, copies = "transient_closure_loss", 42, 200
    p, wanted = params(name), expected(name)
    first, last = p["c_before"], p["c_after"]
    plan = [{"from": "0 d", "places": first}, {"from": f"{before + p['t_close']} d", "places": last}]
    held = station(plan, exponential(1 / p["mu"], "d"), waiting_room=0)
    end = {"end": f"{before} d"}
    begin = {"begin": f"{before} d", "week": weekly(0.15)}

    def file(t: float) -> dict[str, Any]:
        return {
            "start": MONDAY,
            "horizon": f"{before + 60}.1 d",
            "classes": ["a"],
            "stations": {f"w{i}": held for i in range(copies)},
            "sources": {
                **{f"before {i}": source(f"w{i}", 3.0, "d") | end for i in range(copies)},
                **{f"after {i}": source(f"w{i}", 3.0, "d") | begin for i in range(copies)},
            },
            "census": [{"station": f"w{i}", "class": "a", "count": 16} for i in range(copies)],
            "observe": {"period": f"{before} d"},
        }

    def measure(r: Record) -> Measured:
        found: Measured = {}
        for t in wanted:
            n = r.seen["snapshot"][before + int(t), :, 1]
            limit = p["c_before"] if int(t) < p["t_close"] else p["c_after"]
            found |= {f"mean at {t}": float(n.mean()), f"P full at {t}": float((n >= limit).mean())}
        return found

    return Case(
        name,
        file,
        measure,
        {
            **{f"mean at {t}": (w["mean"], MEAN) for t, w in wanted.items()},
            **{f"P full at {t}": (w.get("P_full_or_over", w.get("P_full")), CHANCE) for t, w in wanted.items()},
        },
        time=0,
        unit="d",
        replications=100,
    )


SCHEDULES = list(params("transient_double_running_order")["schedules"])


def double_running(schedule: str, replications: int = 150) -> Case:
    """Places in front close and places in the back open in one of five orders, from the steady state of (20, 5)."""
    name = "transient_double_running_order"
    p = params(name)
    small = Small(p["lam"], p["mu_front"], p["mu_back"], p["p_back"])
    wanted = {int(t): w for t, w in expected(name)[schedule].items()}
    return in_order(f"{name} {schedule}", small, p["schedules"][schedule], wanted, replications=replications)


def in_order(
    name: str,
    small: Small,
    rows: Sequence[Row],
    wanted: Mapping[int, Mapping[str, float]],
    copies: int = 50,
    replications: int = 150,
) -> Case:
    """Places in front and in the back change on some days, from the steady state of those of day 0.

    A day of the case is written as an hour; each copy is brought to its steady state in 300 of them.

    Parameters
    ----------
    wanted : mapping
        By day, as :func:`sim.verification.order.exact_order` says.
    """
    before = 300
    days = [*wanted, *(row[0] for row in rows)]
    step = math.gcd(before, *days)
    horizon = before + max(days) + 1

    def plan(column: int) -> list[dict[str, Any]]:
        return [
            {"from": f"{before + row[0] if row[0] else 0} h", "places": row[column]}
            for i, row in enumerate(rows)
            if i == 0 or row[column] != rows[i - 1][column]
        ]

    def file(t: float) -> dict[str, Any]:
        share = small.p_back
        stations: dict[str, Any] = {}
        for i in range(copies):
            to = {f"c{i}": share, "leave": 1 - share}
            stations[f"a{i}"] = station(plan(1), exponential(1 / small.mu_front), to, waiting_room=0)
            stations[f"c{i}"] = station(plan(2), exponential(1 / small.mu_back), waiting_room=0)
        return {
            "horizon": f"{horizon} h",
            "classes": ["a"],
            "stations": stations,
            "sources": {f"s{i}": source(f"a{i}", small.lam) for i in range(copies)},
            "census": [
                {"station": f"{s}{i}", "class": "a", "count": n}
                for i in range(copies)
                for s, n in (("a", round(0.85 * rows[0][1])), ("c", rows[0][2]))
            ],
            "observe": {"period": f"{step} h", "snapshot_every": f"{step} h"},
        }

    def measure(r: Record) -> Measured:
        lost = r.seen["flow"][:, ::2, :, FLOWS.index("lost")].sum(axis=(1, 2)) / copies
        blocked = r.seen["area"][:, ::2, :, STATES.index("blocked")].sum(axis=(1, 2)) / copies / r.unit
        found: Measured = {}
        for t in wanted:
            at, end = before // step, (before + t) // step
            now = r.seen["snapshot"][end, ::2]
            full = now[:, 1] + now[:, 2] + now[:, 3] >= now[:, 5]
            found |= {
                f"cum_lost {t}": float(lost[at:end].sum()),
                f"cum_blocked_time {t}": float(blocked[at:end].sum()),
                f"P_full_now {t}": float(full.mean()),
                f"mean_blocked_now {t}": float(now[:, 2].mean()),
            }
        return found

    kinds = {
        "cum_lost": MEAN,
        "cum_blocked_time": QUEUE,
        "P_full_now": CHANCE,
        "mean_blocked_now": QUEUE,
    }
    return Case(
        name,
        file,
        measure,
        {f"{q} {t}": (w[q], kind) for t, w in wanted.items() for q, kind in kinds.items()},
        time=0,
        replications=replications,
    )

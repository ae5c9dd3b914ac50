"""Monks et al. (2016): beds of an acute stroke unit and of the rehabilitation unit behind it.

Beds are unlimited, so the number occupied in each unit is a Poisson variable whose mean is the offered load, and
P(delay | n beds) = P(N = n) / P(N <= n) is Erlang's loss formula: every figure of the paper has an exact counterpart.

Source of the published figures: Monks, Worthington, Allen, Pitt, Stein and James, BMC Health Services Research 16:530
(2016), tables 2 and 3 and supplementary table 1, CC BY 4.0; and the reproduction pydesrap_stroke (Heather and Monks),
outputs of release 1.0.0, MIT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from models.published.files import network_file
from models.published.tables import Check, Outcome, Table, figure, interval
from sim.clock import DAY
from sim.experiments import replicate
from sim.network.load import load_network
from sim.network.schema import Network, Service, Source
from sim.run import Run
from sim.services import mean_ms, resolve
from sim.theory import erlang_b
from sim.verification.acceptance import SEED
from sim.verification.record import Record

__all__ = ["FIGURES", "POOLED", "PUBLISHED", "REAL", "measure", "offered_load", "pooled", "run", "shared_beds"]

UNITS = ("acute", "rehab")
BEDS = {"acute": range(9, 16), "rehab": range(10, 17)}  #: bed numbers of the published tables

Figures = Mapping[int, tuple[str, str]]
#: printed probabilities of delay by file, unit and beds: in the paper, in its reproduction
PUBLISHED: Mapping[str, Mapping[str, Figures]] = {
    "monks_2016": {
        "acute": {
            9: (".19", ".18"),
            10: (".14", ".13"),
            11: (".09", ".08"),
            12: (".06", ".06"),
            13: (".04", ".03"),
            14: (".02", ".02"),
        },
        "rehab": {
            10: (".20", ".20"),
            12: (".11", ".11"),
            13: (".08", ".08"),
            14: (".05", ".05"),
            15: (".03", ".03"),
            16: (".02", ".02"),
        },
    },
    "monks_2016_plus5": {
        "acute": {10: (".16", ".15"), 11: (".11", ".10"), 12: (".07", ".07"), 13: (".05", ".04"), 14: (".03", ".03")},
        "rehab": {12: (".13", ".13"), 13: (".09", ".09"), 14: (".07", ".06"), 15: (".04", ".04"), 16: (".02", ".03")},
    },
    "monks_2016_no_neuro": {
        "acute": {
            10: (".09", ".08"),
            11: (".05", ".05"),
            12: (".03", ".03"),
            13: (".02", ".01"),
            14: (".01", ".01"),
            15: (".01", ".00"),
        },
        "rehab": {12: (".03", ".06"), 13: (".02", ".03"), 14: (".01", ".02"), 15: (".01", ".01"), 16: (".00", ".01")},
    },
}
TITLES = {
    "monks_2016": "As it was",
    "monks_2016_plus5": "5 per cent more patients",
    "monks_2016_no_neuro": "No complex neurological patients",
}
#: beds of the acute unit alone, of rehabilitation alone, and shared: printed probabilities of delay for an acute and a
#: rehabilitation patient, in the paper and in its reproduction
POOLED: Mapping[tuple[int, int, int], tuple[tuple[str, str], tuple[str, str]]] = {
    (0, 0, 22): ((".057", ".065"), (".057", ".065")),
    (0, 0, 26): ((".016", ".016"), (".016", ".016")),
    (14, 12, 0): ((".020", ".019"), (".117", ".11")),
    (11, 11, 4): ((".031", ".043"), (".077", ".09")),
    (11, 10, 5): ((".027", ".036"), (".080", ".091")),
    (10, 10, 6): ((".033", ".041"), (".057", ".066")),
    (10, 9, 7): ((".030", ".038"), (".060", ".066")),
    (9, 9, 8): ((".035", ".041"), (".049", ".053")),
    (9, 8, 9): ((".034", ".040"), (".051", ".053")),
}

PRINTED = "monks_2016_paper"  #: the file with the acute stays that the printed tables imply
#: files with a real number of beds: the unit that has them, and how many
REAL = {"monks_2016_acute_beds": ("acute", 10), "monks_2016_rehab_beds": ("rehab", 12)}
FILES = (*PUBLISHED, PRINTED, *REAL)
FIGURES = 120  #: that are covered together with 99.9 per cent, at most

Counts = npt.NDArray[np.int64]
Checks = dict[tuple[str, str], Check]


def offered_load(network: Network) -> dict[str, float]:
    """Mean number of beds occupied in each unit when beds are unlimited, from the rates and stays of the file."""
    load = dict.fromkeys(network.stations, 0.0)
    for source in network.sources.values():
        for who, share in _kinds(network, source):
            here: str | None = source.to
            while here is not None:
                station = network.stations[here]
                rules = station.service
                assert isinstance(rules, list)
                stay = next(rule.use for rule in rules if _fits(rule.where, who))
                load[here] += share * mean_ms(_resolved(stay, network)) / mean_ms(_resolved(source.every, network))
                route = next((rule for rule in station.routes if _fits(rule.where, who)), None)
                here = None if route is None or "leave" in route.to else next(iter(route.to))
    return load


def _resolved(time: Service | str | None, network: Network) -> Any:
    assert time is not None
    return resolve(network.services[time] if isinstance(time, str) else time)


def _kinds(network: Network, source: Source) -> Iterator[tuple[dict[str, str], float]]:
    """Every combination of class and attributes of a source, with its share."""
    shares = {a: source.attributes.get(a, levels[0]) for a, levels in network.attributes.items()}
    given = [[(s, 1.0)] if isinstance(s, str) else list(s.items()) for s in shares.values()]
    for picked in product(*given):
        who = {"class": source.cls, **{a: level for a, (level, _) in zip(shares, picked, strict=True)}}
        yield who, prod(share for _, share in picked)


def _fits(where: Mapping[str, str | list[str]], who: Mapping[str, str]) -> bool:
    return all(who[key] == levels or who[key] in levels for key, levels in where.items())


def pooled(load: Mapping[str, float], acute: int, rehab: int, shared: int) -> tuple[float, float]:
    """Exact probabilities of delay with beds of each unit alone and shared ones, by the paper's supplement.

    With shared beds only, patients of both units are as one. With some, an acute patient is delayed when acute
    patients fill the acute beds and, with rehabilitation patients beyond theirs, all shared ones.
    """
    if acute == rehab == 0:
        both = erlang_b(shared, sum(load.values()))
        return both, both
    if shared == 0:
        return erlang_b(acute, load["acute"]), erlang_b(rehab, load["rehab"])
    a, r = (stats.poisson(load[unit]) for unit in UNITS)
    return _delayed(a, acute, r, rehab, shared), _delayed(r, rehab, a, acute, shared)


def _delayed(own: Any, beds: int, other: Any, others: int, shared: int) -> float:
    least = beds + shared
    partly = sum(own.pmf(least - j) * other.sf(others + j - 1) for j in range(1, shared + 1))
    return float(own.sf(least - 1) + partly)


def shared_beds(acute: Counts, rehab: Counts, beds: tuple[int, int, int]) -> tuple[Any, Any]:
    """The same two probabilities as ratios of counts over daily audits."""
    own, others, shared = beds
    if own == others == 0:
        both = acute + rehab
        found = (int((both == shared).sum()), int((both <= shared).sum()))
        return found, found
    if shared == 0:
        return (
            (int((acute == own).sum()), int((acute <= own).sum())),
            (int((rehab == others).sum()), int((rehab <= others).sum())),
        )
    full = np.maximum(acute - own, 0) + np.maximum(rehab - others, 0) >= shared
    days = len(acute)
    return (int((full & (acute >= own)).sum()), days), (int((full & (rehab >= others)).sum()), days)


def run(seed: int = SEED, replications: int | None = None, workers: int = 2) -> Outcome:
    """Simulate all files of the model and set them beside the published and the exact figures."""
    networks = {name: load_network(network_file(name)) for name in FILES}
    count = replications or networks["monks_2016"].replications
    found = {name: replicate(network, seed, count, measure, workers) for name, network in networks.items()}
    load = {name: offered_load(network) for name, network in networks.items()}
    checks: Checks = {}
    for (name, key), exact in _exact(load).items():
        values = [one[key] for one in found[name]]
        value, halfwidth = interval(values, 1 - 0.001 / FIGURES)
        checks[name, key] = Check(f"{name}: {key}", value, halfwidth, interval(values, 0.95)[1], exact)
    tables = [*(_delay_table(name, load, checks) for name in PUBLISHED), _pooling_table(checks), _loss_table(checks)]
    words = {"load": f"{load['monks_2016']['acute']:.4f}", "paper_load": f"{load[PRINTED]['acute']:.4f}"}
    return Outcome("monks_2016", tables, list(checks.values()), count, seed, words)


def measure(run: Run) -> dict[str, Any]:
    """Figures of one replication by name; probabilities as numerator and denominator.

    ``acute 9`` are the days with nine acute beds occupied and those with at most nine, ``acute mean`` the mean number
    occupied, ``acute lost`` those turned away and all who came, ``(9, 8, 9) acute`` delays with shared beds.
    """
    record = Record(run, DAY, round(run.lowered.network.warm_up))
    occupied = {unit: record.snapshot(unit, "in_service") for unit in UNITS}
    found: dict[str, Any] = {}
    for unit, beds in occupied.items():
        found |= {f"{unit} {n}": (int((beds == n).sum()), int((beds <= n).sum())) for n in BEDS[unit]}
        found[f"{unit} mean"] = record.area(unit, "in_service") / record.time
        came = record.flow(unit, "arrived") + record.flow(unit, "transferred_in")
        found[f"{unit} lost"] = (record.flow(unit, "lost"), came)
    for beds in POOLED:
        both = shared_beds(occupied["acute"], occupied["rehab"], beds)
        found |= {f"{beds} {unit}": delay for unit, delay in zip(UNITS, both, strict=True)}
    return found


def _exact(load: Mapping[str, Mapping[str, float]]) -> dict[tuple[str, str], float]:
    """Exact value of every figure that is checked, by file and name."""
    found: dict[tuple[str, str], float] = {}
    for name in (*PUBLISHED, PRINTED):
        for unit in UNITS:
            found |= {(name, f"{unit} {n}"): erlang_b(n, load[name][unit]) for n in BEDS[unit]}
            found[name, f"{unit} mean"] = load[name][unit]
    for beds in POOLED:
        both = pooled(load["monks_2016"], *beds)
        found |= {("monks_2016", f"{beds} {unit}"): delay for unit, delay in zip(UNITS, both, strict=True)}
    for name, (unit, beds) in REAL.items():
        found[name, f"{unit} lost"] = erlang_b(beds, load[name][unit])
    return found


def _delay_table(name: str, load: Mapping[str, Mapping[str, float]], checks: Checks) -> Table:
    rows = []
    for unit in UNITS:
        for n, printed in PUBLISHED[name][unit].items():
            ours = checks[name, f"{unit} {n}"]
            row = [f"{unit} unit, {n} beds", *printed, f"{ours.exact:.4f}", figure(ours.value, ours.shown, 4)]
            if name == "monks_2016":
                other = checks[PRINTED, f"{unit} {n}"]
                row += [f"{other.exact:.4f}", figure(other.value, other.shown, 4)]
            rows.append(row)
    header = ["probability of delay", "paper", "reproduction", "exact", "Carebridge"]
    if name == "monks_2016":
        header += ["exact, printed stays", "Carebridge, printed stays"]
    loads = ", ".join(f"{unit} {load[name][unit]:.4f}" for unit in UNITS)
    return Table(f"{TITLES[name]} (offered load: {loads} beds)", header, rows)


def _pooling_table(checks: Checks) -> Table:
    rows = []
    for beds, printed in POOLED.items():
        for unit, figures in zip(UNITS, printed, strict=True):
            ours = checks["monks_2016", f"{beds} {unit}"]
            where = f"{beds[0]} acute, {beds[1]} rehab, {beds[2]} shared: {unit} patient"
            rows.append([where, *figures, f"{ours.exact:.4f}", figure(ours.value, ours.shown, 4)])
    return Table("Shared beds", ["probability of delay", "paper", "reproduction", "exact", "Carebridge"], rows)


def _loss_table(checks: Checks) -> Table:
    rows = []
    for name, (unit, beds) in REAL.items():
        ours = checks[name, f"{unit} lost"]
        rows.append([f"{unit} unit, {beds} beds", f"{ours.exact:.4f}", figure(ours.value, ours.shown, 4)])
    return Table("Real beds, nobody waits", ["share turned away", "Erlang's loss formula", "Carebridge"], rows)

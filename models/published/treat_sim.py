"""treat-sim: the urgent-care centre of Nelson (2013), exercise 13, base case and five scenarios.

The published figures come from another random generator, so single figures cannot be equal; each published mean and
ours must differ by no more than both intervals allow. What must be equal exactly is what lies upstream of a change:
the same patients come with the same needs in every scenario.

Source of the published figures: treat-sim 2.2.0 (Monks, Harper and Heather), 50 replications of 19 hours, means and 95
per cent half-widths of the base case; parameters from the same, MIT.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from models.published.files import network_file
from models.published.tables import Check, Outcome, Table, figure, interval
from sim.clock import MINUTE
from sim.experiments import replicate
from sim.kernel.layout import FLOWS, STATES
from sim.network.load import load_network
from sim.network.schema import Network
from sim.run import Run
from sim.services import mean_ms, resolve
from sim.verification.acceptance import SEED

__all__ = ["METRICS", "PUBLISHED", "REPLICATIONS", "SCENARIOS", "measure", "run"]

#: files by the name of the scenario
SCENARIOS: Mapping[str, str] = {
    "base": "treat_sim",
    "triage + 1": "treat_sim_triage",
    "exam + 1": "treat_sim_exam",
    "treatment + 1": "treat_sim_treat",
    "swap": "treat_sim_swap",
    "short exam": "treat_sim_short_exam",
}
REPLICATIONS = 50  #: of the published figures
WAITS = ("triage", "registration", "exam", "treatment", "trauma_room", "trauma_treatment")
METRICS = (
    "arrivals",
    *(f"wait {s}" for s in WAITS),
    *(f"use {s}" for s in WAITS if s != "trauma_treatment"),
    "time other",
    "time trauma",
    "throughput",
)
#: published means by metric: base with the half-width at 95 per cent (NaN where none is printed), then the scenarios
PUBLISHED: Mapping[str, tuple[tuple[float, float], tuple[float, ...]]] = {
    "arrivals": ((227.72, 4.6), (227.72, 227.72, 227.72, 227.72, 227.72)),
    "wait triage": ((35.243, 5.9), (1.325, 35.243, 35.243, 1.325, 1.325)),
    "wait registration": ((105.573, 6.2), (135.915, 105.573, 105.573, 135.915, 135.915)),
    "wait exam": ((25.553, 2.5), (26.689, 0.147, 25.553, 148.866, 66.004)),
    "wait treatment": ((136.661, 6.9), (138.575, 151.808, 2.281, 33.569, 111.337)),
    "wait trauma_room": ((151.681, 20.1), (175.135, 151.681, 151.681, 175.135, 175.135)),
    "wait trauma_treatment": ((14.305, 2.7), (14.997, 14.305, 14.305, 14.997, 14.997)),
    "use triage": ((0.607, np.nan), (0.304, 0.607, 0.607, 0.304, 0.304)),
    "use registration": ((0.841, np.nan), (0.844, 0.841, 0.841, 0.844, 0.844)),
    "use exam": ((0.850, np.nan), (0.854, 0.668, 0.850, 0.894, 0.869)),
    "use treatment": ((0.867, np.nan), (0.869, 0.868, 0.629, 0.836, 0.871)),
    "use trauma_room": ((0.827, np.nan), (0.841, 0.827, 0.827, 0.841, 0.841)),
    "time other": ((234.336, 6.6), (232.133, 223.064, 192.192, 280.729, 244.798)),
    "time trauma": ((292.280, 19.1), (282.784, 292.280, 292.280, 282.784, 282.784)),
    "throughput": ((162.16, 2.2), (162.92, 165.88, 195.30, 138.54, 156.60)),
}
NAMES = {
    "arrivals": "arrivals",
    **{f"wait {s}": f"wait for {s.replace('_', ' ')} (min)" for s in WAITS},
    **{f"use {s}": f"utilisation of {s.replace('_', ' ')}" for s in WAITS},
    "time other": "total time without trauma (min)",
    "time trauma": "total time with trauma (min)",
    "throughput": "patients who are through",
}


def measure(run: Run) -> dict[str, Any]:
    """All metrics of one replication, in minutes.

    A utilisation here is the published one: whole expected stays of all who started, over places and 19 hours. It can
    exceed 1, because it counts time after the end of the run; ``busy`` is the share of place-time in service.
    """
    seen, network = run.observations(), run.lowered.network
    stations = list(network.stations)
    flow = {s: seen["flow"][:, i].sum(axis=(0, 1)) for i, s in enumerate(stations)}
    wait = {s: float(seen["wait_total"][:, i].sum()) for i, s in enumerate(stations)}
    area = {s: seen["area"][:, i].sum(axis=(0, 1)) for i, s in enumerate(stations)}
    started, served = FLOWS.index("started"), FLOWS.index("left")
    found: dict[str, Any] = {"arrivals": float(flow["triage"][FLOWS.index("arrived")])}
    for s in WAITS:
        count = float(flow[s][started])
        place_time = _places(network, s) * float(network.horizon)
        found[f"wait {s}"] = wait[s] / MINUTE / count if count else np.nan
        found[f"use {s}"] = count * _stay(network, s) / place_time
        found[f"busy {s}"] = float(area[s][STATES.index("in_service")]) / place_time
    ended, total = (_clocks(run, seen[f"clock_{what}"]) for what in ("ended", "total"))
    found["time trauma"] = total["trauma"] / MINUTE / ended["trauma"] if ended["trauma"] else np.nan
    others = ended["treated"] + ended["examined"]
    found["time other"] = (total["treated"] + total["examined"]) / MINUTE / others if others else np.nan
    found["throughput"] = float(sum(flow[s][served] for s in stations))
    found["rows"] = {s: (*flow[s].tolist(), wait[s], *area[s].tolist()) for s in stations}
    return found


def _places(network: Network, station: str) -> int:
    places = network.stations[station].places
    assert isinstance(places, int)
    return places


def _stay(network: Network, station: str) -> float:
    service = network.stations[station].service
    assert not isinstance(service, (list, str))
    return mean_ms(resolve(service))


def _clocks(run: Run, seen: npt.NDArray[Any]) -> dict[str, float]:
    """Totals of each clock; of those who are examined, only the ones who then go home."""
    groups = run.lowered.groups
    home = [i for i, group in enumerate(groups) if "home" in group]
    found = {}
    for i, name in enumerate(run.lowered.network.observe.clocks):
        by_group = seen[:, i].sum(axis=0)
        found[name] = float(by_group[home].sum() if name == "examined" else by_group.sum())
    return found


def run(seed: int = SEED, replications: int | None = None, workers: int = 2) -> Outcome:
    """Simulate base case and scenarios and set them beside the published figures."""
    networks = {name: load_network(network_file(file)) for name, file in SCENARIOS.items()}
    count = replications or networks["base"].replications
    found = {name: replicate(network, seed, count, measure, workers) for name, network in networks.items()}
    level = 1 - 0.001 / (len(METRICS) * len(SCENARIOS))
    checks, cells = [], {}
    for metric in METRICS:
        (base, halfwidth), others = PUBLISHED[metric]
        for scenario, published in zip(SCENARIOS, (base, *others), strict=True):
            values = [one[metric] for one in found[scenario]]
            mean, shown = interval(values, 0.95)
            # the published mean has an error of its own: that of ours, with the published number of replications
            both = interval(values, level)[1] * (1 + count / REPLICATIONS) ** 0.5
            checks.append(Check(f"{scenario}: {NAMES[metric]}", mean, both, shown, published))
            cells[metric, scenario] = (published, mean, shown)
    tables = [_base_table(cells, found["base"]), *_scenario_tables(cells)]
    return Outcome("treat_sim", tables, checks, count, seed)


def _digits(metric: str) -> int:
    return 3 if metric.startswith("use") else 1


def _base_table(cells: Mapping[Any, Any], found: list[dict[str, Any]]) -> Table:
    rows = []
    for metric in METRICS:
        published, mean, shown = cells[metric, "base"]
        printed = PUBLISHED[metric][0][1]
        digits = _digits(metric)
        beside = f"{published:.{digits}f}" + ("" if np.isnan(printed) else f" ± {printed:.1f}")
        rows.append([NAMES[metric], beside, figure(mean, shown, digits)])
    for s in WAITS[:-1]:
        mean, shown = interval([one[f"busy {s}"] for one in found], 0.95)
        rows.append([f"share of place-time in service, {s.replace('_', ' ')}", "", figure(mean, shown, 3)])
    return Table("Base case", ["metric", "treat-sim, 50 replications", "Carebridge"], rows)


def _scenario_tables(cells: Mapping[Any, Any]) -> list[Table]:
    tables = []
    for scenario in list(SCENARIOS)[1:]:
        rows = []
        for metric in METRICS:
            published, mean, shown = cells[metric, scenario]
            base = cells[metric, "base"]
            digits = _digits(metric)
            change = [f"{b - a:+.{digits}f}" for a, b in ((base[0], published), (base[1], mean))]
            rows.append([NAMES[metric], f"{published:.{digits}f}", figure(mean, shown, digits), *change])
        header = ["metric", "treat-sim", "Carebridge", "change, treat-sim", "change, Carebridge"]
        tables.append(Table(f"Scenario: {scenario}", header, rows))
    return tables

"""Linear hybrids are exact in expectation: simulated means lie in their intervals around matrix exponentials.

A network of stations without limit is a linear system, and so is a linear stock-flow model; one station of three is a
stock here. The expectation of the coupled scheme (network first, then counts, then Euler, then rates or people from the
stock) is computed without simulating.
"""

from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from sim.hybrid import Ready, load_hybrid, ready
from sim.hybrid.experiment import replicate_hybrid
from sim.hybrid.run import HybridRun
from sim.network.load import load_network
from sim.run import Run
from sim.stocks import Stocks, load_stocks
from sim.tables import lower

EXTERNAL = [100.0, 12.0, 3.0]
ROUTING = [[0.0, 0.3, 0.02], [0.02, 0.0, 0.25], [0.03, 0.06, 0.0]]
MU = [8.0, 1 / 6, 0.05]
NODES = ["ae", "acute", "community"]
#: case infserver_network_vs_SD: mean number at each node after so many days, from empty
EXPECTED = {
    1: [12.50952491763347, 35.46626015648905, 5.329339984606692],
    5: [12.564619380336177, 141.32970658086603, 37.002705769210635],
    10: [12.60060893338973, 205.25735735271613, 83.9751149376121],
    30: [12.648297500941151, 255.65399234165918, 223.48383613382904],
    90: [12.666863520217502, 259.9792886720685, 312.24014984257957],
    365: [12.667883038149172, 260.1291224484629, 317.31148696015674],
}
T999 = 3.3  #: half-width of a 99.9 % interval in standard errors


def as_stocks(external: list[float], routing: list[list[float]], mu: list[float], dt: float) -> dict[str, Any]:
    """The same network as linear stocks."""
    flows: dict[str, Any] = {}
    stocks = {n: {"initial": 0, "unit": "person", "inflows": [f"into_{n}"], "outflows": [f"out_{n}"]} for n in NODES}
    for j, n in enumerate(NODES):
        routed = " + ".join(f"{routing[i][j]!r} * out_{NODES[i]}" for i in range(3))
        flows[f"into_{n}"] = f"came_{n} + {routed}"
        flows[f"out_{n}"] = f"{n} * rate_{n}"
    parameters = {f"came_{n}": f"{x!r} person/day" for n, x in zip(NODES, external, strict=True)}
    parameters |= {f"rate_{n}": f"{x!r} 1/day" for n, x in zip(NODES, mu, strict=True)}
    time = {"unit": "day", "end": 365, "dt": dt, "save_every": 1, "method": "rk4"}
    return {
        "name": "linear",
        "time": time,
        "units": ["person"],
        "parameters": parameters,
        "stocks": stocks,
        "flows": flows,
    }


def exactly(external: Any, routing: Any, mu: Any, t: float) -> np.ndarray:
    """Mean numbers after t days, from empty."""
    rate = (np.array(routing).T - np.eye(3)) @ np.diag(mu)
    whole = np.block([[rate, np.array(external)[:, None]], [np.zeros((1, 4))]])
    return (expm(whole * t) @ np.array([0, 0, 0, 1.0]))[:3]


def test_stocks_reach_the_published_means() -> None:
    done = Stocks(load_stocks(as_stocks(EXTERNAL, ROUTING, MU, 1 / 64))).run(fast=True)
    for day, means in EXPECTED.items():
        found = [done[n][day] for n in NODES]
        assert found == pytest.approx(means, rel=1e-6)
        assert exactly(EXTERNAL, ROUTING, MU, day) == pytest.approx(means, rel=1e-9)


@pytest.mark.parametrize("scale", [1.0, 0.4])
def test_stocks_of_other_networks_agree_with_the_matrix_exponential(scale: float) -> None:
    external = [scale * 30, 5.0, scale]
    routing = [[0.1, 0.2, 0.3 * scale], [0.0, 0.2, 0.5], [0.3, 0.1, 0.0]]
    mu = [2.0 * scale, 0.3, 0.1]
    done = Stocks(load_stocks(as_stocks(external, routing, mu, 1 / 64))).run(fast=True)
    for day in (1, 7, 50, 365):
        assert [done[n][day] for n in NODES] == pytest.approx(exactly(external, routing, mu, day), rel=1e-6)


def stations() -> dict[str, Any]:
    """A&E and acute care without limit; who is bound for the community passes a gate, where he is counted."""
    found: dict[str, Any] = {}
    for i, name in enumerate(NODES[:2]):
        to = {n if n != "community" else "gate": ROUTING[i][j] for j, n in enumerate(NODES) if ROUTING[i][j]}
        to["leave"] = 1 - sum(ROUTING[i])
        stay = {"kind": "exponential", "mean": f"{1 / MU[i]!r} d"}
        found[name] = {"places": "inf", "service": stay, "routes": [{"to": to}]}
    found["gate"] = {"places": "inf", "service": {"kind": "deterministic", "mean": "1 ms"}}
    return found


def hybrid(by: str, dt: float, days: int) -> Ready:
    """The community as a stock beside the other two."""
    sources: dict[str, Any] = {n: {"to": n, "rate_per_day": EXTERNAL[i]} for i, n in enumerate(NODES[:2])}
    back = {"driven": f"{24 * dt} h"} if by == "entities" else {"rate_per_day": 1}
    sources |= {f"back_to_{n}": {"to": n, **back} for n in NODES[:2]}
    flows: dict[str, Any] = {"coming": "came + sent", "going": "community * rate * onward"}
    flows |= {f"to_{n}": f"community * rate * share_{n}" for n in NODES[:2]}
    return ready(
        load_hybrid(
            {
                "name": by,
                "stocks": {
                    "name": "community",
                    "time": {"unit": "day", "end": days, "dt": dt},
                    "units": ["person"],
                    "parameters": {
                        "came": f"{EXTERNAL[2]} person/day",
                        "rate": f"{MU[2]!r} 1/day",
                        "share_ae": f"{ROUTING[2][0]!r} dimensionless",
                        "share_acute": f"{ROUTING[2][1]!r} dimensionless",
                        "onward": f"{1 - sum(ROUTING[2])!r} dimensionless",
                    },
                    "inputs": {"sent": "0 person/day"},
                    "stocks": {
                        "community": {
                            "initial": 0,
                            "unit": "person",
                            "inflows": "coming",
                            "outflows": ["going", "to_ae", "to_acute"],
                        }
                    },
                    "flows": flows,
                },
                "network": {
                    "horizon": f"{days} d",
                    "sources": sources,
                    "stations": stations(),
                    "observe": {"snapshot_every": f"{24 * dt} h"},
                },
                "feeds": [{"input": "sent", "observes": "transferred_in", "station": "gate"}],
                "drives": [{"variable": f"to_{n}", "sets": by, "source": f"back_to_{n}"} for n in NODES[:2]],
            }
        )
    )


def expected(by: str, dt: float, exchanges: int) -> tuple[np.ndarray, np.ndarray]:
    """Means of the coupled scheme at every exchange: of both stations, and of the stock."""
    routing = np.array(ROUTING)[:2, :2]
    rate = (routing.T - np.eye(2)) @ np.diag(MU[:2])
    onward = np.array([MU[i] * ROUTING[i][2] for i in range(2)])
    # (n, sent so far, 1): n' = rate n + arrivals, sent' = onward n
    n, c, back = np.zeros(2), 0.0, np.zeros(2)
    people, stock = [n], [c]
    for _ in range(exchanges):
        arrivals = np.array(EXTERNAL[:2]) + back
        whole = np.zeros((4, 4))
        whole[:2, :2], whole[:2, 3], whole[2, :2] = rate, arrivals, onward
        after = expm(whole * dt) @ np.array([*n, 0.0, 1.0])
        before, n = c, after[:2]
        c = c + dt * (after[2] / dt + EXTERNAL[2] - MU[2] * c)
        # people: those who left the stock in this interval come in the next; rates: those of the stock as it is now
        back = MU[2] * (before if by == "entities" else c) * np.array(ROUTING[2][:2])
        people.append(n)
        stock.append(c)
    return np.array(people), np.array(stock)


@pytest.mark.parametrize(
    ("by", "dt"), [pytest.param("arrivals", 1.0, marks=pytest.mark.nightly), ("entities", 1.0), ("entities", 0.25)]
)
def test_a_linear_hybrid_is_exact_in_expectation(by: str, dt: float) -> None:
    days, replications = 60, 300
    made = hybrid(by, dt, days)
    found = replicate_hybrid(
        made,
        11,
        replications,
        keep=lambda r: (r.network.observations()["snapshot"][:, :2, 1], r.trajectory()["community"].copy()),
    )
    people, stock = expected(by, dt, round(days / dt))
    seen = np.array([k[0] for k in found.kept], float)
    held = np.array([k[1] for k in found.kept])
    for day in (1, 5, 10, 30, 59):
        at = round(day / dt)
        for node in range(2):
            mean, error = seen[:, at, node].mean(), seen[:, at, node].std(ddof=1) / np.sqrt(replications)
            assert abs(mean - people[at, node]) < T999 * error + (0.05 if by == "entities" else 0), (day, NODES[node])
        mean, error = held[:, at].mean(), held[:, at].std(ddof=1) / np.sqrt(replications)
        assert abs(mean - stock[at]) < T999 * error + 1e-9, day


def test_the_coupled_scheme_tends_to_the_exact_answer() -> None:
    """First order: halving the interval halves the distance to the continuous system."""
    exact = exactly(EXTERNAL, ROUTING, MU, 10)
    distances = []
    for dt in (1.0, 0.5, 0.25):
        people, stock = expected("entities", dt, round(10 / dt))
        distances.append(abs(np.array([*people[-1], stock[-1]]) - exact).max())
    assert distances[0] / distances[1] == pytest.approx(2, abs=0.2)
    assert distances[1] / distances[2] == pytest.approx(2, abs=0.1)


def test_the_network_alone_lies_around_the_published_means() -> None:
    all_stations = stations()
    del all_stations["gate"]
    for i, name in enumerate(NODES):
        to = {n: ROUTING[i][j] for j, n in enumerate(NODES) if ROUTING[i][j]} | {"leave": 1 - sum(ROUTING[i])}
        stay = {"kind": "exponential", "mean": f"{1 / MU[i]!r} d"}
        all_stations[name] = {"places": "inf", "service": stay, "routes": [{"to": to}]}
    sources = {n: {"to": n, "rate_per_day": EXTERNAL[i]} for i, n in enumerate(NODES)}
    network = lower(load_network({"horizon": "91 d", "sources": sources, "stations": all_stations}))
    seen = []
    for r in range(300):
        run = Run(network, 5, r)
        run.advance()
        seen.append(run.observations()["snapshot"][:, :, 1])
    numbers = np.array(seen, float)
    for day in (1, 5, 10, 30, 90):
        for i in range(3):
            at = numbers[:, day, i]
            assert abs(at.mean() - EXPECTED[day][i]) < T999 * at.std(ddof=1) / np.sqrt(300), (day, NODES[i])


def test_people_are_neither_lost_nor_invented_at_the_border() -> None:
    made = hybrid("entities", 1.0, 40)
    run = HybridRun(made, 3)
    run.advance()
    done, o = run.trajectory(), run.network.observations()
    arrived = [o["flow"][:, 0, :, 0].sum(), o["flow"][:, 1, :, 0].sum()]
    for i, name in enumerate(NODES[:2]):
        left = done[f"to_{name}"][:-2].sum()  # what left in the last interval would come after the end
        handed = run.ledger.given[i]
        assert 0 <= left - handed < 1
        assert arrived[i] >= handed
    counted = o["flow"][:, 2, :, 2].sum()
    assert done["sent"][:-1].sum() == counted

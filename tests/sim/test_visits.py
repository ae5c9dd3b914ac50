"""The log as visits: by hand, and against what the kernel counted, in networks that use every feature."""

import numpy as np
import pytest

from sim.clock import HOUR
from sim.kernel.layout import AWAITED, FLOWS, WAITING
from sim.network.load import load_network
from sim.run import Run
from sim.tables import lower
from sim.visits import GOES, STILL_THERE, Visits, visits
from tests.sim.random_networks import random_network
from tests.sim.test_eventlog import BIG, JOURNEY, log, network


def rows(found: Visits) -> list[tuple[int, ...]]:
    """Entities by number in the order of coming, hours, and how visits ended, in words."""
    columns = (found.joined, found.started, found.served, found.left)
    times = np.array([np.where(c == STILL_THERE, -1, c // HOUR) for c in columns]).T.tolist()
    how = ["" if e == STILL_THERE else FLOWS[e] for e in found.ended]
    numbers = {e: n for n, e in enumerate(dict.fromkeys(found.entity.tolist()), 1)}
    who = zip(
        map(numbers.get, found.entity.tolist()), found.group.tolist(), found.station.tolist(), times, how, strict=True
    )
    return [(e, g, s, *t, h) for e, g, s, t, h in who]


def test_a_journey_by_hand() -> None:
    found = visits(network(), [JOURNEY])
    assert found.entity[:4].tolist() == [7, 7, BIG, BIG]
    assert rows(found)[:4] == [
        (1, 0, 0, 1, 1, 4, 4, "transferred_out"),
        (1, 0, 1, 4, 4, 6, 6, "left"),
        (2, 1, 0, 2, 2, 5, 6, "transferred_out"),  # blocked from 5 to 6
        (2, 1, 1, 6, 6, -1, -1, ""),
    ]


def test_who_gives_up_never_starts_and_who_comes_back_is_somebody_else() -> None:
    found = visits(network(), [log((1, 7, 0, "arrived"), (3, 7, 0, "reneged"), (5, BIG, 0, "returned"))])
    assert rows(found) == [(1, 0, 0, 1, -1, -1, 3, "reneged"), (2, 0, 0, 5, -1, -1, -1, "")]


def test_nobody_came() -> None:
    assert len(visits(network(), [log()])) == 0
    assert len(visits(network(), [])) == 0


def test_those_of_the_census_joined_at_the_start() -> None:
    census = [
        {"station": "ward", "class": "a", "state": "in_service", "count": 2},
        {"station": "ward", "class": "b", "state": "waiting", "count": 1},
    ]
    found = rows(visits(network(census=census), [log((3, 7, 0, "arrived"))]))
    assert [r[:5] for r in found] == [(1, 0, 0, 0, 0), (2, 0, 0, 0, 0), (3, 1, 0, 0, -1), (4, 0, 0, 3, -1)]


@pytest.mark.parametrize("number", range(12))
def test_visits_take_the_time_and_end_as_often_as_the_kernel_counted(number: int) -> None:
    run = Run(lower(load_network(random_network(number))), 5, number, log=True)
    run.advance()
    found, edges = visits(run.lowered, [run.log_rows()]), run.lowered.tables.period_edges
    stations = range(len(run.lowered.network.stations))
    left = np.where(found.left == STILL_THERE, edges[-1], found.left)

    def time(since: np.ndarray, until: np.ndarray) -> np.ndarray:
        inside = np.clip(until[:, None], edges[:-1], edges[1:]) - np.clip(since[:, None], edges[:-1], edges[1:])
        return np.array([inside[found.station == s].sum(axis=0) for s in stations]).T

    area = run.state.area.sum(axis=2)
    np.testing.assert_array_equal(area[..., :AWAITED].sum(axis=-1), time(found.joined, left))
    flows = run.observations()["flow"].sum(axis=(0, 2))
    if not flows[:, FLOWS.index("preempted")].any():  # a wait after giving way is no part of the first
        waited = np.where(found.started == STILL_THERE, left, found.started)
        np.testing.assert_array_equal(area[..., WAITING], time(found.joined, waited))
    for name in GOES:
        ended = np.bincount(found.station[found.ended == FLOWS.index(name)], minlength=len(stations))
        np.testing.assert_array_equal(flows[:, FLOWS.index(name)], ended)


@pytest.mark.parametrize("number", range(6))
def test_a_log_in_parts_holds_the_same_visits(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(lower(load_network(random_network(number))), 5, number, log=True)
    run.advance()
    log = run.log_rows().copy()
    whole = visits(run.lowered, [log])
    monkeypatch.setattr("sim.visits.ROWS_AT_ONCE", 50)
    blocks = [log[at : at + 7] for at in range(0, len(log), 7)]
    for given in (blocks, run.log_blocks()):
        parts = visits(run.lowered, given)
        for name, column in vars(whole).items():
            np.testing.assert_array_equal(getattr(parts, name), column, name)
    assert len(run.log_rows()) == 0, "blocks that were handed over are forgotten"
    assert len(whole) > 100

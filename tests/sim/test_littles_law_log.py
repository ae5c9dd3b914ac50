"""Time under the curve is time of entities: areas of every station, group and period against the event log."""

import numpy as np
import pytest

from sim.census import identities
from sim.kernel.layout import AWAITED, FLOWS
from sim.littles_law import assert_littles_law, numbers_at_edges
from sim.network.load import load_network
from sim.run import Run
from sim.tables import lower
from tests.sim.random_networks import random_network

INTO = {FLOWS.index(f) for f in ("arrived", "returned", "transferred_in", "reclassified_in")}
OUT_OF = {
    FLOWS.index(f) for f in ("transferred_out", "left", "lost", "diverted", "reneged", "died", "reclassified_out")
}


def time_present(run: Run) -> np.ndarray:
    """Sum over entities of the time each spent at a station in each period, entity by entity, from the log alone."""
    lowered = run.lowered
    network, edges = lowered.network, lowered.tables.period_edges
    names = list(network.stations)
    out = np.zeros((len(edges) - 1, len(names), len(lowered.groups)), np.int64)
    here: dict[int, tuple[int, int, int]] = {}
    for number, row in enumerate(network.census):
        levels = [row.cls, *(row.attributes.get(a, network.attributes[a][0]) for a in network.observe.by)]
        for who in identities(number, row.count).tolist():
            here[who] = (names.index(row.station), lowered.groups.index(tuple(levels)), 0)

    def spent(station: int, group: int, since: int, until: int) -> None:
        first, last = np.searchsorted(edges, [since, until], side="right") - 1
        for p in range(first, min(last, len(out) - 1) + 1):
            out[p, station, group] += min(until, edges[p + 1]) - max(since, edges[p])

    columns = [run.log_rows()[name].tolist() for name in ("time", "id", "station", "group", "flow")]
    for time, who, station, group, flow in zip(*columns, strict=True):
        if flow in INTO:
            assert who not in here
            here[who] = (station, group, time)
        elif flow in OUT_OF:
            at, of, since = here.pop(who)
            assert (at, of) == (station, group)
            spent(at, of, since, time)
    for at, of, since in here.values():
        spent(at, of, since, int(edges[-1]))
    return out


@pytest.mark.parametrize("number", range(60))
def test_areas_are_sums_over_entities(number: int) -> None:
    """Little's law as an identity of whole numbers, in networks that use every feature."""
    run = Run(lower(load_network(random_network(number))), 11, number, log=True)
    run.advance()
    np.testing.assert_array_equal(run.state.area[..., :AWAITED].sum(axis=-1), time_present(run))


@pytest.mark.parametrize("number", range(20))
def test_holds_wherever_a_run_is_cut(number: int) -> None:
    """Open periods, queues that go on and a census do not disturb it; numbers at the last edge are those present."""
    network = load_network(random_network(number))
    run = Run(lower(network), 11, number)
    horizon = int(network.horizon)
    for until in (0, 1, horizon // 3, horizon // 2 + 12_345, horizon):
        run.advance(until)
        assert_littles_law(run.lowered, run.state)
    present = run.state.present[..., :AWAITED].sum(axis=-1)
    np.testing.assert_array_equal(numbers_at_edges(run.lowered, run.state)[-1], present)

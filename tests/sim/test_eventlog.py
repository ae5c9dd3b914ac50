"""Event logs in the layouts of vidigi and of process mining, from a log made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.clock import HOUR
from sim.eventlog import process_log, vidigi_log
from sim.kernel.layout import FLOWS, LOG_ROW
from sim.network.load import load_network
from sim.tables import Lowered, lower

BIG = 2**63 + 5  #: a return visit has the highest bit set


def network(**more: Any) -> Lowered:
    stay = {"kind": "exponential", "mean": "2 h"}
    return lower(
        load_network(
            {
                "horizon": "2 d",
                "unit": "h",
                "classes": ["a", "b"],
                "stations": {
                    "ward": {"places": 2, "service": stay, "routes": [{"to": {"home": 1}}]},
                    "home": {"places": 1, "waiting_room": 0, "service": stay},
                },
                "sources": {"s": {"class": "a", "to": "ward", "rate_per_day": 1}},
                **more,
            }
        )
    )


def log(*rows: tuple[float, int, int, str] | tuple[float, int, int, str, int]) -> np.ndarray:
    """Log from rows (hour, entity, station, flow[, group])."""
    given = [(int(r[0] * HOUR), r[1], r[4] if len(r) > 4 else 0, r[2], FLOWS.index(r[3])) for r in rows]
    return np.array(given, LOG_ROW)


JOURNEY = log(
    (1, 7, 0, "arrived"),
    (1, 7, 0, "started"),
    (2, BIG, 0, "returned", 1),
    (2, BIG, 0, "started", 1),
    (3, 9, 0, "arrived"),
    (4, 7, 0, "served"),
    (4, 7, 0, "transferred_out"),
    (4, 7, 1, "transferred_in"),
    (4, 7, 1, "started"),
    (4, 9, 0, "waited"),
    (4, 9, 0, "started"),
    (5, BIG, 0, "served", 1),
    (5, BIG, 0, "delayed", 1),
    (6, 7, 1, "served"),
    (6, 7, 1, "left"),
    (6, BIG, 0, "transferred_out", 1),
    (6, BIG, 1, "transferred_in", 1),
    (6, BIG, 1, "started", 1),
)


def told(frame: Any) -> list[tuple[Any, ...]]:
    columns = frame[["time", "entity_id", "event_type", "event", "resource_id"]].astype(object)
    return list(columns.where(columns.notna(), None).itertuples(index=False, name=None))


def test_a_journey_as_vidigi_reads_it() -> None:
    frame = vidigi_log(network(), JOURNEY, run=3)
    assert told(frame) == [
        (1, 1, "arrival_departure", "arrival", None),
        (1, 1, "queue", "ward_queue", None),
        (1, 1, "resource_use", "ward_begins", 1),
        (2, 2, "arrival_departure", "arrival", None),
        (2, 2, "queue", "ward_queue", None),
        (2, 2, "resource_use", "ward_begins", 2),
        (3, 3, "arrival_departure", "arrival", None),
        (3, 3, "queue", "ward_queue", None),
        (4, 1, "resource_use_end", "ward_ends", 1),
        (4, 1, "queue", "home_queue", None),
        (4, 1, "resource_use", "home_begins", 1),
        (4, 3, "resource_use", "ward_begins", 1),  # the lowest number that is free
        (6, 1, "resource_use_end", "home_ends", 1),
        (6, 1, "arrival_departure", "depart", None),
        (6, 2, "resource_use_end", "ward_ends", 2),  # blocked until then, and in its place
        (6, 2, "queue", "home_queue", None),
        (6, 2, "resource_use", "home_begins", 1),
    ]
    assert frame.pathway.tolist()[3] == "b"
    assert set(frame.run) == {3}


def test_a_journey_for_process_mining() -> None:
    frame = process_log(network(), JOURNEY)
    first = frame[frame.case_id == "1-1"]
    assert first.activity.tolist() == ["ward", "ward", "ward", "home", "home", "home"]
    assert first.lifecycle.tolist() == ["schedule", "start", "complete"] * 2
    assert str(first.timestamp.iloc[2]) == "2018-04-01 04:00:00"
    assert first.resource.tolist()[1:3] == ["ward 1", "ward 1"]
    assert first.resource.isna().tolist() == [True, False, False] * 2
    assert list(frame.columns) == ["case_id", "activity", "lifecycle", "timestamp", "resource", "class"]


def test_who_is_turned_away_never_queued() -> None:
    frame = vidigi_log(network(), log((1, 7, 0, "arrived"), (1, 7, 0, "lost")))
    assert frame.event.tolist() == ["arrival", "depart"]


def test_who_is_diverted_queues_elsewhere() -> None:
    rows = log((1, 7, 0, "arrived"), (1, 7, 0, "diverted"), (1, 7, 1, "transferred_in"), (2, 7, 1, "started"))
    assert vidigi_log(network(), rows).event.tolist() == ["arrival", "home_queue", "home_begins"]


def test_who_gives_up_leaves_or_goes_elsewhere() -> None:
    away = log((1, 7, 0, "arrived"), (3, 7, 0, "reneged"))
    assert vidigi_log(network(), away).event.tolist() == ["arrival", "ward_queue", "depart"]
    on = log((1, 7, 0, "arrived"), (3, 7, 0, "reneged"), (3, 7, 1, "transferred_in"), (3, 7, 1, "started"))
    assert vidigi_log(network(), on).event.tolist() == ["arrival", "ward_queue", "home_queue", "home_begins"]


def test_a_stay_that_is_broken_off_goes_on_later() -> None:
    rows = log(
        (1, 7, 0, "arrived"),
        (1, 7, 0, "started"),
        (2, 7, 0, "preempted"),
        (2, 8, 0, "arrived"),
        (2, 8, 0, "started"),
        (5, 8, 0, "left"),
        (5, 7, 0, "resumed"),
    )
    found = vidigi_log(network(), rows)
    assert found[found.entity_id == 1].event.tolist() == [
        *("arrival", "ward_queue", "ward_begins", "ward_ends", "ward_queue", "ward_begins"),
    ]
    assert found[found.entity_id == 1].resource_id.dropna().tolist() == [1, 1, 1]


def test_a_stay_after_a_stay_keeps_its_place() -> None:
    rows = log(
        (1, 6, 0, "arrived"),
        (1, 6, 0, "started"),
        (1, 7, 0, "arrived"),
        (1, 7, 0, "started"),
        (2, 6, 0, "left"),
        (3, 7, 0, "transferred_out"),
        (3, 7, 0, "transferred_in"),
        (3, 7, 0, "started"),
    )
    found = vidigi_log(network(), rows)
    assert found[found.entity_id == 2].resource_id.dropna().tolist() == [2, 2, 2]


def test_those_there_at_the_start_have_places() -> None:
    rows = [
        {"station": "ward", "class": "b", "count": 2},
        {"station": "ward", "class": "a", "count": 1, "state": "waiting"},
    ]
    found = vidigi_log(network(census=rows), log())
    assert found.event.tolist() == ["arrival", "ward_begins"] * 2 + ["arrival", "ward_queue"]
    assert found.resource_id.dropna().tolist() == [1, 2]
    assert found.pathway.tolist() == ["b"] * 4 + ["a"] * 2


def test_an_empty_log() -> None:
    assert vidigi_log(network(), log()).empty
    assert process_log(network(), log()).empty

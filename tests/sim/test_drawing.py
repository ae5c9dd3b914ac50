"""Drawings: nothing overlaps, everything that matters is written, the same network gives the same picture."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from sim.drawing import draw
from sim.drawing.layers import columns, heights, ordered
from sim.drawing.svg import text_width
from sim.network.schema import Network
from tests.sim.random_networks import random_network

SVG = "{http://www.w3.org/2000/svg}"


def exponential(mean: str) -> dict[str, Any]:
    return {"kind": "exponential", "mean": mean}


CARE: dict[str, Any] = {
    "name": "Hospital & community",
    "horizon": "400 d",
    "classes": ["emergency", "elective"],
    "attributes": {"frail": ["no", "yes"]},
    "pools": {"nurses": {"places": 40, "timetable": [{"hours": [20, 24], "places": 25}]}},
    "sources": {
        "ambulance": {"class": "emergency", "to": "A&E", "rate_per_day": 60, "hour": [1] * 12 + [2] * 12},
        "list": {"class": "elective", "to": "surgery", "every": exponential("3 h"), "batch": 2},
    },
    "stations": {
        "A&E": {
            "places": 16,
            "waiting_room": 40,
            "service": exponential("3 h"),
            "holds": {"nurses": 1},
            "patience": [{"after": exponential("8 h"), "then": "leave"}],
            "routes": [
                {"where": {"frail": "yes"}, "to": {"ward": 0.7, "leave": 0.3}},
                {"to": {"ward": 0.2, "surgery": 0.1, "leave": 0.7}},
            ],
        },
        "ward": {
            "places": [{"from": "0 d", "places": 110}, {"from": "200 d", "places": 90}],
            "waiting_room": 0,
            "service": exponential("6 d"),
            "overflow": {"to": ["surgery"]},
            "routes": [{"to": {"care": {"share": 0.3, "transition": exponential("1 d")}, "leave": 0.7}}],
            "returns": [{"probability": 0.12, "after": exponential("20 d"), "to": "A&E"}],
        },
        "surgery": {"places": 40, "service": exponential("4 d"), "routes": [{"to": {"care": 0.1, "leave": 0.9}}]},
        "care": {"places": 30, "service": exponential("3 w"), "routes": [{"to": {"ward": 0.06, "leave": 0.94}}]},
    },
}

Rectangle = tuple[float, float, float, float]


def drawn(file: dict[str, Any]) -> ElementTree.Element:
    return ElementTree.fromstring(draw(Network.model_validate(file)))


def texts(picture: ElementTree.Element) -> list[tuple[str, Rectangle]]:
    """Texts with the room that they take."""
    found = []
    for text in picture.iter(f"{SVG}text"):
        size, x, y = (float(text.get(k) or 0) for k in ("font-size", "x", "y"))
        words = text.text or ""
        found.append((words, (x, y - 0.8 * size, x + 0.9 * text_width(words, size), y + 0.2 * size)))
    return found


def boxes(picture: ElementTree.Element) -> list[Rectangle]:
    found = []
    for rectangle in picture.iter(f"{SVG}rect"):
        if rectangle.get("x") is not None:
            x, y, width, height = (float(rectangle.get(k) or 0) for k in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
    return found


def overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def inside(a: Rectangle, b: Rectangle) -> bool:
    return b[0] <= a[0] and a[2] <= b[2] and b[1] <= a[1] and a[3] <= b[3]


def faults(picture: ElementTree.Element) -> list[str]:
    """What a planner could not read: texts or boxes over one another, or outside the paper."""
    written, drawn_boxes = texts(picture), boxes(picture)
    paper = (0.0, 0.0, float(picture.get("width") or 0), float(picture.get("height") or 0))
    found = [
        f"box {k} over {n}" for k, a in enumerate(drawn_boxes) for n, b in enumerate(drawn_boxes[:k]) if overlap(a, b)
    ]
    found += [f"'{a}' over '{b}'" for k, (a, ra) in enumerate(written) for b, rb in written[:k] if overlap(ra, rb)]
    found += [
        f"'{a}' over the edge of a box"
        for a, ra in written
        for b in drawn_boxes
        if overlap(ra, b) and not inside(ra, b)
    ]
    return found + [f"'{a}' off the paper" for a, ra in written if not inside(ra, paper)]


@pytest.mark.parametrize("number", range(24))
def test_nothing_overlaps(number: int) -> None:
    assert faults(drawn(random_network(number))) == []


def test_what_matters_is_written() -> None:
    picture = drawn(CARE)
    assert faults(picture) == []
    said = [text for text, _ in texts(picture)]
    for text in (
        *("Hospital & community", "A&E", "16 places", "waiting room 40", "stay 3 h, exponential", "holds nurses"),
        *("110 → 90 places (plan)", "no waiting room", "60 a day", "varying by hour", "every 3 h, exponential"),
        *("in groups of 2", "frail yes 70 %; others 20 %", "leave 90 %", "30 %, after 1 d", "12 % back in 20 d"),
        *("overflow", "pool nurses", "40 places, 25 by timetable", "A&E: 1 each", "give up after 8 h, exponential"),
        *("goes on to", "comes back later", "when full or giving up"),
    ):
        assert text in said, text


def test_every_route_is_an_arrow() -> None:
    picture = drawn(CARE)
    arrows = [p for p in picture.iter(f"{SVG}path") if p.get("marker-end")]
    # 2 from sources, 5 between stations, 1 return, 1 overflow, 4 exits, 3 in the legend
    assert len(arrows) == 2 + 5 + 1 + 1 + 4 + 3


def test_the_same_network_gives_the_same_picture() -> None:
    assert draw(Network.model_validate(CARE)) == draw(Network.model_validate(CARE))


def test_a_single_station() -> None:
    assert faults(drawn({"horizon": "1 d", "stations": {"w": {"places": 1, "service": exponential("1 h")}}})) == []


def test_columns_follow_the_longest_way() -> None:
    edges = [("s", "a"), ("a", "b"), ("b", "c"), ("a", "c"), ("c", "a"), ("c", "c")]
    found = columns(["s", "a", "b", "c", "t"], [*edges, ("t", "c")], {"s", "t"})
    assert found == {"s": 0, "a": 1, "b": 2, "c": 3, "t": 2}


def test_order_undoes_crossings() -> None:
    assert ordered([["a", "b"], ["d", "c"]], [("a", "c"), ("b", "d")]) in (
        [["a", "b"], ["c", "d"]],
        [["b", "a"], ["d", "c"]],
    )


def test_heights_keep_order_and_distance() -> None:
    layers = [["a"], ["b", "c", "d"]]
    middle = heights(layers, dict.fromkeys("abcd", 10.0), [("a", "b"), ("a", "c"), ("a", "d")], gap=5)
    assert [middle[n] for n in "bcd"] == pytest.approx([5, 20, 35])
    assert middle["a"] == pytest.approx(20)

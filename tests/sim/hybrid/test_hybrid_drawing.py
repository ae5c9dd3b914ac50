"""Drawings of hybrid models: every feed and drive is named and numbered, nothing lies on anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from models.stocks.hybrid_files import load
from sim.drawing import draw_hybrid
from sim.drawing.stock_graph import width_of
from sim.hybrid import Hybrid, load_hybrid

SVG = "{http://www.w3.org/2000/svg}"
Rectangle = tuple[float, float, float, float]


def exponential(mean: str) -> dict[str, Any]:
    return {"kind": "exponential", "mean": mean}


#: every kind of drive; a feed from stations together, by class; a pool
CRISIS: dict[str, Any] = {
    "name": "Crisis team & clinic",
    "stocks": {
        "name": "People outside",
        "time": {"unit": "day", "start": 0, "end": 100, "dt": 0.5, "save_every": 10},
        "units": ["person", "place"],
        "dimensions": {"age": ["young", "old"]},
        "parameters": {
            **{"birth": "3 person/day", "time_to_ask": "30 day", "usual": "20 person"},
            **{"plan": "12 place", "calls": "6 person/day"},
        },
        "inputs": {
            "treated[age]": {"value": 1, "unit": "person/day"},
            "queue": {"value": 0, "unit": "person"},
            "nurses_busy": {"value": 0, "unit": "place"},
        },
        "stocks": {
            "in_need[age]": {
                **{"initial": 90, "unit": "person"},
                **{"inflows": "becoming_ill", "outflows": "asking_for_help"},
            }
        },
        "flows": {"becoming_ill[age]": "birth", "asking_for_help[age]": "in_need / time_to_ask"},
        "auxiliaries": {
            "all_treated": "SUM(treated[*])",
            "share_away": "MIN(0.9, 0.3 + 0.1 * queue / usual)",
            "share_to_clinic": "1 - share_away",
            "calls_a_day": "calls * share_away",
            "haste": "MAX(0.5, 1 - 0.1 * queue / usual)",
            "nurses_there": {"equation": "plan + nurses_busy / 10", "unit": "place"},
        },
    },
    "network": {
        "name": "Crisis care",
        "horizon": "100 d",
        "classes": ["young", "old"],
        "pools": {"nurses": {"places": 12}},
        "sources": {
            "young_people": {"class": "young", "to": "triage", "driven": "12 h"},
            "old_people": {"class": "old", "to": "triage", "driven": "12 h"},
            "telephone": {"class": "old", "to": "triage", "rate_per_day": 6},
            "letters": {"class": "old", "to": "triage", "rate_per_day": 6},
        },
        "stations": {
            "triage": {
                "places": 4,
                "service": exponential("1 h"),
                "routes": [
                    {"where": {"class": "young"}, "to": {"clinic": 0.3, "crisis_team": 0.5, "leave": 0.2}},
                    {"to": {"clinic": 0.5, "crisis_team": 0.5}},
                ],
            },
            "clinic": {"places": 30, "service": exponential("3 d"), "holds": {"nurses": 1}},
            "crisis_team": {
                "places": 20,
                "service": exponential("9 d"),
                "routes": [{"to": {"clinic": 0.1, "after_care": 0.2, "leave": 0.7}}],
            },
            "after_care": {"places": 9, "service": exponential("9 d"), "routes": [{"to": {"far_off": 1}}]},
            "far_off": {"places": 9, "service": exponential("9 d")},
        },
    },
    "feeds": [
        {"input": "treated[young]", "observes": "served", "station": ["clinic", "crisis_team"], "class": "young"},
        {"input": "treated[old]", "observes": "served", "station": ["clinic", "crisis_team"], "class": "old"},
        {"input": "queue", "observes": "waiting", "station": "crisis_team"},
        {"input": "nurses_busy", "observes": "occupied", "station": "nurses"},
    ],
    "drives": [
        {"variable": "asking_for_help[young]", "sets": "entities", "source": "young_people"},
        {"variable": "asking_for_help[old]", "sets": "entities", "source": "old_people"},
        {"variable": "share_away", "sets": "share", "station": "triage", "rule": 0, "to": "leave"},
        {"variable": "share_to_clinic", "sets": "share", "station": "triage", "rule": 1, "to": "clinic"},
        {"variable": "calls_a_day", "sets": "arrivals", "source": "telephone"},
        {"variable": "haste", "sets": "arrivals_factor", "source": "letters"},
        {"variable": "haste", "sets": "stay_multiplier", "station": "crisis_team", "class": ["old"]},
        {"variable": "nurses_there", "sets": "places", "station": "nurses", "rounding": "carry"},
    ],
}

HOSTILE = '</text><script>alert("x")</script> & \ufffe'


def hostile() -> dict[str, Any]:
    """A ward whose names are none that anybody would choose."""
    station, given = HOSTILE.replace("\ufffe", "W" * 60), "<&> " + "i" * 150
    return {
        "name": HOSTILE * 6,
        "entity": "person",
        "place": "bed",
        "stocks": {
            "name": HOSTILE,
            "time": {"unit": "day", "start": 0, "end": 10, "dt": 1},
            "units": ["person", "bed"],
            "inputs": {given: {"value": 0, "unit": "person"}},
            "parameters": {"beds": "3 bed", "each": "1 person"},
            "auxiliaries": {"&amp; -->": f'beds * (1 + "{given}" / each)'},
        },
        "network": {
            "name": HOSTILE * 3,
            "horizon": "10 d",
            "sources": {"--><!--": {"to": station, "rate_per_day": 1}},
            "stations": {station: {"places": 3, "service": exponential("1 d")}},
        },
        "feeds": [{"input": given, "observes": "in_service", "station": station}],
        "drives": [{"variable": "&amp; -->", "sets": "places", "station": station}],
    }


@cache
def hybrid_of(name: str) -> Hybrid:
    if name == "crisis":
        return load_hybrid(CRISIS)
    if name == "hostile":
        return load_hybrid(hostile())
    return load(Path("configs/hybrid") / f"{name}.yaml")


@cache
def svg(name: str) -> str:
    return draw_hybrid(hybrid_of(name))


@cache
def picture(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg(name))


NAMES = ("ward_staff", "devon_home_care", "crisis", "hostile")


# -- measuring --------------------------------------------------------------------------------------------------------


def parts(
    element: ElementTree.Element, dx: float = 0.0, dy: float = 0.0
) -> Iterator[tuple[ElementTree.Element, float, float]]:
    """Everything that is drawn, and by how much its group is moved."""
    for part in element:
        if part.tag == f"{SVG}g":
            moved = [float(x) for x in re.findall(r"-?[\d.]+", part.get("transform") or "0 0")]
            yield from parts(part, dx + moved[0], dy + moved[1])
        else:
            yield part, dx, dy


def texts(drawn: ElementTree.Element) -> list[tuple[str, Rectangle]]:
    """Texts with the room that they take."""
    found = []
    for part, dx, dy in parts(drawn):
        if part.tag == f"{SVG}text":
            size, x, y = (float(part.get(k) or 0) for k in ("font-size", "x", "y"))
            width = 0.9 * width_of(part.text or "", size)
            x += dx - (width / 2 if part.get("text-anchor") == "middle" else 0)
            found.append((part.text or "", (x, y + dy - 0.75 * size, x + width, y + dy + 0.2 * size)))
    return found


def rectangles(drawn: ElementTree.Element) -> list[tuple[str, Rectangle]]:
    """Boxes with their class."""
    found = []
    for part, dx, dy in parts(drawn):
        if part.tag == f"{SVG}rect" and part.get("x"):
            x, y, w, h = (float(part.get(k) or 0) for k in ("x", "y", "width", "height"))
            found.append((part.get("class") or "", (x + dx, y + dy, x + w + dx, y + h + dy)))
    return found


def tags(drawn: ElementTree.Element) -> list[tuple[str, Rectangle]]:
    return [(text, r) for text, r in texts(drawn) if re.fullmatch(r"\d+(, \d+)*", text)]


def overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def inside(a: Rectangle, b: Rectangle) -> bool:
    return b[0] <= a[0] and a[2] <= b[2] and b[1] <= a[1] and a[3] <= b[3]


def panel(drawn: ElementTree.Element, kind: str) -> ElementTree.Element:
    found = drawn.find(f"{SVG}g[@class='{kind}']")
    assert found is not None
    return found


def words(drawn: ElementTree.Element) -> str:
    """Everything that is written, without spaces, since names are broken at the ends of lines."""
    return "".join("".join(t.text or "" for t in drawn.iter(f"{SVG}text")).split())


# -- tests ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_nothing_overlaps_and_nothing_is_cut_off(name: str) -> None:
    drawn = picture(name)
    written, boxes = texts(drawn), rectangles(drawn)
    paper = (0.0, 0.0, float(drawn.get("width") or 0), float(drawn.get("height") or 0))
    faults = [f"'{t}' off the paper" for t, r in written if not inside(r, paper)]
    faults += [f"{kind} off the paper" for kind, r in boxes if not inside(r, paper)]
    faults += [f"'{a}' over '{b}'" for (a, ra), (b, rb) in combinations(written, 2) if overlap(ra, rb)]
    faults += [
        f"'{t}' over the edge of a box {r} {b}"
        for t, r in written
        for kind, b in boxes
        if overlap(r, b) and not inside(r, b)
    ]
    assert faults == []
    frames = [r for kind, r in boxes if kind == "panel"]
    assert len(frames) == 2
    assert not overlap(*frames)


@pytest.mark.parametrize("name", NAMES)
def test_every_feed_and_drive_is_named(name: str) -> None:
    hybrid, band = hybrid_of(name), panel(picture(name), "exchanges")
    told = {kind: [t.text or "" for g in band if g.get("class") == kind for t in g] for kind in ("feed", "drive")}
    feeds = "; ".join(told["feed"])
    for feed in hybrid.feeds:
        assert f"{' + '.join(feed.station)} → {feed.input}:" in feeds.replace("pool ", "")
    drives = "; ".join(told["drive"])
    for drive in hybrid.drives:
        assert f"← {drive.variable}:" in drives
        assert (drive.station or drive.source or "") in drives
    said = words(band)
    for column in [*(f.input for f in hybrid.feeds), *(d.variable for d in hybrid.drives)]:
        base, _, element = column.partition("[")
        assert "".join(base.split()) in said
        assert element.rstrip("]") in said


@pytest.mark.parametrize("name", NAMES)
def test_numbers_stand_in_both_halves(name: str) -> None:
    drawn = picture(name)
    numbers = {t for t, _ in tags(panel(drawn, "exchanges"))}
    assert numbers == {str(n + 1) for n in range(len(numbers))}
    for kind in ("network", "stocks"):
        found = {n for t, _ in tags(panel(drawn, kind)) for n in t.split(", ")}
        assert found == numbers


def test_the_ward() -> None:
    said = [t for t, _ in texts(picture("ward_staff"))]
    for text in (
        *("A ward whose beds follow its staff", "every 1 day", "Ward", "Ward staff", "28 places"),
        *("occupancy", "[dimensionless]", "waiting", "[person]", "places, rounded down", "[bed]", "staffed_beds"),
    ):
        assert text in said, text
    assert not any("not drawn" in t for t in said)


def test_what_differs_in_elements_only_is_one() -> None:
    drawn = picture("devon_home_care")
    band = panel(drawn, "exchanges")
    assert [g.get("class") for g in band if g.tag == f"{SVG}g"] == ["feed", "feed", "drive"]
    assert "use[torbay,north_devon,exeter,plymouth]" in words(band)
    assert "torbay_p1,north_devon_p1,exeter_p1,plymouth_p1" in words(band)
    assert words(band).count("oneeach,inthisorder") == 3
    network = words(panel(drawn, "network"))
    assert all(f"{site}_p2" in network for site in ("torbay", "north_devon", "exeter", "plymouth"))
    assert "_p3" not in network
    assert "not drawn: 4 other stations, 12 other sources" in " ".join(t for t, _ in texts(drawn))


def test_all_kinds_of_drives() -> None:
    drawn = picture("crisis")
    band = panel(drawn, "exchanges")
    said = words(band)
    for text in (
        *("every0.5day", "clinic+crisis_team", "ofyoung", "[person/day]", "poolnurses", "handedoveronebyone"),
        *("triage→leave", "rule0,ofyoung", "triage→clinic", "rule1,ofeveryoneelse", "sourcetelephone", "meanrate"),
        *("factoronarrivals", "factoronstays", "ofold", "places,whole,therestiscarried", "numberperday"),
    ):
        assert text in said, text
    network = words(panel(drawn, "network"))
    assert "after_care" in network  # next to the crisis team
    assert "far_off" not in network
    assert "9places" not in network  # only a name
    assert "not drawn: 1 other station," in " ".join(t for t, _ in texts(drawn))


def test_arrows_span_the_band() -> None:
    drawn = picture("ward_staff")
    band = panel(drawn, "exchanges")
    top = float(re.findall(r"-?[\d.]+", band.get("transform") or "")[1])
    (_, above), (_, below) = [r for r in rectangles(drawn) if r[0] == "panel"]
    assert above[3] == pytest.approx(top)
    for group in (g for g in band if g.tag == f"{SVG}g"):
        track = next(p.get("d") or "" for p in group if p.get("class") == "exchange")
        begin = float(re.findall(r"M[\d.]+ ([\d.]+)", track)[0])
        tip = float(re.findall(r"L[\d.]+ ([\d.]+)", track)[0])
        ends = (begin, tip) if group.get("class") == "feed" else (tip, begin)
        assert ends == pytest.approx((0, below[1] - top), abs=0.11)


def test_hostile_names_are_texts() -> None:
    drawn = picture("hostile")
    assert not list(drawn.iter(f"{SVG}script"))
    assert "".join(HOSTILE.split()).replace("\ufffe", "\ufffd") in words(drawn)


def test_nothing_passes() -> None:
    file: dict[str, Any] = hostile() | {"feeds": [], "drives": []}
    file["stocks"] = file["stocks"] | {"inputs": {}, "parameters": {}, "auxiliaries": {"a": "1"}}
    drawn = ElementTree.fromstring(draw_hybrid(load_hybrid(file)))
    assert "nothing passes between the two" in [t for t, _ in texts(drawn)]
    assert not tags(drawn)


def test_the_same_model_gives_the_same_picture() -> None:
    assert draw_hybrid(load_hybrid("configs/hybrid/ward_staff.yaml")) == svg("ward_staff")

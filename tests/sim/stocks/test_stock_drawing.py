"""Stock-flow diagrams: everything is drawn once, pipes join the right boxes, nothing lies on anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from sim.drawing import draw_stocks
from sim.drawing.stock_graph import cut, graph, width_of
from sim.stocks.build import build
from sim.stocks.model import Model
from sim.stocks.schema import StockFile

SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("stock", "flow", "parameter", "input", "auxiliary", "rule", "lookup")
Rectangle = tuple[float, float, float, float]

WORKFORCE: dict[str, Any] = {
    "name": "Trainees & staff",
    "time": {"unit": "year", "end": 10, "dt": 0.25},
    "units": ["person"],
    "parameters": {"training_time": "3 year", "leaving_rate": "0.1 1/year", "target": "350 person"},
    "stocks": {
        "trainees": {"initial": "30 * training_time", "unit": "person", "inflows": "intake", "outflows": "qualifying"},
        "staff": {"initial": 300, "unit": "person", "inflows": "qualifying", "outflows": "leaving"},
    },
    "flows": {
        "intake": "MAX(0, leaving + gap / 2)",
        "qualifying": "DELAY3(intake, training_time)",
        "leaving": "staff * leaving_rate * (1 + INITIAL(gap))",
    },
    "auxiliaries": {"gap": {"equation": "target - staff", "about": "what is <missing>"}},
}


def model_of(file: dict[str, Any]) -> Model:
    return build(StockFile.model_validate(file))[0]


def drawn(file: dict[str, Any]) -> ElementTree.Element:
    return ElementTree.fromstring(draw_stocks(model_of(file)))


def random_file(number: int) -> dict[str, Any]:
    """A file of random shape: chains, side flows, flows that run back or to and from outside, links of all sorts."""
    rng = np.random.default_rng(number)
    stocks = [f"stock_{k}" + "_with_a_long_name" * int(rng.integers(0, 3) == 0) for k in range(rng.integers(1, 7))]
    file: dict[str, Any] = {"name": f"Random {number}", "time": {"unit": "day", "end": 10, "dt": 1}}
    file |= {"dimensions": {"group": ["a", "b"]}, "units": ["person"]}
    file["stocks"] = {s: {"initial": 1, "unit": "person", "inflows": [], "outflows": []} for s in stocks}
    flows = [f"flow_{k}" for k in range(rng.integers(1, 2 * len(stocks) + 2))]
    for flow in flows:
        start, end = (int(x) for x in rng.integers(-1, len(stocks), 2))
        if start >= 0:
            file["stocks"][stocks[start]]["outflows"].append(flow)
        if end >= 0:
            file["stocks"][stocks[end]]["inflows"].append(flow)
    loose = {
        "parameters": {f"a_parameter_{k}": "1 day" for k in range(rng.integers(0, 9))},
        "inputs": {f"input {k}": "1 day" for k in range(rng.integers(0, 3))},
        "lookups": {f"effect_of_something_on_{k}": {"points": [[0, 0], [1, 1]]} for k in range(rng.integers(0, 3))},
    }
    names = [*stocks, *flows, *loose["parameters"], *(f'"{n}"' for n in loose["inputs"])]

    def equation() -> str:
        used = [str(n) for n in rng.choice(names, rng.integers(1, 4))]
        first = used[0] if rng.random() < 0.8 else f"SMOOTH3({used[0]}, 2)"
        if loose["lookups"] and rng.random() < 0.3:
            first = f"{rng.choice(list(loose['lookups']))}({first})"
        return " + ".join([first, *used[1:]])

    auxiliaries: dict[str, str] = {}
    for k in range(rng.integers(0, 12)):
        auxiliaries[f"auxiliary_{'x' * int(rng.integers(0, 12))}_{k}"] = equation()
        names.append(list(auxiliaries)[-1])
    rules = {f"rule_{k}": {"begins": equation() + " > 1"} for k in range(rng.integers(0, 2))}
    file["flows"] = {f: {"equation": equation(), "both_ways": bool(rng.random() < 0.2)} for f in flows}
    return file | loose | {"auxiliaries": auxiliaries, "rules": rules}


@cache
def random_drawing(number: int) -> tuple[dict[str, Any], ElementTree.Element]:
    """A random file and its drawing."""
    file = random_file(number)
    return file, drawn(file)


# -- measuring --------------------------------------------------------------------------------------------------------


def groups(picture: ElementTree.Element) -> Iterator[ElementTree.Element]:
    return (g for g in picture.iter(f"{SVG}g") if g.get("class") in KINDS)


def corners(path: ElementTree.Element) -> list[tuple[float, float]]:
    """Corners of a track of straight lines."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]\s*(-?[\d.]+) (-?[\d.]+)", path.get("d") or "")]


def boxes(picture: ElementTree.Element) -> list[tuple[str, Rectangle]]:
    """Boxes of stocks, room of names, valves and clouds, as drawn."""
    found = []
    for group in groups(picture):
        for part in group.iter(f"{SVG}rect"):
            x, y, w, h = (float(part.get(k) or 0) for k in ("x", "y", "width", "height"))
            found.append((group.get("data-name") or "", (x, y, x + w, y + h)))
        for part in group.iter(f"{SVG}path"):
            if part.get("class") == "valve":
                x, y = corners(part)[0]
                found.append(("valve", (x, y, x + 18, y + 16)))
    for part in picture.findall(f"{SVG}g[@class='model']/{SVG}path[@class='cloud']"):
        x, y = corners(part)[0]
        found.append(("cloud", (x - 5, y - 16, x + 20, y + 1)))
    return found


def texts(picture: ElementTree.Element, frame: tuple[float, float] = (0.0, 0.0)) -> list[tuple[str, Rectangle]]:
    """Texts of a part with the room that they take."""
    found = []
    for text in picture.iter(f"{SVG}text"):
        size, x, y = (float(text.get(k) or 0) for k in ("font-size", "x", "y"))
        width = 0.9 * width_of(text.text or "", size)
        x += frame[0] - (width / 2 if text.get("text-anchor") == "middle" else 0)
        y += frame[1]
        found.append((text.text or "", (x, y - 0.75 * size, x + width, y + 0.2 * size)))
    return found


def overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def inside(a: Rectangle, b: Rectangle) -> bool:
    return b[0] <= a[0] and a[2] <= b[2] and b[1] <= a[1] and a[3] <= b[3]


def faults(picture: ElementTree.Element) -> list[str]:
    """What a planner could not read."""
    found = [f"{a} over {b}" for (a, ra), (b, rb) in combinations(boxes(picture), 2) if overlap(ra, rb)]
    for group in groups(picture):
        room = [r for n, r in boxes(picture) if n == group.get("data-name")]
        found += [f"'{t}' out of its room" for t, r in texts(group) if not any(inside(r, one) for one in room)]
    paper = (0.0, 0.0, float(picture.get("width") or 0), float(picture.get("height") or 0))
    middle = picture.find(f"{SVG}g[@class='model']")
    assert middle is not None
    dx, dy = (float(x) for x in re.findall(r"-?[\d.]+", middle.get("transform") or ""))
    written = texts(middle, (dx, dy))
    written += [t for part in picture if part is not middle for t in texts(part)]
    written += [(t.text or "", r) for t in picture.findall(f"{SVG}text") for _, r in texts(_alone(t))]
    found += [f"'{t}' off the paper" for t, r in written if not inside(r, paper)]
    found += [f"'{a}' over '{b}'" for (a, ra), (b, rb) in combinations(dict.fromkeys(written), 2) if overlap(ra, rb)]
    for pipe in (g for g in picture.iter(f"{SVG}g") if g.get("class") == "pipe"):
        track = corners(pipe[0])
        for (ax, ay), (bx, by) in zip(track, track[1:], strict=False):
            line = (min(ax, bx) - 3, min(ay, by) - 3, max(ax, bx) + 3, max(ay, by) + 3)
            ends = {pipe.get("data-from"), pipe.get("data-to"), "valve", "cloud"}
            found += [
                f"pipe {pipe.get('data-flow')} over {n}"
                for n, r in boxes(picture)
                if n not in ends and overlap(line, r)
            ]
    return found


def _alone(text: ElementTree.Element) -> ElementTree.Element:
    group = ElementTree.Element("g")
    group.append(text)
    return group


# -- tests ------------------------------------------------------------------------------------------------------------


MANY = [pytest.param(n, marks=pytest.mark.nightly) for n in range(8) if n not in (0, 1, 5)]


@pytest.mark.parametrize("number", [0, 1, 5, *MANY])
def test_nothing_overlaps(number: int) -> None:
    assert faults(random_drawing(number)[1]) == []


@pytest.mark.parametrize("number", range(4))
def test_every_variable_is_named_once(number: int) -> None:
    file, picture = random_drawing(number)
    model = model_of(file)
    named = [g.get("data-name") for g in groups(picture)]
    assert sorted(map(str, named)) == sorted([*model.variables, *model.lookups])


def test_names_are_written_whole() -> None:
    for group in groups(drawn(WORKFORCE)):
        written = "".join(t for t, _ in texts(group))
        assert written.startswith(group.get("data-name") or "?")


@pytest.mark.nightly
def test_pipes_join_their_stocks() -> None:
    for file, picture in ((WORKFORCE, drawn(WORKFORCE)), *map(random_drawing, range(8))):
        rooms = {n: r for n, r in boxes(picture) if n in file["stocks"]}
        pipes = {str(g.get("data-flow")): g for g in picture.iter(f"{SVG}g") if g.get("class") == "pipe"}
        assert set(pipes) == set(file["flows"])
        clouds = 0
        for flow, pipe in pipes.items():
            track = corners(pipe[0])
            head = [e for e in pipe if e.get("class") == "head"]
            ends = [(corners(head[1])[0] if len(head) > 1 else track[0], "outflows", pipe.get("data-from"))]
            ends.append((corners(head[0])[0], "inflows", pipe.get("data-to")))
            for (x, y), block, said in ends:
                stocks = [s for s, entry in file["stocks"].items() if flow in entry[block]]
                assert [said] == (stocks or [""])
                touched = [
                    s for s, r in rooms.items() if inside((x, y, x, y), (r[0] - 1, r[1] - 1, r[2] + 1, r[3] + 1))
                ]
                assert touched == stocks
                clouds += not stocks
            assert all(
                abs(ax - bx) < 0.11 or abs(ay - by) < 0.11 for (ax, ay), (bx, by) in zip(track, track[1:], strict=False)
            )
        assert len(picture.findall(f"{SVG}g[@class='model']/{SVG}path[@class='cloud']")) == clouds


def test_links_are_what_equations_use() -> None:
    picture = drawn(WORKFORCE)
    links = {(p.get("data-from"), p.get("data-to")): p for p in picture.iter(f"{SVG}path") if p.get("class") == "link"}
    dashed = {ends for ends, p in links.items() if p.get("stroke-dasharray")}
    assert set(links) == {
        *(("training_time", "trainees"), ("leaving", "intake"), ("gap", "intake"), ("intake", "qualifying")),
        *(("training_time", "qualifying"), ("staff", "leaving"), ("leaving_rate", "leaving"), ("gap", "leaving")),
        *(("target", "gap"), ("staff", "gap")),
    }
    assert dashed == {("training_time", "trainees"), ("gap", "leaving")}
    late = [a for a in graph(model_of(WORKFORCE))[2] if a.kind == "late"]
    assert [(a.start, a.end) for a in late] == [("v:intake", "v:qualifying")]
    assert sum(p.get("class") == "delay" for p in picture.iter(f"{SVG}path")) == 1 + 1  # and in the legend


def test_what_matters_is_written() -> None:
    picture = drawn(WORKFORCE)
    said = [t for t, _ in texts(picture)]
    for text in ("Trainees & staff", "staff", "person", "person/year", "parameter, constant", "acts with delay"):
        assert text in said, text
    assert "input from outside" not in said  # the legend has only what is drawn
    assert "gap: what is <missing>" in [t.text for t in picture.iter(f"{SVG}title")]


def test_subscripted_variables_are_drawn_once() -> None:
    file: dict[str, Any] = {
        "name": "Groups",
        "time": {"unit": "day", "end": 1, "dt": 1},
        "dimensions": {"group": ["nurse", "doctor"], "site": ["north", "south"]},
        "stocks": {"staff[group, site]": {"initial": 1, "unit": "1", "inflows": "hiring"}},
        "flows": {"hiring[group,site]": {"equation": {"nurse, north": "SUM(staff[*, *])", "else": "1"}}},
    }
    picture = drawn(file)
    assert [t.text for t in picture.iter(f"{SVG}title")] == ["staff[group, site]", "hiring[group, site]"]
    assert [g.get("data-name") for g in groups(picture)] == ["staff", "hiring"]
    assert faults(picture) == []


def test_hostile_names() -> None:
    hostile = '</text><script>alert("x")</script> & \x01 \ufffe'
    file: dict[str, Any] = {
        "name": hostile * 5,
        "time": {"unit": "<b>", "end": 1, "dt": 1},
        "stocks": {
            "<>&'": {"initial": 1, "unit": '"<&', "inflows": ["--><!--", hostile.replace('"', "'")]},
            "W" * 400: {"initial": 1, "unit": "m" * 300},
            "護理人員護理人員護理人員": {"initial": 1, "unit": "1", "about": hostile},
        },
        "flows": {"--><!--": "1", hostile.replace('"', "'"): "1"},
        "auxiliaries": {"]]>": "1", "&amp;": "2", " ": "3"},
    }
    picture = drawn(file)
    names = {g.get("data-name") for g in groups(picture)}
    assert {"<>&'", "W" * 400, "--><!--", "&amp;"} <= names
    assert not list(picture.iter(f"{SVG}script"))
    assert faults(picture) == []


@pytest.mark.parametrize(
    "blocks",
    [
        {},
        {"parameters": {"alone": "1 day"}},
        {"flows": {"from_nowhere": "1"}},
        {"stocks": {"alone": {"initial": 1, "unit": "1"}}},
        {"stocks": {"round": {"initial": 1, "unit": "1", "inflows": "f", "outflows": "f"}}, "flows": {"f": "round"}},
        {"auxiliaries": {"a": "b + missing", "b": "a"}, "stocks": {"s": {"initial": "s", "unit": "1", "inflows": "?"}}},
    ],
)
def test_small_and_faulty_models(blocks: dict[str, Any]) -> None:
    picture = drawn({"name": "m", "time": {"unit": "day", "end": 1, "dt": 1}} | blocks)
    assert faults(picture) == []
    assert len(list(groups(picture))) == sum(len(block) for block in blocks.values())


def test_the_same_model_gives_the_same_picture() -> None:
    assert draw_stocks(model_of(WORKFORCE)) == draw_stocks(model_of(WORKFORCE))
    file, picture = random_drawing(5)
    assert ElementTree.tostring(drawn(file)) == ElementTree.tostring(picture)


def test_long_names_are_cut_where_words_end() -> None:
    first, *others = cut("effect_of_pressure_on_effort", 11)
    assert first.endswith("_")
    assert first + "".join(others) == "effect_of_pressure_on_effort"
    assert all(width_of(line, 11) <= 118 for line in cut("x" * 60, 11))
    assert cut("y" * 600, 11)[-1].endswith("…")

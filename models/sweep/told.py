"""The analysis of a sweep as a planner reads it: sentences and plain tables, in the words and units of the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.command_line.aligned import aligned
from models.report.words import amount, percent
from models.sweep.titles import Answer, Titles, end_of, number_or_text
from models.sweep.wanted import Wanted
from sim.analysis import Outcome
from sim.analysis.frontier import Passing
from sim.analysis.layout import Layout
from sim.analysis.prim import Found

__all__ = ["asked_words", "box_words", "edge_words", "frontier_words", "head_words", "morris_words", "passing_words"]
__all__ += ["sobol_words", "swing_words", "threshold_words"]

MOST_ROWS = 8  #: of a printed table; the files hold all
WIDE = 0.3  #: half-width of a share from which it tells little
NEARLY_NOTHING = 0.01  #: share of the differences below which a figure explains hardly any
MORE = 0.05  #: by how much a share with interactions must be larger to be worth a word
BENT = 1.0  #: spread of the effects, in mean sizes, from which they depend on where they are looked at
ONE_WAY = 0.9  #: mean effect, in mean sizes, from which the answer goes one way


def asked_words(question: str, points: pd.DataFrame, layout: Layout, titles: Titles, replications: int) -> list[str]:
    """What was asked, how much was run, and what varies from point to point."""
    rows = [("What varies", "Values", "Key")]
    rows += [(titles[key], _values(pd.Series(points[key]), key, layout, titles), key) for key in titles.names]
    asked = [f"Asked: {question}"] if question else []
    run = f"{amount(len(points))} points were run, each with {amount(replications)} {titles.runs}."
    return [*asked, f"{run} A point is one choice of the values below.", *aligned(rows), ""]


def _values(column: pd.Series, key: str, layout: Layout, titles: Titles) -> str:
    found = list(dict.fromkeys(column))
    if layout.of_key(key).is_grid and len(found) <= MOST_ROWS:
        return ", ".join(titles.value(key, x) for x in found)
    if column.dtype.kind in "iuf":
        drawn = "" if layout.of_key(key).is_grid else ", drawn"
        return f"{titles.value(key, column.min())} to {titles.value(key, column.max())}{drawn}"
    shown = ", ".join(titles.value(key, x) for x in found[:MOST_ROWS])
    return shown + (f" and {len(found) - MOST_ROWS} more" if len(found) > MOST_ROWS else "")


def head_words(outcome: Outcome, answer: Answer, titles: Titles) -> list[str]:
    """Title of an answer, and how far it goes over all points."""
    known = outcome.known()
    held = ", ".join(f"{titles[k]}: {titles.value(k, number_or_text(v))}" for k, v in outcome.given.items())
    title = f"{answer.title}; {held}" if held else answer.title
    low, mean, high = (answer.value(float(y)) for y in (known.y.min(), known.y.mean(), known.y.max()))
    span = f"Over {amount(len(known.y))} points it goes from {low} to {high}; the mean is {mean}."
    left = len(outcome.y) - len(known.y)
    more = [f"{amount(left)} point{'s have' if left > 1 else ' has'} no answer and are left out."] if left else []
    if low == high:
        span = f"It is {low} at all {amount(len(known.y))} points."
    return [title, "-" * len(title), span, *more]


def swing_words(swings: pd.DataFrame, answer: Answer, titles: Titles) -> list[str]:
    """How far each key moves the answer, the widest first."""
    if not swings["swing"].to_numpy(float).any():
        return ["Nothing that varies moves the mean answer."]
    rows: list[tuple[str, ...]] = [("Figure", "From", "To", "Answer from", "Answer to", "Change")]
    sure = bool(np.isfinite(swings["low"]).any())
    rows = [(*rows[0], "95 % interval of the change")] if sure else rows
    for row in swings.iloc[:MOST_ROWS].to_dict("records"):
        ends = (end_of(row["key"], row[end], titles) for end in ("from", "to"))
        answers = (answer.value(row[end]) for end in ("mean_from", "mean_to"))
        found = (titles[row["key"]], *ends, *answers, answer.change(row["swing"]))
        rows.append((*found, _sure(row, answer)) if sure else found)
    left = len(swings) - MOST_ROWS
    more = [f"  and {left} more, which move it less."] if left > 0 else []
    return ["What moves it most, averaged over everything else that varies:", *aligned(rows), *more]


def _sure(row: Mapping[str, Any], answer: Answer) -> str:
    low, high = row["low"], row["high"]
    if not np.isfinite(low):
        return "not known"
    chance = "; may be chance" if low <= 0 <= high else ""
    return f"{answer.change(low)} to {answer.change(high)}{chance}"


def sobol_words(table: pd.DataFrame, notes: Sequence[str], titles: Titles) -> list[str]:
    """Which share of the differences between points each key explains."""
    lines = _left_out(notes, titles, "what explains the differences")
    for at, own in table.groupby("at", sort=False):
        where = f" where {titles.place(str(at))}" if at else ""
        lines.append(f"What explains the differences between the points{where} (Sobol indices, 95 % intervals):")
        ordered = own.sort_values("total", ascending=False, kind="stable")
        lines += [f"  {_explains(row, titles)}" for row in ordered.iloc[:MOST_ROWS].to_dict("records")]
        if own[["first_half_width", "total_half_width"]].max(axis=None) > WIDE:
            lines.append("  These shares are not yet known well; a larger base of the design narrows them.")
    return lines


def _explains(row: Mapping[str, Any], titles: Titles) -> str:
    first, total = row["first"], row["total"]
    title = titles[row["key"]]
    if max(first, total) < NEARLY_NOTHING:
        return f"{title} explains hardly any of them."
    together = ""
    if total - first > MORE:
        span = _share_between(total, row["total_half_width"])
        together = f"; with what it does together with others, about {_share(total)} ({span})"
    if first < NEARLY_NOTHING:
        return f"{title} explains hardly any of them by itself{together}."
    sure = _share_between(first, row["first_half_width"])
    return f"{title} explains about {_share(first)} of them, {sure}{together}."


def _share(x: float) -> str:
    return percent(float(np.clip(round(x, 2), 0, 1)))


def _share_between(x: float, half: float) -> str:
    if not np.isfinite(half):
        return "how surely is not known"
    return f"between {amount(100 * max(0.0, x - half))} and {percent(float(round(min(1.0, x + half), 2)))}"


def morris_words(table: pd.DataFrame, notes: Sequence[str], answer: Answer, titles: Titles) -> list[str]:
    """By how much each key moves the answer over its whole range."""
    lines = _left_out(notes, titles, "how far each figure moves the answer")
    for at, own in table.groupby("at", sort=False):
        where = f" where {titles.place(str(at))}" if at else ""
        lines.append(f"How far each figure moves the answer over its whole range{where} (Morris, 95 % intervals):")
        ordered = own.sort_values("mu_star", ascending=False, kind="stable")
        lines += [f"  {_moves(row, answer, titles)}" for row in ordered.iloc[:MOST_ROWS].to_dict("records")]
    return lines


def _moves(row: Mapping[str, Any], answer: Answer, titles: Titles) -> str:
    size, half = row["mu_star"], row["mu_star_half_width"]
    if not size:
        return f"{titles[row['key']]}: not at all."
    one_way = abs(row["mu"]) >= ONE_WAY * size
    way = ("upwards" if row["mu"] > 0 else "downwards") if one_way else "up or down"
    sure = f", between {_size(max(0.0, size - half), answer)} and {_size(size + half, answer)}" if half > 0 else ""
    depends = "; how far depends on the other figures or on where it stands" if row["sigma"] > BENT * size else ""
    return f"{titles[row['key']]}: by about {_size(size, answer)}{sure}, {way}{depends}."


def _size(x: float, answer: Answer) -> str:
    return answer.change(x).removeprefix("+")


def _left_out(notes: Iterable[str], titles: Titles, what: str) -> list[str]:
    """Say why indices are not given, in titles in place of keys."""
    said = []
    for note in notes:
        keys, _, why = note.rpartition(": ")
        keys, _, at = keys.partition(" at ")
        where = f" where {titles.place(at)}" if at else ""
        said.append(f"Not told is {what} for {', '.join(titles[k] for k in keys.split(', '))}{where}: {why}.")
    return said


def passing_words(passes: npt.NDArray[np.bool_], answer: Answer, passing: Passing) -> str:
    """How many points pass."""
    count, some = len(passes), int(passes.sum())
    return (
        f"Of {amount(count)} points {amount(some)} pass ({answer.passes(passing)}) and {amount(count - some)} fail "
        f"({answer.fails(passing)})."
    )


def box_words(number: int, one: Found, find: str, points: pd.DataFrame, titles: Titles) -> list[str]:
    """A part of the design in which points that fail, or pass, gather."""
    does = "fail" if find == "failing" else "pass"
    others = "Others" if number > 1 else "Points"
    return [
        f"{others} that {does} gather where all of this holds (box {number}, PRIM):",
        *(f"  {titles[row['key']]}: {_range(row, points, titles)}" for row in one.limits.to_dict("records")),
        f"  {percent(one.density)} of the points there {does}; {percent(one.coverage)} of all that {does} are there.",
    ]


def _range(row: Mapping[str, Any], points: pd.DataFrame, titles: Titles) -> str:
    """Limits of a box on one key; where they leave a single value of the design, that value."""
    if row["words"]:
        return str(row["words"])
    low, high = (titles.value(row["key"], row[end]) for end in ("low", "high"))
    least, most = points[row["key"]].min(), points[row["key"]].max()
    if max(row["low"], least) == min(row["high"], most):
        return titles.value(row["key"], max(row["low"], least))
    if np.isfinite(row["low"]) and np.isfinite(row["high"]):
        return f"between {low} and {high}"
    return f"{low} or more" if np.isfinite(row["low"]) else f"{high} or less"


def edge_words(table: pd.DataFrame, keys: Sequence[str], answer: Answer, passing: Passing, titles: Titles) -> list[str]:
    """How much of the second key is needed for each value of the first."""
    first, second = keys
    side = table["side"].iloc[0]
    where = any(table["at"])
    rows = [((("Where",) if where else ()) + (titles[first], f"{side.capitalize()} value that passes", "How sure"))]
    for row in table.to_dict("records"):
        needed = "none" if np.isnan(row["frontier"]) else titles.value(second, row["frontier"])
        own = (titles.place(row["at"]),) if where else ()
        rows.append((*own, titles.value(first, row[first]), needed, _how_sure(row, second, titles)))
    head = f"{titles[second]}: {side} value that passes ({answer.passes(passing)}), by {titles[first]}:"
    return [head, *aligned(rows)]


def _how_sure(row: Mapping[str, Any], second: str, titles: Titles) -> str:
    said = []
    if row["undecided"]:
        low, high = ("none" if np.isnan(x) else titles.value(second, x) for x in (row["possible"], row["sure"]))
        said.append(f"may be {low}; surely {high}" if high != "none" else f"may be {low}; no value is sure")
    elif not np.isnan(row["frontier"]):
        said.append("sure")
    if not np.isnan(row["frontier"]) and not row["holds"]:
        said.append("some values beyond it fail")
    return "; ".join(said)


def threshold_words(answer: Answer) -> str:
    """How to ask where the answer passes."""
    example = "0.8" if answer.share else "NUMBER"
    return f"To see where it passes or fails, give a limit: at_least={example} or at_most={example}."


def frontier_words(grid: Sequence[str], others: int, asked: Wanted, most: int, titles: Titles) -> list[str]:
    """Why there is no frontier, and how to ask for one."""
    if len(grid) > 2 and not asked.frontier:  # noqa: PLR2004 - a frontier is of two
        names = "; ".join(f"{titles[key]} ({key})" for key in grid)
        return [f"How much of one figure another needs is told of two of these, given as frontier=KEY,KEY: {names}."]
    if others > most:
        return [f"No frontier: the other figures have {others} combinations; confine them with group=KEY=VALUE."]
    return []

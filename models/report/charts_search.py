"""Charts of a search: with what probability the plan is delivered, safe, or both, at every value that was tried."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D

from models.report import style
from models.report.words import MINUS
from models.search.look import BOTH, SAFE, Found, Tried
from models.search.told import answer
from models.settings.criteria import Criteria

__all__ = ["given_chart", "search_chart"]

#: how each probability is drawn: its marker, its line, and whether the marker is filled
SERIES = {"delivered": ("o", (0, (1, 1.5)), False), SAFE: ("s", (0, (5, 2)), False), BOTH: ("D", "-", True)}
NAMES = {"delivered": "delivered", SAFE: "safe", BOTH: "delivered and safe"}
APART = 0.006  #: of the axis, so that bounds of the same value do not hide each other


def search_chart(found: Sequence[Found], criteria: Criteria, folder: Path) -> tuple[str, str]:
    """One question on every timeline, a panel each, over the same scale."""
    question = found[0].question
    said = "; ".join(f"{answer(one)} in {_years(one)}" for one in found)
    title = f"Credible: {said if len(found) > 1 else answer(found[0])}"
    title += f" (with {found[0].given})" if found[0].given else ""
    fig = style.figure(title, 2.9)
    axes = fig.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for ax, one in zip(axes, found, strict=True):
        _panel(ax, one, criteria)
        ax.set_xlabel(textwrap.fill(question.axis, 90 // len(found)))
        if len(found) > 1:
            ax.set_title(_years(one))
    axes[0].set_ylabel("% of simulated futures")
    marks = [_mark(key, label=NAMES[key]) for key in SERIES]
    marks.append(Line2D([], [], color=style.GREY, linewidth=0.9, linestyle=(0, (2, 2)), label="lines of the verdict"))
    style.legend_below(fig, marks, columns=4)
    return style.save(fig, folder, found[0].file, title), title


def given_chart(found: Sequence[Found], folder: Path) -> tuple[str, str, str]:
    """How far one question goes at each value that is set of another, a panel a timeline: SVG, title and file."""
    question, given = found[0].question, found[0].given
    assert given is not None  # noqa: S101 - callers ask about answers with something set beside
    by_timeline: dict[str, list[Found]] = {}
    for one in found:
        by_timeline.setdefault(one.timeline, []).append(one)
    title = f"{question.axis.partition(',')[0]}: edge of credible, by {_low(given.question.axis.partition(',')[0])}"
    fig = style.figure(title, 2.9)
    axes = fig.subplots(1, len(by_timeline), sharey=True, squeeze=False)[0]
    ends = sorted(question.scale * end for end in (question.easy, question.hard))
    for ax, group in zip(axes, by_timeline.values(), strict=True):
        for outcome in (SAFE, BOTH):
            _edges(ax, group, outcome)
        ax.set_xlabel(textwrap.fill(given.question.axis, 90 // len(by_timeline)))
        ax.set_ylim(ends[0] - 0.06 * (ends[1] - ends[0]), ends[1] + 0.06 * (ends[1] - ends[0]))
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:,.10g}".replace("-", MINUS))
        ax.grid(axis="x", visible=False)
        if len(by_timeline) > 1:
            ax.set_title(_years(group[0]))
    axes[0].set_ylabel(textwrap.fill(question.axis, 26))
    marks = [_mark(key, label=NAMES[key]) for key in (SAFE, BOTH)]
    marks.append(Line2D([], [], color=style.INK, marker="x", linestyle="", label="at no value that was tried"))
    style.legend_below(fig, marks, columns=3)
    name = f"{question.file}_beside_{given.question.name.replace('.', '_')}"
    return style.save(fig, folder, name, title), title, name


def _edges(ax: Any, found: Sequence[Found], outcome: str) -> None:
    """The hardest value that is certain enough at each value set beside; a cross at the easiest where there is none."""
    line, points = _mark(outcome), list[tuple[float, float]]()
    for one in sorted(found, key=lambda f: f.given.value if f.given else 0.0):
        assert one.given is not None  # noqa: S101
        x, over = one.given.question.scale * one.given.value, one.stretch(outcome)
        if outcome == BOTH and (furthest := one.possible(outcome)):
            edge = over.last if over else one.tried[0]
            ends = [one.question.scale * value for value in (edge.value, furthest.value)]
            ax.plot([x, x], ends, color=style.INK, linewidth=0.9, alpha=0.6)
        if over is None:
            ax.plot([x], [one.question.scale * one.tried[0].value], color=style.INK, marker="x", linestyle="", zorder=5)
        else:
            points.append((x, one.question.scale * over.last.value))
    line.set_data([x for x, _ in points], [y for _, y in points])
    ax.add_line(line)
    xs = [f.given.question.scale * f.given.value for f in found if f.given]
    room = 0.08 * (max(xs) - min(xs)) or 1.0
    ax.set_xlim(min(xs) - room, max(xs) + room)


def _low(text: str) -> str:
    return text[:1].lower() + text[1:]


def _panel(ax: Any, found: Found, criteria: Criteria) -> None:
    scale, values = found.question.scale, [one.value for one in found.tried]
    width = scale * (max(values) - min(values)) or 1.0
    for share in (criteria.not_credible_below, criteria.credible_from):
        ax.axhline(100 * share, color=style.GREY, linewidth=0.9, linestyle=(0, (2, 2)))
    for k, key in enumerate(SERIES):
        shift = APART * width * (k - 1)
        for one in found.tried:
            low, high = (100 * end for end in _chance(one, key)[1])
            x = scale * one.value + shift
            ax.plot([x, x], [low, high], color=style.INK, linewidth=0.9, alpha=0.6)
        line = _mark(key)
        line.set_data(
            [scale * one.value + shift for one in found.tried], [100 * _chance(one, key)[0] for one in found.tried]
        )
        ax.add_line(line)
    ax.set_ylim(-3, 103)
    low, high = scale * min(values), scale * max(values)
    ax.set_xlim(low - 0.03 * width, high + 0.03 * width)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}".replace("-", MINUS))
    ax.grid(axis="x", visible=False)


def _mark(key: str, label: str = "") -> Line2D:
    marker, dashes, filled = SERIES[key]
    face = style.INK if filled else "white"
    return Line2D(
        [], [], color=style.INK, marker=marker, markerfacecolor=face, linestyle=dashes, linewidth=1.1, label=label,
        clip_on=False, zorder=4,
    )  # fmt: skip


def _chance(one: Tried, key: str) -> tuple[float, tuple[float, float]]:
    if key == "delivered":
        return one.verdict.delivered["probability"], one.verdict.delivered["interval"]
    return one.chance(key)


def _years(found: Found) -> str:
    return f"{found.years}\u00a0years"

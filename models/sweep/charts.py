"""Charts of the analysis of a sweep, in its words: readable in black and white, axes labelled, one idea a chart."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, PercentFormatter

from models.report import style
from models.report.style import GREY, INK, figure, legend_below, styled
from models.sweep.titles import Answer, Titles, end_of
from sim.analysis.frontier import Passing, by_others
from sim.analysis.outcomes import Outcome

__all__ = ["frontier_chart", "morris_chart", "prim_chart", "response_chart", "sobol_chart", "tornado_chart"]

MOST_KEYS = 12  #: in one chart; the CSV holds all
MOST_PANELS = 6
BARE_UNITS = ("share", "relative change", "per year")  #: written with each value, in per cent
WIDEST_SHARES = (-0.5, 1.5)  #: a share lies between 0 and 1; an interval that goes further is cut
BAR, PALE = "#3d3d3d", "#f2f2f2"
ERROR = {"ecolor": INK, "elinewidth": 1.1, "capsize": 3}


def _answers_on(axis: Any, answer: Answer, label: str, change: bool = False) -> None:
    """Label an axis of answers, or of changes in them; shares are in per cent, their changes in percentage points."""
    unit = "percentage points" if answer.share and change else answer.unit
    axis.set_label_text(f"{label} ({unit})" if unit and label else label)
    if answer.share:
        axis.set_major_formatter(PercentFormatter(1.0, symbol="" if change else " %"))


def _key_on(axis: Any, key: str, titles: Titles, width: int, numbers: bool = True) -> None:
    """Label an axis of a key's values; its numbers stand with their units where these are no words."""
    unit = titles.units.get(key, "")
    own = unit in BARE_UNITS
    axis.set_label_text(_wrapped(f"{titles[key]} ({unit})" if unit and not own else titles[key], width))
    if numbers and own:
        axis.set_major_formatter(FuncFormatter(lambda x, _: titles.value(key, x)))


def _wrapped(text: str, width: int = 34) -> str:
    """Broken at dots, underscores and spaces, where a long key may be."""
    loose = text.replace(".", ".\u200b ").replace("_", "_\u200b ")
    lines = textwrap.wrap(loose, width, break_long_words=True)
    return "\n".join(line.replace("\u200b ", "").replace("\u200b", "") for line in lines)


def _grid_of(fig: Figure, count: int, sharex: bool) -> Any:
    """Panels in two columns, those without a use hidden."""
    columns = 1 if count == 1 else 2
    axes = fig.subplots(-(-count // columns), columns, sharey=True, sharex=sharex, squeeze=False).ravel()
    for ax in axes[count:]:
        ax.set_visible(False)
    return axes[:count]


def response_chart(
    table: pd.DataFrame, order: Sequence[str], answer: Answer, titles: Titles, folder: Path, name: str
) -> None:
    """The mean answer along every key, the keys of the widest swing first."""
    with styled():
        keys = list(order)[:MOST_KEYS]
        rows = -(-len(keys) // 2)
        fig = figure(f"{answer.title}, and what each figure does to it", 1.2 + 2.3 * rows)
        for n, (key, ax) in enumerate(zip(keys, _grid_of(fig, len(keys), False), strict=True)):
            one = table.loc[table["key"] == key]
            words = one["value"].isna().all()
            x = np.arange(len(one)) if words else one["value"].to_numpy(float)
            ax.vlines(x, one["least"], one["greatest"], color="#bdbdbd", linewidth=5)
            mean = one["mean"].to_numpy(float)
            errors = np.abs(one[["low", "high"]].to_numpy(float).T - mean)
            shown = errors if np.isfinite(errors).any() else None
            ax.errorbar(x, mean, shown, color=INK, marker="o", linestyle="" if words else "-", **ERROR)
            if words:
                ax.set_xticks(x, [_wrapped(titles.value(key, str(label)), 12) for label in one["label"]])
                ax.set_xlim(-0.6, len(x) - 0.4)
            _key_on(ax.xaxis, key, titles, 42, numbers=not words)
            _answers_on(ax.yaxis, answer, "mean answer" if n % 2 == 0 else "")
        marks = [
            Line2D([], [], color=INK, marker="o", label="mean, with 95 % interval where known"),
            Line2D([], [], color="#bdbdbd", linewidth=5, label="least to greatest answer"),
        ]
        legend_below(fig, marks)
        style.save(fig, folder, name, f"{answer.title}: mean answer along each figure")


def tornado_chart(table: pd.DataFrame, answer: Answer, titles: Titles, folder: Path, name: str) -> None:
    """Swing of the answer by key, the widest at the top."""
    with styled():
        own = table.iloc[:MOST_KEYS][::-1]
        fig = figure(f"{answer.title}, and what it depends on most", 1.3 + 0.62 * len(own))
        ax = fig.subplots()
        at, swing = np.arange(len(own)), own["swing"].to_numpy(float)
        errors = np.abs(own[["low", "high"]].to_numpy(float).T - swing)
        colors = [BAR if s >= 0 else PALE for s in swing]
        bars = ax.barh(at, swing, 0.55, color=colors, edgecolor=INK, linewidth=0.8)
        for bar, s in zip(bars, swing, strict=True):
            bar.set_hatch("" if s >= 0 else "////")
        if np.isfinite(errors).any():  # a pale outline, so that an interval shows on a dark bar too
            ax.errorbar(swing, at, xerr=errors, fmt="none", ecolor="white", elinewidth=3.2)
            ax.errorbar(swing, at, xerr=errors, fmt="none", **ERROR)
        labels = [
            f"{_wrapped(titles[k], 42)}\n{end_of(k, a, titles)} → {end_of(k, b, titles)}"
            for k, a, b in zip(own["key"], own["from"], own["to"], strict=True)
        ]
        ax.set_yticks(at, labels)
        ax.axvline(0, color=INK, linewidth=0.8)
        ax.grid(axis="y", visible=False)
        _answers_on(ax.xaxis, answer, "change of the mean answer", change=True)
        handles = [
            Patch(facecolor=BAR, edgecolor=INK, label="rises"),
            Patch(facecolor=PALE, edgecolor=INK, hatch="////", label="falls"),
        ]
        if np.isfinite(errors).any():
            handles.append(Line2D([], [], color=INK, marker="|", label="95 % interval"))  # type: ignore[arg-type]
        legend_below(fig, handles, 3)
        style.save(fig, folder, name, f"{answer.title}: what it depends on most")


def sobol_chart(table: pd.DataFrame, answer: Answer, titles: Titles, folder: Path, name: str) -> None:
    """First and total indices, a panel for every combination of the other keys."""
    with styled():
        panels = list(dict.fromkeys(table["at"]))[:MOST_PANELS]
        fig, axes = _bars(table, panels, f"{answer.title}, and what its variance comes from")
        for at, ax in zip(panels, axes, strict=True):
            one = _first_keys(table.loc[table["at"] == at], "total")
            y = np.arange(len(one))
            first = {"color": BAR, "edgecolor": INK}
            total = {"color": PALE, "edgecolor": INK, "hatch": "////"}
            for shift, column, look in ((0.19, "first", first), (-0.19, "total", total)):
                value, half = one[column].to_numpy(float), one[f"{column}_half_width"].to_numpy(float)
                ax.barh(y + shift, value, 0.36, linewidth=0.8, **look)
                ax.errorbar(value, y + shift, xerr=half, fmt="none", ecolor="white", elinewidth=3.2)
                ax.errorbar(value, y + shift, xerr=half, fmt="none", **ERROR)
            _keyed(ax, one, at, titles)
            low, high = ax.get_xlim()
            cut = low < WIDEST_SHARES[0] or high > WIDEST_SHARES[1]
            ax.set_xlim(max(low, WIDEST_SHARES[0]), min(high, WIDEST_SHARES[1]))
            ax.set_xlabel(
                "share of the variance" + (" (some intervals leave the axis: the base is small)" if cut else "")
            )
        handles = [
            Patch(facecolor=BAR, edgecolor=INK, label="first: gone when this figure is known"),
            Patch(facecolor=PALE, edgecolor=INK, hatch="////", label="total: with its interactions"),
            Line2D([], [], color=INK, marker="|", label="95 % interval"),
        ]
        legend_below(fig, handles, 2)
        style.save(fig, folder, name, f"{answer.title}: shares of its variance (Sobol)")


def morris_chart(table: pd.DataFrame, answer: Answer, titles: Titles, folder: Path, name: str) -> None:
    """Mean size of the elementary effects, and how much they differ."""
    with styled():
        panels = list(dict.fromkeys(table["at"]))[:MOST_PANELS]
        fig, axes = _bars(table, panels, f"{answer.title}, and the effect of each figure over its whole range")
        for at, ax in zip(panels, axes, strict=True):
            one = _first_keys(table.loc[table["at"] == at], "mu_star")
            y, value = np.arange(len(one)), one["mu_star"].to_numpy(float)
            ax.barh(y, value, 0.5, color="#b5b5b5", edgecolor=INK, linewidth=0.8)
            ax.errorbar(value, y, xerr=one["mu_star_half_width"].to_numpy(float), fmt="none", **ERROR)
            ax.plot(one["sigma"].to_numpy(float), y, "D", color="white", markeredgecolor=INK, markersize=6)
            _keyed(ax, one, at, titles)
            _answers_on(ax.xaxis, answer, "effect on the answer", change=True)
        handles = [
            Patch(facecolor="#b5b5b5", edgecolor=INK, label="mean size of the effect (mu*)"),
            Line2D([], [], color=INK, marker="|", label="its 95 % interval"),
            Line2D(
                [],
                [],
                color="white",
                marker="D",
                markeredgecolor=INK,
                label="sigma: bends, or depends on other figures",
            ),
        ]
        legend_below(fig, handles, 2)
        style.save(fig, folder, name, f"{answer.title}: effect of each figure (Morris)")


def _bars(table: pd.DataFrame, panels: list[str], title: str) -> tuple[Figure, Any]:
    keys = min(MOST_KEYS, len(set(table["key"])))
    fig = figure(title, 1.2 + (0.65 + 0.46 * keys) * len(panels))
    return fig, fig.subplots(len(panels), 1, sharex=True, squeeze=False).ravel()


def _first_keys(one: pd.DataFrame, by: str) -> pd.DataFrame:
    return one.sort_values(by, ascending=False, kind="stable").iloc[:MOST_KEYS][::-1]


def _keyed(ax: Any, one: pd.DataFrame, at: str, titles: Titles) -> None:
    ax.set_yticks(np.arange(len(one)), [_wrapped(titles[k]) for k in one["key"]])
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.grid(axis="y", visible=False)
    ax.tick_params(labelbottom=True)
    if at:
        ax.set_title(_wrapped(titles.place(at), 60))


def prim_chart(trajectory: pd.DataFrame, of: str, title: str, folder: Path, name: str) -> None:
    """Coverage against density along the way, with the number of restricted keys."""
    with styled():
        fig = figure(title, 4.3)
        ax = fig.subplots()
        peeled = trajectory.loc[trajectory["kind"].isin(["start", "peel"])]
        later = trajectory.loc[trajectory["kind"].isin(["paste", "drop"])]
        ax.plot(peeled["coverage"], peeled["density"], "-o", color=GREY, markersize=4, label="peeling")
        if len(later):
            ax.plot(
                later["coverage"],
                later["density"],
                "^",
                color="white",
                markeredgecolor=INK,
                label="pasting, dropping figures",
            )
        one = trajectory.loc[trajectory["chosen"]].iloc[0]
        ring = {"marker": "o", "markersize": 13, "markerfacecolor": "none", "markeredgecolor": INK}
        ax.plot(one["coverage"], one["density"], linestyle="", markeredgewidth=1.8, label="chosen box", **ring)
        fresh = peeled.loc[peeled["restricted"].diff().fillna(1) != 0]
        shown: list[tuple[float, float]] = []
        for row in fresh.to_dict("records"):
            x, y = float(row["coverage"]), float(row["density"])
            if any(abs(x - a) < 0.05 and abs(y - b) < 0.07 for a, b in shown):
                continue
            shown.append((x, y))
            count = int(row["restricted"])
            ax.annotate(f"{count}", (x, y), (7, 5), textcoords="offset points", fontsize=8.5)
        ax.set(xlim=(-0.03, 1.06), ylim=(-0.03, 1.09))
        ax.set_xlabel(f"coverage: share of all {of} points that are inside")
        ax.set_ylabel(f"density: share of points inside that are {of}")
        ax.plot([], [], " ", label="numbers: figures restricted from there on")
        legend_below(fig, list(ax.get_legend_handles_labels()[0]), 2)
        style.save(fig, folder, name, title)


def frontier_chart(
    table: pd.DataFrame,
    second: str,
    outcome: Outcome,
    passing: Passing,
    answer: Answer,
    titles: Titles,
    folder: Path,
    name: str,
) -> None:
    """Which combinations of two keys pass, fail or are undecided, and the frontier between them."""
    first = str(table.columns[1])
    parts = dict(by_others(outcome.known(), first, second))
    with styled():
        panels = list(dict.fromkeys(table["at"]))[:MOST_PANELS]
        rows = -(-len(panels) // 2)
        fig = figure(
            f"{answer.title}, and where it is {answer.passes(passing)}", 1.3 + (3.6 if len(panels) == 1 else 2.6) * rows
        )
        axes = _grid_of(fig, len(panels), True)
        for n, (at, ax) in enumerate(zip(panels, axes, strict=True)):
            one = table.loc[table["at"] == at]
            _cells(ax, parts[at], first, second, passing)
            ax.plot(one[first], one["frontier"], color=INK, linewidth=2, zorder=1)
            ax.set_title(_wrapped(titles.place(at), 40))
            _key_on(ax.xaxis, first, titles, 42)
            ax.tick_params(labelbottom=True)
            ax.margins(0.08)
            if n % 2 == 0:
                _key_on(ax.yaxis, second, titles, 34)
        marks = [
            Line2D([], [], linestyle="", marker=m, color=c, markeredgecolor=INK, markersize=7, label=label)
            for m, c, label in _STATES
        ]
        line = Line2D([], [], color=INK, linewidth=2, label=f"{table['side'].iloc[0]} that passes, by its mean")
        legend_below(fig, [*marks, line])
        style.save(fig, folder, name, f"{answer.title}: where it is {answer.passes(passing)}")


_STATES = (("o", INK, "passes"), ("o", "white", "fails"), ("D", "#b5b5b5", "undecided: too few replications"))


def _cells(ax: Any, own: Outcome, first: str, second: str, passing: Passing) -> None:
    """A mark for every combination."""
    sure, possible = passing.surely(own), passing.possibly(own)
    for (marker, color, _), chosen in zip(_STATES, (sure, ~possible, possible & ~sure), strict=True):
        x, y = own.values(first)[chosen], own.values(second)[chosen]
        ax.plot(x, y, linestyle="", marker=marker, color=color, markeredgecolor=INK, markersize=7, zorder=2)

"""Charts of several areas: every hospital's misses beside persistence, and each area's beds in use by quarter."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.areas.score import Fitted
from models.footprint.observed import beds_by_quarter
from models.report import style
from models.report.words import short

__all__ = ["area_chart", "overview_chart"]

#: how each rule is drawn, and its name; all three can be told apart without colour
MARKS: dict[str, dict[str, Any]] = {
    "last_quarter_error_points": {
        "marker": "|",
        "markersize": 8,
        "markeredgewidth": 1.8,
        "zorder": 3,
        "label": "last quarter known",
    },
    "same_quarter_error_points": {
        "marker": "s",
        "markersize": 5.5,
        "markerfacecolor": "white",
        "zorder": 4,
        "label": "same quarter a year before",
    },
    "forecast_error_points": {"marker": "^", "markersize": 5.5, "zorder": 5, "label": "model"},
}
ROW, HEAD = 0.165, 1.25  #: inches: of a hospital or an area's name, and of title, axis and legend
WORDS = 46  #: letters of the longest label


def overview_chart(folder: Path, fitted: dict[str, Fitted], by_site: pd.DataFrame) -> str:
    """Mean absolute miss of occupancy of every hospital, by the model and by persistence; returns the inline SVG.

    Parameters
    ----------
    by_site : DataFrame
        As :func:`models.areas.score.errors_by` gives it by system and site.
    """
    labels, heads, rows = _laid_out(fitted, by_site)
    says = "Mean absolute miss of occupancy in the held-out quarters by hospital: the model beside persistence"
    with style.styled():
        fig = style.figure("How far occupancy is missed: mean of the held-out quarters", HEAD + ROW * len(labels))
        ax = fig.subplots()
        for at, row in rows:
            ends = [row[column] for column in MARKS if np.isfinite(row[column])]
            ax.plot([min(ends), max(ends)], [at, at], color=style.GREY, linewidth=0.7, zorder=2)
        for column, look in MARKS.items():
            seen = [(row[column], at) for at, row in rows if np.isfinite(row[column])]
            ax.plot(*zip(*seen, strict=True), linestyle="none", color=style.INK, **look) if seen else None
        ax.set_yticks(range(len(labels)), labels)
        for at, label in enumerate(ax.get_yticklabels()):
            label.set_fontweight("bold" if at in heads else "normal")
            label.set_fontsize(8)
        ax.set_ylim(len(labels) - 0.4, -0.6)
        ax.set_xlim(left=0)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("percentage points of occupancy; the nearer to 0, the better")
        handles, _ = ax.get_legend_handles_labels()
        style.legend_below(fig, handles[::-1], 3)
        return style.save(fig, folder, "overview", says)


def _laid_out(fitted: dict[str, Fitted], by_site: pd.DataFrame) -> tuple[list[str], set[int], list[tuple[int, Any]]]:
    """Labels from top to bottom, which of them are areas, and the line and figures of every hospital.

    Areas without a baseline have nothing to compare, and are left out unless there are no others.
    """
    labels: list[str] = []
    heads: set[int] = set()
    rows: list[tuple[int, Any]] = []
    all_of_them: Any = by_site
    shown = all_of_them[all_of_them["baseline"]] if all_of_them["baseline"].any() else all_of_them
    for name, group in shown.groupby("system", sort=False):
        footprint = fitted[str(name)].footprint
        heads.add(len(labels))
        labels.append(textwrap.shorten(footprint.title, WORDS, placeholder=" …"))
        for row in group.to_dict("records"):
            rows.append((len(labels), row))
            labels.append(textwrap.shorten(short(footprint.sites[row["site"]].name), WORDS, placeholder=" …"))
    return labels, heads, rows


def area_chart(folder: Path, name: str, one: Fitted, rows: Any) -> str:
    """Beds in use over all hospitals by quarter: observed, forecast with its spread, and a year before; inline SVG.

    Parameters
    ----------
    rows : DataFrame
        Those of :func:`models.areas.score.score` for this area.
    """
    seen: Any = beds_by_quarter(one.footprint)
    seen = seen.groupby(["year", "quarter"])["occupied"].sum().reset_index()
    labels = [f"{year[2:]} Q{quarter}" for year, quarter in zip(seen["year"], seen["quarter"], strict=True)]
    before = rows.groupby("quarter", sort=False)["same_quarter_beds"].sum()
    at = np.arange(len(labels) - len(before), len(labels))
    says = f"Beds in use in {one.footprint.title} by quarter, observed beside what was forecast"
    with style.styled():
        fig = style.figure("Beds in use at midnight, all hospitals", 2.4)
        ax = fig.subplots()
        ax.plot(np.arange(len(labels)), seen["occupied"].astype(float), "-o", color=style.INK, label="observed")
        look: dict[str, Any] = {"color": style.GREY, "markerfacecolor": "white"}
        ax.plot(at, before, ":s", label="same quarter a year before", **look)
        if one.forecast is not None and not one.reasons:
            spans = [one.forecast.whole[quarter] for quarter in before.index]
            middle = np.array([span.beds for span in spans])
            ends = np.abs(np.array([[span.low for span in spans], [span.high for span in spans]]) - middle)
            look = {"color": style.INK, "markerfacecolor": "white", "capsize": 3}
            ax.errorbar(at, middle, yerr=ends, fmt="--^", label="model, 5 to 95 %", **look)
        ax.set_xticks(np.arange(len(labels)), labels)
        ax.set_ylabel("beds")
        ax.axvline(at[0] - 0.5, color=style.GREY, linewidth=0.8)
        style.thousands(ax)
        handles, _ = ax.get_legend_handles_labels()
        style.legend_below(fig, handles, 3)
        return style.save(fig, folder, name, says)

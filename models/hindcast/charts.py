"""Charts of a hindcast: what was observed, what the model said one year and five years ahead, and the naive bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.hindcast.later import LATER_TARGETS, OLD, Later
from models.hindcast.run import FULL, Outcome
from models.history import Forecast, History, best_naive, england, england_later, forecasts
from models.history.data import Key
from models.report import style

__all__ = ["hindcast_chart"]

#: target, what its panel is called, factor on its figures, and whether its axis starts at nought
PANELS = (
    ("beds_occupied", "Beds in use, thousands", 1e-3, False),
    ("type1_4h_share", "Within four hours in major A&E, %", 100, False),
    ("waits_over_4h", "Waits over 4 h for a bed,\nthousands a quarter", 1e-3, True),
    ("delayed_days_acute", "Delayed days, acute,\nthousands a quarter", 1e-3, True),
    ("delayed_days_all", "Delayed days, all settings,\nthousands a quarter", 1e-3, True),
)
#: how a forecast of each horizon is drawn, told apart in black and white by dashes and markers
SAID = {
    "one_year": {"color": "#0b5fa5", "linestyle": "--", "marker": "o", "label": "model, one year ahead"},
    "five_years": {
        "color": "#c2570c",
        "linestyle": ":",
        "marker": "",
        "label": "model, five years from March 2015\n(not seen where it is the same)",
    },
}
FROM = "2011/12"


def hindcast_chart(outcome: Outcome, folder: Path) -> str:
    """Five panels by quarter and a legend in place of a sixth; returns the SVG."""
    title = f"England's hospitals from {FROM}: observed, and forecast by a model that was frozen in March 2015"
    said = {(FULL, horizon): how for horizon, how in SAID.items()}
    return _chart(title, PANELS, outcome.forecasts, england(), said, "end of the years fitted, March 2015", folder)


def later_chart(found: Later, folder: Path) -> str:
    """Three panels by quarter, of the test after the pandemic, and a legend; returns the SVG."""
    title = f"England's hospitals from {FROM}: observed, and forecast for the years after the pandemic"
    old = SAID["five_years"] | {"label": "the same as frozen in March 2015"}
    said = {(FULL, "one_year"): SAID["one_year"], (OLD, "one_year"): old}
    panels = tuple(panel for panel in PANELS if panel[0] in LATER_TARGETS)
    label = "begin of the test, April 2022"
    return _chart(title, panels, found.forecasts, england_later(), said, label, folder)


def _chart(
    title: str,
    panels: Sequence[tuple[str, str, float, bool]],
    given: Sequence[Forecast],
    history: History,
    said: Mapping[tuple[str, str], Mapping[str, Any]],
    begins: str,
    folder: Path,
) -> str:
    rows = (len(panels) + 2) // 2
    with style.styled():
        fig = style.figure(title, 2.87 * rows)
        axes = np.ravel(fig.subplots(rows, 2))
        for ax, (target, label, scale, from_nought) in zip(axes, panels, strict=False):
            drawn = [(f, said[f.name, f.horizon]) for f in given if f.target == target and (f.name, f.horizon) in said]
            _panel(ax, target, scale, drawn, history, begins)
            ax.set_title(label if from_nought else f"{label}\n(axis does not start at zero)")
            if from_nought:
                ax.set_ylim(bottom=0)
        axes[-1].axis("off")
        axes[-1].legend(*axes[0].get_legend_handles_labels(), loc="center left", labelspacing=1.0)
        return style.save(fig, folder, "chart_hindcast", title)


def _panel(
    ax: Any,
    target: str,
    scale: float,
    given: Sequence[tuple[Forecast, Mapping[str, Any]]],
    history: History,
    begins: str,
) -> None:
    rows: Any = history.frame()
    rows = rows[rows["year"] >= FROM]
    keys = [(str(y), int(q)) for y, q in zip(rows["year"], rows["quarter"], strict=True)]
    at, test = {key: n for n, key in enumerate(keys)}, given[0][0].test

    def draw(values: Mapping[Key, float], **how: Any) -> None:
        ax.plot([at[key] for key in sorted(values)], [values[key] * scale for key in sorted(values)], **how)

    draw(dict(zip(keys, rows[target].to_numpy(float), strict=True)), color=style.INK, lw=1.8, label="observed")
    for one, how in given:
        draw(one.values, lw=1.2, ms=3, mfc="white", **how)
    naive, _ = best_naive(target, "one_year", history, test)
    label = "best naive forecast, one year ahead\n(named under each panel)"
    draw(forecasts(naive, history, test), color=style.GREY, linestyle="", marker="x", ms=3.5, label=label)
    ax.set_xlabel(f"x: {naive.name}", fontsize=8)
    ax.axvline(at[test[0]] - 0.5, color=style.GREY, lw=0.8, label=begins)
    style.year_axis(ax, [year for year, _ in keys], every=4 * (2 + len(keys) // 40))

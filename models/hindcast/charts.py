"""Charts of a hindcast: what was observed, what the model said one year and five years ahead, and the naive bar."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models.hindcast.run import FULL, Outcome
from models.history import TEST_QUARTERS, best_naive, england, forecasts
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
    with style.styled():
        fig = style.figure(title, 8.6)
        axes = np.ravel(fig.subplots(3, 2))
        for ax, (target, label, scale, from_nought) in zip(axes, PANELS, strict=False):
            _panel(ax, outcome, target, scale)
            ax.set_title(label if from_nought else f"{label}\n(axis does not start at zero)")
            if from_nought:
                ax.set_ylim(bottom=0)
        axes[-1].axis("off")
        axes[-1].legend(*axes[0].get_legend_handles_labels(), loc="center left", labelspacing=1.0)
        return style.save(fig, folder, "chart_hindcast", title)


def _panel(ax: Any, outcome: Outcome, target: str, scale: float) -> None:
    rows: Any = england().frame()
    rows = rows[rows["year"] >= FROM]
    keys = [(str(y), int(q)) for y, q in zip(rows["year"], rows["quarter"], strict=True)]
    at = {key: n for n, key in enumerate(keys)}

    def draw(values: Mapping[Key, float], **how: Any) -> None:
        ax.plot([at[key] for key in sorted(values)], [values[key] * scale for key in sorted(values)], **how)

    draw(dict(zip(keys, rows[target].to_numpy(float), strict=True)), color=style.INK, lw=1.8, label="observed")
    for horizon, how in SAID.items():
        one = next(f for f in outcome.forecasts if (f.name, f.target, f.horizon) == (FULL, target, horizon))
        draw(one.values, lw=1.2, ms=3, mfc="white", **how)
    naive, _ = best_naive(target, "one_year")
    label = "best naive forecast, one year ahead\n(named under each panel)"
    draw(forecasts(naive, england()), color=style.GREY, linestyle="", marker="x", ms=3.5, label=label)
    ax.set_xlabel(f"x: {naive.name}", fontsize=8)
    ax.axvline(at[TEST_QUARTERS[0]] - 0.5, color=style.GREY, lw=0.8, label="end of the years fitted, March 2015")
    style.year_axis(ax, [year for year, _ in keys], every=8)

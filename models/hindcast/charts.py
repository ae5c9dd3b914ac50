"""Charts of a hindcast: what was observed, what the model said one year and five years ahead, and the naive bar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from models.hindcast.run import FULL, Outcome
from models.history import TARGETS, best_naive, england, forecasts
from models.report import style

__all__ = ["hindcast_chart"]

PANELS = (
    ("beds_occupied", "Beds in use, thousands", 1e-3),
    ("type1_4h_share", "Within four hours in major A&E, %", 100),
    ("waits_over_4h", "Waits over 4 h for a bed, thousands", 1e-3),
    ("delayed_days_all", "Delayed days, thousands", 1e-3),
)
FROM = "2011/12"


def hindcast_chart(outcome: Outcome, folder: Path) -> str:
    """Four panels by quarter; returns the SVG."""
    title = f"England's hospitals from {FROM}: observed, and forecast by a model that was frozen in March 2015"
    with style.styled():
        fig = style.figure(title, 6.6)
        axes = fig.subplots(2, 2)
        fig.subplots_adjust(hspace=0.35, wspace=0.22)
        for ax, (target, label, scale) in zip(np.ravel(axes), PANELS, strict=True):
            _panel(ax, outcome, target, label, scale)
        handles, labels = np.ravel(axes)[0].get_legend_handles_labels()
        for handle, text in zip(handles, labels, strict=True):
            handle.set_label(text)
        style.legend_below(fig, list(handles))
        return style.save(fig, folder, "chart_hindcast", title)


def _panel(ax: Any, outcome: Outcome, target: str, label: str, scale: float) -> None:
    rows: Any = england().frame()
    rows = rows[rows["year"] >= FROM]
    keys = [(str(y), int(q)) for y, q in zip(rows["year"], rows["quarter"], strict=True)]
    at = {key: n for n, key in enumerate(keys)}
    ax.plot(range(len(keys)), rows[target].to_numpy(float) * scale, color=style.INK, lw=1.6, label="observed")
    for horizon, dash, words in (("one_year", "--", "model, one year ahead"), ("five_years", ":", "model, five years")):
        one = next(f for f in outcome.forecasts if (f.name, f.target, f.horizon) == (FULL, target, horizon))
        tests = sorted(one.values)
        ax.plot(
            [at[k] for k in tests], [one.values[k] * scale for k in tests], dash, color="#0b5fa5", lw=1.3, label=words
        )
    naive, _ = best_naive(target, "one_year")
    said = forecasts(naive, england())
    tests = sorted(said)
    ax.plot(
        [at[k] for k in tests],
        [said[k] * scale for k in tests],
        "x",
        ms=3.5,
        color=style.GREY,
        label="best naive, one year",
    )
    first = next(n for n, key in enumerate(keys) if key[0] == "2015/16")
    ax.axvline(first - 0.5, color=style.GREY, lw=0.8)
    ax.set_title(f"{TARGETS[target].words[0].upper()}{TARGETS[target].words[1:]}" if len(label) > 60 else label)
    ticks = [n for n, key in enumerate(keys) if key[1] == 1 and int(key[0][:4]) % 2 == 1]
    ax.set_xticks(ticks, [keys[n][0] for n in ticks])
    ax.margins(x=0.02)
    if target not in ("beds_occupied", "type1_4h_share"):
        ax.set_ylim(bottom=0)
    else:
        ax.set_xlabel("vertical axis does not start at zero", fontsize=7.5)

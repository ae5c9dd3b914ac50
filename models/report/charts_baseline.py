"""Chart of the baseline: beds in use observed and simulated, and the errors of forecasts of the held-out quarters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.report import style
from models.report.words import amount, percent, short

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["baseline_chart"]

FORECASTS = (
    ("forecast", "forecast of the model", "o", "#0b5fa5", True),
    ("same_quarter", "same quarter a year before", "s", style.INK, False),
    ("last_quarter", "last quarter known", "^", "#c2570c", False),
)


def baseline_chart(outcome: Outcome, folder: Path) -> tuple[str, str]:
    """Fit of the baseline year above, errors in the held-out quarters below."""
    baseline, year = outcome.baseline, outcome.settings.footprint.baseline_year
    rows = baseline.fitted.to_dict("records")
    worst = max(abs(r["simulated_beds"] / r["observed_beds"] - 1) for r in rows)
    errors = baseline.errors
    title = (
        f"Beds in use in {year} are met within {percent(worst, 1)} at every hospital; one year on, forecasts miss "
        f"occupancy by {amount(errors['forecast_points'], 1)} points, the last quarter known by "
        f"{amount(errors['last_quarter_points'], 1)}"
    )
    quarters = baseline.holdout.to_dict("records")
    heights = [0.36 * len(rows), 0.24 * len(quarters)]
    fig = style.figure(title, 2.6 + sum(heights))
    top, below = fig.subplots(2, 1, gridspec_kw={"height_ratios": heights})
    _beds(top, rows, year)
    _errors(below, quarters)
    legend: list[Any] = [
        Patch(facecolor="white", edgecolor=style.INK, label="observed beds in use"),
        Patch(facecolor="#c9dcee", edgecolor="#0b5fa5", hatch="////", label="simulated beds in use"),
    ]
    legend += [
        Line2D([], [], marker=m, color=c, markerfacecolor=c if full else "white", linestyle="none", label=label)
        for _, label, m, c, full in FORECASTS
    ]
    style.legend_below(fig, legend)
    return style.save(fig, folder, "chart_baseline", title), title


def _beds(ax: Any, rows: list[dict[Any, Any]], year: str) -> None:
    at = np.arange(len(rows))
    seen = [r["observed_beds"] for r in rows]
    found = [r["simulated_beds"] for r in rows]
    ax.barh(at - 0.2, seen, 0.38, facecolor="white", edgecolor=style.INK)
    ax.barh(at + 0.2, found, 0.38, facecolor="#c9dcee", edgecolor="#0b5fa5", hatch="////")
    for y, value in (*zip(at - 0.2, seen, strict=True), *zip(at + 0.2, found, strict=True)):
        ax.annotate(amount(value), (value, y), (3, 0), textcoords="offset points", va="center")
    ax.set_yticks(at, [short(r["hospital"]) for r in rows])
    ax.set_xlim(0, max(*seen, *found) * 1.08)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("beds in use at midnight")
    ax.set_title(f"Fit to {year}")


def _errors(ax: Any, rows: list[dict[Any, Any]]) -> None:
    at = np.arange(len(rows))
    for n, (name, _, marker, color, full) in enumerate(FORECASTS):
        miss = [100 * (r[f"{name}_occupancy"] - r["observed_occupancy"]) for r in rows]
        ax.plot(
            miss,
            at + 0.22 * (n - 1),
            linestyle="none",
            marker=marker,
            color=color,
            markerfacecolor=color if full else "white",
        )
    ax.axvline(0, color=style.INK, linewidth=0.9)
    ax.set_yticks(at, [f"{short(r['hospital'])}, {r['quarter'].split()[-1]}" for r in rows])
    ax.invert_yaxis()
    ax.set_xlabel("forecast less observed, percentage points of midnight occupancy")
    ax.set_title("Quarters kept back: how far each forecast of occupancy missed")

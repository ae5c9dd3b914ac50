"""What is said of a hindcast in the terminal and in the report: plain words and tables of text."""

from __future__ import annotations

from typing import Any

import pandas as pd

from models.hindcast.later import LATER_TARGETS, Later
from models.hindcast.run import DEMAND_ONLY, FULL, NO_DRIVE, Outcome
from models.history import TARGETS

__all__ = ["HORIZONS", "SHOWN", "added_lines", "later_lines", "lines", "score_rows"]

#: what is shown, and in which order
SHOWN = ("beds_occupied", "type1_4h_share", "waits_over_4h", "delayed_days_all", "delayed_days_acute")
_HOW_TO_READ = (
    "Mean absolute error by forecast, {} replications. * marks the model; the others are naive. The last column but "
    "one compares with the best naive forecast."
)
HORIZONS = {"one_year": "one year ahead", "five_years": "five years ahead, from March 2015"}


def score_rows(scores: pd.DataFrame, target: str, horizon: str) -> list[tuple[str, str, str, str]]:
    """Rows of one table: forecast, what it was told, mean error, and how it stands beside the best naive forecast."""
    rows: Any = scores[(scores["target"] == target) & (scores["horizon"] == horizon)]
    out = []
    for row in rows.to_dict("records"):
        unit = " %" if row["unit"] == "%" else " points"
        mark = "* " if row["kind"] == "given" else "  "
        told = str(row["inputs"]).replace("_", " ") or "nothing"
        hindsight = " (chosen afterwards)" if row["kind"] == "hindsight" else ""
        out.append((f"{mark}{row['forecast']}{hindsight}", told, f"{row['mean_error']:.2f}{unit}", str(row["verdict"])))
    return out


def lines(outcome: Outcome) -> list[str]:
    """The whole hindcast as text."""
    return [
        f"{outcome.setup.title}: fitted to the years until {outcome.fit.trained_until}, then frozen; tested on the "
        "19 quarters from 2015/16 on.",
        _HOW_TO_READ.format(outcome.replications),
        *_tables(outcome.scores, SHOWN),
        "",
        *added_lines(outcome.added),
        "",
        *_findings(outcome),
        "",
        "What may be claimed",
        *(f"  {one}" for one in outcome.claims),
    ]


def later_lines(found: Later) -> list[str]:
    """The second test as text."""
    return [
        f"{found.setup.title}: fitted to the years until {found.fit.trained_until}, then frozen; tested on the "
        f"{found.quarters['quarter'].groupby(found.quarters['year']).nunique().sum()} quarters from 2022/23 on, each "
        "forecast at the end of the year before it.",
        _HOW_TO_READ.format(found.replications),
        *_tables(found.scores, LATER_TARGETS),
        "",
        *added_lines(found.added),
        "",
        "Delayed transfers of care were no longer published; the services outside hospital in the model go on as "
        "before the pandemic.",
        "",
        "What may be claimed",
        *(f"  {one}" for one in found.claims),
    ]


def _tables(scores: pd.DataFrame, targets: tuple[str, ...]) -> list[str]:
    out = []
    for target in targets:
        for horizon, words in HORIZONS.items():
            rows = score_rows(scores, target, horizon)
            if not rows:
                continue
            widths = [max(len(row[n]) for row in rows) for n in range(4)]
            out += ["", f"{TARGETS[target].words}, {words}"]
            out += [f"  {a:{widths[0]}}  {c:>{widths[2]}}  {d:{widths[3]}}  told: {b}" for a, b, c, d in rows]
    return out


def added_lines(added: pd.DataFrame) -> list[str]:
    """What each forecast says beyond last year's value, target by target."""
    rows: Any = added
    width = max(len(name) for name in rows["forecast"]) + 2
    out = [
        "What a forecast says beyond last year's value, one year ahead: mean error of the forecast and of that value,",
        "half each. No weight is fitted. A mean is often nearer than its parts, so the naive forecasts stand beside.",
    ]
    for target, found in rows.groupby("target", sort=False):
        unit = " %" if found["unit"].iloc[0] == "%" else " points"
        out += ["", f"{TARGETS[str(target)].words}: last year's value {found['last_year'].iloc[0]:.2f}{unit}"]
        out += [
            f"  {('* ' if row['kind'] == 'given' else '  ') + row['forecast']:{width}}  half each "
            f"{row['half_each']:6.2f}{unit}, by itself {row['alone']:6.2f}; gain on last year's value "
            f"{row['gain']:+.2f} ({row['gain_low']:+.2f} to {row['gain_high']:+.2f})"
            for row in found.to_dict("records")
        ]
    return out


def _findings(outcome: Outcome) -> list[str]:
    response, errors = outcome.response, _errors(outcome)
    low, high = response.interval
    where = "inside" if response.inside else "OUTSIDE"
    demand, full = (errors[name, "beds_occupied", "one_year"] for name in (DEMAND_ONLY, FULL))
    with_drive, without = (errors[name, "delayed_days_all", "one_year"] for name in (FULL, NO_DRIVE))
    return [
        f"Beds in use answer to beds open with an elasticity of {response.simulated:.2f} (standard error "
        f"{response.standard_error:.3f}); within trusts it was {response.observed:.2f} ({low:.2f} to {high:.2f}): "
        f"{where}.",
        f"With as many bed-days an admission as in 2011/12, 2018/19 would have needed {outcome.overshoot:.0%} more "
        f"beds than were in use ({outcome.overshoot_simulated:.0%} simulated, with delays growing): stays fell, and "
        "most of the growth stayed no night.",
        f"Demand by itself misses beds in use by {demand:.2f} % one year ahead, the full model by {full:.2f} %: what "
        "beds allow, not what demand asks for, sets how many are in use.",
        f"Delayed days one year ahead: {with_drive:.1f} % with the drive of 2017 as it was announced, "
        f"{without:.1f} % without it.",
    ]


def _errors(outcome: Outcome) -> dict[tuple[str, str, str], float]:
    keys = ("forecast", "target", "horizon")
    return {(r[keys[0]], r[keys[1]], r[keys[2]]): r["mean_error"] for r in outcome.scores.to_dict("records")}

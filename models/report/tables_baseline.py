"""Tables of the baseline: the fit, its proxies, the quarters kept back, and delays."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from models.report.words import amount, percent, short, signed_percent

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["delay_rows", "error_rows", "fitted_rows", "holdout_rows", "holdout_says", "out_of_reach"]
__all__ += ["proxy_rows", "waits_rows", "waits_say"]

UNPUBLISHED = "not published for this year"
FORECASTS = (
    ("forecast", "the model's forecast"),
    ("same_quarter", "same quarter a year before"),
    ("last_quarter", "last quarter known"),
)


def fitted_rows(outcome: Outcome) -> list[list[str]]:
    """By hospital: beds in use observed and simulated."""
    return [
        [
            r["hospital"],
            amount(r["observed_beds"], 1),
            f"{amount(r['simulated_beds'], 1)} (\u00b1 {amount(r['simulated_sd'], 1)})",
            signed_percent(r["simulated_beds"] / r["observed_beds"] - 1),
            amount(r["simulated_open"]),
        ]
        for r in outcome.baseline.fitted.to_dict("records")
    ]


def proxy_rows(outcome: Outcome) -> list[list[str]]:
    """By hospital: what is published about waits and cancellations beside what is simulated; not like for like."""
    return [
        [
            short(r["hospital"]),
            percent(r["observed_type1_4h"], 1)
            + (f" (simulated: {percent(r['simulated_type1_4h'], 1)})" if "simulated_type1_4h" in r else ""),
            amount(r["observed_over_12h"]),
            percent(r["simulated_over_4h"], 1),
            percent(r["simulated_over_12h"], 2),
            amount(r["observed_cancelled"]),
            f"{amount(r['simulated_cancelled'])} ({percent(r['simulated_cancelled_share'], 1)})",
        ]
        for r in outcome.baseline.fitted.to_dict("records")
    ]


def holdout_rows(outcome: Outcome) -> list[list[str]]:
    """By hospital and quarter: occupancy and beds in use observed, forecast and by persistence."""
    return [
        [
            short(r["hospital"]),
            r["quarter"].replace(" ", "\u00a0"),
            *(percent(r[f"{k}_occupancy"], 1) for k in ("observed", "forecast", "same_quarter", "last_quarter")),
            *(amount(r[f"{k}_beds"]) for k in ("observed", "forecast", "same_quarter")),
        ]
        for r in outcome.baseline.holdout.to_dict("records")
    ]


def error_rows(outcome: Outcome) -> list[list[str]]:
    """Mean absolute errors of the forecasts."""
    errors = outcome.baseline.errors
    return [
        [
            words[0].upper() + words[1:],
            f"{amount(errors[f'{name}_points'], 1)} points",
            f"{amount(errors[f'{name}_beds_per_cent'], 1)}\u00a0%" if f"{name}_beds_per_cent" in errors else "\u2013",
        ]
        for name, words in FORECASTS
    ]


def holdout_says(outcome: Outcome) -> str:
    """Which forecast was nearest, in one plain sentence."""
    errors = {name: outcome.baseline.errors[f"{name}_points"] for name, _ in FORECASTS}
    better = [words for name, words in FORECASTS[1:] if errors[name] < errors["forecast"]]
    if not better:
        return "The model's forecast of occupancy was nearer to what happened than either simple rule."
    rules = " and ".join(f"\u201c{words}\u201d" for words in better)
    many = "two simple rules are" if len(better) > 1 else "a simple rule is"
    return (
        f"Here {many} better than the model: {rules} came nearer to the occupancy that was observed. "
        "The model is no tool for forecasting the next quarter; it is used here to compare a plan with business as "
        "usual."
    )


def waits_rows(outcome: Outcome) -> list[list[str]]:
    """By hospital and quarter kept back: people who waited over twelve hours; none where the fit knows of no waits."""
    return [
        [
            short(r["hospital"]),
            r["quarter"].replace(" ", "\u00a0"),
            *(amount(r[f"{k}_over_12h"]) for k in ("observed", *(name for name, _ in FORECASTS))),
        ]
        for r in outcome.baseline.waits.to_dict("records")
    ]


def waits_say(outcome: Outcome) -> str:
    """How far each forecast of long waits was off, in one sentence; empty where there is none."""
    errors, key = outcome.baseline.errors, "{}_over_12h_per_cent"
    if key.format("forecast") not in errors:
        return ""
    off = [f"{words} by {amount(errors[key.format(name)])}\u00a0%" for name, words in FORECASTS]
    return (
        f"Waits over 12 hours in these quarters are missed, on average and in per cent of their mean: {', '.join(off)}."
    )


def out_of_reach(outcome: Outcome) -> str:
    """Share of each hospital's beds that the fit holds out of reach; empty where there are none."""
    fit, sites = outcome.settings.fit, outcome.settings.footprint.sites
    if fit is None:
        return ""
    return ", ".join(
        f"{percent(share, 1)} at {short(sites[site].name)}" for site, share in fit.out_of_reach.items() if share
    )


def delay_rows(outcome: Outcome) -> list[list[str]]:
    """Delayed beds observed and simulated, and how much they change from year to year."""
    found, footprint = outcome.baseline.delays, outcome.settings.footprint
    year, factor = footprint.baseline_year, footprint.delays.host_conversion
    converted = f" ({amount(found['observed_residents'], 1)} of residents \u00d7 {factor.value:g})" if factor else ""
    if footprint.data.delays_annual is None:
        converted = " (worked out from a share of beds in use, not counted)"
    return [
        [
            f"Hospital beds held by delayed people, {year}",
            amount(found["observed_beds"], 1) + converted,
            f"{amount(found['simulated_beds'], 1)} (\u00b1 {amount(found['simulated_sd'], 1)})",
        ],
        [
            "Typical change from one year to the next",
            _yearly_change(found),
            f"\u00b1\u00a0{percent(found['simulated_yearly_change_sd'])}",
        ],
        [
            f"Beds outside acute hospitals held by delayed people, {year}",
            _outside(found),
            f"{amount(found['simulated_non_acute'], 1)} (community beds only)",
        ],
    ]


def _yearly_change(found: dict[str, Any]) -> str:
    years = found["observed_years"]
    return f"\u00b1\u00a0{percent(found['observed_yearly_change_sd'])} ({years} years)" if years > 2 else UNPUBLISHED


def _outside(found: dict[str, Any]) -> str:
    beds = found["observed_non_acute"]
    return f"{amount(beds, 1)} (residents; community and mental-health beds)" if isfinite(beds) else UNPUBLISHED

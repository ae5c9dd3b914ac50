"""One printable page an area: its facts with their sources, its fit, and its forecast beside persistence."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.footprint_persistence import PUBLISHED, persistence
from models.footprint_short import ShortFootprint
from models.footprints_score import RULES, Fitted, area_facts, errors_by_area
from models.measures import delayed_beds, occupied_beds
from models.observed import beds_by_quarter
from models.report import style
from models.report.words import STATUS, amount, percent
from models.report.words import short as short_name
from sim.files import replace_text

__all__ = ["render_pages", "write_pages"]

HEADS = {"observed": "observed", "forecast": "model", "same_quarter": "a year before"}


def write_pages(path: str | Path, fitted: dict[str, Fitted], scored: pd.DataFrame) -> Path:
    """Write the pages of all areas as one self-contained HTML file and return its path.

    Parameters
    ----------
    fitted : dict of Fitted
        As :func:`models.footprints_score.fit_all` gives it, after it has been scored.
    scored : DataFrame
        As :func:`models.footprints_score.score` gives it.
    """
    path = Path(path)
    replace_text(path, render_pages(fitted, scored))
    return path


def render_pages(fitted: dict[str, Fitted], scored: pd.DataFrame) -> str:
    """Fill the template; every area is one page in print."""
    here = Path(__file__).resolve().parent
    loader = FileSystemLoader([here, here / "report"], encoding="utf-8")
    env = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    errors = errors_by_area(scored)
    years = {one.footprint.baseline_year for one in fitted.values()}
    titles = {name: one.footprint.title for name, one in fitted.items()}
    context = {
        "year": ", ".join(sorted(years)),
        "systems": [_system(name, one, scored, errors) for name, one in fitted.items()],
        "with_baseline": sum(not one.reasons for one in fitted.values()),
        "summary": [_summary(row, titles) for row in errors.to_dict("records")],
        "england": [
            (
                {"trust": "each trust's", "area": "each plan area's"}[row["unit"]],
                row["rule"],
                amount(row["count"]),
                *(amount(row[key], 1) for key in ("mean", "median", "weighted")),
            )
            for row in persistence().to_dict("records")
        ],
        "published": amount(PUBLISHED, 1),
        "status": STATUS,
    }
    return env.get_template("footprint_pages.html.j2").render(context)


def _summary(row: dict[Any, Any], titles: dict[str, str]) -> tuple[str, ...]:
    known = titles.get(str(row["system"]), str(row["system"]))
    has = ("yes" if row["baseline"] else "no") if row["system"] in titles else ""
    return (known, has, amount(row["sites"]), *(amount(row[f"{rule}_error_points"], 1) for rule in RULES))


def _system(name: str, one: Fitted, scored: pd.DataFrame, errors: pd.DataFrame) -> dict[str, Any]:
    rows: Any = scored[scored["system"] == name]
    short = area_facts(name)
    svg, caption = _chart(name, one, rows)
    score_heads, score_rows = _score(one, rows)
    fit_heads, fit_rows = _fit_rows(one)
    found = errors.set_index("system").loc[name]
    says = (
        f"On average the model misses occupancy by {amount(found['forecast_error_points'], 1)} points, the same "
        f"quarter a year before by {amount(found['same_quarter_error_points'], 1)}, the last quarter known by "
        f"{amount(found['last_quarter_error_points'], 1)}. The fit took {one.rounds} rounds."
    )
    return {
        "name": name,
        "title": one.footprint.title,
        "question": one.footprint.question,
        "reasons": one.reasons,
        "says": says,
        "svg": Markup(svg),
        "caption": caption,
        "score_heads": score_heads,
        "score": score_rows,
        "fit_heads": fit_heads,
        "fit": fit_rows,
        "ways_heads": ["way out", "aimed at", "simulated", "places / load"],
        "ways": _way_rows(one),
        "facts": _facts(one, short),
        "basis": short.basis,
    }


def _score(one: Fitted, rows: Any) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: occupancy of every held-out quarter; the model's where there is a baseline."""
    quarters = list(dict.fromkeys(rows["quarter"]))
    kinds = {k: text for k, text in HEADS.items() if k != "forecast" or one.observed is not None}
    out = []
    for hospital, group in rows.groupby("hospital", sort=False):
        by = group.set_index("quarter")
        cells = [amount(100 * by.loc[q, f"{kind}_occupancy"], 1) for q in quarters for kind in kinds]
        last = amount(100 * by["last_quarter_occupancy"].iloc[0], 1)
        out.append([short_name(str(hospital)), last, *cells])
    return ["hospital", "last known", *(f"{q[-2:]} {text}" for q in quarters for text in kinds.values())], out


def _fit_rows(one: Fitted) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: what is known of each hospital, and the fit where there is one."""
    fit, observed, year = one.fit, one.observed, one.footprint.baseline_year
    heads = ["hospital", "beds", "in use", "occupancy", "A&E admissions a day", "within 4 h"]
    heads += ["simulated in use", "factor on stays", "no night"] if fit else []
    out = []
    for name, site in one.footprint.sites.items():
        row = [
            f"{short_name(site.name)} ({site.code})",
            amount(site.beds_available.value),
            amount(site.beds_occupied.value),
            percent(site.beds_occupied.value / site.beds_available.value, 1),
            amount(site.type1_admissions_per_day.value, 1),
            percent(site.type1_4h_share.value, 1),
        ]
        if fit:
            used = None if observed is None else float(occupied_beds(observed, name)[:, observed.in_year(year)].mean())
            row += [amount(used), amount(fit.stay_factor[name], 2), percent(fit.zero_day_share[name])]
        out.append(row)
    return heads, out


def _way_rows(one: Fitted) -> list[list[str]]:
    if one.fit is None:
        return []
    factor = one.footprint.delays.host_conversion
    times = factor.value if factor else 1.0
    rows = [
        [
            way.title,
            amount(way.delayed_target.value * times, 1),
            amount(one.fit.achieved.get(f"{name}_delayed_beds"), 1),
            amount(one.fit.capacity_factor[name], 3),
        ]
        for name, way in one.footprint.pathways.items()
    ]
    if one.observed is not None:
        months = one.observed.in_year(one.footprint.baseline_year)
        fresh = amount(float(delayed_beds(one.observed)[:, months].mean()), 1)
        rows.append(["all, in fresh runs", amount(one.footprint.delays.acute_beds.value * times, 1), fresh, ""])
    return rows


def _facts(one: Fitted, short: ShortFootprint) -> list[tuple[str, str, list[str], str]]:
    footprint = one.footprint
    people, hosts = footprint.population.residents, footprint.population.england_equivalents
    acute, factor = footprint.delays.acute_beds, footprint.delays.host_conversion
    rows: list[tuple[str, str, list[str], str]] = [
        ("residents", f"{amount(people.value)} people", [], _sure(people)),
        ("hospitals' work", f"as for {amount(hosts.value)} average people of England", [], _sure(hosts)),
        ("delayed residents", f"{amount(acute.value, 1)} acute beds{_range(acute, 1)}", [], _sure(acute)),
    ]
    if factor:
        text = f"{amount(factor.value, 2)} delayed beds here for each of a resident{_range(factor, 2)}"
        rows.append(("hospitals and residents", text, [], _sure(factor)))
    for key, fact in short.facts.items():
        rows.append(
            (key.replace("_", " "), fact.text, list(fact.alternatives) + [fact.note] * bool(fact.note), _sure(fact))
        )
    return rows


def _range(figure: Any, digits: int) -> str:
    low, high = figure.range
    return f" ({amount(low, digits)} to {amount(high, digits)})" if low < high else ""


def _sure(entry: Any) -> str:
    source = "" if entry.source == "own estimate" else f", {entry.source}"
    return f"{entry.status}, {entry.year}{source}"


# --- the chart -----------------------------------------------------------------------------------------------------


def _chart(name: str, one: Fitted, rows: Any) -> tuple[str, str]:
    """Beds in use over all hospitals by quarter: observed, forecast with its spread, and a year before."""
    seen: Any = beds_by_quarter(one.footprint)
    seen = seen.groupby(["year", "quarter"])["occupied"].sum().reset_index()
    labels = [f"{year[2:]} Q{quarter}" for year, quarter in zip(seen["year"], seen["quarter"], strict=True)]
    held = rows.groupby("quarter", sort=False)[["forecast_beds", "same_quarter_beds"]].sum(min_count=1)
    at = np.arange(len(labels) - len(held), len(labels))
    says = f"Beds in use in {one.footprint.title} by quarter, observed beside what was forecast"
    with style.styled(), tempfile.TemporaryDirectory() as folder:
        fig = style.figure("Beds in use at midnight, all hospitals", 2.3)
        ax = fig.subplots()
        ax.plot(np.arange(len(labels)), seen["occupied"].astype(float), "-o", color=style.INK, label="observed")
        ax.plot(
            at,
            held["same_quarter_beds"],
            ":s",
            color=style.GREY,
            markerfacecolor="white",
            label="same quarter a year before",
        )
        if held["forecast_beds"].notna().all():
            middle = held["forecast_beds"].to_numpy(float)
            ends = _ends(one, rows, middle)
            ax.errorbar(
                at,
                middle,
                yerr=ends,
                fmt="--^",
                color=style.INK,
                markerfacecolor="white",
                capsize=3,
                label="model, 5 to 95 %",
            )
        ax.set_xticks(np.arange(len(labels)), labels)
        ax.axvline(at[0] - 0.5, color=style.GREY, linewidth=0.8)
        style.thousands(ax)
        handles, _ = ax.get_legend_handles_labels()
        style.legend_below(fig, handles, 3)
        svg = style.save(fig, Path(folder), f"chart_{name}", says)
    what = "To the left of the line the year that was fitted, to the right the quarters held out."
    return svg, what


def _ends(one: Fitted, rows: Any, middle: Any) -> Any:
    """Distances to the 5 and 95 % of the sum over hospitals; of the sum of hospitals' ends without a run at hand."""
    if one.observed is None:
        ends = rows.groupby("quarter", sort=False)[["forecast_low", "forecast_high"]].sum().to_numpy(float).T
    else:
        whole = occupied_beds(one.observed)
        first = one.footprint.holdout.year[:4]
        starts = [f"{first}-{month:02d}" for month in (4, 7, 10)]
        index = [[m.isoformat()[:7] for m in one.observed.months].index(start) for start in starts]
        ends = np.array([np.quantile(whole[:, n : n + 3].mean(axis=1), [0.05, 0.95]) for n in index]).T
    return np.abs(ends - middle)

"""One printable page an area: its facts with their sources, its fit, and its forecast beside persistence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.areas.charts import area_chart, overview_chart
from models.areas.persistence import PUBLISHED, persistence
from models.areas.score import RULES, Fitted, area_facts, as_wholes, errors_by, score_waits
from models.calibration.waits_ahead import misses_of_waits
from models.footprint.short import FIRST, ShortFootprint
from models.report.words import STATUS, amount, percent
from models.report.words import short as short_name
from sim.files import replace_text

__all__ = ["write_pages"]

_DELAYED = {"resident": "delayed residents", "host trust": "delayed people"}
HEADS = {"observed": "observed", "forecast": "model", "same_quarter": "a year before"}


def write_pages(folder: Path, fitted: dict[str, Fitted], scored: pd.DataFrame) -> list[str]:
    """Write ``report.html``, which loads nothing, and its charts; every area is one page in print.

    Parameters
    ----------
    folder : Path
        An existing folder.
    fitted : dict of Fitted
    scored : DataFrame
        As :func:`models.areas.score.score` gives it.

    Returns
    -------
    list of str
        Names of the PNG files.
    """
    here = Path(__file__).resolve().parent
    loader = FileSystemLoader([here, here.parent / "report"], encoding="utf-8")
    env = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    errors, by_site = errors_by(scored, "system"), errors_by(scored, "system", "site")
    titles = {  # the year of all of them stands above
        name: one.footprint.title.removesuffix(f" in {one.footprint.baseline_year}") for name, one in fitted.items()
    }
    footprint = next(iter(fitted.values())).footprint  # areas of one report are of one year
    year, held = footprint.baseline_year, footprint.holdout
    waits = score_waits(fitted)
    svg = overview_chart(folder, fitted, by_site)
    context = {
        "year": year,
        "later": held.year,
        "until": _end_of(held.year, max(held.quarters)),
        "held_out": f"{held.year} Q{min(held.quarters)} to Q{max(held.quarters)}",
        "systems": [_system(folder, name, one, scored, errors, waits) for name, one in fitted.items()],
        "with_baseline": sum(not one.reasons for one in fitted.values()),
        "overview": Markup(svg),
        "says": [*_overview_says(scored, errors, by_site), *_waits_says(waits)],
        "summary": [_summary(row, titles) for row in errors.to_dict("records") if row["sites"]],
        "sites": {
            fitted[str(name)].footprint.title: [_site_row(row, fitted) for row in rows.to_dict("records")]
            for name, rows in by_site.groupby("system", sort=False)
        },
        "england": [
            (
                {"trust": "each trust's", "area": "each plan area's"}[row["unit"]],
                row["rule"],
                amount(row["count"]),
                *(amount(row[key], 1) for key in ("mean", "median", "weighted")),
            )
            for row in persistence(year=year).to_dict("records")
        ],
        "published": amount(PUBLISHED, 1) if year == FIRST else "",
        "status": STATUS,
    }
    replace_text(folder / "report.html", env.get_template("pages.html.j2").render(context))
    return ["overview.png", *(f"{name}.png" for name in fitted)]


def _overview_says(scored: pd.DataFrame, errors: pd.DataFrame, by_site: pd.DataFrame) -> list[str]:
    """Who is nearer, in words: over all hospitals with a baseline, hospital by hospital, and for whole areas."""
    frame: Any = by_site
    known = frame[frame["baseline"]]
    if known.empty:
        return ["No area has a baseline, so nothing is forecast."]
    row = errors.set_index("system").loc["all with a baseline"]
    model, before, last = (amount(row[f"{rule}_error_points"], 1) for rule in RULES)
    nearer = [int((known["forecast_error_points"] < known[f"{rule}_error_points"]).sum()) for rule in RULES[1:]]
    whole = [amount(points, 1) for points in as_wholes(scored).values()]
    return [
        f"By hospital ({len(known)} with a baseline), the model misses occupancy by {model} points on average. To say "
        f"that a quarter will be as it was a year before misses by {before}, to say that it will be as the last known "
        f"quarter by {last}. The model is nearer than the first at {nearer[0]} hospitals, nearer than the second at "
        f"{nearer[1]}.",
        f"For whole areas, all hospitals together, the model misses by {whole[0]} points, the same quarter a year "
        f"before by {whole[1]}, the last quarter known by {whole[2]}.",
        f"The model's ranges, 5 to 95\u00a0%, hold {amount(row['inside'])} of {amount(row['quarters'])} quarters: they "
        "are of chance alone, without doubt about the fit or about what nobody foresaw.",
    ]


def _waits_says(waits: pd.DataFrame) -> list[str]:
    """How far long waits are missed, in words; nothing where no fit knows of them."""
    misses = misses_of_waits(waits) if len(waits) else {}
    if not misses:
        return []
    model, before, last = (amount(misses[f"{rule}_over_12h_per_cent"]) for rule in RULES)
    return [
        f"Waits over twelve hours for a bed, by hospital and quarter, are missed by {model}\u00a0% of their mean on "
        f"average; the same quarter a year before misses by {before}\u00a0%, the last quarter known by {last}\u00a0%."
    ]


def _end_of(year: str, quarter: int) -> str:
    """Month with which a quarter ends, such as December 2019."""
    first = int(year[:4])
    return {1: f"June {first}", 2: f"September {first}", 3: f"December {first}", 4: f"March {first + 1}"}[quarter]


def _waits(name: str, waits: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: long waits of every held-out quarter of one area."""
    frame: Any = waits
    if frame.empty or name not in set(frame["system"]):
        return [], []
    frame = frame[frame["system"] == name]
    quarters, kinds = list(dict.fromkeys(frame["quarter"])), HEADS
    out = []
    for hospital, group in frame.groupby("hospital", sort=False):
        by = group.set_index("quarter")
        cells = [amount(by.loc[q, f"{kind}_over_12h"]) for q in quarters for kind in kinds]
        out.append([short_name(str(hospital)), *cells])
    return ["hospital", *(f"{q[-2:]} {text}" for q in quarters for text in kinds.values())], out


def _summary(row: dict[Any, Any], titles: dict[str, str]) -> tuple[str, ...]:
    known = titles.get(str(row["system"]), str(row["system"]))
    has = ("yes" if row["baseline"] else "no") if row["system"] in titles else ""
    return (known, has, amount(row["sites"]), *(amount(row[f"{rule}_error_points"], 1) for rule in RULES))


def _site_row(row: dict[Any, Any], fitted: dict[str, Fitted]) -> tuple[str, ...]:
    footprint = fitted[str(row["system"])].footprint
    within = f"{amount(row['inside'])} of {amount(row['quarters'])}" if row["baseline"] else amount(None)
    misses = (amount(row[f"{rule}_error_points"], 1) for rule in RULES)
    return (short_name(footprint.sites[row["site"]].name), *misses, within)


def _system(
    folder: Path, name: str, one: Fitted, scored: pd.DataFrame, errors: pd.DataFrame, waits: pd.DataFrame
) -> dict[str, Any]:
    rows: Any = scored[scored["system"] == name]
    waits_heads, waits_rows = _waits(name, waits)
    short = area_facts(name)
    score_heads, score_rows = _score(one, rows)
    fit_heads, fit_rows = _fit_rows(one)
    found = errors.set_index("system").loc[name]
    says = (
        f"On average the model misses occupancy by {amount(found['forecast_error_points'], 1)} points, the same "
        f"quarter a year before by {amount(found['same_quarter_error_points'], 1)}, the last quarter known by "
        f"{amount(found['last_quarter_error_points'], 1)}. Beds in use are missed by "
        f"{amount(found['forecast_error_per_cent'], 1)}, {amount(found['same_quarter_error_per_cent'], 1)} and "
        f"{amount(found['last_quarter_error_per_cent'], 1)}\u00a0%."
    )
    return {
        "name": name,
        "title": one.footprint.title,
        "question": one.footprint.question,
        "reasons": one.reasons,
        "says": says,
        "svg": Markup(area_chart(folder, name, one, rows)),
        "caption": "Left of the line the year that was fitted, right of it the quarters held out.",
        "score_heads": score_heads,
        "score": score_rows,
        "waits_heads": waits_heads,
        "waits": waits_rows,
        "fit_heads": fit_heads,
        "fit": fit_rows,
        "ways_heads": ["waiting for", "aimed at", "simulated", "places over load"],
        "ways": _way_rows(one),
        "matched": not one.footprint.no_baseline,
        "fitted": _how_fitted(name, one),
        "facts": _facts(one, short),
        "basis": short.basis if short else [],
    }


def _how_fitted(name: str, one: Fitted) -> str:
    if one.fit is None:
        return ""
    return (
        f", and the fit to it (fits/{name}.yaml: {'with ranges' if one.fit.posterior else 'the point estimate alone'})"
    )


def _score(one: Fitted, rows: Any) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: occupancy of every held-out quarter; the model's where there is a baseline."""
    quarters = list(dict.fromkeys(rows["quarter"]))
    kinds = {k: text for k, text in HEADS.items() if k != "forecast" or not one.reasons}
    out = []
    for hospital, group in rows.groupby("hospital", sort=False):
        by = group.set_index("quarter")
        cells = [amount(100 * by.loc[q, f"{kind}_occupancy"], 1) for q in quarters for kind in kinds]
        last = amount(100 * by["last_quarter_occupancy"].iloc[0], 1)
        out.append([short_name(str(hospital)), last, *cells])
    return ["hospital", "last known", *(f"{q[-2:]} {text}" for q in quarters for text in kinds.values())], out


def _fit_rows(one: Fitted) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: what is known of each hospital, and the fit where there is one."""
    fit, made = one.fit, one.forecast
    heads = ["hospital", "beds", "in use", "occupancy", "A&E admissions a day", "within 4 h"]
    heads += ["simulated in use", "factor on stays", "emergencies without a night"] if fit else []
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
            used = made.baseline_beds[name] if made else None
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
    if one.forecast is not None:
        fresh = amount(one.forecast.baseline_delayed, 1)
        rows.append(["all, in fresh runs", amount(one.footprint.delays.acute_beds.value * times, 1), fresh, ""])
    return rows


def _facts(one: Fitted, short: ShortFootprint | None) -> list[tuple[str, str, list[str], str]]:
    footprint = one.footprint
    people, hosts = footprint.population.residents, footprint.population.england_equivalents
    acute, factor = footprint.delays.acute_beds, footprint.delays.host_conversion
    rows: list[tuple[str, str, list[str], str]] = [
        ("residents", f"{amount(people.value)} people", [], _sure(people)),
        ("hospitals' work", f"as for {amount(hosts.value)} average people of England", [], _sure(hosts)),
        (_DELAYED[acute.basis], f"{amount(acute.value, 1)} acute beds{_range(acute, 1)}", [], _sure(acute)),
    ]
    if factor:
        text = f"{amount(factor.value, 2)} delayed beds here for each of a resident{_range(factor, 2)}"
        rows.append(("hospitals and residents", text, [], _sure(factor)))
    for key, fact in (short.facts if short else {}).items():
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

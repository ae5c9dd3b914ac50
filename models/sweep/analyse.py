"""``carebridge analyse``: tables and charts of what the answers of a sweep depend on, and a summary in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.sweep import charts
from models.sweep.wanted import Wanted, wanted
from sim.analysis import Outcome, Tables, discover, frontier, morris_effects, response, sobol_indices, tornado
from sim.analysis.frontier import Passing
from sim.analysis.prim import Found
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.statistics import binomial_bounds
from sim.sweep.folder import Folder

__all__ = ["analyse"]

USUAL = "probability"  #: measure of the care model that is analysed unless another is named
FEWEST = 20  #: points in which a box is sought
MOST_FRONTIERS = 12  #: combinations of other keys
WIDE = 0.3  #: half-width of an index from which it tells little
WIDEST = 3  #: keys that the summary names


@dataclass(frozen=True)
class _Place:
    """Where the files of one outcome go."""

    folder: Path
    name: str

    def write(self, table: pd.DataFrame, kind: str) -> str:
        """Write a table; returns the name for its chart."""
        table.to_csv(self.folder / f"{self.name}-{kind}.csv", index=False, float_format="%.10g", lineterminator="\n")
        return f"{self.name}-{kind}"


def analyse(words: list[str]) -> int:
    """Analyse what was asked for; returns 0."""
    asked = wanted(words)
    folder = Folder.open(asked.folder)
    tables = Tables(folder)
    care = str(folder.about["study"]).startswith("models.sweep.care")
    measures = asked.measures or ([USUAL] if care and USUAL in tables.measures() else [])
    if not measures and len(tables.measures()) == 1:
        measures = tables.measures()
    if not measures:
        raise CarebridgeError("name a measure: measure=NAME. There are:\n  " + "\n  ".join(tables.choices()))
    found = [o for measure in measures for o in tables.outcomes(measure, asked.group)]
    _check_frontier(asked, found[0])
    target = asked.folder / "analysis"
    target.mkdir(exist_ok=True)
    taken: set[str] = set()
    for outcome in found:
        passing = asked.passing or (_verdicts_own(folder) if care and outcome.measure == USUAL else None)
        own = _with_bounds(outcome, folder.replications) if care and _is_share(outcome) else outcome
        _one(own, passing, asked, _Place(target, _name(own, taken)))
    print(f"Tables and charts are in {target}.")
    return 0


def _name(outcome: Outcome, taken: set[str]) -> str:
    """Name of files: letters, figures and hyphens, each once."""
    plain = re.sub(r"[^a-z0-9]+", "-", outcome.name.lower()).strip("-")[:80]
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    taken.add(name)
    return name


def _is_share(outcome: Outcome) -> bool:
    """Whether an answer of the care model is a share of replications."""
    return outcome.measure in (USUAL, "delivered", "safe") or outcome.measure.startswith("passes_")


def _with_bounds(outcome: Outcome, replications: int) -> Outcome:
    """Exact bounds of shares of replications."""
    each = {float(s): binomial_bounds(round(s * replications), replications, sided=2) for s in set(outcome.known().y)}
    bounds = np.array([each.get(float(s), (np.nan, np.nan)) for s in outcome.y])
    return replace(outcome, low=bounds[:, 0], high=bounds[:, 1], unit="share of replications")


def _verdicts_own(folder: Folder) -> Passing | None:
    """Probability from which the verdict is 'credible'."""
    file = folder.file("tables") / "judged_by.parquet"
    if not file.is_file():
        return None
    found = pd.read_parquet(file, columns=["credible_from"])["credible_from"].unique()
    return Passing(float(found[0])) if len(found) == 1 else None


def _one(outcome: Outcome, passing: Passing | None, asked: Wanted, place: _Place) -> None:
    """Everything of one outcome."""
    known = outcome.known()
    unit = f" {outcome.unit}" if outcome.unit else ""
    print(f"{outcome.name}{unit}: {len(known.y)} points, from {known.y.min():.4g} to {known.y.max():.4g}, ", end="")
    print(f"mean {known.y.mean():.4g}")
    if len(known.y) < len(outcome.y):
        print(f"  {len(outcome.y) - len(known.y)} points have no answer and are left out.")
    swings = tornado(outcome)
    if swings.empty:
        print("  No key of the design varies here; there is nothing to compare.\n")
        return
    name = place.write(swings, "tornado")
    charts.tornado_chart(swings, outcome, place.folder, name)
    curves = response(outcome)
    charts.response_chart(curves, list(swings["key"]), outcome, place.folder, place.write(curves, "response"))
    _say_swings(swings)
    _indices(outcome, place)
    if passing is None:
        print("  Give at_least=NUMBER or at_most=NUMBER to look for the combinations that pass or fail.\n")
        return
    _boxes(known, passing, asked.find, place)
    _frontier(outcome, passing, asked, place)
    print()


def _say_swings(swings: pd.DataFrame) -> None:
    print("  It depends most on:")
    for row in swings.iloc[:WIDEST].to_dict("records"):
        sure = f" (95 %: {row['low']:+.3g} to {row['high']:+.3g})" if np.isfinite(row["low"]) else ""
        print(f"    {row['key']}: {row['swing']:+.3g}{sure}, {row['rule']}: {row['from']} → {row['to']}")
    left = len(swings) - WIDEST
    if left > 0:
        print(f"    and {left} more key{'s' if left > 1 else ''}, whose swings are smaller")


def _indices(outcome: Outcome, place: _Place) -> None:
    """Indices of designs that were made for them."""
    for kind, work, draw in (
        ("sobol", sobol_indices, charts.sobol_chart),
        ("morris", morris_effects, charts.morris_chart),
    ):
        table, notes = work(outcome)
        for note in notes:
            print(f"  No {kind.capitalize()} indices of {note}.")
        if table.empty:
            continue
        draw(table, outcome, place.folder, place.write(table, kind))
        said = "Sobol indices (shares of the variance):" if kind == "sobol" else "Morris effects (over a whole range):"
        shown = table if any(table["at"]) else table.drop(columns="at")
        if kind == "sobol" and table[["first_half_width", "total_half_width"]].max(axis=None) > WIDE:
            print("  The Sobol indices are not yet known well; a larger base narrows their intervals.")
        print("\n".join(["  " + said, *(f"    {line}" for line in _lines(shown))]))


def _lines(table: pd.DataFrame) -> list[str]:
    return table.to_string(index=False, float_format=lambda v: f"{v:.3g}", max_rows=20).splitlines()


def _boxes(outcome: Outcome, passing: Passing, find: str, place: _Place) -> None:
    """Boxes of the points that fail or pass."""
    passes = passing.of(outcome)
    interest = ~passes if find == "failing" else passes
    print(f"  {passes.sum()} of {len(passes)} points pass ({passing}), {(~passes).sum()} fail.")
    if not 0 < interest.sum() < len(interest):
        return
    if len(interest) < FEWEST:
        print(f"  Boxes are sought in {FEWEST} points or more.")
        return
    found = discover(outcome.points.loc[:, outcome.keys], interest)
    steps = pd.concat([f.trajectory.assign(box=n + 1, p_value=f.p_value) for n, f in enumerate(found)])
    limits = [f.limits.assign(box=n + 1, coverage=f.coverage, density=f.density, mass=f.mass, p_value=f.p_value)
              for n, f in enumerate(found) if f.is_real]  # fmt: skip
    place.write(steps, "prim")
    if not limits:
        print(f"  No box: the {find} points do not gather where chance would not put them (PRIM).")
        return
    place.write(pd.concat(limits), "boxes")
    for number, one in enumerate((f for f in found if f.is_real), 1):
        _say_box(number, one, find)
        name = f"{place.name}-prim" + (f"-{number}" if number > 1 else "")
        title = f"Box {number}: where {outcome.name} is {passing.fails if find == 'failing' else passing}"
        charts.prim_chart(one.trajectory, find, title, place.folder, name)


def _say_box(number: int, one: Found, find: str) -> None:
    print(f"  Box {number} holds {one.coverage:.0%} of the {find} points; {one.density:.0%} of its points are {find}:")
    for row in one.limits.to_dict("records"):
        print(f"    {row['key']}: {_range(row)} (quasi-p {row['quasi_p']:.2g})")


def _range(row: dict[str, Any]) -> str:
    if row["words"]:
        return str(row["words"])
    low, high = row["low"], row["high"]
    if np.isfinite(low) and np.isfinite(high):
        return f"from {low:.4g} to {high:.4g}"
    return f"{low:.4g} or more" if np.isfinite(low) else f"{high:.4g} or less"


def _on_grid(outcome: Outcome) -> list[str]:
    """Keys of numbers with chosen values."""
    return [k for k in outcome.keys if outcome.is_number(k) and outcome.layout.of_key(k).is_grid]


def _check_frontier(asked: Wanted, outcome: Outcome) -> None:
    """The keys of a frontier must be numbers whose values were chosen."""
    known = _on_grid(outcome)
    rule = f"a key with several numbers of a grid is needed; there are: {', '.join(known) or 'none'}."
    faults = [
        Fault("frontier", key, rule, "command line", nearest(key, known)) for key in asked.frontier if key not in known
    ]
    if faults:
        raise FaultsError(faults, "command line")


def _frontier(outcome: Outcome, passing: Passing, asked: Wanted, place: _Place) -> None:
    keys = asked.frontier or _on_grid(outcome)
    if len(keys) != 2:
        if len(keys) > 2:
            print("  Give frontier=KEY,KEY for how much of the second key each value of the first needs.")
        return
    others = outcome.points[[k for k in outcome.keys if k not in keys]].drop_duplicates()
    if len(others.columns) and len(others) > MOST_FRONTIERS:
        print(f"  No frontier: the other keys have {len(others)} combinations; confine them with group=KEY=VALUE.")
        return
    table = frontier(outcome, keys[0], keys[1], passing)
    name = place.write(table, "frontier")
    charts.frontier_chart(table, keys[1], outcome, passing, place.folder, name)
    print(f"  The {table['side'].iloc[0]} {keys[1]} that passes, by {keys[0]} (possible and sure: what noise leaves):")
    shown = table.drop(columns=["side", *([] if any(table["at"]) else ["at"])])
    print("\n".join(f"    {line}" for line in _lines(shown.rename(columns={"frontier": "needed"}))))
    if not table.loc[table["frontier"].notna(), "holds"].all():
        print("    Where 'holds' is False, some values beyond the frontier do not pass.")

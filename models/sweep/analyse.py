"""``carebridge analyse``: tables and charts of what the answers of a sweep depend on, and a summary in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from models.command_line.aligned import aligned
from models.sweep import charts, told
from models.sweep.titles import Answer, Titles, answer_of, is_share
from models.sweep.wanted import Wanted, wanted
from sim.analysis import Outcome, Tables, discover, frontier, morris_effects, response, sobol_indices, tornado
from sim.analysis.frontier import Passing
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.statistics import binomial_bounds
from sim.sweep.folder import Folder

__all__ = ["analyse"]

USUAL = "probability"  #: measure of the care model that is analysed unless another is named
FEWEST = 20  #: points in which a box is sought
MOST_FRONTIERS = 12  #: combinations of other keys
WHAT = {  #: what a file holds
    "tornado": "how far each figure moves the answer",
    "response": "mean answer along each figure",
    "sobol": "shares of the differences that each figure explains (Sobol indices)",
    "morris": "effect of each figure over its whole range (Morris)",
    "prim": "every step of the search for boxes (PRIM)",
    "boxes": "boxes, with coverage, density and quasi-p values",
    "frontier": "how much of one figure each value of another needs",
}


@dataclass(frozen=True)
class _Place:
    """Where the files of one outcome go."""

    folder: Path
    name: str
    written: list[tuple[str, ...]]

    def write(self, table: pd.DataFrame, kind: str) -> str:
        """Write a table; returns the name for its chart."""
        table.to_csv(self.folder / f"{self.name}-{kind}.csv", index=False, float_format="%.10g", lineterminator="\n")
        self.written.append((f"{self.name}-{kind}.csv", WHAT[kind]))
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
    written: list[tuple[str, ...]] = []
    titles = Titles.of(folder)
    _say(told.asked_words(folder.about.get("question", ""), tables.points, tables.layout, titles, folder.replications))
    for outcome in found:
        passing = asked.passing or (_verdicts_own(folder) if care and outcome.measure == USUAL else None)
        own = _with_bounds(outcome, folder.replications) if care and is_share(outcome) else outcome
        _one(own, passing, asked, _Place(target, _name(own, taken), written), titles)
    _say([f"The whole tables are in {target}, most with a chart of the same name (.png):", *aligned(written)])
    return 0


def _name(outcome: Outcome, taken: set[str]) -> str:
    """Name of files: letters, figures and hyphens, each once."""
    plain = re.sub(r"[^a-z0-9]+", "-", outcome.name.lower()).strip("-")[:80]
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    taken.add(name)
    return name


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


def _one(outcome: Outcome, passing: Passing | None, asked: Wanted, place: _Place, titles: Titles) -> None:
    """Everything of one outcome."""
    answer = answer_of(outcome, titles.care)
    _say(told.head_words(outcome, answer, titles))
    swings = tornado(outcome)
    if swings.empty:
        _say(["Nothing that was varied varies here; there is nothing to compare.", ""])
        return
    name = place.write(swings, "tornado")
    charts.tornado_chart(swings, answer, titles, place.folder, name)
    curves = response(outcome)
    charts.response_chart(curves, list(swings["key"]), answer, titles, place.folder, place.write(curves, "response"))
    _say(told.swing_words(swings, answer, titles))
    _indices(outcome, place, answer, titles)
    if passing is None:
        _say([told.threshold_words(answer), ""])
        return
    _boxes(outcome.known(), passing, asked.find, place, answer, titles)
    _frontier(outcome, passing, asked, place, answer, titles)
    print()


def _say(lines: Sequence[str]) -> None:
    for line in lines:
        print(line)


def _indices(outcome: Outcome, place: _Place, answer: Answer, titles: Titles) -> None:
    """Indices of designs that were made for them."""
    shares, notes = sobol_indices(outcome)
    if not shares.empty:
        charts.sobol_chart(shares, answer, titles, place.folder, place.write(shares, "sobol"))
    _say(told.sobol_words(shares, notes, titles))
    effects, notes = morris_effects(outcome)
    if not effects.empty:
        charts.morris_chart(effects, answer, titles, place.folder, place.write(effects, "morris"))
    _say(told.morris_words(effects, notes, answer, titles))


def _boxes(outcome: Outcome, passing: Passing, find: str, place: _Place, answer: Answer, titles: Titles) -> None:
    """Boxes of the points that fail or pass."""
    passes = passing.of(outcome)
    interest = ~passes if find == "failing" else passes
    _say([told.passing_words(passes, answer, passing)])
    if not 0 < interest.sum() < len(interest):
        return
    if len(interest) < FEWEST:
        _say([f"Where they gather is told of {FEWEST} points or more."])
        return
    found = discover(outcome.points.loc[:, outcome.keys], interest)
    steps = pd.concat([f.trajectory.assign(box=n + 1, p_value=f.p_value) for n, f in enumerate(found)])
    limits = [f.limits.assign(box=n + 1, coverage=f.coverage, density=f.density, mass=f.mass, p_value=f.p_value)
              for n, f in enumerate(found) if f.is_real]  # fmt: skip
    place.write(steps, "prim")
    if not limits:
        _say([f"The {find} points gather nowhere that chance would not put them (PRIM)."])
        return
    place.write(pd.concat(limits), "boxes")
    for number, one in enumerate((f for f in found if f.is_real), 1):
        _say(told.box_words(number, one, find, outcome.points, titles))
        name = f"{place.name}-prim" + (f"-{number}" if number > 1 else "")
        where = answer.fails(passing) if find == "failing" else answer.passes(passing)
        title = f"{answer.title}, and where it is {where}: box {number}"
        charts.prim_chart(one.trajectory, find, title, place.folder, name)


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


def _frontier(outcome: Outcome, passing: Passing, asked: Wanted, place: _Place, answer: Answer, titles: Titles) -> None:
    grid = _on_grid(outcome)
    keys = asked.frontier or grid
    others = outcome.points[[k for k in outcome.keys if k not in keys]].drop_duplicates()
    count = len(others) if len(others.columns) else 0
    _say(told.frontier_words(grid, count if len(keys) == 2 else 0, asked, MOST_FRONTIERS, titles))
    if len(keys) != 2 or count > MOST_FRONTIERS:
        return
    table = frontier(outcome, keys[0], keys[1], passing)
    name = place.write(table, "frontier")
    charts.frontier_chart(table, keys[1], outcome, passing, answer, titles, place.folder, name)
    _say(told.edge_words(table, keys, answer, passing, titles))

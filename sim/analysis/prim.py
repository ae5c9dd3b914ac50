"""PRIM, the patient rule induction method: boxes of the design in which the points of interest gather.

Friedman and Fisher (1999), "Bump hunting in high-dimensional data", Statistics and Computing 9, 123-143; used for the
discovery of scenarios as in Bryant and Lempert (2010), "Thinking inside the box", Technological Forecasting and Social
Change 77, 34-49. This is an implementation of our own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.analysis.box import Box, Columns, shares

__all__ = ["Found", "discover"]

Bools = npt.NDArray[np.bool_]

ALPHA = 0.05  #: share of the points of a box that one peel takes, or one paste gives back
LEAST_MASS = 0.05  #: share of all points below which peeling ends
LEAST_POINTS = 5  #: nor is a box peeled to fewer points than this
SIGNIFICANT = 0.05
SHUFFLES, SEED = 39, 1999
PASTES = 1000


@dataclass(frozen=True)
class Found:
    """One box.

    Parameters
    ----------
    trajectory : DataFrame
        Every step: step, kind (start, peel, paste, drop), key, coverage, density, mass, points, restricted (number of
        keys), chosen.
    limits : DataFrame
        Of the box that was chosen: key, low, high (numbers; infinite when open), words (allowed), quasi_p.
    coverage, density, mass : float
        Share of all points of interest that are inside; share of the points inside that are of interest; share of all
        points that are inside.
    p_value : float
        Share of shuffles of the points of interest in which the method finds as good a box: true p value of the whole
        search.
    inside : array
        Points inside.
    """

    trajectory: pd.DataFrame
    limits: pd.DataFrame
    coverage: float
    density: float
    mass: float
    p_value: float
    inside: Bools

    @property
    def is_real(self) -> bool:
        """Whether the box is more than chance gives, and restricts anything."""
        return self.p_value <= SIGNIFICANT and len(self.limits) > 0


def discover(
    points: pd.DataFrame, interest: Bools, most: int = 3, alpha: float = ALPHA, least_mass: float = LEAST_MASS
) -> list[Found]:
    """Find boxes that hold the points of interest, one after another; each is sought in what the earlier ones leave.

    Peeling takes from the box, on the key where it helps most for each point given up (Kwakkel and Jaxa-Rozen 2016,
    Environmental Modelling & Software 79, 311-321, for keys of few values), the least or greatest `alpha` of the
    points, equal values together, or one word. Of all boxes on the way that one is chosen which has the greatest
    harmonic mean of coverage and density. Pasting then gives back what does not lower that mean, and limits whose
    quasi-p value is above 0.05 are dropped. The search is repeated with the points of interest shuffled, which tells
    what chance finds; the search ends with the first box that is no
    better, or whose density is no more than that of all points.

    Parameters
    ----------
    points : DataFrame
        Keys only.
    interest : array of bool
    most : int
        Boxes at most.
    alpha, least_mass : float

    Returns
    -------
    list of Found
        Empty when all or none of the points are of interest. The last may be no more than chance (``is_real``).
    """
    columns = Columns.of(points)
    interest = np.asarray(interest, bool)
    total = int(interest.sum())
    out: list[Found] = []
    left = np.ones(len(interest), bool)
    while len(out) < most and columns.values:
        inner, wanted = _some(columns, left), interest[left]
        if not 0 < wanted.sum() < len(wanted) or len(wanted) < 2 * LEAST_POINTS:
            break
        found = _one_box(inner, wanted, alpha, least_mass)
        inside = np.zeros(len(interest), bool)
        inside[left] = found.inside
        coverage, density, mass = shares(inside, interest, total)
        if out and density <= interest.mean():  # no better than any point taken blindly: the earlier boxes say it all
            break
        trajectory = found.trajectory.assign(coverage=found.trajectory["coverage"] * wanted.sum() / total)
        out.append(Found(trajectory, found.limits, coverage, density, mass, found.p_value, inside))
        if not out[-1].is_real:
            break
        left = left & ~inside
    return out


def _some(columns: Columns, chosen: Bools) -> Columns:
    return Columns({k: v[chosen] for k, v in columns.values.items()}, columns.words)


def _one_box(columns: Columns, interest: Bools, alpha: float, least_mass: float) -> Found:
    steps = _peeled(columns, interest, alpha, least_mass)
    score = max(_score(box, columns, interest) for _, _, box in steps)
    best = _best(steps, columns, interest)
    steps += _pasted(best, columns, interest, alpha)
    steps += _dropped(steps[-1][2] if steps[-1][0] == "paste" else best, columns, interest)
    chosen = steps[-1][2] if steps[-1][0] in ("paste", "drop") else best
    rows = []
    for number, (kind, key, box) in enumerate(steps):
        coverage, density, mass = shares(box.inside(columns), interest, int(interest.sum()))
        size = int(box.inside(columns).sum())
        rows.append((number, kind, key, coverage, density, mass, size, len(box.keys), box is chosen))
    names = ["step", "kind", "key", "coverage", "density", "mass", "points", "restricted", "chosen"]
    limits = pd.DataFrame(list(chosen.rows(columns, interest)), columns=["key", "low", "high", "words", "quasi_p"])
    inside = chosen.inside(columns)
    coverage, density, mass = shares(inside, interest, int(interest.sum()))
    p_value = _by_chance(columns, interest, score, alpha, least_mass)
    return Found(pd.DataFrame(rows, columns=names), limits, coverage, density, mass, p_value, inside)


Step = tuple[str, str, Box]


def _peeled(columns: Columns, interest: Bools, alpha: float, least_mass: float) -> list[Step]:
    """Peel until the box is too small or nothing helps."""
    steps: list[Step] = [("start", "", Box())]
    least = max(LEAST_POINTS, int(np.ceil(least_mass * len(interest))))
    while True:
        box = steps[-1][2]
        inside = box.inside(columns)
        size, density = int(inside.sum()), float(interest[inside].mean())
        gained, taken = 0.0, None
        for key, smaller, keeps in _peels(box, columns, inside, alpha):
            after = int(keeps.sum())
            if not least <= after < size:
                continue
            gain = (float(interest[keeps].mean()) - density) / (size - after)
            if gain > gained + 1e-15:
                gained, taken = gain, (key, smaller)
        if taken is None:
            return steps
        steps.append(("peel", *taken))


def _peels(box: Box, columns: Columns, inside: Bools, alpha: float) -> Iterator[tuple[str, Box, Bools]]:
    """Boxes that are one peel smaller, and the points that stay."""
    for key, x in columns.values.items():
        own = x[inside]
        if key in columns.words:
            codes = box.allowed.get(key, frozenset(range(len(columns.words[key]))))
            present = np.unique(own)
            for code in present if len(present) > 1 else ():
                yield key, box.allowing(key, codes - {int(code)}, len(columns.words[key])), inside & (x != code)
            continue
        low, high = box.limits.get(key, (-np.inf, np.inf))
        count = max(1, int(alpha * len(own)))
        ordered = np.sort(own)
        if ordered[0] == ordered[-1]:
            continue
        bottom = ordered[count] if ordered[count] > ordered[0] else ordered[ordered > ordered[0]][0]
        top = ordered[-1 - count] if ordered[-1 - count] < ordered[-1] else ordered[ordered < ordered[-1]][-1]
        yield key, box.limited(key, float(bottom), high), inside & (x >= bottom)
        yield key, box.limited(key, low, float(top)), inside & (x <= top)


def _score(box: Box, columns: Columns, interest: Bools) -> float:
    """Harmonic mean of coverage and density."""
    coverage, density, _ = shares(box.inside(columns), interest, int(interest.sum()))
    return 2 * coverage * density / (coverage + density) if coverage + density else 0.0


def _best(steps: list[Step], columns: Columns, interest: Bools) -> Box:
    return max((box for _, _, box in steps), key=lambda box: (_score(box, columns, interest), -len(box.keys)))


def _pasted(box: Box, columns: Columns, interest: Bools, alpha: float) -> list[Step]:
    """Give back what does not lower the score, the best first."""
    steps: list[Step] = []
    for _ in range(PASTES):
        score = _score(box, columns, interest)
        larger = [(_score(b, columns, interest), key, b) for key, b in _pastes(box, columns, alpha)]
        if not larger:
            break
        found, key, candidate = max(larger, key=lambda one: one[0])
        if found < score:
            break
        box = candidate
        steps.append(("paste", key, box))
    return steps


def _pastes(box: Box, columns: Columns, alpha: float) -> Iterator[tuple[str, Box]]:
    """Boxes that are one paste larger."""
    count = max(1, int(alpha * box.inside(columns).sum()))
    for key in box.keys:
        beside = box.inside(columns, but=key) & ~box.within(columns, key)
        x = columns.values[key][beside]
        if key in box.allowed:
            for code in np.unique(x):
                yield key, box.allowing(key, box.allowed[key] | {int(code)}, len(columns.words[key]))
            continue
        low, high = box.limits[key]
        under, over = np.sort(x[x < low])[::-1], np.sort(x[x > high])
        if len(under):
            yield key, box.limited(key, float(under[count - 1]) if len(under) > count else -np.inf, high)
        if len(over):
            yield key, box.limited(key, low, float(over[count - 1]) if len(over) > count else np.inf)


def _dropped(box: Box, columns: Columns, interest: Bools) -> list[Step]:
    """Drop limits that chance explains, the weakest first."""
    steps: list[Step] = []
    while box.keys:
        worst, key = max((box.quasi_p(columns, interest, key), key) for key in box.keys)
        if worst <= SIGNIFICANT:
            break
        box = box.without(key)
        steps.append(("drop", key, box))
    return steps


def _by_chance(columns: Columns, interest: Bools, score: float, alpha: float, least_mass: float) -> float:
    """Share of shuffles, the true order among them, in which peeling finds a box as good."""
    rng = np.random.default_rng(SEED)
    as_good = 1
    for _ in range(SHUFFLES):
        shuffled = rng.permutation(interest)
        steps = _peeled(columns, shuffled, alpha, least_mass)
        as_good += max(_score(box, columns, shuffled) for _, _, box in steps) >= score
    return as_good / (SHUFFLES + 1)

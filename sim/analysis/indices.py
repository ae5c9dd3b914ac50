"""Sensitivity indices: shares of variance (Sobol) and elementary effects (Morris), from designs made for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.analysis.layout import Piece
from sim.analysis.outcomes import Outcome
from sim.analysis.words import place
from sim.sweep.design import uniforms

__all__ = ["morris_effects", "sobol_indices"]

Floats = npt.NDArray[np.float64]

RESAMPLES, SEED = 500, 20100
SOBOL = ["key", "first", "first_half_width", "total", "total_half_width", "base", "at"]
MORRIS = ["key", "mu_star", "mu_star_half_width", "mu", "sigma", "trajectories", "at"]
ENOUGH = "no answer for some of its points"
FLAT = "the answer is the same everywhere"


def sobol_indices(outcome: Outcome) -> tuple[pd.DataFrame, list[str]]:
    """First and total Sobol indices of the keys of a ``sobol`` part, for each combination of the other keys.

    The first index is the share of the answer's variance that goes when the key is known; the total index the share
    that stays while it alone is unknown. Estimators of Saltelli et al. (2010), Computer Physics Communications 181,
    259-270, by SALib; half-widths (95 %) from a bootstrap over base points with a fixed seed. Noise over replications
    is part of the variance.

    Returns
    -------
    DataFrame
        key, first, first_half_width, total, total_half_width, base, at (values of the other keys).
    list of str
        Combinations that could not be analysed, and why.
    """
    return _each(outcome, "sobol", _sobol, SOBOL)


def morris_effects(outcome: Outcome) -> tuple[pd.DataFrame, list[str]]:
    """Elementary effects of the keys of a ``morris`` part, for each combination of the other keys.

    An effect is the change of the answer over the step of a key, as if the step went through the key's whole range.
    mu* is the mean of their sizes (Campolongo, Cariboni and Saltelli 2007, Environmental Modelling & Software 22,
    1509-1518), mu their mean and sigma their standard deviation (Morris 1991, Technometrics 33, 161-174): a large sigma
    says that the key's effect bends or depends on other keys. By SALib; half-widths (95 %) from a bootstrap over
    trajectories with a fixed seed.

    Returns
    -------
    DataFrame
        key, mu_star, mu_star_half_width, mu, sigma (all in the unit of the answer), trajectories, at.
    list of str
        Combinations that could not be analysed, and why.
    """
    return _each(outcome, "morris", _morris, MORRIS)


def _each(
    outcome: Outcome, kind: str, work: Callable[[Piece, Floats], pd.DataFrame], columns: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    tables, notes = [], []
    for piece in outcome.layout.pieces:
        for at, y in _combinations(outcome, piece) if piece.part.kind == kind else ():
            where = f" at {at}" if at else ""
            if len(y) < piece.size or not np.isfinite(y).all():
                notes.append(f"{', '.join(piece.keys)}{where}: {ENOUGH}")
            elif np.ptp(y) <= 1e-12 * np.abs(y).max():
                notes.append(f"{', '.join(piece.keys)}{where}: {FLAT}")
            else:
                tables.append(work(piece, y).assign(at=at))
    found = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    return found.reindex(columns=columns), notes


def _combinations(outcome: Outcome, piece: Piece) -> Iterator[tuple[str, Floats]]:
    """Answers in the order of the part's rows, for every combination of the rows of the other parts."""
    points = outcome.points["point"].to_numpy()
    others = [p for p in outcome.layout.pieces if p is not piece]
    varied = [k for p in others for k in p.keys if k in outcome.keys]
    frame = pd.DataFrame({f"part {n}": p.rows(points) for n, p in enumerate(others)})
    frame["row"], frame["y"] = piece.rows(points), outcome.y
    if not others:
        yield "", frame.sort_values("row")["y"].to_numpy(float)
        return
    for _, rows in frame.groupby([c for c in frame if c not in ("row", "y")], sort=True):
        first = outcome.points.iloc[[rows.index[0]]].to_dict("records")[0]
        yield place({k: first[k] for k in varied}), rows.sort_values("row")["y"].to_numpy(float)


def _problem(piece: Piece) -> dict[str, object]:
    size = len(piece.keys)
    return {"num_vars": size, "names": list(piece.keys), "bounds": [[0.0, 1.0]] * size}


def _sobol(piece: Piece, y: Floats) -> pd.DataFrame:
    from SALib.analyze import sobol

    found = sobol.analyze(_problem(piece), y, calc_second_order=False, num_resamples=RESAMPLES, seed=SEED)
    return pd.DataFrame(
        {
            "key": piece.keys,
            "first": found["S1"],
            "first_half_width": found["S1_conf"],
            "total": found["ST"],
            "total_half_width": found["ST_conf"],
            "base": piece.size // piece.block,
        }
    )


def _morris(piece: Piece, y: Floats) -> pd.DataFrame:
    from SALib.analyze import morris

    part = piece.part.morris
    assert part is not None  # noqa: S101 - asked before
    found = morris.analyze(
        _problem(piece), uniforms(part), y, num_resamples=RESAMPLES, num_levels=part.levels, seed=SEED
    )
    return pd.DataFrame(
        {
            "key": piece.keys,
            "mu_star": np.asarray(found["mu_star"], float),
            "mu_star_half_width": np.asarray(found["mu_star_conf"], float),
            "mu": np.asarray(found["mu"], float),
            "sigma": np.asarray(found["sigma"], float),
            "trajectories": part.trajectories,
        }
    )

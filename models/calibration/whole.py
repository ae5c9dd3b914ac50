"""A whole calibration around a point estimate: implausibility, what is identified, ranges, and quarters held back.

The point estimate (:func:`models.calibration.calibrate.fit_footprint`) is what runs use. Around it the slopes of every
target are taken once, by central differences under common random numbers; one Gauss-Newton step leads to the nearest
point within the priors, where the ranges are centred. Slopes from few replications have errors of their own: for what
is identified and for the ranges, their variance (over a prior standard deviation of every parameter) is added to that
of each target, or else chance in a slope would pass for knowledge. Nothing here changes the point estimate.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import linalg

from models.calibration.calibrate import CannotFit
from models.calibration.point import Replayed, start_of, step_of, unknowns
from models.calibration.targets import YEARS, aims, clock_of, held_back, held_figures, simulated_figures, year_of
from models.care.pressure import Pressure
from models.footprint.footprint import Footprint
from models.plans import months_after
from models.settings.fit import Fit, Missed, Range
from models.settings.future import Future
from sim.calibration import HeldOut, Identified, Moments, Posterior, Simulator, Target, held_out, identify, posterior
from sim.calibration.problem import Space, check
from sim.calibration.runs import Ensemble, Runner
from sim.experiments.order import Stop, Stopped, in_order

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LIMIT", "Calibrated", "calibrate_around", "fit_hash", "in_words"]

Floats = npt.NDArray[np.float64]
Say = Callable[[str], None]

LIMIT = 3.0  #: implausibility above which there is no baseline
_SLOPES_SHARE = 0.5  #: of the replications, for slopes: common random numbers make differences nearly free of noise
_HALVINGS = 3  #: of a step that does not lead nearer
_DRAWS = 20  #: draws of the posterior that are run for the quarters held back
_ADDED = ("detail", "cubicle_time", "base_breach", "out_of_reach")  #: what fits did not say from the beginning
_FRESH, _MOST = 10_000, 6  #: first number of replications that the fit has not used, and how many a draw has at most


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What a whole calibration found.

    Parameters
    ----------
    fit : Fit
        The point estimate with ranges, words and implausibility; complete, as its file holds it.
    at_fit, within : Moments
        At the point estimate, and at the nearest point within the priors.
    identified : Identified
    known : Posterior
    held : HeldOut
        Quarters that the fit has not seen.
    """

    fit: Fit
    at_fit: Moments
    within: Moments
    identified: Identified
    known: Posterior
    held: HeldOut

    def coverage(self) -> pd.DataFrame:
        """By site: quarters held back, how many lie in their intervals, and the level of these."""
        rows = self.held.table()
        rows["site"] = [str(name).split(" ")[0] for name in rows.index]
        found: Any = rows.groupby("site", sort=False)["inside"].agg(["size", "sum"])
        return found.rename(columns={"size": "quarters", "sum": "inside"}).assign(level=self.held.level)


def calibrate_around(
    footprint: Footprint,
    fit: Fit,
    future: Future,
    *,
    feedback: Pressure | None = None,
    workers: int = 1,
    on_step: Say | None = None,
) -> Calibrated:
    """Say how well a point estimate is known, and refuse it where it cannot do what was observed.

    Parameters
    ----------
    fit : Fit
        The point estimate, made with the same feedback.
    workers : int
        Threads; no influence on the results.
    on_step : callable, optional
        Told what is being done.

    Raises
    ------
    CannotFit
        When a target is missed by more than :data:`LIMIT` standard deviations; names each, with its miss.
    FaultsError
        When figures of different bases, years or clocks would be compared.
    """
    say = on_step or (lambda _: None)
    targets, parameters = aims(footprint), unknowns(footprint, fit)
    check(parameters, targets)
    begin = dt.date(int(footprint.baseline_year[:4]), 4, 1)
    simulator = Replayed(footprint, fit, future, feedback, months_after(begin, 12 * YEARS), simulated_figures)
    space = Space(parameters)
    start = start_of(footprint, fit)
    scaled = space.to_scaled(np.array([start[p.name] for p in parameters]))
    say(f"{len(targets)} targets at the fit, {fit.replications} replications of {YEARS} years")
    whole = _runner(simulator, space, targets, fit.replications, workers)
    here = whole(space.from_scaled(scaled[None]))
    _refuse(footprint, targets, here)
    few = max(2, round(_SLOPES_SHARE * fit.replications))
    say(f"slopes of {len(parameters)} parameters, {few} replications at {2 * len(parameters)} points")
    places = {name: start[f"places_{name}"] for name in footprint.pathways}
    steps = np.array([step_of(p, places) for p in parameters])
    jacobian, doubt = _slopes(simulator, space, [t.name for t in targets], few, scaled, steps, workers)
    at_fit = _moments(space, targets, scaled, jacobian, here, fit.replications)
    say("nearest point within the ranges")
    within = _nearer(at_fit, whole, doubt)
    known, told = posterior(within, seed=fit.seed), identify(within)
    say(f"quarters held back, {_DRAWS} draws of what is known")
    held = _held_back(simulator, known, workers)
    off = np.abs(within.outputs - [t.value for t in targets]) / np.sqrt(np.diag(within.total) - doubt)
    complete = _complete(footprint, fit, at_fit, off, told, known)
    complete = complete.model_copy(update={"identified": [*in_words(footprint, within, told), *fit.identified]})
    complete = complete.model_copy(update={"hash": fit_hash(complete)})
    return Calibrated(complete, at_fit, within, told, known, held)


def fit_hash(fit: Fit) -> str:
    """Hash of everything that a fit says, apart from the hash itself."""
    said, known = fit.model_dump(mode="json", exclude={"hash"}), type(fit).model_fields
    unsaid = {name for name in _ADDED if said[name] == known[name].default}  # fits made before keep their hash
    text = json.dumps({name: value for name, value in said.items() if name not in unsaid}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _runner(simulator: Replayed, space: Space, targets: list[Target], replications: int, workers: int) -> Runner:
    return Runner(simulator, space, targets, replications, workers, chunk=max(1, -(-replications // 4)))


def _refuse(footprint: Footprint, targets: list[Target], here: Ensemble) -> None:
    """Stop where a target is missed beyond all that allows for a difference."""
    off = (here.mean[0] - [t.value for t in targets]) / np.sqrt(np.diag(here.total(targets)[0]))
    missed = [
        f"{t.name} ({t.value:.4g} {t.unit} observed, {mean:.4g} simulated, {abs(sds):.1f} standard deviations)"
        for t, mean, sds in zip(targets, here.mean[0], off, strict=True)
        if abs(sds) > LIMIT
    ]
    if missed:
        year = footprint.baseline_year
        raise CannotFit(f"{footprint.title}: the baseline {year} is not reproduced: {'; '.join(missed)}.")


def _slopes(
    simulator: Simulator,
    space: Space,
    names: list[str],
    replications: int,
    scaled: Floats,
    steps: Floats,
    workers: int,
) -> tuple[Floats, Floats]:
    """Change of each figure for one prior standard deviation, by central differences; all points side by side.

    Returns
    -------
    slopes : (targets, parameters) array
    doubt : (targets,) array
        Squared standard errors of the slopes, from differences within replications, summed over parameters.
    """
    low, high = space.bounds
    up, down = np.clip(scaled + np.diag(steps), low, high), np.clip(scaled - np.diag(steps), low, high)
    points = [dict(zip(space.names, map(float, row), strict=True)) for row in space.from_scaled(np.vstack([up, down]))]
    chunk = max(1, -(-replications // 4))
    parts = [range(replications)[n : n + chunk] for n in range(0, replications, chunk)]

    def work(task: tuple[dict[str, float], range], stop: Stop) -> Floats:
        if stop.is_set():
            raise Stopped
        given: Any = simulator(*task)
        return np.stack([np.asarray(given[name], float) for name in names], axis=1)

    with closing(in_order([(point, part) for point in points for part in parts], work, workers)) as done:
        found = np.concatenate(list(done)).reshape(2, len(scaled), replications, len(names))
    each = (found[0] - found[1]) / np.diag(up - down)[:, None, None]
    return each.mean(axis=1).T, (each.var(axis=1, ddof=1) / replications).sum(axis=0)


def _moments(
    space: Space, targets: list[Target], scaled: Floats, jacobian: Floats, found: Ensemble, replications: int
) -> Moments:
    return Moments(
        parameters=space.parameters,
        targets=tuple(targets),
        scaled=scaled,
        jacobian=jacobian,
        outputs=found.mean[0],
        total=found.total(targets)[0],
        noise=found.covariance[0] / replications,
        converged=True,
        reason="slopes at the point estimate",
        runs=0,
    )


def _nearer(at_fit: Moments, whole: Runner, doubt: Floats) -> Moments:
    """One Gauss-Newton step with the priors as further targets, kept only where it leads nearer; slopes in doubt."""
    at = replace(at_fit, total=at_fit.total + np.diag(doubt))
    wanted = np.array([t.value for t in at.targets])
    white = linalg.cholesky(at.total, lower=True)

    def objective(scaled: Floats, outputs: Floats) -> float:
        away = linalg.solve_triangular(white, outputs - wanted, lower=True)
        return float(away @ away + scaled @ scaled)

    away = linalg.solve_triangular(white, at.outputs - wanted, lower=True)
    step = -at.covariance_scaled @ (at.whitened.T @ away + at.scaled)
    low, high = at.space.bounds
    before = objective(at.scaled, at.outputs)
    for _ in range(_HALVINGS):
        scaled = np.clip(at.scaled + step, low, high)
        found = whole(at.space.from_scaled(scaled[None]))
        if objective(scaled, found.mean[0]) < before:
            total, noise = found.total(at.targets)[0] + np.diag(doubt), found.covariance[0] / len(whole.replications)
            new = {"outputs": found.mean[0], "total": total, "noise": noise}
            return replace(at, scaled=scaled, reason="one step from the point estimate", **new)
        step = step / 2
    return at


def _held_back(simulator: Replayed, known: Posterior, workers: int) -> HeldOut:
    footprint = simulator.footprint
    year, quarter = int(footprint.holdout.year[:4]), max(footprint.holdout.quarters)
    end = months_after(dt.date(year, 4, 1), 3 * quarter)
    later = replace(simulator, end=end, figures=held_figures)
    numbers = range(_FRESH, _FRESH + min(_MOST, max(2, simulator.fit.replications // 4)))
    return held_out(later, known, held_back(footprint), draws=_DRAWS, replications=numbers, workers=workers)


def _complete(
    footprint: Footprint, fit: Fit, at_fit: Moments, within: Floats, told: Identified, known: Posterior
) -> Fit:
    """The fit with ranges and misses (`within`: those of the nearest point), rounded as its file holds them."""
    used = dict(zip(at_fit.space.names, at_fit.values, strict=True))
    ranges: dict[str, Any] = {str(k): v for k, v in known.table().to_dict("index").items()}
    ends = ("low", "median", "high", "prior_low", "prior_high")
    found = {
        name: Range(
            unit=row["unit"],
            used=_round(used[name]),
            state=told.states[name],
            **{end: _round(row[end]) for end in ends},
        )
        for name, row in ranges.items()
    }
    misses = {}
    for k, target in enumerate(at_fit.targets):
        misses[target.name] = Missed(
            unit=target.unit,
            basis=target.basis,
            year=year_of(footprint, target.name),
            clock=clock_of(target.name),
            observed=_round(target.value),
            simulated=_round(at_fit.outputs[k]),
            sd=_round(at_fit.total[k, k] ** 0.5),
            implausibility=round(abs(float(at_fit.sds_off[k])), 2),
            within_ranges=round(float(within[k]), 2),
        )
    return fit.model_copy(update={"posterior": found, "implausibility": misses})


def in_words(footprint: Footprint, within: Moments, told: Identified) -> list[str]:
    """Say what the targets identify: each pathway by itself, with all else held; then what else hangs together."""
    names = within.space.names
    out, covered = [], set[str]()
    for name, pathway in footprint.pathways.items():
        mine = [n for n, one in enumerate(names) if one in {f"{k}_{name}" for k in ("arrivals", "stay", "places")}]
        own = identify(
            replace(
                within,
                parameters=tuple(within.parameters[n] for n in mine),
                scaled=within.scaled[mine],
                jacobian=within.jacobian[:, mine],
            )
        )
        says = own.words[0] if own.words else f"{', '.join(names[n] for n in mine)}: each is identified"
        out.append(f"{pathway.title}: {says}" + ("; the rest are priors" if "only" in says else ""))
        covered |= {names[n] for n in mine}
    for words in told.words:
        named = {one for one in names if one in words.partition(":")[0].replace(",", " ").split()}
        if "only" in words and not named <= covered:
            out.append(words)
    prior = [one for one in names if told.states[one] == "stays prior" and one not in covered]
    if prior:
        out.append(f"{', '.join(prior)}: nothing is learnt; the range afterwards is the one that was put in")
    return out


def _round(value: float) -> float:
    return float(f"{value:.5g}")

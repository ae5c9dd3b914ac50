"""What a calibration is given: parameters with priors, targets with tolerances, and the checks of both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from sim.errors import Fault, FaultsError, nearest

__all__ = ["LogNormal", "Normal", "Parameter", "Space", "Target", "check"]

Floats = npt.NDArray[np.float64]
_FLAT = ("uniform", "log-uniform")
_KINDS = ("mean", "spread")


@dataclass(frozen=True)
class Normal:
    """Normal prior, cut off at the bounds of the parameter; mean and sd are those before the cut."""

    mean: float
    sd: float


@dataclass(frozen=True)
class LogNormal:
    """Log-normal prior, cut off at the bounds; `sd` is that of the logarithm (0.1 is about 10 %)."""

    median: float
    sd: float


@dataclass(frozen=True)
class Parameter:
    """One input of a simulator that is not known exactly.

    Parameters
    ----------
    name : str
        Key of the point that the simulator is given.
    low, high : float
        Bounds; nothing beyond them is ever tried.
    prior : {"uniform", "log-uniform"}, Normal or LogNormal
        What is known beforehand. With a logarithmic prior all work is done in the logarithm.
    unit : str
    """

    name: str
    low: float
    high: float
    prior: Literal["uniform", "log-uniform"] | Normal | LogNormal = "uniform"
    unit: str = ""

    @property
    def log(self) -> bool:
        """Whether the parameter is worked with as its logarithm."""
        return self.prior == "log-uniform" or isinstance(self.prior, LogNormal)

    @property
    def flat(self) -> bool:
        """Whether the prior says nothing beyond the bounds."""
        return isinstance(self.prior, str)

    @property
    def ends(self) -> tuple[float, float]:
        """Bounds in the working scale (the logarithm where `log`)."""
        return (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)

    @property
    def centre(self) -> float:
        """Mean of the prior in the working scale."""
        if isinstance(self.prior, Normal):
            return self.prior.mean
        return math.log(self.prior.median) if isinstance(self.prior, LogNormal) else sum(self.ends) / 2

    @property
    def scale(self) -> float:
        """Standard deviation of the prior in the working scale; of a flat one, the width over the root of 12."""
        if isinstance(self.prior, (Normal, LogNormal)):
            return self.prior.sd
        low, high = self.ends
        return (high - low) / math.sqrt(12)

    def quantile(self, share: float) -> float:
        """Quantile of the prior within the bounds, in the parameter's own unit."""
        low, high = self.ends
        if self.flat:
            found = low + share * (high - low)
        else:
            a, b = (float(special.ndtr((end - self.centre) / self.scale)) for end in (low, high))
            found = min(max(self.centre + self.scale * float(special.ndtri(a + share * (b - a))), low), high)
        return math.exp(found) if self.log else found


@dataclass(frozen=True)
class Target:
    """One observed figure that the simulator should reproduce.

    Parameters
    ----------
    name : str
        Name of the output.
    value : float
        What was observed.
    sd_observed : float
        Standard error of the observation (counting, sampling, definition).
    sd_model : float
        Standard deviation of what the simulator leaves out (model discrepancy), even at its best point.
    kind : {"mean", "spread"}
        What is formed over the replications of the output: their mean, or their standard deviation. A simulator whose
        replication holds several years may itself return :func:`~sim.calibration.spread` over years, as a "mean".
    unit, basis : str
        The basis says whose figure it is (say, by place or by person); one unit on two bases is refused.
    realisations : int, optional
        The observation is itself the outcome of so many independent replications of the world, say 5 for a mean or a
        spread over five years. The chance in it is then taken from the simulator. Leave it out when `sd_observed`
        covers chance already.
    conversion : str
        How a figure on another basis was brought to that of the others; with it two bases may stand side by side.
    """

    name: str
    value: float
    sd_observed: float = 0.0
    sd_model: float = 0.0
    kind: Literal["mean", "spread"] = "mean"
    unit: str = ""
    basis: str = ""
    realisations: int | None = None
    conversion: str = ""

    @property
    def variance(self) -> float:
        """Of observation and model together, without chance."""
        return self.sd_observed**2 + self.sd_model**2

    @property
    def chance(self) -> float:
        """Share of the variance between replications that the observation carries."""
        return 1 / self.realisations if self.realisations else 0.0


def check(parameters: Sequence[Parameter], targets: Sequence[Target]) -> None:
    """Find everything that is wrong with parameters and targets.

    Raises
    ------
    FaultsError
        With all faults at once.
    """
    faults: list[Fault] = []
    for what, entries in (("parameters", parameters), ("targets", targets)):
        if not entries:
            faults.append(Fault(what, None, "at least one is needed."))
        names = [entry.name for entry in entries]
        faults += [Fault(f"{what}.{n}", None, "a name is given once only.") for n in set(names) if names.count(n) > 1]
    for parameter in parameters:
        faults += _of_parameter(parameter)
    for target in targets:
        faults += _of_target(target)
    faults += _of_bases(targets)
    if faults:
        raise FaultsError(faults, "the calibration")


def _of_parameter(one: Parameter) -> list[Fault]:
    key, found = f"parameters.{one.name}", []
    if not (math.isfinite(one.low) and math.isfinite(one.high) and one.low < one.high):
        found.append(Fault(f"{key}.low", one.low, f"must be finite and below high ({one.high:g})."))
    elif one.log and one.low <= 0:
        found.append(Fault(f"{key}.low", one.low, "must be above 0 for a logarithmic prior."))
    prior: Any = one.prior
    if isinstance(prior, str) and prior not in _FLAT:
        rule = "must be 'uniform', 'log-uniform', Normal(mean, sd) or LogNormal(median, sd)."
        found.append(Fault(f"{key}.prior", prior, rule, nearest=nearest(prior, _FLAT)))
    if isinstance(prior, (Normal, LogNormal)):
        middle = prior.mean if isinstance(prior, Normal) else prior.median
        if not (math.isfinite(prior.sd) and prior.sd > 0):
            found.append(Fault(f"{key}.prior.sd", prior.sd, "must be finite and above 0."))
        if not one.low <= middle <= one.high:
            found.append(Fault(f"{key}.prior", middle, f"its middle must lie within [{one.low:g}, {one.high:g}]."))
    return found


def _of_target(one: Target) -> list[Fault]:
    key, found = f"targets.{one.name}", []
    if not math.isfinite(one.value):
        found.append(Fault(f"{key}.value", one.value, "must be finite."))
    for field in ("sd_observed", "sd_model"):
        sd = getattr(one, field)
        if not (math.isfinite(sd) and sd >= 0):
            found.append(Fault(f"{key}.{field}", sd, "must be finite and not below 0."))
    if one.kind not in _KINDS:
        rule = "must be 'mean' or 'spread'."
        found.append(Fault(f"{key}.kind", one.kind, rule, nearest=nearest(one.kind, _KINDS)))
    if one.kind == "spread" and one.value < 0:
        found.append(Fault(f"{key}.value", one.value, "a spread is a standard deviation, which is not below 0."))
    if one.realisations is not None and one.realisations < (2 if one.kind == "spread" else 1):
        found.append(Fault(f"{key}.realisations", one.realisations, "must be 1 or more, for a spread 2 or more."))
    if not one.variance and one.realisations is None:
        rule = "must be above 0, or sd_model, unless realisations are given: nothing is observed exactly."
        found.append(Fault(f"{key}.sd_observed", one.sd_observed, rule))
    return found


def _of_bases(targets: Sequence[Target]) -> list[Fault]:
    """Targets of one unit on another basis than the first, without a conversion."""
    first: dict[str, Target] = {}
    found = []
    for one in targets:
        if not one.basis or one.conversion:
            continue
        other = first.setdefault(one.unit, one)
        if other.basis != one.basis:
            rule = f"'{other.name}' in the same unit is on the basis '{other.basis}'; say how it was converted."
            found.append(Fault(f"targets.{one.name}.basis", one.basis, rule))
    return found


class Space:
    """All parameters together: from a point in their own units to the unit cube and to prior-scaled units, and back.

    Prior-scaled: 0 is the mean of the prior, 1 one standard deviation above it, in the working scale.
    """

    def __init__(self, parameters: Sequence[Parameter]):
        self.parameters = tuple(parameters)
        self.names = tuple(p.name for p in parameters)
        self.log = np.array([p.log for p in parameters])
        self.flat = np.array([p.flat for p in parameters])
        self.low, self.high = (np.array([p.ends[n] for p in parameters]) for n in (0, 1))
        self.centre = np.array([p.centre for p in parameters])
        self.scale = np.array([p.scale for p in parameters])

    def __len__(self) -> int:
        return len(self.names)

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Bounds in prior-scaled units."""
        return (self.low - self.centre) / self.scale, (self.high - self.centre) / self.scale

    def from_scaled(self, scaled: Floats) -> Floats:
        """Values in the parameters' units of prior-scaled ones; never beyond the bounds, not even by rounding."""
        return self._natural(self.centre + self.scale * scaled)

    def from_cube(self, cube: Floats) -> Floats:
        """Values of points of the unit cube, which is evenly filled in the working scale."""
        return self._natural(self.low + (self.high - self.low) * cube)

    def to_scaled(self, values: Floats) -> Floats:
        """Prior-scaled units of values."""
        return (self._working(values) - self.centre) / self.scale

    def to_cube(self, values: Floats) -> Floats:
        """Place in the unit cube of values."""
        return (self._working(values) - self.low) / (self.high - self.low)

    def slopes(self, values: Floats) -> Floats:
        """How much each value changes for one prior standard deviation."""
        return np.where(self.log, values, 1.0) * self.scale

    def log_prior(self, cube: Floats) -> Floats:
        """Logarithm of the prior density at points of the unit cube, up to a constant."""
        working = self.low + (self.high - self.low) * cube
        scaled = np.where(self.flat, 0.0, (working - self.centre) / self.scale)
        return -(scaled**2).sum(axis=-1) / 2

    def _working(self, values: Floats) -> Floats:
        return np.where(self.log, np.log(np.where(self.log, values, 1.0)), values)

    def _natural(self, working: Floats) -> Floats:
        raw = np.where(self.log, np.exp(np.where(self.log, working, 0.0)), working)
        return np.clip(raw, [p.low for p in self.parameters], [p.high for p in self.parameters])

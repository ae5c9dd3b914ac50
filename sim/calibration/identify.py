"""What the targets identify: single parameters, only combinations of them, or nothing beyond the prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse
from scipy.sparse.csgraph import connected_components

from sim.calibration.moments import Moments
from sim.calibration.problem import Parameter

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Direction", "Identified", "identify"]

Floats = npt.NDArray[np.float64]
State = Literal["identified", "only in combination", "stays prior"]

_JOINED = 0.1  #: two parameters belong to one unidentified direction when its projector joins them by more
_SIMPLE = 0.1  #: weights that differ from one by less make a plain product, ratio, sum or difference


@dataclass(frozen=True, eq=False)
class Direction:
    """One direction of the parameters, from the singular values of the Jacobian.

    Parameters
    ----------
    weights : dict
        Prior standard deviations of each parameter, normed to length one.
    ratio : float
        Posterior over prior standard deviation along it.
    """

    weights: dict[str, float]
    ratio: float


@dataclass(frozen=True, eq=False)
class Identified:
    """What the targets identify at the estimate.

    Parameters
    ----------
    parameters : tuple of Parameter
    estimate : dict
    ratios : dict
        Posterior over prior standard deviation of each parameter.
    states : dict
        ``identified``, ``only in combination`` or ``stays prior``.
    directions : tuple of Direction
        The best identified first.
    words : tuple of str
        What is not identified, in words.
    threshold : float
    """

    parameters: tuple[Parameter, ...]
    estimate: dict[str, float]
    ratios: dict[str, float]
    states: dict[str, State]
    directions: tuple[Direction, ...]
    words: tuple[str, ...]
    threshold: float

    def table(self) -> pd.DataFrame:
        """One row a parameter."""
        import pandas as pd

        rows = [
            {
                "parameter": p.name,
                "unit": p.unit,
                "estimate": self.estimate[p.name],
                "posterior_over_prior_sd": self.ratios[p.name],
                "state": self.states[p.name],
            }
            for p in self.parameters
        ]
        return pd.DataFrame(rows).set_index("parameter")


def identify(fit: Moments, threshold: float = 0.5) -> Identified:
    """Say which parameters the targets identify at an estimate, and which stay what the prior says.

    Parameters
    ----------
    fit : Moments
    threshold : float
        Posterior over prior standard deviation below which a parameter or a direction counts as identified, in (0, 1).

    Returns
    -------
    Identified

    Notes
    -----
    Let A be the Jacobian with targets whitened and parameters in prior standard deviations, and s a singular value of
    it. Along the right singular vector the posterior standard deviation is ``1 / sqrt(1 + s^2)`` of the prior one.
    Directions whose ratio is at or above the threshold are unidentified. Parameters that they join are described
    together: when they leave but one combination of these, it is named as a product, ratio, sum or difference where
    the slopes say so. All this is local: it holds near the estimate.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"a threshold lies between 0 and 1, not at {threshold}")
    a = fit.whitened
    size = a.shape[1]
    _, s, vt = linalg.svd(a, full_matrices=True)
    along = 1 / np.sqrt(1 + np.concatenate([s, np.zeros(max(0, size - len(s)))])[:size] ** 2)
    names = [p.name for p in fit.parameters]
    ratios = np.sqrt(np.diag(fit.covariance_scaled))
    loose = vt[along >= threshold]
    projector = loose.T @ loose
    states: dict[str, State] = {}
    words: list[str] = []
    for block in _blocks(projector):
        dimension = round(float(np.trace(projector[np.ix_(block, block)])))
        free = dimension >= len(block)
        for n in block:
            fine = ratios[n] < threshold
            states[names[n]] = "identified" if fine else "stays prior" if free else "only in combination"
        if dimension:
            words.append(_words(fit, block, dimension, projector))
    directions = tuple(
        Direction(dict(zip(names, map(float, row), strict=True)), float(ratio))
        for row, ratio in zip(vt, along, strict=True)
    )
    return Identified(
        parameters=fit.parameters,
        estimate=fit.estimate,
        ratios=dict(zip(names, map(float, ratios), strict=True)),
        states={name: states[name] for name in names},
        directions=directions,
        words=tuple(words),
        threshold=threshold,
    )


def _blocks(projector: Floats) -> list[list[int]]:
    """Parameters that unidentified directions join, in the order of the parameters."""
    _, label = connected_components(sparse.csr_array(np.abs(projector) > _JOINED), directed=False)
    return [np.flatnonzero(label == one).tolist() for one in dict.fromkeys(label.tolist())]


def _words(fit: Moments, block: list[int], dimension: int, projector: Floats) -> str:
    names = [fit.parameters[n].name for n in block]
    together = " x ".join(names)
    if dimension >= len(block):
        verb = "stays what its prior says" if len(block) == 1 else "stay what their priors say"
        return f"{', '.join(names)}: {verb}; the targets do not tell"
    if len(block) - dimension > 1:
        return f"{', '.join(names)}: only {len(block) - dimension} combinations of these {len(block)} are identified"
    # the one combination that the targets see: orthogonal, within the block, to all that they do not
    _, vectors = linalg.eigh(projector[np.ix_(block, block)])
    seen = vectors[:, 0]
    slopes, values = fit.space.slopes(fit.values)[block], fit.values[block]
    powers = _normed(seen * values / slopes)
    weights = _normed(seen / slopes)
    units = {fit.parameters[n].unit for n in block}
    as_powers = bool((values > 0).all()) and _plain(powers)
    as_weights = len(units) == 1 and _plain(weights)
    if as_powers and not (as_weights and _roughness(weights) < _roughness(powers) - 1e-9):
        shown = _product(names, powers)
        what = "product" if (powers > 0).all() else "ratio"
        also = f" (near this point it could as well be the {_sum_word(weights)})" if as_weights else ""
        return f"{shown}: only their {what} is identified{also}"
    if as_weights:
        return f"{_sum(names, weights)}: only their {_sum_word(weights)} is identified"
    if (values > 0).all():
        shown = " x ".join(f"{name}^{power:.2g}" for name, power in zip(names, powers, strict=True))
        return f"{together}: only one combination is identified, near this point {shown}"
    shown = " + ".join(f"{weight:.3g} {name}" for name, weight in zip(names, weights, strict=True))
    return f"{together}: only one combination is identified, near this point {shown}"


def _normed(x: Floats) -> Floats:
    """Scaled so that the largest in size is one; the first is positive."""
    x = x / np.abs(x).max()
    return x if x[0] >= 0 else -x


def _roughness(x: Floats) -> float:
    return float(np.abs(np.abs(x) - 1).max())


def _plain(x: Floats) -> bool:
    return _roughness(x) <= _SIMPLE


def _product(names: list[str], powers: Floats) -> str:
    over = [n for n, p in zip(names, powers, strict=True) if p > 0]
    under = [n for n, p in zip(names, powers, strict=True) if p < 0]
    return " / ".join([" x ".join(over), *under])


def _sum(names: list[str], weights: Floats) -> str:
    signs = ["" if n == 0 else " + " if w > 0 else " - " for n, w in enumerate(weights)]
    return "".join(sign + name for sign, name in zip(signs, names, strict=True))


def _sum_word(weights: Floats) -> str:
    return "sum" if (weights > 0).all() else "difference"

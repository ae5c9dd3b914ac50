"""Is a probability above a threshold? Replications until it is decided, looking after each one.

Looking again and again at an ordinary interval until it happens to exclude the threshold is wrong too often. The
bounds here hold at all looks together: they are confidence sequences from a mixture of binomial likelihoods.

For s successes in n trials and a threshold p0, the evidence that the probability lies above p0 is the likelihood of
the data, averaged evenly over (p0, 1), relative to that at p0. If the probability is p0 or less, this evidence is a
nonnegative supermartingale that begins at 1, so it ever reaches 1 / alpha with probability alpha at most (Ville 1939).
The lower bound is the largest p0 against which there is so much evidence, and likewise the upper one from below.

H. Robbins (1970), Statistical methods related to the law of the iterated logarithm, Annals of Mathematical Statistics
41, 1397-1409; S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon (2021), Annals of Statistics 49, 1055-1080.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["Decision", "Verdict", "anytime_bounds", "decide", "evidence_above"]

Verdict = Literal["above", "below", "undetermined"]


@dataclass(frozen=True)
class Decision:
    """Whether a probability lies above a threshold.

    Parameters
    ----------
    verdict : {"above", "below", "undetermined"}
        Each of the first two is wrong with probability 1 - level at most, however often one has looked.
    successes, trials : int
        What it was decided on.
    lower, upper : float
        Bounds of the probability that hold at every look; each alone with confidence `level`.
    reason : str
        Why it stopped, in words.
    sequence : array (trials,)
        Successes after 1, 2, … trials.
    """

    verdict: Verdict
    successes: int
    trials: int
    lower: float
    upper: float
    reason: str
    sequence: npt.NDArray[np.int64]


def evidence_above(successes: int, trials: int, threshold: float) -> float:
    """Logarithm of the evidence that a probability lies above a threshold.

    Examples
    --------
    Forty-three successes in a row are enough for 0.9 with 95 per cent confidence, whenever one looks.

    >>> [round(math.exp(evidence_above(n, n, 0.9)), 1) for n in (29, 42, 43)]
    [6.8, 19.2, 20.9]
    """
    s, f = successes, trials - successes
    mixture = special.betaln(s + 1, f + 1) + _log(special.betaincc(s + 1, f + 1, threshold)) - math.log1p(-threshold)
    return float(mixture - s * math.log(threshold) - f * math.log1p(-threshold))


def anytime_bounds(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Bounds of a probability that hold at every look; each alone with confidence `level`.

    Parameters
    ----------
    successes, trials : int
    level : float
        Confidence, in (0, 1).

    Raises
    ------
    ValueError
        When the counts or the level make no sense.

    Examples
    --------
    >>> lower, upper = anytime_bounds(95, 100)
    >>> round(lower, 4), round(upper, 4)
    (0.8656, 0.9934)
    """
    if trials < 0 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials make no sense")
    if not 0 < level < 1:
        raise ValueError(f"a level of confidence lies between 0 and 1, not at {level}")
    return _lower(successes, trials, level), 1.0 - _lower(trials - successes, trials, level)


def decide(
    outcomes: Iterable[bool], threshold: float, level: float = 0.95, minimum: int = 1, maximum: int = 1000
) -> Decision:
    """Take replications until a probability is known to lie above or below a threshold.

    Parameters
    ----------
    outcomes : iterable of bool
        Whether each replication succeeded, in order; a generator is closed at the end.
    threshold : float
        Probability to compare with, in (0, 1).
    level : float
        Confidence of a verdict.
    minimum, maximum : int
        Replications before the first look, and those after which it stays undetermined.

    Raises
    ------
    ValueError
        When a setting makes no sense.
    """
    if not (0 < threshold < 1 and 0 < level < 1 and 1 <= minimum <= maximum):
        raise ValueError("threshold and level lie in (0, 1), and 1 <= minimum <= maximum")
    enough = -math.log1p(-level)
    verdict: Verdict = "undetermined"
    sequence: list[int] = []
    try:
        for n, outcome in enumerate(outcomes, 1):
            s = (sequence[-1] if sequence else 0) + bool(outcome)
            sequence.append(s)
            if n >= minimum:
                verdict = _verdict(s, n, threshold, enough)
            if verdict != "undetermined" or n >= maximum:
                break
    finally:
        with suppress(AttributeError):
            outcomes.close()  # type: ignore[attr-defined]
    n, s = len(sequence), sequence[-1] if sequence else 0
    lower, upper = anytime_bounds(s, n, level)
    reason = _reason(verdict, threshold, level, n, lower, upper)
    return Decision(verdict, s, n, lower, upper, reason, np.array(sequence, np.int64))


def _verdict(s: int, n: int, threshold: float, enough: float) -> Verdict:
    """Verdict after n trials; on the other side of the observed share there is never any evidence."""
    if s > threshold * n:
        return "above" if evidence_above(s, n, threshold) >= enough else "undetermined"
    return "below" if evidence_above(n - s, n, 1 - threshold) >= enough else "undetermined"


def _reason(verdict: Verdict, threshold: float, level: float, n: int, lower: float, upper: float) -> str:
    if verdict == "undetermined":
        return f"undetermined after {n} replications: {threshold:g} lies between {lower:.4g} and {upper:.4g}"
    bound = f"at least {lower:.4g}" if verdict == "above" else f"at most {upper:.4g}"
    return f"{verdict} {threshold:g} after {n} replications: {bound} with {level:.4g} confidence at every look"


def _lower(successes: int, trials: int, level: float) -> float:
    """Largest threshold against which there is evidence enough, by bisection; it lies below the observed share."""
    enough = -math.log1p(-level)
    low, high = 0.0, successes / trials if trials else 0.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if evidence_above(successes, trials, middle) >= enough:
            low = middle
        else:
            high = middle
    return low


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf

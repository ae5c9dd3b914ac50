"""Control totals of organisations and of the system they form, and how one makes up for another.

A variance is result minus control total, both before money from the sustainability fund. Offsets move it between
organisations and sum to nought (F9): where the system as a whole is on target every organisation is brought to its
own; where it is not, what is missing is left with the organisations by a rule agreed beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from models.finance.rules.amounts import Pence, Rate, as_pence, split
from models.finance.rules.checks import at_least, refuse, summing_to_one
from sim.errors import Fault, nearest

__all__ = ["RESIDUAL_RULES", "dashboard_ratio", "efficiency_offsets", "equal_efficiency", "met", "needed", "offsets"]
__all__ += ["shared", "system_met"]

#: who is left with what the system misses: by income, by spending (the same per cent of it for all), by own shortfall
#: (whoever caused it), or by shares that were agreed
RESIDUAL_RULES = ("income", "spending", "fault", "agreed")


def met(result: Any, control_total: Any) -> npt.NDArray[np.bool_]:
    """Say which organisations are at or above their control total."""
    return np.asarray(as_pence(result, "result") >= as_pence(control_total, "control_total"))


def system_met(result: Any, control_total: Any) -> npt.NDArray[np.bool_]:
    """Say whether all organisations together (last axis) are at or above the sum of their control totals."""
    return np.asarray(as_pence(result, "result").sum(axis=-1) >= as_pence(control_total, "control_total").sum(axis=-1))


def needed(result: Any, control_total: Any) -> Pence:
    """Return what each organisation lacks (+) or has to spare (-): control total minus result."""
    return as_pence(control_total, "control_total") - as_pence(result, "result")


def offsets(
    result: Any, control_total: Any, rule: str = "fault", base: Any = None, agreed: Sequence[Rate] | None = None
) -> Pence:
    """Return the offsets within a year, which sum to nought.

    With the system on target each shortfall is made good, by those with something to spare in proportion to it. With
    the system off target all that can be spared is given, and what is missing is left by `rule`.

    Parameters
    ----------
    result, control_total : ndarray of int64 [..., organisations]
    rule : str
        One of :data:`RESIDUAL_RULES`.
    base : ndarray of int64 [..., organisations], optional
        Income or spending, for the rules of that name.
    agreed : sequence of rates, optional
        Shares that sum to one, for the rule of that name.

    Returns
    -------
    ndarray of int64 [..., organisations]
        Received (+) or given (-).

    Raises
    ------
    FaultsError
        When the rule is unknown, its base is missing, negative or all nought, or shares do not sum to one.
    """
    lack = needed(result, control_total)
    refuse(_rule_faults(rule, base, agreed, lack), "offsets")
    spare, short = np.maximum(-lack, 0), np.maximum(lack, 0)
    missing = np.maximum(lack.sum(axis=-1), 0)
    given = split(short.sum(axis=-1) - missing, spare)
    weights = short if rule == "fault" else agreed if rule == "agreed" else as_pence(base, "base")
    left = split(missing, weights)  # pyright: ignore[reportArgumentType]
    return short - given - left


def _rule_faults(rule: str, base: Any, agreed: Sequence[Rate] | None, lack: Pence) -> list[Fault]:
    if rule not in RESIDUAL_RULES:
        close = nearest(rule, RESIDUAL_RULES)
        return [Fault("rule", rule, f"must be one of: {', '.join(RESIDUAL_RULES)}.", nearest=close)]
    if rule == "agreed":
        if agreed is None or len(agreed) != lack.shape[-1]:
            return [Fault("agreed", agreed, f"give the agreed shares of the {lack.shape[-1]} organisations.")]
        return summing_to_one("agreed", agreed)
    if rule == "fault":
        return []
    if base is None:
        return [Fault("base", None, f"the rule '{rule}' needs the {rule} of every organisation.")]
    faults = at_least(0, base=base)
    if (np.asarray(base).sum(axis=-1) <= 0).any():
        faults.append(Fault("base", None, f"at least one organisation must have {rule}."))
    return faults


def dashboard_ratio(result: Any, control_total: Any, resource_limits: Any) -> Any:
    """Return the exact ratio of the national dashboard (F12): all variances over all commissioners' resource limits.

    Parameters
    ----------
    result, control_total : ndarray of int64 [..., organisations]
        Commissioners and providers.
    resource_limits : ndarray of int64 [..., commissioners]

    Returns
    -------
    Fraction, or ndarray of Fraction [...]
    """
    limits = as_pence(resource_limits, "resource_limits").sum(axis=-1)
    refuse(at_least(1, resource_limits=limits), "dashboard ratio")
    variance = -needed(result, control_total).sum(axis=-1)
    return np.frompyfunc(lambda top, bottom: Fraction(int(top), int(bottom)), 2, 1)(variance, limits)


def equal_efficiency(challenge: Any, spending: Any) -> Pence:
    """Return each organisation's efficiency target when all face the same per cent of their spending (F8).

    Parameters
    ----------
    challenge : ndarray of int64 [...]
        What the system has to save.
    spending : ndarray of int64 [..., organisations]
    """
    spending = as_pence(spending, "spending")
    refuse(at_least(0, challenge=challenge, spending=spending), "equal efficiency")
    return split(challenge, spending)


def efficiency_offsets(targets: Any, spending: Any) -> Pence:
    """Return the planned offsets, summing to nought, by which all face the same challenge (F8).

    An organisation with a target above the common per cent receives (+) what it is above; the others give.

    Parameters
    ----------
    targets, spending : ndarray of int64 [..., organisations]
    """
    targets = as_pence(targets, "targets")
    return targets - equal_efficiency(targets.sum(axis=-1), spending)


def shared(variance: Any, gain: Sequence[Rate], loss: Sequence[Rate]) -> Pence:
    """Return each partner's part of a gain (+) or a loss (-), by shares agreed for each (F30).

    Parameters
    ----------
    variance : ndarray of int64 [...]
    gain, loss : sequence of rates
        Shares of the same partners; each sums to one.

    Returns
    -------
    ndarray of int64 [..., partners]
    """
    faults = summing_to_one("gain", gain) + summing_to_one("loss", loss)
    if len(gain) != len(loss):
        faults.append(Fault("loss", len(loss), f"must hold as many shares as gain: {len(gain)}."))
    refuse(faults, "shares of gain and loss")
    variance = as_pence(variance, "variance")
    return split(np.maximum(variance, 0), gain) + split(np.minimum(variance, 0), loss)

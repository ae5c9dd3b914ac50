"""What moves that are live do to demand, stays and ways: effects build up as people take to them, and fade.

D7 and V11 (an effect counts with its evidence), C5 (ramp), G24 and the vanguards (gains fade when a programme ends).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from models.plans import Tranche
from models.plans.moves import AFFECTED
from models.transition.brief import Terms

__all__ = ["Effects", "Key", "level"]


class Key(NamedTuple):
    """What an effect is on.

    Parameters
    ----------
    on : str
        emergencies, attendances, stays or readmission.
    setting : str
        The move's setting; ``from>to`` of a shift.
    site : str
    """

    on: str
    setting: str
    site: str


@dataclass(frozen=True)
class _Part:
    """One step that is live: how much it changes in the end, and since when."""

    move: str
    amount: float
    since: int
    ramp: float
    fade: float


class Effects:
    """Effects of one replication."""

    def __init__(self) -> None:
        self._changing: defaultdict[Key, list[_Part]] = defaultdict(list)
        self._settled: defaultdict[Key, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))  # by move
        self._shifts: set[Key] = set()

    def begin(self, terms: Terms, tranche: Tranche, progress: float, month: int) -> None:
        """A step goes live: it brings `progress` (a share) of the move's effect at its site."""
        if terms.effect is None:
            return
        shifts = tranche.kind == "shift"
        setting = f"{tranche.setting}>{tranche.to}" if shifts else tranche.setting
        key = Key(terms.effect.affects or AFFECTED[tranche.kind][0], setting, tranche.site)
        if shifts:
            self._shifts.add(key)
        self._changing[key].append(
            _Part(terms.name, progress * terms.effect.share.value, month, terms.ramp, terms.fade)
        )

    def now(self, month: int) -> dict[tuple[str, str, str], float]:
        """Mean over the month that begins: factors (a product over moves) and shares (a sum, 1 at most)."""
        out: dict[tuple[str, str, str], float] = {}
        for key, parts in self._changing.items():
            settled = self._settled[key]
            for part in [p for p in parts if not p.fade and month >= p.since + p.ramp]:
                settled[part.move] += part.amount
                parts.remove(part)
            amounts = settled.copy()
            for part in parts:
                amounts[part.move] += _amount(part, month)
            if key in self._shifts:
                out[key] = min(1.0, sum(amounts.values()))
            else:
                out[key] = math.prod(1 + amount for amount in amounts.values())
        return out


def level(months: float, ramp: float, fade: float) -> float:
    """Share of the full effect, so many months after it went live.

    It grows in a straight line until the ramp is over, then loses `fade` of itself in each year.

    Parameters
    ----------
    months, ramp : float
        Months.
    fade : float
        Share lost in a year, 0 to 1.
    """
    if months < ramp:
        return months / ramp
    return (1 - fade) ** ((months - ramp) / 12)


def _amount(part: _Part, month: int) -> float:
    halfway = month - part.since + 0.5  # what holds for the whole month is the level in its middle
    return part.amount * level(halfway, part.ramp, part.fade)

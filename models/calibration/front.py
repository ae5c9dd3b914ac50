"""The four-hour share of A&E in a calibration: what the published share of each hospital gives, and what it does not.

Where A&E is counted by crowding, the share is linear in the base breach of a hospital (those not admitted who are late
when nobody boards), so the base breach that meets the published year is found without a search. Where people are
followed through A&E, a factor on the time in a cubicle is sought, with cubicles as they are. One figure a hospital
identifies one parameter a hospital: how many cubicles, how fast people are treated and how long boarders stay cannot be
told apart by it.
"""

from __future__ import annotations

import numpy as np

from models.arms.arms import Observed
from models.footprint.footprint import Footprint
from models.measures.whole import crowding_parts, four_hour_share

__all__ = ["FOUR_HOUR", "FOUR_HOUR_TOLERANCE", "Pace", "fit_front_door", "front_in_words", "log_odds"]

FOUR_HOUR = "_type1_4h"  #: end of the names of these targets, after the hospital
FOUR_HOUR_TOLERANCE = 0.005  #: of the share
#: least and most of the factor on the time in a cubicle: the parts of that time at either end of their ranges
LEAST, MOST = 85 / 125, 180 / 125
_SLOPE, _FLATTEST, _STEEPEST = -8.0, -2.0, -30.0  #: of the log odds of the share over the logarithm of the factor
_STEP = 0.10  #: of the logarithm in one round
_FAR = 4.0  #: tolerances by which a share is missed with its factor at the end of its range,
_PATIENCE = 5  #: for so many rounds in a row, before it is given up


class Pace:
    """Factors on the time in a cubicle, moved round by round until the four-hour shares are met."""

    def __init__(self, footprint: Footprint):
        self.footprint = footprint
        self.factors = dict.fromkeys(footprint.sites, 1.0)
        self._slope = dict.fromkeys(footprint.sites, _SLOPE)
        self._before: dict[str, tuple[float, float]] = {}
        self._at_end = dict.fromkeys(footprint.sites, 0)  # rounds in a row

    def misses(self, o: Observed, months: np.ndarray) -> dict[str, float]:
        """How far each share is missed, in tolerances."""
        out = {}
        for site, factor in self.factors.items():
            miss = (_share(o, site, months) - self._wanted(site)) / FOUR_HOUR_TOLERANCE
            # a slower pace lowers the share
            beyond = factor >= round(MOST, 5) if miss > 0 else factor <= round(LEAST, 5)
            self._at_end[site] = self._at_end[site] + 1 if beyond and abs(miss) > _FAR else 0
            out[f"{site}{FOUR_HOUR}"] = miss
        return out

    @property
    def hopeless(self) -> bool:
        """Whether some share has been far off for rounds, with its factor at the end of its range."""
        return max(self._at_end.values()) >= _PATIENCE

    def move(self, o: Observed, months: np.ndarray) -> None:
        """Move every factor by the slope seen so far; rounded as a fit holds them."""
        for site, factor in self.factors.items():
            at, odds = float(np.log(factor)), log_odds(_share(o, site, months))
            if site in self._before and abs(at - self._before[site][0]) > 1e-4:  # noqa: PLR2004 - rounding
                seen = (odds - self._before[site][1]) / (at - self._before[site][0])
                self._slope[site] = float(np.clip(0.5 * (self._slope[site] + seen), _STEEPEST, _FLATTEST))
            self._before[site] = at, odds
            step = float(np.clip((log_odds(self._wanted(site)) - odds) / self._slope[site], -_STEP, _STEP))
            self.factors[site] = round(float(np.clip(np.exp(at + step), LEAST, MOST)), 5)

    def _wanted(self, site: str) -> float:
        return self.footprint.sites[site].type1_4h_share.value


def fit_front_door(o: Observed, months: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
    """Base breach by hospital, and the four-hour share achieved; both empty where A&E is not in the network.

    A share above what no base breach at all gives cannot be met; it is then 0, and the share achieved says so.
    """
    breach, achieved = {}, {}
    for site, front in o.arm.system.roles.front.items():
        if front.clocks:
            share = _share(o, site, months)
        else:
            admitted, others = (float(part.mean()) for part in crowding_parts(o, site, [months]))
            wanted = o.arm.system.footprint.sites[site].type1_4h_share.value
            breach[site] = round(float(np.clip(1 - (wanted - admitted) / others, 0.0, 1.0)), 5)
            share = admitted + (1 - breach[site]) * others
        achieved[f"{site}{FOUR_HOUR}"] = round(share, 4)
    return breach, achieved


def front_in_words(breach: dict[str, float], cubicle_time: dict[str, float]) -> list[str]:
    """Say what the published four-hour shares identify."""
    if breach:
        return [
            f"A&E within four hours: the base breach of {', '.join(breach)} is identified, by one published share of "
            "the year each; how the share falls with crowding stays a prior"
        ]
    if not cubicle_time:
        return []
    at_the_end = [site for site, factor in cubicle_time.items() if not round(LEAST, 5) < factor < round(MOST, 5)]
    beyond = f"; it is at the end of its range in {', '.join(at_the_end)}" if at_the_end else ""
    return [
        f"A&E within four hours: a factor on the time in a cubicle in {', '.join(cubicle_time)} is identified, by one "
        f"published share of the year each, with cubicles and staff as they are; number of cubicles, pace of treatment "
        f"and time of boarding are known only in combination{beyond}"
    ]


def _share(o: Observed, site: str, months: np.ndarray) -> float:
    return float(four_hour_share(o, site, [months]).mean())


def log_odds(share: float) -> float:
    """Logarithm of the odds of a share, kept from nought and one."""
    share = min(max(share, 1e-4), 1 - 1e-4)
    return float(np.log(share / (1 - share)))

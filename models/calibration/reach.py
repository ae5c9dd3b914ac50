"""Beds out of reach: how many of a hospital's beds are free, but not for the next emergency, so that waits are as long.

Beds in use and long waits are two figures of a hospital, and a pool in which every free bed serves everybody can meet
one of them only. Since 2020 a large hospital of England with a bed in ten free lets one person in five wait over twelve
hours. The share of beds kept from emergencies (wrong specialty, ward for one sex, infection, no staff, kept for planned
patients) stands for all that lies between the two; it is sought for each hospital, so that as many of those admitted
through A&E wait over twelve hours for a bed as were published. It says nothing of why.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.arms.arms import Observed
from models.calibration.front import log_odds
from models.footprint.footprint import Footprint
from models.footprint.observed import beds_by_quarter, site_means
from models.measures.measures import long_wait_share
from models.system.sizes import season_beds

__all__ = ["LEAST_MISS", "OVER_12H", "WAIT_TOLERANCE", "Reach", "observed_waits", "waited"]

OVER_12H = "_over_12h"  #: end of the names of these targets, after the hospital
WAIT_TOLERANCE = 0.25  #: relative: in a small hospital one bed changes long waits by a third
LEAST_MISS = 0.005  #: of the share, which is allowed in any case
_TWELVE = 1  #: which of the clocks of waits
_FIRST, _STEP = 0.02, 0.02  #: of the beds: to begin with, and most in one round
_SLOPE, _FLATTER, _STEEPER = 100.0, 4.0, 6.0  #: of the log odds over the share of beds; how far it may go
_FULLEST = 0.95  #: of the beds that are free on average, which can be out of reach


def observed_waits(footprint: Footprint) -> dict[str, float]:
    """Share of those admitted through A&E who waited over twelve hours for a bed in the baseline year, by site."""
    rows: Any = beds_by_quarter(footprint, footprint.baseline_year)
    waited = rows["waits_over_12h"].astype(float).groupby(rows["site"]).sum().to_dict()
    admitted: dict[str, float] = (site_means(footprint)["type1_admissions_per_day"] * 365).to_dict()  # type: ignore
    return {site: waited[site] / admitted[site] for site in footprint.sites}


class Reach:
    """Beds out of reach of each hospital, moved round by round until long waits are those published.

    Beds are whole, and the first of them weighs most: with one bed kept, planned patients find a bed whatever queues.
    Where one bed more or less lies on the other side of what was published, the nearer of the two is taken.
    """

    def __init__(self, footprint: Footprint):
        self.wanted = observed_waits(footprint)
        self._open = {site: float(np.mean(list(beds.values()))) for site, beds in season_beds(footprint).items()}
        used = {name: site.beds_occupied.value / site.beds_available.value for name, site in footprint.sites.items()}
        self._most = {site: int(_FULLEST * (1 - used[site]) * beds) for site, beds in self._open.items()}
        self.beds = {site: min(self._most[site], max(1, round(_FIRST * beds))) for site, beds in self._open.items()}
        self._slope = {site: _SLOPE / beds for site, beds in self._open.items()}  # of the log odds, a bed
        self._seen: dict[str, dict[int, float]] = {site: {} for site in self.beds}  # log odds missed, by beds

    @property
    def shares(self) -> dict[str, float]:
        """Share of each hospital's beds, as a fit holds it."""
        return {site: round(beds / self._open[site], 5) for site, beds in self.beds.items()}

    def misses(self, o: Observed, months: np.ndarray) -> dict[str, float]:
        """How far each share is missed, in tolerances; nought where no whole number of beds comes nearer."""
        out = {}
        for site, wanted in self.wanted.items():
            found = waited(o, site, months)
            self._seen[site][self.beds[site]] = log_odds(found) - log_odds(wanted)
            allowed = max(WAIT_TOLERANCE * wanted, LEAST_MISS)
            out[f"{site}{OVER_12H}"] = 0.0 if self._nearest(site) else (found - wanted) / allowed
        return out

    def move(self) -> None:
        """Move every number of beds by the slope seen so far, within what was seen to be too few and too many."""
        for site, at in self.beds.items():
            seen, miss = self._seen[site], self._seen[site][at]
            if abs(miss) <= np.log1p(WAIT_TOLERANCE) or self._nearest(site):
                continue
            others = [(n, m) for n, m in seen.items() if n != at]
            if others:
                near, other = min(others, key=lambda one: abs(one[0] - at))
                slope = (miss - other) / (at - near)
                here = _SLOPE / self._open[site]
                self._slope[site] = float(np.clip(0.5 * (self._slope[site] + slope), here / _FLATTER, here * _STEEPER))
            step = -miss / self._slope[site]
            step = float(np.clip(step, -_STEP * self._open[site], _STEP * self._open[site]))
            step = round(step) or (1 if miss < 0 else -1)
            few = max((n for n, m in seen.items() if m < 0), default=-1)
            many = min((n for n, m in seen.items() if m > 0), default=self._most[site] + 1)
            if few + 1 < many:
                self.beds[site] = int(np.clip(at + step, few + 1, many - 1))
            else:
                self.beds[site] = int(np.clip(at + np.sign(step), 0, self._most[site]))

    def forget(self) -> None:
        """Forget what was seen, as something else has changed what so many beds do."""
        self._seen = {site: {} for site in self.beds}

    def achieved(self, o: Observed, months: np.ndarray) -> dict[str, float]:
        """Shares that wait over twelve hours, by the names of a fit."""
        return {f"{site}{OVER_12H}": round(waited(o, site, months), 4) for site in self.wanted}

    def in_words(self) -> list[str]:
        """Say what the published waits identify."""
        return [
            f"waits over twelve hours: the beds out of reach in {', '.join(self.beds)} are identified, by one "
            "published count of the year each, to a whole bed; why they are out of reach is not"
        ]

    def _nearest(self, site: str) -> bool:
        """Whether what lies next on the other side was seen to be farther off, or there is nothing there."""
        at, seen = self.beds[site], self._seen[site]
        miss = seen[at]
        there = at + (1 if miss < 0 else -1)
        if not 0 <= there <= self._most[site]:
            return True
        return there in seen and seen[there] * miss <= 0 and abs(seen[there]) >= abs(miss)


def waited(o: Observed, site: str, months: np.ndarray) -> float:
    """Share of a hospital's emergencies who wait over twelve hours for a bed, mean of the replications."""
    return float(long_wait_share(o, site, [months], _TWELVE).mean())

"""Factors on stays and on places, moved round by round until beds in use and delayed beds are those of the year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.arms.arms import Observed
from models.calibration.aim import Targets, delayed_by_pathway
from models.footprint.footprint import Footprint
from models.measures.measures import occupied_beds
from sim.clock import DAY
from sim.kernel.layout import IN_SERVICE

__all__ = ["DELAY_TOLERANCE", "OCCUPANCY_TOLERANCE", "Factors", "half_a_place"]

OCCUPANCY_TOLERANCE = 0.005  #: relative, each hospital's beds in use
DELAY_TOLERANCE = 0.05  #: relative, beds held by each pathway's queue
_FIRST_STAY = 0.93
_STEP = 0.03  #: of the logarithm of a factor on places, in one round


class Factors:
    """A factor on stays for each hospital and one on places for each pathway.

    Parameters
    ----------
    footprint : Footprint
    aim : Targets
    places : float
        First factor on places.
    """

    def __init__(self, footprint: Footprint, aim: Targets, places: float):
        self.aim = aim
        self.stay = dict.fromkeys(footprint.sites, _FIRST_STAY)
        self.places = dict.fromkeys(footprint.pathways, places)
        #: tolerance of each target, relative
        self.allowed = dict.fromkeys(self.stay, OCCUPANCY_TOLERANCE) | dict.fromkeys(self.places, DELAY_TOLERANCE)
        self._slope = {p: -5.0 * footprint.pathways[p].static_capacity_prior.value * 0.25 for p in self.places}
        self._before: dict[str, tuple[float, float]] = {}
        self._seen: dict[str, dict[int, float]] = {p: {} for p in self.places}

    def misses(self, o: Observed, months: np.ndarray, late: bool) -> dict[str, float]:
        """How far each target is missed, in tolerances; late, the nearest whole number of places will do."""
        occupied, delayed = self._found(o, months)
        out = {s: (beds / self.aim.occupied[s] - 1) / self.allowed[s] for s, beds in occupied.items()}
        if late and max(abs(m) for m in out.values()) <= 1:  # otherwise stays are to change, and delays with them
            self._allow_half_a_place(o, delayed)
        return out | {p: (beds / self.aim.delayed[p] - 1) / self.allowed[p] for p, beds in delayed.items()}

    def move(self, o: Observed, months: np.ndarray) -> None:
        """Move factors on stays by the beds that are missed, those on places by the slope seen so far."""
        occupied, delayed = self._found(o, months)
        for s in self.stay:
            wards = [o.station(name) for name in o.arm.system.roles.wards[s]]
            in_care = o.area[:, months][:, :, wards][..., IN_SERVICE].sum()
            in_care = in_care / (o.area.shape[0] * o.days[months].sum() * DAY)
            self.stay[s] *= float(np.clip(1 + (self.aim.occupied[s] - occupied[s]) / in_care, 0.2, 5.0))
        for p, factor in self.places.items():
            at, slope = float(np.log(factor)), self._slope[p]
            if p in self._before and abs(self._before[p][0] - at) > 1e-4:  # noqa: PLR2004 - rounding
                secant = (delayed[p] - self._before[p][1]) / (at - self._before[p][0])
                slope = float(np.clip(0.5 * slope + 0.5 * secant, 8 * slope, slope / 8))
            self._slope[p], self._before[p] = slope, (at, delayed[p])
            step = float(np.clip((self.aim.delayed[p] - delayed[p]) / slope, -_STEP, _STEP))
            self.places[p] = factor * float(np.exp(step))

    def achieved(self, o: Observed, months: np.ndarray) -> dict[str, float]:
        """Beds in use and beds delayed, by the names of a fit."""
        occupied, delayed = self._found(o, months)
        out = {f"{s}_beds_occupied": round(beds, 2) for s, beds in occupied.items()}
        return out | {f"{p}_delayed_beds": round(beds, 2) for p, beds in delayed.items()}

    def _found(self, o: Observed, months: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
        occupied = {s: float(occupied_beds(o, s)[:, months].mean()) for s in self.stay}
        return occupied, delayed_by_pathway(o, months)

    def _allow_half_a_place(self, o: Observed, delayed: Mapping[str, float]) -> None:
        for p, beds in delayed.items():
            places = sum(pieces[0].before for (_, name), pieces in o.arm.system.roles.made_of.items() if name == p)
            self._seen[p][places] = beds
            self.allowed[p] = max(DELAY_TOLERANCE, half_a_place(self._seen[p], places) / self.aim.delayed[p])


def half_a_place(seen: Mapping[int, float], places: int) -> float:
    """Half of what one place more or less has changed the delayed beds by; nought while neither has been tried.

    Places are whole. Where one of them moves the delayed beds by more than twice the tolerance, no number of places may
    lie within it; in late rounds this much is then allowed, which is to take the nearest.

    Parameters
    ----------
    seen : mapping
        Delayed beds by number of places, in rounds whose stays fit.
    places : int
        Number of places of this round.
    """
    return max((abs(seen[places] - seen[n]) / 2 for n in (places - 1, places + 1) if n in seen), default=0.0)

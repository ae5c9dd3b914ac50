"""From the mean load to the published count: who else is in the beds that are counted at midnight."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from models.arms.arms import MIDNIGHT
from models.footprint.footprint import inside_beds
from models.system.sizes import community_places
from models.system.system import pathway_station, ward
from models.waterfall.network import Basis
from sim import Run
from sim.clock import DAY

__all__ = ["Counted", "counted", "together"]


@dataclass(frozen=True)
class Counted:
    """Hospital beds in use at midnight in the baseline year with beds as they were open, simulated; mean beds.

    Parameters
    ----------
    in_care : float
        People not yet medically ready.
    arranging : float
        Ready, while something is arranged, or until the hours of discharge.
    delayed : float
        Ready and arranged, and no place is free (delayed transfer of care).
    community : float
        In community beds that lie inside the count.
    """

    in_care: float
    arranging: float
    delayed: float
    community: float

    @property
    def total(self) -> float:
        """All beds in use."""
        return sum(getattr(self, f.name) for f in fields(self))


def counted(run: Run, basis: Basis, site: str) -> Counted:
    """Count one finished run of one hospital, over the midnights of its last year."""
    names = list(run.lowered.network.stations)
    first = int(run.lowered.tables.period_edges[-13]) // DAY
    midnights = run.state.snapshot[first + 1 :].astype(float).mean(axis=0)
    hospital = midnights[names.index(ward(site))]
    pathway = basis.footprint.community_overlap.pathway
    beds = midnights[names.index(pathway_station(site, pathway))]
    inside = inside_beds(basis.footprint)[site] / community_places(basis.footprint, basis.fit)[site, pathway]
    care, arranging, delayed = (MIDNIGHT.index(s) for s in ("in_service", "in_transition", "blocked"))
    return Counted(
        float(hospital[care]),
        float(hospital[arranging]),
        float(hospital[delayed]),
        float(inside * beds[[care, arranging, delayed]].sum()),
    )


def together(parts: list[Counted], how: str = "sum") -> Counted:
    """Add counts up (``sum``), or take their ``mean``."""
    take = np.sum if how == "sum" else np.mean
    return Counted(*(float(take([getattr(p, f.name) for p in parts])) for f in fields(Counted)))

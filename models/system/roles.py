"""What stations and classes of a network mean to the main job: wards, services outside, who is urgent or planned.

The network of beds (:mod:`models.system.system`) and the whole care system (:mod:`models.system.whole.system`) both say
it in these words; plans, gates, measures, criteria and calibration read nothing else about a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from models.care.crowding import Crowding
from models.care.supply import Piece
from models.care.wards import shared_out
from models.figures.figures import Figure
from sim.kernel.layout import BLOCKED, WAITING

__all__ = ["FrontDoorRead", "Roles", "TreatmentRead"]


@dataclass(frozen=True)
class FrontDoorRead:
    """How the four-hour share of one hospital's A&E is read from a run.

    Parameters
    ----------
    cubicles : float
        Mean number staffed.
    admitted_share : float
        Share of attendances that are admitted, stays without a night included.
    base_breach : float
        Share of those not admitted who are late when nobody boards.
    crowding : Crowding
        Time to the decision to admit, and slopes with crowding.
    fitted : bool
        Whether the base breach is fitted to what the hospital has published.
    clocks : tuple of (clock, class)
        Clocks from arrival which together give the share, where everybody is followed; empty where it comes from the
        waits for a bed and from crowding.
    """

    cubicles: float
    admitted_share: float
    base_breach: float
    crowding: Crowding
    fitted: bool
    clocks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TreatmentRead:
    """How the share of planned patients treated in time since referral is read from a run.

    Parameters
    ----------
    classes : tuple of str
    limit_days : float
    before_days, before_cv : float
        Time from referral to the decision to operate, which is added when read.
    standard : Figure
        Share that should be treated within the limit.
    """

    classes: tuple[str, ...]
    limit_days: float
    before_days: float
    before_cv: float
    standard: Figure


@dataclass(frozen=True)
class Roles:
    """Stations and classes by what they mean.

    Parameters
    ----------
    wards : mapping
        By site, stations with the general and acute beds that are counted and that a plan may close.
    bed_shares : mapping
        By ward, its share of the site's beds.
    entries : mapping
        By site, stations where emergencies wait for a bed from the decision to admit on.
    services : mapping
        By site and pathway, stations of the service outside hospital.
    made_of : mapping
        By site and pathway, what a place of the service is made of; plans open and close these.
    emergency_sources : mapping
        By site, ways in of emergencies, some of whom a plan may keep at home.
    home_sources : mapping
        By site, ways in of those who are kept at home: nobody, until a plan keeps somebody there.
    emergencies, planned : tuple of str
        Classes of people who come unplanned, and planned, and stay a night.
    at_home : str
        Class of emergencies that a plan keeps at home.
    lists : mapping
        By site, the station whose waiting room is the elective list; empty where planned patients come on their day.
    front : mapping
        By site, how the four-hour share is read; empty where A&E is no part of the network.
    treatment : mapping
        By kind (elective, cancer), how treatment in time is read; empty where there is no list.
    bed_clocks : mapping
        By site, clocks from the decision to admit to a bed, of 4 and of 12 hours, where people are followed through
        A&E; they wait in a place then, blocked, and not in a waiting room.
    beside : mapping
        By site, a station of beds that are counted only as far as they are used overnight, and how many those are.
    attendances : mapping
        By site, ways in of people who come to A&E and go home from there; empty where nobody is followed through A&E.
    """

    wards: Mapping[str, tuple[str, ...]]
    bed_shares: Mapping[str, float]
    entries: Mapping[str, tuple[str, ...]]
    services: Mapping[tuple[str, str], tuple[str, ...]]
    made_of: Mapping[tuple[str, str], tuple[Piece, ...]]
    emergency_sources: Mapping[str, tuple[str, ...]]
    home_sources: Mapping[str, tuple[str, ...]]
    emergencies: tuple[str, ...]
    planned: tuple[str, ...]
    at_home: str
    lists: Mapping[str, str] = field(default_factory=dict)
    front: Mapping[str, FrontDoorRead] = field(default_factory=dict)
    treatment: Mapping[str, TreatmentRead] = field(default_factory=dict)
    bed_clocks: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    beside: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    attendances: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def beds_by_ward(self, site: str, beds: int) -> dict[str, int]:
        """Beds of a site shared out among its wards, in whole beds that sum to all."""
        return shared_out(beds, {ward: self.bed_shares[ward] for ward in self.wards[site]})

    def in_stocks(self, site: str, pathway: str) -> str:
        """Name of a service among the stocks around the network: that of its station, where its places are one's."""
        pieces = self.made_of[site, pathway]
        return pieces[0].pool if len(pieces) == 1 else f"{site}_{pathway}"

    @property
    def queued(self) -> int:
        """State in which people wait for a bed at the entries."""
        return BLOCKED if self.bed_clocks else WAITING

    def in_all(self, kind: Mapping[str, tuple[str, ...]], site: str | None = None) -> list[str]:
        """Stations of a kind at one site, or at all of them."""
        return [station for name in _sites(kind, site) for station in kind[name]]


def _sites(kind: Mapping[str, tuple[str, ...]], site: str | None) -> Iterable[str]:
    return kind if site is None else (site,)

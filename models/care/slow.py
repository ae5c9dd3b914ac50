"""The slow mechanisms around the network: read together, switched by name, put together with one owner for each number.

Answers of stays to pressure (:mod:`models.care.pressure`) may stand beside them: they share what the network tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.care.care_market import CareMarket, care_market
from models.care.change_capacity import ChangeCapacity, change_capacity
from models.care.estate import Estate, estate
from models.care.maturity import Maturity, maturity
from models.care.pressure import Mechanism, Switchable
from models.care.stock_part import StockPart, stocks_together
from models.care.supply import Site, opened, planned
from models.care.workforce import Workforce, workforce
from models.figures.figures import Text

__all__ = ["NAMES", "SHOWN", "Around", "stocks_around"]

NAMES = ("workforce", "care_market", "estate", "maturity", "change_capacity")
#: variables that a run writes down, beside every stock, as far as they are there
SHOWN = ("ward_posts", "community_posts", "on_duty", "beds_called", "beds_staffed", "beds_to_open", "places_wanted")
SHOWN += ("places_staffed", "community_wanted", "open_places", "change_speed", "maturity")


class Around(Switchable):
    """All slow mechanisms."""

    name: Text
    workforce: Workforce
    care_market: CareMarket
    estate: Estate
    maturity: Maturity
    change_capacity: ChangeCapacity

    @property
    def any(self) -> bool:
        """Whether any of them is on."""
        return any(getattr(self, name).enabled for name in NAMES)

    def told(self) -> list[str]:
        """One line a mechanism, parts of the workforce included: whether it is on, its grade, and why it is here."""
        found: list[tuple[str, Mechanism, bool]] = []
        for name in NAMES:
            one: Mechanism = getattr(self, name)
            found.append((name, one, one.enabled))
            for key in type(one).model_fields:
                part = getattr(one, key)
                if isinstance(part, Mechanism):
                    found.append((f"{name}.{key}", part, one.enabled and part.enabled))
        return [f"{name}: {'on' if on else 'off'}, grade {one.grade}. {one.why.strip()}" for name, one, on in found]


def stocks_around(
    sites: Mapping[str, Site],
    care: Around,
    *,
    start_day: int,
    shut: Sequence[tuple[int, float]] = (),
) -> StockPart | None:
    """Return the stocks of all mechanisms that are on, with what they are told and what they set; None if none is on.

    Stations whose places they set are named by :func:`models.care.supply.driven_stations`.

    Parameters
    ----------
    sites : mapping
    care : Around
    start_day : int
        As for :func:`models.care.pressure.april_quarters`.
    shut : sequence of (int, float)
        As for :func:`models.care.supply.opened`.
    """
    if not care.any:
        return None
    names, staff, market = list(sites), care.workforce, care.care_market
    parts, limits = [planned(sites, start_day)], dict[str, list[str]]()
    if staff.enabled:
        parts.append(workforce(sites, staff))
        if staff.places_follow_staff.enabled:
            limits |= {pathway: ["community_share[{service}]"] for pathway in staff.places_follow_staff.pathways}
    if market.enabled:
        parts.append(care_market(names, market))
        for pathway in market.pathways:
            limits.setdefault(pathway, []).append("market_share[{site}]")
    if care.estate.enabled:
        parts.append(estate(names, care.estate))
    if care.change_capacity.enabled:
        parts.append(change_capacity(names, care.change_capacity))
    if care.maturity.enabled:
        paced_by = "change_speed" if care.change_capacity.enabled else None
        parts.append(maturity(sites, care.maturity, paced_by=paced_by))
    staffed = staff.enabled and staff.minimum_staffing.enabled
    parts.append(opened(sites, staffed=staffed, usable=care.estate.enabled, limits=limits, shut=shut))
    return stocks_together(parts)

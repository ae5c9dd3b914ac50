"""What the stage machine sees on the first of a month, and what it then asks for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Seen", "Sight", "Target"]


class Sight(Protocol):
    """What can be seen of a running replication; months are counted back from today, None is the baseline year."""

    def long_waits(self, site: str, months: int | None) -> float:
        """Share of emergencies that waited over 4 h for a bed."""
        ...

    def occupancy(self, site: str, months: int | None, fewer_beds: int = 0) -> float:
        """Mean use of the hospital's beds, had it had its beds of those seasons *before the plan* but for some."""
        ...

    def delayed(self, site: str, months: int | None) -> float:
        """Share of occupied hospital beds held by people who could leave."""
        ...

    def use(self, site: str, service: str, months: int) -> float:
        """Share of a service's open places that was in use."""
        ...

    def staffed(self, site: str, setting: str) -> float:
        """Share of wanted beds or places with staff in post or promised; 1 where staff are not modelled."""
        ...

    def freed_staff(self, site: str) -> float:
        """Places counted as staffed whose staff only a closure still to come would free; 0 where not modelled."""
        ...

    def programmes_at_once(self) -> float:
        """How many programmes leaders can carry now; infinite where change capacity is not modelled."""
        ...

    def money_left(self) -> float:
        """GBP million left this year for change, below 0 when overspent; infinite where money is not modelled."""
        ...


@dataclass
class Target:
    """What should hold from today on; numbers of beds, places and staff are whole."""

    closed: dict[tuple[str, str], int] = field(default_factory=dict)  # (setting, site): mothballed or decommissioned
    released: dict[tuple[str, str], int] = field(default_factory=dict)  # of those closed, decommissioned
    merged: dict[tuple[str, str, str], int] = field(default_factory=dict)  # of these, (setting, site, site moved to)
    added: dict[tuple[str, str], int] = field(default_factory=dict)  # (service, site): places opened so far
    recruiting: dict[tuple[str, str], int] = field(default_factory=dict)  # the same and those being staffed ahead
    staff: dict[tuple[str, str, str], int] = field(default_factory=dict)  # (recruit or retrain, group, site): in post
    learning: dict[tuple[str, str], int] = field(default_factory=dict)  # (group, site): sent to retrain, those back too
    repairs: dict[str, float] = field(default_factory=dict)  # site: pounds for buildings whose works have begun
    effects: dict[tuple[str, str, str], float] = field(default_factory=dict)  # (on, setting, site): factor or share
    capital_pounds: float = 0.0  # committed so far
    running_pounds: float = 0.0  # a year, of places whose building has begun
    escalated: frozenset[str] = frozenset()  # sites for which a higher body decides for now
    escalation: dict[str, int] = field(default_factory=dict)  # by site, escalation beds that a rule keeps open for now


class Seen:
    """A sight that is asked each question once a month only."""

    def __init__(self, sight: Sight):
        self._sight = sight
        self._known: dict[Hashable, float] = {}

    def _once(self, key: Hashable, ask: Callable[[], float]) -> float:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = float(ask())
        return found

    def long_waits(self, site: str, months: int | None) -> float:
        """As the sight says."""
        return self._once(("long", site, months), lambda: self._sight.long_waits(site, months))

    def occupancy(self, site: str, months: int | None, fewer_beds: int = 0) -> float:
        """As the sight says."""
        return self._once(("full", site, months, fewer_beds), lambda: self._sight.occupancy(site, months, fewer_beds))

    def delayed(self, site: str, months: int | None) -> float:
        """As the sight says."""
        return self._once(("delayed", site, months), lambda: self._sight.delayed(site, months))

    def use(self, site: str, service: str, months: int) -> float:
        """As the sight says."""
        return self._once(("use", site, service, months), lambda: self._sight.use(site, service, months))

    def staffed(self, site: str, setting: str) -> float:
        """As the sight says."""
        return self._once(("staffed", site, setting), lambda: self._sight.staffed(site, setting))

    def freed_staff(self, site: str) -> float:
        """As the sight says."""
        return self._once(("freed", site), lambda: self._sight.freed_staff(site))

    def programmes_at_once(self) -> float:
        """As the sight says."""
        return self._once("programmes", self._sight.programmes_at_once)

    def money_left(self) -> float:
        """As the sight says."""
        return self._once("money", self._sight.money_left)

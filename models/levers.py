"""What a plan changes while a replication runs: beds, places, shares and demand, whoever owns the number.

A number belongs to the network's own plan, or to the stocks around it (staff decide how many places can open). Here is
the one place that knows which; whoever decides says only what should hold from now on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from models.system import AT_HOME, EMERGENCY_CLASSES, System, pathway_station, ward
from sim import Run
from sim.clock import Calendar
from sim.hybrid import HybridRun
from sim.tables import Change, Lowered

__all__ = ["Levers"]


@dataclass
class Levers:
    """One replication's levers; what is set takes effect together at the next :meth:`pull`.

    Parameters
    ----------
    system : System
    lowered : Lowered
    run : Run
    around : HybridRun, optional
        The stocks around the network, where there are any.
    """

    system: System
    lowered: Lowered
    run: Run
    around: HybridRun | None = None
    closed: dict[str, int] = field(default_factory=dict)
    places: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    _changes: list[Change] = field(default_factory=list)
    _parameters: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for source in self.lowered.network.sources:
            if source.endswith(f"_{AT_HOME}"):
                self._changes.append(self.lowered.source_at(source, 0.0, self.run.now))

    def beds(self, site: str, closed: int) -> None:
        """Close so many hospital beds in all, of those that are open in the season."""
        if closed == self.closed.get(site, 0):
            return
        self.closed[site] = closed
        if ward(site) in self.system.driven:
            self._parameters[f"closed_beds[{site}]"] = closed
        else:
            self._changes.append(self._beds(site))

    def service(self, site: str, pathway: str, *, added: int = 0, closed: int = 0, posts: int = 0) -> None:
        """Open and close so many places of a service in all; `posts` counts those that may be filled ahead."""
        before = self.places.get((site, pathway), (0, 0, 0))
        if before == (added, closed, max(added, posts)):
            return
        self.places[site, pathway] = (added, closed, max(added, posts))
        station = pathway_station(site, pathway)
        told = dict(zip(("added_places", "closed_places", "added_posts"), self.places[site, pathway], strict=True))
        self._parameters |= {f"{k}[{station}]": n for k, n in told.items() if self.system.has_parameter(k)}
        if station not in self.system.driven and before[:2] != (added, closed):
            left = max(0, self.system.places[site, pathway] + added - closed)
            self._changes.append(self.lowered.places_at(station, left, self.run.now))

    def redirect(self, site: str, pathway: str, other: str, share: float) -> None:
        """Send a share of those who would have used one service to another instead."""
        station, at = ward(site), self.run.now
        for number, rule in enumerate(self.lowered.network.stations[station].routes):
            shares = {to: d.share for to, d in rule.to.items() if isinstance(d.share, float)}
            one, two = pathway_station(site, pathway), pathway_station(site, other)
            if one in shares and two in shares:
                moved = shares[one] * share
                shares |= {one: shares[one] - moved, two: shares[two] + moved}
                self._changes += self.lowered.shares(station, number, shares, at)

    def demand(self, site: str, avoided: float, in_full: float) -> None:
        """Keep a share of emergencies away from hospital; they are cared for at home.

        Parameters
        ----------
        avoided : float
            Share of emergencies.
        in_full : float
            The share for which those cared for at home were sized, when all is in place.
        """
        at, home = self.run.now, f"{site}_{AT_HOME}"
        for cls in EMERGENCY_CLASSES:
            self._changes.append(self.lowered.source_at(f"{site}_{cls}", 1.0 - avoided, at))
        if home in self.lowered.network.sources and in_full > 0:
            self._changes.append(self.lowered.source_at(home, avoided / in_full, at))

    def added_open(self, site: str, pathway: str) -> int:
        """Places beyond those before the plan that are open: as many as planned, or as there are staff for."""
        added, closed, _ = self.places.get((site, pathway), (0, 0, 0))
        station = pathway_station(site, pathway)
        if station not in self.system.driven:
            return added
        have = int(self.run.state.pool["places"][self.lowered.pools.index(station)])
        return max(0, min(added, have - self.system.places[site, pathway] + closed))

    def season(self, today: dt.date) -> None:
        """Keep the beds of a new quarter net of closures where the network's own plan sets them."""
        if today.month % 3 == 1:
            self._changes += [self._beds(s) for s, n in self.closed.items() if n and ward(s) not in self.system.driven]

    def pull(self) -> None:
        """Let everything that was set since the last time take effect now."""
        if self._changes:
            self.run.change(self._changes)
        if self._parameters and self.around is not None:
            self.around.set(self._parameters)
        self._changes, self._parameters = [], {}

    def _beds(self, site: str) -> Change:
        calendar = Calendar(self.lowered.network.start, int(self.lowered.tables.period_edges[-1]))
        quarter = Calendar.april_quarter(calendar.date(self.run.now))
        left = max(0, self.system.beds[site][quarter] - self.closed.get(site, 0))
        return self.lowered.places_at(ward(site), left, self.run.now)

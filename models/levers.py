"""What a plan changes while a replication runs: beds, places, shares and demand, whoever owns the number.

A number belongs to the network's own plan, or to the stocks around it (staff decide how many places can open). Here is
the one place that knows which; whoever decides says only what should hold from now on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from models.system import System
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
        for sources in self.system.roles.home_sources.values():
            self._changes += [self.lowered.source_at(source, 0.0, self.run.now) for source in sources]

    def beds(self, site: str, closed: int) -> None:
        """Close so many hospital beds in all, of those that are open in the season."""
        if closed == self.closed.get(site, 0):
            return
        self.closed[site] = closed
        if self._by_stocks(site):
            self._parameters[f"closed_beds[{site}]"] = closed
        else:
            self._changes += self._beds(site)

    def service(self, site: str, pathway: str, *, added: int = 0, closed: int = 0, posts: int = 0) -> None:
        """Open and close so many places of a service in all; `posts` counts those that may be filled ahead."""
        before, now = self.places.get((site, pathway), (0, 0, 0)), (added, closed, max(added, posts))
        if before == now:
            return
        self.places[site, pathway] = now
        for piece in self.system.roles.made_of[site, pathway]:
            if self.system.follows(piece.pool):
                told = zip(("added_places", "closed_places", "added_posts"), now, strict=True)
                named = {f"{k}[{piece.pool}]": float(n) for k, n in told if self.system.has_parameter(k)}
                self._parameters |= named
            if piece.pool not in self.system.driven and before[:2] != (added, closed):
                left = max(0, piece.before + round((added - closed) * piece.per_place))
                self._changes.append(self.lowered.places_at(piece.pool, left, self.run.now))

    def redirect(self, site: str, pathway: str, other: str, share: float) -> None:
        """Send a share of those who would have used one service to another instead."""
        services, at = self.system.roles.services, self.run.now
        for ward in self.system.roles.wards[site]:
            for number, rule in enumerate(self.lowered.network.stations[ward].routes):
                shares = {to: d.share for to, d in rule.to.items() if isinstance(d.share, float)}
                away, to = ([name for name in services[site, p] if name in shares] for p in (pathway, other))
                if not away or not to:
                    continue
                moved, before = sum(shares[name] * share for name in away), sum(shares[name] for name in to)
                shares |= {name: shares[name] - shares[name] * share for name in away}
                shares |= {name: shares[name] + moved * (shares[name] / before) for name in to}
                self._changes += self.lowered.shares(ward, number, shares, at)

    def demand(self, site: str, avoided: float, in_full: float) -> None:
        """Keep a share of emergencies away from hospital; they are cared for at home.

        Parameters
        ----------
        avoided : float
            Share of emergencies.
        in_full : float
            The share for which those cared for at home were sized, when all is in place.
        """
        at, roles = self.run.now, self.system.roles
        self._changes += [self.lowered.source_at(name, 1.0 - avoided, at) for name in roles.emergency_sources[site]]
        if in_full > 0:
            self._changes += [self.lowered.source_at(name, avoided / in_full, at) for name in roles.home_sources[site]]

    def added_open(self, site: str, pathway: str) -> int:
        """Places beyond those before the plan that are open: as many as planned, or as there are staff for."""
        added, closed, _ = self.places.get((site, pathway), (0, 0, 0))
        piece = self.system.roles.made_of[site, pathway][0]
        if piece.pool not in self.system.driven:
            return added
        have = int(self.run.state.pool["places"][self.lowered.pools.index(piece.pool)])
        return max(0, min(added, have - piece.before + closed))

    def season(self, today: dt.date) -> None:
        """Keep the beds of a new quarter net of closures where the network's own plan sets them."""
        if today.month % 3 == 1:
            for site, closed in self.closed.items():
                if closed and not self._by_stocks(site):
                    self._changes += self._beds(site)

    def pull(self) -> None:
        """Let everything that was set since the last time take effect now."""
        if self._changes:
            self.run.change(self._changes)
        if self._parameters and self.around is not None:
            self.around.set(self._parameters)
        self._changes, self._parameters = [], {}

    def _by_stocks(self, site: str) -> bool:
        return self.system.roles.wards[site][0] in self.system.driven

    def _beds(self, site: str) -> list[Change]:
        calendar = Calendar(self.lowered.network.start, int(self.lowered.tables.period_edges[-1]))
        quarter = Calendar.april_quarter(calendar.date(self.run.now))
        left = max(0, self.system.beds[site][quarter] - self.closed.get(site, 0))
        by_ward = self.system.roles.beds_by_ward(site, left)
        return [self.lowered.places_at(ward, beds, self.run.now) for ward, beds in by_ward.items()]

"""What a plan changes while a replication runs: beds, places, shares and demand, whoever owns the number.

A number belongs to the network's own plan, or to the stocks around it (staff decide how many places can open). Here is
the one place that knows which; whoever decides says only what should hold from now on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.care.estate import PLAN_REPAIRS
from models.care.plan_staff import LEARNED, RECRUITED, SENT
from models.care.shocks import left_open, shares_between
from models.plans import months_after
from models.system.system import System
from sim import Run
from sim.clock import DAY, Calendar
from sim.hybrid import HybridRun
from sim.tables import Change, Lowered

__all__ = ["Levers", "Way"]

SMALL = 1e-6  #: members of staff, or share of people, that may differ by rounding

Way = tuple[str, str, str]  #: service that people would have used, the one to which they go instead, and its site


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
    extra: dict[str, int] = field(default_factory=dict)
    mothballed: dict[str, int] = field(default_factory=dict)
    staff: dict[tuple[str, str, str], float] = field(default_factory=dict)
    repaired: dict[str, float] = field(default_factory=dict)
    stay: dict[str, float] = field(default_factory=dict)
    kept: dict[str, tuple[float, float]] = field(default_factory=dict)
    attending: dict[str, float] = field(default_factory=dict)
    moved: dict[str, dict[Way, float]] = field(default_factory=dict)
    places: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    _turned: set[tuple[str, int]] = field(default_factory=set)  # rules of wards that send people elsewhere, or did
    _changes: list[Change] = field(default_factory=list)
    _parameters: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for sources in self.system.roles.home_sources.values():
            self._changes += [self.lowered.source_at(source, 0.0, self.run.now) for source in sources]

    def beds(self, site: str, closed: int, extra: int = 0, mothballed: int = 0) -> None:
        """Close so many hospital beds in all, of those that are open in the season; keep `extra` open for now.

        Of those closed, `mothballed` can reopen, and their staff stay.
        """
        open_before = (self.closed.get(site, 0), self.extra.get(site, 0))
        if (*open_before, self.mothballed.get(site, 0)) == (closed, extra, mothballed):
            return
        self.closed[site], self.extra[site], self.mothballed[site] = closed, extra, mothballed
        told = {"closed_beds": closed, "escalation_beds": extra, "mothballed_beds": mothballed}
        self._parameters |= {f"{k}[{site}]": float(n) for k, n in told.items() if self.system.has_parameter(k)}
        if not self._by_stocks(site) and open_before != (closed, extra):
            self._changes += self._beds(site)

    def people(self, staff: Mapping[tuple[str, str, str], int], learning: Mapping[tuple[str, str], int]) -> None:
        """Bring staff into post, and move staff of wards to the community by way of learning; numbers so far.

        Whom the stocks do not know (no staff in this run, none in the community) stay what they are;
        :mod:`models.transition.idle` tells of it.
        """
        kinds = {"recruit": RECRUITED, "retrain": LEARNED}
        told = {(kinds[kind], site, group): float(n) for (kind, group, site), n in staff.items()}
        told |= {(SENT, site, group): float(n) for (group, site), n in learning.items()}
        known = {key: n for key, n in told.items() if self.system.has_parameter(key[0])}
        self._all_came()
        new = {key: n for key, n in known.items() if n != self.staff.get(key)}
        self._parameters |= {f"{name}[{site},{group}]": n for (name, site, group), n in new.items()}
        self.staff |= new

    def repairs(self, site: str, pounds: float) -> None:
        """Let so much money so far go into repairs of a hospital's buildings; the stocks spend it as works can be done.

        Without the stock of buildings nothing changes; :mod:`models.transition.idle` tells of it.
        """
        if self.system.has_parameter(PLAN_REPAIRS) and pounds != self.repaired.get(site, 0.0):
            self.repaired[site] = pounds
            self._parameters[f"{PLAN_REPAIRS}[{site}]"] = pounds

    def _all_came(self) -> None:
        """Check that nobody was lost: who was recruited so far is in post, who was sent learns or has learned."""
        for (name, site, group), told in self.staff.items():
            at = f"[{site},{group}]"
            if name == RECRUITED:
                came = self._stock(f"plan_recruited{at}")
                assert abs(came - told) < SMALL, f"{told} staff{at} were recruited and {came} came"  # noqa: S101
            if name == SENT:
                gone, back = self._stock(f"plan_learning{at}"), self._stock(f"plan_retrained{at}")
                assert -SMALL < gone and gone + back < told + SMALL, f"{told} staff{at} were sent"  # noqa: S101

    def _stock(self, column: str) -> float:
        found = None if self.around is None else self.around.value(column)
        assert found is not None, column  # noqa: S101 - its parameter is there
        return found

    def service(self, site: str, pathway: str, *, added: int = 0, closed: int = 0, posts: int = 0) -> None:
        """Open and close so many places of a service in all; `posts` counts those that may be filled ahead."""
        before, now = self.places.get((site, pathway), (0, 0, 0)), (added, closed, max(added, posts))
        if before == now:
            return
        self.places[site, pathway] = now
        name = self.system.roles.in_stocks(site, pathway)
        if self.system.follows(name):
            told = zip(("added_places", "closed_places", "added_posts"), now, strict=True)
            self._parameters |= {f"{k}[{name}]": float(n) for k, n in told if self.system.has_parameter(k)}
        for piece in self.system.roles.made_of[site, pathway]:
            if piece.pool not in self.system.driven and before[:2] != (added, closed):
                left = max(0, piece.before + round((added - closed) * piece.per_place))
                self._changes.append(self.lowered.places_at(piece.pool, left, self.run.now))

    def ways(self, site: str, moved: Mapping[Way, float]) -> None:
        """Send shares of those who would have used one service of a site to another instead, or to another site's."""
        if dict(moved) == self.moved.get(site, {}):
            return
        self.moved[site] = dict(moved)
        services, at = self.system.roles.services, self.run.now
        for ward in self.system.roles.wards[site]:
            for number, rule in enumerate(self.lowered.network.stations[ward].routes):
                usual = {to: d.share for to, d in rule.to.items() if isinstance(d.share, float)}
                shares = dict(usual)
                for (pathway, other, where), share in moved.items():
                    if where != site:  # the same service, station by station
                        pairs = zip(services[site, pathway], services[where, other], strict=True)
                        for name, there in ((a, b) for a, b in pairs if a in usual):
                            shares |= {name: shares[name] - usual[name] * share}
                            shares |= {there: shares[there] + usual[name] * share}
                        continue
                    away, to = ([name for name in services[site, p] if name in usual] for p in (pathway, other))
                    if not away or not to:
                        continue
                    gone, before = sum(usual[name] * share for name in away), sum(usual[name] for name in to)
                    shares |= {name: shares[name] - usual[name] * share for name in away}
                    shares |= {name: shares[name] + gone * (usual[name] / before) for name in to}
                lost = sum(usual.values()) - sum(shares.values())
                assert abs(lost) < SMALL and min(shares.values()) > -SMALL, "people were lost on the way"  # noqa: S101
                if shares != usual or (ward, number) in self._turned:
                    self._turned.add((ward, number))
                    self._changes += self.lowered.shares(ward, number, shares, at)

    def demand(self, site: str, kept: float, at_home: float) -> None:
        """Let a share of emergencies come; `at_home` is the part of those sized for home who are cared for there."""
        if (kept, at_home) == self.kept.get(site, (1.0, 0.0)):
            return
        self.kept[site] = (kept, at_home)
        at, roles = self.run.now, self.system.roles
        if self.system.has_parameter("plan_kept"):
            self._parameters[f"plan_kept[{site}]"] = kept
        else:
            self._changes += [self.lowered.source_at(name, kept, at) for name in roles.emergency_sources[site]]
        self._changes += [self.lowered.source_at(name, at_home, at) for name in roles.home_sources[site]]

    def attendances(self, site: str, kept: float) -> None:
        """Let a share of those come to A&E who go home from there; nobody is known where A&E is not followed."""
        sources = self.system.roles.attendances.get(site, ())
        if sources and kept != self.attending.get(site, 1.0):
            self.attending[site] = kept
            self._changes += [self.lowered.source_at(name, kept, self.run.now) for name in sources]

    def emergencies_per_day(self, site: str) -> float:
        """Emergencies of a hospital before anything changes them."""
        return self._per_day(self.system.roles.emergency_sources[site])

    def attendances_per_day(self, site: str) -> float:
        """People who come to A&E and go home, before anything changes them; none where they are not followed."""
        return self._per_day(self.system.roles.attendances.get(site, ()))

    def _per_day(self, names: Sequence[str]) -> float:
        return sum(self.lowered.network.sources[name].rate_per_day or 0.0 for name in names)

    def stays(self, site: str, factor: float) -> None:
        """Make stays that begin from now on longer or shorter than they would be."""
        if factor == self.stay.get(site, 1.0):
            return
        self.stay[site] = factor
        if self.system.has_parameter("plan_stay"):
            self._parameters[f"plan_stay[{site}]"] = factor
        else:
            self._changes += self._stays(site)

    def added_open(self, site: str, pathway: str) -> int:
        """Places beyond those before the plan that are open: as many as planned, or as there are staff for."""
        added, closed, _ = self.places.get((site, pathway), (0, 0, 0))
        piece = self.system.roles.made_of[site, pathway][0]
        if piece.pool not in self.system.driven:
            return added
        have = int(self.run.state.pool["places"][self.lowered.pools.index(piece.pool)])
        return max(0, min(added, round((have - piece.before) / piece.per_place) + closed))

    def season(self, today: dt.date) -> None:
        """Keep the beds, and the stays, of a new quarter as changed where the network's own plan sets them."""
        if today.month % 3 != 1:
            return
        for site, closed in self.closed.items():
            if (closed or self.extra[site]) and not self._by_stocks(site):
                self._changes += self._beds(site)
        for site, factor in self.stay.items():
            if factor != 1.0 and not self.system.has_parameter("plan_stay"):
                self._changes += self._stays(site)

    def pull(self) -> None:
        """Let everything that was set since the last time take effect now."""
        if self._changes:
            self.run.change(self._changes)
        if self._parameters and self.around is not None:
            self.around.set(self._parameters)
        self._changes, self._parameters = [], {}

    def _by_stocks(self, site: str) -> bool:
        return self.system.roles.wards[site][0] in self.system.driven

    @property
    def _today(self) -> dt.date:
        return Calendar(self.lowered.network.start, int(self.lowered.tables.period_edges[-1])).date(self.run.now)

    def _stays(self, site: str) -> list[Change]:
        """Factor of the season times that of the plan."""
        changes, at = [], self.run.now
        season = self.system.footprint.demand.stay_season.values[Calendar.april_quarter(self._today) - 1]
        for ward in self.system.roles.wards[site]:
            for cls in self.lowered.network.classes:
                changes.append(self.lowered.multiplier_at(ward, cls, season * self.stay[site], at))
        return changes

    def _beds(self, site: str) -> list[Change]:
        """Beds from today to the end of the quarter, less the share that waves of illness shut from day to day."""
        today = self._today
        quarter = Calendar.april_quarter(today)
        left = max(0, self.system.beds[site][quarter] - self.closed.get(site, 0)) + self.extra.get(site, 0)
        by_ward, steps = self.system.roles.beds_by_ward(site, left), self.system.shut
        ends = months_after(today.replace(day=1), 3 - (today.month - 1) % 3)
        return [
            self.lowered.places_at(ward, left_open(beds, share), self.run.now + (day - today).days * DAY)
            for day, share in shares_between(steps, today, ends)
            for ward, beds in by_ward.items()
        ]

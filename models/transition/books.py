"""The books of one replication: what is closed, open and live so far, and what it has cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from models.plans.moves import BEDS, ESTATE
from models.transition.brief import Terms
from models.transition.stages import Stage
from models.transition.step import Step

__all__ = ["Books", "places_of"]

CLOSED = (Stage.MOTHBALLED, Stage.DECOMMISSIONED)
STAFFING = ("recruit", "retrain")

ROUNDED = 0.5  # steps are whole beds: what is due by a share of a move may be rounded down by so much


class Books:
    """What has been done."""

    def __init__(self) -> None:
        self.closed: Counter[tuple[str, str]] = Counter()
        self.released: Counter[tuple[str, str]] = Counter()
        self.added: Counter[tuple[str, str]] = Counter()
        self.merged: Counter[tuple[str, str, str]] = Counter()  # (setting, site, site to which they have moved)
        self.staff: Counter[tuple[str, str, str]] = Counter()
        self.repairs: defaultdict[str, float] = defaultdict(float)  # pounds for hospital buildings, by site
        self.capital_pounds = 0.0
        self.running_pounds = 0.0  # a year, of places whose building has begun
        self.spent_now = 0.0  # pounds promised this month, which the money that is seen does not know of
        self._live: defaultdict[tuple[str, str], list[tuple[int, int, float]]] = defaultdict(list)

    def beds_gone(self, site: str) -> int:
        """Hospital beds closed so far, less those opened."""
        return self.closed[BEDS, site] - self.added[BEDS, site]

    def enter(self, step: Step, old: Stage, month: int) -> None:
        """Write down that a step has come from another stage into its present one."""
        t, stage = step.tranche, step.stage
        if stage is Stage.BUILDING:
            self._pay(step, step.first_year_pounds)
        if not step.closes:
            if stage is Stage.LIVE:
                self._live[t.move, t.site].append((month, t.size, t.share))
                if t.kind in STAFFING:
                    self.staff[t.kind, t.setting, t.site] += t.size
                elif t.setting == ESTATE:
                    self.repairs[t.site] += step.capital_pounds
                elif step.terms.opens:
                    self.added[step.opens_at] += t.size
            return
        place, counts = (t.setting, t.site), t.kind != "convert"  # a conversion is live once its places are open
        if stage in CLOSED and old not in CLOSED:
            self.closed[place] += t.size
            self.merged[t.setting, t.site, t.to] += t.size if step.merges else 0
            self._pay(step, step.closing_pounds)
            if counts:
                self._live[t.move, t.site].append((month, t.size, t.share))
        if stage is Stage.DECOMMISSIONED:
            self.released[place] += t.size
        if stage is Stage.PROVING and old in CLOSED:  # reopened
            self.closed[place] -= t.size
            self.merged[t.setting, t.site, t.to] -= t.size if step.merges else 0
            if counts:
                self._live[t.move, t.site].remove((step.since, t.size, t.share))
        if stage is (Stage.LIVE if t.kind == "convert" else Stage.RUNNING_BOTH) and t.opens:
            self.added[step.opens_at] += t.opens
        if stage is Stage.LIVE:
            self._live[t.move, t.site].append((month, t.size, t.share))

    def _pay(self, step: Step, pounds: float) -> None:
        """Commit a step's capital, once; `pounds` is what it takes of this year's money."""
        if not step.paid and pounds:
            step.paid = True
            self.capital_pounds += step.capital_pounds
            self.running_pounds += pounds - step.capital_pounds
            self.spent_now += pounds

    @property
    def learning(self) -> Counter[tuple[str, str]]:
        """Staff who have learned work in the community, by group and site."""
        done = {(group, site): n for (kind, group, site), n in self.staff.items() if kind == "retrain"}
        return Counter(done)

    @staticmethod
    def positive(counts: Counter[Any]) -> dict[Any, int]:
        """Entries above zero, in order."""
        return {key: counts[key] for key in sorted(counts) if counts[key] > 0}

    def come_as_far(self, terms: Terms, site: str, share: float, month: int) -> bool:
        """Whether a share of a move was live at a site by some month; at all its sites, if it is not at this one."""
        return all(self._as_far(terms, where, share, month) for where in places_of(terms, site))

    def _as_far(self, terms: Terms, site: str, share: float, month: int) -> bool:
        steps = [(size, at) for since, size, at in self._live[terms.name, site] if since <= month]
        if len(steps) == terms.counts[site]:
            return True
        whole = terms.sizes[site]
        if whole:
            return sum(size for size, _ in steps) >= share * whole - ROUNDED
        return max((at for _, at in steps), default=0.0) >= share - 1e-9


def places_of(terms: Terms, site: str) -> Iterator[str]:
    """Where to look for a move on behalf of a site: there, or wherever the move is when it is not there."""
    yield from (site,) if site in terms.counts else terms.counts

"""Off-plan rules: what a plan says shall happen when it goes wrong (G16), carried out inside the run.

A rule watches one thing. Once that has been above its level for so many months in a row, the rule speaks: closures
pause, or go half as fast; beds that stand mothballed reopen; a higher body decides what partners have not. That lasts
for so many months, in which the rule does not speak again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from models.plans import OffPlan
from models.plans.moves import BEDS
from models.transition.books import Books
from models.transition.sight import Seen

__all__ = ["EVERY", "Contingency", "Spoken", "measured"]

EVERY = ""  #: all sites together

Measure = Callable[[str, str], float]  # of (what is watched, site)


@dataclass(frozen=True)
class Spoken:
    """A rule has spoken, for one site or (empty) for all."""

    rule: OffPlan
    site: str

    def at(self, site: str) -> bool:
        """Whether it concerns a site."""
        return self.site in (EVERY, site)


class Contingency:
    """The off-plan rules of one replication."""

    def __init__(self, rules: Sequence[OffPlan], sites: Sequence[str]):
        self.rules, self.sites = rules, sites
        self._wrong: Counter[Spoken] = Counter()  # months in a row
        self._until: dict[Spoken, int] = {}
        self._slow: Counter[str] = Counter()  # months in which closures went half as fast, by site

    def look(self, month: int, measure: Measure) -> list[Spoken]:
        """On the first of a month: which rules speak."""
        spoken = []
        for rule in self.rules:
            for site in self._where(rule):
                one = Spoken(rule, site)
                if month < self._until.get(one, month):
                    continue
                self._wrong[one] = self._wrong[one] + 1 if self._is_wrong(rule, site, measure) else 0
                if self._wrong[one] >= rule.for_months:
                    self._wrong[one], self._until[one] = 0, month + rule.months
                    spoken.append(one)
        for site in self.sites:
            self._slow[site] += bool(self.says("slow", site, month))
        return spoken

    def says(self, answer: str, site: str, month: int) -> str:
        """Name of a rule by which an answer is in force at a site, or an empty text."""
        return next((rule.name for rule in self.in_force(answer, site, month)), "")

    def in_force(self, answer: str, site: str, month: int) -> Iterator[OffPlan]:
        """Rules by which an answer is in force at a site."""
        now = (s for s, until in self._until.items() if month < until)
        yield from (s.rule for s in now if s.rule.then == answer and s.at(site))

    def slowed(self, site: str) -> int:
        """Months by which closures at a site come later: half of those in which they were to go half as fast."""
        return self._slow[site] // 2

    def slowest(self, site: str) -> str:
        """Name of the last rule that slowed a site."""
        names = [s.rule.name for s in self._until if s.rule.then == "slow" and s.at(site)]
        return names[-1] if names else ""

    def _where(self, rule: OffPlan) -> Iterator[str]:
        """Sites that are watched one by one; all together where the rule says so, and for money."""
        if not self.sites:
            return
        if rule.site == "all" or rule.watch == "money":
            yield EVERY
        elif rule.site == "any":
            yield from self.sites
        elif rule.site in self.sites:
            yield rule.site

    def _is_wrong(self, rule: OffPlan, site: str, measure: Measure) -> bool:
        watched = self.sites if site == EVERY and rule.watch != "money" else (site,)
        return all(measure(rule.watch, s) > rule.above.value for s in watched)


def measured(watch: str, site: str, seen: Seen, books: Books, late: Callable[[str], int]) -> float:
    """What a rule watches, over the month that has just ended, in the unit of the rule's level.

    Parameters
    ----------
    watch : str
        access, occupancy, delayed (shares), staff (share of wanted beds and places without staff, where it is worst),
        late_months (of the step furthest behind), money (GBP million overspent this year).
    site : str
    seen, books
        Of this month.
    late : callable
        Months by which the step furthest behind at a site is late.
    """
    if watch == "access":
        return seen.long_waits(site, 1)
    if watch == "occupancy":
        return seen.occupancy(site, 1, books.beds_gone(site))
    if watch == "delayed":
        return seen.delayed(site, 1)
    if watch == "staff":
        settings = {BEDS} | {service for service, where in books.added if where == site}
        return 1 - min(seen.staffed(site, setting) for setting in settings)
    if watch == "late_months":
        return late(site)
    return max(0.0, -seen.money_left())

"""Gates: each looks at one thing, and says nothing when it holds or the cause when it does not.

T1, A10, A12 (run both until the new is proven), K6 and K8 (staff in post, places proven before each closure), G3 and
G11 (few programmes at once), and NHS England's test of March 2017: one of three conditions that the plan claims. A
plan claims a condition by what its closure comes `after`: places that open (provision), demand avoided (treatments),
or stays made shorter (efficiency), the latter two also by an investment with such an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass

from models.plans import Tranche
from models.plans.gates import EvidenceGate
from models.plans.moves import BEDS, GRADES, Avoid, Invest, Shorten
from models.transition.books import Books, places_of
from models.transition.brief import Terms
from models.transition.sight import Seen

__all__ = ["BUILDING_GATES", "CLOSING_GATES", "OPENING_GATES", "RELEASE_GATES", "TARGET_GATES"]
__all__ += ["Case", "Gate", "after", "first", "may_lead"]

SMALL = 1e-9


@dataclass(frozen=True)
class Case:
    """A step before its gates, on the first of a month."""

    tranche: Tranche
    terms: Terms
    month: int
    seen: Seen
    books: Books
    all_terms: Mapping[str, Terms]
    led: Container[str]  # moves that leaders can carry this month
    cost_pounds: float = 0.0  # of taking this step
    closed_since: int | None = None  # month since which it stands closed, if it does
    wintered: bool = False  # whether it has stood closed for a whole winter, with what is left within its target

    @property
    def recent(self) -> int:
        """Months over which access, use and occupancy are judged."""
        return round(self.terms.gates.access.months.value)

    @property
    def hospitals(self) -> tuple[str, ...]:
        """Sites whose access is judged."""
        return (self.tranche.site, self.tranche.to) if _merges(self.terms) else (self.tranche.site,)

    def waits_for(self, kind: Callable[[Terms], bool] = lambda _: True) -> Iterator[Terms]:
        """Moves that it comes after, of some kind."""
        yield from (t for t in (self.all_terms[name] for name in self.terms.after) if kind(t))

    def replacing(self) -> Iterator[tuple[str, str]]:
        """(service, site) of the places that replace what closes."""
        for terms in self.waits_for(_opens):
            for site in places_of(terms, self.tranche.site):
                yield terms.opens, getattr(terms.move, "to", site) if _merges(terms) else site


Gate = Callable[[Case], str]


def first(case: Case, gates: tuple[Gate, ...]) -> str:
    """Return the cause of the first gate that does not hold, or an empty text."""
    if not case.terms.gates.enabled:
        return ""
    for gate in gates:
        if cause := gate(case):
            return cause
    return ""


def after(case: Case) -> str:
    """Whether the moves that it comes after have come as far; part of the plan, so never switched off."""
    for terms in case.waits_for():
        if not case.books.come_as_far(terms, case.tranche.site, case.tranche.share, case.month):
            return f"after: {terms.name}"
    return ""


def staff(case: Case) -> str:
    """Whether staff are in post in the services that replace what closes (K6).

    Places of the plan do not count that only staff of closures still to come could run.
    """
    gate = case.terms.gates.staff
    if gate.enabled:
        for service, site in case.replacing():
            if staffed(case, service, site) < gate.share.value - SMALL:
                return "staff"
    return ""


def own_staff(case: Case) -> str:
    """Whether there are staff for the places that a step opens itself."""
    gate, opens = case.terms.gates.staff, case.terms.opens
    site = case.tranche.to if _merges(case.terms) else case.tranche.site
    return "staff" if gate.enabled and opens and staffed(case, opens, site) < gate.share.value - SMALL else ""


def staffed(case: Case, service: str, site: str) -> float:
    """Share of wanted places with staff other than those whom only a closure still to come would free."""
    places = case.books.added[service, site]
    share = case.seen.staffed(site, service)
    return share - case.seen.freed_staff(site) / places if places else share


def proof(case: Case) -> str:
    """Whether the places that replace what closes have been open long enough."""
    gate = case.terms.gates.proof
    if gate.enabled:
        since = case.month - round(gate.months.value)
        for terms in case.waits_for(_opens):
            if not case.books.come_as_far(terms, case.tranche.site, case.tranche.share, since):
                return "proof"
    return ""


def use(case: Case) -> str:
    """Whether they are in use."""
    gate = case.terms.gates.use
    if gate.enabled:
        for service, site in case.replacing():
            if service != BEDS and case.seen.use(site, service, case.recent) < gate.share.value:
                return "use"
    return ""


def access(case: Case) -> str:
    """Whether emergencies get a bed within four hours, as well as is asked or as they used to."""
    gate = case.terms.gates.access
    if gate.enabled:
        for site in case.hospitals:
            allowed = max(gate.share.value, case.seen.long_waits(site, None))
            if case.seen.long_waits(site, case.recent) > allowed:
                return "access"
    return ""


def occupancy(case: Case) -> str:
    """Whether the beds that would be left would not have been too full; of a merger, those where beds move to."""
    tranche = case.tranche
    closing = tranche.size if tranche.setting == BEDS and not _merges(case.terms) else 0
    return _full(case, case.terms.gates.occupancy.share.value, closing)


def occupancy_since(case: Case) -> str:
    """The same of beds that stand closed: whether those that are left are not too full for a winter."""
    return _full(case, case.terms.gates.mothball.occupancy.value, 0)


def compensation(case: Case) -> str:
    """Whether enough other places have opened at the site for the hospital beds that close there (A12, K11)."""
    gate, tranche = case.terms.gates.compensation, case.tranche
    if not gate.enabled or tranche.setting != BEDS:
        return ""
    opened = sum(n for (service, site), n in case.books.added.items() if site == tranche.site and service != BEDS)
    beds = case.books.beds_gone(tranche.site) + tranche.size
    return "compensation" if opened < gate.places_per_bed.value * beds - SMALL else ""


def money(case: Case) -> str:
    """Whether what it costs is there."""
    if not case.terms.gates.money.enabled or not case.cost_pounds:
        return ""
    left = 1e6 * case.seen.money_left() - case.books.spent_now
    return "money" if case.cost_pounds > left else ""


def change_capacity(case: Case) -> str:
    """Whether leaders can carry the programme (K12)."""
    return "" if may_lead(case.terms, case.led) else "change capacity"


def may_lead(terms: Terms, led: Container[str]) -> bool:
    """Whether a move is among those that leaders can carry, or nobody asks."""
    asked = terms.gates.enabled and terms.gates.change_capacity.enabled
    return not asked or terms.name in led


def treatments(case: Case) -> str:
    """Whether what avoids admissions is in full effect and well evidenced."""
    return "" if _evidenced(case, _avoids, case.terms.gates.treatments) else "treatments"


def efficiency(case: Case) -> str:
    """Whether what shortens stays is in full effect and well evidenced."""
    return "" if _evidenced(case, _shortens, case.terms.gates.efficiency) else "efficiency"


def provision(case: Case) -> str:
    """Whether other places are open with their staff, proven and used."""
    return first(case, (proof, staff, use))


def _avoids(terms: Terms) -> bool:
    """Whether a move keeps people from needing hospital; an investment may, by its effect."""
    bought = isinstance(terms.move, Invest) and terms.effect is not None and terms.effect.affects != "stays"
    return isinstance(terms.move, Avoid) or bought


def _shortens(terms: Terms) -> bool:
    """Whether a move makes stays shorter; an investment may, by its effect."""
    bought = isinstance(terms.move, Invest) and terms.effect is not None and terms.effect.affects == "stays"
    return isinstance(terms.move, Shorten) or bought


ROUTES: dict[str, tuple[Gate, Callable[[Terms], bool]]] = {
    "provision": (provision, lambda t: bool(t.opens)),
    "treatments": (treatments, _avoids),
    "efficiency": (efficiency, _shortens),
}


def routes(case: Case) -> str:
    """Whether one of the conditions holds that the plan claims for this closure.

    Where provision is the only condition and nothing replaces what closes, there is nothing to prove. Where there is a
    choice, as in NHS England's test, a closure that claims none of them fails it.
    """
    asked = case.terms.gates.routes
    causes = [gate(case) for name, (gate, claim) in ROUTES.items() if name in asked and any(case.waits_for(claim))]
    if not causes:
        return "" if asked == ["provision"] else "no condition claimed"
    return "" if "" in causes else causes[0]


def mothballed_long_enough(case: Case) -> str:
    """Whether beds have stood closed but able to reopen for long enough."""
    gate = case.terms.gates.mothball
    stood = case.month - (case.month if case.closed_since is None else case.closed_since)
    return "mothball" if gate.enabled and stood < gate.months.value else ""


def winter(case: Case) -> str:
    """Whether the beds that are left have come through a whole winter within their target."""
    gate = case.terms.gates.mothball
    return "winter" if gate.enabled and gate.whole_winter and not case.wintered else ""


#: before anything is built or recruited for, and before it opens
BUILDING_GATES: tuple[Gate, ...] = (money, change_capacity)
OPENING_GATES: tuple[Gate, ...] = (own_staff,)
#: before beds close, in the order in which they are asked
CLOSING_GATES: tuple[Gate, ...] = (routes, compensation, access, occupancy, money, change_capacity)
#: what a winter with closed beds has to show, and what must hold besides before they are given up for good
TARGET_GATES: tuple[Gate, ...] = (staff, use, access, occupancy_since)
RELEASE_GATES: tuple[Gate, ...] = (mothballed_long_enough, winter, *TARGET_GATES)


def _full(case: Case, share: float, closing: int) -> str:
    """Whether beds left once `closing` more are closed would have been fuller than `share` and than they used to be."""
    if not case.terms.gates.occupancy.enabled:
        return ""
    site = case.hospitals[-1]
    limit = max(share, case.seen.occupancy(site, None))
    return "occupancy" if case.seen.occupancy(site, case.recent, case.books.beds_gone(site) + closing) > limit else ""


def _opens(terms: Terms) -> bool:
    return bool(terms.opens)


def _merges(terms: Terms) -> bool:
    return terms.move.kind == "merge"


def _evidenced(case: Case, kind: Callable[[Terms], bool], gate: EvidenceGate) -> bool:
    if not gate.enabled:
        return False
    for terms in case.waits_for(kind):
        effect = terms.effect
        good = effect is not None and effect.share.value < 0 and GRADES.index(effect.grade) <= GRADES.index(gate.grade)
        since = case.month - round(gate.months.value + terms.ramp)
        if good and case.books.come_as_far(terms, case.tranche.site, case.tranche.share, since):
            return True
    return False

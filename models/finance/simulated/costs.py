"""What an arm costs, by hospital and month: wards, bed-days, admissions, places, and what the plan costs once.

A ward costs its staff until all its beds are decommissioned and the notice has run out: beds that are mothballed, and
beds closed in a ward that goes on, are stranded cost. What varies follows the patient (F14). A new place counts as
double running while the beds that it replaces are open (T1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from models.care.wards import shared_out
from models.finance.rules.amounts import MONTHS, Pence, growing, over, product, scaled, times
from models.finance.rules.step_costs import Wards, ward_costs
from models.finance.simulated.activity import Activity, Changes
from models.finance.simulated.redundancy import released_staff
from models.finance.simulated.savings import Saved
from models.finance.simulated.settings import Money
from models.plans.moves import BEDS, Move
from models.plans.schedule import Schedule
from models.system.system import System
from sim.errors import CarebridgeError

__all__ = ["DOUBLE_RUNNING", "NEW_PLACES", "REDUNDANCY", "STRANDED", "Cost", "Costs", "costs"]

DOUBLE_RUNNING, NEW_PLACES, STRANDED = "double running", "new places", "stranded cost"
REDUNDANCY = "redundancy"
HOSPITAL = "hospital"  #: who runs it: the trust of the hospital
A_YEAR = 365
MILLION = 10**8  #: pence in a million pounds


@dataclass(frozen=True)
class Cost:
    """One kind of cost at one hospital or in its catchment.

    Parameters
    ----------
    site, item : str
    runs : str
        ``hospital``, ``community`` or ``council``: whose cost it is.
    purpose, payee : str
        What the money is for, and who gets it.
    pence : ndarray of int64 [months, replications]
    service : str
        The community service, if it is one.
    """

    site: str
    item: str
    runs: str
    purpose: str
    payee: str
    pence: Pence
    service: str = ""

    @property
    def rule(self) -> str:
        """Under which name it is posted."""
        return "_".join([self.item.replace(" ", "_"), *([self.service] if self.service else []), self.site])


@dataclass(frozen=True)
class Costs:
    """All costs of an arm [months, replications].

    Parameters
    ----------
    lines : list of Cost
    capital : mapping
        Pence spent on buildings and equipment in each month, by hospital.
    released : mapping
        Cost of wards and places that has ended because the plan closed them, by hospital and by who runs them.
    beds : mapping
        Beds of the wards of each hospital.
    gone : mapping
        Of these, beds of whole wards closed for good whose notice has run out, by hospital.
    savings : list of Saved
        Savings programmes, beside what is simulated.
    """

    lines: list[Cost]
    capital: Mapping[str, Pence]
    released: Mapping[tuple[str, str], Pence]
    beds: Mapping[str, int]
    gone: Mapping[str, Pence]
    savings: Sequence[Saved] = ()

    def of(self, *items: str) -> Pence:
        """Sum of some kinds of cost over all hospitals."""
        return sum((c.pence for c in self.lines if c.item in items), np.zeros_like(self.lines[0].pence))

    @property
    def added(self) -> Pence:
        """What the plan adds: new places and beds, staff who retrain or are made redundant, and capital."""
        zero = np.zeros_like(self.lines[0].pence)
        once = self.of("retraining", REDUNDANCY) + sum(self.capital.values(), zero)
        return self.of(DOUBLE_RUNNING, NEW_PLACES, "added beds") + once

    @property
    def ended(self) -> Pence:
        """Cost that has ended because the plan closed beds or places."""
        return sum(self.released.values(), np.zeros_like(self.lines[0].pence))


def costs(done: Activity, changed: Changes, system: System, plan: Schedule | None, money: Money) -> Costs:
    """Return what an arm costs.

    Parameters
    ----------
    done : Activity
    changed : Changes
        What the plan has done; of business as usual, nothing.
    system : System
    plan : Schedule, optional
    money : Money

    Raises
    ------
    CarebridgeError
        When a service has no price.
    """
    unpriced = sorted({p for _, p in system.roles.services} - set(money.services))
    if unpriced:
        raise CarebridgeError(f"money.services has no price for {', '.join(unpriced)}.")
    lines: list[Cost] = []
    released: dict[tuple[str, str], Pence] = {}
    beds, shut = {}, {}
    for site in system.footprint.sites:
        wards = _wards(site, system, money)
        beds[site], shut[site] = int(wards.beds.sum()), _gone(wards, site, done, changed, money)
        found, ended = _hospital(site, wards, shut[site], done, changed, money)
        lines += found
        released[site, HOSPITAL] = ended
        double = _double_share(site, changed, plan)
        for service in system.footprint.pathways:
            more, gone = _service((site, service), done, changed, double, plan, money)
            lines += more
            runs = money.services[service].runs
            released[site, runs] = released.get((site, runs), 0) + gone
    return Costs(lines, _capital(done, changed, system, plan), released, beds, shut)


def _wards(site: str, system: System, money: Money) -> _Sized:
    """Named wards of a hospital: each of its groups of beds, in wards of the usual size; the last has what is left.

    A plan that closes as many beds as a usual ward has closes one, and none is left running by a bed too few.
    """
    entry, whole = system.footprint.sites[site], round(system.sizes[BEDS, site])
    groups = shared_out(whole, {w.name: w.beds / sum(x.beds for x in entry.wards) for w in entry.wards})
    names, sizes = [], []
    size = round(money.hospital.ward_beds.value)
    for name, beds in groups.items():
        count = max(1, round(beds / size))
        names += [f"{name} {n + 1}" for n in range(count)]
        sizes += [size] * (count - 1) + [beds - size * (count - 1)]
    usual = Fraction(size)
    yearly = round(money.pence(money.rules.step_costs.ward))
    cost = np.array([int(times(yearly, n / usual)) for n in sizes], np.int64)
    return _Sized(names, [site] * len(names), [site], cost, np.zeros(1, np.int64), np.array(sizes, np.int64))


@dataclass(frozen=True)
class _Sized(Wards):
    """Wards with their beds."""

    beds: npt.NDArray[np.int64]


def _gone(wards: _Sized, site: str, done: Activity, changed: Changes, money: Money) -> Pence:
    """Beds of whole wards closed for good whose notice has run out [months, replications]."""
    none, beds = np.zeros((len(done.months), 1), np.int64), int(wards.beds.sum())
    freed = np.minimum(changed.released.get((site, BEDS), none), beds)
    a_month = replace(wards, ward_cost=MONTHS * wards.beds)  # counted as if a bed cost a penny a month
    left = _ward_cost(a_month, freed, round(money.rules.step_costs.ward_notice.value))
    return np.broadcast_to(beds - left, (len(done.months), done.replications))


def _hospital(
    site: str, wards: _Sized, closed: Pence, done: Activity, changed: Changes, money: Money
) -> tuple[list[Cost], Pence]:
    rules = money.rules.step_costs
    none, shape = np.zeros((len(done.months), 1), np.int64), (len(done.months), done.replications)
    beds = int(wards.beds.sum())
    gone, freed = (np.minimum(m.get((site, BEDS), none), beds) for m in (changed.closed, changed.released))
    paid = _ward_cost(wards, freed, round(rules.ward_notice.value))
    full = _ward_cost(wards, np.zeros_like(none), 0)
    needed = over(product(full, beds - gone), beds)
    stranded = np.maximum(paid - needed, 0)
    added = changed.added.get((site, BEDS), none)
    a_bed = Fraction(1, MONTHS * round(money.hospital.ward_beds.value))
    items = (
        ("wards", "staff", "staff", paid - stranded),
        (STRANDED, "staff", "staff", stranded),
        ("added beds", "staff", "staff", scaled(round(money.pence(rules.ward)), added, a_bed)),
        ("bed days", "supplies", "suppliers", growing(done.bed_days[site], money.pence(rules.occupied_bed_day))),
        ("treatment", "supplies", "suppliers", _treatment(site, done, money)),
        ("retraining", "one_off", "staff", _retraining(site, changed, none, money)),
        (REDUNDANCY, "one_off", "staff", released_staff(closed, round(money.hospital.ward_beds.value), money)),
    )
    lines = [Cost(site, i, HOSPITAL, p, to, np.broadcast_to(x, shape)) for i, p, to, x in items if x.any()]
    return lines, np.broadcast_to(full - paid, shape)


def _ward_cost(wards: _Sized, closed: npt.NDArray[np.int64], notice: int) -> Pence:
    """Cost of the wards of a hospital when so many beds have closed, one ward after the other."""
    before = np.concatenate([[0], np.cumsum(wards.beds)[:-1]])
    open_beds = wards.beds[:, None] - np.clip(closed[:, None] - before[:, None], 0, wards.beds[:, None])
    return ward_costs(wards, open_beds, np.zeros_like(open_beds), 0, notice).ward.sum(axis=1)


def _treatment(site: str, done: Activity, money: Money) -> Pence:
    return growing(done.emergencies[site] + done.elective[site], money.pence(money.hospital.treatment))


def _retraining(site: str, changed: Changes, none: Pence, money: Money) -> Pence:
    staffing = money.rules.staffing
    pay = money.pence(money.retraining_salary) * Fraction(repr(1 + staffing.on_cost.value))
    each = money.pence(staffing.retraining_fee) + pay * Fraction(repr(staffing.retraining.value)) / MONTHS
    return scaled(round(each), changed.retrained.get(site, none))


def _service(
    place: tuple[str, str],
    done: Activity,
    changed: Changes,
    double: npt.NDArray[np.float64],
    plan: Schedule | None,
    money: Money,
) -> tuple[list[Cost], Pence]:
    """Costs of one service in one catchment, and what has ended there."""
    site, name = place
    service = money.services[name]
    day, standing = money.pence(service.day), Fraction(repr(service.standing.value))
    open_, shape = done.places[place], done.places[place].shape
    opened = changed.opened.get(place)
    new = np.zeros(shape, np.int64)
    if opened is not None:
        new = np.minimum(np.rint(opened * done.days[:, None]).astype(np.int64), open_)
    of_new = growing(new, _new_day(name, plan, day) * standing)
    both = np.rint(of_new * double).astype(np.int64)
    none = np.zeros((len(done.months), 1), np.int64)
    gone, freed = (m.get(place, none) * done.days[:, None] for m in (changed.closed, changed.released))
    to, what = ("suppliers", "social_care") if service.runs == "council" else ("staff", "staff")
    use = growing(done.used[place], day * (1 - standing))
    items = (
        ("places", what, growing(open_ - new, day * standing)),
        (NEW_PLACES, what, of_new - both),
        (DOUBLE_RUNNING, "transformation", both),
        (STRANDED, what, np.broadcast_to(growing(gone - freed, day * standing), shape)),
        ("use", "social_care" if service.runs == "council" else "supplies", use),
    )
    receives = {"use": "suppliers"}
    lines = [Cost(site, i, service.runs, p, receives.get(i, to), x, name) for i, p, x in items if x.any()]
    return lines, np.broadcast_to(growing(freed, day * standing), shape)


def _new_day(service: str, plan: Schedule | None, usual: Fraction) -> Fraction:
    """Pence of a day of a new place: what the moves that open it say, or the usual."""
    weights: list[tuple[float, Fraction]] = []
    for t in plan.tranches if plan else ():
        move = plan.plan.moves[t.move] if plan else None
        if move and move.opens == service:
            weights.append((t.opens or t.size, _said(move, usual)))
    whole = sum(n for n, _ in weights)
    return sum((Fraction(n) * price for n, price in weights), Fraction(0)) / Fraction(whole) if whole else usual


def _said(move: Move, usual: Fraction) -> Fraction:
    return usual if move.cost is None else Fraction(repr(move.cost.value)) * 100 / A_YEAR


def _double_share(site: str, changed: Changes, plan: Schedule | None) -> npt.NDArray[np.float64]:
    """Share of the new places at a site whose beds are still open; of all sites where none are to close at this one."""
    if plan is None or not changed.opened:
        return np.zeros((1, 1))
    sites = {site} if any(s.site == site for s in plan.closures) else {s for s, _ in changed.opened}
    beds = sum(s.beds for s in plan.closures if s.site in sites)
    places = sum(steps[-1][1] for name in plan.services for at, steps in plan.opened(name).items() if at in sites)
    opened = _sum(n for (at, _), n in changed.opened.items() if at in sites)
    if not beds or not places:
        return np.zeros((1, 1))
    closed = _sum(n for (at, _), n in changed.closed.items() if at in sites)
    return np.clip(opened - places * closed / beds, 0, opened) / np.maximum(opened, 1e-9)


def _sum(found: Iterable[npt.NDArray[np.int64] | npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    return sum((np.asarray(n, float) for n in found), np.zeros((1, 1)))


def _capital(done: Activity, changed: Changes, system: System, plan: Schedule | None) -> dict[str, Pence]:
    """Capital when building begins; what is at no hospital is shared by beds."""
    out: dict[str, Pence] = {}
    sizes = {site: system.sizes[BEDS, site] for site in system.footprint.sites}
    for (name, at), share in changed.steps.items():
        move = plan.plan.moves[name] if plan else None
        capital = getattr(move, "capital", None)
        if capital is None:
            continue
        pence = np.rint(np.cumsum(share, axis=0) * capital.value * MILLION).astype(np.int64)
        spent = np.diff(pence, axis=0, prepend=0)
        for site in [at] if at in sizes else sizes:
            part = 1.0 if at in sizes else sizes[site] / sum(sizes.values())
            out[site] = out.get(site, 0) + np.rint(spent * part).astype(np.int64)
    return {site: np.broadcast_to(x, (len(done.months), done.replications)) for site, x in out.items()}

"""Rules for a move by itself: numbers, sites, dates, effects, and what it changes of approval and gates.

Every rule yields faults with the key, the value, what would be right, and the nearest valid choice. A part of a move
that could not be read is None, and the rules about it are left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from models.plans.existing import Existing
from models.plans.gates import Gates
from models.plans.layout import end_of, months_after
from models.plans.moves import AFFECTED, BEDS, AnyMove, Effect, Merge, Shift
from models.plans.plan import Approval, Plan, Timeline, over
from sim.errors import Fault, nearest
from sim.reading.shape import shaped

__all__ = ["move_faults"]

LEAST_CONSULTATION = 3  #: months of public consultation where beds close (G19)


def move_faults(name: str, move: AnyMove, plan: Plan, there: Existing | None, gates: Gates | None) -> Iterator[Fault]:
    """Everything that is wrong with one move of a plan; what the footprint has is asked only where it is given."""
    key = f"moves.{name}"
    yield from _numbers(key, move)
    yield from _sites(key, move, there)
    yield from _settings(key, move, there)
    yield from _into_itself(key, move)
    yield from _dates(key, move, plan)
    yield from _effect(key, move)
    yield from _order(key, name, move, plan)
    yield from _approval(key, move, plan)
    if gates and move.gates:
        yield from _part(f"{key}.gates", Gates, over(gates.model_dump(), move.gates))


def _numbers(key: str, move: AnyMove) -> Iterator[Fault]:
    """Whole beds, places and staff, at or above zero, in the unit of what they count."""
    size = getattr(move, "size", None)
    if size is None:
        return
    unit = "staff" if move.kind in ("recruit", "retrain") else "beds" if move.closes == BEDS else "places"
    unit = "beds" if move.opens == BEDS and not move.closes else unit
    if size.unit != unit and (move.closes or move.opens or unit == "staff"):
        yield Fault(f"{key}.size.unit", size.unit, f"this counts {unit}, so its unit must be '{unit}'.", nearest=unit)
    if size.range[0] < 0:
        yield Fault(f"{key}.size.value", size.value, f"a number of {unit} cannot be negative.", nearest="0")
    if not float(size.value).is_integer():
        yield Fault(f"{key}.size.value", size.value, f"{unit} are whole.", nearest=f"{round(size.value)}")


def _sites(key: str, move: AnyMove, there: Existing | None) -> Iterator[Fault]:
    """Sites that are known, each once, and shares or numbers that make up the size."""
    sites = getattr(move, "sites", None)
    if sites is None or sites == "all":
        return
    if not sites:
        yield Fault(f"{key}.sites", None, "names no site; 'all' are meant where all take part.", nearest="all")
    for number, site in enumerate(sites):
        place = f"{key}.sites.{site}" if isinstance(sites, dict) else f"{key}.sites.{number}"
        if there and site not in there.sites:
            yield _unknown(place, site, "site", there.sites)
        if isinstance(sites, list) and site in sites[:number]:
            yield Fault(place, site, "this site is named twice.")
    size = getattr(move, "capital" if move.kind == "invest" else "size", None)
    if not isinstance(sites, dict) or not sites:
        return
    for site, number in sites.items():
        if number < 0:
            yield Fault(f"{key}.sites.{site}", number, "a share or number cannot be negative.", nearest="0")
    total = sum(sites.values())
    if abs(total - 1) < 1e-6 or (size and abs(total - size.value) < 1e-6):
        if abs(total - 1) >= 1e-6 and move.kind != "invest":
            yield from (
                Fault(f"{key}.sites.{site}", number, "beds, places and staff are whole.", nearest=f"{round(number)}")
                for site, number in sites.items()
                if not float(number).is_integer()
            )
    elif size:
        numbers = "millions to the capital" if move.kind == "invest" else "numbers to the size"
        rule = f"shares sum to 1, or {numbers} ({size.value:g}); these sum to {total:g}."
        yield Fault(f"{key}.sites", total, rule, nearest="1" if total < 2 < size.value else f"{size.value:g}")


def _settings(key: str, move: AnyMove, there: Existing | None) -> Iterator[Fault]:
    """Services, sites and staff groups that are known here."""
    if there is None:
        return
    named: list[tuple[str, Any, str, Iterable[str]]] = []
    kind = move.kind
    if isinstance(move, Merge):
        named += [("from", move.from_, "site", there.sites), ("to", move.to, "site", there.sites)]
    elif isinstance(move, Shift):
        services = [s for s in there.settings if s != BEDS]
        side, other = (services, there.sites) if move.from_ in services else (there.sites, services)
        known = [*services, *there.sites]
        named += [("from", move.from_, "service or site", known)]
        named += [("to", move.to, "service or site", side if move.to in other and move.from_ in known else known)]
    elif kind == "convert":
        named += [(k, getattr(move, k if k == "to" else "from_"), "setting", there.settings) for k in ("from", "to")]
    if kind in ("close", "open", "merge"):
        named.append(("setting", getattr(move, "setting", None), "setting", there.settings))
    if kind in ("recruit", "retrain") and there.staff:
        named.append(("setting", getattr(move, "setting", None), "staff group", there.staff))
    named.append(("share_by", getattr(move, "share_by", None), "setting", there.settings))
    for word, value, what, known in named:
        if value is not None and value not in known:
            yield _unknown(f"{key}.{word}", value, what, known)
    for group in (getattr(move, "workforce", None) or {}) if there.staff else ():
        if group not in there.staff:
            yield _unknown(f"{key}.workforce.{group}", group, "staff group", there.staff)


def _into_itself(key: str, move: AnyMove) -> Iterator[Fault]:
    """Conversions, shifts and mergers go somewhere else."""
    source, target = getattr(move, "from_", None), getattr(move, "to", None)
    if source is None or source != target:
        return
    words = {"convert": "a place cannot be converted into itself", "merge": "a site cannot be merged with itself"}
    rule = words.get(move.kind, "people cannot be shifted from a place to itself")
    yield Fault(f"{key}.to", target, f"{rule}; name another than '{source}'.")


def _dates(key: str, move: AnyMove, plan: Plan) -> Iterator[Fault]:
    """Dates on the first of a month within the plan, and an end after its start."""
    when, starts, years = move.when, plan.starts, plan.years
    if when is None or when.from_ is None or starts is None or years is None:
        return
    end = end_of(plan, Timeline(name="written", years=years))
    for word, moment in (("from", when.from_), ("to", when.to)):
        if not isinstance(moment, dt.date):
            continue
        if moment.day != 1:
            first = months_after(moment, 0)
            rule = "moves take effect on the first of a month."
            yield Fault(f"{key}.when.{word}", str(moment), rule, nearest=str(first))
        if not starts <= moment <= end:
            near = starts if moment < starts else end
            rule = f"lies outside the plan, which runs from {starts} to {end}."
            yield Fault(f"{key}.when.{word}", str(moment), rule, nearest=str(near))
    if when.to is not None and _months(when.to, plan) <= _months(when.from_, plan):
        rule = f"the end must lie after the start ({when.from_}); leave `to` out where all takes effect at once."
        yield Fault(f"{key}.when.to", str(when.to) if isinstance(when.to, dt.date) else when.to, rule)


def _months(moment: float | dt.date, plan: Plan) -> float:
    """Months from the plan's start to a moment, on the timeline for which it was written."""
    if isinstance(moment, dt.date):
        return 12 * (moment.year - plan.starts.year) + moment.month - plan.starts.month
    return moment * 12 * plan.years


def _effect(key: str, move: AnyMove) -> Iterator[Fault]:
    """Effects in the right unit, that help rather than harm at their value, on something the move can change."""
    effect: Effect | None = getattr(move, "effect", None)
    if effect is None:
        return
    kind = move.kind
    unit, least, most = ("share", 0.0, 1.0) if kind == "shift" else ("relative change", -1.0, 0.0)
    figure = effect.share
    if figure is not None:
        if figure.unit != unit:
            rule = f"the effect of a move of kind '{kind}' is given in '{unit}'."
            yield Fault(f"{key}.effect.share.unit", figure.unit, rule, nearest=unit)
        elif not least <= figure.value <= most or figure.range[0] < -1 or figure.range[1] > 1:
            near = f"{min(max(figure.value, least), most):g}"
            rule = f"must lie between {least:g} and {most:g}, and its range between -1 and 1."
            yield Fault(f"{key}.effect.share.value", figure.value, rule, nearest=near)
    if effect.affects is not None and effect.affects not in AFFECTED[kind]:
        rule = f"a move of kind '{kind}' can change: {', '.join(AFFECTED[kind])}."
        yield Fault(f"{key}.effect.affects", effect.affects, rule, nearest=AFFECTED[kind][0])


def _order(key: str, name: str, move: AnyMove, plan: Plan) -> Iterator[Fault]:
    """Moves that it waits for are moves of the plan."""
    for number, other in enumerate(move.after or []):
        if other not in plan.moves:
            yield _unknown(f"{key}.after.{number}", other, "move", [m for m in plan.moves if m != name])


def _approval(key: str, move: AnyMove, plan: Plan) -> Iterator[Fault]:
    """Changes of the plan's approval that fit, with a consultation of three months or more where beds close."""
    changes = move.approval
    if changes is None or changes == "none":
        return
    whole = over(plan.approval.model_dump() if plan.approval else {}, changes)
    found = list(_part(f"{key}.approval", Approval, whole))
    yield from found
    if not found and move.closes and ("consultation_months" in changes or plan.approval is None):
        yield from consultation_fault(f"{key}.approval", Approval.model_validate(whole))


def consultation_fault(key: str, approval: Approval) -> Iterator[Fault]:
    """A consultation before closing that is too short."""
    months = approval.consultation_months
    if months is not None and months.value < LEAST_CONSULTATION:
        rule = f"closing beds or places needs {LEAST_CONSULTATION} months of public consultation or more."
        yield Fault(f"{key}.consultation_months.value", months.value, rule, nearest=str(LEAST_CONSULTATION))


def _part(key: str, shape: type[Approval] | type[Gates], data: dict[str, Any]) -> Iterator[Fault]:
    """Faults of shape in a part of a move that changes a whole."""
    for _, fault in shaped(shape, data)[1]:
        yield Fault(f"{key}.{fault.key}", fault.value, fault.rule, nearest=fault.nearest)


def _unknown(key: str, value: object, what: str, known: Iterable[str]) -> Fault:
    choices = list(known)
    there = f"there are: {', '.join(choices)}" if choices else "there are none"
    return Fault(key, value, f"no such {what}; {there}.", nearest=nearest(str(value), choices))

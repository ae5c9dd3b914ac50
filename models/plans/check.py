"""Reading a plan and checking it: everything that is wrong with it, at once.

Each move is read by itself, so that a fault in one does not hide those of the others, nor one key of a move the faults
of its other keys. The rules for a single move are in :mod:`models.plans.rules`, those against what there is in
:mod:`models.plans.existing`.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, TypeAdapter

from models import CONFIGS
from models.figures.presets import Source, composed, read_section
from models.plans.existing import Existing, staff_faults, supply_faults
from models.plans.gates import Gates
from models.plans.moves import KINDS, AnyMove, Effect, When
from models.plans.plan import WATCHED, Approval, OffPlan, Plan, one_word, preparation_months
from models.plans.rules import consultation_fault, move_faults
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.reading.lines import Lines, in_order, placed
from sim.reading.shape import shaped
from sim.reading.yaml_file import read_yaml

__all__ = ["GATES_FOLDER", "check_plan", "load_gates", "load_plan", "plan_faults"]

GATES_FOLDER = CONFIGS / "gates"
LATEST_START = 20  #: years after the baseline year in which a plan may still start
LAST_YEAR = 2200  #: in which any plan may start
FIRST_MONTH = 4  #: of a contract year

Model = TypeVar("Model", bound=BaseModel)

#: keys as they are written, shown where one is missing or wrong
EXAMPLES = {
    "kind": "kind: close",
    "grade": "grade: C",
    "when": "when: {from: 0.2, to: 0.8, every_months: 3}",
    "size": "size: {value: 40, unit: beds, year: 2018/19, basis: host trust, status: assumed}",
    "effect": "effect: {share: {value: -0.05, unit: relative change, ...}, grade: C, affects: emergencies}",
    "capital": "capital: {value: 4.5, unit: GBP million, year: 2018/19, basis: not applicable, status: assumed}",
    "starts": "starts: 2019-04-01",
    "years": "years: 5",
}
#: parts of which something may be read although something else is wrong
PARTS: dict[str, type[BaseModel]] = {"effect": Effect, "when": When, "approval": Approval}
GRADE = "an effect needs the grade of its evidence: A own data, B published quasi-experimental, C expert, D assumed."


def load_plan(source: Source, there: Existing | None = None) -> Plan:
    """Read a plan and check it.

    Parameters
    ----------
    source : mapping or path of a YAML file
        A file may build on others beside it (``defaults``).
    there : Existing, optional
        What the footprint has; without it only what holds anywhere is checked.

    Raises
    ------
    FaultsError
        With every fault.
    """
    name, lines, data = "plan", {}, source
    if isinstance(source, (str, Path)):
        name, lines, data = str(source), read_yaml(Path(source))[1], composed(Path(source))
    plan, faults = check_plan(data, there, None, name, lines)
    if plan is None or faults:
        raise FaultsError(faults, name)
    return plan


@functools.cache
def load_gates(name: str) -> Gates:
    """Read one of the sets of gates that are shipped.

    Raises
    ------
    CarebridgeError
        When there is none of that name, or it is malformed.
    """
    return read_section(Gates, GATES_FOLDER / f"{name}.yaml", name)


def check_plan(
    data: Any,
    there: Existing | None = None,
    gates: Gates | None = None,
    name: str = "plan",
    lines: Lines | None = None,
) -> tuple[Plan | None, list[Fault]]:
    """Read a plan; return it, or None, and every fault of shape and sense, in the order of the file's lines."""
    if not isinstance(data, Mapping):
        return None, [Fault("the file", None, "a plan is a mapping of keys.", name)]
    moves = data.get("moves", {})
    plan, faults = _salvaged(Plan, {**data, "moves": {}})
    read: dict[str, AnyMove] = {}
    if isinstance(moves, Mapping):
        for key, value in moves.items():
            move, found = _move(str(key), value)
            faults += found
            if move is not None:
                read[str(key)] = move
        faults += _names(moves)
    else:
        faults.append(Fault("moves", moves, "give a mapping of moves by name."))
    if any(f.key.startswith("approval") for f in faults):  # and so is what changes it
        read = {name: move.model_copy(update={"approval": None}) for name, move in read.items()}
    if plan.off_plan is None and isinstance(data["off_plan"], list):  # what can be read of each rule
        rules = [_salvaged(OffPlan, dict(rule))[0] for rule in data["off_plan"] if isinstance(rule, Mapping)]
        plan = plan.model_copy(update={"off_plan": rules})
    sound = not faults
    sketch = plan.model_copy(update={"moves": read})
    others = {str(name) for name in moves if str(name) not in read}
    faults += plan_faults(sketch, there, gates, others, faults)
    if sound and not faults:
        return Plan.model_validate(dict(data)), []
    return None, in_order([placed(fault, name, lines or {}) for fault in faults])


def plan_faults(
    plan: Plan,
    there: Existing | None = None,
    gates: Gates | None = None,
    others: Iterable[str] = (),
    told: Sequence[Fault] = (),
) -> list[Fault]:
    """Everything that is wrong with the sense of a plan that has been read; parts that could not be read are None.

    Parameters
    ----------
    others : iterable of str
        Moves that could not be read, but may be named.
    told : sequence of Fault
        Faults of shape that are known already; what they spoil is left out of sums.
    """
    faults = list(_starts(plan, there))
    if plan.starts and plan.starts.year > LAST_YEAR:  # no other date can be laid out
        return faults
    found, unknown = _gates(plan, gates)
    faults += unknown
    known = plan.model_copy(update={"moves": plan.moves | dict.fromkeys(others)})
    for name, move in plan.moves.items():
        faults += move_faults(name, move, known, there, found)
    if plan.approval and any(_consults_as_planned(move) for move in plan.moves.values()):
        faults += consultation_fault("approval", plan.approval)
    faults += _circles(plan)
    faults += _off_plan(plan, there)
    if there and plan.starts and plan.years and not any(f.key == "starts" for f in faults):
        fit = _fit_to_lay_out(plan, [*told, *faults])
        faults += [*supply_faults(fit, there), *staff_faults(fit, there)]
    return faults


def _consults_as_planned(move: AnyMove) -> bool:
    """Whether a move closes something after the consultation that the plan's approval gives."""
    return bool(move.closes) and move.approval != "none" and "consultation_months" not in (move.approval or {})


def _fit_to_lay_out(plan: Plan, faults: list[Fault]) -> Plan:
    """Leave out the moves whose numbers or dates are already known to be wrong; they cannot be summed."""
    wrong = {".".join(f.key.split(".")[:2]) for f in faults if _numeric(f.key)}
    moves = {n: m for n, m in plan.moves.items() if f"moves.{n}" not in wrong and _readable(plan, m)}
    return plan.model_copy(update={"moves": moves})


def _numeric(key: str) -> bool:
    part = key.split(".")[2:3]
    return bool(part) and part[0] in ("size", "sites", "when", "setting", "from", "to", "share_by", "approval")


def _readable(plan: Plan, move: AnyMove) -> bool:
    if move.when is None or move.when.from_ is None or move.kind == "invest":  # money is no bed, place or staff
        return False
    needed = [*(getattr(move, k, 0) for k in ("sites", "setting", "from_", "to"))]
    if move.kind != "merge":
        needed.append(getattr(move, "size", 0))
    if any(part is None for part in needed):
        return False
    try:
        preparation_months(plan, move)
    except (ValueError, AttributeError, TypeError):  # an approval that could not be read, and is told of already
        return False
    return True


def _move(name: str, data: Any) -> tuple[AnyMove | None, list[Fault]]:
    """Read one move, as far as it can be read, and every fault of its shape."""
    key = f"moves.{name}"
    if not isinstance(data, Mapping):
        return None, [Fault(key, data, "a move is a mapping of keys.", example=EXAMPLES["kind"])]
    kind = data.get("kind")
    if kind not in KINDS:
        rule = f"{'this key is missing; ' if kind is None else ''}kinds of move: {', '.join(KINDS)}."
        near = nearest(str(kind), KINDS) if kind is not None else ""
        return None, [Fault(f"{key}.kind", kind, rule, nearest=near, example="" if near else EXAMPLES["kind"])]
    move, faults = _salvaged(KINDS[kind], dict(data))
    return cast("AnyMove", move), [replace(f, key=key if f.key == "the file" else f"{key}.{f.key}") for f in faults]


def _names(moves: Mapping[Any, Any]) -> Iterator[Fault]:
    """Names of moves that cannot be names."""
    for name in moves:
        try:
            one_word(str(name))
        except ValueError as error:
            yield Fault(f"moves.{name}", None, f"{error}.", nearest=re.sub(r"\W+", "_", str(name)))


def _salvaged(shape: type[Model], data: dict[str, Any]) -> tuple[Model, list[Fault]]:
    """Read a part of a plan; where it is malformed, what can be read of it, the rest None, and its faults."""
    found, faults = shaped(shape, data, _example)
    told = [
        replace(f, rule=GRADE) if path[-2:] == ("effect", "grade") and "missing" in f.rule else f for path, f in faults
    ]
    if found is not None:
        return found, []
    wrong = {path[0] for path, _ in faults if path}
    values: dict[str, Any] = {}
    for name, info in shape.model_fields.items():
        key = info.alias if info.alias in data else name
        if key in wrong and name in PARTS and isinstance(data.get(key), Mapping):
            values[name] = _salvaged(PARTS[name], dict(data[key]))[0]
        elif key in wrong or (key not in data and info.is_required()):
            values[name] = None
        elif key in data:
            form: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
            values[name] = TypeAdapter(form).validate_python(data[key])
    return shape.model_construct(**values), told


def _example(_: type[BaseModel], path: tuple[Any, ...]) -> str:
    return EXAMPLES.get(str(path[-1]), "") if path else ""


def _starts(plan: Plan, there: Existing | None) -> Iterator[Fault]:
    """A plan starts with a contract year, after the baseline, in the area for which it was written."""
    starts = plan.starts
    if starts is not None:
        if starts.year > LAST_YEAR and there is None:
            yield Fault("starts", str(starts), f"lies after {LAST_YEAR}.")
        elif starts.year <= LAST_YEAR and (starts.day, starts.month) != (1, FIRST_MONTH):
            near = min((dt.date(y, FIRST_MONTH, 1) for y in (starts.year - 1, starts.year, starts.year + 1)),
                       key=lambda day: abs(day - starts))  # fmt: skip
            near = max(near, there.baseline_ends) if there else near
            rule = "a plan starts on 1 April, the first day of a contract year."
            yield Fault("starts", str(starts), rule, nearest=str(near))
        if there and starts < there.baseline_ends:
            rule = f"a plan starts after the baseline year, on {there.baseline_ends} or later."
            yield Fault("starts", str(starts), rule, nearest=str(there.baseline_ends))
        if there and starts.year > there.baseline_ends.year + LATEST_START:
            last = there.baseline_ends.replace(year=there.baseline_ends.year + LATEST_START)
            rule = f"more than {LATEST_START} years after the baseline year, on which the figures are built."
            yield Fault("starts", str(starts), rule, nearest=str(last))
    if there and plan.footprint is not None and plan.footprint != there.footprint:
        rule = f"was written for this area, and the run is about '{there.footprint}'"
        known = plan.footprint in there.footprints
        rule += "." if known else ", while there is no such footprint: it can be read, but not judged."
        example = f"footprint={plan.footprint}" if known else "plan.footprint=null tries its moves here all the same"
        yield Fault("footprint", plan.footprint, rule, nearest=there.footprint, example=example)


def _gates(plan: Plan, gates: Gates | None) -> tuple[Gates | None, list[Fault]]:
    """Return the gates of the run, or those that the plan names."""
    if gates is not None or plan.gates is None:
        return gates, []
    known = sorted(path.stem for path in GATES_FOLDER.glob("*.yaml"))
    if plan.gates not in known:
        rule = f"no such set of gates; there are: {', '.join(known)}."
        return None, [Fault("gates", plan.gates, rule, nearest=nearest(plan.gates, known))]
    try:
        return load_gates(plan.gates), []
    except CarebridgeError as error:
        return None, error.faults if isinstance(error, FaultsError) else [Fault("gates", plan.gates, str(error))]


def _circles(plan: Plan) -> Iterator[Fault]:
    """Moves that wait for each other: every circle, by name."""
    graph = {name: [m for m in move.after or [] if m in plan.moves] for name, move in plan.moves.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
            return
        except CycleError as error:
            circle: list[str] = error.args[1][:-1][::-1]  # each waits for the next
            graph[circle[0]].remove(circle[1 % len(circle)])
            first = circle.index(min(circle, key=list(plan.moves).index))
            circle = circle[first:] + circle[:first]
            words = " after ".join([*circle, circle[0]])
            yield Fault(f"moves.{circle[0]}.after", circle[1 % len(circle)], f"moves wait in a circle: {words}.")


def _off_plan(plan: Plan, there: Existing | None) -> Iterator[Fault]:
    """Rules for what goes wrong: known sites, levels in the unit of what is watched, names of their own."""
    names: list[str] = []
    for number, rule in enumerate(plan.off_plan or []):
        key = f"off_plan.{number}"
        unit = WATCHED.get(rule.watch, "")
        if unit and rule.above and rule.above.unit != unit:
            yield Fault(f"{key}.above.unit", rule.above.unit, f"'{rule.watch}' is given in '{unit}'.", nearest=unit)
        if there and rule.site is not None and rule.site not in ("any", "all", *there.sites):
            known = ["any", "all", *there.sites]
            words = f"no such site; give one of: {', '.join(known)}."
            yield Fault(f"{key}.site", rule.site, words, nearest=nearest(rule.site, known))
        if rule.name is not None and rule.name in names:
            yield Fault(f"{key}.name", rule.name, "another rule has this name.")
        names.append(rule.name)

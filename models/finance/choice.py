"""Which organisations a run keeps books for: those of a file, made-up ones, or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel

from models.figures.presets import read_section
from models.finance.checks import STAND_INS, system_faults
from models.finance.organisations import System
from models.finance.rules.settings import CONFIG
from models.finance.simulated.checks import MONEY_STAND_INS, joint_faults, money_faults
from models.finance.simulated.settings import Money
from sim.errors import Fault, FaultsError, nearest

__all__ = ["DEFAULT", "NONE", "areas", "finance_of", "opening_faults", "own_finance"]

FOLDER = CONFIG.parent
NONE, DEFAULT = "none", "default"
Section = TypeVar("Section", bound=BaseModel)


def areas() -> list[str]:
    """Names that ``finance=`` may take: the constants of the rules lie in the same folder and are none of them."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path != CONFIG)


def own_finance(footprint: str) -> str:
    """Name of a footprint's own file of organisations; where there is none they are made up."""
    return footprint if footprint in areas() else DEFAULT


def finance_of(data: dict[str, Any], footprint: str) -> tuple[Money | None, System | None, list[Fault]]:
    """Read the sections ``finance`` and ``money`` of a composed configuration.

    Without money both are taken out of it: such a run is the same as one that knows of none.

    Returns
    -------
    Money or None, System or None, list of Fault
        No money: both None. Made-up organisations: no system.
    """
    section = data.get("finance")
    name = section.get("name") if isinstance(section, dict) else None
    if name == NONE:
        data.pop("finance")
        data.pop("money", None)
        return None, None, []
    money, faults = _read(Money, data.get("money"), "money", "default", money_faults, MONEY_STAND_INS)
    if name not in areas():
        rule = f"no such file of organisations; there are: {', '.join(areas())}."
        return None, None, [*faults, Fault("finance", name, rule, "command line", nearest(str(name), areas()))]
    if name == DEFAULT:
        return money, None, faults
    system, found = _read(System, section, "finance", name, system_faults, STAND_INS)
    faults += found
    if name != footprint:
        rule = f"holds the organisations of another area than {footprint}; choose {own_finance(footprint)} or none."
        faults.append(Fault("finance", name, rule, "command line"))
    if money and system:
        files = {part: f"configs/{part}/{file}.yaml" for part, file in (("money", "default"), ("finance", name))}
        faults += [replace(f, file=files[f.key.partition(".")[0]]) for f in joint_faults(money, system)]
    return money, system, faults


def opening_faults(system: System, first: dt.date, plan: dt.date | None) -> list[Fault]:
    """Books that open before the run, or after the plan has begun: they would miss a part of what it does.

    Parameters
    ----------
    system : System
    first : date
        First day of the run.
    plan : date, optional
        First day of the plan.
    """
    if first <= system.start <= (plan or system.start):
        return []
    until = f" and not after the plan's, {plan.isoformat()}" if plan else ""
    rule = f"books open not before the run's first day, {first.isoformat()}{until}."
    file = f"configs/finance/{system.name}.yaml"
    return [Fault("finance.start", system.start.isoformat(), rule, file, example=f"start: {first.year}-04-01")]


def _read(
    shape: type[Section],
    section: Any,
    group: str,
    name: str,
    check: Callable[[Section], Iterable[Fault]] | None = None,
    stand_ins: Sequence[Any] = (),
) -> tuple[Section | None, list[Fault]]:
    """A section, or every fault of its shape and its rules at once, as if its file were read by itself."""
    try:
        return read_section(shape, section, group, check, stand_ins), []
    except FaultsError as error:
        file = f"configs/{group}/{name}.yaml"
        return None, [replace(f, key=f"{group}.{f.key}", file=file) for f in error.faults]

"""Which organisations a run keeps books for: those of a file, made-up ones, or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.finance.checks import system_faults
from models.finance.organisations import System
from models.finance.rules.settings import CONFIG
from models.finance.simulated.settings import Money
from sim.errors import Fault, nearest
from sim.reading.shape import shape_faults

__all__ = ["DEFAULT", "NONE", "areas", "finance_of", "own_finance"]

FOLDER = CONFIG.parent
NONE, DEFAULT = "none", "default"


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
    money, faults = shape_faults(Money, data.get("money"), "money")
    faults = [Fault(f"money.{f.key}", f.value, f.rule, _file("money"), f.nearest) for f in faults]
    if name not in areas():
        rule = f"no such file of organisations; there are: {', '.join(areas())}."
        return None, None, [*faults, Fault("finance", name, rule, "command line", nearest(str(name), areas()))]
    if name == DEFAULT:
        return money, None, faults
    system, found = shape_faults(System, section, "finance")
    found = found or (system_faults(system) if system else [])
    faults += [Fault(f"finance.{f.key}", f.value, f.rule, f"configs/finance/{name}.yaml", f.nearest) for f in found]
    if name != footprint:
        rule = f"holds the organisations of another area than {footprint}; choose {own_finance(footprint)} or none."
        faults.append(Fault("finance", name, rule, "command line"))
    return money, system, faults


def _file(group: str) -> str:
    return str(Path("configs") / group / "default.yaml")

"""Which key was meant by one that is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml

from models.figures.presets import composed
from models.plans.moves import KINDS
from sim.errors import nearest

__all__ = ["holders", "keys_in", "meant", "unwritten"]


def keys_in(folder: Path, chosen: Mapping[str, str]) -> list[str]:
    """Every dotted key of the configurations that a run is composed of.

    Parameters
    ----------
    folder : Path
        A folder a group, and ``config.yaml``, whose list of defaults names the groups.
    chosen : mapping
        The file by group, where only the keys of that one count.
    """
    main = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    groups = {group for part in main.pop("defaults") if isinstance(part, dict) for group in part}
    found = set(main)

    def walk(data: Any, path: str) -> None:
        if isinstance(data, dict):
            for key, value in data.items():
                here = f"{path}.{key}"
                found.add(here)
                walk(value, here)

    for path in folder.glob("*/*.yaml"):
        group = path.parent.name
        if group in groups and chosen.get(group, path.stem) == path.stem:
            found.add(group)
            data = composed(path) if group == "plan" else yaml.safe_load(path.read_text(encoding="utf-8"))
            walk({k: v for k, v in data.items() if k != "defaults"} if isinstance(data, dict) else data, group)
    return sorted(found)


def holders(folder: Path, key: str) -> tuple[list[str], list[str]]:
    """Files of a key's group, by name: those that hold the key, and those that do not."""
    group, _, path = key.partition(".")
    held: tuple[list[str], list[str]] = ([], [])
    for file in sorted((folder / group).glob("*.yaml")):
        data = composed(file)
        for part in path.split("."):
            data = data.get(part) if isinstance(data, dict) else None
        held[data is None].append(file.stem)
    return held


def unwritten(folder: Path, chosen: Mapping[str, str]) -> list[str]:
    """Keys of a plan's moves that its file leaves out and that may be added, the sites of the footprint one by one."""
    plan, footprint = (composed(folder / group / f"{chosen[group]}.yaml") for group in ("plan", "footprint"))
    out = []
    for name, move in (plan.get("moves") or {}).items():
        if not isinstance(move, dict) or move.get("kind") not in KINDS:  # told of when the plan is read
            continue
        here, fields = f"plan.moves.{name}", KINDS[move["kind"]].model_fields
        out += [f"{here}.{key}" for key in (f.alias or k for k, f in fields.items()) if key not in move]
        sites = move.get("sites", {})
        if "sites" in fields and isinstance(sites, dict) and dict[str, float] in get_args(fields["sites"].annotation):
            out += [f"{here}.sites.{site}" for site in footprint.get("sites", {}) if site not in sites]
    return out


def meant(key: str, known: Sequence[str]) -> str:
    """The known key most like `key`: of those that begin with the same parts, where there are any.

    Of these, those count whose next part is most like its own, where one is: a site before a figure of another.
    """
    parts = key.split(".")
    for kept in range(len(parts) - 1, 0, -1):
        head = ".".join(parts[:kept]) + "."
        if alike := [name for name in known if name.startswith(head)]:
            near = nearest(parts[kept], {name.removeprefix(head).partition(".")[0] for name in alike})
            if not near:
                return nearest(key, alike)
            under = [name for name in alike if f"{name}.".startswith(f"{head}{near}.")]
            return nearest(".".join([head + near, *parts[kept + 1 :]]), under)
    return nearest(key, known)

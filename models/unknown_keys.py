"""Which key was meant by one that is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sim.errors import nearest

__all__ = ["keys_in", "meant"]


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
            walk(yaml.safe_load(path.read_text(encoding="utf-8")), group)
    return sorted(found)


def meant(key: str, known: Sequence[str]) -> str:
    """The known key most like `key`: of those that begin with the same parts, where there are any."""
    parts = key.split(".")
    for kept in range(len(parts) - 1, 0, -1):
        head = ".".join(parts[:kept]) + "."
        if alike := [name for name in known if name.startswith(head)]:
            return nearest(key, alike)
    return nearest(key, known)

"""Parts of a preset that may be asked for by themselves: `around=estate` is the estate and nothing else around care."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from models import CONFIGS
from sim.reading.yaml_file import read_yaml

__all__ = ["GROUP", "is_part", "standing_alone"]

GROUP, NOTHING = "around", "none"  #: the group that is made of parts, and the preset in which all of them are off


def is_part(name: str) -> bool:
    """Whether a file of the group is one mechanism only, which needs the others beside it, switched off."""
    path = CONFIGS / GROUP / f"{name}.yaml"
    data = read_yaml(path)[0] if path.exists() else None
    return isinstance(data, dict) and "name" not in data and name in data


def standing_alone(overrides: Iterable[str]) -> Iterator[str]:
    """Words of a command line, in which a part that is asked for brings what it needs.

    ``around=estate`` becomes ``around=none`` with the estate switched on; what is set besides comes after it.
    """
    for word in overrides:
        key, _, name = word.partition("=")
        if key == GROUP and is_part(name):
            yield from (f"{GROUP}={NOTHING}", f"{GROUP}.name={name}", f"{GROUP}.{name}.enabled=true")
        else:
            yield word

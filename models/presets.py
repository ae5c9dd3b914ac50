"""Reading a section of the configuration by itself: a preset may build on others beside it, as in Hydra."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from sim.errors import Fault, FaultsError
from sim.reading.shape import shape_faults
from sim.reading.yaml_file import read_yaml

__all__ = ["Source", "composed", "read_section"]

Source = Mapping[str, Any] | str | Path  #: contents, or the path of a YAML file
Section = TypeVar("Section", bound=BaseModel)


def read_section(shape: type[Section], source: Source, name: str) -> Section:
    """Read and check a section.

    Parameters
    ----------
    shape : type
        What the section must look like.
    source : mapping or path of a YAML file
    name : str
        What it is called in faults when it is no file.

    Raises
    ------
    FaultsError
        With every fault.
    """
    lines, data = {}, source
    if isinstance(source, (str, Path)):
        name, lines, data = str(source), read_yaml(Path(source))[1], composed(Path(source))
    found, faults = shape_faults(shape, data, name, lines)
    if found is None:
        raise FaultsError(faults, name)
    return found


def composed(path: Path, above: tuple[Path, ...] = ()) -> Any:
    """Contents of a YAML file over those of the presets that its ``defaults`` name.

    Raises
    ------
    FaultsError
        When a preset builds on itself, or a file cannot be read.
    """
    data = read_yaml(path)[0]
    if path in above:
        raise FaultsError([Fault("defaults", path.stem, "builds on itself.", str(path))], str(path))
    if not isinstance(data, dict):
        return data
    out: dict[str, Any] = {}
    for base in data.pop("defaults", []):
        if base != "_self_":
            out = _over(out, composed(path.with_name(f"{base}.yaml"), (*above, path)))
    return _over(out, data)


def _over(under: Any, above: Any) -> Any:
    """Merge mappings, the upper one winning; everything else is replaced."""
    if not (isinstance(under, dict) and isinstance(above, dict)):
        return above
    return under | {key: _over(under[key], value) if key in under else value for key, value in above.items()}

"""Reading a section of the configuration by itself: a preset may build on others beside it, as in Hydra."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from sim.errors import Fault, FaultsError
from sim.network.keys import touches
from sim.reading.lines import in_order, placed
from sim.reading.mend import mended
from sim.reading.shape import keys_known, shaped
from sim.reading.yaml_file import read_yaml

__all__ = ["Source", "composed", "read_section"]

Source = Mapping[str, Any] | str | Path  #: contents, or the path of a YAML file
Section = TypeVar("Section", bound=BaseModel)


def read_section(
    shape: type[Section],
    source: Source,
    name: str,
    check: Callable[[Section], Iterable[Fault]] | None = None,
    stand_ins: Sequence[Any] = (),
) -> Section:
    """Read and check a section.

    Parameters
    ----------
    shape : type
        What the section must look like.
    source : mapping or path of a YAML file
    name : str
        What it is called in faults when it is no file.
    check : callable, optional
        Gives the faults of a section whose shape is right. Where the shape is not right, it is asked about what does
        not depend on that, so that all faults are told at once.
    stand_ins : sequence, optional
        Values of this section that may stand where one is missing or wrong while the rest is checked.

    Raises
    ------
    FaultsError
        With every fault.
    """
    lines, data = {}, source
    if isinstance(source, (str, Path)):
        name, lines, data = str(source), read_yaml(Path(source))[1], composed(Path(source))
    found, wrong = shaped(shape, data)
    faults, unsound, sound = [fault for _, fault in wrong], set[str](), found
    if sound is None and check is not None:
        sound, unsound = mended(shape, data, wrong, lambda path: keys_known(shape, path), stand_ins)
    if sound is not None and check is not None:
        faults += [fault for fault in check(sound) if not touches(fault.key, unsound)]
    if found is None or faults:
        raise FaultsError(in_order([placed(fault, name, lines) for fault in faults]), name)
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

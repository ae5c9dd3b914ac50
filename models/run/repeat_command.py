"""``carebridge repeat RUN``: the run that made a folder, once more, and whether every file comes out the same (R16)."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from models.command_line.doctor import versions
from models.command_line.words import own_words, whole
from models.run.runner import run
from models.settings.compose import Request, Settings, parse, settings
from sim.errors import CarebridgeError, FaultsError

__all__ = ["HELP", "differences", "repeat_command"]

HELP = """carebridge repeat RUN [workers=2]

  RUN                   folder that `carebridge run` made

Runs the same settings with the same seed again, into a folder that is thrown away, and compares every file byte for
byte; the manifest alone may differ. Where the configuration on this machine is no longer the one that the folder was
made with, says which figures have changed and runs nothing. Exit code: 0 the same, 1 something differs, 2 it cannot be
repeated.
"""
MANIFEST = "manifest.json"
SHOWN = 20
MOST_WORKERS = 1024


def repeat_command(words: list[str]) -> int:
    """Do what the words ask for; returns the exit code.

    Raises
    ------
    CarebridgeError
        When the folder is not one of a run, or its settings can no longer be composed.
    """
    own, folders, faults = own_words(words, {"workers": whole(1, MOST_WORKERS)})
    if faults:
        raise FaultsError(faults, "command line")
    if len(folders) != 1 or folders[0].startswith("-"):
        raise CarebridgeError("repeat takes the folder of one run.\n" + HELP)
    folder = Path(folders[0]).expanduser()
    made = _manifest(folder)
    chosen = _again(made, own["workers"])
    changed = list(differences(made["config"], _plain(chosen.composed)))
    if made["scenario_hash"] != chosen.scenario_hash or changed:
        print(f"{folder} was made with other settings than are here now:")
        print("\n".join(f"  {line}" for line in _first(changed)))
        return 1
    for name, before in made.get("versions", {}).items():
        if versions().get(name) != before:
            print(f"made with {name} {before}, here is {versions().get(name, 'none')}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as above:
        chosen.request.out = Path(above) / folder.resolve().name
        with redirect_stdout(StringIO()):  # it names a folder that is gone in a moment
            run(chosen)
        unlike = _unlike(folder, chosen.request.out)
    print("\n".join(f"  {line}" for line in _first(unlike)) if unlike else f"{folder}: every file is the same.")
    return 1 if unlike else 0


def differences(before: Any, after: Any, key: str = "") -> Iterator[str]:
    """What differs between two configurations, a line each, by key."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            yield from differences(before.get(name), after.get(name), f"{key}.{name}" if key else str(name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{key}.{number}")
    elif before != after:
        yield f"{key}: {json.dumps(before)} then, {json.dumps(after)} now"


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        made = json.loads((folder / MANIFEST).read_text("utf-8"))
        known = made["command"][:2] == ["carebridge", "run"] and all(isinstance(w, str) for w in made["command"])
        known = known and isinstance(made["config"], dict) and isinstance(made["scenario_hash"], str)
        known = known and isinstance(made.get("versions", {}), dict)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        known, made = False, {}
    if not known:
        raise CarebridgeError(
            f"{folder}: not a folder that `carebridge run` has made ({MANIFEST} is missing or other)."
        )
    return made


def _again(made: Mapping[str, Any], workers: int | None) -> Settings:
    request: Request = parse([w for w in made["command"][2:] if w.partition("=")[0] not in ("out", "workers")])
    request.workers = workers
    return settings(request)


def _plain(composed: Mapping[str, Any]) -> Any:
    """Settings as a manifest holds them."""
    return json.loads(json.dumps(composed, default=str))


def _unlike(before: Path, after: Path) -> list[str]:
    """Files that are not the same in both folders, the manifest apart."""
    files = [{p.relative_to(f).as_posix(): p for p in f.rglob("*") if p.is_file()} for f in (before, after)]
    out = []
    for name in sorted({*files[0], *files[1]} - {MANIFEST}):
        one, other = (of.get(name) for of in files)
        if one is None or other is None:
            out.append(f"{name}: only {'here' if one else 'in the repetition'}")
        elif one.read_bytes() != other.read_bytes():
            out.append(f"{name}: differs")
    return out


def _first(found: list[str]) -> list[str]:
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return [*found[:SHOWN], *more]

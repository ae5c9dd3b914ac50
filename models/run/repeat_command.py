"""``carebridge repeat RUN``: the run that made a folder, once more, and whether every file comes out the same (R16).

``carebridge report RUN``: the same, to write its pages and charts anew.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from models.command_line.doctor import versions
from models.command_line.words import own_words, whole
from models.run.runner import run
from models.settings.request import Request, parse
from models.settings.settings import Settings, settings
from sim.errors import CarebridgeError, FaultsError
from sim.files import replace_bytes

__all__ = ["HELP", "REPORT_HELP", "differences", "made_again", "repeat_command", "report_command"]

HELP = """carebridge repeat RUN [workers=2]

  RUN                   folder that `carebridge run` made

Runs the same settings with the same seed again, into a folder that is thrown away, and compares every file byte for
byte; the manifest alone may differ. Where the configuration on this machine is no longer the one that the folder was
made with, says which figures have changed and runs nothing. Exit code: 0 the same, 1 something differs, 2 it cannot be
repeated.
"""
REPORT_HELP = """carebridge report RUN [workers=2]

  RUN                   folder that `carebridge run` made, or what is left of one with its manifest.json

Writes report.html, its charts and the pages on money anew: where they are missing, or where this version draws them
better. A page shows more than the tables hold, so the same settings are run again, with the same seed; where the
results are not the same to the byte, nothing is written. Exit code: 0 written, 1 something differs, 2 it cannot be
repeated.
"""
MANIFEST = "manifest.json"
PAGES = (".html", ".png")
SHOWN = 20
MOST_WORKERS = 1024


def repeat_command(words: list[str]) -> int:
    """Do what the words ask for; returns the exit code.

    Raises
    ------
    CarebridgeError
        When the folder is not one of a run, or its settings can no longer be composed.
    """
    with made_again("repeat", HELP, words) as (folder, again):
        if again is None:
            return 1
        unlike = _unlike(folder, again)
    print("\n".join(f"  {line}" for line in _first(unlike)) if unlike else f"{folder}: every file is the same.")
    return 1 if unlike else 0


def report_command(words: list[str]) -> int:
    """Write the pages and charts of a folder anew; returns the exit code.

    Raises
    ------
    CarebridgeError
        As :func:`repeat_command`; or when the folder cannot be written to.
    """
    with made_again("report", REPORT_HELP, words) as (folder, again):
        if again is None:
            return 1
        pages = {name: path for name, path in _files(again).items() if path.suffix in PAGES}
        results = [line for line in _unlike(folder, again) if line.partition(":")[0] not in pages]
        there = {name.partition(":")[0] for name in results} & set(_files(again)) & set(_files(folder))
        if there:
            print(f"{folder}: the results are other than they were, so its pages stay as they are:")
            print("\n".join(f"  {name}" for name in _first(sorted(there))))
            return 1
        for name, path in pages.items():
            replace_bytes(folder / name, path.read_bytes())
    print(f"{folder / 'report.html'}: written anew, with {len(pages) - 1} other pages and charts.")
    return 0


@contextmanager
def made_again(verb: str, help_text: str, words: list[str]) -> Iterator[tuple[Path, Path | None]]:
    """The folder of a run, and for a while another that the same settings have made; None where they are other now.

    Raises
    ------
    CarebridgeError
        When the folder is not one of a run, or its settings can no longer be composed.
    """
    own, folders, faults = own_words(words, {"workers": whole(1, MOST_WORKERS)})
    if faults:
        raise FaultsError(faults, "command line")
    if len(folders) != 1 or folders[0].startswith("-"):
        raise CarebridgeError(f"{verb} takes the folder of one run.\n{help_text}")
    folder = Path(folders[0]).expanduser()
    made = _manifest(folder)
    chosen = _again(made, own["workers"])
    changed = list(differences(made["config"], _plain(chosen.composed)))
    if made["scenario_hash"] != chosen.scenario_hash or changed:
        print(f"{folder} was made with other settings than are here now:")
        print("\n".join(f"  {line}" for line in _first(changed)))
        yield folder, None
        return
    for name, before in made.get("versions", {}).items():
        if versions().get(name) != before:
            print(f"made with {name} {before}, here is {versions().get(name, 'none')}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as above:
        chosen.request.out = Path(above) / folder.resolve().name
        with redirect_stdout(StringIO()):  # it names a folder that is gone in a moment
            run(chosen)
        yield folder, chosen.request.out


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
    files = [_files(folder) for folder in (before, after)]
    out = []
    for name in sorted({*files[0], *files[1]} - {MANIFEST}):
        one, other = (of.get(name) for of in files)
        if one is None or other is None:
            out.append(f"{name}: only {'here' if one else 'in the repetition'}")
        elif one.read_bytes() != other.read_bytes():
            out.append(f"{name}: differs")
    return out


def _files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def _first(found: list[str]) -> list[str]:
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return [*found[:SHOWN], *more]

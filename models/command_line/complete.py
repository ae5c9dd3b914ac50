"""``carebridge complete``: what the shell may put in place of the word that is being typed.

It names verbs, keys and names of files, and loads nothing that simulates.
"""

from __future__ import annotations

from models import CONFIGS
from models.cli import DRY_RUNS, VERBS
from models.search.names import ALL, NAMES

__all__ = ["FREE", "NAMED", "SEVERAL", "complete_command", "completions"]

HELP = """carebridge complete

  Prints what bash needs to complete verbs, keys and names with the tab key:

  source <(.venv/bin/carebridge complete)     in this shell; in ~/.bashrc for good
"""
SCRIPT = """_carebridge() {
    local IFS=$'\\n' line="${COMP_LINE:0:COMP_POINT}"
    COMPREPLY=($("$1" complete "$line" 2>/dev/null))
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    [[ ${line##* } == *=* ]] && COMPREPLY=("${COMPREPLY[@]#*=}")
    return 0
}
complete -o default -F _carebridge carebridge
"""
#: verbs whose words are settings of a run
SETTING = ("run", "compare", "search", "monotonicity", "calibrate")
#: keys whose values are names of files of the folder of that name
IN_FOLDERS = ("footprint", "plan", "timeline", "feedback", "around", "winter", "gates", "funding")
#: keys whose values are among a few words
NAMED = {
    "detail": ("beds", "default", "full"),
    "compensation": ("off", "on"),
    "each": ("none", "beds", "waits", "stocks", "flows", "state"),
    "search": ("none", *NAMES, *ALL),
}
SEVERAL = ("timeline", "each", "search")  #: keys that take several names, with commas
FREE = ("replications", "seed", "workers", "patients", "out", "waterfall", "sensitivity")


def complete_command(words: list[str]) -> int:
    """Print the script for the shell, or, for a line of it so far, what its last word may become."""
    if not words:
        print(SCRIPT, end="")
        return 0
    print("\n".join(completions(words[0])))
    return 0


def completions(line: str) -> list[str]:
    """Words that the last word of a command line, up to the cursor, may become.

    A key is followed by ``=``; a value is given with its key. Empty where the shell should complete files.
    """
    _, *words = line.split(" ")
    words = [word for word in words[:-1] if word] + words[-1:]
    if len(words) <= 1:
        return _beginning(words[0] if words else "", list(VERBS))
    verb, last = words[0], words[-1]
    if verb == "list":
        return _beginning(last, ["parameters", *_titles()])
    if verb not in SETTING:
        return []
    key, equals, value = last.partition("=")
    if not equals:
        keys = [f"{k}=" for k in ("scenario", *IN_FOLDERS, *NAMED, *FREE)]
        return _beginning(last, [*keys, *(["--dry-run"] if verb in DRY_RUNS else [])])
    given, comma, begun = value.rpartition(",") if key in SEVERAL else ("", "", value)
    known = [name for name in _values(key) if name not in given.split(",")]
    return [f"{key}={given}{comma}{name}" for name in _beginning(begun, known)]


def _beginning(begun: str, known: list[str]) -> list[str]:
    return [word for word in known if word.startswith(begun)]


def _values(key: str) -> list[str]:
    folder = {"scenario": CONFIGS.parent / "scenarios"} | {name: CONFIGS / name for name in IN_FOLDERS}
    if key in folder:
        return sorted(path.stem for path in folder[key].glob("*.yaml"))
    return list(NAMED.get(key, ()))


def _titles() -> list[str]:
    from models.command_line.listing import GROUPS

    return list(GROUPS)

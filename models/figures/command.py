"""``carebridge list parameters``: every default with unit, year, basis, status, range and source."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from models.command_line.words import WHERE, Key, file_faults, path, read_words
from models.figures.parameters import Parameter, parameters, selected, table
from sim.errors import Fault, FaultsError
from sim.files import json_text, replace_text

__all__ = ["HELP", "list_parameters", "table_lines"]

HELP = """carebridge list parameters [group=NAME] [status=NAME] [text=WORDS] [csv=FILE] [--json]

  Every figure of the configuration files: key, value, unit, range, year, basis, status, source.

  group=demand          those of one folder of configs
  status=assumed        those of one status: read, derived, assumed, secondary, unverified
  text=readmission      those with these words in key, file, unit, source or note
  csv=FILE              write all columns to a CSV file instead
  --json                print all columns as JSON instead
"""

NARROW, WIDE = 60, 200  #: columns of a terminal between which the table is fitted
LEAST, ENOUGH = 22, 36  #: columns that the key, and the source, have at the least; what the key has before the source
LIMITS, LIMITS_WIDE = (12, 12, 16, 10, 9), (24, 18, 20, 10, 14)  #: of value, unit, range, status and year
LEFT_OUT = (5, 3, 2)  #: after the source: year, range, unit
_GAP = "  "


def _word(_key: str, value: str) -> str:
    return value


KEYS = {
    "group": Key(_word, "group=demand"),
    "status": Key(_word, "status=assumed"),
    "text": Key(_word, "text=readmission"),
    "csv": Key(path, "csv=parameters.csv"),
}


def list_parameters(words: Sequence[str]) -> int:
    """Do what the words after ``list parameters`` ask for; returns the exit code.

    Raises
    ------
    FaultsError
        With all faults of the words.
    """
    if any(word in ("-h", "--help") for word in words):
        print(HELP, end="")
        return 0
    asked, faults = read_words(words, KEYS, ("json",), settable=False)
    if asked.file is not None:
        rule = "a filter is written key=value."
        faults.append(Fault(str(asked.file), None, rule, WHERE, example=f"text={asked.file}"))
    faults += file_faults(asked, "csv")
    found: list[Parameter] = []
    try:
        found = selected(parameters(), asked["group"], asked["status"], asked["text"])
    except FaultsError as error:
        faults += error.faults
    if faults:
        raise FaultsError(faults, WHERE)
    if asked["csv"] is not None:
        replace_text(asked["csv"], table(found).to_csv(index=False, lineterminator="\n"))
        print(f"{len(found)} parameters: {asked['csv']}")
    elif "json" in asked.flags:
        print(json_text([asdict(p) for p in found]), end="")
    else:
        print("\n".join(table_lines(found, shutil.get_terminal_size((120, 24)).columns)))
    return 0


def table_lines(found: Sequence[Parameter], width: int) -> Iterator[str]:
    """Lines of the table, no wider than the terminal: a heading for each file, a row for each figure.

    Narrow terminals leave out the source first, then the year, the range and the unit; the CSV file has everything.
    """
    width = min(max(width, NARROW), WIDE)
    rows = [(p, _cells(p)) for p in found]
    head = ("key", "value", "unit", "range", "status", "year", "source")
    shares = _widths([cells for _, cells in rows], head, width)
    before = ""
    for number, (p, cells) in enumerate(rows):
        if p.file != before:
            if number:
                yield ""
            yield f"configs/{p.file}"[:width]
            yield _line(head, shares)
            before = p.file
        yield _line(cells, shares)
    count: dict[str, int] = {}
    for p in found:
        count[p.status or "no status"] = count.get(p.status or "no status", 0) + 1
    told = ", ".join(f"{n} {status}" for status, n in sorted(count.items(), key=lambda item: -item[1]))
    yield ""
    yield from textwrap.wrap(f"{len(found)} parameters" + (f": {told}" if told else ""), width)


def _cells(p: Parameter) -> tuple[str, ...]:
    between = "" if p.low is None or p.high is None else f"{p.low:.6g} to {p.high:.6g}"
    key = p.key.removeprefix(f"{p.group}.")
    return (key, p.short, p.unit, between, p.status, p.year, p.source)


def _widths(rows: Iterable[Sequence[str]], head: Sequence[str], width: int) -> list[int]:
    """Width of each column: what it needs up to a limit; key and source share what is left, and 0 leaves one out."""
    rows = [head, *rows]
    need = [max(len(row[n]) for row in rows) for n in range(len(head))]
    limits = LIMITS_WIDE if width > 2 * NARROW else LIMITS
    out = [0, *(min(n, limit) for n, limit in zip(need[1:-1], limits, strict=True)), LEAST]
    for column in (-1, *LEFT_OUT):
        if _left(out, width) < LEAST:
            out[column] = 0
    left = _left(out, width)
    out[0] = min(need[0], max(1, left * 3 // 5, min(left, ENOUGH)) if out[-1] else max(1, left))
    if out[-1]:
        out[-1] = min(need[-1], LEAST + left - out[0])
    return out


def _left(widths: Sequence[int], width: int) -> int:
    """Columns of the terminal that are left for the key."""
    return width - sum(w + len(_GAP) for w in widths if w)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    # a key is told by its end, everything else by its beginning
    shown = [_from_the_end(cells[0], widths[0]), *map(_cut, cells[1:], widths[1:])]
    return _GAP.join(c.ljust(w) for c, w in zip(shown, widths, strict=True) if w).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def _from_the_end(text: str, width: int) -> str:
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]

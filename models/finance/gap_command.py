"""``carebridge gap``: the published do-nothing gap of a plan beside what stated figures explain of it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from models import CONFIGS
from models.command_line.aligned import aligned
from models.command_line.out_folder import folder_faults
from models.command_line.words import WHERE, Key, path, read_words
from models.figures.figures import STATUSES
from models.finance.gap import KINDS, Bridge, Gap, Part, bridge, ends, part_ends, read_gap, swings
from models.report.words import STATUS, amount, percent, signed
from sim.arrow import names_column, write_table
from sim.errors import Fault, FaultsError, nearest
from sim.files import run_folder, write_json

__all__ = ["CONVENTION", "GAP_VERSION", "HELP", "gap_command", "gap_table", "title_of"]

HELP = """carebridge gap [footprint=devon] [draft=NAME] [out=DIR]

  footprint=devon       area of the plan: configs/finance/gap_NAME.yaml holds its figures, each with source and range
  draft=NAME            which published number, where there are several; the file's first unless named
  out=DIR               folder for gap.arrow, gap.json and the chart; without it the bridge is only printed

What was short at the start, what more care and dearer care add, what more money takes off, year by year; how far that
explains the published number, and what nobody has stated. No rate is chosen to meet the number. docs/money_gap.md.
"""

GAP_VERSION = "1.0"
CONVENTION = "£ million in the money of each year; + widens the gap, \u2212 narrows it"
UNEXPLAINED = "not explained"
UNIT = "GBP million a year"
LONGEST = 60  #: letters of a title in a table


def _word(_key: str, value: str) -> str:
    return value


KEYS = {
    "footprint": Key(_word, "footprint=devon"),
    "draft": Key(_word, "draft=published"),
    "out": Key(path, "out=gap"),
}


def gap_command(words: Sequence[str]) -> int:
    """Do what the words ask for; returns the exit code.

    Raises
    ------
    FaultsError
        With all faults of the words, or of the file of figures.
    """
    asked, faults = read_words(words, KEYS, ())
    if asked.file is not None:
        faults.append(Fault(str(asked.file), None, "write footprint=NAME.", WHERE))
    faults += [Fault(f"--set {key}", None, "figures are changed in their file.", WHERE) for key in asked.changes]
    out: Path | None = asked["out"]
    faults += folder_faults(out) if out else []
    footprint, known = asked["footprint"] or "devon", _footprints()
    if footprint not in known:
        rule = f"has no figures of its gap; there are: {', '.join(known)}."
        faults.append(Fault("footprint", footprint, rule, WHERE, nearest(footprint, known)))
        raise FaultsError(faults, WHERE)
    gap = read_gap(CONFIGS / "finance" / f"gap_{footprint}.yaml")
    draft = asked["draft"] or next(iter(gap.drafts))
    if draft not in gap.drafts:
        rule = f"there is no such draft; there are: {', '.join(gap.drafts)}."
        faults.append(Fault("draft", draft, rule, WHERE, nearest(draft, gap.drafts)))
    if faults:
        raise FaultsError(faults, WHERE)
    print("\n".join(_text(gap, draft)))
    if out:
        _write(gap, draft, out)
        print(f"\nTable, figures and chart: {out}")
    return 0


def _footprints() -> list[str]:
    return sorted(file.stem.removeprefix("gap_") for file in (CONFIGS / "finance").glob("gap_*.yaml"))


def title_of(gap: Gap, part: Part) -> str:
    """A part of the bridge in words."""
    return f"{KINDS[part[0]]}: {gap.lines[part[1]].title}"


# -- on paper ---------------------------------------------------------------------------------------------------------


def _text(gap: Gap, draft: str) -> list[str]:
    found, one = gap.drafts[draft], bridge(gap, draft)
    figure = found.gap
    return [
        f"{gap.areas[found.area].title}: £{amount(figure.value)} million short in {gap.last}, if nothing were done",
        f"({found.title}; {figure.source}; {figure.status}: {STATUS[figure.status]})",
        "",
        f"{CONVENTION}. Years are April to March.",
        *aligned(_path_rows(gap, draft, one)),
        "",
        _how_far(gap, draft, one),
        "",
        f"What each figure makes of the gap in {gap.last}, moved alone to the ends of its range:",
        *aligned(_swing_rows(gap, draft)),
        "",
        "Every draft of the number, beside the same figures:",
        *aligned(_draft_rows(gap)),
        "",
        _statuses(gap, draft),
        "Nobody has stated, so it is inside what is not explained: " + "; ".join(gap.left_out) + ".",
    ]


def _path_rows(gap: Gap, draft: str, one: Bridge) -> list[tuple[str, ...]]:
    ranges = part_ends(gap, draft)
    rows = [("", *one.years, f"range in {gap.last}")]
    for part, amounts, (low, high) in zip(one.parts, one.amounts, ranges, strict=True):
        rows.append((title_of(gap, part), *map(signed, amounts), f"{signed(low)} to {signed(high)}"))
    least, most = ends(gap, draft)
    bounds = f"{amount(least.stated)} to {amount(most.stated)}, all at one end"
    rows.append(("Stated parts together", *map(amount, one.gap), bounds))
    gaps = [""] * (len(one.years) - 1)
    rows.append(("Published", *gaps, amount(one.published), ""))
    rows.append(("Not explained by the stated parts", *gaps, signed(one.unexplained), ""))
    return rows


def _how_far(gap: Gap, draft: str, one: Bridge) -> str:
    least, most = ends(gap, draft)
    inside = least.stated <= one.published <= most.stated
    rest = f"nothing that was stated explains the other £{amount(one.unexplained)} million."
    if one.unexplained < 0:
        rest = f"£{amount(-one.unexplained)} million more than was published."
    said = (
        f"The stated parts come to £{amount(one.stated)} million, {percent(one.stated / one.published)} of the "
        f"published number; {rest}"
    )
    return said + (
        f" With every figure at its narrowing or its widening end they come to £{amount(least.stated)} or "
        f"£{amount(most.stated)} million, so the published number lies {'inside' if inside else 'outside'} what the "
        "figures allow. The wider that range, the less agreement with the published number proves."
    )


def _swing_rows(gap: Gap, draft: str) -> list[tuple[str, ...]]:
    rows = [("figure", "value", "low", "high", "unit", "status", "gap at low", "at high", "source")]
    for s in swings(gap, draft):
        f = s.figure
        value, low, high = (f"{x:g}" for x in (f.value, *f.range))
        moved = (amount(s.at_low), amount(s.at_high))
        rows.append((s.key, value, low, high, str(f.unit), str(f.status), *moved, _short(f.source)))
    return rows


def _draft_rows(gap: Gap) -> list[tuple[str, ...]]:
    rows = [("draft", "published", "stated parts", "share", UNEXPLAINED, "about")]
    for name, draft in gap.drafts.items():
        one = bridge(gap, name)
        share = percent(one.stated / one.published)
        rows.append((name, amount(one.published), amount(one.stated), share, signed(one.unexplained), draft.title))
    return rows


def _statuses(gap: Gap, draft: str) -> str:
    counts = Counter(figure.status for figure in gap.figures(draft).values())
    each = ", ".join(f"{counts[s]} {s}" for s in STATUSES if counts[s])
    return f"Of the {counts.total()} figures of this bridge: {each}."


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "\u2026"


# -- in files ---------------------------------------------------------------------------------------------------------


def gap_table(gap: Gap, draft: str) -> pa.Table:
    """The bridge as a table, a row for each part and year; the parts of a year sum to its gap.

    Columns ``draft``, ``year``, ``kind``, ``line``, ``million_gbp``, and for the last year ``low`` and ``high``: the
    part with its own figures at the ends of their ranges. In the last year a row ``not explained`` makes the sum the
    published number.
    """
    one, ranges = bridge(gap, draft), part_ends(gap, draft)
    kinds, lines = [*KINDS, UNEXPLAINED], [*gap.lines, ""]
    rows: list[tuple[int, int, int, float, float | None, float | None]] = []
    for year in range(len(one.years)):
        for n, (kind, line) in enumerate(one.parts):
            low, high = ranges[n] if year == len(one.years) - 1 else (None, None)
            rows.append((year, kinds.index(kind), lines.index(line), float(one.amounts[n, year]), low, high))
    rows.append((len(one.years) - 1, len(kinds) - 1, len(lines) - 1, one.unexplained, None, None))
    year, kind, line, million, low, high = (list(column) for column in zip(*rows, strict=True))
    columns: dict[str, Any] = {
        "draft": names_column([draft], np.zeros(len(rows), np.int32)),
        "year": names_column(one.years, np.array(year)),
        "kind": names_column(kinds, np.array(kind)),
        "line": names_column(lines, np.array(line)),
        "million_gbp": pa.array(million, pa.float64()),
        "low": pa.array(low, pa.float64()),
        "high": pa.array(high, pa.float64()),
    }
    return pa.table(columns)


def _write(gap: Gap, draft: str, out: Path) -> None:
    from models.report.charts_gap import gap_chart

    one, (least, most) = bridge(gap, draft), ends(gap, draft)
    config = {"draft": draft, **gap.model_dump()}
    mark = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]
    units: dict[str, str] = {"million_gbp": UNIT, "low": UNIT, "high": UNIT}
    about = {"schema_version": GAP_VERSION, "scenario_hash": mark, "description": CONVENTION, "footprint": gap.name}
    document = {
        "schema_version": GAP_VERSION,
        "scenario_hash": mark,
        "footprint": gap.name,
        "draft": draft,
        "year": gap.last,
        "unit": UNIT,
        "convention": CONVENTION,
        "published": one.published,
        "stated": one.stated,
        "unexplained": one.unexplained,
        "stated_at_ends": [least.stated, most.stated],
        "figures": [
            {"key": s.key, "gap_at_low": s.at_low, "gap_at_high": s.at_high, **s.figure.model_dump()}
            for s in swings(gap, draft)
        ],
        "left_out": gap.left_out,
    }
    with run_folder(out) as folder:
        hashed = write_table(folder / "gap.arrow", gap_table(gap, draft), units, about)
        write_json(folder / "gap.json", document)
        gap_chart(gap, draft, folder)
        manifest = {"scenario_hash": mark, "tables": {"gap.arrow": hashed}, "charts": ["chart_gap.png"]}
        write_json(folder / "manifest.json", {**manifest, "files": ["gap.json"], "config": config})

"""The report of a search: how much of a plan would be credible, and what one would have to believe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from models.command_line.doctor import versions
from models.report import charts_search, style
from models.report.page import environment
from models.search.look import BOTH, Found
from models.search.names import YEARS
from models.search.told import HEADS, SHORT, command, in_short, says, short_rows, table_rows
from models.settings.settings import Settings

__all__ = ["write_search_report"]

CAPTION = (
    "Share of simulated futures at every value that was tried, with exact one-sided bounds of 95 % confidence each "
    "(upright bars); lines between marks only guide the eye. A value is credible where the lower end of the bar of "
    "delivered and safe reaches the upper line, there and at every easier value."
)
BESIDE = (
    "The hardest value that is certain enough at each value that was set beside it, and at every easier one that was "
    "tried; a cross at the easiest value where there is none. Upright lines: how far delivered and safe might go if "
    "more futures were simulated. Lines between marks only guide the eye."
)


def write_search_report(folder: Path, chosen: Settings, found: Sequence[Found]) -> list[str]:
    """Write ``search.html`` and its charts as PNG files; the same search gives the same bytes.

    Returns
    -------
    list of str
        Names of the PNG files, in the order of the page.
    """
    by_question: dict[str, list[Found]] = {}
    for one in found:
        by_question.setdefault(one.file, []).append(one)
    parts: list[dict[str, Any]] = []
    beside: dict[str, list[Found]] = {}
    for one in found:
        if one.given:
            beside.setdefault(one.question.file, []).append(one)
    drawn: list[dict[str, Any]] = []
    with style.styled():
        for group in beside.values():
            if len({one.given for one in group}) == 1:
                continue
            svg, title, name = charts_search.given_chart(group, folder)
            drawn.append({"name": name, "asks": title, "svg": Markup(svg), "answers": []})
        for name, group in by_question.items():
            svg, _ = charts_search.search_chart(group, chosen.criteria, folder)
            answers = [_answer(one) for one in group]
            asks = group[0].question.asks + (f" With {group[0].given}" if group[0].given else "")
            label = (
                name.removeprefix("search_") if not group[0].given else f"{group[0].question.name}, {group[0].given}"
            )
            parts.append({"name": name, "label": label, "asks": asks, "svg": Markup(svg), "answers": answers})
    context: dict[str, Any] = {
        "plan": chosen.plan,
        "footprint": chosen.footprint,
        "future": chosen.future,
        "criteria": chosen.criteria,
        "replications": chosen.replications,
        "seed": chosen.seed,
        "scenario_hash": chosen.scenario_hash,
        "versions": versions(),
        "caption": CAPTION,
        "heads": HEADS,
        "says": in_short(found),
        "heads_short": SHORT,
        "short": short_rows([one for group in by_question.values() for one in group]),
        "beside": drawn,
        "beside_caption": BESIDE,
        "parts": parts,
        "charts": {},
    }
    page = environment().get_template("search.html.j2").render(context)
    (folder / "search.html").write_text(page, encoding="utf-8", newline="\n")
    return [f"{name}.png" for name in (*(one["name"] for one in drawn), *by_question)]


def _answer(found: Found) -> dict[str, Any]:
    over = found.stretch(BOTH)
    last = over and over.last
    return {
        "years": "" if found.question.name == YEARS else f"{found.years} years",
        "says": says(found),
        "rows": table_rows(found),
        "command": command(found, last) if last else "",
        "moves": [(found.question.shown(one.value), one.moves) for one in (last,) if one],
    }

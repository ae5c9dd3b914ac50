"""The plan as a Gantt chart: what was planned, how far each move really came, when it took effect, and what held it."""

from __future__ import annotations

import datetime as dt
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from models.measures.tails import in_short, tails
from models.report import course, series, style
from models.report.course import GROUPS, Row, middle
from models.report.words import amount, cause_in_short, month, short

if TYPE_CHECKING:
    from models.arms.arms import Observed
    from models.run.runner import Outcome

__all__ = ["Page", "gantt_chart", "gantt_pages", "says"]

ROWS = 24  #: most rows of one chart
HEIGHT, HEAD, GAP = 0.68, 0.62, 1.0  # of a strip, of a line with the move's title, from one strip to the next
SMALL = 7
WORDS = 44  #: most letters of a line beside a row
ON_TIME = 0.5  # months

#: how each group of stages is filled: grey tones and hatches that a printer without colour keeps apart
FILLS: tuple[dict[str, Any], ...] = (
    {"facecolor": "#6f6f6f"},
    {"facecolor": "#ededed", "hatch": "xxxx"},
    {"facecolor": "#c9c9c9"},
    {"facecolor": "white", "hatch": "||||"},
    {"facecolor": "white", "hatch": "////"},
    {"facecolor": "white", "hatch": "...."},
)


class Page:
    """Rows of one chart: part of a timeline's plan."""

    def __init__(self, timeline: str, title: str, rows: list[Row], number: int, of: int):
        self.timeline, self.title, self.rows, self.number, self.of = timeline, title, rows, number, of

    @property
    def name(self) -> str:
        """File name of the chart."""
        return f"chart_gantt_{self.timeline}" + (f"_{self.number}" if self.of > 1 else "")


def gantt_pages(outcome: Outcome) -> list[Page]:
    """Charts of every timeline, each with so many rows as can be read; a move's hospitals stay together."""
    out = []
    for (title, o), name in zip(series.arms(outcome)[1:], outcome.schedules, strict=True):
        rows = course.course(o) if o.arm.steering and o.arm.steering.brief.tranches else []
        parts = _parts(rows)
        out += [Page(name, title, part, n + 1, len(parts)) for n, part in enumerate(parts)]
    return out


def _parts(rows: list[Row]) -> list[list[Row]]:
    """Rows in parts of about the same length."""
    count = -(-len(rows) // ROWS)
    most = -(-len(rows) // count) if count else 0
    parts: list[list[Row]] = []
    for move in dict.fromkeys(row.move for row in rows):
        own = [row for row in rows if row.move == move]
        if parts and len(parts[-1]) + len(own) <= most:
            parts[-1] += own
        else:
            parts += [own[n : n + ROWS] for n in range(0, len(own), ROWS)]
    return parts


def gantt_chart(page: Page, outcome: Outcome, folder: Path) -> tuple[str, str]:
    """Draw one page: inline SVG and the title."""
    o = outcome.observed[page.timeline]
    last = _last_day(page.rows, o, outcome)
    title = _title(page, o)
    places = _places(page.rows)
    fig = style.figure(title, 1.8 + 0.31 * max(places))
    ax = fig.subplots()
    first = outcome.window[0]
    keep = np.array([first <= m <= last for m in o.months])
    days = [m.toordinal() for m in o.months if first <= m <= last]
    for n, (row, at) in enumerate(zip(page.rows, places, strict=True)):
        if _headed(page.rows, n):
            name = textwrap.shorten(_move_title(row, outcome), 60, placeholder=" ...")
            ax.text(days[0], at - HEAD, name, fontsize=8, fontweight="bold", va="center")
        _strip(ax, days, row, keep, at)
        _effect(ax, row, at, days[-1])
        ax.text(
            1.012, at, says(row, outcome, len(o.outcomes)), fontsize=SMALL, va="center",
            transform=ax.get_yaxis_transform(), linespacing=1.1,
        )  # fmt: skip
    names = [_label(page.rows, n, outcome) for n in range(len(page.rows))]
    ax.set_yticks(places, names, fontsize=7.5, linespacing=0.95)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(places) + 0.6, -0.6 if not _headed(page.rows, 0) else -0.3)
    style.month_axis(ax, first, last, marks=5)
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", visible=True)
    ax.spines["left"].set_visible(False)
    style.legend_below(fig, _legend(page.rows))
    return style.save(fig, folder, page.name, title), title


def _headed(rows: list[Row], n: int) -> bool:
    """Whether a line with the move's title stands above a row: the first of several hospitals."""
    move = rows[n].move
    return sum(row.move == move for row in rows) > 1 and (n == 0 or rows[n - 1].move != move)


def _places(rows: list[Row]) -> list[float]:
    """Where each row lies, downwards from 0."""
    at, out = 0.0, []
    for n in range(len(rows)):
        at += 0.8 * HEAD if _headed(rows, n) else 0.0
        out.append(at)
        at += GAP
    return out


def _label(rows: list[Row], n: int, outcome: Outcome) -> str:
    """The hospital under a move's title, or the move by itself."""
    row, sites = rows[n], outcome.settings.footprint.sites
    where = [short(sites[s].name) for s in row.sites if s]
    if sum(r.move == row.move for r in rows) > 1:
        return "\n".join(textwrap.wrap(where[0].partition(" (")[0] if where else "all hospitals", 26)[:2])
    text = _move_title(row, outcome)
    text += f", {where[0]}" if len(where) == 1 else f" ({len(where)}\u00a0hospitals)" if where else ""
    return "\n".join(textwrap.wrap(text, 36)[:3])


def _move_title(row: Row, outcome: Outcome) -> str:
    return outcome.settings.plan.moves[row.move].title or row.move


def _last_day(rows: list[Row], o: Observed, outcome: Outcome) -> dt.date:
    """Where the chart ends: a year after anything last changed, and two after the plan."""
    moving = np.zeros(len(o.months), bool)
    for row in rows:
        moving[1:] |= (np.abs(np.diff(row.shares)) > 1e-9).any(axis=0)  # noqa: PLR2004 - rounding
    last = max([o.months[n] for n in np.flatnonzero(moving)], default=outcome.window[0])
    planned = max(row.last for row in rows)
    wanted = max(last.toordinal() + 365, planned.toordinal() + 730)
    return min(dt.date.fromordinal(wanted), o.months[-1])


def _strip(ax: Any, days: list[int], row: Row, keep: Any, at: float) -> None:
    """How far a move had come in each month, from the bottom, inside the outline of what was planned."""
    bottom, top = at + HEIGHT / 2, at - HEIGHT / 2
    height = HEIGHT * row.shares[:, keep]
    changes = np.ones(len(days), bool)  # the drawing holds only what changes
    changes[1:-1] = np.abs(np.diff(height, axis=1)[:, :-1]).max(axis=0) > 1e-9  # noqa: PLR2004 - rounding
    days, height = [d for d, there in zip(days, changes, strict=True) if there], height[:, changes]
    below = np.full(len(days), bottom)
    for n, fill in enumerate(FILLS):
        if height[n].any():
            ax.fill_between(
                days, below, below - height[n], step="post", edgecolor=style.INK, linewidth=0.25, **fill
            )  # fmt: skip
        below = below - height[n]
    start, end = row.starts.toordinal(), row.last.toordinal()
    ax.add_patch(
        Rectangle(
            (start, top), end - start, HEIGHT, fill=False, edgecolor=style.INK, linewidth=1.1, linestyle=(0, (4, 1.5))
        )
    )


def _effect(ax: Any, row: Row, at: float, edge: int) -> None:
    """The day on which all of it was in effect: the middle run, and where nine in ten of them lie, or of a few all."""
    first, last = tails(len(row.whole))
    low, day, high = (middle(row.whole, share) for share in (first, 0.5, last))
    if not np.isfinite(low):
        return
    end = high if np.isfinite(high) else edge
    white: dict[str, Any] = {"color": "white", "solid_capstyle": "butt"}
    ax.plot([low, end], [at, at], linewidth=3.2, zorder=4, **white)
    ax.plot([low, end], [at, at], linewidth=1.2, color=style.INK, zorder=5)
    marks = {"color": style.INK, "zorder": 5, "linestyle": "none", "markeredgecolor": "white", "markeredgewidth": 0.6}
    ax.plot([low], [at], marker="|", markersize=6, color=style.INK, zorder=5)
    if np.isfinite(high):
        ax.plot([high], [at], marker="|", markersize=6, color=style.INK, zorder=5)
    else:
        ax.plot([end], [at], marker=">", markersize=6, clip_on=False, **marks)
    if np.isfinite(day):
        ax.plot([day], [at], marker="D", markersize=6, **marks)


def says(row: Row, outcome: Outcome, futures: int) -> str:
    """How late a row was and why, and in how many simulated futures it never came; two short lines."""
    late = row.late_months
    cause = _cause(row.held_by, outcome) if row.held_by else ""
    if not np.isfinite(late):
        text = f"held: {cause}"
    elif late <= ON_TIME:
        text = "on time"
        if cause and not (row.never or row.in_part):
            return f"{text}; earlier steps held:\n{cause}"
    else:
        text = f"{amount(late)} month{'' if round(late) == 1 else 's'} late: {cause}"
    words = {"never": row.never, "only in part": row.in_part}
    never = " and ".join(f"{word} in {n}" for word, n in words.items() if n)
    if never:
        return "\n".join([textwrap.shorten(text, WORDS, placeholder=" ..."), f"{never} of {futures} futures"])
    return "\n".join(textwrap.wrap(text, WORDS, max_lines=2, placeholder=" ..."))


def _cause(cause: str, outcome: Outcome) -> str:
    kind, _, name = cause.partition(": ")
    if kind == "after" and name in outcome.settings.plan.moves:
        return f"waits for {outcome.settings.plan.moves[name].title or name}"
    return cause_in_short(cause, outcome.settings.gates)


def _title(page: Page, o: Observed) -> str:
    on_time = sum(row.late_months <= ON_TIME for row in page.rows)
    never = sum(not np.isfinite(row.late_months) for row in page.rows)
    whole = f"{page.title[0].upper()}{page.title[1:]}, planned and as it went"
    if page.of > 1:
        whole += f" ({page.number} of {page.of})"
    futures = f"{len(o.outcomes)} simulated futures"
    text = f"{whole}: {on_time} of {len(page.rows)} parts on time in the middle one of {futures}"
    return text + (f", {never} not whole by {month(o.months[-1])}" if never else "")


def _legend(rows: list[Row]) -> list[Any]:
    used = [any(row.shares[n].any() for row in rows) for n in range(len(GROUPS))]
    out: list[Any] = [
        Patch(edgecolor=style.INK, linewidth=0.5, label=name, **fill)
        for name, fill, there in zip(GROUPS, FILLS, used, strict=True)
        if there
    ]
    out.append(
        Patch(facecolor="none", edgecolor=style.INK, linestyle=(0, (4, 1.5)), label="planned, start to last step")
    )
    mark: dict[str, Any] = {"color": style.INK, "marker": "D", "markersize": 5, "linewidth": 1.2}
    out.append(Line2D([], [], **mark, label=f"all in effect: middle future, {in_short(len(rows[0].whole))}"))
    return out

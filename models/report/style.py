"""How the report's charts look: light, printable, and readable without colour; the same bytes for the same figures."""

from __future__ import annotations

import datetime as dt
import io
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from models.report.words import amount

__all__ = ["BAND", "GREY", "INK", "WIDTH", "Line", "arm_line", "figure", "legend_below", "panels", "save", "styled"]
__all__ += ["exact_ticks", "month_axis", "thousands", "year_axis"]

WIDTH = 7.0  #: inches; the text width of an A4 page, so that print shows fonts at their true size
INK, GREY, BAND = "#1a1a1a", "#6b6b6b", 0.16
RC: Any = {
    "svg.hashsalt": "carebridge",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 3.2,
    "figure.titlesize": 10.5,
    "figure.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dcdcdc",
    "grid.linewidth": 0.6,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.6,
    "lines.linewidth": 1.7,
    "lines.markersize": 4.5,
    "savefig.facecolor": "white",
    "figure.dpi": 150,
}


_LONG, _SHORT = r"(\.\d\d)\d+", r"\1"  # a hundredth of a point is finer than any printer


@dataclass(frozen=True)
class Line:
    """How one arm is drawn in every chart: its colour, dashes, marker and hatching all differ."""

    color: str
    linestyle: Any
    marker: str
    hatch: str

    def kwargs(self, points: int = 1) -> dict[str, Any]:
        """Arguments of ``Axes.plot``; about seven markers a line."""
        every = max(1, points // 7)
        return {"color": self.color, "linestyle": self.linestyle, "marker": self.marker, "markevery": every}


USUAL = Line(INK, (0, (5, 2)), "", "")
PLANS = (
    Line("#0b5fa5", "-", "o", "////"),
    Line("#c2570c", (0, (7, 2, 1.5, 2)), "^", "...."),
    Line("#2f7d4f", (0, (2, 1.2)), "s", "xxxx"),
    Line("#7a4b9a", (0, (1, 1, 5, 1)), "D", "\\\\\\\\"),
)


def arm_line(number: int) -> Line:
    """Line of an arm: 0 is business as usual, timelines follow."""
    return USUAL if number == 0 else PLANS[(number - 1) % len(PLANS)]


@contextmanager
def styled() -> Iterator[None]:
    """Draw in this style, and leave the settings of others as they were."""
    with mpl.rc_context(RC):
        yield


def figure(title: str, height: float) -> Figure:
    """A figure with its title at the top left, wrapped to the width of the page."""
    fig = Figure(figsize=(WIDTH, height), layout="constrained")
    fig.get_layout_engine().set(w_pad=0.06, h_pad=0.06)  # type: ignore[union-attr]
    fig.suptitle(_balanced(title), x=0.012, ha="left")
    return fig


def _balanced(title: str, widest: int = 78) -> str:
    """A title wrapped into lines of about the same length, as few as fit the page."""
    lines = len(textwrap.wrap(title, widest))
    return next(text for width in range(20, widest + 1) if (text := textwrap.fill(title, width)).count("\n") < lines)


def panels(fig: Figure, count: int, columns: int) -> Any:
    """Axes of small multiples with shared scales; the lowest panel of every column carries the years."""
    rows = -(-count // columns)
    axes = fig.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for ax in axes[count:]:
        ax.set_visible(False)
    for ax in axes[max(0, count - columns) : count]:
        ax.tick_params(labelbottom=True)
    return axes[:count]


def legend_below(fig: Figure, handles: list[Any], columns: int = 2) -> None:
    """One legend for all panels, under them."""
    fig.legend(handles=handles, loc="outside lower left", ncols=columns, columnspacing=1.5)


def thousands(ax: Any) -> None:
    """Write the vertical axis as the text does: 2,000."""
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def exact_ticks(axis: Any, most: int | Literal["auto"] = "auto") -> None:
    """Marks of an axis, at most so many parts, whose numbers are written as they are, never rounded."""
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda v, _: amount(v, next(d for d in range(7) if abs(round(v, d) - v) < 1e-7)))


def year_axis(ax: Any, years: list[str], every: int) -> None:
    """Mark April years, such as 2018/19, on the horizontal axis; 0 is the first of `years`."""
    at = np.arange(0, len(years), every)
    ax.set_xticks(at, [years[n] for n in at])
    ax.set_xlim(-0.5, len(years) - 0.5)
    ax.grid(axis="x", visible=False)


def month_axis(ax: Any, first: dt.date, last: dt.date, marks: int = 6) -> None:
    """Mark Aprils on a horizontal axis whose values are days; `last` is the first day of the last month."""
    years = range(first.year, last.year + 2)
    step = max(1, -(-len(years) // marks))
    at = [y for y in years if (y - first.year) % step == 0]
    ax.set_xticks([dt.date(y, 4, 1).toordinal() for y in at], [f"Apr {y}" for y in at])
    ax.set_xlim(first.toordinal(), last.toordinal() + 31)
    ax.grid(axis="x", visible=False)


def save(fig: Figure, folder: Path, name: str, says: str) -> str:
    """Write ``<name>.png`` and return the chart as an inline SVG whose ids are its own.

    Parameters
    ----------
    says : str
        What the chart shows, for readers who cannot see it.
    """
    FigureCanvasAgg(fig).print_png(folder / f"{name}.png", metadata={"Software": None})
    fig.set_layout_engine("none")  # laid out once for both
    text = io.StringIO()
    FigureCanvasSVG(fig).print_svg(text, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _inline(text.getvalue(), name, says)


def _inline(svg: str, name: str, says: str) -> str:
    """Leave only the drawing: no prologue, name spaces, metadata or style sheet; ids made the chart's own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    svg = re.sub(r' d="([^"]+)"', lambda m: f' d="{re.sub(_LONG, _SHORT, m.group(1))}"', svg)
    box = re.search(r'viewBox="[^"]+"', svg)
    body = svg[svg.index(">") + 1 :]
    words = says.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return f'<svg class="chart" {box.group() if box else ""} role="img" aria-label="{words}">{body}'

"""The do-nothing gap of a plan: what was short at the start, and what demand, prices and money add to it year by year.

A published gap is one number. Here it is set against a bridge of stated figures: every line of spending grows by demand
and by prices, its money by what was promised, and nothing is done about it. What the stated figures do not explain is a
line of its own; no rate is chosen to meet the published number (F35; demand is met in full, so this is not the gap of a
system that turns people away).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, model_validator

from models.figures.figures import Figure, Name, Shape, Text, must, within
from models.figures.presets import Source, read_section
from sim.errors import Fault, FaultsError, nearest

__all__ = ["KINDS", "NEGLIGIBLE", "Area", "Bridge", "Draft", "Gap", "Line", "Part", "Rate", "Swing", "bridge", "ends"]
__all__ += ["part_ends", "read_gap", "swings"]

NEGLIGIBLE = 0.0005  #: by how much yearly rates, written to three or four places, may miss their mean

Kind = Literal["opening", "demand", "prices", "money"]
KINDS: dict[Kind, str] = {
    "opening": "Short at the start",
    "demand": "More care",
    "prices": "Pay and prices",
    "money": "More money",
}


class Rate(Figure):
    """Growth a year; with each year's own rate where a source gives them, whose compound mean is the value."""

    by_year: list[Annotated[float, Field(gt=-1, lt=1)]] = []

    @model_validator(mode="after")
    def _mean(self) -> Rate:
        if self.by_year:
            mean = math.exp(sum(math.log1p(rate) for rate in self.by_year) / len(self.by_year)) - 1
            if abs(mean - self.value) > NEGLIGIBLE:
                raise ValueError(f"value {self.value:g} must be the compound mean of by_year, {mean:.4f}")
        return self


Part = tuple[Kind, str]  #: of a bridge: what moves it, and which line of spending
Millions = Annotated[Figure, AfterValidator(must("GBP million a year"))]
OneShare = Annotated[Figure, AfterValidator(must("share", most=1))]
Growth = Annotated[Rate, AfterValidator(within("per year", -0.5, 0.5))]
Year = Annotated[str, Field(pattern=r"^\d{4}/\d{2}$")]


class Area(Shape):
    """Spending of a place before the first year, and what was short in the first year, by line."""

    title: Text
    spending: Millions
    shortfall: dict[str, Millions]


class Line(Shape):
    """A part of spending: its share, and how demand, prices and money for it grow."""

    title: Text
    share: OneShare | None = None
    demand: Growth
    prices: Growth
    money: Growth


class Draft(Shape):
    """A published gap: of which area, counting which lines."""

    title: Text
    area: Text
    lines: Annotated[list[Text], Field(min_length=1)]
    gap: Millions


class Gap(Shape):
    """Figures from which the gap of an area is bridged, and the drafts of the number itself."""

    name: Name
    title: Text
    question: Text
    first: Year
    last: Year
    areas: Annotated[dict[Name, Area], Field(min_length=1)]
    lines: Annotated[dict[Name, Line], Field(min_length=1)]
    drafts: Annotated[dict[Name, Draft], Field(min_length=1)]
    left_out: list[Text] = []

    @property
    def years(self) -> list[str]:
        """Financial years from the first to the last."""
        return [f"{y}/{(y + 1) % 100:02d}" for y in range(_year(self.first), _year(self.last) + 1)]

    def figures(self, draft: str) -> dict[str, Figure]:
        """Every figure that the bridge to a draft is made of, by its key in the file."""
        found = self.drafts[draft]
        area, out = self.areas[found.area], {}
        out[f"areas.{found.area}.spending"] = area.spending
        out |= {f"areas.{found.area}.shortfall.{n}": f for n, f in area.shortfall.items() if n in found.lines}
        for name, line in self.lines.items():
            if line.share is not None:
                out[f"lines.{name}.share"] = line.share
            if name in found.lines:
                out |= {f"lines.{name}.{kind}": getattr(line, kind) for kind in ("demand", "prices", "money")}
        return out


@dataclass(frozen=True)
class Bridge:
    """From what was short at the start to the gap, in GBP million of each year's money.

    Parameters
    ----------
    years : list of str
    parts : list of (kind, line)
    amounts : float64 array (parts, years)
        What each part makes of that year's gap: above nought it widens it, below it narrows it. A year's gap is the
        sum over the parts.
    published : float
        Of the last year.
    """

    years: list[str]
    parts: list[Part]
    amounts: npt.NDArray[np.float64]
    published: float

    @property
    def gap(self) -> npt.NDArray[np.float64]:
        """What the stated parts come to, year by year."""
        return self.amounts.sum(axis=0)

    @property
    def stated(self) -> float:
        """What the stated parts come to in the last year."""
        return float(self.gap[-1])

    @property
    def unexplained(self) -> float:
        """The published number less the stated parts; negative when they come to more."""
        return self.published - self.stated

    def of(self, kind: Kind) -> npt.NDArray[np.float64]:
        """All lines of one kind together, by year."""
        return self.amounts[[n for n, (k, _) in enumerate(self.parts) if k == kind]].sum(axis=0)


def bridge(gap: Gap, draft: str, changed: Mapping[str, float] | None = None) -> Bridge:
    """Work out the gap year by year, and what each part makes of it.

    Within a year demand and prices multiply; what they make together is shared in proportion to their logarithms
    (a logarithmic mean), so the parts add up without a rest, and in whatever order they are named.

    Parameters
    ----------
    gap : Gap
    draft : str
        Name of one of its drafts.
    changed : mapping, optional
        Other values of figures, by key; a rate by year moves as a whole.

    Returns
    -------
    Bridge
    """
    values = {key: figure.value for key, figure in gap.figures(draft).items()} | dict(changed or {})
    found, years, rows = gap.drafts[draft], gap.years, dict[Part, npt.NDArray[np.float64]]()
    whole = values[f"areas.{found.area}.spending"]
    before = _year(gap.first) - _year(gap.areas[found.area].spending.year)
    for name in found.lines:
        rates = {kind: values[f"lines.{name}.{kind}"] for kind in ("demand", "prices", "money")}
        path = {kind: _path(getattr(gap.lines[name], kind), rate, len(years) - 1) for kind, rate in rates.items()}
        spent = whole * _share(gap, name, values) * ((1 + rates["demand"]) * (1 + rates["prices"])) ** before
        short = values.get(f"areas.{found.area}.shortfall.{name}", 0.0)
        demand, prices = _growth(spent, path["demand"], path["prices"])
        income = spent - short
        got = income * np.cumprod(np.append(1.0, 1 + path["money"])) - income
        if f"areas.{found.area}.shortfall.{name}" in values:
            rows["opening", name] = np.full(len(years), short)
        rows |= {("demand", name): demand, ("prices", name): prices, ("money", name): -got}
    parts = [key for kind in KINDS for key in rows if key[0] == kind]
    return Bridge(years, parts, np.array([rows[key] for key in parts], np.float64), found.gap.value)


def _growth(
    spent: float, demand: npt.NDArray[np.float64], prices: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Spending that demand and prices have added since the first year."""
    logs = np.log1p(demand), np.log1p(prices)
    both = logs[0] + logs[1]
    levels = spent * np.exp(np.append(0.0, np.cumsum(both)))
    flat = np.abs(both) < 1e-12  # where they cancel out, the mean of two equal levels is the level
    mean = np.where(flat, levels[:-1], np.diff(levels) / np.where(flat, 1.0, both))
    added = [np.append(0.0, np.cumsum(mean * log)) for log in logs]
    return added[0], added[1]


def _path(rate: Rate, value: float, steps: int) -> npt.NDArray[np.float64]:
    own = np.array(rate.by_year) if rate.by_year else np.full(steps, rate.value)
    return own + (value - rate.value)


def _share(gap: Gap, name: str, values: Mapping[str, float]) -> float:
    if gap.lines[name].share is not None:
        return values[f"lines.{name}.share"]
    return 1 - sum(values[f"lines.{other}.share"] for other, line in gap.lines.items() if line.share is not None)


def _year(text: str) -> int:
    return int(text[:4])


@dataclass(frozen=True)
class Swing:
    """What one figure, at either end of its range, makes of the gap of the last year, all others as they are."""

    key: str
    figure: Figure
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """How far the gap moves."""
        return abs(self.at_high - self.at_low)


def swings(gap: Gap, draft: str) -> list[Swing]:
    """Each figure of a bridge moved to the ends of its range, the widest swing first."""
    found = [
        Swing(key, figure, *(bridge(gap, draft, {key: end}).stated for end in figure.range))
        for key, figure in gap.figures(draft).items()
    ]
    return sorted(found, key=lambda s: (-s.width, s.key))


def ends(gap: Gap, draft: str) -> tuple[Bridge, Bridge]:
    """The bridge with every figure at the end that narrows the gap, and at the end that widens it.

    Bounds, not likely values: it would be a wonder if all figures were at such ends at once.
    """
    least, most = dict[str, float](), dict[str, float]()
    for s in swings(gap, draft):
        low, high = s.figure.range
        least[s.key], most[s.key] = (low, high) if s.at_low <= s.at_high else (high, low)
    return bridge(gap, draft, least), bridge(gap, draft, most)


def part_ends(gap: Gap, draft: str) -> list[tuple[float, float]]:
    """Least and greatest of each part in the last year, with its own rate or shortfall at the ends of its range."""
    figures, area, out = gap.figures(draft), gap.drafts[draft].area, []
    for n, (kind, line) in enumerate(bridge(gap, draft).parts):
        key = f"areas.{area}.shortfall.{line}" if kind == "opening" else f"lines.{line}.{kind}"
        moved = [float(bridge(gap, draft, {key: end}).amounts[n, -1]) for end in figures[key].range]
        out.append((min(moved), max(moved)))
    return out


def read_gap(source: Source | Gap) -> Gap:
    """Read the figures of a gap and check them whole.

    Raises
    ------
    FaultsError
        With every fault of shape, names, years and shares.
    """
    if not isinstance(source, Gap):
        return read_section(Gap, source, "gap", _faults)
    if faults := list(_faults(source)):
        raise FaultsError(faults, "gap")
    return source


def _faults(gap: Gap) -> Iterator[Fault]:
    steps = _year(gap.last) - _year(gap.first)
    if steps < 1:
        yield Fault("last", gap.last, f"must be after the first year, {gap.first}.")
    for name, area in gap.areas.items():
        for line in area.shortfall:
            yield from _known(f"areas.{name}.shortfall", line, gap.lines, "line")
        for key, figure in (("spending", area.spending), *((f"shortfall.{n}", f) for n, f in area.shortfall.items())):
            yield from _of_year(f"areas.{name}.{key}", figure, gap.first, at_most=key == "spending")
    for name, line in gap.lines.items():
        for kind in ("demand", "prices", "money"):
            given = len(getattr(line, kind).by_year)
            if given not in (0, steps):
                yield Fault(f"lines.{name}.{kind}.by_year", given, f"there are {steps} years from {gap.first} on.")
    rest = [name for name, line in gap.lines.items() if line.share is None]
    if len(rest) != 1:
        yield Fault("lines", ", ".join(rest) or None, "one line, and only one, has no share: it takes the rest.")
    most = sum(line.share.range[1] for line in gap.lines.values() if line.share is not None)
    if most > 1:
        yield Fault("lines", None, f"shares must leave a rest; at the top of their ranges they sum to {most:.3g}.")
    for name, draft in gap.drafts.items():
        yield from _known(f"drafts.{name}.area", draft.area, gap.areas, "area")
        for line in draft.lines:
            yield from _known(f"drafts.{name}.lines", line, gap.lines, "line")
        if len(set(draft.lines)) < len(draft.lines):
            yield Fault(f"drafts.{name}.lines", ", ".join(draft.lines), "a line stands there twice.")
        yield from _of_year(f"drafts.{name}.gap", draft.gap, gap.last)


def _known(key: str, name: str, choices: Mapping[str, Any], what: str) -> Iterator[Fault]:
    if name not in choices:
        yield Fault(key, name, f"is no {what}; there are: {', '.join(choices)}.", nearest=nearest(name, choices))


def _of_year(key: str, figure: Figure, year: str, *, at_most: bool = False) -> Iterator[Fault]:
    """Money is never moved to another year unseen: spending may be older, and is then carried forward."""
    try:
        late = int(figure.year[:4]) - _year(year)
    except ValueError:
        late = 1
    if late > 0 or (late and not at_most):
        yield Fault(f"{key}.year", figure.year, f"must be {year}{' or before' if at_most else ''}.")

"""Beds, places and staff by quarter beside business as usual, with the days on which gates held and steps came."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from models.measures import measures
from models.measures.tails import in_short, shaded, tails
from models.plans.moves import BEDS
from models.report import course, series, style
from models.report.course import middle
from models.report.series import by_period, end_of, spread, stock_by_period
from models.report.words import amount, cause_in_short, short
from models.verdict.criteria import quarters

if TYPE_CHECKING:
    from models.arms.arms import Observed
    from models.plans.schedule import Schedule
    from models.run.runner import Outcome

__all__ = ["Mark", "marks", "quarters_chart", "sites_chart"]

Floats = npt.NDArray[np.float64]
MOST_CAUSES = 3
THICK, THIN, HEAD = 1.9, 0.9, 8.5
POSTS: dict[str, Any] = {"color": style.INK, "linewidth": 0.9, "linestyle": ":"}
SEEN = 0.05  # share of runs below which nothing is marked


@dataclass(frozen=True)
class Mark:
    """Something that happens once in a run: its name, its days (R), and whether a gate held it back."""

    name: str
    days: Floats
    held: bool

    @property
    def runs(self) -> int:
        """Replications in which it happened."""
        return int(np.isfinite(self.days).sum())


def marks(o: Observed, outcome: Outcome, site: str | None = None) -> list[Mark]:
    """What to mark on the axis of time: steps that took effect, and the commonest causes that first held one back."""
    gates = outcome.settings.gates
    found = [Mark(name, days, False) for name, days in course.took_effect(o, site).items()]
    held = list(course.first_held(o, site).items())[:MOST_CAUSES]
    found += [Mark(f"first held: {cause_in_short(cause, gates)}", days, True) for cause, days in held]
    return [mark for mark in found if not mark.held or mark.runs >= SEEN * len(mark.days)]


class _Time:
    """The quarters of the years that are judged."""

    def __init__(self, outcome: Outcome):
        o = next(iter(outcome.observed.values()))
        found = quarters(o, *outcome.window)
        self.masks = [mask for _, mask in found]
        starts = [dt.date.fromisoformat(f"{name}-01") for name, _ in found]
        self.middles = [d.toordinal() + 45 for d in starts]
        self.first, self.last = outcome.window[0], o.months[-1]


def quarters_chart(timeline: str, outcome: Outcome, folder: Path) -> tuple[str, str]:
    """Draw beds, community places and staff of one timeline, one above the other."""
    time, plan = _Time(outcome), outcome.schedules[timeline]
    (_, usual), (number, name, o) = series.arms(outcome)[0], _arm(timeline, outcome)
    line, base = style.arm_line(number), style.arm_line(0)
    panels = [_beds, _places] + ([_staff] if _staffed(o) else [])
    seen = marks(o, outcome) if o.arm.steering else []
    beds = [by_period(x, measures.beds_open(x), time.masks) for x in (usual, o)]
    title = f"{name[0].upper()}{name[1:]} by quarter: {amount(end_of(beds[1]))} hospital beds open in the end, "
    title += f"{amount(end_of(beds[0]))} under business as usual"
    strip = 0.2 * len(seen) + 0.35
    fig = style.figure(title, 1.35 + 1.7 * len(panels) + strip)
    ratios = [1.7] * len(panels) + ([strip] if seen else [])
    axes = fig.subplots(len(ratios), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": ratios}).ravel()
    for ax, draw in zip(axes, panels, strict=False):
        draw(ax, time, (o, line), (usual, base), plan)
        style.thousands(ax)
        style.month_axis(ax, time.first, time.last)
        for mark in seen:
            _upright(ax, mark)
    if seen:
        _events(axes[-1], seen, time, len(o.outcomes))
    style.legend_below(fig, _legend(name, line, len(o.outcomes), marked=bool(seen)))
    return style.save(fig, folder, f"chart_quarters_{timeline}", title), title


def sites_chart(timeline: str, outcome: Outcome, folder: Path) -> tuple[str, str]:
    """Draw the beds of each hospital on one timeline, with when gates there first held and beds first closed."""
    time = _Time(outcome)
    (_, usual), (number, name, o) = series.arms(outcome)[0], _arm(timeline, outcome)
    sites = outcome.settings.footprint.sites
    ends = [(_short(s.name), end_of(by_period(o, measures.beds_open(o, k), time.masks))) for k, s in sites.items()]
    title = f"{name[0].upper()}{name[1:]}, hospital beds by quarter; open in the end: "
    title += ", ".join(f"{who} {amount(n)}" for who, n in ends)
    rows, marked = -(-len(sites) // 2), bool(o.arm.steering and o.arm.steering.brief.tranches)
    fig = style.figure(title, 1.5 + 1.75 * rows)
    axes = fig.subplots(rows, 2, squeeze=False).ravel()
    for ax in axes[len(sites) :]:
        ax.set_visible(False)
    for ax, (key, site) in zip(axes, sites.items(), strict=False):
        for found, line in ((o, style.arm_line(number)), (usual, style.arm_line(0))):
            _line(ax, time, by_period(found, measures.beds_open(found, key), time.masks), line, THICK)
            _line(ax, time, by_period(found, measures.occupied_beds(found, key), time.masks), line, THIN)
        seen = [m for m in marks(o, outcome, key) if m.name == "first beds close" or m.held] if o.arm.steering else []
        first = [m for m in seen if not m.held] + [m for m in seen if m.held][:1]
        for mark in first:
            _upright(ax, mark)
        said = "; ".join(
            f"{m.name.removeprefix('first held: ')}, {m.runs} of {len(m.days)} futures" for m in first if m.held
        )
        ax.set_title(_short(site.name), fontsize=HEAD, pad=15 if marked else 6)
        ax.text(0, 1.03, f"first held: {said}" if said else "", transform=ax.transAxes, fontsize=7)
        style.month_axis(ax, time.first, time.last, marks=4)
        style.thousands(ax)
    for ax in axes[::2]:
        ax.set_ylabel("beds")
    thickness = "thick: open; thin: in use"
    style.legend_below(fig, _legend(name, style.arm_line(number), len(o.outcomes), thickness, marked=marked))
    return style.save(fig, folder, f"chart_quarters_sites_{timeline}", title), title


def _short(hospital: str) -> str:
    return short(hospital).partition(" (")[0]


def _arm(timeline: str, outcome: Outcome) -> tuple[int, str, Observed]:
    """Number, title and observations of a timeline."""
    n = list(outcome.observed).index(timeline)
    return n, *series.arms(outcome)[n]


def _staffed(o: Observed) -> bool:
    return any(c.startswith("ward_staff[") for c in o.stock_columns)


def _line(ax: Any, time: _Time, values: Floats, line: style.Line, width: float) -> None:
    found = spread(values)
    ax.fill_between(time.middles, found.low, found.high, color=line.color, alpha=style.BAND, linewidth=0)
    drawn = line.kwargs(len(time.middles)) | {"linewidth": width, "markersize": 2.5 * width}
    ax.plot(time.middles, np.median(values, axis=0), **drawn)


def _beds(ax: Any, time: _Time, *arms: Any) -> None:
    """Hospital beds open and in use."""
    for o, line in arms[:2]:
        _line(ax, time, by_period(o, measures.beds_open(o), time.masks), line, THICK)
        _line(ax, time, by_period(o, measures.occupied_beds(o), time.masks), line, THIN)
    ax.set_title("Hospital beds: open (thick), in use (thin)", fontsize=HEAD)
    ax.set_ylabel("beds")


def _places(ax: Any, time: _Time, planned: Any, usual: Any, plan: Schedule) -> None:
    """Places of the services that the plan changes: wanted, open as far as there are staff, and in use."""
    services = touched(plan) or [p for p in usual[0].arm.system.footprint.pathways if _has_places(usual[0], p)]
    wanted = [
        w for p in services if (w := stock_by_period(planned[0], "places_wanted", time.masks, of=f"_{p}")) is not None
    ]
    for o, line in (planned, usual):
        for used, width in ((False, THICK), (True, THIN)):
            monthly = sum((series.pathway_places(o, p, used=used) for p in services), np.zeros(o.midnight.shape[:2]))
            _line(ax, time, by_period(o, monthly, time.masks), line, width)
    if len(wanted) == len(services):
        ax.plot(time.middles, np.median(sum(wanted[1:], wanted[0]), axis=0), **POSTS)
    head = "wanted (dotted), open with staff (thick), in use (thin)" if wanted else "open (thick), in use (thin)"
    ax.set_title(f"Community places: {head}", fontsize=HEAD)
    ax.set_ylabel("places")


def touched(plan: Schedule) -> list[str]:
    """Services in which the plan opens or closes places."""
    closed = [s.tranche.setting for s in plan.closures if s.tranche.setting != BEDS]
    return sorted({*plan.services, *closed})


def _has_places(o: Observed, pathway: str) -> bool:
    return all(o.arm.system.with_places(site, pathway) for site in o.arm.system.footprint.sites)


def _staff(ax: Any, time: _Time, *arms: Any) -> None:
    """Staff in post of wards and of the community, all groups together, and their posts."""
    for o, line in arms[:2]:
        for where, width in (("ward", THICK), ("community", THIN)):
            have = stock_by_period(o, f"{where}_staff", time.masks)
            if have is not None:
                _line(ax, time, have, line, width)
    for where in ("ward", "community"):
        posts = stock_by_period(arms[0][0], f"{where}_posts", time.masks)
        if posts is not None:
            ax.plot(time.middles, np.median(posts, axis=0), **POSTS)
    ax.set_title("Staff in post: wards (thick), community (thin); posts with the plan (dotted)", fontsize=HEAD)
    ax.set_ylabel("staff")
    ax.set_ylim(0)


def _upright(ax: Any, mark: Mark) -> None:
    day = middle(mark.days)
    if np.isfinite(day):
        dashes = (0, (1.2, 2)) if mark.held else "-"
        ax.axvline(day, color=style.GREY, linewidth=1.1 if mark.held else 0.7, linestyle=dashes, zorder=0.5)


def _events(ax: Any, seen: list[Mark], time: _Time, runs: int) -> None:
    """When each mark happened: the middle run and the range, with the share of runs in which it did."""
    start, edge = time.first.toordinal(), time.last.toordinal() + 31
    first, last = tails(runs)
    for n, mark in enumerate(seen):
        low, day, high = (middle(mark.days, share) for share in (first, 0.5, last))
        low, end = min(low, edge), min(high, edge)
        ax.plot([low, end], [n, n], color=style.INK, linewidth=1.2)
        if not np.isfinite(high):
            ax.plot([end], [n], marker=">", markersize=5, color=style.INK, clip_on=False)
        if np.isfinite(day):
            kind = {"marker": "o", "markerfacecolor": "white"} if mark.held else {"marker": "D"}
            ax.plot([day], [n], markersize=5, color=style.INK, **kind)
            _upright(ax, mark)
        text = f"{mark.name} ({mark.runs} of {runs})"
        left = end - start < (edge - start) / 2
        away = 0.012 * (edge - start)
        ax.text(
            end + away if left else low - away, n, text, ha="left" if left else "right", va="center", fontsize=7.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )  # fmt: skip
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_ylim(len(seen) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_title(f"When (and in how many simulated futures): middle one, {in_short(runs)}", fontsize=HEAD)
    style.month_axis(ax, time.first, time.last)


def _legend(name: str, line: style.Line, futures: int, more: str = "", *, marked: bool) -> list[Any]:
    dotted: dict[str, Any] = {"color": style.GREY, "linewidth": 1.1, "linestyle": (0, (1.2, 2))}
    out: list[Any] = [
        Line2D([], [], **line.kwargs(), label=f"{name}: median"),
        Line2D([], [], **style.arm_line(0).kwargs(), label="business as usual: median"),
        Patch(facecolor=style.GREY, alpha=0.3, label=shaded(futures)),
    ]
    if marked:
        out += [
            Line2D([], [], color=style.GREY, linewidth=0.8, label="upright: a step takes effect"),
            Line2D([], [], **dotted, label="upright, dotted: a gate first holds one back"),
        ]
    if more:
        out.append(Line2D([], [], linestyle="none", label=more))
    return out

"""Tables of control totals: who misses theirs, what that loses of the sustainability fund, and the dashboard ratio."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.figures.figures import Figure
from models.finance.simulated.accounts import Account, Accounts
from models.finance.simulated.control import ACCESS
from models.finance.simulated.results import years_of
from models.finance.simulated.standing import Standing, standing
from models.report import series
from models.report.words import amount, figure_value, of_futures, percent

if TYPE_CHECKING:
    from models.verdict.verdict import Verdict

__all__ = ["control_section", "part_rows"]

A_MILLION = 10**8  #: pence
AREA = "The area as a whole"
Bools = npt.NDArray[np.bool_]


def control_section(found: Accounts) -> dict[str, Any] | None:
    """What the page says about control totals; nothing where nobody has one."""
    arms = list(found.arms.values())
    every = [standing(a.position, a.books) for a in arms if a.position is not None]
    if not every:
        return None
    titles = {name: found.finance.organisations[name].title for name in every[0].names}
    control, fund = found.money.control, found.money.rules.sustainability_fund
    return {
        "missed": _missed_rows(every, titles),
        "lost": _lost_rows(every, titles),
        "due": amount(every[0].due[:, :1].sum() / A_MILLION, 1),
        "terms": control.terms,
        "ratio": _ratio_rows(every, arms[0]),
        "asked": _asked(control.requirement),
        "tested": _tested(fund.by_year[control.terms].elements.shares.get(ACCESS), float(fund.access_standard.value)),
        "gate": _gate(fund.system_share.value),
        "offsets": control.offsets,
    }


def _asked(f: Figure) -> str:
    """What a control total asks for, in words."""

    def said(share: float) -> str:
        return f"{figure_value(f, abs(share))} {'above' if share > 0 else 'below'}" if share else "nothing"

    more = f"{figure_value(f, abs(f.value))} of its income {'above' if f.value > 0 else 'below'} " if f.value else ""
    span = f", range {said(f.range[0])} to {said(f.range[1])}" if f.low is not None else ""
    return f"{more}its result in the baseline year ({f.status}{span})"


def _gate(share: float) -> str:
    if share == 0:
        return "A trust is paid if its own result meets its control total"
    if share == 1:
        return "A trust is paid if the area\u2019s result meets all control totals together"
    return f"{percent(share)} of the fund hangs on the area\u2019s result, the rest on each trust\u2019s own"


def _tested(of_access: float | None, standard: float) -> str:
    """When the fund's gates are tested, and what else than the result opens them."""
    more = (
        f"{percent(float(of_access))} of the money hangs on emergencies as well: as many must have a bed within four "
        f"hours of the decision to admit as in the same quarter of the baseline year, or {percent(standard)}. "
        if of_access
        else ""
    )
    return (
        f"That is asked every quarter, of the year so far. {more}So a trust that reaches its control total by the end "
        "of a year can still lose money in it."
    )


def _missed_rows(every: list[Standing], titles: dict[str, str]) -> list[list[str]]:
    """Futures and years in which each misses its control total; those who never do have no row, the area always."""
    rows = []
    for n, name in enumerate(every[0].names):
        if any(s.missed[:, n].any() for s in every):
            rows.append([titles[name], *(_often(s.missed[:, n]) for s in every)])
    return [*rows, [AREA, *(_often(s.missed_by_all) for s in every)]]


def _often(missed: Bools) -> str:
    """In how many futures at least once, and in how many years on average."""
    futures, years = missed.shape
    if not missed.any():
        return "never"
    mean = missed.sum(axis=1).mean()
    return f"{of_futures(float(missed.any(axis=1).mean()), futures)} futures; {amount(float(mean), 1)} of {years} years"


def _lost_rows(every: list[Standing], titles: dict[str, str]) -> list[list[str]]:
    """Money of the fund that each trust loses in all years; those who lose none have no row."""

    def cell(s: Standing, pick: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]]) -> str:
        lost, partner = (float(pick(x).mean()) / A_MILLION for x in (s.lost, s.by_partners))
        return f"{amount(lost, 1)} ({amount(partner, 1)})"

    rows = []
    for n, name in enumerate(every[0].trusts):
        if any(s.lost[:, n].any() for s in every):
            rows.append([titles[name], *(cell(s, lambda x, n=n: x[:, n].sum(axis=-1)) for s in every)])
    if not rows:
        return []
    return [*rows, ["All trusts", *(cell(s, lambda x: x.sum(axis=(1, 2))) for s in every)]]


def _ratio_rows(every: list[Standing], usual: Account) -> list[list[str]]:
    """The dashboard ratio by year, in per cent: mean and range."""
    rows = []
    for n in range(every[0].ratio.shape[1]):
        cells = []
        for s in every:
            per_cent = 100 * s.ratio[:, n]
            spread = series.spread(per_cent)
            low, mean, high = (amount(float(x), 1) for x in (spread.low, spread.mean, spread.high))
            cells.append(mean if low == mean == high else f"{mean} ({low} to {high})")
        rows.append([years_of(usual)[n], *cells])
    return rows


def part_rows(verdicts: Iterable[Verdict]) -> list[list[str]]:
    """The parts of K7, reported: a row each, with a cell a timeline."""
    rows: dict[str, list[str]] = {}
    for verdict in verdicts:
        row = next(row for row in verdict.criteria if row["id"] == "K7")
        for part in row.get("parts", ()):
            words = f"{part['name']} ({part['unit']}; {part['note']})"
            rows.setdefault(words, []).append(_part(part, verdict.replications))
    return [[words, *cells] for words, cells in rows.items()]


def _part(part: dict[str, Any], replications: int) -> str:
    """A part's value, what it is held against, and in how many futures it holds."""
    said = "never in most futures" if part["value"] is None else amount(part["value"], 1)
    said += f" in {part['year']}" if "year" in part else ""
    if part["usual"] is not None:
        said += f" (business as usual {amount(part['usual'], 1)})"
    if part["limit"] is None:
        return f"{said}; no limit set"
    limit = amount(part["limit"], 1).removesuffix(".0")
    said += f"; limit {limit}; holds in {of_futures(part['within'], replications)}"
    if part["usual_within"] is None:
        return said
    return f"{said}, under business as usual in {of_futures(part['usual_within'], replications)}"

"""Delay in leaving a bed: four clocks, and what the public statistic counts of it.

Somebody is (a) medically ready, (b) referred and assessed, (c) countable as a delayed transfer, and (d) has left. In
the network a to c is the transition delay and c to d the time blocked for a place; both hold the bed. The statistic of
delayed transfers (to 2020) counts c to d, by reason and by whom it is attributed to; the statistic since 2022 counts a
to d. Areas are whole numbers (entity-milliseconds, say), so that shares of them sum exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from models import CONFIGS
from models.figures.figures import Figure, Shape, Sourced, Text, must
from models.figures.presets import read_section

__all__ = ["ANY", "ATTRIBUTIONS", "CARES", "DELAYS_FILE", "PATHWAYS", "REASONS", "Clocks", "Delays"]
__all__ += ["apportion", "by_destination", "clocks", "national_table"]
__all__ += ["pathway_mix", "public_statistic", "read_delays", "reweighted", "total_by", "transition_days"]

DELAYS_FILE = CONFIGS / "care" / "delays.yaml"
REASONS = ("A", "B", "C", "Di", "Dii", "E", "F", "G", "H", "I", "O")
ATTRIBUTIONS = ("nhs", "social_care", "both")
CARES = ("acute", "non_acute")
PATHWAYS = ("p1", "p2", "p3")
ANY = "any"  #: a reason that is waited for on the way to every kind of place
CHOICE = "G"
FINE = 1_000_000  #: weights are whole numbers; this keeps six more figures of a factor on them

Share = Annotated[Figure, AfterValidator(must("share", most=1))]
Money = Annotated[Figure, AfterValidator(must("GBP per day"))]
Days = Annotated[int, Field(ge=0)]
Table = dict[tuple[str, str, str], int]  #: by care, reason and attribution


class Attributed(Shape):
    """Delayed days by whom they are attributed to."""

    nhs: Days
    social_care: Days
    both: Days


class Reason(Shape):
    """One reason of the public statistic and the kind of place that it waits for."""

    title: Text
    pathway: Literal["p1", "p2", "p3", "any"]
    acute: Attributed
    non_acute: Attributed


class DaysByReason(Sourced):
    """National delayed days of a year by reason."""

    unit: Literal["days"]
    reasons: dict[str, Reason]

    @model_validator(mode="after")
    def _all_reasons(self) -> DaysByReason:
        if tuple(self.reasons) != REASONS:
            raise ValueError(f"reasons must be {', '.join(REASONS)}, in this order")
        return self


class Costs(Shape):
    """What a day costs in an acute bed and in a place of each pathway."""

    acute_day: Money
    place_day: dict[Literal["p1", "p2", "p3"], Money]


class Delays(Shape):
    """Parameters of delay."""

    reported_share: Share
    referred_share: Share
    costs: Costs
    days_by_reason: DaysByReason

    @property
    def tied(self) -> dict[str, str]:
        """Kind of place that each reason waits for."""
        return {name: reason.pathway for name, reason in self.days_by_reason.reasons.items()}


def read_delays(source: Mapping[str, Any] | Path | str = DELAYS_FILE) -> Delays:
    """Read and check the parameters of delay; raises FaultsError with every fault."""
    return read_section(Delays, source, "delays")


@dataclass(frozen=True)
class Clocks:
    """Delay split by the clocks, in whole units of entity-time.

    Parameters
    ----------
    a_to_b : int
        Medically ready until referred and assessed.
    b_to_c : int
        From there until countable as a delayed transfer.
    c_to_d : int
        From there until left.
    """

    a_to_b: int
    b_to_c: int
    c_to_d: int

    @property
    def total(self) -> int:
        """A to d: what the statistic since 2022 counts, and what counts of beds hold beside active care."""
        return self.a_to_b + self.b_to_c + self.c_to_d

    @property
    def public(self) -> int:
        """C to d: what the statistic of delayed transfers counts."""
        return self.c_to_d

    @property
    def reported_share(self) -> float:
        """Public over total; nan without delay."""
        return self.public / self.total if self.total else math.nan


def clocks(in_transition: int, blocked: int, delays: Delays, chosen: int = 0) -> Clocks:
    """Split simulated areas by the clocks.

    Parameters
    ----------
    in_transition, blocked : int
        Areas of the two states.
    chosen : int
        Part of `in_transition` that is waiting for the home of choice: countable, so it belongs to c to d.
    """
    if not 0 <= chosen <= in_transition:
        raise ValueError(f"the area of choice ({chosen}) is part of the area in transition ({in_transition})")
    before = in_transition - chosen
    a_to_b = round(before * delays.referred_share.value)
    return Clocks(a_to_b, before - a_to_b, blocked + chosen)


def transition_days(delayed_beds: float, reported_share: float, leavers_per_day: float) -> float:
    """Mean days from medically ready to countable (a to c), from the share of all delay that is reported.

    Delay in all is reported delay over the reported share; what is not reported is spread over those who leave by a
    pathway. At least a hundredth of a day, as in the present model of the hospitals.
    """
    if not 0 < reported_share <= 1:
        raise ValueError(f"the reported share of delay must lie above 0 and not above 1; it is {reported_share:g}")
    return max(0.01, delayed_beds * (1 / reported_share - 1) / leavers_per_day)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Share a whole number out by whole weights so that the parts sum to it exactly (largest remainders)."""
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must sum to more than nothing")
    parts = [total * w // whole for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def by_destination(
    blocked: Mapping[str, int], awaited: Mapping[str, int], ways: Mapping[str, Mapping[str, float]]
) -> dict[tuple[str, str], int]:
    """Blocked areas by where people are and where they are bound for.

    The engine writes down who is blocked at each station and who is awaited at each, which have the same sum. The
    cells are the ones closest to the flows `ways` with both sums (iterative proportional fitting); sums by station
    where people are hold exactly.

    Parameters
    ----------
    blocked, awaited : dict
        Area by station, and by destination.
    ways : dict
        Flow from each station to each destination, in any unit.
    """
    rows, columns = list(blocked), list(awaited)
    if sum(blocked.values()) != sum(awaited.values()):
        raise ValueError("who is blocked somewhere is awaited elsewhere: both areas must have the same sum")
    cells = np.array([[ways.get(r, {}).get(c, 0.0) for c in columns] for r in rows], float)
    want = np.array(list(blocked.values()), float), np.array(list(awaited.values()), float)
    for _ in range(200):
        for axis, sums in ((1, want[0][:, None]), (0, want[1][None, :])):
            now = cells.sum(axis=axis, keepdims=True)
            cells = cells * np.where(now > 0, sums / np.where(now > 0, now, 1), 0)
    out: dict[tuple[str, str], int] = {}
    for r, row in zip(rows, cells, strict=True):
        if blocked[r] and not row.sum() > 0:
            raise ValueError(f"people are blocked at '{r}' but no way leads from there to a station that awaits them")
        weights = [round(x / row.sum() * FINE * FINE) for x in row] if row.sum() > 0 else [1] * len(row)
        out |= {(r, c): n for c, n in zip(columns, apportion(blocked[r], weights), strict=True)}
    return out


def national_table(delays: Delays) -> Table:
    """Days of England by care, reason and attribution."""
    return {
        (care, name, who): getattr(getattr(reason, care), who)
        for care in CARES
        for name, reason in delays.days_by_reason.reasons.items()
        for who in ATTRIBUTIONS
    }


def reweighted(table: Table, attribution: Mapping[str, float]) -> Table:
    """Reasons within each attribution as in `table`, with attributions in the shares of another area, by care."""
    sums = {(care, who): total_by(table, care=care, attribution=who) for care in CARES for who in ATTRIBUTIONS}
    cares = {care: total_by(table, care=care) for care in CARES}
    return {
        (care, reason, who): round(FINE * n * attribution[who] * cares[care] / max(1, sums[care, who]))
        for (care, reason, who), n in table.items()
    }


def pathway_mix(table: Table, tied: Mapping[str, str]) -> dict[str, float]:
    """Shares of delayed days in acute beds by the kind of place waited for, and of those that name none (`any`)."""
    whole = total_by(table, care="acute")
    return {
        p: sum(n for (c, r, _), n in table.items() if c == "acute" and tied[r] == p) / whole for p in (*PATHWAYS, ANY)
    }


def public_statistic(
    areas: Mapping[tuple[str, str], int],
    table: Table,
    tied: Mapping[str, str],
    chosen: Mapping[tuple[str, str], int] | None = None,
) -> Table:
    """Turn simulated delay into the public statistic: by care, reason and attribution, with exactly the same sum.

    Within a kind of care, delay on the way to a pathway is shared out as the days of `table` are: those of reasons that
    name the pathway, and of those that name none in proportion to it. Delays in the proportions of the table give the
    table back.

    Parameters
    ----------
    areas : dict
        Blocked area (c to d) by care and pathway.
    table : dict
        Reference days by care, reason and attribution.
    tied : dict
        Pathway of each reason, or `any`.
    chosen : dict, optional
        Countable time of choice by care and pathway, where the network has it apart: it is reason G, and reason G is
        then left out of `areas` there.
    """
    chosen = chosen or {}
    out = dict.fromkeys(table, 0)
    for care, pathway in areas.keys() | chosen.keys():
        keys = [key for key in table if key[0] == care]
        named = {p: sum(table[k] for k in keys if tied[k[1]] == p) for p in PATHWAYS}
        weight = {k: _weight(table[k], tied[k[1]], pathway, named) for k in keys}
        choice = {k: w for k, w in weight.items() if k[1] == CHOICE}
        if (care, pathway) in chosen:
            _spread(out, chosen[care, pathway], choice)
            weight = {k: w for k, w in weight.items() if k not in choice}
        _spread(out, areas.get((care, pathway), 0), weight)
    return out


def _weight(days: int, bound_for: str, pathway: str, named: Mapping[str, int]) -> int:
    if bound_for == ANY:
        return days * named[pathway]
    return days * sum(named.values()) if bound_for == pathway else 0


def _spread(out: Table, total: int, weight: Mapping[tuple[str, str, str], int]) -> None:
    if total:
        for key, part in zip(weight, apportion(total, list(weight.values())), strict=True):
            out[key] += part


def total_by(table: Table, *, care: str = "", reason: str = "", attribution: str = "") -> int:
    """Sum of a table over everything that is not named."""
    wanted = (care, reason, attribution)
    return sum(n for key, n in table.items() if all(w in ("", k) for w, k in zip(wanted, key, strict=True)))

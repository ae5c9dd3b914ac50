"""Verdicts of a sweep: from the replications of a point, by the rules of :mod:`models.verdict.verdict`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.calibration.baseline import clear_miss
from models.verdict.criteria import ALWAYS, NO_HARM, STANDARD, deciding, has_collapsed
from models.verdict.verdict import bounds, rule

__all__ = ["answers", "verdicts"]

Bools = npt.NDArray[np.bool_]


class _Limits(NamedTuple):
    """Thresholds of the verdict."""

    credible_from: float
    not_credible_below: float


def verdicts(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a timeline, by the same rules as ``carebridge run``."""
    crowd = tables["crowding"]
    sites = list(dict.fromkeys(crowd["site"]))
    crowded = crowd[["waiting", "beds"]].to_numpy().reshape(-1, len(sites), 2)
    collapsed = bool(has_collapsed(crowded).any())
    reason = _no_baseline(tables["baseline"], bool(tables["judged_by"]["fitted_with_these_figures"].all()))
    limits = tables["judged_by"].to_dict("records")[0]
    rows = []
    lenses = tables["lenses"]
    ruled_out = lenses.groupby("timeline")["rules_out"].any()
    for timeline, of in lenses[lenses["decides"].to_numpy(bool)].groupby("timeline", sort=False):
        passes, lens = {}, {}
        for key, one in of.groupby("criterion", sort=False):
            lens[key], passes[key] = _passes(
                pd.DataFrame(one), collapsed and key != "K3"
            )  # K3 looks at beds, not at queues
        delivered = passes["K0"]
        safe = np.all([p for key, p in passes.items() if key != "K0"], axis=0)
        low, high = bounds(delivered & safe)
        rows.append(
            {
                "timeline": timeline,
                "verdict": rule(
                    low,
                    high,
                    _Limits(limits["credible_from"], limits["not_credible_below"]),
                    [reason] if reason else [],
                    bool(ruled_out[timeline]),
                ),
                "probability": float((delivered & safe).mean()),
                "low": low,
                "high": high,
                "delivered": float(delivered.mean()),
                "safe": float(safe.mean()),
                "binding_criterion": min(passes, key=lambda k: (passes[k].mean(), k)),
                "replications": len(delivered),
                "no_baseline": reason,
                **{f"passes_{key}": float(p.mean()) for key, p in passes.items()},
                **{f"lens_{key}": lens[key] for key in passes},
            }
        )
    return pd.DataFrame(rows)


def _passes(one: pd.DataFrame, collapsed: bool) -> tuple[str, Bools]:
    """Name of the lens that decides a criterion, and the replications that pass."""
    lenses = {name: _known(one[name].to_list()) for name in ("meets", "harmless", "usual_meets")}
    harmless = lenses["harmless"]
    if harmless is None:
        assert lenses["meets"] is not None  # noqa: S101 - a criterion has one of the two
        return ALWAYS, lenses["meets"]
    by_standard, passes = deciding(lenses["meets"], lenses["usual_meets"], harmless, collapsed)
    return STANDARD if by_standard else NO_HARM, passes


def _known(said: list[bool | None]) -> Bools | None:
    """What a lens says of each replication; None where the criterion does not have it."""
    return None if any(s is None for s in said) else np.array(said, bool)


def _no_baseline(baseline: pd.DataFrame, own_figures: bool) -> str:
    """Why business as usual does not reproduce the baseline year; empty when it does."""
    reasons = [] if own_figures else ["the fit was made with other figures than the footprint now holds"]
    for place, one in baseline.groupby("place", sort=False):
        simulated = one["simulated"].to_numpy(float)
        sd = float(simulated.std(ddof=1)) if len(simulated) > 1 else 0.0
        observed, tolerance = (one[name].to_numpy(float)[0] for name in ("observed", "tolerance"))
        miss = clear_miss(float(simulated.mean()), sd, len(simulated), observed, tolerance)
        if miss:
            reasons.append(f"{place} missed by {miss:+.1%}")
    return "; ".join(reasons)


def answers(found: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Numbers that an analysis can take: one a measure and timeline."""
    wanted = ["probability", "delivered", "safe", *(c for c in found if str(c).startswith("passes_"))]
    long = found.melt("timeline", wanted, "measure", "value")
    criteria = tables["criteria"]
    last = dict(zip(criteria["criterion"], criteria["place"], strict=True))  # the last place is the whole footprint
    whole = criteria[[last[k] == place for k, place in zip(criteria["criterion"], criteria["place"], strict=True)]]
    means = whole.groupby(["timeline", "criterion"], sort=False, as_index=False).agg(
        value=("value", "mean"), usual=("usual_value", "mean")
    )
    for column, name in (("value", "mean_{}"), ("usual", "usual_mean_{}")):
        part = pd.DataFrame(
            {
                "timeline": means["timeline"],
                "measure": [name.format(k) for k in means["criterion"]],
                "value": means[column],
            }
        )
        long = pd.concat([long, part.dropna()], ignore_index=True)
    return long

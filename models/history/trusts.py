"""Trusts by quarter, 2018/19 to 2019/20 Q3, and how occupied beds answered to available ones within a trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.history.data import DATA
from sim.errors import Fault, FaultsError

__all__ = ["Elasticity", "observed_elasticity", "trusts", "trusts_ae", "trusts_stp"]

_TYPES: Any = {"year": str, "org_code": str}
MERGER = 0.25  #: log change of available beds from which it is a merger


@dataclass(frozen=True)
class Elasticity:
    """Percent change of occupied beds that went with one percent of available beds, within a trust.

    Parameters
    ----------
    value, se : float
        Slope, and its ordinary standard error, which takes trust-quarters for independent.
    se_clustered : float
        Standard error with the quarters of a trust taken together: the one to plan with.
    trust_quarters, trusts : int
        What it was estimated on.
    cuts : int
        Trust-quarters in which available beds fell by more than 2 %.
    cut_available, cut_occupied : float
        Mean log change of available and of occupied beds there.
    """

    value: float
    se: float
    se_clustered: float
    trust_quarters: int
    trusts: int
    cuts: int
    cut_available: float
    cut_occupied: float


def trusts() -> pd.DataFrame:
    """General and acute beds and A&E by trust and quarter, 2018/19 Q1 to 2019/20 Q3.

    Columns: org_code, org_name, year, quarter, beds_available, beds_occupied, type1_attendances, type1_4h_share,
    waits_over_12h, elective_cancelled, source. Fourteen trusts tested other standards from May 2019: their four-hour
    share of 2019/20 is missing, not zero.
    """
    return pd.read_csv(DATA / "trusts_quarterly.csv", dtype=_TYPES)


def trusts_ae() -> pd.DataFrame:
    """Major (type 1) A&E by trust and quarter of 2018/19: attendances, over_4h and admissions, sums of months."""
    return pd.read_csv(DATA / "trusts_ae_quarterly.csv", dtype=_TYPES)


def trusts_stp() -> pd.DataFrame:
    """The STP in which each acute trust sits (host, not residence): org_code, org_name, stp_code, stp, region."""
    return pd.read_csv(DATA / "trusts_stp.csv", dtype=_TYPES)


def observed_elasticity(min_beds: float = 200.0) -> Elasticity:
    """Elasticity of occupied to available general and acute beds: 0.73 (SE 0.05, by trust 0.08).

    Log change of occupied beds from each quarter of 2018/19 (Q1 to Q3) to the same quarter of 2019/20, regressed with a
    constant on the log change of available beds, over trusts with a major A&E department and at least `min_beds`
    available in both years (which leaves out a children's hospital). A change of a quarter or more is a merger, not
    a closure, and is left out (three: Colchester, Derby, Aintree).

    This is an association. Closed and empty beds leave together, a miscount moves both figures, and occupied cannot
    exceed available: so it is at most a ceiling on what cutting beds alone would do. It leans on a few large
    changes: 0.86 with the mergers, 0.67 with changes under 15 %, 0.58 under 10 %.

    Raises
    ------
    FaultsError
        When too few trust-quarters are left to estimate it.
    """
    table: Any = trusts()
    table = table[table["type1_attendances"] > 0]
    one, two = table[table["year"] == "2018/19"], table[table["year"] == "2019/20"]
    both = one.merge(two, on=["org_code", "quarter"], suffixes=("_before", "_after"))
    beds = both[["beds_available_before", "beds_available_after"]].min(axis=1)
    occupied: Any = np.log(both["beds_occupied_after"] / both["beds_occupied_before"])
    available: Any = np.log(both["beds_available_after"] / both["beds_available_before"])
    keep = (beds >= min_beds) & (available.abs() < MERGER)
    n, codes = int(keep.sum()), both["org_code"][keep]
    if n < 3 or codes.nunique() < 2:
        raise FaultsError([Fault("min_beds", min_beds, "leaves too few trusts")], "a selection")
    x, y = available[keep].to_numpy(), occupied[keep].to_numpy()
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    rest = y - y.mean() - slope * centred
    scale = float(centred @ centred)
    by_trust: Any = pd.Series(centred * rest).groupby(codes.to_numpy()).sum()
    cut = x < np.log(0.98)
    return Elasticity(
        value=slope,
        se=float(np.sqrt(rest @ rest / (n - 2) / scale)),
        se_clustered=float(np.sqrt((by_trust**2).sum()) / scale),
        trust_quarters=n,
        trusts=int(codes.nunique()),
        cuts=int(cut.sum()),
        cut_available=float(x[cut].mean()) if cut.any() else float("nan"),
        cut_occupied=float(y[cut].mean()) if cut.any() else float("nan"),
    )

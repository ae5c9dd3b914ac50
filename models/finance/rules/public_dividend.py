"""Public dividend capital: what a trust pays for the assets that it was given, on the mean of its relevant net assets.

Relevant net assets leave out donated assets and cash in the government banking service. A holder whose relevant net
assets are below nought pays nothing. The dividend is paid in equal parts, by half-years.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.finance.rules.amounts import Pence, Rate, as_pence, exact, over, product, split
from models.finance.rules.checks import at_least, between, refuse

__all__ = ["dividend", "instalments"]


def dividend(
    opening: Any, closing: Any, donated_opening: Any, donated_closing: Any, mean_cash: Any, rate: Rate
) -> Pence:
    """Return the dividend of a year: rate x (mean of opening and closing net assets without donated ones - cash).

    Parameters
    ----------
    opening, closing : ndarray of int64 [...]
        Net assets in pence.
    donated_opening, donated_closing : ndarray of int64 [...]
        Donated assets, of these.
    mean_cash : ndarray of int64 [...]
        Mean cash in the government banking service over the year.
    rate : rate
        A year.

    Returns
    -------
    ndarray of int64 [...]
        Rounded once; never below nought.
    """
    given = {
        "opening": opening,
        "closing": closing,
        "donated_opening": donated_opening,
        "donated_closing": donated_closing,
        "mean_cash": mean_cash,
    }
    held = {key: as_pence(value, key) for key, value in given.items()}
    rate = exact(rate)
    kept_out = {key: held[key] for key in ("donated_opening", "donated_closing", "mean_cash")}
    refuse(at_least(0, **kept_out) + between(0, 1, rate=rate), "dividend on public capital")
    twice = held["opening"] - held["donated_opening"] + held["closing"] - held["donated_closing"]
    twice = np.maximum(twice - 2 * held["mean_cash"], 0)
    return over(product(twice, rate.numerator), 2 * rate.denominator)


def instalments(due: Any, payments: int) -> Pence:
    """Return the parts in which a year's dividend is paid, the earlier ones a penny larger where they must differ.

    Returns
    -------
    ndarray of int64 [..., payments]
    """
    refuse(at_least(1, payments=payments), "instalments")
    return split(due, np.ones(payments, np.int64))

"""What a run assumes of control totals, of the fund that hangs on them, and of the limits that K7 reports against."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from models.figures.figures import Figure, Shape, must, within
from models.finance.rules.settings import AnyShare, PoundsYear

__all__ = ["Control", "Limits"]

OfIncome = Annotated[Figure, AfterValidator(within("share", -0.1, 0.1))]
Years = Annotated[Figure, AfterValidator(must("years", most=50))]


class Control(Shape):
    """Control totals of trusts and commissioners (F9 to F12), and the sustainability fund.

    Parameters
    ----------
    enabled : bool
        Without it nobody has a control total, and the fund pays nothing.
    requirement : Figure
        By what share of its income an organisation's result before the fund must lie above that of the baseline year.
    offsets : str
        Whether those with something to spare make up for others, and who is left with what is missing:
        ``none``, ``fault`` (whoever caused it) or ``income`` (all, in proportion).
    terms : str
        Year of ``rules.sustainability_fund`` whose size, quarters and elements hold.
    catch_up : bool
        Whether a finance gate that opens pays the quarters missed before it in the year.
    providers_income : Figure
        Of all whom the national fund pays; the area has as large a part of the fund as of it.
    """

    enabled: bool
    requirement: OfIncome
    offsets: Literal["none", "fault", "income"]
    terms: str
    catch_up: bool
    providers_income: PoundsYear


class Limits(Shape):
    """Against what parts of K7 are reported: our own proposals.

    Parameters
    ----------
    cash_support : Figure
        Most that may be owed in interim loans, and drawn by commissioners and councils beyond allocations and
        reserves, as a share of a year's income of the area.
    payback : Figure
        Years from the plan's start within which it pays for itself.
    """

    cash_support: AnyShare
    payback: Years

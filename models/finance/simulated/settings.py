"""What care costs and by which form it is paid for: the section ``money`` of a run, each figure with its source."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from models.figures.figures import Figure, Name, Shape, must, within
from models.finance.organisations import Form
from models.finance.rules import contracts
from models.finance.rules.amounts import exact
from models.finance.rules.contracts import Contract
from models.finance.rules.settings import AnyShare, Factor, OneShare, PoundsYear, Rules
from models.finance.simulated.control_terms import Control, Limits
from models.finance.simulated.programme_terms import Bias, Saving

__all__ = ["FORMS", "Money", "Service", "agreed_form"]

PerSpell = Annotated[Figure, AfterValidator(must("GBP per spell"))]
PerDay = Annotated[Figure, AfterValidator(must("GBP per day"))]
Beds = Annotated[Figure, AfterValidator(must("beds", most=1000))]
Growth = Annotated[Figure, AfterValidator(within("relative change", -0.5, 0.5))]

#: short names of forms, for the command line
FORMS: dict[str, Form] = {
    "block": "block",
    "guaranteed": "guaranteed income",
    "pbr": "payment by results",
    "mret": "marginal rate for emergencies",
    "cap_collar": "cap and collar",
    "tolerance": "tolerance and marginal rate",
    "blended": "blended payment",
}
assert set(FORMS.values()) == set(get_args(Form))


class Hospital(Shape):
    """What admissions are paid, and what they cost beside beds."""

    emergency_spell: PerSpell
    elective_spell: PerSpell
    treatment: PerSpell
    ward_beds: Beds


class Service(Shape):
    """What a place of a service costs a day, and who runs it."""

    runs: Literal["community", "council"]
    day: PerDay
    standing: OneShare


class MadeUp(Shape):
    """For an area without a file of organisations."""

    income_per_bed: PoundsYear


class Money(Shape):
    """Unit costs, prices, and what is assumed about income."""

    name: Name
    form: Literal["as_written", "block", "guaranteed", "pbr", "mret", "cap_collar", "tolerance", "blended"]
    rules: Rules
    prices: dict[str, Factor]
    hospital: Hospital
    services: Annotated[dict[str, Service], Field(min_length=1)]
    growth: Growth
    retraining_salary: PoundsYear
    savings: dict[Name, Saving]
    bias: Bias
    allowance: AnyShare
    control: Control
    limits: Limits
    made_up: MadeUp

    def pence(self, figure: Figure) -> Fraction:
        """Exact pence of a figure in pounds, at the prices of 2018/19 where its own are those of another year."""
        factor = self.prices.get(figure.year)
        return exact(figure.value) * 100 * (exact(factor.value) if factor else 1)


def agreed_form(form: Form, rules: Rules, collar: Figure | None = None, cap: Figure | None = None) -> Contract:
    """The payment rule of a form of contract.

    Parameters
    ----------
    form : str
    rules : Rules
        Constants of the run, for what the contract itself does not say.
    collar, cap : Figure, optional
        Shares of the plan which the contract names itself; a cap and collar pays for activity between them, a
        tolerance does not (the two readings).
    """
    c = rules.contracts

    def bounds(usual: Figure) -> tuple[Fraction, Fraction]:
        below = exact(usual.value) if collar is None else 1 - exact(collar.value)
        above = exact(usual.value) if cap is None else exact(cap.value) - 1
        return below, above

    made = {
        "payment by results": contracts.pbr,
        "block": contracts.block,
        "guaranteed income": contracts.guaranteed_income,
        "marginal rate for emergencies": lambda: contracts.mret(c.mret_2015.value),
        "cap and collar": lambda: contracts.cap_collar(*bounds(c.collar)),
        "tolerance and marginal rate": lambda: contracts.tolerance(*bounds(c.tolerance), c.tolerance_marginal.value),
        "blended payment": lambda: contracts.blended(c.blended_variable.value),
    }
    return made[form]()

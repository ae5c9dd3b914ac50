"""Who holds the money: organisations of a system, pooled funds, outside bodies, and what they own at the start.

F3, F10, F13, F23, F31: every organisation keeps its own books; the outside bodies keep books too, so that money which
enters or leaves the system comes from and goes to somebody. Every resident has exactly one responsible commissioner.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator

from models.figures.figures import Figure, Name, Shape, Share, Shares, Sourced, Text, must
from models.figures.presets import Source, read_section
from models.finance.accounts import ACCOUNTS, MIRRORS, Key
from sim.errors import FaultsError

__all__ = ["EXTERNAL", "PUBLIC_MONEY", "Border", "Contract", "Fund", "Opening", "Organisation", "Pays", "Population"]
__all__ += ["System", "read_system"]

#: Bodies outside the system. Their cash has no floor: they are where its money comes from and goes to.
EXTERNAL = {
    "nhs_england": "NHS England",
    "dhsc": "Department of Health and Social Care",
    "treasury": "HM Treasury, and the ministry for local government: grants, council tax, capital loans",
    "other_commissioners": "Commissioners of people who live elsewhere",
    "other_providers": "Providers elsewhere",
    "suppliers": "Suppliers",
    "staff": "Staff",
    "self_funders": "People who pay for their own care",
}

#: Kinds that live on public money, from whom it comes, and for what. They take no loan to pay for a month's care:
#: a commissioner draws cash from NHS England, and a council has its reserves and then nobody (SC4).
PUBLIC_MONEY = {"commissioner": ("nhs_england", "allocation"), "council": ("treasury", "grant")}

Kind = Literal[
    "acute trust",
    "community provider",
    "mental health trust",
    "ambulance trust",
    "commissioner",
    "council",
    "gp sector",
]

Pounds = Annotated[Figure, AfterValidator(must("GBP"))]
OfPlan = Annotated[Figure, AfterValidator(must("share"))]
OneShare = Annotated[Figure, AfterValidator(must("share", most=1))]
PoundsAYear = Annotated[Figure, AfterValidator(must("GBP per year"))]
People = Annotated[Figure, AfterValidator(must("people"))]
Form = Literal[
    "payment by results",
    "block",
    "guaranteed income",
    "marginal rate for emergencies",
    "cap and collar",
    "tolerance and marginal rate",
    "blended payment",
]


class Opening(Sourced):
    """Opening balance sheet, in whole pounds; each balance is positive on the side where its account usually stands.

    `synthetic` says that it is made up: the books then balance, but nothing may be judged from them.
    """

    synthetic: bool
    balances: dict[Text, int | dict[Text, int]]

    @field_validator("balances")
    @classmethod
    def _accounts_known(cls, balances: dict[str, Any]) -> dict[str, Any]:
        faults = []
        for name, value in balances.items():
            account = ACCOUNTS.get(name)
            if account is None or account.part in ("income", "expenditure"):
                known = [n for n, a in ACCOUNTS.items() if a.part not in ("income", "expenditure")]
                faults.append(f"'{name}' is no account of a balance sheet; there are: {', '.join(known)}")
            elif account.paired != isinstance(value, dict):
                how = "by counterparty" if account.paired else "as one amount"
                faults.append(f"'{name}' must be given {how}")
        if faults:
            raise ValueError("; ".join(faults))
        return balances

    def lines(self) -> list[tuple[str, str, int]]:
        """Account, counterparty and signed pence (debits positive) of each balance."""
        out = []
        for name, value in self.balances.items():
            sign = 100 if ACCOUNTS[name].debit else -100
            each = value if isinstance(value, dict) else {"": value}
            out += [(name, other, sign * pounds) for other, pounds in each.items()]
        return out


class Organisation(Shape):
    """An organisation of the system.

    `cash_floor` is the least cash that it may hold, and of a council also the least that its reserves may come to.
    `lender` gives interim loans; commissioners and councils have none.
    """

    title: Text
    kind: Kind
    code: str = ""
    sites: list[Text] = []
    cash_floor: Pounds
    lender: Text = "dhsc"
    opening: Opening


class Pays(Shape):
    """What a pooled fund pays for of what is simulated, who decides on more of it, and what hangs on performance.

    `share` is of what the services cost where the host buys care. Pot A binds its partners, in B the partner ratifies,
    in C the national commissioner too; `ratified` says whether they would. With `nhs_capped` commissioners bear an
    overspend up to a share of what they pay in. `performance` is released as emergency admissions fall (F13).
    """

    services: Annotated[list[Text], Field(min_length=1)]
    share: OneShare
    pot: Literal["A", "B", "C"] = "A"
    ratified: bool = True
    nhs_capped: bool = False
    performance: PoundsAYear | None = None


class Fund(Shape):
    """Money that may be spent on stated purposes only: a pooled fund, a ring-fence, or a fund of an outside body.

    Pooled budgets (Section 75, BCF; F13, F31), retained marginal-rate money, and the national funds PSF and STF.
    """

    title: Text
    host: Text
    purposes: Annotated[list[Text], Field(min_length=1)]
    members: list[Text] = []
    contributions: Shares | None = None
    pays: Pays | None = None


class Population(Shape):
    """Residents of one place: one responsible commissioner, one council."""

    title: Text
    share: Share
    commissioner: Text
    council: Text


class Contract(Shape):
    """Who pays whom, on what form, how much is planned, and for how long.

    Without `start` a contract is in force from the day the books open, without `end` as long as they run. What a pair
    agrees for the same purpose may change its form over time (F4): one contract after the other. `collar` and `cap`
    are shares of the plan between which a cap and collar pays for activity, or a tolerance does not.
    """

    payer: Text
    payee: Text
    form: Form
    purpose: Text = "patient_care"
    plan: PoundsAYear
    settle_months: int = Field(default=0, ge=0, le=12)
    start: dt.date | None = None
    end: dt.date | None = None
    collar: OfPlan | None = None
    cap: OfPlan | None = None

    def in_force(self, day: dt.date) -> bool:
        """Whether it holds on a day."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


class Border(Shape):
    """Care that crosses the border: residents treated elsewhere, or people from elsewhere treated here."""

    title: Text
    direction: Literal["in", "out"]
    payer: Text
    payee: Text
    amount: PoundsAYear


class Residents(Shape):
    """All residents, and how they are shared between commissioners and councils."""

    people: People
    shares: Sourced
    parts: Annotated[dict[Name, Population], Field(min_length=1)]


class System(Shape):
    """The organisations of an area, with what they own, and the contracts between them."""

    name: Name
    title: Text
    question: Text
    start: dt.date
    residents: Residents
    organisations: Annotated[dict[Name, Organisation], Field(min_length=1)]
    funds: dict[Name, Fund] = {}
    contracts: dict[Name, Contract] = {}
    border: dict[Name, Border] = {}

    @property
    def members(self) -> tuple[str, ...]:
        """Names of everyone inside the system: organisations, and the funds that they host."""
        return (*self.organisations, *(name for name, fund in self.funds.items() if fund.host not in EXTERNAL))

    @property
    def entities(self) -> tuple[str, ...]:
        """Names of everyone who keeps books, in the order of the tables."""
        outside = (name for name, fund in self.funds.items() if fund.host in EXTERNAL)
        return (*self.members, *outside, *EXTERNAL)

    @property
    def synthetic(self) -> list[str]:
        """Organisations whose opening balance sheet is made up; while there are any, money is not assessed (K7)."""
        return [name for name, o in self.organisations.items() if o.opening.synthetic]

    @property
    def money_assessed(self) -> str:
        """``assessed``, or ``not assessed`` with the reason, for criterion K7."""
        made_up = self.synthetic
        if not made_up:
            return "assessed"
        if len(made_up) == len(self.organisations):
            return "not assessed: all opening balance sheets are made up"
        return f"not assessed: these opening balance sheets are made up: {', '.join(made_up)}"

    def floors(self) -> dict[str, int]:
        """Least cash of each entity that has a floor, in pence; a fund may not go below zero."""
        out = {name: round(o.cash_floor.value * 100) for name, o in self.organisations.items()}
        return out | {name: 0 for name in self.funds}

    def opening(self) -> dict[Key, int]:
        """Opening balances of every entity in pence, debits positive.

        The outside bodies hold the other side of whatever the organisations owe them or are owed by them; their
        reserve is what makes their books balance.
        """
        out: dict[Key, int] = {}
        for name, organisation in self.organisations.items():
            for account, other, pence in organisation.opening.lines():
                if pence:
                    out[name, account, other, ""] = pence
                    if other in EXTERNAL:
                        out[other, MIRRORS[account], name, ""] = -pence
        for body in EXTERNAL:
            held = sum(pence for key, pence in out.items() if key[0] == body)
            if held:
                out[body, "ie_reserve", "", ""] = -held
        return out


def read_system(source: Source | System) -> System:
    """Read a section of finance and check it whole.

    Parameters
    ----------
    source : System, mapping or path of a YAML file

    Raises
    ------
    FaultsError
        With every fault: of shape, of names, of shares and of balance sheets.
    """
    from models.finance.checks import STAND_INS, system_faults

    if not isinstance(source, System):
        return read_section(System, source, "finance", system_faults, STAND_INS)
    if faults := system_faults(source):
        raise FaultsError(faults, "finance")
    return source

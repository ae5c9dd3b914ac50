"""Random systems of two to twelve organisations, and random months of postings, for tests of the money."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.finance.accounts import Pence
from models.finance.ledger import Book
from models.finance.organisations import System, read_system
from models.finance.rules import contracts

NOTE = {"year": "2018/19", "basis": "not applicable"}
KINDS = ("commissioner", "acute trust", "council", "community provider", "mental health trust", "ambulance trust")


FORMS = (
    contracts.pbr(),
    contracts.block(),
    contracts.guaranteed_income(),
    contracts.mret("0.7"),
    contracts.cap_collar("0.05", "0.05"),
    contracts.tolerance("0.02", "0.02", "0.5"),
    contracts.blended("0.2"),
)


def pounds(value: float, unit: str = "GBP") -> dict[str, Any]:
    return NOTE | {"value": value, "unit": unit}


def system_of(count: int, floor: int = 0, cash: int = 5_000_000) -> dict[str, Any]:
    """A section of finance with `count` organisations (two at least) and two funds."""
    organisations = {
        f"org_{n}": {
            "title": f"Organisation {n}",
            "kind": KINDS[n] if n < len(KINDS) else KINDS[n % 2],
            "cash_floor": pounds(floor),
            "opening": NOTE
            | {
                "synthetic": True,
                "balances": {
                    "cash": cash,
                    "ppe_cost": 9_000_000,
                    "accumulated_depreciation": 2_000_000,
                    "pdc": {"dhsc": 4_000_000},
                    "loan": {"dhsc": 1_000_000},
                    "ie_reserve": cash + 2_000_000,
                },
            },
        }
        for n in range(count)
    }
    names = list(organisations)
    commissioners = [n for n, o in organisations.items() if o["kind"] == "commissioner"]
    if count < 3:
        organisations[names[1]]["kind"] = "council"
    council = next(n for n, o in organisations.items() if o["kind"] == "council")
    parts = {
        f"part_{n}": {"title": n, "share": 1 / len(commissioners), "commissioner": n, "council": council}
        for n in commissioners
    }
    return {
        "name": "random",
        "title": "A random system",
        "question": "Do the books hold?",
        "start": "2018-04-01",
        "residents": {"people": pounds(100_000, "people"), "shares": NOTE, "parts": parts},
        "organisations": organisations,
        "funds": {
            "pool": {"title": "Pooled fund", "host": names[0], "members": names[:2], "purposes": ["social_care"]},
            "psf": {"title": "PSF", "host": "nhs_england", "members": names, "purposes": ["psf"]},
        },
    }


def system(count: int, **more: int) -> System:
    return read_system(system_of(count, **more))


def random_book(seed: int, count: int, months: int = 15, replications: int = 2, steps: int = 40) -> Book:
    """A book into which random rules have posted; floors are kept by loans, funds spend what they hold."""
    draw = np.random.default_rng(seed)
    book = Book(system(count), months, replications)
    names = list(book.system.organisations)
    everyone = [*names, "suppliers", "staff", "nhs_england", "treasury", "self_funders"]
    shape = (replications, months)
    for step in range(steps):
        payer, payee = draw.choice(everyone, 2, replace=False)
        org = str(draw.choice(names))
        pence = draw.integers(-(10**6), 10**8, shape)
        match int(draw.integers(7)):
            case 0 | 1 | 2:
                lag = int(draw.integers(0, 4))
                book.pay(slice(None), payer, payee, f"rule_{step}", pence, "patient_care", settle_months=lag)
            case 3:
                book.build(slice(None), org, f"rule_{step}", np.abs(pence))
            case 4:
                book.depreciate(slice(None), org, f"rule_{step}", np.abs(pence) // 10**4)
            case 5:
                first = int(draw.integers(months))
                book.receive_pdc(first, org, f"rule_{step}", pence[:, first])
            case _:
                book.accrue(slice(None), payer, payee, f"rule_{step}", pence, "social_care")
    for fund, purpose in (("psf", "psf"), ("pool", "social_care")):
        giver = "nhs_england" if fund == "psf" else names[0]
        given = draw.integers(0, 10**7, shape)
        book.pay(slice(None), giver, fund, "into_fund", given, "pool_contribution")
        book.pay(slice(None), fund, names[1], "out_of_fund", given // 3, purpose)
    _assets_and_capital(book, draw, names)
    agree(book, draw, names[0], names[1:])
    save(book, draw, names[0], names[1])
    for month in range(months):
        for org in names:
            book.fund_floor(month, org)
    return book


def _assets_and_capital(book: Book, draw: np.random.Generator, names: list[str]) -> None:
    """Losses of value, revaluations, assets taken off the books, loans, capital and cash: every account is used."""
    org, months = str(draw.choice(names)), book.months
    when = int(draw.integers(months))
    few = draw.integers(0, 10**6, book.replications)
    book.impair(when, org, "impaired", few)
    book.retire(when, org, "retired", few)
    book.revalue(when, org, "revalued", few - 10**5)
    borrower = next(n for n in names if book.system.organisations[n].kind != "commissioner")
    book.draw_loan(when, borrower, "dhsc", "lent", few)
    book.repay_loan(months - 1, borrower, "dhsc", "repaid", few // 2)
    book.receive_pdc(when, org, "capital", few)
    book.make_up(when, names[0], few)


def agree(book: Book, draw: np.random.Generator, payer: str, payees: list[str]) -> None:
    """A contract of a random form with each payee, paid month by month on the year so far, and registered."""
    for n, payee in enumerate(payees):
        agreed, rule = FORMS[int(draw.integers(len(FORMS)))], f"contract_{n}"
        for first in range(0, book.months, 12):
            span = slice(first, min(first + 12, book.months))
            plan = np.full(span.stop - first, int(draw.integers(1, 10**7)))
            done = draw.integers(0, 2 * plan[0], (book.replications, len(plan)))
            plan_so_far: Pence = np.cumsum(plan)
            so_far: Pence = np.cumsum(done, axis=1)
            due = contracts.pay(agreed, np.broadcast_to(plan_so_far, so_far.shape), so_far)
            book.accrue(span, payer, payee, rule, np.diff(due, axis=1, prepend=0), "patient_care")
            year = f"{2018 + first // 12}/{19 + first // 12}"
            book.agreed.contract(year, rule, payer, payee, agreed.kind, plan_so_far[-1], so_far[:, -1], agreed=agreed)


def save(book: Book, draw: np.random.Generator, payer: str, payee: str) -> None:
    """A cost that one organisation claims, and a payment that falls for one and is lost by the other."""
    month, cost = int(draw.integers(book.months)), draw.integers(1, 10**6, book.replications)
    book.agreed.saving(month, "scheme", payee, cost)
    book.agreed.saving(month, "scheme", payer, cost // 2, counterparty=payee, rule="by_activity")
    book.agreed.saving(month, "scheme", payee, -(cost // 2), counterparty=payer, rule="by_activity")

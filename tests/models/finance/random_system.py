"""Random systems of two to twelve organisations, and random months of postings, for tests of the money."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.finance.ledger import Book
from models.finance.organisations import System, read_system

NOTE = {"year": "2018/19", "basis": "not applicable"}
KINDS = ("commissioner", "acute trust", "council", "community provider", "mental health trust", "ambulance trust")


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
    for month in range(months):
        for org in names:
            book.fund_floor(month, org)
    return book

"""What the money costs: postings, month's close, invariants, files and audit of Devon's books.

``python -m benchmarks.money [--years 15] [--replications 100] [--named 1] [--json FILE]``. Devon's organisations,
thirty rules each, every month. Steps are measured in CPU time of one core (other work on a machine does not count), the
audit in wall time too. The exit code is 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import machine
from models.command_line.doctor import peak_memory_mb
from models.finance.audit import audit
from models.finance.ledger import Book
from models.finance.organisations import System, read_system
from models.finance.tables import write_money
from sim.files import run_folder

CONFIG = Path(__file__).resolve().parent.parent / "configs" / "finance" / "devon.yaml"
TARGETS = {"audit, wall": 30.0, "postings a replication": 0.01}  #: seconds; the first for 15 years, 100 replications
RULES = 30  #: of each organisation
BLOCK = 25  #: replications kept side by side
EXPENSES = ("staff", "supplies", "one_off", "other")


def posted(system: System, months: int, replications: int, first: int, seed: int = 1) -> Book:
    """Books with every contract, border flow and cost of Devon, made up so that each organisation has RULES rules."""
    draw = np.random.default_rng([seed, first])
    book = Book(system, months, replications, first_replication=first)
    every, shape = slice(None), (replications, months)

    def monthly(pounds: float) -> Any:
        return (pounds * 100 / 12 * draw.uniform(0.9, 1.1, shape)).astype(np.int64)

    for name, contract in system.contracts.items():
        pence = monthly(contract.plan.value)
        book.pay(every, contract.payer, contract.payee, name, pence, contract.purpose, contract.settle_months)
    for name, flow in system.border.items():
        book.pay(every, flow.payer, flow.payee, name, monthly(flow.amount.value), "border")
    for name, organisation in system.organisations.items():
        giver = "treasury" if organisation.kind == "council" else "nhs_england"
        book.pay(every, giver, name, f"{name}_grant", monthly(60e6), "grant" if giver == "treasury" else "allocation")
        for n in range(RULES - 2):
            to = "staff" if n % 2 else "suppliers"
            book.pay(every, name, to, f"{name}_{n}", monthly(2e6), EXPENSES[n % 4], settle_months=n % 3)
        cost = organisation.opening.balances.get("ppe_cost", 0)
        if isinstance(cost, int) and cost:
            book.depreciate(every, name, f"{name}_wear", monthly(cost / 50))
    return book


def floors(book: Book) -> None:
    """Loans that keep every organisation's cash at its floor, month by month, with interest on what was owed."""
    for month in range(book.months):
        for name, organisation in book.system.organisations.items():
            if month:
                owed = np.maximum(book.owed(name, organisation.lender, month - 1), 0)
                interest = (owed * 35 + 5_999) // 12_000  # 3.5 % a year
                book.pay(month, name, organisation.lender, "interest", interest, "interest")
            book.fund_floor(month, name)


def measured(years: int, replications: int, named: int) -> dict[str, float]:
    """Seconds of each step, sizes of the files in MB, and the peak of memory."""
    system, months = read_system(CONFIG), 12 * years
    seconds = {"postings": 0.0, "loans": 0.0, "close and invariants": 0.0, "files": 0.0}
    blocks = []
    for first in range(0, replications, BLOCK):
        at = time.process_time()
        book = posted(system, months, min(BLOCK, replications - first), first)
        seconds["postings"] += time.process_time() - at
        at = time.process_time()
        floors(book)
        seconds["loans"] += time.process_time() - at
        at = time.process_time()
        blocks.append(book.close())
        seconds["close and invariants"] += time.process_time() - at
    with tempfile.TemporaryDirectory() as folder:
        out, at = Path(folder) / "run", time.process_time()
        with run_folder(out) as part:
            write_money(part, blocks, "benchmark", named=range(named))
        seconds["files"] = time.process_time() - at
        sizes = {f"MB {path.name}": path.stat().st_size / 1e6 for path in sorted(out.iterdir())}
        del blocks
        at, wall = time.process_time(), time.perf_counter()
        found = audit(out)
        seconds |= {"audit": time.process_time() - at, "audit, wall": time.perf_counter() - wall}
    assert not found.breaches and found.replications == replications
    seconds["postings a replication"] = seconds["postings"] / replications
    return seconds | sizes | {"accounts": found.accounts, "peak MB": peak_memory_mb() or 0.0}


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=15)
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--named", type=int, default=1, help="replications whose journal is kept")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(words)
    found = measured(asked.years, asked.replications, asked.named)
    for name, value in found.items():
        print(f"{name:28} {value:10.3f}" + (f"  (target {TARGETS[name]:g})" if name in TARGETS else ""))
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine(), "measured": found}, indent=2) + "\n", "utf-8")
    return int(any(found[name] > target for name, target in TARGETS.items()))


if __name__ == "__main__":
    sys.exit(main())

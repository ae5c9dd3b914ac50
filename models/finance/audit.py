"""``carebridge audit RUN``: every invariant of the money again, from the files of a run alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from models.finance.breaches import TITLES, Breach
from models.finance.invariants import INVARIANTS, breaches
from models.finance.reading import read_books
from sim.errors import CarebridgeError

__all__ = ["HELP", "Audit", "audit", "audit_command"]

HELP = """carebridge audit RUN [--all]

  RUN                   folder of a run: the books of every arm in it (money/*) are read; or one folder of books
  --all                 list every breach, not only the first twenty
  --help                this text

Reads the files and nothing else, and checks the twelve invariants of the money in every month of every replication;
the journal is checked line by line for the replications that keep one. docs/money.md says what each invariant means.
Exit code: 0 the books hold, 1 they do not, 2 the folder cannot be read.
"""
SHOWN = 20
ACROSS = (7, 8, 12)  #: invariants that compare replications, or whole registers: asked once


@dataclass
class Audit:
    """What an audit found.

    Parameters
    ----------
    replications, journals, months, accounts : int
        How much was read.
    breaches : list of Breach
    organisations : list of str
        Those that open with a balance sheet.
    made_up : list of str
        Organisations whose opening balance sheet is made up.
    """

    replications: int = 0
    journals: int = 0
    months: int = 0
    accounts: int = 0
    breaches: list[Breach] = field(default_factory=list)
    organisations: list[str] = field(default_factory=list)
    made_up: list[str] = field(default_factory=list)


def audit_command(words: list[str]) -> int:
    """Do what the words ask for; returns the exit code.

    Raises
    ------
    CarebridgeError
        When the words or the folder are wrong.
    """
    folders = [word for word in words if not word.startswith("-")]
    strange = [word for word in words if word.startswith("-") and word != "--all"]
    if len(folders) != 1 or strange:
        raise CarebridgeError("audit takes the folder of one run.\n" + HELP)
    broken = False
    for folder in _books_in(Path(folders[0])):
        if folder != Path(folders[0]):
            print(f"{folder}:")
        found = audit(folder)
        _print(found, None if "--all" in words else SHOWN)
        broken |= bool(found.breaches)
    return 1 if broken else 0


def _books_in(folder: Path) -> list[Path]:
    """Folders of books: those of the arms of a run, or the folder itself."""
    return sorted(path.parent for path in folder.glob("money/*/entities.arrow")) or [folder]


def audit(folder: Path) -> Audit:
    """Check every invariant of a run's books from its files.

    Raises
    ------
    CarebridgeError
        When a file is missing, broken, or of another layout.
    """
    if not (folder / "entities.arrow").exists():
        words = "there is no such folder" if not folder.is_dir() else "holds no books (entities.arrow is missing)"
        raise CarebridgeError(f"{folder}: {words}; give the folder of a run that models money.")
    out, last = Audit(), None
    each = [number for number in INVARIANTS if number not in ACROSS]
    for books in read_books(folder):
        journal = books.lines_of(0) is not None
        out.replications += 1
        out.journals += journal
        out.breaches += breaches(books, each, journals=[0] if journal else [])
        last = books
    if last is None:
        raise CarebridgeError(f"{folder}: the trial balance is empty.")
    out.breaches += breaches(last, ACROSS, journals=[])
    out.months, out.accounts = len(last.months), len(last.keys)
    out.organisations = [e.name for e in last.entities if e.opening in ("synthetic", "accounts")]
    out.made_up = [e.name for e in last.entities if e.opening == "synthetic"]
    return out


def _print(found: Audit, most: int | None) -> None:
    counts = Counter(breach.invariant for breach in found.breaches)
    print(
        f"{found.replications} replications, {found.months} months, {found.accounts} accounts; "
        f"journals of {found.journals} read line by line"
    )
    for number, title in TITLES.items():
        bad = counts[number]
        print(f"  {number:2}  {'holds' if not bad else f'BROKEN ({bad})':12} {title}")
    for breach in found.breaches[:most]:
        print(f"  - {breach}")
    if most is not None and len(found.breaches) > most:
        print(f"  and {len(found.breaches) - most} more (--all lists them)")
    if found.made_up:
        print(_made_up(found))
    print("The books hold." if not found.breaches else "The books do not hold.")


def _made_up(found: Audit) -> str:
    """What an audit cannot vouch for: where the books of a run start from."""
    some, count = len(found.made_up), len(found.organisations)
    whose = f"all {count} organisations" if some == count else f"{', '.join(found.made_up)} ({some} of {count})"
    return (
        f"The opening balance sheets of {whose} are made up. What is booked from then on comes from the run; nothing "
        "may be judged from the level of cash or assets, and criterion K7 is not assessed."
    )

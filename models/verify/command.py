"""``carebridge verify``: systems with exact answers, and published models, simulated and compared."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import CarebridgeError, FaultsError, nearest
from sim.files import check_file, json_text, replace_text, run_folder

if TYPE_CHECKING:
    from models.published.tables import Outcome
    from sim.verification.acceptance import Case, Estimate

__all__ = ["HELP", "Verified", "verify"]

HELP = """carebridge verify [NAME ...] [--quick | --full] [--list] [--json FILE] [--page FILE] [key=value ...]

Simulates systems whose exact answers are known and says for each quantity what was expected, what was simulated, the
interval, and whether they agree. The exit code is 1 if one does not.

  NAME          a case or the beginning of its name; or a published model: monks_2016, treat_sim. All cases by default
  --quick       a short run with wide intervals, the default
  --full        the run by which every change of the engine is judged
  --list        the cases, and nothing is run
  --json FILE   all figures, for other programs
  --page FILE   a page for readers: what was compared, in plain words, with all tables
  out=DIR       folder for both
  seed=N        another sample
  workers=2     threads; no influence on the results
"""

PUBLISHED = ("monks_2016", "treat_sim")
FILES = ("verification.json", "verification.md")


@dataclass
class Request:
    """What was asked for."""

    names: list[str] = field(default_factory=list)
    full: bool = False
    listed: bool = False
    json: Path | None = None
    page: Path | None = None
    out: Path | None = None
    seed: int | None = None
    workers: int = 2


@dataclass(frozen=True)
class Verified:
    """A case and what came of it."""

    case: Case
    found: dict[str, Estimate]
    events: int

    @property
    def agrees(self) -> bool:
        """Whether every quantity agrees."""
        return all(one.covers and one.narrow for one in self.found.values())


def verify(words: list[str]) -> int:
    """Run the command; returns 0 when everything agrees, 1 when something does not.

    Raises
    ------
    CarebridgeError
        When a word is not understood or a file cannot be written.
    """
    from models.command_line.out_folder import folder_faults

    asked = _parse(words)
    if asked.listed:
        return _list()
    for file, key in ((asked.json, "--json"), (asked.page, "--page")):
        if file is not None:
            check_file(file, key)
    if asked.out is not None and not _ours(asked.out) and (faults := folder_faults(asked.out)):
        raise FaultsError(faults, "command line")
    published = [name for name in asked.names if name in PUBLISHED]
    if published and (len(asked.names) > 1):
        raise CarebridgeError(f"{published[0]} is a published model; it is verified by itself, without other names.")
    return _published(published[0], asked) if published else _exact(asked)


def _ours(out: Path) -> bool:
    """Whether a folder holds what an earlier run of this command has written, and nothing else."""
    return out.is_dir() and {path.name for path in out.iterdir()} <= set(FILES)


def _parse(words: Sequence[str]) -> Request:
    asked, left = Request(), list(words)
    flags = ("--quick", "--full", "--list", "--json", "--page")
    while left:
        word = left.pop(0)
        if word in ("--json", "--page"):
            if not left:
                raise CarebridgeError(f"{word} needs a file name after it.")
            setattr(asked, word[2:], Path(left.pop(0)))
        elif word in ("--quick", "--full"):
            asked.full = word == "--full"
        elif word == "--list":
            asked.listed = True
        elif word.startswith("-"):
            close = nearest(word, flags)
            raise CarebridgeError(f"no such option: {word}." + (f" Did you mean {close}?" if close else ""))
        elif "=" in word:
            _setting(asked, *word.split("=", maxsplit=1))
        else:
            asked.names.append(word)
    return asked


def _setting(asked: Request, key: str, value: str) -> None:
    if key == "out" and value:
        asked.out = Path(value)
    elif key in ("seed", "workers"):
        if not value.isdecimal() or (key == "workers" and not 1 <= int(value) <= 1024) or int(value) >= 2**63:
            raise CarebridgeError(f"{key}={value}: a whole number is wanted, for example {key}=2.")
        setattr(asked, key, int(value))
    else:
        close = nearest(key, ("out", "seed", "workers"))
        raise CarebridgeError(f"no such setting: {key}={value}." + (f" Did you mean {close}=?" if close else ""))


def _list() -> int:
    from sim.verification.suite import CASES

    for case in CASES.values():
        print(f"{case.name:50}  {case.family}")
    for name in PUBLISHED:
        print(f"{name:50}  published model, see docs/published")
    return 0


def _chosen(names: Sequence[str]) -> list[Case]:
    from sim.verification.suite import CASES

    if not names:
        return list(CASES.values())
    chosen = [case for case in CASES.values() if any(case.name.startswith(name) for name in names)]
    for name in names:
        if not any(case.name.startswith(name) for case in chosen):
            close = nearest(name, [*CASES, *PUBLISHED])
            hint = f" Did you mean '{close}'?" if close else ""
            raise CarebridgeError(f"no case begins with '{name}'; --list shows all.{hint}")
    return chosen


def _exact(asked: Request) -> int:
    from models.verify.trust_page import trust_page
    from sim.verification.acceptance import SEED, estimate

    seed = SEED if asked.seed is None else asked.seed
    done: list[Verified] = []
    for case in _chosen(asked.names):
        wanted = case if asked.full else case.quick()
        one = Verified(wanted, *estimate(wanted, seed, asked.workers))
        print(_block(one), flush=True)
        done.append(one)
    wrong = [one.case.name for one in done if not one.agrees]
    count = sum(len(one.found) for one in done)
    print(f"{count} quantities of {len(done)} systems: " + ("all agree" if not wrong else f"NOT {', '.join(wrong)}"))
    data = {"profile": "full" if asked.full else "quick", "seed": seed, "cases": [_data(one) for one in done]}
    _write(asked, data, trust_page(done, asked.full, seed))
    return 1 if wrong else 0


def _block(one: Verified) -> str:
    lines = [f"{one.case.name}: {one.case.family}", "  quantity".ljust(44) + "expected    simulated   interval"]
    for name, found in one.found.items():
        low, high = found.value - found.halfwidth, found.value + found.halfwidth
        interval = f"{low:.5g} to {high:.5g}"
        lines.append(f"  {name:42}{found.exact:<12.6g}{found.value:<12.6g}{interval:26}{found.verdict}")
    return "\n".join(lines)


def _data(one: Verified) -> dict[str, Any]:
    quantities = {name: {**asdict(found), "verdict": found.verdict} for name, found in one.found.items()}
    about = {"name": one.case.name, "family": one.case.family, "source": one.case.source, "events": one.events}
    return {**about, "quantities": quantities}


def _published(name: str, asked: Request) -> int:
    from models.published import monks, pages, treat_sim
    from sim.verification.acceptance import SEED

    model = {"monks_2016": monks, "treat_sim": treat_sim}[name]
    outcome: Outcome = model.run(seed=SEED if asked.seed is None else asked.seed, workers=asked.workers)
    for table in outcome.tables:
        print(table.text(), end="\n\n")
    wrong = [check.name for check in outcome.checks if not check.covers]
    print(f"{len(outcome.checks)} figures: " + ("all agree" if not wrong else f"NOT {'; '.join(wrong)}"))
    figures = {check.name: {**asdict(check), "verdict": check.verdict} for check in outcome.checks}
    about = {"model": name, "seed": outcome.seed, "replications": outcome.replications}
    _write(asked, {**about, "figures": figures}, pages.page(outcome))
    return 1 if wrong else 0


def _write(asked: Request, data: dict[str, Any], page: str) -> None:
    if asked.json is not None:
        replace_text(asked.json, json_text(data))
    if asked.page is not None:
        replace_text(asked.page, page)
    if asked.out is not None:
        with run_folder(asked.out) as folder:
            for name, text in zip(FILES, (json_text(data), page), strict=True):
                (folder / name).write_text(text, "utf-8")
    for file in (asked.json, asked.page, asked.out):
        if file is not None:
            print(f"written: {file}", file=sys.stderr)

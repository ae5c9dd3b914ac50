"""What is asked for on a command line: a few keys are read literally, the rest is left for Hydra."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.command_line.out_folder import folder_faults
from models.plans.whose_plan import plan_faults, usual_plan
from models.search.names import names_in
from models.settings.files import choices
from models.system.details import DETAILS
from sim.errors import Fault, FaultsError, nearest

__all__ = ["EACH", "LITERAL", "MOST", "Request", "detail_faults", "named_faults", "parse"]

#: keys that are read literally, before Hydra, because its grammar stumbles over paths such as out=a=b
LITERAL = ("footprint", "detail", "plan", "timeline", "scenario", "search", "each")
LITERAL += ("replications", "seed", "workers", "out", "patients")
#: tables of means that a run can also keep of every replication
EACH = ("beds", "waits", "stocks", "flows", "state")
MOST = {"replications": 100_000, "seed": 2**63 - 1, "workers": 1024, "patients": 100}


@dataclass
class Request:
    """What was asked for on the command line, still unchecked against the files."""

    footprint: str = "devon"
    plan: str = ""  # :func:`parse` puts the footprint's own in its place, or none
    timelines: tuple[str, ...] = ("5y", "15y")
    scenario: str = "evidence"
    search: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    detail: str | None = None
    replications: int | None = None
    seed: int | None = None
    workers: int | None = None
    out: Path | None = None
    patients: int = 0
    overrides: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # all of them, as they came


def parse(words: list[str]) -> Request:
    """Read ``key=value`` words; the literal keys are checked here, the others are left for Hydra.

    Raises
    ------
    FaultsError
        With every fault: unknown names, numbers that are not numbers or out of range, words without ``=``.
    """
    request, faults, before = Request(words=list(words)), [], set[str]()
    for word in words:
        key, equals, value = word.partition("=")
        plain = key.lstrip("+~")
        if equals and plain in before:
            rule = "this key is given twice; only one of the two would count."
            faults.append(Fault(plain, value, rule, "command line"))
        before.add(plain)
        if not equals and not word.startswith("~"):
            close = nearest(word, ["--dry-run"] if word.startswith("--d") else LITERAL)
            faults.append(Fault(word, None, "a setting is written key=value.", "command line", close))
        elif key != plain and plain in LITERAL:
            faults.append(Fault(word, None, f"write {plain}=value, without '{key[0]}'.", "command line"))
        elif plain.split(".")[0] in ("hydra", ""):
            faults.append(Fault(word, None, "no key of Carebridge begins like that.", "command line"))
        elif key in ("footprint", "plan", "scenario"):
            faults += named_faults(key, value)
            setattr(request, key, value)
        elif key == "detail":
            faults += detail_faults(value, "command line")
            request.detail = value
        elif key == "timeline":
            names = tuple(dict.fromkeys(v for v in value.split(",") if v))
            faults += [f for name in names or ("",) for f in named_faults(key, name)]
            request.timelines = names
        elif key == "search":
            faults += _searched(request, value)
        elif key == "each":
            faults += _each(request, value)
        elif key in MOST:
            faults += _whole(request, key, value)
        elif key == "out":
            faults += _out(request, value)
        else:
            request.overrides.append(word)
    plans, footprints = choices("plan"), choices("footprint")
    request.plan = request.plan or usual_plan(request.footprint, plans)
    elsewhere = any(word.startswith("plan.footprint=") for word in request.overrides)
    if request.footprint in footprints and not elsewhere:
        faults += plan_faults(request.plan, request.footprint, plans)
    if faults:
        raise FaultsError(faults, "command line")
    return request


def named_faults(key: str, value: str) -> list[Fault]:
    """Fault of a name that a group of configurations does not offer."""
    known = choices(key)
    if value in known:
        return []
    return [Fault(key, value, f"no such {key}; there are: {', '.join(known)}.", "command line", nearest(value, known))]


def detail_faults(value: Any, where: str) -> list[Fault]:
    """Fault of a detail that there is not."""
    if value in DETAILS:
        return []
    rule = f"no such detail; there are: {', '.join(DETAILS)}."
    return [Fault("detail", value, rule, where, nearest(str(value), DETAILS))]


def _whole(request: Request, key: str, value: str) -> list[Fault]:
    least = 0 if key in ("seed", "patients") else 1
    try:
        number = int(value)
    except ValueError:
        return [Fault(key, value, "a whole number is needed.", "command line")]
    if not least <= number <= MOST[key]:
        return [Fault(key, value, f"must lie between {least} and {MOST[key]}.", "command line")]
    setattr(request, key, number)
    return []


def _searched(request: Request, value: str) -> list[Fault]:
    names = () if value == "none" else names_in("search", value, "command line")
    if isinstance(names, Fault):
        return [names]
    request.search = names
    return []


def _each(request: Request, value: str) -> list[Fault]:
    names = () if value == "none" else tuple(dict.fromkeys(value.split(",")))
    request.each = names
    rule = f"no table that is kept of every replication; there are: {', '.join(EACH)}, and none."
    return [Fault("each", name, rule, "command line", nearest(name, EACH)) for name in names if name not in EACH]


def _out(request: Request, value: str) -> list[Fault]:
    if not value.strip():
        return [Fault("out", value, "the name of a folder is needed.", "command line")]
    try:
        request.out = Path(value).expanduser()
    except RuntimeError:
        return [Fault("out", value, "there is no such user.", "command line")]
    return folder_faults(request.out)

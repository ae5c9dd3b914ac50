"""What the plans are, in a few lines each: name, question, what closes, what opens, and what else moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from models.plans.check import load_plan
from models.plans.moves import BEDS, AnyMove, Convert, Merge
from models.plans.plan import Plan
from sim.errors import CarebridgeError

__all__ = ["PLACES", "describe", "list_plans", "what_moves"]

NOTHING = "nothing"

#: kinds of move that neither close nor open anything, in words: one, several
OTHERS = {
    "avoid": ("way of avoiding demand", "ways of avoiding demand"),
    "shorten": ("way of shortening stays", "ways of shortening stays"),
    "shift": ("shift of people", "shifts of people"),
    "invest": ("investment", "investments"),
    "recruit": ("recruitment", "recruitments"),
    "retrain": ("move of staff", "moves of staff"),
}
#: what beds and places are called: one, several
PLACES = {
    BEDS: ("bed", "beds"),
    "p1": ("place at home (p1)", "places at home (p1)"),
    "p2": ("community bed (p2)", "community beds (p2)"),
    "p3": ("care-home place (p3)", "care-home places (p3)"),
}


def list_plans(folder: Path, footprints: Collection[str] = ()) -> list[str]:
    """Lines for ``carebridge list plans``: every plan of a folder with its question, what closes and what opens.

    Parameters
    ----------
    folder : Path
        Folder of plan files; a file that cannot be read is listed with the reason.
    footprints : collection of str
        Footprints that there are; a plan for another one is marked.
    """
    lines: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            lines += describe(load_plan(path), footprints)
        except CarebridgeError as error:
            lines += [f"  {path.stem:24} cannot be read:", *(f"  {'':24} {line}" for line in str(error).splitlines())]
    return lines


def describe(plan: Plan, footprints: Collection[str] = ()) -> list[str]:
    """Return the lines of one plan."""
    lines = [f"  {plan.name:24} {plan.question}"]
    told = [f"closes {_both(plan, 'closes')}", f"opens {_both(plan, 'opens')}", *_rest(plan)]
    lines.append(f"  {'':24} {'; '.join(told)}.")
    if plan.footprint and footprints and plan.footprint not in footprints:
        lines.append(f"  {'':24} for {plan.footprint}, an area that is not here: can be read, not judged.")
    return lines


def what_moves(plan: Plan) -> str:
    """Return what closes and opens, in a line: ``400 beds and 190 community beds close, 590 places at home open``."""
    said = [
        f"{words} {verb}"
        for what, verb in (("closes", "close"), ("opens", "open"))
        if (words := _both(plan, what)) != NOTHING
    ]
    told = ", ".join([*(text.replace(", ", " and ") for text in said), *_rest(plan)])
    return told.removeprefix("also ") or "nothing closes and nothing opens"


def _both(plan: Plan, what: str) -> str:
    """Beds and places that close, or open, by setting."""
    sums: dict[str, float] = {}
    for move in plan.moves.values():
        setting = getattr(move, what)
        if setting and not isinstance(move, Merge) and _number(move, what):
            sums[setting] = sums.get(setting, 0.0) + _number(move, what)
    return ", ".join(_words(setting, number) for setting, number in sums.items()) or NOTHING


def _number(move: AnyMove, what: str) -> float:
    """Beds or places that a move closes, or opens."""
    size = getattr(move, "size", None)
    number = size.value if size else 0.0
    per_bed = move.places_per_bed if isinstance(move, Convert) and what == "opens" else None
    return number * (per_bed.value if per_bed else 1.0)


def _words(setting: str, number: float) -> str:
    one, many = PLACES.get(setting, (f"{setting} place", f"{setting} places"))
    return f"{number:,.0f} {one if round(number) == 1 else many}"


def _rest(plan: Plan) -> list[str]:
    """Mergers by name, and how many moves of the other kinds there are."""
    told = []
    for move in plan.moves.values():
        if isinstance(move, Merge):
            many = f"{move.size.value:,.0f}" if move.size else "all"
            what = PLACES.get(move.setting, ("", f"{move.setting} places"))[1]
            told.append(f"{many} {what} move from {move.from_} to {move.to}")
    kinds = Counter(move.kind for move in plan.moves.values())
    others = [(number, OTHERS[kind]) for kind, number in kinds.items() if kind in OTHERS]
    counted = [f"{number} {one if number == 1 else many}" for number, (one, many) in others]
    return [*told, *([f"also {', '.join(counted)}"] if counted else [])]

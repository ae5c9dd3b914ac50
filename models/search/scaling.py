"""A plan made smaller or larger, as words of the command line: what is sized in it, with its range."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from models.figures.figures import Figure
from models.plans.layout import share_out
from models.plans.moves import BEDS, AnyMove
from models.plans.plan import Plan

__all__ = ["closes_beds", "divisible", "figure_words", "opens_places", "scaled_words", "sized", "total"]

Which = Callable[[AnyMove], bool]


def closes_beds(move: AnyMove) -> bool:
    """Whether a move closes a number of hospital beds for good."""
    return move.closes == BEDS and move.kind != "merge" and getattr(move, "size", None) is not None


def opens_places(move: AnyMove) -> bool:
    """Whether a move opens places outside hospital and closes nothing."""
    return move.kind == "open" and move.opens != BEDS


def sized(move: AnyMove) -> bool:
    """Whether a move has a size, capital or an effect that can be made smaller; mergers move what is there."""
    return move.kind != "merge" and bool(dict(_figures(move)))


def divisible(plan: Plan) -> bool:
    """Whether something is made smaller that need not be whole: capital, or an effect."""
    return any(part != "size" for move in plan.moves.values() if sized(move) for part, _ in _figures(move))


def total(plan: Plan, which: Which) -> float:
    """Beds, places and staff of some moves together."""
    return sum(_sizes(plan, which).values())


def _sizes(plan: Plan, which: Which) -> dict[str, float]:
    sizes = {name: getattr(move, "size", None) for name, move in plan.moves.items() if which(move)}
    return {name: size.value for name, size in sizes.items() if size is not None}


def scaled_words(plan: Plan, which: Which, share: float) -> list[str]:
    """Words that give some moves of a plan a share of their size, capital and effect; beds and places stay whole."""
    chosen = {name: move for name, move in plan.moves.items() if which(move)}
    weights = _sizes(plan, which)
    sizes = share_out(round(share * sum(weights.values())), weights) if weights else {}
    words: list[str] = []
    for name, move in chosen.items():
        key = f"plan.moves.{name}"
        for part, figure in _figures(move):
            value = sizes[name] if part == "size" else share * figure.value
            words += figure_words(f"{key}.{part}", figure, value)
        words += _numbers(f"{key}.sites", move, sizes.get(name), share)
    return words


def figure_words(key: str, figure: Figure, value: float) -> list[str]:
    """Words that give a figure another value; an end of its range that the value lies beyond is given up."""
    words = [f"{key}.value={value:.10g}"]
    words += [f"{key}.low=null"] if figure.low is not None and value < figure.low else []
    words += [f"{key}.high=null"] if figure.high is not None and value > figure.high else []
    return words


def _figures(move: AnyMove) -> Iterator[tuple[str, Figure]]:
    for part in ("size", "capital"):
        figure = getattr(move, part, None)
        if figure is not None:
            yield part, figure
    if effect := getattr(move, "effect", None):
        yield "effect.share", effect.share


def _numbers(key: str, move: AnyMove, size: int | None, share: float) -> Iterator[str]:
    """Numbers by site, where a move gives them in place of shares, so that they still make up the whole."""
    named = getattr(move, "sites", None)
    if not isinstance(named, dict) or math.isclose(sum(named.values()), 1):
        return
    fewer = {site: share * n for site, n in named.items()} if size is None else share_out(size, named)
    for site, number in fewer.items():
        yield f"{key}.{site}={number:.10g}"

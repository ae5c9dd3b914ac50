"""From the text of a unit, such as ``GBP/(bed*day)``, to a factor and powers of words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from sim.errors import CarebridgeError

__all__ = ["Powers", "UnitError", "read"]

Powers = dict[str, float]

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)|(£|[^\W\d]\w*)|(\*\*|[-*/^()·]))")
_SIGNS = ("*", "·", "/")
_DEEPEST = 20  # brackets within brackets


class UnitError(CarebridgeError):
    """A unit that cannot be read.

    Parameters
    ----------
    rule : str
        What is wrong, in plain words.
    nearest : str
        The known unit most like what was written.
    follows : bool
        Whether it only follows from a fault that is reported elsewhere.
    """

    def __init__(self, rule: str, nearest: str = "", follows: bool = False):
        super().__init__(rule)
        self.rule, self.nearest, self.follows = rule, nearest, follows


def read(text: str, resolve: Callable[[str], Powers]) -> tuple[float, Powers]:
    """Read a unit.

    Parameters
    ----------
    text : str
    resolve : callable
        Gives the powers of known units that a word stands for, or raises `UnitError`.

    Returns
    -------
    factor, powers
        ``14 day`` gives 14 and ``{day: 1}``.
    """
    reader = _Reader(text, resolve)
    if not reader.tokens:
        raise UnitError("a unit is missing; write 'dimensionless' for what has none.")
    factor, powers = reader.product()
    if reader.peek():
        raise reader.unexpected()
    if not math.isfinite(factor) or factor <= 0:
        raise UnitError("a unit is not 0 and not infinitely large.")
    return factor, {word: power for word, power in powers.items() if power}


@dataclass
class _Reader:
    text: str
    resolve: Callable[[str], Powers]

    def __post_init__(self) -> None:
        self.tokens: list[str] = []
        self.at, self.depth, end = 0, 0, 0
        while self.text[end:].strip():
            found = _TOKEN.match(self.text, end)
            if not found:
                raise UnitError(f"'{self.text[end:].strip()[0]}' is not expected in a unit; write it like person/year.")
            self.tokens.append(found[0].strip())
            end = found.end()

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def unexpected(self) -> UnitError:
        if not self.peek():
            return UnitError("the unit ends too early; write it like person/year or GBP/(bed*day).")
        return UnitError(f"'{self.peek()}' is not expected here; write the unit like person/year or GBP/(bed*day).")

    def product(self) -> tuple[float, Powers]:
        first = self.at
        factor, powers = self.power()
        # '14 day' needs no sign between.
        while self.peek() in _SIGNS or (self.at == first + 1 and _number(self.tokens[first]) and _word(self.peek())):
            sign = -1 if self.peek() == "/" else 1
            if self.peek() in _SIGNS:
                self.take()
            more, others = self.power()
            factor = _raised(more, sign) * factor
            for word, power in others.items():
                powers[word] = powers.get(word, 0.0) + sign * power
        return factor, powers

    def power(self) -> tuple[float, Powers]:
        factor, powers = self.atom()
        if self.peek() in ("^", "**"):
            self.take()
            exponent = self.exponent()
            factor, powers = _raised(factor, exponent), {word: exponent * power for word, power in powers.items()}
        return factor, powers

    def exponent(self) -> float:
        bracket = self.peek() == "(" and self.take()
        sign = -1.0 if self.peek() == "-" and self.take() else 1.0
        value = sign * self.number()
        if bracket and self.peek() == "/":
            self.take()
            below = self.number()
            if not below:
                raise UnitError("an exponent cannot be divided by 0.")
            value /= below
        if bracket and self.take() != ")":
            raise UnitError("a bracket is not closed.")
        return value

    def number(self) -> float:
        if not _number(self.peek()):
            raise self.unexpected()
        value = float(self.take())
        if not math.isfinite(value):
            raise UnitError("this number is too large.")
        return value

    def atom(self) -> tuple[float, Powers]:
        """Read a number, the name of a unit, or something in brackets, as a factor and powers of units."""
        token = self.peek()
        if _number(token):
            return self.number(), {}
        if _word(token):
            return 1.0, dict(self.resolve(self.take()))
        if token != "(":
            raise self.unexpected()
        self.take()
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UnitError("too many brackets.")
        found = self.product()
        if self.take() != ")":
            raise UnitError("a bracket is not closed.")
        self.depth -= 1
        return found


def _number(token: str) -> bool:
    return token[:1].isdecimal() or token[:1] == "."


def _word(token: str) -> bool:
    return token == "£" or token[:1].isalpha() or token[:1] == "_"


def _raised(factor: float, exponent: float) -> float:
    try:
        return float(factor**exponent)
    except (OverflowError, ZeroDivisionError):
        return math.inf

"""A question: a scale from easy to hard, and the words of the command line that set one value of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from models.settings.settings import Settings
from sim.errors import Fault, FaultsError

__all__ = ["Cannot", "Given", "Question", "laid_over"]

DIGITS, APART = 10, 3  #: digits that a value keeps; and that are shown, beyond those of the length of the scale

Words = Callable[[float], list[str]]
Change = Callable[[Settings, float], Settings]


def _size(number: float) -> int:
    """Place of the first digit of a number: 0 of units, 1 of tens."""
    return math.floor(math.log10(number)) if number else 0


class Cannot(Exception):
    """Raised where a plan holds nothing that a question could be about; says what is missing."""


@dataclass(frozen=True)
class Question:
    """One inverse question.

    Parameters
    ----------
    name : str
    asks : str
        In plain words.
    axis : str
        What the scale is, for tables and charts.
    unit : str
        Written behind a value.
    easy, hard : float
        Ends of the scale: where the plan is most and least likely to hold.
    words : callable
        Words of the command line that set a value.
    planned : float or None
        The value as the run has it.
    known : str
        What is known of it from elsewhere; empty where nothing is.
    whole : bool
        Whether values are whole numbers.
    scale : float
        By which a value is multiplied to be shown: 100 for shares shown as per cent.
    past_easy : bool
        Whether the easy end itself is left out, because nothing is planned there.
    change : callable, optional
        Sets a value where no words can.
    lever : bool
        Whether who makes the plan can set it, so that it may be a condition; not what one would have to believe.
    most_steps : int
        Steps that the scale can have at most, where finer ones would be the same plan; nought is no limit.
    none : str
        Of a lever: what is said where nothing but nought is credible.
    """

    name: str
    asks: str
    axis: str
    unit: str
    easy: float
    hard: float
    words: Words
    planned: float | None = None
    known: str = ""
    whole: bool = False
    scale: float = 1.0
    past_easy: bool = False
    change: Change | None = None
    lever: bool = False
    most_steps: int = 0
    none: str = ""

    @property
    def file(self) -> str:
        """Name of its chart, without ending."""
        return f"search_{self.name.replace('.', '_')}"

    def values(self, steps: int) -> list[float]:
        """Values from easy to hard, ends included; fewer where they are whole and lie close together."""
        steps = min(steps, self.most_steps or steps)
        gaps = [self.easy + (self.hard - self.easy) * k / steps for k in range(int(self.past_easy), steps + 1)]
        places = DIGITS - _size(max(abs(self.easy), abs(self.hard)))
        return list(dict.fromkeys(float(round(v)) if self.whole else round(v, places) for v in gaps))

    def shown(self, value: float) -> str:
        """A value as it is written, so that neighbours on the longest scale differ."""
        places = 0 if self.whole else max(0, APART - _size(self.scale * abs(self.hard - self.easy)))
        number = f"{self.scale * value:,.{places}f}"
        number = number.rstrip("0").rstrip(".") if places else number
        number = number if number.strip("-0") else "0"
        unit = self.unit.removesuffix("s") if self.whole and number == "1" else self.unit
        return f"{number} {unit}".strip().replace(" %", "\u00a0%").replace("-", "\u2212")

    def between(self, low: float | None, high: float | None) -> Question:
        """The same question over another range; the ends keep their sides.

        Raises
        ------
        FaultsError
            When the end that is given lies beyond the other, which is not.
        """
        ends = sorted((self.easy, self.hard))
        key, given = ("to", high) if low is None else ("from", low)
        low, high = (ends[0] if low is None else low), (ends[1] if high is None else high)
        if given is not None and low >= high:
            side, other = ("above", low) if key == "to" else ("below", high)
            rule = (
                f"{self.name} is asked from {ends[0]:g} to {ends[1]:g}: must lie {side} {other:g}, or give both ends."
            )
            raise FaultsError([Fault(key, given, rule)], "command line")
        easy, hard = (low, high) if self.easy < self.hard else (high, low)
        return replace(self, easy=easy, hard=hard, past_easy=self.past_easy and easy == self.easy)


@dataclass(frozen=True)
class Given:
    """A value of one question that is set while another is asked."""

    question: Question
    value: float

    def __str__(self) -> str:
        """As it is written: 10 % of the plan."""
        q = self.question
        return q.shown(self.value) if q.unit else f"{q.axis} {q.shown(self.value)}"


def laid_over(base: Sequence[str], words: Sequence[str]) -> list[str]:
    """Words of a run with others in their place where both set the same key, as one command line may hold them."""
    given = {_key(word): word for word in base}
    set_here = {_key(word) for word in words}
    added = (f"+{w.lstrip('+')}" if given.get(_key(w), "").startswith("+") else w for w in words)
    return [*(word for word in base if _key(word) not in set_here), *added]


def _key(word: str) -> str:
    return word.partition("=")[0].lstrip("+~")

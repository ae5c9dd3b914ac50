"""What can go wrong while equations are read: a value that does not exist, a circle, a name that means nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.stocks.twin.standing import Standing

__all__ = ["Circle", "Meaningless", "Trouble", "Unknown", "no_result", "too_large"]


class Trouble(Exception):
    """A value that an equation does not have.

    Parameters
    ----------
    what : str
        What the equation does: ``divides by 0``. Empty where `why` says it all.
    why : str
        A sentence without its full stop.
    about : str
        The piece of the equation; with `what` it tells one trouble from another.
    example : str
        What could be written instead.
    """

    def __init__(self, what: str, why: str, about: str = "", example: str = ""):
        super().__init__(what, why)
        self.what = what
        self.why = why
        self.about = about
        self.example = example
        self.standing: Standing | None = None

    def said(self, when: str) -> str:
        """The trouble as a sentence; `when` begins with a blank."""
        return f"{self.what}{when}: {self.why}." if self.what else f"{self.why}."


def no_result(why: str, about: str, example: str = "") -> Trouble:
    """A function or power outside its domain."""
    return Trouble("has no result", why, about, example)


def too_large(about: str) -> Trouble:
    """A number beyond the largest one."""
    return Trouble("is not a finite number", f"'{about}' is too large", about)


class Circle(Exception):
    """A value that is computed from itself.

    Parameters
    ----------
    names : sequence of str
        The values of the circle, each computed from the next and the last from the first.
    """

    def __init__(self, names: Sequence[str]):
        super().__init__(" -> ".join([*names, names[0]]))
        self.names = list(names)


class Meaningless(Exception):
    """A name, a subscript or a call that nothing stands behind."""


class Unknown(Exception):
    """A value that depends on something that is not known; only where equations are looked at tolerantly."""

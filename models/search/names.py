"""Names of the questions that can be asked, apart from what they are about."""

from __future__ import annotations

from collections.abc import Sequence

from sim.errors import Fault, nearest

__all__ = ["ALL", "BELIEVE", "NAMES", "YEARS", "names_in"]

YEARS = "years"  #: the question that is about the timeline itself
NAMES = ("plan", "beds", "double_running", YEARS, "places", "growth", "admissions", "stays")
#: what one would have to believe
BELIEVE = ("places", "growth", "admissions", "stays")
#: words that stand for several questions
ALL: dict[str, Sequence[str]] = {"believe": BELIEVE, "all": NAMES}


def names_in(key: str, text: str, where: str, own_keys: bool = False) -> tuple[str, ...] | Fault:
    """Names of questions with commas between them, each once.

    Parameters
    ----------
    key, where : str
        For the fault.
    text : str
    own_keys : bool
        Whether a key of the configuration, with a dot in it, is a question too.
    """
    names: list[str] = []
    for name in (part for part in map(str.strip, text.split(",")) if part):
        if name not in (*NAMES, *ALL) and not (own_keys and "." in name):
            rule = f"no such question; there are: {', '.join((*NAMES, *ALL))}" + ("; or a key." if own_keys else ".")
            return Fault(key, name, rule, where, nearest(name, (*NAMES, *ALL)))
        names += ALL.get(name, [name])
    return tuple(dict.fromkeys(names)) or Fault(key, text, "what to look for is missing.", where, example=f"{key}=plan")

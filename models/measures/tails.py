"""Between which futures a range is told: 5 to 95 % of many, lowest to highest of a few."""

from __future__ import annotations

__all__ = ["FEWEST", "in_short", "shaded", "tails", "that_holds"]

FEWEST = 40  #: futures from which 5 to 95 % are told: two at least then lie beyond each end


def tails(futures: int) -> tuple[float, float]:
    """Shares at which a range ends. Between the few values of a few futures 5 and 95 % are no more than a guess."""
    return (0.05, 0.95) if futures >= FEWEST else (0.0, 1.0)


def in_short(futures: int) -> str:
    """What a range in brackets is."""
    return "5 to 95 %" if futures >= FEWEST else "lowest to highest"


def that_holds(futures: int) -> str:
    """What a range is, after the words *the range*."""
    return "that holds 90\u00a0% of the futures" if futures >= FEWEST else "from the lowest to the highest future"


def shaded(futures: int) -> str:
    """What shading is, in a legend."""
    return "shaded: 90 % of simulated futures" if futures >= FEWEST else "shaded: lowest to highest simulated future"

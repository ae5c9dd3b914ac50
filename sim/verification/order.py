"""In which order places close in front and open in the back: the exact way of the small network, for any parameters.

People come at random to places in front; those who find them full are lost. When their stay in front ends, a share goes
on to places in the back, and blocks its place in front while the back is full. Places close only as they empty. The way
from one steady state to another follows from Kolmogorov's forward equations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sim.verification.chains import Piece, follow, steady

__all__ = ["Row", "Small", "exact_order"]

Row = Sequence[int]  #: day, places in front, places in the back
State = tuple[int, int, int]  # in service in front, blocked in front, in the back


@dataclass(frozen=True)
class Small:
    """The small network.

    Parameters
    ----------
    lam : float
        Arrivals a day.
    mu_front, mu_back : float
        One over the mean stay, in days.
    p_back : float
        Share that goes on to the back.
    """

    lam: float
    mu_front: float
    mu_back: float
    p_back: float

    def rules(self, front: int, back: int) -> Callable[[State], Iterable[tuple[State, float]]]:
        """What can happen to a state with so many places open, and at which rate."""

        def moves(state: State) -> Iterable[tuple[State, float]]:
            busy, blocked, behind = state
            if busy + blocked < front:
                yield (busy + 1, blocked, behind), self.lam
            if busy:
                yield (busy - 1, blocked, behind), busy * self.mu_front * (1 - self.p_back)
                onward = (busy - 1, blocked, behind + 1) if behind < back else (busy - 1, blocked + 1, behind)
                yield onward, busy * self.mu_front * self.p_back
            if behind:
                follows = blocked > 0 and behind <= back
                to = (busy, blocked - 1, behind) if follows else (busy, blocked, behind - 1)
                yield to, behind * self.mu_back

        return moves


def exact_order(small: Small, rows: Sequence[Row], days: Sequence[int]) -> dict[int, dict[str, float]]:
    """What has happened by each of some days, from the steady state of the places of day 0.

    Parameters
    ----------
    rows : sequence of (day, places in front, places in the back)
        From each day on, the first one 0.
    days : sequence of int
        In ascending order.

    Returns
    -------
    dict
        By day: people lost and bed-days blocked so far, and, just before places change on that day, the probability
        that the front is full and the mean number blocked.
    """
    plan = {day: (front, back) for day, front, back in rows}
    edges = sorted({*plan, *days, 0})
    now, pieces, places = plan[0], [], []
    for first, last in zip(edges, edges[1:], strict=False):
        now = plan.get(first, now)
        places.append(now)
        pieces.append(Piece(last - first, small.rules(*now), _moved_in(now[1])))
    way = follow(steady((0, 0, 0), small.rules(*plan[0])), pieces)
    lost = blocked = 0.0
    found: dict[int, dict[str, float]] = {}
    for n, (day, (front, _)) in enumerate(zip(edges[1:], places, strict=True)):
        lost += small.lam * way.total_in(n, _full(front))
        blocked += way.total_in(n, _blocked)
        found[day] = {
            "cum_lost": lost,
            "cum_blocked_time": blocked,
            "P_full_now": way.mean_after(n, _full(front)),
            "mean_blocked_now": way.mean_after(n, _blocked),
        }
    return {day: found[day] for day in days}


def _full(front: int) -> Callable[[State], float]:
    return lambda s: float(s[0] + s[1] >= front)


def _blocked(state: State) -> float:
    return float(state[1])


def _moved_in(back: int) -> Callable[[State], State]:
    """Those who are blocked move on at once when places open in the back."""

    def settle(state: State) -> State:
        busy, blocked, behind = state
        go = min(blocked, max(0, back - behind))
        return busy, blocked - go, behind + go

    return settle

"""The order in which places close and open matters as the exact transient says, and the engine follows it.

T1, A10: new places first, then closures. The small network is that of the case ``transient_double_running_order``; here
it has other parameters, and the day of opening moves while that of closing stays.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim import Run
from sim.experiments import replicate
from sim.statistics import mean_halfwidth
from sim.verification.acceptance import UNIT, estimate
from sim.verification.answers import expected, params
from sim.verification.moving import SCHEDULES, in_order
from sim.verification.order import Small, exact_order
from sim.verification.record import Record

CASE = "transient_double_running_order"
PUBLISHED = Small(*(params(CASE)[name] for name in ("lam", "mu_front", "mu_back", "p_back")))
HARM = ("cum_lost", "cum_blocked_time")
CLOSES, END = 120, 260
OPENS = (60, 100, 120, 140, 200)

#: rate, mean stays in front and in the back, share that goes on; rows of (day, places in front, places in the back)
OTHERS = {
    "small and slow, back first": (Small(0.8, 1 / 9, 1 / 30, 0.3), [(0, 10, 6), (40, 10, 10), (100, 7, 10)]),
    "small and slow, front first": (Small(0.8, 1 / 9, 1 / 30, 0.3), [(0, 10, 6), (40, 7, 6), (100, 7, 10)]),
    "quick stays, back opens in two steps": (Small(6.0, 1 / 2.5, 1 / 5, 0.4), [(0, 18, 9), (20, 18, 12), (50, 15, 15)]),
    "the back closes too, then opens": (Small(2.0, 1 / 5, 1 / 10, 0.25), [(0, 14, 7), (30, 11, 4), (80, 11, 8)]),
    "the front closes and opens again": (Small(3.0, 1 / 4, 1 / 20, 0.1), [(0, 16, 7), (25, 12, 7), (75, 16, 7)]),
}  # fmt: skip


def rows(opens: int, closes: int = CLOSES) -> list[tuple[int, int, int]]:
    """Three places close in front on one day and three open in the back on another, from (20, 5)."""
    days = sorted({0, opens, closes})
    return [(day, 17 if day >= closes else 20, 8 if day >= opens else 5) for day in days]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_exact_way_gives_the_published_answers(schedule: str) -> None:
    wanted = expected(CASE)[schedule]
    found = exact_order(PUBLISHED, params(CASE)["schedules"][schedule], [int(day) for day in wanted])
    for day, row in wanted.items():
        assert found[int(day)] == pytest.approx(row, rel=1e-9)


@pytest.mark.parametrize(
    "name", [*list(OTHERS)[1:4], *(pytest.param(name, marks=pytest.mark.nightly) for name in list(OTHERS)[::4])]
)
def test_simulation_agrees_with_the_exact_way_of_other_networks(name: str) -> None:
    small, plan = OTHERS[name]
    exact = exact_order(small, plan, [plan[1][0], plan[2][0], plan[2][0] + 20, 200])
    estimates, _ = estimate(in_order(name, small, plan, exact, copies=40, replications=40))
    assert len(estimates) == 4 * len(exact)
    missed = [f"{what}: {e}" for what, e in estimates.items() if not e.covers]
    assert not missed
    # the interval is narrow enough to tell the plan from none
    for what in HARM:
        seen = estimates[f"{what} 200"]
        assert abs(seen.value - exact_order(small, plan[:1], [200])[200][what]) > seen.halfwidth


def test_sooner_is_better_exactly() -> None:
    """Of one closure, harm falls strictly the earlier the places open that replace it, before it and after it."""
    found = [exact_order(PUBLISHED, rows(day), [END])[END] for day in OPENS]
    for what in HARM:
        assert (np.diff([one[what] for one in found]) > 0).all()
    later = [exact_order(PUBLISHED, rows(60, closes), [END])[END][HARM[0]] for closes in (60, 120, 180, 240)]
    assert (np.diff(later) < 0).all()  # and the later the beds close


@pytest.mark.parametrize("small", [OTHERS[name][0] for name in list(OTHERS)[:3:2]], ids=["small", "quick"])
def test_sooner_is_better_for_other_parameters(small: Small) -> None:
    front, back = (10, 6) if small.lam < 1 else (18, 9)

    def way(opens: int) -> list[tuple[int, int, int]]:
        days = sorted({0, opens, CLOSES})
        return [(d, front - 3 * (d >= CLOSES), back + 4 * (d >= opens)) for d in days]

    found = [exact_order(small, way(day), [END])[END] for day in OPENS]
    for what in HARM:
        assert (np.diff([one[what] for one in found]) > 0).all()


def test_sooner_is_better_in_the_engine_with_the_same_people() -> None:
    """Paired differences between neighbouring days of opening lie above zero, and agree with the exact ones."""
    exact = {day: exact_order(PUBLISHED, rows(day), [END]) for day in OPENS}

    def harm(day: int) -> np.ndarray:
        case = in_order(f"opens on day {day}", PUBLISHED, rows(day), exact[day], copies=20)

        def measure(run: Run) -> dict[str, float]:
            measured = case.measure(Record(run, UNIT[case.unit], 0))
            return {what: measured[f"{what} {END}"] for what in HARM}  # type: ignore[misc]

        return np.array([[one[what] for what in HARM] for one in replicate(case.network(0), 1, 16, measure, 2)])

    found = {day: harm(day) for day in OPENS}
    for before, after in zip(OPENS, OPENS[1:], strict=False):
        for n, what in enumerate(HARM):
            step = found[after][:, n] - found[before][:, n]
            assert step.mean() > 0, (before, what)
            assert step.mean() - mean_halfwidth(step) > 0, (before, what)
            wanted = exact[after][END][what] - exact[before][END][what]
            assert abs(step.mean() - wanted) <= mean_halfwidth(step, 0.999), (before, what)

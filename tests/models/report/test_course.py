"""The course of a plan: shares of a move by stage, the day all of it was in effect, and what made it slip."""

from __future__ import annotations

import datetime as dt
import math
from types import SimpleNamespace

import numpy as np
import pytest

from models.report.charts_gantt import ROWS, _parts, says
from models.report.course import GROUPS, Row, course, first_held, middle, phases, took_effect
from models.report.series import by_period, stock_by_period
from models.settings.request import parse
from models.settings.settings import settings
from models.transition.log import Log, Outcome
from models.transition.stages import Stage

MONTHS = [dt.date(2019, 4 + n, 1) for n in range(6)]
NAMES = list(GROUPS)


def tranche(number: int, size: int, due: dt.date, move: str = "wards", site: str = "a") -> SimpleNamespace:
    return SimpleNamespace(
        move=move, site=site, number=number, of=2, size=size, due=due, starts=MONTHS[0], kind="close"
    )  # fmt: skip


def observed(tranches: list, logs: list[Log], outcomes: list[list[Outcome]]) -> SimpleNamespace:
    moves = dict.fromkeys(t.move for t in tranches)
    sizes = {
        m: {t.site: sum(x.size for x in tranches if (x.move, x.site) == (m, t.site)) for t in tranches} for m in moves
    }
    brief = SimpleNamespace(
        tranches=tranches,
        progress=[1 / len(tranches)] * len(tranches),
        terms={m: SimpleNamespace(sizes=sizes[m], opens="") for m in moves},
    )
    return SimpleNamespace(
        arm=SimpleNamespace(steering=SimpleNamespace(brief=brief)), months=MONTHS, logs=logs, outcomes=outcomes
    )


@pytest.fixture
def two_runs() -> SimpleNamespace:
    """Ten beds on their day and thirty two months late; in the other run the thirty never."""
    steps = [tranche(1, 10, MONTHS[2]), tranche(2, 30, MONTHS[3])]
    logs = [Log(), Log()]
    for log in logs:
        log.entered(MONTHS[1], steps[0], Stage.PROVING)
        log.entered(MONTHS[1], steps[1], Stage.PROVING)
        log.entered(MONTHS[2], steps[0], Stage.MOTHBALLED)
        log.held(MONTHS[3], steps[1], Stage.PROVING, "use")
    logs[0].entered(MONTHS[5], steps[1], Stage.MOTHBALLED)
    done, late = (
        Outcome(steps[0], Stage.MOTHBALLED, MONTHS[2], ""),
        Outcome(steps[1], Stage.MOTHBALLED, MONTHS[5], "use"),
    )
    never = Outcome(steps[1], Stage.PROVING, None, "occupancy")
    return observed(steps, logs, [[done, late], [done, never]])


def test_shares_are_those_of_the_log_by_size(two_runs):
    (row,) = course(two_runs)
    assert row.shares[NAMES.index("proving")].tolist() == [0, 1, 0.75, 0.75, 0.75, 0.375]
    assert row.shares[NAMES.index("mothballed")].tolist() == [0, 0, 0.25, 0.25, 0.25, 0.625]
    assert row.shares.sum(axis=0).max() == 1


def test_whole_is_the_last_step_and_never_is_later_than_any_day(two_runs):
    (row,) = course(two_runs)
    assert row.whole.tolist() == [MONTHS[5].toordinal(), math.inf] and row.done.tolist() == [1.0, 0.25]
    assert (row.never, row.in_part) == (0, 1)
    assert (row.first, row.last) == (MONTHS[2], MONTHS[3])
    assert middle(row.whole) == MONTHS[5].toordinal() and middle(row.whole, 0.95) == math.inf
    assert row.late_months == pytest.approx(62 / 30.44)
    assert row.held_by == "occupancy"  # as many beds as use; the first by name


def test_days_of_first_and_last_closure_and_of_what_first_held(two_runs):
    second, last = MONTHS[2].toordinal(), MONTHS[5].toordinal()
    found = {name: days.tolist() for name, days in took_effect(two_runs).items()}
    assert found == {"first beds close": [second, second], "last beds close": [last, math.inf]}
    two_runs.logs[1].held(MONTHS[4], two_runs.outcomes[1][1].tranche, Stage.RUNNING_BOTH, "after: homes")
    two_runs.logs[1].held(MONTHS[1], two_runs.outcomes[1][0].tranche, Stage.MOTHBALLED, "winter")
    held = {name: days.tolist() for name, days in first_held(two_runs).items()}
    assert held == {"use": [MONTHS[3].toordinal()] * 2, "after": [math.inf, MONTHS[4].toordinal()]}
    assert list(held) == ["use", "after"] and first_held(two_runs, "elsewhere") == {}


def test_phases_last_from_their_first_step_to_their_last(two_runs):
    log, (ten, thirty) = two_runs.logs[0], [x.tranche for x in two_runs.outcomes[0]]
    log.entered(MONTHS[4], ten, Stage.DECOMMISSIONED)
    starts, ends = phases(two_runs)["proving"]
    assert starts.tolist() == [MONTHS[1].toordinal()] * 2 and ends.tolist() == [MONTHS[5].toordinal(), math.inf]
    starts, ends = phases(two_runs)["releasing"]
    assert starts.tolist() == [MONTHS[4].toordinal(), math.inf] and ends.tolist() == [math.inf] * 2
    log.entered(MONTHS[5], thirty, Stage.DECOMMISSIONED)
    assert phases(two_runs)["releasing"][1].tolist() == [MONTHS[5].toordinal(), math.inf]


def test_means_of_periods_weigh_months_by_days_and_stocks_by_rows():
    masks = [np.array([True, True, False]), np.array([False, False, True])]
    o = SimpleNamespace(days=np.array([30, 10, 31]), months=MONTHS[:3])
    assert by_period(o, np.array([[1.0, 5.0, 7.0]]), masks).tolist() == [[2.0, 7.0]]
    o.stock_columns, o.stock_days = (
        ["staff[a_p1]", "staff[b_p1]", "staff[a_p2]", "posts[a_p1]"],
        [0.0, 28.0, 31.0, 65.0],
    )
    o.arm = SimpleNamespace(lowered=SimpleNamespace(network=SimpleNamespace(start=MONTHS[0])))
    o.stocks = np.array([[[1, 2, 50, 9], [3, 4, 50, 9], [5, 6, 50, 9], [7, 8, 50, 9]]], float)
    found = stock_by_period(o, "staff", masks, of="_p1")
    assert found is not None and found.tolist() == [[(3 + 7 + 11) / 3, 15.0]]
    assert stock_by_period(o, "beds", masks) is None


def test_hospitals_of_a_move_share_a_row_where_there_would_be_too_many():
    steps = [tranche(1, 1, MONTHS[2], move, site) for move in "abcdefg" for site in "stuvwxyz"]
    outcomes = [[Outcome(t, Stage.LIVE, MONTHS[2], "") for t in steps]]
    rows = course(observed(steps, [Log()], outcomes))
    assert [row.move for row in rows] == list("abcdefg") and rows[0].sites == tuple("stuvwxyz")
    few = course(observed(steps[:16], [Log()], [outcomes[0][:16]]))
    assert len(few) == 16 and {row.sites for row in few} == {(s,) for s in "stuvwxyz"}


def test_shares_of_a_run_add_up_and_end_as_its_outcomes_say(outcome):
    o = outcome.observed["5y"]
    for row in course(o):
        assert (np.abs(row.shares.sum(axis=0)) <= 1 + 1e-9).all() and (row.shares >= -1e-9).all()
        done = row.shares[: NAMES.index("proving"), -1].sum()
        assert done == pytest.approx(row.done.mean())


def row(move: str, whole: list[float], done: list[float], held_by: str = "", site: str = "a") -> Row:
    days = np.array(whole, float)
    return Row(move, (site,), MONTHS[0], MONTHS[1], MONTHS[2], np.zeros((6, 6)), days, np.array(done, float), held_by)


@pytest.mark.parametrize(
    ("whole", "done", "held_by", "said"),
    [
        ([0, 0, 0], [1, 1, 1], "", "on time"),
        ([0, 0, 61], [1, 1, 1], "use", "on time; earlier steps held:\nnew places not used"),
        ([61, 61, math.inf], [1, 1, 0], "occupancy", "2 months late: hospital too full\nnever in 1 of 3 futures"),
        ([math.inf] * 3, [0, 0.5, 0.5], "after: open_home", "never in 1 and only in part in 2 of 3 futures"),
        ([30.44] * 3, [1, 1, 1], "veto: council", "1 month late: council said no"),
    ],
)
def test_words_beside_a_row_say_how_late_why_and_how_often_never(whole, done, held_by, said):
    due = MONTHS[2].toordinal()
    chosen = SimpleNamespace(settings=settings(parse([])))
    text = says(row("close_acute", [due + day for day in whole], done, held_by), chosen, 3)
    assert text.endswith(said) and len(text.split("\n")) <= 2
    assert "after" not in held_by or text.startswith("held: waits for Places for support at home")


def test_pages_of_a_chart_keep_the_hospitals_of_a_move_together():
    rows = [row(move, [0], [1], site=site) for move in "abcdefgh" for site in "stuvw"]
    parts = _parts(rows)
    assert [r for part in parts for r in part] == rows and max(map(len, parts)) <= ROWS
    assert all(
        {r.move for r in one}.isdisjoint(r.move for r in other) for one in parts for other in parts if one is not other
    )
    assert _parts([]) == [] and [len(p) for p in _parts(rows[:20])] == [20]

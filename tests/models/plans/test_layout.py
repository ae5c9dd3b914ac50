"""Laying a plan out on a timeline: exact against the steps of Devon's plan, and properties of any plan."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.plans.check import load_plan
from models.plans.layout import EVERYWHERE, by_site, lay_out, months_after, share_out
from models.plans.plan import Plan, Timeline, approval_of, preparation_months
from tests.models.plans.plan_data import GOOD, THERE, approval, figure, spoilt

PLANS = Path(__file__).parents[3] / "configs" / "plan"
BEDS = {"torbay": 316.5, "north_devon": 237.0, "exeter": 682.5, "plymouth": 855.0}
PLACES = {"torbay": 53.0, "north_devon": 35.0, "exeter": 113.0, "plymouth": 131.0}
DEVON = {("beds", s): n for s, n in BEDS.items()} | {("p2", s): n for s, n in PLACES.items()}
DEVON |= {("p1", s): 60.0 for s in BEDS}
GOLDEN = Path(__file__).with_name("devon_2016_steps.txt")


def on(years):
    return Timeline(name=f"{years}y", years=years)


def lines_of(tranches, years):
    """Steps as text: years, what, site, and the size at each date."""
    rows = {}
    for t in tranches:
        rows.setdefault((years, t.move, t.site), []).append((t.due, f"{t.due:%Y-%m}:{t.size}"))
    return [f"{y} {move} {site} {' '.join(w for _, w in sorted(row))}" for (y, move, site), row in sorted(rows.items())]


@pytest.mark.parametrize("years", [3, 5, 10, 15])
def test_devon_is_laid_out_as_before(years):
    """Openings and closures by site, date and size are those that the plan of four keys had (kept in a file)."""
    found = lines_of(lay_out(load_plan(PLANS / "devon_2016.yaml"), on(years), DEVON), years)
    kept = [line for line in GOLDEN.read_text().splitlines() if line.split()[0] == str(years)]
    assert found == kept and len(kept) == 12


KINDS = st.sampled_from(["close", "open", "convert", "recruit", "avoid", "invest", "merge"])


@st.composite
def moves(draw):
    """A sound move of any kind, with any timing."""
    kind = draw(KINDS)
    begin = draw(st.floats(0, 0.9))
    when = {"from": begin, "every_months": draw(st.integers(1, 12)), "early": draw(st.booleans())}
    if draw(st.booleans()):
        when["to"] = draw(st.floats(begin + 0.05, 1.0))
    if draw(st.booleans()):
        when["from"] = str(months_after(dt.date(2019, 4, 1), int(begin * 60)))
        if "to" in when:
            end = min(int(begin * 60) + draw(st.integers(1, 24)), 60)  # dates lie within the plan's five years
            when["to"] = str(months_after(dt.date(2019, 4, 1), end))
    move = {"kind": kind, "when": when, "approval": draw(st.sampled_from([None, "none"]))}
    if draw(st.booleans()):
        move["lead_time_months"] = figure(draw(st.integers(0, 30)), "months")
    size = draw(st.integers(0, 400))
    if kind in ("close", "open", "recruit"):
        move |= {"setting": {"recruit": "nurses"}.get(kind, "beds"), "size": figure(size, "beds")}
        move["sites"] = draw(st.sampled_from(["all", ["east", "north"], {"east": 0.3, "south": 0.7}]))
    if kind == "convert":
        move |= {"from": "beds", "to": "p2", "size": figure(size, "beds")}
        move["places_per_bed"] = figure(draw(st.sampled_from([0.5, 1.0, 1.4])), "places per bed")
    if kind == "avoid":
        move["effect"] = {"share": figure(-0.01, "relative change"), "grade": "C"}
    if kind == "invest":
        move["capital"] = figure(2, "GBP million")
    if kind == "merge":
        move |= {"from": "north", "to": "east", "overlap_months": figure(draw(st.integers(0, 6)), "months")}
    return move


@st.composite
def plans(draw):
    """A sound plan of a few moves."""
    named = {f"m{n}": move for n, move in enumerate(draw(st.lists(moves(), min_size=1, max_size=4)))}
    decided = approval() if draw(st.booleans()) else None
    return Plan.model_validate(spoilt(("moves", named), ("approval", decided)))


YEARS = st.sampled_from([1, 3, 5, 10, 15])
#: a closure in the last month of a year, with longer from step to step than there is left of it
LATE = Plan.model_validate(
    spoilt(
        ("approval", None),
        (
            "moves",
            {
                "m0": {
                    "kind": "close",
                    "setting": "beds",
                    "size": figure(40, "beds"),
                    "sites": "all",
                    "when": {"from": 0.9, "to": 0.98, "every_months": 11},
                }
            },
        ),
    )
)


def wanted(move):
    if move.kind == "merge":
        return round(THERE.sizes["beds", "north"])
    return move.size.value if hasattr(move, "size") else 0


def opening(move):
    if move.kind == "convert":
        return round(wanted(move) * move.places_per_bed.value)
    return wanted(move) if move.kind == "merge" else 0


@given(plans(), YEARS)
def test_sizes_are_conserved(plan, years):
    """All steps of a move sum to its size, at each site to its share, and so does what opens elsewhere."""
    tranches = lay_out(plan, on(years), THERE.sizes)
    for name, move in plan.moves.items():
        mine = [t for t in tranches if t.move == name]
        assert sum(t.size for t in mine) == wanted(move)
        for site, number in by_site(move, THERE.sizes).items():
            assert sum(t.size for t in mine if t.site == site) == number
        assert sum(t.opens for t in mine) == opening(move)


@given(plans(), YEARS)
@example(LATE, 1)
def test_dates_lie_inside_and_in_order(plan, years):
    """Nothing is due before its own preparation is over, nor after the plan unless only preparation makes it so."""
    for name, move in plan.moves.items():
        ready = preparation_months(plan, move)
        longest = max(12 * years, ready + move.when.every_months)
        written = dt.date(2019, 4, 1)
        for site in by_site(move, THERE.sizes):
            mine = [t for t in lay_out(plan, on(years), THERE.sizes) if (t.move, t.site) == (name, site)]
            assert [t.due for t in mine] == sorted({t.due for t in mine})
            assert all(months_after(written, ready) <= t.due <= months_after(written, longest) for t in mine)
            assert all(t.starts == months_after(t.due, -ready) >= written and t.due.day == 1 for t in mine)
            assert [t.number for t in mine] == list(range(1, len(mine) + 1)) and {t.of for t in mine} <= {len(mine)}
            assert [t.share for t in mine] == sorted(t.share for t in mine)
            assert all(0 < t.share <= 1 and t.early == move.when.early for t in mine)


@given(plans(), YEARS, YEARS)
def test_stretching_keeps_the_end_state(plan, one, other):
    def end(years):
        sums = {}
        for t in lay_out(plan, on(years), THERE.sizes):
            for key, n in (((t.move, t.setting, t.site), t.size), ((t.move, t.to, t.site, "opens"), t.opens)):
                sums[key] = sums.get(key, 0) + n
        return {key: n for key, n in sums.items() if n}

    assert end(one) == end(other)


@given(plans())
def test_a_longer_timeline_never_brings_anything_forward(plan):
    """By every day the shorter timeline has done as much of each move, or more."""

    def done(years, name, day):
        return sum(t.size + t.opens for t in lay_out(plan, on(years), THERE.sizes) if t.move == name and t.due <= day)

    for name, move in plan.moves.items():
        if move.when.to is None or (12 * 5 * 0.05) >= move.when.every_months:
            for months in (12, 40, 60):
                day = months_after(plan.starts, months)
                assert done(15, name, day) <= done(5, name, day)


@given(st.integers(0, 5000), st.lists(st.floats(0.1, 1e4), min_size=1, max_size=9))
def test_sharing_out_is_whole_and_within_one_of_proportional(total, weights):
    named = {str(i): w for i, w in enumerate(weights)}
    parts = share_out(total, named)
    assert sum(parts.values()) == total
    assert all(abs(parts[k] - total * w / sum(weights)) < 1 for k, w in named.items())


def steps(name, years=5, **changes):
    plan = Plan.model_validate(spoilt(*changes.items()) if changes else GOOD)
    return [t for t in lay_out(plan, on(years), THERE.sizes) if t.move == name]


def test_sound_plan_by_hand():
    """Five years from April 2019; consultation 3 months, decision 2, so closures need five before."""
    closing = steps("close_acute")
    months = [(2022, 4), (2022, 10), (2023, 4), (2023, 10), (2024, 4)]
    assert [t.due for t in closing if t.site == "east"] == [dt.date(y, m, 1) for y, m in months]
    last = closing[-1]
    assert (last.due, last.starts, last.share) == (dt.date(2024, 4, 1), dt.date(2023, 11, 1), 1.0)
    sums = {s: sum(t.size for t in closing if t.site == s) for s in ("east", "north", "south")}
    assert sums == {"east": 30, "north": 10, "south": 20}  # of 300.4, 100 and 200
    opening = steps("open_home")
    assert min(t.due for t in opening) == dt.date(2020, 7, 1)  # from month 12, first places three months later
    assert {t.starts for t in opening if t.number == 1} == {dt.date(2019, 8, 1)}  # 9 months to recruit, 2 to decide
    north = steps("close_north")
    assert {s: sum(t.size for t in north if t.site == s) for s in ("north", "south")} == {"north": 5, "south": 3}
    assert {t.due.year for t in north} == {2022} and north[-1].due == dt.date(2022, 10, 1)
    assert north[-1].starts == dt.date(2022, 5, 1)


def test_conversion_closes_then_opens():
    [step] = steps("convert")
    assert (step.size, step.setting, step.to, step.opens) == (12, "beds", "p2", 12)
    assert (step.due, step.opens_due) == (dt.date(2021, 10, 1), dt.date(2022, 4, 1))  # six months to rebuild
    assert step.starts == dt.date(2021, 5, 1)


def test_merger_opens_then_closes():
    [step] = steps("merge")
    assert (step.size, step.site, step.to, step.opens) == (10, "south", "east", 10)
    assert (step.due, step.opens_due) == (dt.date(2022, 4, 1), dt.date(2022, 1, 1))  # both open for three months
    assert step.starts == dt.date(2021, 8, 1)


def test_merger_of_all_there_is():
    [step] = steps("merge", **{"moves.merge.size": ...})
    assert (step.size, step.opens) == (20, 20)


def test_effects_stand_at_every_site_and_money_at_none():
    assert {(t.site, t.size, t.early, t.due) for t in steps("frailty")} == {
        (site, 0, True, dt.date(2019, 4, 1)) for site in ("east", "north", "south")
    }
    spent = steps("records")
    assert {(t.site, t.setting) for t in spent} == {(EVERYWHERE, "money")}
    assert len(spent) == 8 and spent[-1].due == dt.date(2021, 4, 1)  # investment stretches
    assert steps("records", 10)[-1].due == dt.date(2023, 4, 1)


def test_a_shift_from_site_to_site_stands_where_it_comes_from():
    change = {"moves.home_instead.from": "east", "moves.home_instead.to": "north"}
    [step] = steps("home_instead", **change)
    assert (step.site, step.to, step.setting) == ("east", "north", "demand")
    assert {(t.site, t.setting, t.to) for t in steps("home_instead")} == {
        (s, "p2", "p1") for s in ("east", "north", "south")
    }


def test_dates_stretch_about_the_start():
    """A date two and a half years into five is five years into ten; lead times stay as they are."""
    assert max(t.due for t in steps("close_north", 10)) == dt.date(2026, 4, 1)
    [step] = steps("convert", 10)
    assert (step.due, step.opens_due) == (dt.date(2024, 4, 1), dt.date(2024, 10, 1))


def test_nothing_before_its_preparation():
    for t in steps("open_home", 1):
        assert t.due >= months_after(dt.date(2019, 4, 1), 9 + 2 + 3)


def test_places_of_a_new_service_are_shared_by_beds():
    new = {"kind": "open", "setting": "p3", "size": figure(60, "places"), "when": {"from": 0.5}}
    assert {t.site: t.size for t in steps("new", **{"moves.new": new})} == {"east": 30, "north": 10, "south": 20}


def test_who_is_asked():
    plan = Plan.model_validate(GOOD)
    assert approval_of(plan, plan.moves["frailty"]) is None
    closing, opening = (approval_of(plan, plan.moves[m]) for m in ("close_acute", "open_home"))
    assert (closing.consultation_months.value, opening.consultation_months.value) == (3, 0)
    assert (closing.legal_challenge_probability.value, opening.legal_challenge_probability.value) == (0.1, 0)
    assert approval_of(plan, plan.moves["close_north"]).rule == "delegated"

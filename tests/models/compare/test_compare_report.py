"""A comparison in words and charts: paired intervals, years until a benefit is real, windows, and the page."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from pyarrow import feather

from models.cli import main
from models.compare.command import _contributions, _own_years
from models.compare.compare import AS_PLANNED, CALENDAR, OWN, Compared, Judged, own_window
from models.compare.contributions import changes, lost_by_waiting, reached
from models.compare.mechanisms import present
from models.report.compare_page import when_rows, write_compare_report
from models.settings.request import parse
from models.settings.settings import settings
from models.verdict.verdict import Verdict
from sim.experiments import paired_shares
from tests.models.report.test_report import Page

MONTHS = [dt.date(2019 + n // 12, n % 12 + 1, 1) for n in range(3, 27)]
RUNS = 4


def verdict(delivered: list[bool], safe: list[bool]) -> Verdict:
    parts = [{"probability": float(np.mean(x)), "interval": (0.0, 1.0)} for x in (delivered, safe)]
    rows = [
        {"id": k, "name": name, "decides": True, "probability": part["probability"], "note": ""}
        for (k, name), part in zip((("K0", "Delivery"), ("K1", "Access")), parts, strict=True)
    ]
    both = float(np.mean([a and b for a, b in zip(delivered, safe, strict=True)]))
    return Verdict("3y", "at risk", both, (0.0, 1.0), *parts, "K0", rows, len(safe), ("2019-04-01", "2021-04-01"), [])


def compared(years: int, left_out: str = AS_PLANNED, delivered: tuple = (1, 1, 0, 0), closing: int = 12) -> Compared:
    """Ten beds close in month `closing` in half of the runs, never in the others; ten places open a year on."""
    on = [bool(x) for x in delivered]
    closed = np.zeros((RUNS, 24))
    closed[: RUNS // 2, closing:] = 10
    opened = np.zeros((RUNS, 24))
    opened[:, 12:] = 10
    double = np.clip(opened - closed, 0, None)
    return Compared(
        timeline=f"{years}y",
        years=years,
        left_out=left_out,
        judged={
            name: Judged(verdict(on, [True] * RUNS), np.array(on), np.ones(RUNS, bool)) for name in (CALENDAR, OWN)
        },
        closed=closed[:, -1],
        planned=10,
        opened=opened[:, -1],
        places=10,
        late_months=np.zeros(RUNS),
        peak=double.max(axis=1),
        bed_years=double.sum(axis=1) / 12,
        months=MONTHS,
        by_month={"closed": closed, "opened": opened, "double": double},
    )


def test_shares_that_agree_everywhere_still_have_an_interval():
    difference, (low, high) = paired_shares([True] * 48, [True] * 48)
    assert difference == 0 and low == -high and high == pytest.approx(1 - 0.0125 ** (1 / 48))
    assert paired_shares([True, False], [False, True])[0] == 0
    with pytest.raises(ValueError, match="same number"):
        paired_shares([True], [True, False])


def test_intervals_of_paired_shares_cover():
    rng, inside = np.random.default_rng(1), 0
    for _ in range(400):
        u = rng.random(40)
        low, high = paired_shares(u < 0.3, u < 0.5)[1]  # the true difference is 0.2
        inside += low <= 0.2 <= high
    assert inside >= 0.95 * 400


def test_contributions_are_paired_by_replication():
    base, without = compared(3), compared(3, "proof", (1, 1, 1, 0))
    found = {c.measure: c for c in changes([base, without])}
    assert found["delivered"].difference == 0.25 and not found["delivered"].clear
    assert found["safe"].difference == 0 and found["safe"].interval[0] < 0 < found["safe"].interval[1]
    assert found["beds closed"].difference == 0 and found["beds closed"].interval == (0, 0)
    text = "\n".join(_contributions(list(found.values())))
    assert "proof before closing" in text and "+25 (" in text


def test_a_benefit_is_real_once_it_stays():
    c = compared(3)
    assert reached(c, "closed", 0.5).tolist() == [1.0, 1.0, math.inf, math.inf]
    assert reached(c, "opened", 0.9).tolist() == [1.0] * RUNS
    c.by_month["closed"][0, 18] = 0  # reopened for a month
    assert reached(c, "closed", 0.5)[0] == 19 / 12
    rows = {row[0]: row[1] for row in when_rows([compared(3)])}
    assert rows["Places open, nine in ten"] == "1.0 (1.0 to 1.0)"
    assert rows["Beds closed, half of them"] == "1.0 (1.0 to never); never in 2 of 4"


def test_waiting_loses_the_years_in_between():
    lost = lost_by_waiting(compared(3, closing=6), compared(5, closing=18))
    assert lost["bed-years closed"][0] == pytest.approx(10 * 12 / 12 / 2)  # a year of ten beds, in half of the runs
    assert lost["place-years open"] == (0, (0, 0))


@pytest.mark.parametrize(("years", "span"), [(1, None), (2, (2019, 2022)), (15, (2032, 2035))])
def test_own_years_lie_about_the_end_and_never_before_the_start(years, span):
    starts = dt.date(2019, 4, 1)
    plan = SimpleNamespace(end=dt.date(2019 + years, 4, 1), plan=SimpleNamespace(starts=starts))
    assert own_window(plan) == (span and tuple(dt.date(year, 4, 1) for year in span))


def test_page_holds_every_chart_and_table_and_loads_nothing(tmp_path: Path):
    chosen = settings(parse(["timeline=3y,5y", "replications=4"]))
    found = [compared(3), compared(5, closing=18), compared(3, "proof", (1, 1, 1, 0)), compared(5, "proof")]
    charts = write_compare_report(tmp_path, chosen, found, changes(found))
    assert charts == [f"compare_{n}.png" for n in ("probabilities", "months", "double", "contributions")]
    html = (tmp_path / "compare.html").read_text("utf-8")
    page = Page(html)
    assert page.faults == [] and [link for link in page.links if not link.startswith("#")] == []
    assert {name.removesuffix(".png") for name in charts} <= set(page.ids)
    assert {link[1:] for link in page.links} <= set(page.ids)
    told = (
        "When is each benefit real?",
        "What double running costs",
        "What is lost by waiting",
        "5 (0\u00a0to\u00a010)",
    )
    for words in told:
        assert words in page.text, words
    assert "Not in these futures" not in page.text  # the default gates ask for proof
    assert "its own" in page.text and "proof before closing" in page.text
    write_compare_report(tmp_path, chosen, found, changes(found))
    assert (tmp_path / "compare.html").read_text("utf-8") == html


def test_page_says_what_is_not_in_the_runs_anyway(tmp_path: Path):
    chosen = settings(parse(["timeline=3y", "replications=4", "gates=none", "around=none"]))
    there = present(chosen)
    assert [name for name in ("proof", "staff", "feedback") if there[name]] == ["feedback"]
    found = [compared(3), compared(3, "feedback")]
    write_compare_report(tmp_path, chosen, found, changes(found), ["proof", "staff"])
    text = " ".join(Page((tmp_path / "compare.html").read_text("utf-8")).text.split())
    said = "proof before closing; staff: training, recruiting, retraining, and their gate."
    assert f"so nothing is learnt about: {said}" in text
    assert "Delivery (K0)" in text and "Staff are not in this comparison" in text


def test_page_of_a_plan_that_does_nothing(tmp_path: Path):
    chosen = settings(parse(["plan=none", "timeline=3y", "replications=4"]))
    c = compared(3)
    still = {name: np.zeros((RUNS, 24)) for name in c.by_month}
    nothing = dataclasses.replace(c, planned=0, places=0, by_month=still, judged={CALENDAR: c.judged[CALENDAR]})
    assert write_compare_report(tmp_path, chosen, [nothing], []) == ["compare_probabilities.png"]
    page = Page((tmp_path / "compare.html").read_text("utf-8"))
    assert page.faults == [] and "Too short to hold these years: 3 years" in " ".join(page.text.split())
    assert _own_years([nothing]) == []


def test_command_writes_the_report_and_the_months(tmp_path, capsys):
    words = ["compare", "timeline=3y", "without=proof", "replications=2", "around=none", "waterfall=0", "sensitivity=0"]
    words += ["criteria.longest_timeline_years=3", "criteria.window_years_after=1", "gates.occupancy.enabled=false"]
    assert main([*words, f"out={tmp_path / 'x'}"]) == 0
    said = capsys.readouterr().out
    assert "own years" in said and "the change when it alone is left out" in said
    months = feather.read_table(tmp_path / "x" / "compare_months.arrow").to_pandas()
    rows = feather.read_table(tmp_path / "x" / "compare.arrow").to_pandas().query("left_out == 'nothing'")
    last = months[months["month"] == months["month"].max()].set_index("what")["mean"]
    assert last["closed"] == rows["closed"].mean() and last["opened"] == pytest.approx(rows["opened"].mean())
    double = months[months["what"] == "double"]["mean"].sum() / 12
    assert double == pytest.approx(rows["bed_years"].mean())
    document = json.loads((tmp_path / "x" / "compare.json").read_text())
    assert {c["measure"] for c in document["contributions"]} == {"delivered", "safe", "beds closed"}
    assert document["rows"][0]["own_window"]["window"] == ["2020-04-01", "2023-04-01"]
    assert (tmp_path / "x" / "compare.html").exists()

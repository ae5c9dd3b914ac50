"""One plan on several timelines: the same as `run` says, what double running is, and mechanisms left out."""

from __future__ import annotations

import datetime as dt
import json
from types import SimpleNamespace

import numpy as np
import pytest
from pyarrow import feather

from models.arms.arms import MIDNIGHT
from models.cli import main
from models.compare import command as compare_command
from models.compare.compare import AS_PLANNED, compare
from models.measures.plan import double_running, opened_by_month
from models.run.runner import _simulate
from models.settings.request import parse
from models.settings.settings import settings
from models.transition.steering import Closure
from sim.clock import DAY

SHORT = ["criteria.longest_timeline_years=3", "criteria.window_years_after=1", "waterfall=0", "sensitivity=0"]


def test_as_planned_it_says_what_a_run_says():
    chosen = settings(parse(["timeline=3y", "replications=2", "around=none", *SHORT]))
    (row,) = compare(chosen, [], 2)
    run = _simulate(chosen)
    assert row.left_out == AS_PLANNED and row.verdict == run.verdicts["3y"]
    closed = [sum(c.step.beds for c in closures if c.closed) for closures in run.observed["3y"].closures]
    assert row.closed.tolist() == closed and row.planned == 590
    assert (row.opened == 590).all()
    assert (row.peak <= 590).all() and (row.bed_years > 0).all()


@pytest.mark.nightly
def test_without_proof_more_has_closed_and_both_run_side_by_side_for_less_time():
    chosen = settings(parse(["timeline=3y", "replications=2", "around=none", "gates.occupancy.enabled=false", *SHORT]))
    planned, without = compare(chosen, ["proof"], 2)
    assert (planned.left_out, without.left_out) == (AS_PLANNED, "proof")
    assert (without.closed >= planned.closed).all() and (without.bed_years < planned.bed_years).all()


def test_double_running_is_what_is_replaced_and_still_open():
    months = [dt.date(2019, 4 + n, 1) for n in range(6)]
    tranche = SimpleNamespace(setting="beds")
    steps = [SimpleNamespace(beds=n, kind="acute", due=months[3], site="a", tranche=tranche) for n in (10, 30)]
    closures = [[Closure(steps[0], months[2]), Closure(steps[1], None, "use")]]
    piece = SimpleNamespace(pool="p", before=5, per_place=2.0)
    system = SimpleNamespace(roles=SimpleNamespace(made_of={("a", "p1"): (piece,)}))
    days = np.full(6, 30)
    places = np.zeros((1, 6, 1, 2))
    places[0, :, 0, 0] = np.array([5, 25, 25, 45, 45, 45]) * days * DAY  # 0, 10, 10, 20, 20, 20 places
    books = {"closures": closures, "months": months, "days": days, "places": places}
    o = SimpleNamespace(**books, station=lambda _: 0, arm=SimpleNamespace(system=system))
    plan = SimpleNamespace(services=("p1",), opened=lambda _: {"a": [(months[1], 10), (months[3], 20)]}, closures=steps)
    assert double_running(o, plan)[0].tolist() == [0, 20, 10, 30, 30, 30]
    o.midnight = np.zeros((1, 6, 1, 7))
    o.midnight[..., MIDNIGHT.index("places")], o.midnight[..., MIDNIGHT.index("in_service")] = 40, 10
    system.with_places = lambda site, service: ["p"]
    assert opened_by_month(o, plan, used=True)[0].tolist() == [0, 2.5, 2.5, 5, 5, 5]  # a quarter is in use


def test_command_writes_every_replication(tmp_path, capsys):
    words = ["compare", "timeline=3y", "without=none", "replications=2", "around=none", *SHORT]
    assert main([*words, f"out={tmp_path / 'x'}"]) == 0
    assert "of 590" in capsys.readouterr().out
    table = feather.read_table(tmp_path / "x" / "compare.arrow").to_pandas()
    assert table["replication"].tolist() == [0, 1] and set(table["left_out"]) == {AS_PLANNED}
    (row,) = json.loads((tmp_path / "x" / "compare.json").read_text())["rows"]
    assert row["beds_closed"] == table["closed"].mean() and row["both"]["interval"][0] == 0


@pytest.mark.parametrize(("word", "said"), [("without=prof", "Did you mean 'proof'?"), ("timeline=4y", "there are")])
def test_bad_words_are_named(word, said, capsys):
    assert main(["compare", word]) == 2
    assert said in capsys.readouterr().err


def test_a_dry_run_tells_what_would_be_run_and_runs_nothing(tmp_path, capsys, monkeypatch):
    """Business as usual twice, once without staff; the timeline as planned, and without each of what is there."""
    monkeypatch.setattr(compare_command, "compare", lambda *_: pytest.fail("it ran"))
    words = ["compare", "timeline=3y", "without=proof,staff,approval", "replications=2", "around=none", *SHORT]
    out = tmp_path / "x"
    assert main([*words, f"out={out}", "--dry-run"]) == 0
    said = capsys.readouterr().out
    arms = "business as usual, business as usual without staff, 3y; each timeline again without proof, staff"
    for part in ("close_acute", "scenario_hash", f"arms: 5 ({arms}), 2 runs", "events: about", "time: ", "memory: "):
        assert part in said
    assert "Not in these runs: consultation, decisions and courts." in said
    assert not out.exists()

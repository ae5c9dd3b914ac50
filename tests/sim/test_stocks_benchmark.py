"""The benchmark of stocks and flows counts and compares as it says; the peers themselves are not run here."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import stocks
from benchmarks.peers.xmile import xmile
from sim.stocks.load import load_stocks
from sim.stocks.run import Stocks

PYSD = """
class Column(list):
    iloc = property(lambda self: self)
class Components:
    final_time = staticmethod(lambda: 9.0)
class Model:
    components = Components()
    def run(self, params, return_columns, return_timestamps, progress):
        print("words of its own")
        assert return_timestamps == [9.0] and not progress
        return {name: Column([0.0, params["a"] + len(name)]) for name in return_columns}
def read_xmile(path):
    return Model()
__version__ = "0"
"""


def test_draws_are_parameters_within_their_ranges_and_the_model_can_be_written() -> None:
    model = load_stocks(stocks.MODEL)
    sets = stocks.draws(50)
    assert sets == stocks.draws(50) and sets[:3] != sets[3:6]
    points = np.stack([Stocks(model).setting(one) for one in sets])
    assert (np.ptp(points, axis=0) > 0).sum() == len(stocks.RANGES)
    assert stocks.COLUMN in model.columns() and "<stock name=" in xmile(model, limits=False)


def test_ratios_are_within_a_repeat_and_know_which_side_is_better() -> None:
    costs = [
        {"ours, 1 thread": 1e-4, "ours, 2 threads": 5e-5, "slow": 0.1},
        {"ours, 1 thread": 2e-4, "ours, 2 threads": 1e-4, "slow": 0.3},
        {"ours, 1 thread": 1e-4, "ours, 2 threads": 1e-4, "slow": 0.2},
    ]
    found = stocks.compared(costs)
    ratio, own = found["slow over ours, 1 thread"], found["ours, 1 thread, ms"]
    assert (ratio.worst, ratio.median, ratio.best) == pytest.approx((1000, 1500, 2000))
    assert (own.worst, own.median, own.best) == pytest.approx((0.2, 0.1, 0.1))
    assert found["ours, 1 thread over 2"].worst == 1


def test_every_repeat_begins_with_another_form() -> None:
    order: list[str] = []
    forms = {name: (lambda name=name: order.append(name) or 1.0) for name in "abc"}
    assert stocks.interleaved(forms, 4) == [{"a": 1, "b": 1, "c": 1}] * 4
    assert "".join(order) == "abcbcacababc"


def test_targets_are_met_from_their_own_side() -> None:
    fine = {name: stocks.Figure((limit,), least) for name, (limit, least) in stocks.TARGETS.items()}
    assert stocks.missed(fine) == []
    for name, (limit, least) in stocks.TARGETS.items():
        wrong = stocks.Figure((limit * (0.9 if least else 1.1),), least)
        assert stocks.missed({**fine, name: wrong}) == [name]


def test_disagreement_is_relative() -> None:
    assert stocks.disagreement(np.array([0.0, 2.0, -1e6]), np.array([0.0, 2.0, -1e6 - 1])) == pytest.approx(1e-6)


def test_process_of_pysd_answers_run_after_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pysd.py").write_text(PYSD, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with stocks.pysd(sys.executable, tmp_path / "model.xmile", [{"a": 1.0}, {"a": 2.0}]) as third:
        assert third.version == "0"
        assert third.ends(["x", "yy"], 2).tolist() == [[2, 3], [3, 4]]
        assert third.seconds(2) >= 0

"""The benchmarks of scaling run on tiny sizes, and measure what they say."""

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import cases, charts, costs, measure, memory, scaling
from sim import Run, load_network, lower

#: features that only watch
WATCHING = {"clock", "quantiles of waits"}


@pytest.fixture(scope="module")
def report() -> scaling.Report:
    return scaling.measure(scaling.TINY)


def numbers(data: Any) -> Iterator[float]:
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, (list, tuple)):
        for part in data:
            yield from numbers(part)
    elif isinstance(data, (int, float)) and not isinstance(data, bool):
        yield data


def finished(network: dict[str, Any]) -> Run:
    run = Run(lower(load_network(network)), seed=1)
    run.advance()
    return run


def test_every_figure_is_finite_and_positive(report: scaling.Report) -> None:
    found = list(numbers(json.loads(json.dumps(scaling.as_data(report)))))
    assert len(found) > 60
    assert all(math.isfinite(number) and number > 0 for number in found)
    assert set(report.features) > set(cases.FEATURES)
    assert [series.size for series in report.series] == [
        "acute places",
        "stations in line",
        "entities alive",
        "years",
    ]


def test_tables_show_every_line_and_feature(report: scaling.Report) -> None:
    text = scaling.tables(report)
    assert all(f"| {line.name} |" in text for line in report.lines)
    assert all(f"| {name} |" in text for name in report.features)


def test_charts_are_written_small(report: scaling.Report, tmp_path: Path) -> None:
    paths = charts.draw(report.series, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert [path.suffix for path in paths] == [".png", ".svg"]
    assert all(5_000 < path.stat().st_size < 100_000 for path in paths)


def test_ratio_is_within_pairs_whoever_goes_first() -> None:
    order = []

    def sample(name: str, factor: float) -> measure.Sample:
        def cost(pair: int) -> float:
            order.append(name)
            return factor * pair

        return cost

    found = measure.paired(sample("a", 2.0), {"b": sample("b", 3.0)}, pairs=3)["b"]
    assert found.ratios == (1.5, 1.5, 1.5)
    assert order == ["a", "b", "b", "a", "a", "b"]
    spread = measure.Ratio((1.0, 4.0, 2.0))
    assert (spread.lowest, spread.median, spread.highest) == (1.0, 2.0, 4.0)


@pytest.mark.parametrize(("value", "at_least", "met"), [(1.7, True, False), (1.9, True, True), (1.9, False, False)])
def test_target_is_met_from_its_own_side(value: float, at_least: bool, met: bool) -> None:
    assert scaling.Line("x", "times", value, value, 1.8, at_least).met is met


@pytest.mark.parametrize("name", cases.FEATURES)
def test_feature_acts(name: str) -> None:
    """A feature that nothing triggers would seem to cost nothing."""
    bare, other = finished(cases.with_feature(100.0, None)), finished(cases.with_feature(100.0, name))
    if name in WATCHING:
        assert other.fingerprint == bare.fingerprint
        assert other.state.clocks.sum() + other.state.wait_fine.sum() > 0
    else:
        assert other.fingerprint != bare.fingerprint


def test_sizes_have_as_many_events() -> None:
    def events(network: dict[str, Any], fill: float) -> int:
        run = Run(lower(load_network(network)), seed=1)
        run.advance(round(fill * costs.DAY))
        before = run.events
        run.advance()
        return run.events - before

    few, many = (events(cases.tandem(2000 / scale, scale), cases.FILL) for scale in (1.0, 10.0))
    assert few == pytest.approx(many, rel=0.02)
    short, long = (events(cases.line(stations, 50.0, 60.0), 60.0) for stations in (2, 20))
    assert short == pytest.approx(4000 * 50 * 1.5, rel=0.02)  # each stay ends once, and of two one begins by arrival
    assert long == pytest.approx(4000 * 50 * 1.05, rel=0.02)


def test_bytes_of_an_entity_are_those_of_its_arrays() -> None:
    plain, full = (memory.bytes_of_entities(20_000, extras=extras) for extras in (False, True))
    assert plain.alive == pytest.approx(20_000, rel=0.02)
    assert plain.needed <= plain.allocated < 2 * plain.needed
    assert full.needed > plain.needed >= 64


def test_statistics_alone_grow_with_the_horizon(report: scaling.Report) -> None:
    short, long = report.horizons.values()
    assert long.rest == short.rest
    assert long.periods > 1.5 * short.periods


def test_command_writes_its_file_and_reports_what_it_misses(
    report: scaling.Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = scaling.Line("a slow thing", "times", 9.0, 9.0, 2.0)
    quick = scaling.Line("a quick thing", "times", 1.0, 1.0, 2.0)
    for lines, code in (([quick], 0), ([quick, slow], 1)):
        monkeypatch.setattr(scaling, "measure", lambda _, lines=lines: dataclasses.replace(report, lines=lines))
        assert scaling.main(["--json", str(tmp_path / "out.json"), "--charts", str(tmp_path)]) == code
    assert "missed: a slow thing\n" in capsys.readouterr().err
    (written,) = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert written["missed"] == ["a slow thing"]
    assert (tmp_path / "cost_per_event.png").exists()

"""The money gap: exact bridges, parts that add up, residuals that are left alone, and Devon's published numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather

from models.cli import main
from models.figures.parameters import check, parameters
from models.finance.gap import Gap, bridge, ends, part_ends, read_gap, swings
from models.finance.gap_command import gap_table
from sim.errors import FaultsError

DEVON = Path(__file__).parents[3] / "configs" / "finance" / "gap_devon.yaml"
RATE = st.floats(-0.2, 0.2)


def figure(value: float, unit: str, year: str = "2015/16", **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, "year": year, "basis": "resident", "status": "assumed"} | more


def money(value: float, year: str = "2015/16", **more: Any) -> dict[str, Any]:
    return figure(value, "GBP million a year", year, **more)


def line(demand: float, prices: float, growth: float, share: float | None = None) -> dict[str, Any]:
    rates = {"demand": demand, "prices": prices, "money": growth}
    out: dict[str, Any] = {"title": "a line"} | {kind: figure(rate, "per year") for kind, rate in rates.items()}
    return out if share is None else out | {"share": figure(share, "share")}


def data_of(lines: dict[str, Any], spending: float = 1000, short: float = 100, **more: Any) -> dict[str, Any]:
    return {
        "name": "x",
        "title": "X",
        "question": "How much?",
        "first": "2015/16",
        "last": "2017/18",
        "areas": {"x": {"title": "X", "spending": money(spending), "shortfall": {next(iter(lines)): money(short)}}},
        "lines": lines,
        "drafts": {"d": {"title": "D", "area": "x", "lines": list(lines), "gap": money(400, "2017/18")}},
    } | more


def gap_of(lines: dict[str, Any], **more: Any) -> Gap:
    return read_gap(data_of(lines, **more))


def test_without_growth_the_gap_stays_what_it_was() -> None:
    one = bridge(gap_of({"a": line(0, 0, 0)}), "d")
    assert one.gap.tolist() == [100, 100, 100]
    assert one.unexplained == 300


def test_growth_by_hand() -> None:
    """1,000 is spent and 900 is there: 10 % more care, then 5 % more money."""
    one = bridge(gap_of({"a": line(0.1, 0, 0)}), "d")
    assert one.of("demand") == pytest.approx([0, 100, 210])
    assert one.gap == pytest.approx([100, 200, 310])
    one = bridge(gap_of({"a": line(0.1, 0, 0.05)}), "d")
    assert one.of("money") == pytest.approx([0, -45, -92.25])
    assert one.unexplained == pytest.approx(400 - (310 - 92.25))


def test_older_spending_is_carried_forward_by_the_same_growth() -> None:
    data = data_of({"a": line(0.1, 0, 0)})
    data["areas"]["x"]["spending"] = money(1000, "2013/14")
    assert bridge(read_gap(data), "d").gap == pytest.approx([100, 100 + 121, 100 + 121 * 2.1])


@given(st.lists(st.tuples(RATE, RATE, RATE), min_size=1, max_size=3), st.floats(0, 500))
def test_parts_add_up_to_spending_less_money(rates: list[tuple[float, float, float]], short: float) -> None:
    shares = [None, 0.2, 0.3]
    lines = {f"l{n}": line(*rate, share=shares[n]) for n, rate in enumerate(rates)}
    one = bridge(gap_of(lines, short=short), "d")
    for t in range(3):
        expected = 0.0
        for n, (demand, prices, growth) in enumerate(rates):
            spent = 1000 * (shares[n] or 1 - sum(s or 0 for s in shares[: len(rates)]))
            income = spent - (short if n == 0 else 0)
            expected += spent * ((1 + demand) * (1 + prices)) ** t - income * (1 + growth) ** t
        assert one.gap[t] == pytest.approx(expected, abs=1e-7)
    assert one.stated + one.unexplained == pytest.approx(one.published)


@given(RATE, RATE)
def test_demand_and_prices_are_treated_alike(one: float, other: float) -> None:
    first, second = (bridge(gap_of({"a": line(*pair, 0)}), "d") for pair in ((one, other), (other, one)))
    assert first.of("demand") == pytest.approx(second.of("prices"))
    cancelling = bridge(gap_of({"a": line(one, 1 / (1 + one) - 1, 0)}), "d")
    assert cancelling.of("demand") == pytest.approx(-cancelling.of("prices"))
    assert np.isfinite(cancelling.amounts).all()


def test_each_years_own_rate() -> None:
    data = data_of({"a": line(0.1, 0, 0)})
    data["lines"]["a"]["demand"] |= {"value": 0.0954, "low": 0.0454, "high": 0.1454, "by_year": [0.2, 0.0]}
    gap = read_gap(data)
    assert bridge(gap, "d").of("demand") == pytest.approx([0, 200, 200])
    moved = bridge(gap, "d", {"lines.a.demand": 0.0454}).of("demand")
    assert moved == pytest.approx([0, 150, 150 - 0.05 * 1150])


# --- Devon -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draft", "published", "stated"),
    [("published", 557, 492), ("june_2016", 572, 492), ("new_devon_nhs", 384, 316), ("new_devon_case", 442, 392)],
)
def test_devons_drafts(draft: str, published: float, stated: float) -> None:
    """The stated figures fall short of every draft; what they leave is shown, not tuned away."""
    one = bridge(read_gap(DEVON), draft)
    assert one.published == published
    assert round(one.stated) == stated
    assert one.unexplained == pytest.approx(published - one.stated)
    assert one.years == ["2015/16", "2016/17", "2017/18", "2018/19", "2019/20", "2020/21"]
    assert (np.diff(one.gap) > 0).all()


def test_the_published_number_moves_nothing_but_the_rest() -> None:
    gap = read_gap(DEVON)
    first, second = bridge(gap, "published"), bridge(gap, "june_2016")
    assert (first.amounts == second.amounts).all()
    assert second.unexplained - first.unexplained == 15


def test_ranges_hold_what_lies_between() -> None:
    gap = read_gap(DEVON)
    least, most = ends(gap, "published")
    draw, figures = np.random.default_rng(3), gap.figures("published")
    for _ in range(50):
        values = {key: float(draw.uniform(*f.range)) for key, f in figures.items()}
        assert least.stated <= bridge(gap, "published", values).stated <= most.stated
    found = swings(gap, "published")
    assert {s.key for s in found} == set(figures)
    assert [s.width for s in found] == sorted((s.width for s in found), reverse=True)
    for (low, high), amounts in zip(part_ends(gap, "published"), bridge(gap, "published").amounts, strict=True):
        assert low <= amounts[-1] <= high


def test_more_need_and_higher_prices_widen_it_and_more_money_narrows_it() -> None:
    for s in swings(read_gap(DEVON), "published"):
        if s.key.startswith("lines") and not s.key.endswith("share"):
            assert (s.at_high > s.at_low) == (not s.key.endswith("money"))


def test_every_figure_of_the_bridge_says_where_it_comes_from() -> None:
    own = [p for p in parameters() if p.file == "finance/gap_devon.yaml"]
    assert check(own) == []
    assert {p.key.removeprefix("finance.") for p in own} >= set(read_gap(DEVON).figures("published"))
    assert all(p.source or p.status == "assumed" for p in own)


# --- faults ----------------------------------------------------------------------------------------------------------


def test_all_faults_at_once() -> None:
    data = data_of({"a": line(0, 0, 0), "b": line(0, 0, 0, share=0.7), "c": line(0, 0, 0, share=0.4)})
    data["lines"]["a"]["demand"] |= {"by_year": [0.0]}
    data["areas"]["x"] |= {"spending": money(1000, "2016/17"), "shortfall": {"aa": money(5, "2014/15")}}
    data["drafts"]["d"] |= {"area": "y", "lines": ["a", "a", "bb"], "gap": money(400, "2020/21")}
    with pytest.raises(FaultsError) as error:
        read_gap(data)
    told = str(error.value)
    for words in (
        "lines.a.demand.by_year = 1: there are 2 years",
        "areas.x.shortfall = 'aa': is no line; there are: a, b, c. Did you mean 'a'?",
        "areas.x.shortfall.aa.year = '2014/15': must be 2015/16",
        "areas.x.spending.year = '2016/17': must be 2015/16 or before",
        "drafts.d.area = 'y': is no area",
        "drafts.d.lines = 'bb': is no line",
        "drafts.d.lines = 'a, a, bb': a line stands there twice",
        "drafts.d.gap.year = '2020/21': must be 2017/18",
        "shares must leave a rest; at the top of their ranges they sum to 1.1",
    ):
        assert words in told
    assert len(error.value.faults) == 9


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("demand", figure(0.9, "per year"), "must lie between -0.5 and 0.5"),
        ("demand", figure(0.1, "per year", by_year=[0.2, 0.2]), "must be the compound mean of by_year, 0.2000"),
        ("prices", figure(0.1, "share"), "its unit must be 'per year'"),
        ("share", figure(1.2, "share"), "between 0 and 1"),
    ],
)
def test_shapes(key: str, value: dict[str, Any], words: str) -> None:
    data = data_of({"a": line(0, 0, 0)})
    data["lines"]["a"][key] = value
    with pytest.raises(FaultsError, match="a") as error:
        read_gap(data)
    assert words in str(error.value)


# --- command ---------------------------------------------------------------------------------------------------------


def test_table_sums_to_the_published_number() -> None:
    gap = read_gap(DEVON)
    table, one = gap_table(gap, "published").to_pandas(), bridge(gap, "published")
    for n, year in enumerate(one.years):
        rows = table.loc[table["year"] == year, "million_gbp"]
        assert rows.sum() == pytest.approx(557 if year == gap.last else one.gap[n])


def test_the_command_prints_the_bridge_and_writes_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []
    for _ in range(2):
        assert main(["gap", "draft=june_2016", f"out={tmp_path / 'gap'}"]) == 0
        written.append({p.name: p.read_bytes() for p in sorted((tmp_path / "gap").iterdir())})
    assert written[0] == written[1]
    assert list(written[0]) == ["chart_gap.png", "gap.arrow", "gap.json", "manifest.json"]
    said = capsys.readouterr().out
    for words in ("£572 million", "Not explained by the stated parts", "+80", "+ widens the gap", "own estimate"):
        assert words in said
    table = feather.read_table(tmp_path / "gap" / "gap.arrow")
    assert {f.name: (f.metadata or {}).get(b"unit") for f in table.schema}["million_gbp"] == b"GBP million a year"
    document = json.loads(written[0]["gap.json"])
    assert document["stated"] + document["unexplained"] == pytest.approx(document["published"]) == 572


def test_the_command_names_every_fault_of_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gap", "footprint=devn", "drft=x", "file"]) == 2
    told = capsys.readouterr().err
    for words in ("Did you mean 'devon'?", "Did you mean 'draft='?", "write footprint=NAME"):
        assert words in told
    assert main(["gap", "draft=june"]) == 2
    assert "Did you mean 'june_2016'?" in capsys.readouterr().err

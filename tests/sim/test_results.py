"""From replications to figures: exact answers inside intervals, half-widths, what was never seen, tables and JSON."""

from __future__ import annotations

import doctest
import json
import math
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from sim import load_network
from sim.clock import DAY
from sim.errors import CarebridgeError
from sim.load import steadiness
from sim.results import Experiment, Results, simulate
from sim.results.document import document
from sim.results.moments import Moments
from sim.results.quantiles import BIN_EDGES, BINS, SHARES, quantiles
from sim.results.tables import read_table, tables, write_tables
from sim.results.text import WIDTH, report


def exponential(mean: str) -> dict[str, Any]:
    return {"kind": "exponential", "mean": mean}


def queue(rate: float = 17, places: int = 20, **more: Any) -> dict[str, Any]:
    """A station with stays of a day on average."""
    return {
        "horizon": "250 d",
        "warm_up": "31 d",
        "sources": {"door": {"to": "ward", "rate_per_day": rate}},
        "stations": {"ward": {"places": places, "service": exponential("1 d")}},
        "observe": {"period": "1 d", "snapshot_every": "1 h", "wait_over": ["4 h"]},
        **more,
    }


def waiting_probability(places: int, load: float) -> float:
    """Erlang C, by the recursion of Erlang B."""
    blocked = 1.0
    for n in range(1, places + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1 - load / places * (1 - blocked))


FAMILY = 1.8  #: half-widths of 95 % become those of 99.9 %, because many figures are compared


def misses(results: Results, exact: dict[tuple[str, str], float], narrow: float = 0.15) -> list[str]:
    """Figures whose interval misses the exact value, or is too wide to tell."""
    found = []
    for (name, measure), value in exact.items():
        one = results.figure(name, measure)
        if not abs(one.value - value) <= FAMILY * one.half_width or one.half_width > narrow * value:
            found.append(f"{name} {measure}: {one.value:.4g} ± {one.half_width:.2g}, exact {value:.4g}")
    return found


@pytest.fixture(scope="module")
def mmc() -> Results:
    return simulate(queue(), replications=40, seed=3, workers=2)


def test_a_queue_agrees_with_erlang_c(mmc: Results) -> None:
    wait = waiting_probability(20, 17)
    assert waiting_probability(20, 17) == pytest.approx(0.38505622989332494)
    exact = {
        "number_in_service": 17,
        "number_waiting": wait * 17 / 3,
        "number_at_station": 17 + wait * 17 / 3,
        "wait_mean": wait / 3,
        "wait_mean_of_all_who_came": wait / 3,
        "wait_mean_of_waiters": 1 / 3,
        "share_waited": wait,
        "wait_over_4h": wait * math.exp(-3 / 6),
        "active_service": 1,
        "length_of_stay": 1,
        "time_at_station": 1 + wait / 3,
        "throughput": 17,
        "started_rate": 17,
        "occupancy": 0.85,
        "utilisation": 0.85,
        "places_occupied": 17,
        "all_places_occupied": wait,
    }
    assert misses(mmc, {("ward", m): v for m, v in exact.items()}) == []
    assert (
        misses(mmc, {("system", "number_in_system"): 17 + wait * 17 / 3, ("system", "time_in_system"): 1 + wait / 3})
        == []
    )


def test_the_number_present_is_distributed_as_it_should_be(mmc: Results) -> None:
    found = dict(mmc.distribution("present", "ward"))
    exact = [17**n / math.factorial(n) for n in range(21)]
    exact += [exact[20] * 0.85**k for k in range(1, 200)]
    for n in (12, 16, 20, 24):
        value, half = found[n]
        assert abs(value - exact[n] / sum(exact)) <= FAMILY * half < 0.03
    assert sum(value for value, _ in found.values()) == pytest.approx(1)
    occupied = dict(mmc.distribution("occupied", "ward"))
    assert max(occupied) == 20
    assert occupied[20].value == pytest.approx(mmc.figure("ward", "all_places_occupied").value)


def test_blocking_after_service_agrees_with_the_markov_chain() -> None:
    stations = {
        "acute": {
            "places": 10,
            "waiting_room": 0,
            "service": exponential("5 d"),
            "routes": [{"to": {"community": 0.2, "leave": 0.8}}],
        },
        "community": {"places": 4, "waiting_room": 0, "service": exponential("12 d")},
    }
    door = {"door": {"to": "acute", "rate_per_day": 1.6}}
    file = {"horizon": "2000 d", "warm_up": "212 d", "sources": door, "stations": stations}
    results = simulate(file, replications=40, seed=1, workers=2)
    exact = {
        ("acute", "throughput"): 1.3022093433490063,
        ("acute", "number_in_service"): 6.511046716745032,
        ("acute", "number_blocked"): 1.0116634807879985,
        ("community", "number_awaited"): 1.0116634807879985,
        ("community", "number_in_service"): 3.1253024240376237,
        ("acute", "occupancy"): 0.7522710197533029,
        ("acute", "share_lost"): 1 - 1.3022093433490063 / 1.6,
        ("acute", "capacity_delay"): 1.0116634807879985 / 1.3022093433490063,
    }
    assert misses(results, exact) == []
    stay = results.figure("acute", "length_of_stay").value
    parts = [results.figure("acute", m).value for m in ("active_service", "capacity_delay", "transition_delay")]
    assert stay == pytest.approx(sum(parts))


def test_figures_are_those_after_the_warm_up(mmc: Results) -> None:
    block = mmc.periods("stations")
    measured = mmc.axes.measured
    assert measured.tolist() == [False] * 31 + [True] * 219
    k = block.measures.index("number_in_service")
    assert block.value[k, measured, 0, 0].mean() == pytest.approx(mmc.figure("ward", "number_in_service").value)
    assert block.value[k, 0, 0, 0] < 10  # the ward fills on the first day


def test_a_period_is_cut_at_the_warm_up() -> None:
    results = simulate(queue(warm_up="249.5 d"), replications=2)
    written = document(results, steadiness(results.axes.network))
    assert written["measured"] == {"from": 249.5, "to": 250}
    assert [p["measured"] for p in written["by_period"][-3:]] == [False, False, True]


def test_a_network_that_fills_is_seen_by_period() -> None:
    file = queue(rate=60, places=1)
    file["stations"]["ward"] |= {"places": "inf", "service": exponential("6.5 d")}
    results = simulate(file | {"horizon": "20 d", "warm_up": "0 d"}, replications=30, seed=2, workers=2)
    block = results.periods("stations")
    k = block.measures.index("number_in_service")
    for day in (1, 5, 15):
        exact = 390 * (1 - 6.5 * (math.exp(-day / 6.5) - math.exp(-(day + 1) / 6.5)))
        assert abs(block.value[k, day, 0, 0] - exact) <= FAMILY * block.half_width[k, day, 0, 0] < 0.09 * exact
    for measure in ("occupancy", "utilisation", "places_open"):
        assert np.isnan(results.figure("ward", measure).value)
    assert results.figure("ward", "all_places_occupied").value == 0


def test_workers_make_no_difference() -> None:
    one, two = (simulate(queue(), replications=5, workers=w) for w in (1, 2))
    assert one.fingerprints == two.fingerprints
    assert json.dumps(document(one, steadiness(one.axes.network, one.queues))) == json.dumps(
        document(two, steadiness(two.axes.network, two.queues))
    )


def test_replications_are_added_and_not_repeated() -> None:
    whole = simulate(queue(), replications=5)
    experiment = Experiment(load_network(queue()))
    experiment.run(2)
    parts = experiment.run(5)
    assert parts.fingerprints == whole.fingerprints
    assert parts.figure("ward", "wait_mean") == whole.figure("ward", "wait_mean")


def test_one_replication_has_no_half_widths() -> None:
    results = simulate(queue(), replications=1)
    written = document(results, steadiness(results.axes.network, results.queues))
    assert "one replication only" in written["warnings"][0]
    figures = written["stations"]["ward"]["all"]
    assert figures["number_in_service"]["value"] == pytest.approx(17, rel=0.1)
    assert {figure["half_width"] for figure in figures.values()} == {None}
    assert "±" not in "\n".join(report(results, steadiness(results.axes.network)))


def test_a_station_that_nobody_visits_and_a_source_without_rate() -> None:
    file = queue()
    file["stations"]["attic"] = {"places": 3, "service": exponential("1 d")}
    file["stations"]["closed"] = {"places": 0, "service": exponential("1 d")}
    file["sources"]["nobody"] = {"to": "closed", "rate_per_day": 0}
    results = simulate(file, replications=3)
    written = document(results, steadiness(results.axes.network, results.queues))
    attic, closed = written["stations"]["attic"]["all"], written["stations"]["closed"]["all"]
    assert attic["wait_mean"] == {"value": None, "half_width": None}
    assert attic["number_at_station"] == {"value": 0.0, "half_width": 0.0}
    assert attic["occupancy"] == {"value": 0.0, "half_width": 0.0}
    assert closed["occupancy"] == {"value": None, "half_width": None}
    assert written["steady"]["steady"]
    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_nobody_at_all() -> None:
    results = simulate(queue(rate=0), replications=2)
    written = document(results, steadiness(results.axes.network, results.queues))
    assert written["system"]["all"]["time_in_system"] == {"value": None, "half_width": None}
    assert written["steady"]["stations"]["ward"]["utilisation"] == 0
    assert written["warnings"] == []
    assert report(results, steadiness(results.axes.network))


CLASSES = {
    "classes": ["urgent", "planned"],
    "attributes": {"age": ["young", "old"]},
    "sources": {
        "a": {"class": "urgent", "to": "ward", "rate_per_day": 10, "attributes": {"age": {"young": 0.4, "old": 0.6}}},
        "b": {"class": "planned", "to": "ward", "rate_per_day": 7.5},
    },
}


def test_classes_and_groups_add_up() -> None:
    file = queue(**CLASSES)
    file["stations"]["ward"]["priority"] = {"urgent": 0, "planned": 1}
    file["observe"] = {"by": ["age"]}
    results = simulate(file, replications=20, seed=5, workers=2)
    ward = document(results, steadiness(results.axes.network))["stations"]["ward"]
    assert list(ward["classes"]) == ["urgent", "planned"]
    assert list(ward["groups"]) == ["urgent, age=young", "urgent, age=old", "planned, age=young", "planned, age=old"]
    for measure in ("number_waiting", "arrived_rate", "started_total"):
        whole = ward["all"][measure]["value"]
        for parts in ("classes", "groups"):
            assert sum(f[measure]["value"] for f in ward[parts].values()) == pytest.approx(whole)
    # two classes, non-preemptive priority: Wq = C / (c mu (1 - sigma before)(1 - sigma))
    wait = waiting_probability(20, 17.5) / 20
    exact = {"urgent": wait / (1 - 0.5), "planned": wait / (1 - 0.5) / (1 - 0.875)}
    for name, value in exact.items():
        found = ward["classes"][name]["wait_mean"]
        assert abs(found["value"] - value) <= FAMILY * found["half_width"]


def test_those_who_give_up_count_where_it_is_said() -> None:
    """Erlang A: as many servers as arrivals a day, patience of two days."""
    file = queue(rate=20)
    file["stations"]["ward"]["patience"] = [{"after": exponential("2 d"), "then": "leave"}]
    clocks = {"door to place": {"station": "ward", "until": "started", "within": "4 h"}}
    results = simulate(file | {"observe": {"clocks": clocks, "wait_over": ["4 h"]}}, replications=40, workers=2)
    weight = [1.0]
    for n in range(1, 400):
        weight.append(weight[-1] * 20 / (min(n, 20) + max(0, n - 20) / 2))
    p = np.array(weight) / sum(weight)
    queued = float(np.maximum(np.arange(400) - 20, 0) @ p)
    lost, waited = queued / 2 / 20, float(p[20:].sum())
    exact = {
        "number_waiting": queued,
        "share_reneged": lost,
        "wait_mean_of_all_who_came": queued / 20,
        "share_waited_of_all_who_came": waited,
        "share_waited": (waited - lost) / (1 - lost),
        "occupancy": 1 - lost,
        "share_lost": 0,
    }
    assert misses(results, {("ward", m): v for m, v in exact.items()}) == []
    assert results.figure("door to place", "mean") == results.figure("ward", "wait_mean")
    within = results.figure("door to place", "share_within").value
    assert within == pytest.approx(1 - results.figure("ward", "wait_over_4h").value)


def test_those_who_wait_at_the_start_give_up_too() -> None:
    """They are in no flow of coming, so shares are of those who go."""
    file = queue(rate=0.5, places=1, census=[{"station": "ward", "count": 30, "state": "waiting"}], warm_up="0 d")
    file["stations"]["ward"]["patience"] = [{"after": exponential("2 d"), "then": "leave"}]
    share = simulate(file | {"horizon": "10 d"}, replications=3).figure("ward", "share_reneged").value
    assert 0.5 < share < 1


def test_waits_after_a_preemption_are_waits_of_the_same_stay() -> None:
    file = queue(rate=3, places=1, classes=["high", "low"])
    file["sources"] = {c: {"class": c, "to": "ward", "rate_per_day": r} for c, r in (("high", 3), ("low", 4))}
    preempting = {"service": exponential("0.1 d"), "priority": {"high": 0, "low": 1}, "preempt": "resume"}
    file["stations"]["ward"] |= preempting
    results = simulate(file | {"horizon": "600 d"}, replications=40, workers=2)
    exact = {"high": 0.1 / 0.7, "low": 0.1 / 0.7 / 0.3}  # time in the system: 1 / mu / (1 - sigma before) / (1 - sigma)
    for name, time in exact.items():
        for measure, value in {"time_at_station": time, "wait_mean": time - 0.1, "length_of_stay": 0.1}.items():
            one = results.figure("ward", measure, name)
            assert abs(one.value - value) <= FAMILY * one.half_width < 0.2 * value, (name, measure)


def test_pools_overflow_turnaround_and_slots() -> None:
    file = queue(rate=10, places=8, pools={"staff": {"places": 40}})
    file["stations"]["ward"] |= {
        "overflow": {"to": ["annexe"]},
        "turnaround": exponential("6 h"),
        "holds": {"staff": 2},
    }
    file["stations"]["annexe"] = {"places": 30, "service": exponential("1 d")}
    file["stations"]["clinic"] = {
        "places": 50,
        "service": {"kind": "deterministic", "mean": "30 min"},
        "slots": [{"hours": [9, 17], "each_hour": 3}],
    }
    file["sources"]["booked"] = {"to": "clinic", "rate_per_day": 12}
    results = simulate(file, replications=20, workers=2)
    written = document(results, steadiness(results.axes.network))
    ward, annexe = (written["stations"][n]["all"] for n in ("ward", "annexe"))
    clinic, staff = written["stations"]["clinic"]["all"], written["pools"]["staff"]["all"]

    def value(figures: dict[str, Any], measure: str) -> float:
        return figures[measure]["value"]

    assert 0 < value(ward, "share_overflowed") < 1
    assert value(annexe, "places_occupied") == pytest.approx(value(ward, "number_outlying"))
    own = value(ward, "number_in_service") - value(ward, "number_outlying")
    assert value(ward, "places_occupied") == pytest.approx(own + value(ward, "places_in_turnaround"))
    assert value(staff, "places_occupied") == pytest.approx(2 * value(ward, "number_in_service"))
    assert value(staff, "occupancy") == pytest.approx(value(staff, "places_occupied") / 40)
    assert value(clinic, "slots_offered_rate") == 24
    assert value(clinic, "slots_used") == pytest.approx(value(clinic, "started_rate") / 24)


def test_a_class_called_all_is_told_apart() -> None:
    file = queue(classes=["all", "some"])
    file["sources"] = {c: {"class": c, "to": "ward", "rate_per_day": r} for c, r in (("all", 12), ("some", 5))}
    ward = document(results := simulate(file, replications=2), steadiness(results.axes.network))["stations"]["ward"]
    assert ward["all"]["arrived_rate"]["value"] == pytest.approx(17, rel=0.05)
    assert ward["classes"]["all"]["arrived_rate"]["value"] == pytest.approx(12, rel=0.05)


def test_the_example_in_the_source_is_true() -> None:
    assert doctest.testmod(sys.modules["sim.results.simulate"]).failed == 0


def test_an_unknown_figure_names_the_nearest(mmc: Results) -> None:
    with pytest.raises(CarebridgeError, match="Did you mean 'wait_mean'"):
        mmc.figure("ward", "wait_meen")


MEASURES = (
    *("number_waiting", "number_in_service", "number_blocked", "number_in_transition", "number_awaited"),
    *("number_at_station", "wait_mean", "wait_mean_of_waiters", "wait_mean_of_all_who_came", "share_waited"),
    *(
        "share_waited_of_all_who_came",
        "wait_over_4h",
        "wait_p50",
        "wait_p75",
        "wait_p90",
        "wait_p95",
        "wait_p98",
        "wait_p99",
    ),
    *("active_service", "capacity_delay", "transition_delay", "length_of_stay", "time_at_station"),
    *("throughput", "share_delayed", "share_lost", "share_diverted", "share_reneged", "share_died"),
    *("share_overflowed", "arrived_rate", "returned_rate", "transferred_in_rate", "started_rate", "served_rate"),
    *("transferred_out_rate", "left_rate", "lost_rate", "delayed_rate", "waited_rate", "diverted_rate"),
    *("reneged_rate", "died_rate", "reclassified_in_rate", "reclassified_out_rate", "preempted_rate"),
    *("resumed_rate", "overflowed_rate", "repatriated_rate", "swapped_rate", "arrived_total", "swapped_total"),
    *("places_open", "places_occupied", "places_in_turnaround", "places_draining", "occupancy"),
    *("all_places_occupied", "utilisation", "number_outlying", "slots_offered_rate", "slots_used"),
)
TOP = (
    *("name", "schema_version", "unit", "replications", "seed", "warm_up", "horizon", "measured", "events"),
    *("warnings", "notes", "steady", "units", "stations", "pools", "clocks", "system", "by_period"),
)


def test_names_in_json_are_stable(mmc: Results) -> None:
    written = document(mmc, steadiness(mmc.axes.network, mmc.queues))
    assert tuple(written) == TOP
    ward = written["stations"]["ward"]
    assert list(ward) == ["all", "classes", "occupancy_distribution", "number_distribution"]
    assert set(MEASURES) <= set(ward["all"])
    assert set(ward["all"]) <= set(written["units"])
    assert written["units"]["wait_mean"] == "d"
    assert written["units"]["throughput"] == "1/d"
    assert ward["classes"]["all"]["wait_mean"] == ward["all"]["wait_mean"]
    assert ward["occupancy_distribution"][-1].keys() == {"n", "value", "half_width"}
    assert (written["warm_up"], written["horizon"], written["measured"]) == (31, 250, {"from": 31, "to": 250})
    period = written["by_period"][31]
    assert (period["start"], period["end"], period["measured"]) == (31, 32, True)
    assert period["stations"]["ward"]["all"]["number_in_service"]["value"] == pytest.approx(17, rel=0.1)
    assert period["stations"]["ward"]["all"]["places_open"]["value"] == 20


def test_tables_are_tidy_and_carry_units(mmc: Results, tmp_path: Any) -> None:
    found = tables(mmc)
    write_tables(tmp_path, found, mmc, {"scenario_hash": "x"})
    summary = read_table(tmp_path / "summary.arrow")
    assert summary.attrs["time_unit"] == "d"
    row = summary[(summary.name == "ward") & (summary.measure == "wait_mean")].iloc[0]
    assert (row["class"], row.unit, row.replications) == ("all", "d", 40)
    assert row.value == mmc.figure("ward", "wait_mean").value
    each = read_table(tmp_path / "replications.arrow")
    values = each[(each.name == "ward") & (each.measure == "number_waiting")].value
    assert len(values) == 40
    assert values.mean() == pytest.approx(mmc.figure("ward", "number_waiting").value)
    periods = read_table(tmp_path / "by_period.arrow")
    assert periods.attrs["units"]["start"] == "d"
    assert str(periods.start_time.iloc[0]) == "2018-04-01 00:00:00"
    occupancy = read_table(tmp_path / "occupancy.arrow")
    assert occupancy[occupancy.what == "occupied"].value.sum() == pytest.approx(1)
    waits = read_table(tmp_path / "waits.arrow")
    assert waits.share_up_to.iloc[-1] == 1
    assert waits["count"].sum() == pytest.approx(40 * mmc.figure("ward", "started_total").value)


def test_a_table_of_another_layout_is_refused(tmp_path: Any) -> None:
    from sim.arrow import write_table

    write_table(tmp_path / "x.arrow", pa.table({"a": [1]}), {}, {"schema_version": "9.0"})
    with pytest.raises(CarebridgeError, match=r"layout 9\.0"):
        read_table(tmp_path / "x.arrow")


def test_the_report_fits_the_screen(mmc: Results) -> None:
    lines = report(mmc, steadiness(mmc.axes.network, mmc.queues))
    assert max(map(len, lines)) <= WIDTH
    text = "\n".join(lines)
    for part in ("40 replications", "seed 3", "measured from 31 to 250 d", "ward", "mean wait", "±", "system:"):
        assert part in text
    assert "lost" not in text
    assert "blocked" not in text


# -- half-widths and quantiles ----------------------------------------------------------------------------------------


def test_moments_are_the_t_interval_of_a_mean_and_of_a_ratio() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.gamma(3, 1e12, 12), rng.gamma(30, 1e3, 12)
    moments = Moments()
    for a, b in zip(x, y, strict=True):
        moments.add(np.array([a, a, 3 * b, a]), np.array([1.0, b, b, 0.0]))
    low, high = stats.t.interval(0.95, 11, x.mean(), stats.sem(x))
    assert moments.value()[0] == pytest.approx(x.mean())
    assert moments.half_width()[0] == pytest.approx((high - low) / 2)
    ratio = x.sum() / y.sum()
    assert moments.value()[1] == pytest.approx(ratio)
    linear = ratio + (x - ratio * y) / y.mean()
    assert moments.half_width()[1] == pytest.approx(stats.t.ppf(0.975, 11) * stats.sem(linear))
    assert moments.value()[2] == pytest.approx(3)
    assert moments.half_width()[2] == 0
    assert np.isnan([moments.value()[3], moments.half_width()[3]]).all()


def test_bins_are_those_of_the_semantics() -> None:
    def bin_of(w: int) -> int:
        e = w.bit_length() - 1
        return w if w < 64 else min(1151, 64 + 32 * (e - 6) + (w // 2 ** (e - 5)) % 32)

    assert len(BIN_EDGES) == BINS
    assert [bin_of(int(edge)) for edge in BIN_EDGES] == list(range(BINS))
    assert [bin_of(int(edge) - 1) for edge in BIN_EDGES[1:]] == list(range(BINS - 1))


def test_quantiles_come_from_the_bins() -> None:
    rng = np.random.default_rng(4)
    counts = Moments()
    for _ in range(25):
        waits = np.where(rng.random(4000) < 0.6, 0, rng.exponential(DAY, 4000)).astype(np.int64)
        fine = np.bincount(np.searchsorted(BIN_EDGES, waits, side="right") - 1, minlength=BINS)[None, None]
        counts.add(fine.cumsum(axis=2), fine.sum(axis=2, keepdims=True))
    value, half = quantiles(counts, DAY)
    exact = [max(0.0, -math.log((1 - share) / 0.4)) for share in SHARES]
    assert value[0, 0, 0] == half[0, 0, 0] == exact[0] == 0
    for k in range(1, len(SHARES)):
        assert abs(value[k, 0, 0] - exact[k]) <= FAMILY * half[k, 0, 0]
        assert 0 < half[k, 0, 0] < 0.06


def test_quantiles_of_one_replication_have_no_interval() -> None:
    counts, fine = Moments(), np.zeros((1, 2, BINS), np.int64)
    fine[0, 0, 100] = 10
    counts.add(fine.cumsum(axis=2), fine.sum(axis=2, keepdims=True))
    value, half = quantiles(counts, 1)
    assert BIN_EDGES[100] < value[0, 0, 0] < BIN_EDGES[101]
    assert np.isnan(half).all()
    assert np.isnan(value[:, 0, 1]).all()


def test_waits_have_quantiles(mmc: Results) -> None:
    wait = waiting_probability(20, 17)
    exact = {("ward", f"wait_p{p}"): math.log(wait / (1 - p / 100)) / 3 for p in (75, 90, 95)}
    assert misses(mmc, exact, narrow=0.25) == []
    assert mmc.figure("ward", "wait_p50") == (0, 0)

"""More community places never harm access, beyond chance; what is said of them, and the command."""

from __future__ import annotations

import numpy as np
import pytest
from pyarrow import feather

from models.cli import main
from models.compare.monotonicity import MEASURES, Added, monotonicity, not_falling
from models.compare.monotonicity_command import lines
from models.settings.request import parse
from models.settings.settings import settings
from tests.models.small_area import area

SERVICES = ("p1", "p2", "p3")


def added(change: float, spread: float = 0.001, margin: float = 0.01, places: int = 10) -> Added:
    """Ten replications that differ from none by a change, give or take."""
    without = np.full(10, 0.1)
    values = without + change + spread * np.tile([-1.0, 1.0], 5)
    return Added("p1", places, "delayed", values, without, margin)


@pytest.mark.parametrize(
    ("change", "spread", "says"),
    [
        (-0.02, 0.001, "better"),
        (0.0, 0.0, "no harm"),
        (0.005, 0.001, "no harm"),  # within the margin
        (0.02, 0.001, "harm"),
        (0.0, 0.05, "undetermined"),
    ],
)
def test_what_is_said_follows_from_the_one_sided_bounds(change, spread, says):
    assert added(change, spread).says == says


def test_bounds_are_those_of_the_paired_t_interval():
    low, high = added(0.0, 0.003).bounds
    half = 1.833113 * 0.003 * np.sqrt(10 / 9) / np.sqrt(10)  # t of nine degrees of freedom, 95 % one-sided
    assert (low, high) == (pytest.approx(-half, rel=1e-5), pytest.approx(half, rel=1e-5))


def test_steps_that_make_things_worse_are_named():
    rows = [added(-0.02), added(-0.01, places=25), added(-0.03, places=50)]
    assert [(a.places, b.places) for a, b in not_falling(rows)] == [(10, 25)]
    assert "delayed: 25 more places of p1 are worse than 10." in "\n".join(lines(area(), rows))


def test_more_places_of_any_service_never_harm_and_none_change_nothing():
    found = monotonicity(area("replications=3"), SERVICES, (0, 10, 100), 2)
    assert len(found) == len(SERVICES) * len(MEASURES) * 3
    assert not list(not_falling(found))
    for row in found:
        if row.places == 0:
            assert np.array_equal(row.values, row.without)
        else:
            assert row.bounds[1] <= row.margin and row.change < 0, row
            assert (row.values <= row.without + row.margin).all(), row


@pytest.mark.nightly
@pytest.mark.parametrize(
    "words",
    [
        ("footprint=devon", "plan=none"),
        ("footprint=devon", "plan=devon_2016"),
        ("footprint=devon", "plan=devon_2016", "gates=none"),
        ("footprint=cornwall", "plan=none"),
        ("footprint=nottinghamshire", "plan=none", "around=none", "feedback=none"),
    ],
    ids=" ".join,
)
def test_more_places_do_no_harm_anywhere_with_all_that_is_usual(words):
    """Answers of stays to pressure, staff and gates are on; places then follow staff."""
    short = ("timeline=5y", "criteria.longest_timeline_years=5", "criteria.window_years_after=2", "replications=12")
    found = monotonicity(settings(parse([*words, *short])), SERVICES, (10, 50, 100), 2)
    assert not [row for row in found if row.says == "harm"]
    assert not list(not_falling(found))


def test_command_prints_and_writes_every_replication(tmp_path, capsys):
    short = ["criteria.longest_timeline_years=3", "criteria.window_years_after=1", "timeline=3y"]
    small = ["footprint=tameside_glossop", "plan=none", "around=none", "feedback=none", "replications=2", *short]
    assert main(["monotonicity", *small, "services=p1", "places=25", f"out={tmp_path / 'x'}"]) == 0
    told = capsys.readouterr().out
    assert "as planned" in told and "+25" in told and "p2" not in told
    table = feather.read_table(tmp_path / "x" / "monotonicity.arrow").to_pandas()
    assert len(table) == 2 * len(MEASURES) and set(table["places"]) == {25}
    assert (table["share"] <= table["without"]).all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["places=ten"], "whole numbers"),
        (["places=-1"], "between 0"),
        (["services=p9"], "there are: all, p1, p2, p3"),
        (["replications=1"], "two or more"),
    ],
)
def test_bad_words_are_named(words, said, capsys):
    assert main(["monotonicity", *words]) == 2
    assert said in capsys.readouterr().err

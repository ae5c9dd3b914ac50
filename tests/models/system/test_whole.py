"""The whole care system of a footprint, in both details: it reads, runs and keeps its books."""

import datetime as dt

import pytest

from models import CONFIGS
from models.footprint.footprint import load_footprint
from models.system.whole.network import whole
from sim import Run, lower
from sim.errors import FaultsError
from sim.littles_law import assert_littles_law

END = dt.date(2017, 9, 1)


def built(name: str, detail: str):
    return whole(load_footprint(CONFIGS / "footprint" / f"{name}.yaml"), detail=detail, horizon=END)


@pytest.mark.parametrize("name", ["devon", "dorset"])
@pytest.mark.parametrize("detail", ["default", "full"])
def test_it_runs_and_little_s_law_holds_everywhere(name, detail):
    """Every station, class and period; conservation is asserted by the run itself."""
    system = built(name, detail)
    run = Run(lower(system.network), 1, 0)
    run.advance()
    assert_littles_law(run.lowered, run.state)
    assert run.events > 50_000


def test_full_detail_knows_more_places_and_people():
    """The same hospitals: A&E and contacts outside hospital are individuals only in full detail."""
    default, full = built("devon", "default"), built("devon", "full")
    assert len(full.network.stations) > len(default.network.stations)
    assert any("ed" in name.split("_") for name in full.network.stations)
    assert not default.four_hour and set(full.four_hour) == set(default.footprint.sites)


def test_an_unknown_detail_is_named():
    """The fault says which are known."""
    with pytest.raises(FaultsError, match="detail"):
        built("devon", "everything")

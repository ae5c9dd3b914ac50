"""The hybrid file of home care in Devon keeps the figures of the fitted footprint."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.settings.request import parse
from models.settings.settings import settings
from models.stocks.hybrid_files import load
from models.system.sizes import community_places
from models.system.system import pathway_station

FILE = Path(__file__).parents[3] / "configs" / "hybrid" / "devon_home_care.yaml"


@pytest.fixture(scope="module")
def hybrid():
    return load(FILE)


def by_site(hybrid, name: str) -> dict[str, float]:
    return {site: value for (site,), value in hybrid.model.variables[name].values.items()}


def test_the_file_has_no_faults(hybrid):
    assert hybrid.entity == "person"
    assert hybrid.exchanges == hybrid.network.horizon // 86_400_000
    model = hybrid.model
    assert model.time.end == model.time.start + hybrid.exchanges
    for name in hybrid.headline:
        assert name in model.columns()


def test_the_places_are_those_of_the_fitted_footprint(hybrid):
    chosen = settings(parse(["footprint=devon"]))
    assert chosen.fit is not None
    places = {
        site: n for (site, pathway), n in community_places(chosen.footprint, chosen.fit).items() if pathway == "p1"
    }
    assert by_site(hybrid, "full_places") == places
    for site in chosen.footprint.sites:
        station = pathway_station(site, "p1")
        assert [f.input for f in hybrid.feeds if station in f.station] == [f"use[{site}]", f"delayed[{site}]"]
        assert [d.variable for d in hybrid.drives if d.station == station] == [f"places_served[{site}]"]
        assert hybrid.network.stations[station].places[0].places == places[site]


def test_the_shipped_stocks_are_those_of_a_whole_service(hybrid):
    """At the start the staff can serve every place, and pay is not raised."""
    from sim.stocks import Stocks, at_other_times

    found = Stocks(at_other_times(hybrid.model, until=0)).run()
    for site, places in by_site(hybrid, "full_places").items():
        assert found[f"places_served[{site}]"][0] == places
    assert found["share_served"][0] == 1
    assert found["pay_raised"][0] == 0


@pytest.mark.nightly
def test_the_usual_use_is_that_of_the_network_alone(hybrid):
    from sim.results import simulate

    found = simulate(hybrid.network, 8, seed=1, workers=2)
    for site, use in by_site(hybrid, "usual_use").items():
        alone = found.figure(pathway_station(site, "p1"), "occupancy")
        assert use == pytest.approx(alone.value, abs=0.02), site

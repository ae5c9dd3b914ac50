"""Footprints of 2023/24: England of that year, admissions that follow from earlier returns, delays by share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from models import CONFIGS
from models.calibration.aim import targets
from models.calibration.bases import COUNTED, compared
from models.figures.presets import composed
from models.footprint import checks, observed
from models.footprint.basis import reasons
from models.footprint.footprint import DATA_FOLDER, Footprint, LaterData, load_footprint
from models.footprint.short import NoBaseline, defaults, read_short, years
from models.footprint.trusts import months_since, shares_without_gaps
from models.settings import files
from models.settings.files import of_year, year_of
from models.settings.request import parse
from models.settings.settings import settings
from sim.errors import FaultsError

FOLDER = CONFIGS / "footprint"
LATER = "2023/24"


@pytest.fixture(scope="module")
def devon() -> Footprint:
    return load_footprint(FOLDER / "devon_2023_24.yaml")


def raw(name: str = "devon_2023_24") -> dict[str, Any]:
    return composed(FOLDER / f"{name}.yaml")


# --- England ---------------------------------------------------------------------------------------------------------


def test_there_are_figures_of_two_years_and_others_are_refused() -> None:
    assert years() == ["2018/19", LATER]
    with pytest.raises(FaultsError, match=r"no figures of England for this year.*2018/19, 2023/24.*'2023/24'"):
        read_short(raw() | {"baseline_year": "2023/25"})


def test_england_of_2023_24_is_what_the_trusts_sum_to() -> None:
    """KH03: the acute trusts hold 96.5 % of the beds; the table leaves out none that has general and acute beds."""
    table = pd.read_csv(DATA_FOLDER / defaults(LATER).data.beds_quarterly)
    rows = table[table["year"] == LATER]
    major = rows[rows.groupby("code")["attendances"].transform("sum") > 0]
    england = defaults(LATER).england
    assert rows["occupied"].sum() / 4 == pytest.approx(england.occupied_beds.value, rel=0.002)
    assert major["available"].sum() / rows["available"].sum() == pytest.approx(
        england.acute_trust_share.value, abs=0.002
    )
    assert not table.duplicated(["code", "year", "quarter"]).any()
    assert england.delayed_share is not None
    ready = england.delayed_share.value * england.occupied_beds.value
    assert england.delayed_beds.value == pytest.approx(ready * defaults(LATER).reported_share.value, abs=1)


def test_the_change_of_admissions_is_that_of_england() -> None:
    """Emergency admissions through major departments over their attendances, April to March, of the national series."""
    change = defaults(LATER).data.admitted_change
    assert change is not None
    then, now = 4_690_148 / 15_679_999, 4_702_898 / 16_525_835
    assert change.value == pytest.approx(now / then, abs=0.001)
    other = defaults(LATER).england.other_routes_share
    assert other.value == pytest.approx(1 - 4_702_898 / 6_410_632, abs=0.001)


def test_what_the_later_year_does_not_say_is_as_before() -> None:
    before, now = defaults(), defaults(LATER)
    assert now.mixture == before.mixture and now.demand == before.demand and now.limits == before.limits
    assert now.reported_share.value == before.reported_share.value
    assert before.fitted | {"out_of_reach": now.fitted["out_of_reach"]} == now.fitted


# --- tables ----------------------------------------------------------------------------------------------------------


def test_beds_attendances_and_waits_are_those_published(devon: Footprint) -> None:
    rows = observed.beds_by_quarter(devon, LATER).set_index(["site", "quarter"])
    assert rows.loc[("plymouth", 1), "available"] == pytest.approx(1043.758, abs=0.001)
    assert rows.loc[("plymouth", 1), "waits_over_12h"] == 1570
    assert pd.isna(rows.loc[("plymouth", 1), "type1_4h_share"])  # 0.12: one month of three
    assert rows.loc[("plymouth", 2), "type1_4h_share"] == 0.3998
    assert rows.loc[("exeter_barnstaple", 4), "attendances"] == 38_247
    assert rows["cancelled_operations"].isna().any()  # not published for the third quarter


def test_a_first_quarter_that_is_a_part_is_missing_and_others_are_not() -> None:
    assert list(shares_without_gaps(pd.Series([0.12, 0.40, 0.38])).isna()) == [True, False, False]
    assert shares_without_gaps(pd.Series([0.45, 0.80, 0.70])).notna().all()
    assert list(shares_without_gaps(pd.Series([0.40, 0.12, 0.38])).isna()) == [False, False, False]


def test_admissions_follow_from_the_last_returns(devon: Footprint) -> None:
    """Exeter and Barnstaple admitted 41,080 of 153,963 in 2018/19, at both; England's share fell by 4.9 % since."""
    then = observed.ae_by_month(load_footprint(FOLDER / "devon.yaml"))
    both = then[then["site"].isin(["exeter", "north_devon"])][["attendances", "admissions"]].sum()
    now: Any = observed.ae_by_month(devon)
    now = now[(now["site"] == "exeter_barnstaple") & (now["year"] == LATER)]
    share = both["admissions"] / both["attendances"]
    assert len(now) == 12
    assert now["admissions"].sum() / now["attendances"].sum() == pytest.approx(share * 0.951, rel=0.0005)
    assert now["attendances"].sum() == 37_822 + 39_507 + 37_460 + 38_247
    assert "spread over months" in now["source"].iloc[0]


def test_months_of_a_quarter_sum_to_it_whatever_the_number() -> None:
    beds = pd.DataFrame(
        {"site": "a", "year": LATER, "quarter": [1, 4], "attendances": [100_001, 17], "type1_4h_share": [0.5, pd.NA]}
    ).assign(source="x")
    last = pd.DataFrame({"site": ["a"], "month": ["2018-04"], "attendances": [200], "admissions": [50]})
    found = months_since(beds, last, 0.9)
    assert list(found["month"]) == ["2023-04", "2023-05", "2023-06", "2024-01", "2024-02", "2024-03"]
    assert found["attendances"][:3].sum() == 100_001 and found["attendances"][3:].sum() == 17
    assert found["admissions"][:3].sum() == pytest.approx(100_001 * 0.25 * 0.9, abs=2)
    assert found["breaches"][:3].notna().all() and found["breaches"][3:].isna().all()


def test_a_year_of_three_quarters_gives_the_four_hour_share_of_these(devon: Footprint) -> None:
    months: Any = observed.ae_by_month(devon)
    rows = observed.beds_by_quarter(devon, LATER).set_index(["site", "quarter"]).loc["plymouth"]
    known = rows["type1_4h_share"].notna()
    wanted = (rows["type1_4h_share"] * rows["attendances"])[known].sum() / rows["attendances"][known].sum()
    assert observed.within_4h(months[months["year"] == LATER])["plymouth"] == pytest.approx(wanted, abs=0.0005)
    assert devon.sites["plymouth"].type1_4h_share.value == pytest.approx(wanted, abs=0.0005)


# --- delays ----------------------------------------------------------------------------------------------------------


def test_delays_are_a_share_of_beds_in_use_put_on_the_clock_of_transfers(devon: Footprint) -> None:
    delays, used = devon.delays, devon.totals.beds_occupied.value
    assert delays.acute_beds.basis == "host trust" and delays.host_conversion is None and delays.non_acute_beds is None
    assert delays.acute_beds.value == pytest.approx(0.1025 * used * 0.43, rel=0.001)
    assert delays.acute_beds.status == "assumed"
    assert sum(targets(devon).delayed.values()) == pytest.approx(delays.acute_beds.value, rel=0.001)
    assert all(row.observed.clock == row.simulated.clock for row in compared(devon))
    assert {row.observed.clock for row in compared(devon) if "delay" in row.key} == {COUNTED}
    (row,) = observed.delays_by_year(devon, "acute").to_dict("records")
    assert (row["year"], row["basis"]) == (LATER, "host trust")
    assert row["beds"] == pytest.approx(delays.acute_beds.value)


def test_littles_law_holds_with_all_delay_and_with_none_hidden(devon: Footprint) -> None:
    for reported in (1.0, 0.43):
        stay = sum(c.share.value * c.mean_at(reported) for c in devon.cohorts.values())
        beds = devon.overnight_per_day * stay + devon.delays.acute_beds.value / reported
        assert beds == pytest.approx(devon.totals.beds_occupied.value, rel=0.002)


def test_without_the_hospitals_own_share_there_is_no_baseline_and_what_to_do_is_said() -> None:
    given = raw()
    del given["delayed_share"]
    with pytest.raises(
        NoBaseline, match=r"within 63% \(limit 20%\).*England's share.*discharge ready date.*delayed_share"
    ):
        load_footprint(given)
    given["delayed_share"] = raw()["delayed_share"] | {"low": 0.05, "high": 0.15}
    (reason,) = reasons(read_short(given))
    assert (reason.rule, reason.limit) == ("delay unknown", 0.20) and "discharge ready date" not in reason.text


def test_a_share_read_by_somebody_is_used_and_said() -> None:
    own = {"value": 0.15, "low": 0.14, "high": 0.16, "unit": "share", "year": LATER, "basis": "host trust"}
    own |= {"status": "read", "source": "NHS England, discharge ready date, the three trusts"}
    found = load_footprint(raw() | {"delayed_share": own}).delays.acute_beds
    usual = load_footprint(FOLDER / "devon_2023_24.yaml").delays.acute_beds
    assert found.value / usual.value == pytest.approx(0.15 / 0.1025, rel=0.001)
    assert found.source == own["source"] and found.note.startswith("15.00% of beds in use")


def test_delays_of_everybody_ready_are_not_taken_for_transfers() -> None:
    """A full footprint of a later year whose delays count everybody, and which does not say so, is refused."""
    whole = load_footprint(FOLDER / "devon_2023_24.yaml")
    bare = whole.model_copy(update={"delays": whole.delays.model_copy(update={"counted": False})})
    with pytest.raises(FaultsError, match=r"everybody ready to leave.*delays.counted: true"):
        targets(bare)
    every = whole.delays.reported_share.model_copy(update={"value": 1.0})
    delays = bare.delays.model_copy(update={"reported_share": every})
    assert targets(bare.model_copy(update={"delays": delays})).delayed


def test_targets_on_another_basis_than_the_delays_are_refused() -> None:
    given = raw() | {"differs": {"pathways": {"p1": {"delayed_target": {"basis": "resident"}}}}}
    with pytest.raises(FaultsError, match=r"pathways.p1.delayed_target.basis = 'resident'.*'host trust'"):
        load_footprint(given)


# --- what is shipped, and how it is asked for ------------------------------------------------------------------------


def test_every_area_of_2018_19_has_one_of_2023_24() -> None:
    assert {f"{name}_2023_24" for name in of_year()} == set(of_year(LATER))
    assert year_of("devon") == "2018/19" and year_of("nowhere") == "2018/19"
    for name in of_year(LATER):
        data = raw(name)
        assert data["title"].endswith("in 2023/24") and data["name"] == name
        assert data["delayed_share"]["status"] == "assumed"


def test_a_file_may_build_on_another(devon: Footprint) -> None:
    own = yaml.safe_load((FOLDER / "cornwall_2023_24.yaml").read_text("utf-8"))
    assert "trusts" not in own and own["defaults"] == ["cornwall", "_self_"]
    found = load_footprint(FOLDER / "cornwall_2023_24.yaml")
    assert list(found.sites) == ["royal_cornwall"] and found.baseline_year == LATER
    assert isinstance(found.data, LaterData)


@pytest.mark.parametrize("name", ["birmingham_solihull", "south_yorkshire_bassetlaw"])
def test_a_hospital_may_be_left_out_of_an_area_that_builds_on_another(name: str) -> None:
    before = load_footprint(FOLDER / f"{name}.yaml", judged=False)
    after = load_footprint(FOLDER / f"{name}_2023_24.yaml")
    (gone,) = set(before.sites) - set(after.sites)
    assert "children" in gone and gone not in after.data.trusts and not set(after.sites) - set(before.sites)
    everybody = raw(name + "_2023_24") | {"trusts": {site: None for site in before.sites}}
    with pytest.raises(FaultsError, match="trusts"):
        load_footprint(everybody)


def test_without_a_plan_time_goes_on_from_the_baseline() -> None:
    chosen = settings(parse(["footprint=devon_2023_24", "plan=none", "timeline=5y"]))
    assert str(chosen.plan.starts) == "2024-04-01" and str(chosen.footprint.start) == "2022-04-01"
    assert str(settings(parse(["footprint=cornwall", "timeline=5y"])).plan.starts) == "2019-04-01"
    later = settings(parse(["footprint=devon_2023_24", "plan=none", "timeline=5y", "plan.starts=2026-04-01"]))
    assert str(later.plan.starts) == "2026-04-01"


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("cornwall", {"delayed_share": raw()["delayed_share"]}, "delays of 2018/19 come from the table"),
        ("devon_2023_24", {"delayed_share": raw()["delayed_share"] | {"value": 0.0, "low": 0.0}}, "above nought"),
        ("devon_2023_24", {"delayed_share": raw()["delayed_share"] | {"basis": "resident"}}, "host trust"),
    ],
)
def test_a_share_that_cannot_be_used_is_refused(name: str, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultsError, match=said):
        read_short(raw(name) | changed)


def test_bad_winters_come_as_long_after_the_baseline_as_before() -> None:
    def winters(*words: str) -> list[str]:
        return settings(parse([*words, "winter=bad", "timeline=5y"])).composed["winter"]["winters"]

    assert winters("footprint=cornwall") == ["2022/23", "2027/28", "2032/33"]
    assert winters("footprint=devon_2023_24") == ["2027/28", "2032/33", "2037/38"]
    assert winters("footprint=devon_2023_24", "winter.winters=[2026/27]") == ["2026/27"]
    with pytest.raises(FaultsError, match="the baseline is checked until 2024/25"):
        winters("footprint=devon_2023_24", "winter.winters=[2022/23]")


def test_a_year_that_cannot_be_read_is_told_by_the_footprint_and_breaks_nothing_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "footprint").mkdir()
    (tmp_path / "footprint" / "odd.yaml").write_text("baseline_year: soon\n", encoding="utf-8")
    monkeypatch.setattr(files, "CONFIGS", tmp_path)
    assert files.year_of("odd") == "2018/19"


def test_waits_that_are_to_be_fitted_have_to_be_there() -> None:
    """In 2018/19 the tables hold them for every quarter; a site whose trust has none is refused."""
    given = raw("cornwall") | {"differs": {"fitted": {"out_of_reach": "beds that are free, but not for the next one"}}}
    assert load_footprint(given).fits_waits
    whole = load_footprint(given)
    rows = observed.beds_by_quarter(whole).assign(waits_over_12h=pd.array([pd.NA] * 7, "Int64"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(observed, "_shared", lambda table, _f: rows.copy() if table == "beds" else None)
        (fault,) = checks._waits(whole)
    assert fault.key == "sites.royal_cornwall" and "[1, 2, 3, 4], which fitted.out_of_reach asks for" in fault.rule

"""Devon's figures reproduce what is published, and a faulty footprint is refused with all its faults at once."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from models.figures.figures import Figure
from models.footprint import observed
from models.footprint.footprint import DATA_FOLDER, Footprint, load_footprint, to_basis
from sim.errors import CarebridgeError, FaultsError

DEVON = DATA_FOLDER.parent / "devon.yaml"
RAW = yaml.safe_load(DEVON.read_text("utf-8"))


@pytest.fixture(scope="module")
def devon() -> Footprint:
    return load_footprint(DEVON)


@pytest.fixture
def raw() -> dict[str, Any]:
    return copy.deepcopy(RAW)


@pytest.fixture
def own_data(raw: dict[str, Any], tmp_path: Path) -> Callable[[str, Callable[[pd.DataFrame], pd.DataFrame]], Any]:
    """A footprint whose tables lie in a folder of their own, one of them changed."""

    def change(table: str, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> dict[str, Any]:
        for path in DATA_FOLDER.glob("*.csv"):
            shutil.copy(path, tmp_path)
        path = tmp_path / raw["data"][table]
        edit(pd.read_csv(path, dtype=str)).to_csv(path, index=False)
        raw["data"]["folder"] = str(tmp_path)
        return raw

    return change


def faults_of(raw: Any) -> list[str]:
    with pytest.raises(FaultsError) as caught:
        load_footprint(raw)
    return [str(fault) for fault in caught.value.faults]


def only(faults: list[str], *words: str) -> str:
    """The one fault that says all the words."""
    (found,) = [fault for fault in faults if all(word in fault for word in words)]
    return found


def every_figure(node: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = [(path, node)] if isinstance(node, dict) and "basis" in node else []
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else []
    return found + [hit for key, value in items for hit in every_figure(value, f"{path}.{key}".lstrip("."))]


# --- what is published -----------------------------------------------------------------------------------------------


def test_totals_of_the_baseline_year(devon: Footprint) -> None:
    totals = observed.totals(devon)
    assert round(totals["beds_available"], 1) == 2267.0
    assert round(totals["beds_occupied"], 1) == 2001.3
    assert round(totals["occupancy"], 3) == 0.883
    assert round(totals["type1_attendances_per_day"], 1) == 876.1
    assert round(totals["type1_admissions_per_day"], 1) == 282.7


@pytest.mark.parametrize(
    ("site", "published"),
    [
        ("torbay", [361.4, 317.8, 0.880, 206.7, 81.2, 0.781]),
        ("north_devon", [271.0, 210.1, 0.775, 130.6, 37.3, 0.808]),
        ("exeter", [779.5, 681.0, 0.874, 254.9, 65.7, 0.870]),
        ("plymouth", [855.1, 792.3, 0.927, 283.9, 98.6, 0.722]),
    ],
)
def test_means_by_site(devon: Footprint, site: str, published: list[float]) -> None:
    columns = ["beds_available", "beds_occupied", "occupancy"]
    columns += ["type1_attendances_per_day", "type1_admissions_per_day", "type1_4h_share"]
    row = observed.site_means(devon).loc[site]
    assert [
        round(row[column], 3 if value < 1 else 1) for column, value in zip(columns, published, strict=True)
    ] == published


@pytest.mark.parametrize(
    ("year", "quarter", "available", "occupied"),
    [
        ("2018/19", 1, 2259, 1994),
        ("2018/19", 2, 2247, 1968),
        ("2018/19", 3, 2262, 1990),
        ("2018/19", 4, 2300, 2053),
        ("2019/20", 1, 2272, 2012),
        ("2019/20", 2, 2250, 1975),
        ("2019/20", 3, 2301, 2077),
    ],
)
def test_beds_by_quarter(devon: Footprint, year: str, quarter: int, available: int, occupied: int) -> None:
    rows = observed.beds_by_quarter(devon, year)
    rows = rows[rows["quarter"] == quarter]
    assert len(rows) == 4
    assert (round(rows["available"].sum()), round(rows["occupied"].sum())) == (available, occupied)


def test_admissions_of_the_year(devon: Footprint) -> None:
    months = observed.ae_by_month(devon)
    assert months["admissions"].sum() == 103_202
    assert set(months["year"]) == {"2018/19"}
    assert months.groupby("site")["days"].sum().eq(365).all()


@pytest.mark.parametrize(
    ("year", "setting", "days", "beds"),
    [
        ("2016/17", "acute", 42_082, 115.3),
        ("2017/18", "acute", 39_871, 109.2),
        ("2018/19", "acute", 28_437, 77.9),
        ("2018/19", "non_acute", 16_027, 43.9),
        ("2018/19", "all", 44_464, 121.8),
        ("2019/20", "acute", 19_741, 71.8),
        ("2019/20", "non_acute", 14_026, 51.0),
    ],
)
def test_delays(devon: Footprint, year: str, setting: str, days: int, beds: float) -> None:
    row = observed.delays_by_year(devon, setting).set_index("year").loc[year]
    assert (row["days"], round(row["beds"], 1)) == (days, beds)
    assert observed.delayed_beds(devon, year, setting, "resident").value == pytest.approx(days / row["calendar_days"])


def test_delays_by_year_add_up_and_change_as_published(devon: Footprint) -> None:
    table = observed.delays_by_year(devon).pivot(index="year", columns="setting", values="days")
    assert (table["acute"] + table["non_acute"]).eq(table["all"]).all()
    every = observed.delays_by_year(devon, "all")
    assert (every["nhs_days"] + every["social_care_days"] + every["both_days"]).eq(every["days"]).all()
    changes = table["all"].loc["2011/12":"2018/19"].astype(float).pct_change().dropna().mul(100).round()
    assert changes.tolist() == [-5, 10, 24, 33, 24, -16, -31]


def test_missing_is_not_zero(devon: Footprint) -> None:
    quarters = observed.holdout_beds(devon).set_index(["site", "quarter"])["type1_4h_share"]
    assert quarters["plymouth"].isna().all()
    assert len(quarters) == 12 and quarters.notna().sum() == 9
    later = observed.site_means(devon, "2019/20")
    assert later["type1_admissions_per_day"].isna().all() and later["beds_occupied"].notna().all()


# --- what the file says ------------------------------------------------------------------------------------------


def test_every_figure_has_status_and_source() -> None:
    figures = every_figure(RAW)
    assert len(figures) > 80
    for path, figure in figures:
        assert figure["status"] == "assumed" or figure.get("source"), path


def test_it_is_one_group_file_with_a_question(devon: Footprint) -> None:
    first, *_ = DEVON.read_text("utf-8").splitlines()
    assert first.startswith("# ") and first.endswith("?")
    assert list(devon.sites) == ["torbay", "north_devon", "exeter", "plymouth"]
    assert {site.code for site in devon.sites.values()} == {"RA9", "RBZ", "RH8", "RK9"}


def test_wards_follow_the_stated_split(devon: Footprint) -> None:
    for site in devon.sites.values():
        size = sum(ward.beds for ward in site.wards)
        for ward in site.wards:
            assert abs(ward.beds - devon.ward_rule.split.shares[ward.group] * size) < 1


def test_shorter_stay_when_more_delay_goes_unreported(devon: Footprint) -> None:
    long = devon.cohorts["long"]
    assert long.mean_at(1.0) == pytest.approx(17.6)
    assert long.mean_at(0.43) == pytest.approx(15.9)
    assert long.mean_at(0.2) < 15.9 < long.mean_at(0.6) < 17.6
    assert devon.cohorts["medium"].mean_at(0.2) == 4.90
    with pytest.raises(ValueError, match="above zero"):
        long.mean_at(0)


@pytest.mark.parametrize("reported", [0.2, 0.43, 1.0])
def test_littles_law(devon: Footprint, reported: float) -> None:
    stay = sum(cohort.share.value * cohort.mean_at(reported) for cohort in devon.cohorts.values())
    delayed = observed.delayed_beds(devon, "2018/19").value / reported
    assert devon.overnight_per_day == 325
    assert devon.overnight_per_day * stay + delayed == pytest.approx(2001.3, rel=0.03)


def test_decisions_follow_arrivals_by_three_hours(devon: Footprint) -> None:
    arrivals = np.array(devon.demand.arrival_hour.values)
    assert arrivals[9:18].sum() == pytest.approx(0.60, abs=0.01)
    later = np.roll(arrivals, 2) / 4 + np.roll(arrivals, 3) / 2 + np.roll(arrivals, 4) / 4
    assert devon.demand.decision_hour.values == pytest.approx(later.tolist(), abs=1e-4)
    assert devon.demand.weekday_emergency.values[0] / 7 == pytest.approx(0.16)


def test_read_from_mapping_path_and_omegaconf(devon: Footprint, raw: dict[str, Any]) -> None:
    from omegaconf import OmegaConf

    assert load_footprint(raw) == devon
    assert load_footprint(OmegaConf.to_container(OmegaConf.load(DEVON))) == devon  # type: ignore[arg-type]
    assert load_footprint(devon) == devon


# --- bases -----------------------------------------------------------------------------------------------------------


def test_residents_become_hosts_by_the_declared_factor(devon: Footprint) -> None:
    host = observed.delayed_beds(devon, "2018/19")
    assert host.basis == "host trust" and host.status == "derived"
    assert host.value == pytest.approx(82.6, abs=0.1)
    assert host.range == pytest.approx((77.9, 87.3), abs=0.1)


def test_bases_are_not_compared_without_a_factor(devon: Footprint) -> None:
    resident = devon.delays.acute_beds
    assert to_basis(resident, "resident", None) is resident
    with pytest.raises(FaultsError, match="host trust per resident"):
        to_basis(resident, "host trust", None)
    with pytest.raises(FaultsError, match="national per resident"):
        to_basis(resident, "national", devon.delays.host_conversion)


def test_missing_factor_is_a_fault(raw: dict[str, Any]) -> None:
    del raw["delays"]["host_conversion"]
    assert only(faults_of(raw), "delays.host_conversion", "host trust per resident")


def test_missing_row_of_delays_is_a_fault(devon: Footprint) -> None:
    with pytest.raises(FaultsError, match="no row '2009/10'"):
        observed.delayed_beds(devon, "2009/10")


# --- faults ------------------------------------------------------------------------------------------------------


def test_all_faults_at_once(raw: dict[str, Any]) -> None:
    raw["sites"]["torbay"]["wards"][0]["beds"] = -5
    raw["sites"]["exeter"]["catchmnt"] = raw["sites"]["exeter"].pop("catchment")
    raw["sites"]["exeter"]["beds_occupied"]["basis"] = "resident"
    raw["pathways"]["p1"]["drawn_from"]["shares"] = {"medium": 0.5, "long": 0.6}
    raw["delays"]["acute_beds"]["value"] = 90
    raw["cohorts"]["medium"]["share"]["value"] = 0.5
    raw["demand"]["noise_variance"]["status"] = "derved"
    faults = faults_of(raw)
    assert only(faults, "sites.torbay.wards.0.beds = -5", "must be 1 or more")
    assert only(faults, "sites.exeter.catchmnt", "unknown key", "Did you mean 'catchment'?")
    assert only(faults, "sites.exeter.catchment", "missing")
    assert only(faults, "sites.exeter.beds_occupied", "bases may not be mixed", "'host trust', not 'resident'")
    assert only(faults, "pathways.p1.drawn_from", "sum to one", "1.1")
    assert only(faults, "delays.acute_beds.value = 90", "77.9")
    assert only(faults, "cohorts = 1.07", "sum to one")
    assert only(faults, "demand.noise_variance.status", "did you mean 'derived'?")
    assert only(faults, "cohorts = 2", "beds occupied", "when 1 of delay")


def test_faults_of_a_file_name_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "area.yaml"
    path.write_text(
        DEVON.read_text("utf-8").replace("beds: 137}", "beds: -1}").replace("value: 77.9,", "value: 99.9,"), "utf-8"
    )
    faults = faults_of(path)
    lines = path.read_text("utf-8").splitlines()
    for words in (("beds = -1",), ("delays.acute_beds.value",)):
        place = only(faults, *words).removeprefix(str(path)).split(":")[1]
        assert words[0].split(" ")[-1] in lines[int(place) - 1] or "value: 99.9" in lines[int(place) - 1]


Edit = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda r: r["sites"]["torbay"]["wards"][0].update(beds=138), ("sites.torbay.wards = 362", "361")),
        (lambda r: r["sites"]["torbay"]["wards"][0].update(group="medicl"), ("wards.0.group",)),
        (lambda r: r["sites"]["torbay"]["wards"][1].update(name="Medical beds"), ("different names",)),
        (lambda r: r["sites"]["torbay"]["beds_available"].update(unit="places"), ("unit must be 'beds'",)),
        (lambda r: r["sites"]["torbay"]["type1_4h_share"].update(value=78.1), ("between 0 and 1",)),
        (lambda r: r["sites"]["torbay"].update(code="RA8"), ("sites.torbay.code", "RA9")),
        (lambda r: r["totals"]["beds_occupied"].update(value=2100), ("totals.beds_occupied", "2001.3")),
        (lambda r: r["totals"]["beds_occupied"].update(source=""), ("totals.beds_occupied.source",)),
        (lambda r: r["totals"]["beds_occupied"].pop("source"), ("has no source", "'assumed', not 'read'")),
        (lambda r: r["emergency"]["overnight_per_day"].update(value=300), ("less those of zero days",)),
        (lambda r: r["emergency"]["zero_day_share"].update(high=0.5), ("sites.torbay", "at least 0.53")),
        (
            lambda r: r["emergency"]["zero_day_share"].update(low=0.5),
            ("must lie between low 0.5", "change these too, or give null"),
        ),
        (lambda r: r["delays"]["attribution"]["shares"].update(nhs=0.675, both=0.126), ("nhs = 0.675", "0.775")),
        (lambda r: r["demand"]["stay_season"].update(values=[1, 1, 1, 1]), ("stay_season must follow",)),
        (lambda r: r["demand"]["month_index"]["values"].pop(), ("demand.month_index",)),
        (lambda r: r["demand"]["growth"].update(past=r["demand"]["growth"].pop("history")), ("'history'",)),
        (lambda r: r["cohorts"]["medium"].pop("mean_days"), ("either mean_days or",)),
        (lambda r: r["pathways"]["p2"]["onward"]["shares"].update(p4=0.0), ("shares.p4", "way onward")),
        (lambda r: r["pathways"]["p2"]["drawn_from"].update(shares={"lung": 1.0}), ("lung", "Did you mean 'long'?")),
        (lambda r: r["pathways"]["p2"]["delayed_target"].update(value=40), ("pathways = 88.3", "delayed_target")),
        (lambda r: r["pathways"]["p1"]["arrivals_per_day"].update(value=120, high=200), ("draw more", "'long'")),
        (lambda r: r["community_overlap"].update(pathway="P2"), ("community_overlap.pathway", "'p2'")),
        (lambda r: r["community_overlap"]["beds"].update(high=3000), ("more beds inside the hospital",)),
        (lambda r: r["discharge"].update(hours=[20, 10]), ("first hour must lie before the last",)),
        (lambda r: r.update(warm_up_days=30), ("warm_up_days = 30", "1 April")),
        (lambda r: r["holdout"].update(year="2018/19"), ("holdout.year", "baseline year")),
        (lambda r: r["holdout"].update(quarters=[1, 2, 3, 4]), ("sites.exeter", "2019/20", "[4]")),
        (lambda r: r["sites"].update(tavistock=r["sites"].pop("exeter")), ("exeter", "is not a site")),
        (lambda r: r["data"].update(ae_monthly="devon_ae_montly.csv"), ("no such file", "'devon_ae_monthly.csv'")),
        (lambda r: r.pop("sites"), ("sites: this key is missing",)),
    ],
)
def test_fault_is_told(raw: dict[str, Any], edit: Edit, words: tuple[str, ...]) -> None:
    edit(raw)
    assert any(all(word in fault for word in words) for fault in faults_of(raw)), words


def test_nothing_that_is_not_a_mapping_or_a_file(tmp_path: Path) -> None:
    assert faults_of([1, 2])
    with pytest.raises(CarebridgeError, match="no such file"):
        load_footprint(tmp_path / "devn.yaml")


def test_number_without_a_source_is_assumed() -> None:
    figure = Figure(value=1, unit="days", year="2018/19", basis="national")
    assert (figure.status, figure.source) == ("assumed", "own estimate")


# --- faults in the tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "edit", "words"),
    [
        ("beds_quarterly", lambda t: t.assign(basis="resident"), ("beds_quarterly.csv:basis", "'host trust'")),
        ("delays_annual", lambda t: t.assign(basis="host trust"), ("delays_annual.csv:basis", "'resident'")),
        ("beds_quarterly", lambda t: t.rename(columns={"occupied": "ocupied"}), (":occupied", "'ocupied'")),
        ("beds_quarterly", lambda t: t.assign(occupied="-1"), ("beds_quarterly.csv:2:occupied", "'-1'")),
        ("beds_quarterly", lambda t: t.assign(quarter="1.5"), (":2:quarter", "whole number")),
        ("beds_quarterly", lambda t: t[t["quarter"] != "4"], ("sites.torbay", "2018/19", "[4]")),
        ("ae_monthly", lambda t: t.assign(month="April"), ("ae_monthly.csv:2:month", "2018-04")),
        ("ae_monthly", lambda t: t[t["month"] != "2018-12"], ("sites.torbay", "11 A&E months")),
        ("ae_monthly", lambda t: t.assign(source=""), ("ae_monthly.csv:2:source",)),
        ("delays_annual", lambda t: t[t["year"] != "2018/19"], ("no row '2018/19'",)),
    ],
)
def test_fault_in_a_table_is_told(own_data: Callable[..., Any], table: str, edit: Any, words: tuple[str, ...]) -> None:
    faults = faults_of(own_data(table, edit))
    assert any(all(word in fault for word in words) for fault in faults), faults


def test_own_folder_of_tables(own_data: Callable[..., Any]) -> None:
    footprint = load_footprint(own_data("ae_monthly", lambda table: table))
    assert observed.ae_by_month(footprint)["admissions"].sum() == 103_202


def test_a_table_is_read_once_for_the_same_text_and_nobody_shares_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a_table.csv"
    path.write_text("year\n2018/19\n", "utf-8")
    one = observed.read_rows(path, {"year": observed.TEXT}, "")
    one["year"] = "mine"
    with monkeypatch.context() as patch:
        patch.setattr(observed.pd, "read_csv", None)
        assert list(observed.read_rows(path, {"year": observed.TEXT}, "")["year"]) == ["2018/19"]
    path.write_text("year\n2017/18\n", "utf-8")
    assert list(observed.read_rows(path, {"year": observed.TEXT}, "")["year"]) == ["2017/18"]

"""Columns of CSV files in a network: read once, beside the network file, all their faults at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.clock import DAY, HOUR, MINUTE
from sim.errors import Fault, FaultsError
from sim.network.load import load_network

SERVICE = {"kind": "exponential", "mean": "1 d"}
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a network with a source of given times and a station of given service, and CSV files beside it."""

    def written(files: dict[str, str], service: Any = SERVICE, times: Any = None, **more: Any) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        network = {
            "start": "2018-04-01",
            "horizon": "20 d",
            "sources": {"door": {"to": "ward", **({"rate_per_day": 1} if times is None else {"times": times})}},
            "stations": {"ward": {"places": 3, "service": service, **more}},
        }
        path = tmp_path / "network.yaml"
        path.write_text(yaml.safe_dump(network, sort_keys=False), encoding="utf-8")
        return path

    return written


def observed(file: str = "stays.csv", column: str = "los", **more: Any) -> dict[str, Any]:
    return {"kind": "empirical", "observed": {"file": file, "column": column, **more}}


def faults_of(path: Path) -> list[Fault]:
    with pytest.raises(FaultsError) as caught:
        load_network(path)
    return caught.value.faults


def test_a_column_becomes_a_list_of_durations(write: Write) -> None:
    files = {"data/stays.csv": '\ufeffward, los,"note"\nA,1.5,"x, y"\n\nB, 0 ,"two\nlines"\nC,2e1,z\n'}
    network = load_network(write(files, observed("data/stays.csv", unit="h")))
    assert network.stations["ward"].service.observed == [1.5 * HOUR, 0, 20 * HOUR]  # type: ignore[union-attr]


def test_days_are_the_unit_unless_another_is_given(write: Write) -> None:
    network = load_network(write({"stays.csv": "los\n2\n"}, observed()))
    assert network.stations["ward"].service.observed == [2 * DAY]  # type: ignore[union-attr]


def test_columns_are_found_wherever_a_distribution_may_stand(write: Write) -> None:
    here = observed()
    path = write(
        {"stays.csv": "los\n2\n3\n"},
        [{"where": {"class": "all"}, "use": SERVICE}, {"use": here}],
        turnaround=here,
        patience=[{"after": here, "then": "leave"}],
        routes=[{"to": {"leave": {"share": 1, "transition": here}}}],
        returns=[{"probability": 0.1, "after": here, "to": "ward"}],
    )
    ward = load_network(path).stations["ward"]
    found = [
        ward.service[1].use,  # type: ignore[index,union-attr]
        ward.turnaround,
        ward.patience[0].after,
        ward.routes[0].to["leave"].transition,
        ward.returns[0].after,
    ]
    assert [service.observed for service in found] == [[2 * DAY, 3 * DAY]] * 5  # type: ignore[union-attr]


def test_times_are_numbers_from_the_start_or_dates(write: Write) -> None:
    column = "at\n0.5\n2018-04-02\n2018-04-01T13:45\n2018-04-01 13:45:30.250\n2018-03-31\n"
    network = load_network(write({"in.csv": column}, times={"file": "in.csv", "column": "at", "unit": "h"}))
    quarter_to_two = 13 * HOUR + 45 * MINUTE
    expected = [HOUR / 2, DAY, quarter_to_two, quarter_to_two + 30_250, -DAY]
    assert network.sources["door"].times == expected


def test_a_mapping_reads_from_the_current_folder(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = yaml.safe_load(write({"stays.csv": "los\n2\n"}, observed()).read_text(encoding="utf-8"))
    data["start"] = "2018-04-01"
    monkeypatch.chdir(tmp_path)
    assert load_network(data).stations["ward"].service.observed == [2 * DAY]  # type: ignore[union-attr]


def test_a_network_without_columns_stays_the_same_object(write: Write) -> None:
    network = load_network(write({}))
    assert load_network(network) is network


def test_a_network_that_was_read_needs_its_files_no_more(write: Write, tmp_path: Path) -> None:
    network = load_network(write({"stays.csv": "los\n2\n"}, observed()))
    (tmp_path / "stays.csv").unlink()
    assert load_network(network) is network


def test_a_file_is_read_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write({"stays.csv": "los,at\n2,1\n"}, observed(), times={"file": "stays.csv", "column": "at"})
    opened: list[str] = []
    given = Path.open

    def counted(self: Path, *args: Any, **more: Any) -> Any:
        opened.append(self.name)
        return given(self, *args, **more)

    monkeypatch.setattr(Path, "open", counted)
    load_network(path)
    assert opened.count("stays.csv") == 1


FAULTS: list[tuple[str | None, dict[str, Any], list[tuple[str, Any, str, str, str]]]] = [
    (None, {"file": "stay.csv"}, [(".file", "stay.csv", "no such file.", "network.yaml:", "stays.csv")]),
    (None, {"column": "lso"}, [(".column", "lso", "no such column; known: ward, los.", "stays.csv:1", "los")]),
    ("los,los\n1,2\n", {}, [(".column", "los", "more than one column of this name", "stays.csv:1", "")]),
    ("", {}, [(".file", "stays.csv", "the file is empty", "stays.csv", "")]),
    ("los\n\n", {}, [(".column", "los", "no values follow the header line", "stays.csv", "")]),
    (
        "ward,los\nA,1\nB,3 d\nC,\nD\nE,-1\nF,nan\nG,2\n",
        {},
        [(".column", value, "give a number of days, 0 or more.", f"stays.csv:{line}", "")
         for line, value in ((3, "3 d"), (4, ""), (5, ""), (6, "-1"), (7, "nan"))],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "expected"), FAULTS)
def test_faults_of_a_column(
    write: Write, text: str | None, column: dict[str, Any], expected: list[tuple[str, Any, str, str, str]]
) -> None:
    found = faults_of(write({"stays.csv": "ward,los\nA,1\n" if text is None else text}, observed(**column)))
    assert len(found) == len(expected), "\n".join(map(str, found))
    for fault, (key, value, rule, file, near) in zip(found, expected, strict=True):
        assert (fault.key, fault.value) == (f"stations.ward.service.observed{key}", value)
        assert rule in fault.rule
        assert Path(fault.file).name.startswith(file)
        assert fault.nearest == near


def test_a_file_that_is_not_text_is_a_fault(write: Write, tmp_path: Path) -> None:
    path = write({}, observed())
    (tmp_path / "stays.csv").write_bytes(b"los\n\xff\xfe\n")
    (fault,) = faults_of(path)
    assert fault.rule.startswith("cannot be read as CSV")
    assert fault.file == str(tmp_path / "stays.csv")


@pytest.mark.parametrize(
    ("cell", "rule"),
    [("soon", "give a number of hours, 0 or more from the start, or a date (2018-04-01)"),
     ("2018-04-31", "or a date"), ("-3", "give a number of hours, 0 or more"),
     ("2018-04-01T13:45+01:00", "without a time zone")],
)  # fmt: skip
def test_faults_of_an_instant(write: Write, cell: str, rule: str) -> None:
    path = write({"in.csv": f"at\n1\n{cell}\n"}, times={"file": "in.csv", "column": "at", "unit": "h"})
    (fault,) = faults_of(path)
    assert (fault.key, fault.value, Path(fault.file).name) == ("sources.door.times.column", cell, "in.csv:3")
    assert rule in fault.rule


def test_all_faults_are_reported_at_once(write: Write) -> None:
    service = [{"where": {"clas": "all"}, "use": observed(column="lso")}, {"use": observed()}]
    found = faults_of(write({"stays.csv": "los\nx\n"}, service, times={"file": "in.csv", "column": "at"}))
    assert [fault.key for fault in found] == [
        "sources.door.times.file",
        "stations.ward.service.0.where.clas",
        "stations.ward.service.0.use.observed.column",
        "stations.ward.service.1.use.observed.column",
    ]


def test_many_faults_of_one_column_are_counted(write: Write) -> None:
    found = faults_of(write({"stays.csv": "los\n" + "x\n" * 1_000}, observed()))
    assert len(found) == 21
    assert found[-1].rule == "980 more values are at fault in this column."


def test_an_unsound_list_in_a_column_is_judged_like_one_in_place(write: Write) -> None:
    (fault,) = faults_of(write({"stays.csv": "los\n0\n"}, observed()))
    assert fault.key == "stations.ward.service"
    assert "at least one observed time must be above zero" in fault.rule

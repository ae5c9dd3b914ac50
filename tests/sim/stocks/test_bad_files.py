"""Files that are wrong: each fault alone and all at once, with file, line and key, and nothing about sound parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import CarebridgeError, Fault, FaultsError
from sim.stocks.load import load_stocks

#: line by line, so that a fault's line is known by its text
SOUND = """\
name: sound
time: {unit: year, start: 0, end: 10, dt: 0.25}
units: [person, bed]
dimensions: {group: [nurse, doctor]}
parameters:
  heads: 50 person
  rate: 0.1 1/year
  nought: 0 1/year
  training: 3 year
  pay[group]: {value: 3, unit: person/year}
lookups:
  effect: {points: [[0, 1], [2, 3]]}
stocks:
  staff: {initial: heads, unit: person, inflows: [joining], outflows: [leaving]}
flows:
  joining: SUM(pay[*]) * effect(staff / heads)
  leaving: staff * rate
auxiliaries:
  egg: hen * 2
  hen: staff / heads
  late: DELAY3(staff, training)
  ratio: ZIDZ(rate, nought)
  one: staff
"""

#: what makes each of the five faults: text, what stands there instead, key, word of the rule
FIVE = {
    "unknown function": ("joining: SUM(", "joining: TOTAL(", "flows.joining.equation", "no function or lookup 'TOTAL'"),
    "unit clash": (
        "one: staff",
        "one: staff + training",
        "auxiliaries.one.equation",
        "'staff' in person and 'training'",
    ),
    "algebraic loop": (
        "hen: staff / heads",
        "hen: egg - 1",
        "auxiliaries.egg.equation",
        "'egg' needs 'hen' needs 'egg'",
    ),
    "division by zero": (
        "ZIDZ(rate, nought)",
        "rate / nought",
        "auxiliaries.ratio.equation",
        "divides by 0 at the start",
    ),
    "step too long": (
        "training: 3 year",
        "training: 0.5 year",
        "auxiliaries.late.equation",
        "needs steps of 0.167 at most",
    ),
}


def changed(*changes: tuple[str, str]) -> str:
    text = SOUND
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def faults_of(text: str, folder: Path) -> list[Fault]:
    """Faults of a file, each with the file and, where one is known, the line of its key."""
    path = folder / "model.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        load_stocks(path)
    faults = caught.value.faults
    for fault in faults:
        assert fault.file.startswith(f"{path}:"), fault
        assert str(fault) in str(caught.value)
    return faults


def line_of(fault: Fault, text: str) -> str:
    return text.splitlines()[int(fault.file.rpartition(":")[2]) - 1]


def test_the_sound_file_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(SOUND)
    assert load_stocks(path).name == "sound"


@pytest.mark.parametrize("what", FIVE)
def test_each_of_the_five_by_itself(what: str, tmp_path: Path) -> None:
    old, new, key, words = FIVE[what]
    text = changed((old, new))
    [fault] = faults_of(text, tmp_path)
    assert fault.key == key and words in fault.rule
    assert line_of(fault, text).strip().startswith(key.split(".")[1])


def test_all_five_at_once_and_nothing_else(tmp_path: Path) -> None:
    text = changed(*((old, new) for old, new, _, _ in FIVE.values()))
    faults = faults_of(text, tmp_path)
    assert sorted(f.key for f in faults) == sorted(key for _, _, key, _ in FIVE.values())
    for _, _, key, words in FIVE.values():
        [fault] = [f for f in faults if f.key == key]
        assert words in fault.rule
        assert line_of(fault, text).strip().startswith(key.split(".")[1])
    lines = [int(f.file.rpartition(":")[2]) for f in faults]
    assert lines == sorted(lines)


#: one fault each: text, what stands there instead, key, words of the rule, what is nearest
SINGLE = {
    "unknown variable": ("one: staff", "one: stafff", "auxiliaries.one.equation", "no variable 'stafff'", "staff"),
    "the only use of a parameter misspelt": (
        "leaving: staff * rate\nauxiliaries:\n  egg: hen * 2\n  hen: staff / heads\n  late: DELAY3(staff, training)\n"
        "  ratio: ZIDZ(rate, nought)",
        "leaving: staff * rte\nauxiliaries:\n  egg: hen * 2\n  hen: staff / heads\n  late: DELAY3(staff, training)\n"
        "  ratio: ZIDZ(1, nought)",
        "flows.leaving.equation", "no variable 'rte'", "rate",
    ),
    "unknown lookup": ("effect(staff", "efect(staff", "flows.joining.equation", "no function or lookup", "effect"),
    "not subscripted": ("one: staff", "one: staff[nurse]", "auxiliaries.one.equation", "is not subscripted", ""),
    "unknown element": ("one: staff", "one: pay[nurs]", "auxiliaries.one.equation", "'nurs' is no element", "nurse"),
    "too many subscripts": ("one: staff", "one: pay[nurse, doctor]", "auxiliaries.one.equation", "here are 2", ""),
    "subscript missing": ("one: staff", "one: pay", "auxiliaries.one.equation", "does not run", ""),
    "unknown dimension in a sum": ("one: staff", "one: SUM(pay[grup!])", "auxiliaries.one.equation", "'grup'", "group"),
    "sum over nothing": ("one: staff", "one: SUM(staff)", "auxiliaries.one.equation", "none is: write SUM", ""),
    "unknown dimension": ("one: staff", "one[grup]: pay[nurse]", "auxiliaries.one[grup]", "no such dimension", "group"),
    "many arguments": ("(staff, training)", "(staff, training, 1, 2)", "auxiliaries.late.equation", "are 4", ""),
    "a lookup without its argument": ("one: staff", "one: effect", "auxiliaries.one.equation", "is a lookup", ""),
    "order that is not written out": (
        "one: staff", "one: SMOOTHN(staff, training, staff, rate)", "auxiliaries.one.equation", "from 1 to 50", "",
    ),
    "unused parameter": ("  heads: 50 person", "  heads: 50 person\n  spare: 1 bed", "parameters.spare", "no equa", ""),
    "unused lookup": (
        "  effect:", "  spare: {points: [[0, 1], [1, 2]]}\n  effect:", "lookups.spare", "no equation uses", "",
    ),
    "unused dimension": ("{group:", "{site: [a, b], group:", "dimensions.site", "nothing is subscripted", ""),
    "flow in no stock": (", outflows: [leaving]", "", "flows.leaving", "no stock has this flow", ""),
    "misspelt outflow": ("[leaving]", "[leavin]", "stocks.staff.outflows.0", "no such flow", "leaving"),
    "outflow that is no flow": ("[leaving]", "[leaving, hen]", "stocks.staff.outflows.1", "but an auxiliary", ""),
    "one flow of two stocks": (
        "\nflows:", "\n  more: {initial: 0, unit: person, outflows: [leaving]}\nflows:", "stocks.more.outflows.0",
        "drains 'staff' already", "",
    ),
    "name of a stock again": ("one: staff", "staff: heads", "auxiliaries.staff", "taken by stocks.staff", ""),
    "name of a flow again": ("one: staff", "leaving: heads", "auxiliaries.leaving", "taken by flows.leaving", ""),
    "name of a parameter again": ("one: staff", "rate: heads", "auxiliaries.rate", "taken by parameters.rate", ""),
    "name of a function": ("one: staff", "max: heads", "auxiliaries.max", "name of a function", ""),
    "equation that cannot be read": (
        "joining: SUM(pay[*]) * effect(staff / heads)", "joining: SUM(pay[*]) * (effect(staff / heads)",
        "flows.joining.equation", "')' could follow", "",
    ),
    "number that is too large": ("one: staff", "one: 1e999", "auxiliaries.one.equation", "too large a number", ""),
    "parameter without a unit": ("rate: 0.1 1/year", "rate: fast", "parameters.rate", "a number with its unit", ""),
    "parameter out of its range": (
        "rate: 0.1 1/year", "rate: {value: 3, unit: 1/year, range: [0, 1]}", "parameters.rate.range", "outside", "",
    ),
    "unknown unit": ("unit: person, inflows", "unit: persn, inflows", "stocks.staff.unit", "no unit 'persn'", "person"),
    "end between two steps": ("dt: 0.25", "dt: 0.3", "time.dt", "not a whole number of steps", ""),
    "step of nought": ("dt: 0.25", "dt: 0", "time.dt", "above 0", ""),
    "x that does not rise": ("[[0, 1], [2, 3]]", "[[2, 1], [2, 3]]", "lookups.effect.points", "x must rise", ""),
    "value for an element missing": (
        "{value: 3, unit: person/year}", "{value: {nurse: 3}, unit: person/year}", "parameters.pay[group].value",
        "'doctor' of 'group' is missing", "",
    ),
    "flow with other dimensions": (
        "leaving: staff * rate", "leaving[group]: pay", "stocks.staff.outflows.0", "dimensions of its stock", "",
    ),
    "true or false": (
        "leaving: staff * rate", "leaving: {equation: staff * rate, both_ways: maybe}", "flows.leaving.both_ways",
        "true or false", "",
    ),
    "stock that begins below nought": (
        "initial: heads,", "initial: heads - 2 * heads,", "stocks.staff.initial", "starts at -50", "",
    ),
    "misspelt dimension": (
        "{group: [nurse", "{grup: [nurse", "parameters.pay[group]", "no such dimension; known: grup", "grup",
    ),
    "delay longer than a step that is not known": (
        "dt: 0.25}", "dt: -0.25}", "time.dt", "above 0", "",
    ),
    "circle of outflows": (
        "outflows: [leaving]}\nflows:\n", "outflows: [leaving, more]}\nflows:\n  more: leaving / 2\n",
        "flows.more.equation", "limited together", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SINGLE)
def test_one_fault_is_one_fault(what: str, tmp_path: Path) -> None:
    old, new, key, words, near = SINGLE[what]
    [fault] = faults_of(changed((old, new)), tmp_path)
    assert fault.key == key
    assert words in fault.rule
    assert fault.nearest == near


def test_faults_of_every_kind_together_are_as_many_as_apart(tmp_path: Path) -> None:
    """Shape, names, units, circles and values: none hides another, and none brings forth another."""
    changes = [
        ("rate: 0.1 1/year", "rate: fast"),
        ("unit: person, inflows", "unit: persn, inflows"),
        ("ZIDZ(rate, nought)", "1 / nought"),
        ("hen: staff / heads", "hen: egg - 1"),
        ("one: staff", "one: 3 * (2"),
        ("{group: [nurse, doctor]}", "{group: [nurse, doctor], site: [a]}"),
        ("[2, 3]]", "[2, x]]"),
        ("SUM(pay[*]) * effect", "TOTAL(pay[*]) * effect"),
    ]
    faults = faults_of(changed(*changes), tmp_path)
    assert sorted(f.key for f in faults) == [
        "auxiliaries.egg.equation",
        "auxiliaries.one.equation",
        "auxiliaries.ratio.equation",
        "dimensions.site",
        "flows.joining.equation",
        "lookups.effect.points.1.1",
        "parameters.rate",
        "stocks.staff.unit",
    ]


def test_faults_of_shape_come_together(tmp_path: Path) -> None:
    changes = [("dt: 0.25", "dt: -1"), ("[nurse, doctor]", "7"), ("unit: person, inflows", "unt: person, inflows")]
    keys = {f.key for f in faults_of(changed(*changes), tmp_path)}
    assert keys == {"time.dt", "dimensions.group", "stocks.staff.unt", "stocks.staff.unit"}


def test_a_stock_that_cannot_be_read_does_not_orphan_its_flows(tmp_path: Path) -> None:
    old = "{initial: heads, unit: person, inflows: [joining], outflows: [leaving]}"
    faults = faults_of(changed((old, old.replace("inflows: [joining]", "inflow: [joining]"))), tmp_path)
    assert [f.key for f in faults] == ["stocks.staff.inflow"] and faults[0].nearest == "inflows"
    faults = faults_of(changed((old, "[joining, leaving]")), tmp_path)
    assert [f.key for f in faults] == ["stocks.staff"]


def test_a_block_under_a_misspelt_key_does_not_make_its_names_unknown(tmp_path: Path) -> None:
    for block in ("parameters", "dimensions", "lookups", "flows"):
        wrong = block.replace("s", "", 1) if block != "flows" else "flow"
        [fault] = faults_of(SOUND.replace(f"\n{block}:", f"\n{wrong}:"), tmp_path)
        assert (fault.key, fault.nearest) == (wrong, block)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (SOUND.replace("  one: staff", "  one: staff\n  one: heads"), 24, "this key stands here already, in line 23"),
        (SOUND.replace("  one: staff", "   one: staff\n  two: heads"), 23, "cannot be read as YAML"),
        (SOUND.replace("units: [person, bed]", "units: [person, bed"), 4, "cannot be read as YAML"),
        (SOUND.replace("name: sound", "name: 'sound"), None, "cannot be read as YAML"),
        ("- name\n- time\n", None, "is a mapping of keys"),
        ("", None, "is a mapping of keys"),
    ],
)
def test_what_is_not_yaml_or_no_mapping_is_said_to_be_so(
    text: str, line: int | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(text)
    with pytest.raises(CarebridgeError, match=words) as caught:
        load_stocks(path)
    assert str(path) in str(caught.value)
    if line is not None:
        assert f"{path}:{line}: " in str(caught.value)


def test_a_missing_file_and_one_that_is_not_text_are_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(SOUND)
    with pytest.raises(CarebridgeError, match="no such file. Did you mean 'models.yaml'"):
        load_stocks(tmp_path / "model.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(CarebridgeError, match="cannot be read"):
        load_stocks(tmp_path / "bytes.yaml")


def test_without_the_unit_check_units_are_no_fault(tmp_path: Path) -> None:
    old, new, _, _ = FIVE["unit clash"]
    path = tmp_path / "model.yaml"
    path.write_text(changed((old, new)))
    assert load_stocks(path, check_units=False).name == "sound"

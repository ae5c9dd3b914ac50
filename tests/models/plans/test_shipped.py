"""Plans and gates that are shipped: they load and are clean, are listed, fit the schema, and name their sources."""

import dataclasses
import datetime as dt
import functools
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from models.figures.figures import Figure
from models.figures.presets import composed
from models.plans.check import GATES_FOLDER, check_plan, load_gates, load_plan
from models.plans.existing import Existing, Staff
from models.plans.gates import gates_with
from models.plans.json_schema import gates_schema, plan_schema
from models.plans.layout import lay_out
from models.plans.listing import describe, list_plans, what_moves
from models.plans.moves import KINDS
from models.plans.plan import Plan, Timeline
from sim.errors import CarebridgeError
from tests.models.plans.plan_data import GOOD, figure, spoilt

CONFIGS = Path(__file__).parents[3] / "configs"
PLANS = sorted((CONFIGS / "plan").glob("*.yaml"))
GATES = sorted(GATES_FOLDER.glob("*.yaml"))
FOOTPRINTS = tuple(path.stem for path in (CONFIGS / "footprint").glob("*.yaml"))

#: Devon's hospitals as today's model has them: beds, places at home, in community beds, in care homes
HOSPITALS = {
    "torbay": (316.5, 63, 53, 51),
    "north_devon": (237.0, 42, 35, 34),
    "exeter": (682.5, 135, 113, 109),
    "plymouth": (855.0, 156, 131, 127),
}
DEVON = Existing(
    footprint="devon",
    baseline_ends=dt.date(2019, 4, 1),
    sizes={
        (what, site): n
        for site, row in HOSPITALS.items()
        for what, n in zip(("beds", "p1", "p2", "p3"), row, strict=True)
    },
    staff={"nurses": Staff(1700, 0.8, 150), "support": Staff(1300, 0.5, 170)},
    keeps={"p2": 1},
    footprints=FOOTPRINTS,
)


def there(plan):
    """What there is where a plan belongs; of other areas than Devon nothing is known but that it would be enough."""
    sizes = DEVON.sizes
    if plan.footprint == "devon_2023_24":  # Exeter and Barnstaple are one trust, and one site
        sizes = {(what, site.replace("exeter", "exeter_barnstaple")): n for (what, site), n in sizes.items()}
    return dataclasses.replace(DEVON, footprint=plan.footprint or "devon", sizes=sizes)


@functools.cache
def shipped(name):
    """A shipped plan, read once."""
    return load_plan(CONFIGS / "plan" / f"{name}.yaml")


def figures(part):
    """Every figure in a part of a plan or gates."""
    if isinstance(part, Figure):
        yield part
    elif isinstance(part, BaseModel):
        for value in dict(part).values():
            yield from figures(value)
    elif isinstance(part, (dict, list)):
        for value in part.values() if isinstance(part, dict) else part:
            yield from figures(value)


@pytest.mark.parametrize("path", PLANS, ids=lambda p: p.stem)
def test_plan_is_clean(path):
    plan = shipped(path.stem)
    assert plan.name == path.stem and check_plan(composed(path), there(plan)) == (plan, [])
    first = path.read_text().splitlines()[0]
    assert first.startswith("# ") and plan.question.split("?")[0] in first
    for years in (3, 5, 10, 15):
        assert len(lay_out(plan, Timeline(name="t", years=years), there(plan).sizes)) >= len(plan.moves)


@pytest.mark.parametrize("path", [*PLANS, *GATES], ids=lambda p: p.stem)
def test_figures_say_where_they_come_from(path):
    """Every figure that is not an assumption names its source, and every assumption has a range or says why."""
    read = shipped(path.stem) if path in PLANS else load_gates(path.stem)
    for one in figures(read):
        assert one.status == "assumed" or one.source != "own estimate"
        if one.status == "assumed":
            assert one.low is not None or one.note, one
    assert path.stem == "none" or any(True for _ in figures(read))


def test_the_plans_that_were_promised():
    names = {path.stem for path in PLANS}
    assert names >= {
        "none",
        "devon_2016",
        "devon_2016_misreading",
        "derbyshire_2016",
        "forty_moves",
        "three_priorities",
    }
    assert names >= {"dorset", "kent_medway"}


def test_a_plan_of_three_and_one_of_forty():
    three, forty = shipped("three_priorities"), shipped("forty_moves")
    assert len(three.moves) == 3 and len(forty.moves) == 40
    assert {move.kind for move in forty.moves.values()} == set(KINDS)
    assert all(f.status == "assumed" for move in forty.moves.values() for f in figures(move))


def test_reported_sizes():
    """Beds fewer as reported: Derbyshire 535 (50 of them not simulated), Devon 590, Dorset 360, Kent and Medway 296."""
    found = {}
    for path in PLANS:
        plan = shipped(path.stem)
        found[plan.name] = sum(move.size.value for move in plan.moves.values() if move.kind == "close")
    unseen = shipped("derbyshire_2016").claims["mental_health_beds"].value
    assert found["derbyshire_2016"] + unseen == 535 and found["devon_2016"] == found["devon_2016_misreading"] == 590
    assert found["dorset"] == 360 and found["kent_medway"] == 296


def test_gates_that_are_shipped():
    assert [path.stem for path in GATES] == ["default", "nhs_england_2017", "none"]
    assert not load_gates("none").enabled
    test = load_gates("nhs_england_2017")
    assert test.routes == ["provision", "treatments", "efficiency"]
    assert test.treatments.enabled and test.efficiency.enabled and test.staff.share.value == 1
    with pytest.raises(CarebridgeError, match="no such file"):
        load_gates("nowhere")


def test_a_move_changes_gates():
    gates = load_gates("default")
    changed = gates_with(gates, {"proof": {"months": figure(12, "months")}})
    assert (changed.proof.months.value, changed.proof.enabled, changed.use) == (12, True, gates.use)
    assert gates_with(gates, {}) is gates


def test_a_plan_for_an_area_that_we_do_not_have():
    data = composed(CONFIGS / "plan" / "derbyshire_2016.yaml") | {"footprint": "rutland"}
    load_plan(data)
    with pytest.raises(CarebridgeError, match="no such footprint: it can be read, but not judged"):
        load_plan(data, DEVON)
    assert not check_plan(data | {"footprint": None}, DEVON)[1]  # its moves may be tried elsewhere, if that is said


def test_a_plan_of_effects_alone_says_nothing_of_something_else():
    raw = composed(CONFIGS / "plan" / "three_priorities.yaml")
    assert what_moves(load_plan(raw)).endswith("open, also 1 way of avoiding demand")
    raw["moves"] = {"fewer_emergencies": raw["moves"]["fewer_emergencies"]}
    assert what_moves(load_plan(raw)) == "1 way of avoiding demand"


def test_listing():
    lines = list_plans(CONFIGS / "plan", FOOTPRINTS)
    at = next(n for n, line in enumerate(lines) if line.split()[0] == "devon_2016")
    assert "Can Devon close one acute bed in six" in lines[at]
    assert lines[at + 1].strip() == "closes 400 beds, 190 community beds (p2); opens 590 places at home (p1)."
    text = "\n".join(lines)
    assert "an area that is not here" not in text and "closes nothing; opens nothing" in text
    elsewhere = "\n".join(list_plans(CONFIGS / "plan", [name for name in FOOTPRINTS if name != "derbyshire"]))
    assert elsewhere.count("for derbyshire, an area that is not here") == 1
    sound = " ".join(describe(Plan.model_validate(GOOD), FOOTPRINTS))
    assert "closes 72 beds, 8 community beds (p2); opens 90 places at home (p1), 12 community beds (p2)" in sound
    assert "10 community beds (p2) move from south to east; also 1 way of avoiding demand" in sound


def test_listing_of_a_file_that_is_no_plan(tmp_path):
    (tmp_path / "broken.yaml").write_text("name: broken\n")
    text = "\n".join(list_plans(tmp_path))
    assert "cannot be read" in text and "starts: this key is missing" in text


def satisfies(value, rule, schema):
    """Whether a value satisfies a JSON Schema, as far as the words that ours uses go."""
    if "$ref" in rule:
        return satisfies(value, schema["$defs"][rule["$ref"].removeprefix("#/$defs/")], schema)
    if "oneOf" in rule:
        return sum(satisfies(value, one, schema) for one in rule["oneOf"]) == 1
    if "anyOf" in rule:
        return any(satisfies(value, one, schema) for one in rule["anyOf"])
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None)}
    types["number"] = (int, float)
    if "type" in rule and not isinstance(value, types[rule["type"]]):
        return False
    if ("const" in rule and value != rule["const"]) or ("enum" in rule and value not in rule["enum"]):
        return False
    if isinstance(value, str):
        return re.search(rule.get("pattern", ""), value) is not None and len(value) >= rule.get("minLength", 0)
    if isinstance(value, (int, float)):
        return rule.get("minimum", value) <= value <= rule.get("maximum", value)
    if isinstance(value, list):
        return all(satisfies(one, rule.get("items", {}), schema) for one in value)
    if isinstance(value, dict):
        named, others = rule.get("properties", {}), rule.get("additionalProperties", {})
        if set(rule.get("required", [])) - set(value) or (others is False and set(value) - set(named)):
            return False
        return all(
            satisfies(one, named.get(key, others if others is not True else {}), schema) for key, one in value.items()
        )
    return True


def plain(value):
    """What an editor sees of a file: dates are text."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.date) else value


@pytest.mark.parametrize("path", PLANS, ids=lambda p: p.stem)
def test_shipped_plans_fit_the_json_schema(path):
    schema = plan_schema()
    assert satisfies(plain(composed(path)), schema, schema)


def test_sound_plan_and_gates_fit_the_json_schema():
    schema = plan_schema()
    assert satisfies(GOOD, schema, schema)
    gates = gates_schema()
    assert all(satisfies(plain(composed(path)), gates, gates) for path in GATES)


@pytest.mark.parametrize(
    "change",
    [
        ("moves.close_acute.kind", "shut"),
        ("moves.close_acute.sise", 1),
        ("moves.close_acute.size", ...),
        ("moves.frailty.effect.grade", "E"),
        ("moves.frailty.effect.grade", ...),
        ("moves.frailty.when", "soon"),
        ("moves.records.capital", ...),
        ("approval.rule", "all"),
        ("off_plan.0.then", "stop"),
        ("years", 0),
    ],
)  # fmt: skip
def test_json_schema_refuses_what_is_malformed(change):
    schema = plan_schema()
    assert not satisfies(spoilt(change), schema, schema)


def test_json_schema_describes_every_key():
    schema = plan_schema()
    assert schema["$schema"].endswith("2020-12/schema") and schema["title"] == "Carebridge plan"
    shapes = {name: schema["$defs"][name] for name in (*(k.title() for k in KINDS), "When", "Effect", "Approval")}
    for name, shape in (shapes | {"Plan": schema}).items():
        assert {key for key, rule in shape["properties"].items() if not rule.get("description")} == set(), name


def test_hydra_reaches_into_moves(tmp_path):
    """A move is a mapping by name, so an override finds its size."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        over = ["+plan@plan=devon_2016_misreading", "plan.moves.close_acute.size.value=200", "plan.years=10"]
        read = OmegaConf.to_container(compose(overrides=over), resolve=True)["plan"]
    plan, faults = check_plan(read, DEVON)
    assert not faults and plan.moves["close_acute"].size.value == 200 and plan.years == 10
    assert plan.starts == dt.date(2019, 4, 1)

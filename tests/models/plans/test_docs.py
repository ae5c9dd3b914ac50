"""The page about plans: its examples load, and its error is what a reader would see."""

import copy
import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import yaml

from models.plans.check import check_plan
from models.plans.json_schema import plan_schema
from models.plans.layout import lay_out
from models.plans.moves import KINDS
from models.plans.plan import Timeline
from sim.errors import FaultsError
from tests.models.plans.test_shipped import DEVON

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "plans.md").read_text()
EXAMPLE, *MOVES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def test_the_worked_example_says_what_the_page_says():
    plan, faults = check_plan(EXAMPLE, DEVON)
    assert not faults
    five, fifteen = (lay_out(plan, Timeline(name="t", years=years), DEVON.sizes) for years in (5, 15))
    assert f"{min(t.due for t in five):%B %Y}" == "July 2020" and f"{max(t.due for t in five):%B %Y}" == "April 2024"
    assert f"{max(t.due for t in fifteen):%B %Y}" == "April 2034"
    for steps in (five, fifteen):
        closed = {site: sum(t.size for t in steps if t.move == "wards" and t.site == site) for site in DEVON.sites}
        assert closed == {"torbay": 20, "north_devon": 0, "exeter": 40, "plymouth": 0}
        assert sum(t.size for t in steps if t.kind == "open") == 80


def test_what_the_page_sets_on_the_command_line_can_be_set():
    said = re.findall(r"`(plan\.moves\.[^`]*=[^`]*)`", PAGE)
    assert len(said) == 2
    for words in said:
        plan = copy.deepcopy(EXAMPLE)
        for key, value in (word.removeprefix("plan.").split("=") for word in words.split()):
            *parts, last = key.split(".")
            place = functools.reduce(lambda found, part: found[part], parts, plan)
            assert place[last] != yaml.safe_load(value)
            place[last] = yaml.safe_load(value)
        assert not check_plan(plan, DEVON)[1], words


def test_the_schema_is_written_as_the_page_says():
    (code,) = re.findall(r'python -c "(.*)" > plan.json', PAGE)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(found.stdout) == plan_schema()


def test_every_kind_of_move_has_an_example_that_loads():
    assert [move["kind"] for move in MOVES] == [
        "close", "open", "convert", "avoid", "shorten", "shift", "invest", "invest", "recruit", "retrain", "merge"
    ]  # fmt: skip
    assert {move["kind"] for move in MOVES} == set(KINDS)
    _, faults = check_plan(EXAMPLE | {"moves": {f"m{n}": move for n, move in enumerate(MOVES)}}, DEVON)
    assert not faults


def test_the_error_is_what_a_reader_would_see():
    wards = EXAMPLE["moves"]["wards"] | {"sites": {"exter": 40, "torbay": 20}, "after": ["suport_at_home"]}
    effect = {"share": MOVES[3]["effect"]["share"]}
    frailty = {"kind": "avoid", "when": "early", "effect": effect, "after": ["frailty"]}
    moves = {"support_at_home": EXAMPLE["moves"]["support_at_home"], "wards": wards, "frailty": frailty}
    _, faults = check_plan(EXAMPLE | {"moves": moves}, DEVON)
    shown = PAGE.split("```\n4 faults")[1].split("```")[0].splitlines()[1:]
    told = str(FaultsError(faults, "plan")).splitlines()
    assert told[0] == "4 faults in plan:" and told[1:] == shown

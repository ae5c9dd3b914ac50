"""Parts of what lies around care stand by themselves, and say so where they are listed."""

from __future__ import annotations

import pytest

from models.care.slow import NAMES
from models.cli import main
from models.settings.alone import is_part, standing_alone
from models.settings.files import choices
from models.settings.request import parse
from models.settings.settings import settings


def test_parts_are_the_mechanisms_and_the_others_presets():
    assert {name for name in choices("around") if is_part(name)} == set(NAMES)
    assert not is_part("nowhere")


@pytest.mark.parametrize("name", choices("around"))
def test_everything_that_is_listed_can_be_run(name):
    around = settings(parse([f"around={name}", "timeline=3y", "criteria.longest_timeline_years=3"])).around
    assert around.name == name
    if is_part(name):
        assert [part for part in NAMES if getattr(around, part).enabled] == [name]


def test_what_is_set_besides_comes_after():
    words = ["seed=1", "around=estate", "around.estate.enabled=false"]
    assert list(standing_alone(words)) == [
        "seed=1",
        "around=none",
        "around.name=estate",
        "around.estate.enabled=true",
        "around.estate.enabled=false",
    ]


def test_the_list_says_which_stand_by_themselves(capsys):
    assert main(["list", "around"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert {line.split()[0] for line in lines if "By itself: " in line} == set(NAMES)

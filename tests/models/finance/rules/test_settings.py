"""Constants of the money rules and what the rules make of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.figures.figures import Sourced
from models.finance.rules.settings import CONFIG, read_rules
from sim.errors import FaultsError

FOLDER = Path(__file__).resolve().parents[4] / "models" / "finance" / "rules"
#: arithmetic and the calendar: halves, and months, half-years and pence; nothing that a source could change
ORDINARY = {0, 1, 2, 3, 4, 12, 100}


def figures(shape: Any) -> Iterator[Sourced]:
    if isinstance(shape, Sourced):
        yield shape
    elif isinstance(shape, dict):
        for part in shape.values():
            yield from figures(part)
    else:
        for _, part in shape:
            yield from figures(part)


def test_every_constant_has_a_source_or_a_range() -> None:
    found = list(figures(read_rules()))
    assert len(found) > 70
    for figure in found:
        if figure.status == "assumed":
            # What is assumed says within which range, or why there is none.
            low, high = getattr(figure, "range", (0, 1))
            assert low < high or figure.note


def constants(source: str) -> list[float]:
    """Numbers in code, without those that name a capacity of the machine."""
    return [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
    ]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem)
def test_no_rate_stands_in_the_code(path: Path) -> None:
    found = set(constants(path.read_text("utf-8")))
    if path.stem == "amounts":
        found -= {10, 6, 58, 63}  # millionths, and what 64 bits hold
    assert found <= ORDINARY


def test_a_rate_in_code_would_be_seen() -> None:
    assert constants("def f(x): return x * 0.7 + True") == [0.7]


def test_all_faults_of_the_file_at_once() -> None:
    data = yaml.safe_load(CONFIG.read_text("utf-8"))
    data["contracts"]["mret_2010"]["value"] = 1.3
    data["loans"]["revolving"]["unit"] = "per month"
    data["sustainability_fund"]["by_year"]["2018/19"]["elements"]["shares"]["ae"] = 0.4
    data["sustainability_fund"]["by_year"]["2018/19"]["quarters"]["values"] = [0.5, 0.1]
    data["pooled"]["bcf_targt"] = data["pooled"].pop("bcf_target")
    data["staffing"]["on_cost"]["status"] = "read"
    with pytest.raises(FaultsError) as error:
        read_rules(data)
    told = str(error.value)
    for words in ("mret_2010", "'per year'", "sum to one", "bcf_target", "has no source"):
        assert words in told
    assert len(error.value.faults) >= 6

"""Files that are not written as YAML should be, or not as a network is: said with line, rule and an example."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import FaultsError
from sim.network.load import load_network


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("", "n.yaml", "a network is a mapping of keys"),
        ("just words", "n.yaml", "a network is a mapping of keys"),
        ("a: [1\nb: 2", "n.yaml:2", "cannot be read as YAML: while parsing a flow sequence"),
        ("horizon: 9 d\n\nhorizon: 8 d\n", "n.yaml:3", "this key stands here already, in line 1"),
        (
            "horizon: 9 d\nsources: {door: {to: ward, rate_per_day: .nan}}",
            "n.yaml:2",
            "rate_per_day = nan: give a number",
        ),
    ],
)
def test_a_file_that_is_no_network_is_refused_with_line_rule_and_example(
    tmp_path: Path, text: str, place: str, says: str
) -> None:
    file = tmp_path / "n.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(FaultsError) as caught:
        load_network(file)
    found = next(f for f in caught.value.faults if says in str(f))
    assert found.file.endswith(place)
    assert found.example

"""Reading of odd YAML files: what is good is read, and what is not is an error that names the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sim.errors import CarebridgeError
from sim.reading.yaml_file import read_yaml

ROOT = Path(__file__).parents[2]


def read(folder: Path, text: str) -> object:
    file = folder / "odd.yaml"
    file.write_text(text, encoding="utf-8")
    return read_yaml(file)[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        ("a: &x {p: 1}\nc: &y {p: 2}\nb:\n  <<: [*x, *y]\n", {"a": {"p": 1}, "c": {"p": 2}, "b": {"p": 1}}),
        ("\ufeffa: 1\n", {"a": 1}),
        ("# nothing but words\n", None),
        ("", None),
    ],
)
def test_what_is_good_is_read(tmp_path: Path, text: str, found: object) -> None:
    """A mapping that takes keys over from another may have its own value for one of them."""
    assert read(tmp_path, text) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x {p: 1}\nb:\n  <<: *x\n  <<: *x\n", "odd.yaml:4: b.<<: this key stands here already, in line 3"),
        ("a: 2020-13-45\n", "odd.yaml: cannot be read as YAML: month must be in 1..12"),
        ("a: !!int x\n", "odd.yaml: cannot be read as YAML"),
        ("a: &x [*x]\n", "odd.yaml: cannot be read as YAML: its parts lie too deep"),
        ("[" * 5000, "odd.yaml"),
        ("a: 1\n---\nb: 2\n", "odd.yaml:2: .*another document"),
        ("a:\n\tb: 1\n", "odd.yaml:2: .*cannot start any token"),
    ],
)
def test_what_is_not_names_the_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CarebridgeError, match=said):
        read(tmp_path, text)


@pytest.mark.parametrize("part", ["[", "{a: ", "- ", "? "])
def test_text_too_deep_for_the_parser_is_refused(tmp_path: Path, part: str) -> None:
    """A process of its own, since the parser in C would end it."""
    file = tmp_path / "deep.yaml"
    file.write_text(part * 200_000)
    read_it = f"from pathlib import Path; from sim.reading.yaml_file import read_yaml; read_yaml(Path({str(file)!r}))"
    found = subprocess.run([sys.executable, "-c", read_it], capture_output=True, text=True, cwd=ROOT, check=False)
    assert found.returncode == 1
    assert found.stderr.rstrip().endswith(f"{file}: cannot be read as YAML: its parts lie too deep in each other.")


def test_text_with_many_parts_side_by_side_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "[" + "[1], " * 5000 + "]") == [[1]] * 5000

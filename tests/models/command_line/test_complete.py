"""What the shell is told to complete: verbs, keys and names that the commands know, and quickly."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from models import CONFIGS
from models.cli import VERBS, main
from models.command_line.complete import FREE, IN_FOLDERS, NAMED, SETTING, completions
from models.settings.files import choices
from models.settings.request import EACH, LITERAL, parse
from models.system.details import DETAILS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("carebridge ru", ["run"]),
        ("carebridge run foot", ["footprint="]),
        ("carebridge  run footprint=devon --d", ["--dry-run"]),
        ("carebridge run footprint=dev", ["footprint=devon", "footprint=devon_2023_24"]),
        ("carebridge run footprint=devon timeline=15y,5", ["timeline=15y,5y"]),
        ("carebridge run timeline=5y,5", []),
        ("carebridge run each=beds,w", ["each=beds,waits"]),
        ("carebridge run scenario=evi", ["scenario=evidence"]),
        ("carebridge list winter", ["winters"]),
        ("carebridge list par", ["parameters"]),
        ("carebridge network mm", []),  # a file, which the shell finds
        ("carebridge run out=", []),
        ("carebridge nothing ", []),
    ],
)
def test_completions(line, words):
    assert completions(line) == words


def test_all_verbs_are_there_and_can_be_asked_for_help(capsys):
    assert completions("carebridge ") == list(VERBS) == completions("carebridge")
    for name, verb in VERBS.items():
        assert getattr(import_module(verb.told or verb.module), verb.help).startswith(f"carebridge {name}")
        assert callable(getattr(import_module(verb.module), verb.work))
    assert main(["search", "--help"]) == 0
    assert capsys.readouterr().out.startswith("carebridge search")


def test_keys_and_names_are_those_of_the_command():
    """Everything that is offered is taken, and every key that is read literally is offered."""
    offered = {word.rstrip("=") for word in completions("carebridge run ")}
    assert set(LITERAL) <= offered
    assert NAMED["each"] == ("none", *EACH) and NAMED["detail"] == tuple(DETAILS)
    assert all(
        choices(key) == [w.partition("=")[2] for w in completions(f"carebridge run {key}=")] for key in IN_FOLDERS
    )
    for key, names in NAMED.items():
        for name in names:
            parse([f"{key}={name}"])
    assert all(key in LITERAL or (CONFIGS / "config.yaml").read_text("utf-8").find(f"{key}:") >= 0 for key in FREE)
    assert set(SETTING) <= set(VERBS)


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed here")
@pytest.mark.parametrize(
    ("line", "words"),
    [("run footprint=dev", ["devon", "devon_2023_24"]), ("run timeline=5y,15", ["5y,15y"]), ("li", ["list"])],
)
def test_bash_completes(line, words, capsys, tmp_path):
    """Bash itself puts a value behind the key's equals sign."""
    command = tmp_path / "carebridge"
    command.write_text(f'#!/bin/sh\ncd "{ROOT}" && exec "{sys.executable}" -m models.cli "$@"\n')
    command.chmod(0o755)
    assert main(["complete"]) == 0
    script = capsys.readouterr().out + 'COMP_LINE="carebridge $2"; COMP_POINT=${#COMP_LINE}; _carebridge "$1"\n'
    script += "printf '%s\\n' \"${COMPREPLY[@]}\""
    done = subprocess.run(
        ["bash", "-c", script, "bash", str(command), line], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == words


def test_help_and_completion_load_nothing_that_simulates():
    """Neither pandas nor a compiler is loaded for the asking."""
    script = (
        "import sys; from models.cli import main; main(['run', '--help']); main(['complete', 'carebridge run plan='])\n"
        "assert not {'pandas', 'numba', 'scipy', 'hydra'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)

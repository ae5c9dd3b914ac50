"""Rules about the shape of the code that no linter states.

Each rule is a function from source text to a list of faults, tested on a small offender as well as on the project, so
that a rule which finds nothing is known to be able to find something.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENGINE_MAY_NOT_IMPORT = {"models", "hydra", "omegaconf"}
JIT_HOME = "sim/kernel/jit.py"
COMPILERS = {"jit", "njit", "cfunc", "vectorize", "guvectorize", "stencil", "jitclass", "generated_jit"}
MAX_LINES = 500

# Written in pieces, so that this file does not hold what it forbids.
REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "registry.npmjs" + ".org", "conda.ana" + "conda.org")
REGISTRY = re.compile("|".join(re.escape(host) for host in REGISTRIES), re.IGNORECASE)
MACHINE_PATH = re.compile(
    r"(?<![\w.~$}>*-])/(?:home|root|Users|work|workspace|tmp)/[\w.-]" + r"|\b[A-Z]:\\+Users\\", re.ASCII
)


def python_files(*folders: str) -> list[Path]:
    """Python files of the given top-level folders; none if a folder does not exist."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """Path as written in the repository."""
    return path.relative_to(ROOT).as_posix()


def imported_modules(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every absolute import, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in ("__import__", "import_module", "importlib.import_module")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.lineno, str(node.args[0].value)


def forbidden_imports(source: str) -> list[str]:
    """Imports that would tie the engine to health care or to its configuration."""
    return [
        f"line {line}: imports {module}"
        for line, module in imported_modules(ast.parse(source))
        if module.split(".")[0] in ENGINE_MAY_NOT_IMPORT
    ]


def raw_compilers(source: str) -> list[str]:
    """Numba's own decorators, imported by name or reached through the module under any alias."""
    tree = ast.parse(source)
    faults = []
    aliases = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {
                (alias.asname or alias.name).split(".")[0]
                for alias in node.names
                if alias.name.split(".")[0] == "numba"
            }
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "numba":
            aliases |= {alias.asname or alias.name for alias in node.names}
            faults += [
                f"line {node.lineno}: imports numba's {alias.name}"
                for alias in node.names
                if alias.name in COMPILERS or alias.name == "*"
            ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in COMPILERS:
            base = node.value
            while isinstance(base, ast.Attribute):
                base = base.value
            if isinstance(base, ast.Name) and base.id in aliases:
                faults.append(f"line {node.lineno}: uses {ast.unparse(node)}")
    return faults


def addresses(text: str) -> list[str]:
    """Package-registry hosts and absolute paths of one machine."""
    return [
        f"line {number}: {match.group()!r}"
        for number, line in enumerate(text.splitlines(), 1)
        for match in (REGISTRY.search(line), MACHINE_PATH.search(line))
        if match
    ]


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Name and text of every file that is, or with the next ``git add`` would be, in the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of tracked files")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in sorted(filter(None, listing.stdout.decode().split("\0"))):
        path = ROOT / name
        if not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            yield name, content.decode("utf-8", errors="replace")


def test_engine_knows_neither_care_models_nor_configuration() -> None:
    faults = {name_of(path): forbidden_imports(path.read_text("utf-8")) for path in python_files("sim")}
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize(
    "offender",
    [
        "import models",
        "import hydra.core",
        "from models.verdict.verdict import judge",
        "def f():\n    from omegaconf import OmegaConf",
        "import importlib\nimportlib.import_module('models.cli')",
    ],
)
def test_forbidden_import_is_seen(offender: str) -> None:
    assert forbidden_imports(offender)


@pytest.mark.parametrize("honest", ["import numpy", "from sim.models_of_time import f", "from . import models"])
def test_other_imports_are_let_through(honest: str) -> None:
    assert forbidden_imports(honest) == []


def test_numba_is_reached_through_one_decorator_module() -> None:
    faults = {
        name_of(path): raw_compilers(path.read_text("utf-8"))
        for path in python_files("sim", "models")
        if name_of(path) != JIT_HOME
    }
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize(
    "offender",
    [
        "from numba import njit",
        "from numba import njit as compiled",
        "import numba\n@numba.njit(cache=True)\ndef f(): ...",
        "import numba as nb\nf = nb.jit(lambda: 0)",
        "from numba.experimental import jitclass",
        "import numba.experimental\n@numba.experimental.jitclass\nclass A: ...",
        "from numba import *",
    ],
)
def test_raw_compiler_is_seen(offender: str) -> None:
    assert raw_compilers(offender)


@pytest.mark.parametrize("honest", ["from sim.kernel.jit import njit", "import numba\nnumba.config.CACHE_DIR = ''"])
def test_other_uses_of_numba_are_let_through(honest: str) -> None:
    assert raw_compilers(honest) == []


def test_each_file_is_one_idea() -> None:
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in python_files("sim", "models")}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_no_registry_address_or_machine_path_is_kept() -> None:
    faults = {name: addresses(text) for name, text in tracked_texts()}
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize(
    "offender",
    ["https://" + REGISTRIES[0] + "/simple", "out=/" + "home/ann/runs", "cd /" + "work/x", "C:\\" + "Users\\ann"],
)
def test_address_is_seen(offender: str) -> None:
    assert addresses(offender)


@pytest.mark.parametrize(
    "honest", ["#!/usr/bin/env bash", "see sim/work/flow.py", "~/tmp/runs", "${BASE}/opt/x", ".venv/bin/pip"]
)
def test_other_text_is_let_through(honest: str) -> None:
    assert addresses(honest) == []

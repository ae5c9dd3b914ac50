"""The stale-cache trap: a compiled kernel must not outlive its source.

Numba keys its disk cache by the file of the function that is compiled, and does not see a change in a function that is
folded in from another file. The folder of the cache is therefore named after all kernel sources.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.kernel import jit

ROOT = Path(__file__).resolve().parents[2]
PRINT_FOLDER = "from sim.kernel.jit import cache_folder; print(cache_folder())"
PRINT_UNIFORM = "from sim.kernel.draws import pair; print(repr(pair(1, 2, 3, 4, 5)[0]))"
PRINT_RUN = """
from sim import Run, load_network, lower
service = {"kind": "exponential", "mean": "1 d"}
source = {"class": "a", "to": "w", "rate_per_day": 20}
stations = {"w": {"places": 8, "service": service}}
network = {"horizon": "9 d", "classes": ["a"], "sources": {"s": source}, "stations": stations}
run = Run(lower(load_network(network)), 1)
run.advance()
print(run.events, run.fingerprint)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder that holds a copy of the engine."""
    shutil.copytree(ROOT / "sim", tmp_path / "code" / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "code"


def run(package: Path, code: str, **env: str) -> str:
    settings = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "NUMBA_BOUNDSCHECK")}
    settings |= {"CAREBRIDGE_CACHE": str(package.parent / "cache"), "PYTHONPATH": str(package), **env}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=package, env=settings, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def edit(package: Path, name: str, old: str, new: str) -> None:
    path = package / "sim" / "kernel" / name
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def test_folder_is_named_after_the_sources(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(run(package, PRINT_FOLDER))
    assert folder.parent == package.parent / "cache" / "kernels"
    kernel = package / "sim" / "kernel"
    monkeypatch.setattr(jit, "_HERE", kernel)
    assert folder.name == jit.source_hash()
    hashes = {jit.source_hash()}
    sources = sorted(kernel.glob("*.py"))
    assert len(sources) > 10
    for path in sources:
        text = path.read_text("utf-8")
        path.write_text(text + "\n# a remark\n", "utf-8")
        hashes.add(jit.source_hash())
        path.write_text(text, "utf-8")
    assert len(hashes) == len(sources) + 1
    (kernel / "new.py").write_text("", "utf-8")
    assert jit.source_hash() not in hashes


def test_bounds_checks_have_a_folder_of_their_own(package: Path) -> None:
    plain, checked = run(package, PRINT_FOLDER), run(package, PRINT_FOLDER, NUMBA_BOUNDSCHECK="1")
    assert checked == f"{plain}-bounds"
    assert run(package, PRINT_FOLDER, NUMBA_BOUNDSCHECK="0") == plain


def test_a_changed_rule_gives_the_new_number(package: Path) -> None:
    # `pair` is compiled and cached in draws.py; to change a rule in the same file is the easy case ...
    before = float(run(package, PRINT_UNIFORM))
    assert 0 < before < 1
    edit(package, "draws.py", "+ 0.5) * (1.0 / 4503599627370496.0)", "+ 0.5) * (2.0 / 4503599627370496.0)")
    assert float(run(package, PRINT_UNIFORM)) == 2 * before


@pytest.mark.nightly
def test_a_changed_rule_of_another_file_gives_the_new_number(package: Path) -> None:
    # ... the trap is a rule in a file other than the one whose function is cached: `advance` folds in `whole_ms`
    before = run(package, PRINT_RUN)
    assert run(package, PRINT_RUN) == before
    edit(package, "times.py", "math.floor(min(x, LONGEST_STAY) + 0.5)", "math.floor(min(x, LONGEST_STAY) + 7.5)")
    after = run(package, PRINT_RUN)
    assert after != before
    edit(package, "times.py", "math.floor(min(x, LONGEST_STAY) + 7.5)", "math.floor(min(x, LONGEST_STAY) + 0.5)")
    assert run(package, PRINT_RUN) == before


def test_unwritable_cache_falls_back(package: Path) -> None:
    blocked = package.parent / "a file"
    blocked.write_text("not a folder", "utf-8")
    found = run(package, PRINT_FOLDER, CAREBRIDGE_CACHE=str(blocked), TMPDIR=str(package.parent))
    assert Path(found).parent.name.startswith("carebridge-")
    assert float(run(package, PRINT_UNIFORM, CAREBRIDGE_CACHE=str(blocked), TMPDIR=str(package.parent))) < 1

"""A kernel with a fault is noticed: every fault of `tests.sim.mutations` is planted, and must be found.

One in six is planted in the ordinary run, the others in the nightly one.
"""

import shutil
from pathlib import Path

import pytest

from tests.sim.mutations import MUTATIONS, Mutation, check, copy_of_engine, plant

FOUND = ("different: ", "not conserved: ")


def case(mutation: Mutation, often: bool) -> object:
    return pytest.param(mutation, id=mutation.name, marks=() if often else pytest.mark.nightly)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers of the reference, which the kernel gives too as long as it has no fault."""
    folder = tmp_path_factory.mktemp("answers")
    done = check(copy_of_engine(tmp_path_factory.mktemp("right")), folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("networks agree\n")
    return folder


@pytest.mark.parametrize("mutation", [case(m, k % 6 == 0) for k, m in enumerate(MUTATIONS)])
def test_fault_is_found(mutation: Mutation, answers: Path, tmp_path: Path) -> None:
    plant(copy_of_engine(tmp_path), mutation)
    done = check(tmp_path, answers)
    shutil.rmtree(tmp_path)
    assert done.stderr == ""  # found by what is written down, not by a crash
    assert done.returncode == 1
    assert done.stdout.startswith("network ")
    assert any(word in done.stdout for word in FOUND)
    print(done.stdout)  # `-rP` shows what each was found by


def test_every_fault_can_be_planted(tmp_path: Path) -> None:
    folder = copy_of_engine(tmp_path)
    for mutation in MUTATIONS:
        path = folder / "sim" / "kernel" / mutation.file
        right = path.read_text("utf-8")
        plant(folder, mutation)
        wrong = path.read_text("utf-8")
        assert wrong != right
        compile(wrong, mutation.file, "exec")
        path.write_text(right, "utf-8")
    assert len({m.name for m in MUTATIONS}) == len(MUTATIONS) >= 10


def test_a_fault_whose_text_is_gone_is_reported(tmp_path: Path) -> None:
    folder = copy_of_engine(tmp_path)
    with pytest.raises(ValueError, match="stands 0 times in stays.py"):
        plant(folder, Mutation("x", "stays.py", "no such text", ""))
    with pytest.raises(ValueError, match=r"stands \d+ times in stays.py"):
        plant(folder, Mutation("x", "stays.py", "@rule", ""))

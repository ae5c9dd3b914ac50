"""The files of the money are written replication by replication: memory stays flat however many there are."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pyarrow as pa
import pytest

from models.finance.books import Books
from models.finance.tables import write_money
from tests.models.finance.random_system import random_book


def _books(replications: int) -> Books:
    return random_book(3, 4, months=36, replications=replications).close()


def _peak(folder: Path, books: Books) -> int:
    """Bytes that writing every journal takes at most, Arrow's own apart."""
    tracemalloc.start()
    try:
        write_money(folder, [books], "hash", named=books.numbers)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["trial_balance", "ledger"])
def test_each_replication_is_one_batch_of_the_file(tmp_path: Path, name: str) -> None:
    books = _books(5)
    write_money(tmp_path, [books], "hash", named=books.numbers)
    with pa.memory_map(str(tmp_path / f"{name}.arrow")) as source:
        reader = pa.ipc.open_file(source)
        found = [set(reader.get_batch(n)["replication"].to_pylist()) for n in range(reader.num_record_batches)]
    assert found == [{0}, {1}, {2}, {3}, {4}]


def test_writing_eight_times_as_many_journals_takes_no_more_memory(tmp_path: Path) -> None:
    few, many = _books(4), _books(32)
    _peak(tmp_path, few)  # what is imported or kept at the first time
    small, large = _peak(tmp_path, few), _peak(tmp_path, many)
    assert large < 1.5 * small

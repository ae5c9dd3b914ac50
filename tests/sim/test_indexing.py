"""Indices that count from the front: the same answers as Numba's own, no test of sign, and an error where checked."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from sim.kernel.indexing import FromTheFront

NARROW = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
RECORD = np.dtype([("count", np.int32), ("time", np.int64)])


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    return njit(pipeline_class=FromTheFront, error_model="numpy", **options)(function)


def read(rows: Any, i: int) -> Any:
    return rows[i]


def read_three(rows: Any, i: int, j: int) -> Any:
    return rows[i, j, 1]


def write(rows: Any, i: int, value: int) -> None:
    rows[i] = value


def add(rows: Any, i: int, j: int, value: int) -> None:
    rows[i, j, 0] += value


def add_to_record(rows: Any, i: int, value: int) -> None:
    rows[i].count += value
    rows[i].time -= value


def sum_of_part(rows: Any, first: int, last: int) -> Any:
    total = 0
    for value in rows[first:last]:
        total += value
    return total


def last(rows: Any) -> Any:
    return rows[-1]


def second_of_a_tuple(i: int) -> Any:
    return (10, 20, 30)[i]


@pytest.mark.parametrize("kind", NARROW)
def test_every_kind_of_whole_number_finds_its_row(kind: type) -> None:
    rows = np.arange(100, 200)
    got = compiled(read)
    assert [got(rows, kind(i)) for i in (0, 1, 99)] == [100, 101, 199]


@pytest.mark.parametrize("kind", [np.int16, np.int64, np.uint64])
def test_rows_columns_and_records_are_read_and_written(kind: type) -> None:
    rows, same = np.arange(24).reshape(2, 3, 4), np.arange(24).reshape(2, 3, 4)
    assert compiled(read_three)(rows, kind(1), 2) == rows[1, 2, 1]
    compiled(add)(rows, kind(1), kind(2), 5)
    same[1, 2, 0] += 5
    assert np.array_equal(rows, same)
    compiled(write)(rows[0, 0], kind(3), 7)
    assert rows[0, 0, 3] == 7
    records = np.zeros(4, RECORD)
    compiled(add_to_record)(records, kind(2), 3)
    assert records["count"].tolist() == [0, 0, 3, 0]
    assert records["time"].tolist() == [0, 0, -3, 0]


def test_what_is_no_variable_index_of_an_array_stays_as_it_is() -> None:
    rows = np.arange(10)
    assert compiled(last)(rows) == 9
    assert compiled(sum_of_part)(rows, 2, -1) == sum(range(2, 9))
    assert compiled(second_of_a_tuple)(1) == 20


@pytest.mark.parametrize("index", [-1, -10, 10])
def test_an_index_from_the_end_is_an_error_where_bounds_are_checked(index: int) -> None:
    rows = np.arange(10)
    checked = compiled(read, boundscheck=True)
    assert checked(rows, 9) == 9
    with pytest.raises(IndexError):
        checked(rows, index)
    with pytest.raises(IndexError):
        compiled(write, boundscheck=True)(rows, index, 1)
    assert rows.tolist() == list(range(10))


def test_the_sign_of_an_index_is_not_looked_at() -> None:
    def tests_of_sign(function: Any) -> int:
        function(np.arange(10), 3)
        (code,) = function.inspect_llvm().values()
        body = code[code.index("define") :].split("\n}\n")[0]
        return body.count("select")

    assert tests_of_sign(njit(error_model="numpy", boundscheck=False)(read)) == 1
    assert tests_of_sign(compiled(read, boundscheck=False)) == 0

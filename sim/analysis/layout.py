"""How the points of a design came about: which part drew each key, and which row of that part each point has.

Points of one part that share a value are one draw, however many points of other parts they are crossed with; an
interval that took them for many draws would be too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.errors import CarebridgeError
from sim.sweep.design import Morris, Part, Saltelli, Sample, Value, uniforms

__all__ = ["Layout", "Piece"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """One part of a design.

    Parameters
    ----------
    part : Part
    keys : tuple of str
        In the order of its axes.
    size : int
        Points of the part alone.
    each : int
        Points of the sweep that follow one another before the part goes to its next row.
    """

    part: Part
    keys: tuple[str, ...]
    size: int
    each: int

    @property
    def sample(self) -> Sample | Saltelli | Morris | None:
        """The sample that it is, if it is one."""
        return self.part.latin_hypercube or self.part.sobol or self.part.morris

    @property
    def is_grid(self) -> bool:
        """Whether its values were chosen, and not drawn."""
        return self.sample is None

    def listed(self, key: str) -> list[Value]:
        """Values of a key in the order in which the design lists them; empty when it does not."""
        if self.part.grid is not None:
            return self.part.grid[key]
        return (self.sample.over[key].values or []) if self.sample is not None else []

    @property
    def block(self) -> int:
        """Rows that were laid out together: a base point of Saltelli's with its neighbours, or a walk of Morris's."""
        if self.part.sobol is not None:
            return len(self.keys) + 2
        return len(self.keys) + 1 if self.part.morris is not None else 1

    def rows(self, points: Ints) -> Ints:
        """Row of the part in each point."""
        return points // self.each % self.size


@dataclass(frozen=True)
class Layout:
    """All parts of a design."""

    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, design: Sequence[Any], keys: Sequence[str], points: int) -> Layout:
        """Read the design of a sweep.

        Parameters
        ----------
        design : list
            Parts as plain data, as ``sweep.json`` holds them.
        keys : list of str
            All keys, in the order of the parts.
        points : int
            Points of the sweep.

        Raises
        ------
        CarebridgeError
            When several parts are files: their sizes cannot be told apart.
        """
        parts = [Part.model_validate(part) for part in design]
        known = {n: _known(part) for n, part in enumerate(parts) if part.csv is None}
        files = len(parts) - len(known)
        if files > 1:
            raise CarebridgeError("a design with several CSV files cannot be analysed; join them into one file.")
        taken = {key for own, _ in known.values() for key in own}
        rest = tuple(key for key in keys if key not in taken)
        left = points // math.prod(size for _, size in known.values())
        pieces, each = [], points
        for n, part in enumerate(parts):
            own, size = known.get(n, (rest, left))
            each //= size
            pieces.append(Piece(part, own, size, each))
        return cls(tuple(pieces))

    def of_key(self, key: str) -> Piece:
        """Part that sets a key."""
        return next(piece for piece in self.pieces if key in piece.keys)

    def draws(self, key: str, points: Ints) -> Ints:
        """Number of the draw that gave each point its value of a key.

        Rows of one block that share a value are one draw. Of a grid every point counts as its own.
        """
        piece = self.of_key(key)
        if piece.is_grid:
            return np.arange(len(points))
        rows = piece.rows(points)
        if piece.block == 1:
            return rows
        return rows // piece.block * piece.block + _same_in_block(piece, key)[rows % piece.block, rows // piece.block]


def _same_in_block(piece: Piece, key: str) -> Ints:
    """First row of each block in which the key has the value that it has in each row: (rows of a block, blocks)."""
    sample = piece.sample
    assert sample is not None  # noqa: S101 - only samples have blocks
    column = uniforms(sample)[:, piece.keys.index(key)].reshape(-1, piece.block).T
    return np.array([(column == row).argmax(axis=0) for row in column])


def _known(part: Part) -> tuple[tuple[str, ...], int]:
    """Keys and size of a part that is not a file."""
    if part.grid is not None:
        return tuple(part.grid), math.prod(len(values) for values in part.grid.values())
    if part.listed is not None:
        return tuple(part.listed[0]), len(part.listed)
    if part.sobol is not None:
        return tuple(part.sobol.over), part.sobol.base * (len(part.sobol.over) + 2)
    if part.morris is not None:
        return tuple(part.morris.over), part.morris.trajectories * (len(part.morris.over) + 1)
    assert part.latin_hypercube is not None  # noqa: S101 - exactly one is given
    return tuple(part.latin_hypercube.over), part.latin_hypercube.points

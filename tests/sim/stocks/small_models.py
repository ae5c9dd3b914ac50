"""Small models from blocks of a file, for tests of stocks and flows."""

from __future__ import annotations

from typing import Any

from sim.stocks.build import build
from sim.stocks.model import Model
from sim.stocks.schema import StockFile

GROUPS = {"group": ["nurse", "doctor", "aide"], "senior": ["doctor", "aide"]}


def made(end: float = 4, dt: float = 1, start: float = 0, save: float | None = None, **blocks: Any) -> Model:
    time = {"unit": "day", "start": start, "end": end, "dt": dt, "save_every": save}
    model, faults = build(StockFile.model_validate({"name": "test", "time": time, **blocks}))
    assert not faults, faults
    return model

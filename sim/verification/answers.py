"""The exact answers: ``answers.json`` beside this file, each case with its family, source, parameters and figures."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = ["IDS", "expected", "family", "params", "source"]

_TEXT = files("sim.verification").joinpath("answers.json").read_text("utf-8")
_CASES: dict[str, dict[str, Any]] = {case["id"]: case for case in json.loads(_TEXT)["cases"]}

IDS = list(_CASES)  #: names of all cases


def params(case: str) -> dict[str, Any]:
    """Parameters of a case."""
    return _CASES[case]["params"]


def expected(case: str) -> dict[str, Any]:
    """Figures that the case must give."""
    return _CASES[case]["expected"]


def family(case: str) -> str:
    """What kind of system it is, in plain words and in queueing theory's own."""
    return _CASES[case]["family"]


def source(case: str) -> str:
    """Where the exact answer comes from."""
    return _CASES[case]["source"]

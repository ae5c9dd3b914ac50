"""Exact answers to compare with: ``tests/data/verification_cases.json``."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent.parent / "data" / "verification_cases.json"
_CASES = {case["id"]: case for case in json.loads(_FILE.read_text("utf-8"))["cases"]}

IDS = list(_CASES)


def params(case: str) -> dict[str, Any]:
    return _CASES[case]["params"]


def expected(case: str) -> dict[str, Any]:
    return _CASES[case]["expected"]

"""A small full run against its golden output, which only an explicit command updates."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

UPDATE = Path(__file__).parents[2] / "golden" / "update.py"
HOW = "model output has changed: if meant, run `python tests/golden/update.py`, flag it **Output** in CHANGELOG.md"


def test_small_run_gives_the_golden_output():
    spec = importlib.util.spec_from_file_location("golden_update", UPDATE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    expected = json.loads(module.FILE.read_text(encoding="utf-8"))
    found = json.loads(json.dumps(module.golden()))
    assert found["fingerprints"] == expected["fingerprints"], HOW
    assert found["events"] == expected["events"], HOW
    assert found["verdict"] == expected["verdict"], HOW

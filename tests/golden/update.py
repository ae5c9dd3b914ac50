"""Write the golden output of a small full run anew: ``python tests/golden/update.py``.

Only this command changes it. Say in CHANGELOG.md, flagged **Output**, why the model's answers have changed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("devon.json")
WORDS = [
    "timeline=3y,5y",
    "replications=2",
    "seed=7",
    "criteria.longest_timeline_years=5",
    "criteria.window_years_after=1",
    "waterfall=0",
    "sensitivity=0",
]


def rounded(value: Any) -> Any:
    """Numbers to nine significant digits, all through a document."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {str(k): rounded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(v) for v in value]
    return value


def golden() -> dict[str, Any]:
    """What the small run says: fingerprints of every trajectory, events, and the whole verdict."""
    from models.run.runner import _simulate
    from models.run.write import verdict_document
    from models.settings.request import parse
    from models.settings.settings import settings

    outcome = _simulate(settings(parse(WORDS)))
    document = verdict_document(outcome)
    return {
        "fingerprints": {name: [f"{f:016x}" for f in o.fingerprints] for name, o in outcome.observed.items()},
        "events": {name: o.events for name, o in outcome.observed.items()},
        "verdict": rounded(document),
    }


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this checkout, not another that is installed
    FILE.write_text(json.dumps(golden(), indent=1) + "\n", encoding="utf-8")
    print(f"written: {FILE.name}")

"""Run one form of one engine in a process of its own; ``benchmarks.engines`` starts it.

The request comes as JSON in the only argument, the answer goes to standard output as JSON: ``{"results": [...]}``, or
``{"skipped": reason}`` if the engine cannot be imported.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from typing import Any

from benchmarks.tandem import Tandem


def answer(engine: str, form: str, case: dict[str, Any], seeds: list[int]) -> dict[str, Any]:
    """Results of the form, one for each seed."""
    try:
        run = importlib.import_module(f"benchmarks.peers.{engine}_tandem").FORMS[form]
        results = [run(Tandem(**case), seed) for seed in seeds]
    except ImportError as error:
        return {"skipped": str(error)}
    return {"results": [dataclasses.asdict(result) for result in results]}


if __name__ == "__main__":
    print(json.dumps(answer(**json.loads(sys.argv[1]))))

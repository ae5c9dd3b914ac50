"""A worker: takes numbers of chunks from its standard input, makes them, and says so on its standard output.

It ends when its input ends, in the middle of a chunk too: a worker never outlives the process that feeds it.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from pathlib import Path

from sim.sweep.attempt import attempt
from sim.sweep.folder import Folder
from sim.sweep.journal import Journal

__all__ = ["main"]


def main() -> int:
    """Serve one coordinator: ``python -m sim.sweep.worker FOLDER``."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what a study prints must not get between the answers
    orders: queue.SimpleQueue[int] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            orders.put(int(line))
        os._exit(0)

    folder = Folder.open(Path(sys.argv[1]))
    study, journal = folder.study(), Journal(folder.path, "worker")
    threading.Thread(target=listen, daemon=True).start()
    while True:
        print(json.dumps(attempt(folder, study, orders.get(), journal)), file=out)


if __name__ == "__main__":
    sys.exit(main())

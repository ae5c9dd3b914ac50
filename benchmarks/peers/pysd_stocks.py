"""PySD beside the benchmark, in an interpreter of its own: it needs PySD and the standard library only.

Its argument is an XMILE file. A line of standard input is a run as JSON, ``{"parameters": {name: value}, "columns":
[name]}``, a line of standard output what came of it: seconds of CPU time, and the last values.
"""

from __future__ import annotations

import json
import sys
import time
import warnings


def main() -> None:
    """Answer runs until standard input ends."""
    warnings.simplefilter("ignore")
    answers, sys.stdout = sys.stdout, sys.stderr  # PySD may print
    import pysd

    begun = time.perf_counter()
    model = pysd.read_xmile(sys.argv[1])
    print(json.dumps({"version": pysd.__version__, "seconds": time.perf_counter() - begun}), file=answers, flush=True)
    end = model.components.final_time()
    for line in sys.stdin:
        run = json.loads(line)
        begun = time.process_time()
        # the form: the model is loaded once; parameters by name, one moment and the columns that are asked for
        found = model.run(
            params=run["parameters"], return_columns=run["columns"], return_timestamps=[end], progress=False
        )
        seconds = time.process_time() - begun
        values = [float(found[column].iloc[-1]) for column in run["columns"]]
        print(json.dumps({"seconds": seconds, "values": values}), file=answers, flush=True)


if __name__ == "__main__":
    main()

"""What can be asked of ``carebridge stocks``."""

from __future__ import annotations

from models.command_line.words import Key, number, one_of, path, whole

__all__ = ["FLAGS", "HELP", "KEYS"]

HELP = """carebridge stocks FILE.yaml [key=value ...] [--flag ...]

  Runs any stock-flow model and prints every variable as CSV: one row a saved time, the first column Time, elements of
  arrays as name[element,...]. docs/stocks.md says how a file is written and what everything means.

  --set name=value      another value for a parameter, as often as needed: --set "leaving_rate[nurse]=0.1"
  until=20              another end, in the model's unit of time
  dt=0.125              another step
  method=rk4            euler or rk4
  sweep=DESIGN.yaml     many runs, compiled, on threads: the CSV has the columns point and the swept parameters too
  workers=2             threads of a sweep; no influence on the results
  out=FILE.csv          write the CSV to a file instead
  draw=FILE.svg         the stock-flow diagram

  --units               print the dimensional report instead of running
  --no-unit-check       do not analyse the dimensions of the equations
  --check               check the file (and draw it, with draw=), but do not run it
  --schema              print the JSON Schema of stock-flow files, with which editors complete and check them
  --help                this text

Every key may also be written --key value or --key=value. Exit code: 0 done, 2 something was wrong with the words or
the file (all faults are listed, nothing is written), 1 the work failed, 130 stopped by Ctrl-C.
"""

KEYS = {
    "until": Key(number, "until=20"),
    "dt": Key(number, "dt=0.125"),
    "method": Key(one_of("euler", "rk4"), "method=rk4"),
    "sweep": Key(path, "sweep=DESIGN.yaml"),
    "workers": Key(whole(1, 1024), "workers=2"),
    "out": Key(path, "out=FILE.csv"),
    "draw": Key(path, "draw=FILE.svg"),
}
FLAGS = ("units", "no_unit_check", "check", "schema")

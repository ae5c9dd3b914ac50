"""The command: ``carebridge VERB [key=value …]``."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, NamedTuple

from models import __version__
from sim.errors import CarebridgeError, nearest

__all__ = ["VERBS", "main"]

HELP = """carebridge: is this plan to close hospital beds credible?

  carebridge run [key=value ...]        run a plan beside business as usual; write tables, charts, report and verdict
  carebridge compare [key=value ...]    one plan on several timelines, and what each mechanism contributes
  carebridge search [key=value ...]     how much of a plan would be credible, and what one would have to believe
  carebridge monotonicity [...]         what more community places do to access, number by number, with intervals
  carebridge area [NAME]                begin a footprint of one's own: any plan area of England
  carebridge calibrate [key=value ...]  fit a footprint to its baseline year, or all of them; refuse what cannot be done
  carebridge network FILE.yaml [...]    run any network of sources, stations and routes, without health care
  carebridge stocks FILE.yaml [...]     run any model of stocks and flows; prints every variable as CSV
  carebridge hybrid FILE.yaml [...]     run a network and stocks on one clock
  carebridge verify [NAME ...]          systems with exact answers and published models, simulated and compared
  carebridge sweep [FILE.yaml] [...]    many points of a design, on this machine or a cluster; stop and go on at will
  carebridge status DIR                 how a sweep stands; carebridge collect DIR makes its tables
  carebridge analyse DIR                what the answers of a sweep depend on, and where the plan fails
  carebridge list [group]               footprints, plans, scenarios, sweeps and models, each with its question
  carebridge list parameters [...]      every figure with unit, year, basis, status, range and source
  carebridge gap [...]                  what explains the gap of money that a plan says it has, and what does not
  carebridge repeat DIR                 the run that made a folder, once more, and whether every file is the same
  carebridge report DIR                 the report, charts and pages of a run's folder, written anew
  carebridge audit DIR                  every invariant of a run's money again, from its files alone
  carebridge hindcast [...]             what the model would have said of England's last years, beside naive forecasts
  carebridge backtest [...]             what the model says of plans whose end is known, beside what happened
  carebridge complete                   the words of a command line, completed by the shell (bash)
  carebridge doctor                     versions, compile cache, cores, memory and disk
  carebridge VERB --help                more on one of these
"""


class Verb(NamedTuple):
    """A verb: the module that is loaded when it is asked for, its function, and where its help is told."""

    module: str
    work: str
    told: str = ""  # module of the help, where that is another
    help: str = "HELP"


VERBS = {
    "run": Verb("models.run.command", "run_command"),
    "compare": Verb("models.compare.command", "compare_command"),
    "search": Verb("models.search.command", "search_command"),
    "monotonicity": Verb("models.compare.monotonicity_command", "monotonicity_command"),
    "area": Verb("models.footprint.area_command", "main"),
    "calibrate": Verb("models.calibration.command", "calibrate"),
    "network": Verb("models.network.command", "run_network", told="models.network.request"),
    "stocks": Verb("models.stocks.command", "run_stocks", told="models.stocks.request"),
    "hybrid": Verb("models.stocks.hybrid_command", "run_hybrid"),
    "verify": Verb("models.verify.command", "verify"),
    "repeat": Verb("models.run.repeat_command", "repeat_command"),
    "report": Verb("models.run.repeat_command", "report_command", help="REPORT_HELP"),
    "audit": Verb("models.finance.audit", "audit_command"),
    "gap": Verb("models.finance.gap_command", "gap_command"),
    "hindcast": Verb("models.hindcast.command", "main"),
    "backtest": Verb("models.backtest.command", "backtest_command"),
    "sweep": Verb("models.sweep.command", "sweep", help="SWEEP_HELP"),
    "status": Verb("models.sweep.command", "status", help="STATUS_HELP"),
    "collect": Verb("models.sweep.command", "collect", help="COLLECT_HELP"),
    "analyse": Verb("models.sweep.command", "analyse", help="ANALYSE_HELP"),
    "chunk": Verb("models.sweep.command", "chunk", help="CHUNK_HELP"),
    "list": Verb("models.command_line.listing", "list_command"),
    "complete": Verb("models.command_line.complete", "complete_command"),
    "doctor": Verb("models.command_line.doctor", "doctor_command"),
}
DRY_RUNS = ("run", "compare", "search", "sweep")  #: verbs that can say what they would do, and do nothing


def main(words: list[str] | None = None) -> int:
    """Run the command; returns the exit code (0 done, 1 failed, 2 asked wrongly, 130 stopped by Ctrl-C)."""
    words = list(sys.argv[1:] if words is None else words)
    try:
        return _dispatch(words)
    except CarebridgeError as error:
        print(f"carebridge: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ncarebridge: stopped. Nothing was written; the same command starts again.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        print(f"carebridge: {error}", file=sys.stderr)
        return 1
    except MemoryError:
        print("carebridge: not enough memory; fewer replications need less.", file=sys.stderr)
        return 1


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    if words[0] in ("-V", "--version"):
        print(f"carebridge {__version__}")
        return 0
    name, rest = words[0], words[1:]
    if name not in VERBS:
        close = nearest(name, VERBS)
        raise CarebridgeError(f"no such verb: '{name}'." + (f" Did you mean '{close}'?" if close else "") + "\n" + HELP)
    verb = VERBS[name]
    if any(word in ("-h", "--help") for word in rest):
        print(_part(verb.told or verb.module, verb.help), end="")
        return 0
    if "--dry-run" in rest and name not in DRY_RUNS:
        raise CarebridgeError(f"{name} has no --dry-run; these have one: {', '.join(DRY_RUNS)}.")
    return _part(verb.module, verb.work)(rest)


def _part(module: str, name: str) -> Any:
    """What a verb needs is loaded when it is asked for: help and lists need neither the model nor the engine."""
    return getattr(import_module(module), name)


if __name__ == "__main__":
    sys.exit(main())

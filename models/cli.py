"""The command: ``carebridge VERB [key=value …]``."""

from __future__ import annotations

import sys
from collections.abc import Callable

from models import __version__
from sim.errors import CarebridgeError, nearest

__all__ = ["main"]

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
  carebridge audit DIR                  every invariant of a run's money again, from its files alone
  carebridge hindcast [...]             what the model would have said of England's last years, beside naive forecasts
  carebridge backtest [...]             what the model says of plans whose end is known, beside what happened
  carebridge doctor                     versions, compile cache, cores, memory and disk
  carebridge VERB --help                more on one of these
"""

RUN_HELP = """carebridge run [key=value ...] [--dry-run]

  footprint=devon       which area (carebridge list)
  detail=beds           beds: hospital beds and services; default: the whole care system; full: every contact
  plan=devon_2016       which plan; without it the footprint's own, or 'none' where there is none
  timeline=5y,15y       one timeline or several, judged over the same years
  scenario=evidence     which whole experiment; 'evidence' is the one that decides
  replications=48       of every arm
  seed=1                same seed, same results to the last byte
  winter=usual          bad: flu, norovirus and cold in one, every fifth winter, for all arms (carebridge list winters)
  compensation=off      on: what makes up for the hospital beds that close (K11); one more arm a timeline
  search=none           plan, beds, places, ... (carebridge search --help): what would be credible; minutes for each
  each=none             beds, waits, stocks, flows, state: tables that also hold every replication, not means alone
  patients=0            of so many replications: every patient's visits to wards and services (patients.arrow)
  workers=2             threads; no influence on the results
  out=DIR               folder for the results

Any other key of the configuration can be set too, for example gates=none or plan.moves.close_acute.size.value=200.
--dry-run prints the configuration and an estimate of time, memory and disk, and runs nothing.
"""

DOCTOR_HELP = """carebridge doctor

  Versions, processor cores, memory, disk, and whether the engine is compiled; ends with 1 where something is amiss.
"""
LIST_HELP = """carebridge list [GROUP ...]

  GROUP                 footprints, plans, timelines, scenarios, feedbacks, around, winters, gates, funding, demand,
                        backtests, sweeps, stocks or hybrids; all of them unless given. Each name with its question

"""
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
    from models.backtest.command import HELP as BACKTEST_HELP
    from models.calibration.command import HELP as CALIBRATE_HELP
    from models.compare.command import HELP as COMPARE_HELP
    from models.compare.monotonicity_command import HELP as MONOTONICITY_HELP
    from models.figures.command import HELP as PARAMETERS_HELP
    from models.finance.audit import HELP as AUDIT_HELP
    from models.finance.gap_command import HELP as GAP_HELP
    from models.footprint.area_command import HELP as AREA_HELP
    from models.hindcast.command import HELP as HINDCAST_HELP
    from models.network.request import HELP as NETWORK_HELP
    from models.run.repeat_command import HELP as REPEAT_HELP
    from models.search.command import HELP as SEARCH_HELP
    from models.stocks.hybrid_command import HELP as HYBRID_HELP
    from models.stocks.request import HELP as STOCKS_HELP
    from models.sweep.command import ANALYSE_HELP, CHUNK_HELP, COLLECT_HELP, STATUS_HELP, SWEEP_HELP
    from models.verify.command import HELP as VERIFY_HELP

    verb, rest = words[0], words[1:]
    verbs: dict[str, tuple[Callable[[list[str]], int], str]] = {
        "run": (_run, RUN_HELP),
        "compare": (_compare, COMPARE_HELP),
        "search": (_search, SEARCH_HELP),
        "monotonicity": (_monotonicity, MONOTONICITY_HELP),
        "area": (_area, AREA_HELP),
        "calibrate": (_calibrate, CALIBRATE_HELP),
        "network": (_network, NETWORK_HELP),
        "stocks": (_stocks, STOCKS_HELP),
        "hybrid": (_hybrid, HYBRID_HELP),
        "verify": (_verify, VERIFY_HELP),
        "repeat": (_repeat, REPEAT_HELP),
        "audit": (_audit, AUDIT_HELP),
        "gap": (_gap, GAP_HELP),
        "hindcast": (_hindcast, HINDCAST_HELP),
        "backtest": (_backtest, BACKTEST_HELP),
        "sweep": (_sweep, SWEEP_HELP),
        "status": (_status, STATUS_HELP),
        "collect": (_collect, COLLECT_HELP),
        "analyse": (_analyse, ANALYSE_HELP),
        "chunk": (_chunk, CHUNK_HELP),
        "list": (_list, LIST_HELP + PARAMETERS_HELP),
        "doctor": (_doctor, DOCTOR_HELP),
    }
    if verb not in verbs:
        close = nearest(verb, verbs)
        raise CarebridgeError(f"no such verb: '{verb}'." + (f" Did you mean '{close}'?" if close else "") + "\n" + HELP)
    work, text = verbs[verb]
    if any(word in ("-h", "--help") for word in rest):
        print(text, end="")
        return 0
    if "--dry-run" in rest and verb not in DRY_RUNS:
        raise _no_dry_run(verb)
    return work(rest)


def _no_dry_run(verb: str) -> CarebridgeError:
    return CarebridgeError(f"{verb} has no --dry-run; these have one: {', '.join(DRY_RUNS)}.")


def _compare(words: list[str]) -> int:
    from models.compare.command import compare_command

    return compare_command(words)


def _search(words: list[str]) -> int:
    from models.search.command import search_command

    return search_command(words)


def _monotonicity(words: list[str]) -> int:
    from models.compare.monotonicity_command import monotonicity_command

    return monotonicity_command(words)


def _repeat(words: list[str]) -> int:
    from models.run.repeat_command import repeat_command

    return repeat_command(words)


def _audit(words: list[str]) -> int:
    from models.finance.audit import audit_command

    return audit_command(words)


def _gap(words: list[str]) -> int:
    from models.finance.gap_command import gap_command

    return gap_command(words)


def _hindcast(words: list[str]) -> int:
    from models.hindcast.command import main as hindcast

    return hindcast(words)


def _backtest(words: list[str]) -> int:
    from models.backtest.command import backtest_command

    return backtest_command(words)


def _run(words: list[str]) -> int:
    dry = "--dry-run" in words
    if "scenario=hindcast_england" in words:  # an examination of the model, not of a plan
        if dry:
            raise _no_dry_run("hindcast")
        return _hindcast([word for word in words if word != "scenario=hindcast_england"])
    from models.run.runner import dry_run, run
    from models.settings.compose import parse, settings

    chosen = settings(parse([w for w in words if w != "--dry-run"]))
    return dry_run(chosen) if dry else run(chosen)


def _area(words: list[str]) -> int:
    from models.footprint.area_command import main as area

    return area(words)


def _calibrate(words: list[str]) -> int:
    from models.calibration.command import calibrate

    return calibrate(words)


def _network(words: list[str]) -> int:
    from models.network.command import run_network

    return run_network(words)


def _stocks(words: list[str]) -> int:
    from models.stocks.command import run_stocks

    return run_stocks(words)


def _hybrid(words: list[str]) -> int:
    from models.stocks.hybrid_command import run_hybrid

    return run_hybrid(words)


def _verify(words: list[str]) -> int:
    from models.verify.command import verify

    return verify(words)


def _sweep(words: list[str]) -> int:
    from models.sweep.command import sweep

    return sweep(words)


def _status(words: list[str]) -> int:
    from models.sweep.command import status

    return status(words)


def _collect(words: list[str]) -> int:
    from models.sweep.command import collect

    return collect(words)


def _analyse(words: list[str]) -> int:
    from models.sweep.command import analyse

    return analyse(words)


def _chunk(words: list[str]) -> int:
    from models.sweep.command import chunk

    return chunk(words)


def _list(words: list[str]) -> int:
    if words and words[0] == "parameters":
        from models.figures.command import list_parameters

        return list_parameters(words[1:])
    from models import CONFIGS
    from models.plans.listing import list_plans
    from models.settings.alone import GROUP, is_part
    from models.settings.compose import choices, first_line

    groups = {
        "footprints": "footprint",
        "plans": "plan",
        "timelines": "timeline",
        "scenarios": "scenario",
        "feedbacks": "feedback",
        "around": "around",
        "winters": "winter",
        "gates": "gates",
        "funding": "funding",
        "demand": "demand",
        "backtests": "backtest",
        "sweeps": "sweep",
        "stocks": "stocks",
        "hybrids": "hybrid",
    }
    files = {
        "demand": "configs/demand/NAME.yaml, of the whole care system",
        "backtests": "carebridge backtest case=NAME",
        "sweeps": "carebridge sweep NAME",
        "stocks": "carebridge stocks configs/stocks/NAME.yaml",
        "hybrids": "carebridge hybrid configs/hybrid/NAME.yaml",
    }
    wanted = words or list(groups)
    for title in wanted:
        if title not in groups:
            close = nearest(title, groups)
            hint = f" Did you mean '{close}'?" if close else ""
            raise CarebridgeError(f"nothing to list under '{title}'; there are: {', '.join(groups)}.{hint}")
        print(f"{title} ({files.get(title, f'{groups[title]}=...')})")
        if title == "plans":
            print("\n".join(list_plans(CONFIGS / "plan", choices("footprint"))))
            continue
        for name in choices(groups[title]):
            state = f"{_state(name):12}" if title == "footprints" else ""
            alone = "By itself: " if groups[title] == GROUP and is_part(name) else ""
            print(f"  {name:26}{state}{alone}{first_line(groups[title], name)}")
    return 0


def _state(footprint: str) -> str:
    """Whether a footprint can be run: it has a fit, none yet, or no baseline to fit."""
    from models import CONFIGS
    from models.footprint.short import NoBaseline, expand, is_short

    path = CONFIGS / "footprint" / f"{footprint}.yaml"
    if (CONFIGS / "fit" / path.name).exists():
        return "fitted"
    try:
        if is_short(path):
            expand(path)
    except NoBaseline:
        return "no baseline"
    except CarebridgeError:
        return "faulty"
    return "not fitted"


def _doctor(words: list[str]) -> int:
    from models.command_line.doctor import doctor

    if words:
        raise CarebridgeError(f"doctor takes no words, got '{words[0]}'.")
    return doctor()


if __name__ == "__main__":
    sys.exit(main())

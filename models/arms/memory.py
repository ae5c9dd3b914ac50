"""How much memory a run needs: an estimate from what it keeps and from what was measured, a little above it.

Measured was the resident memory of the process before and after each part of Devon's default run (48 replications of
three arms on two workers, with the steps and the ten figures beside it: 1.80 GB; 2.19 GB without those two, where
nothing was compiled yet), of runs of 4 and 16 replications, of Cornwall, and of the whole care system; Linux, Python
3.11. Workers are threads of one process, so that libraries and tables are there once.
"""

from __future__ import annotations

import os

from models.arms.prepare import arm_names, window
from models.command_line.doctor import compiled
from models.settings.settings import Settings
from models.system.details import BEDS, DETAILS
from sim.kernel.layout import STATES, WAIT_TOTAL

__all__ = ["COMPILING", "events_of_a_run", "gigabytes", "parts"]

LIBRARIES = 0.31  #: GB of Python, its libraries and the configuration, before anything is simulated (0.29 to 0.31)
#: the compiled engine and the network, by detail (0.15, 0.19, 0.26)
ENGINE = {BEDS: 0.15, "default": 0.2, "full": 0.27}
WORKER = 0.015  #: the state of a run under way, for each worker (0.01)
BESIDE = 0.16  #: steps from the spreadsheet, and figures moved (0.15, for any number of replications)
PAGES = 0.13  #: tables, charts and pages while they are made (0.12)
#: what compiling takes at its peak, of the engine and of an area's stocks; 0.54 to 0.6 of it is left behind. Measured
#: as the most resident memory of runs with an empty cache, less what the other parts tell: two replications of Devon's
#: plan over three years without anything beside took 1.42 GB (0.53 with all compiled), and 1.59 with detail=full
COMPILING = 0.85
#: what is kept of a run, as multiples of its monthly table, which in Devon has 3.6 MB
ARRAYS = 0.75  #: what it wrote down each month, with the stocks around it (2.6 MB)
LOG = 0.45  #: all that happened to the plan, step by step (1.6 MB)
BOOKS = 0.8  #: its money, with what is needed while it is posted (2.8 MB)
LOOKED = 2  #: arms whose results a search holds at once, beside those of the run: business as usual, and the plan
TABLES = 0.25  #: the tables of the run folder (0.9 MB)
#: the largest table of every replication while it is made (flows and states 6.2 MB, stocks below 1.4)
EACH = {"flows": 1.9, "state": 1.9, "stocks": 0.4, "waits": 0.1, "beds": 0.1}

#: bytes an event: everybody's visits as they are kept and made a table of, and while they are read off a log (Devon: 57
#: and 39; with detail=full no more)
VISITS, READ_OFF = 60, 40


def gigabytes(chosen: Settings, kept: int | None = None, posted: int | None = None) -> float:
    """Return the memory that a run needs, in GB; with that for compiling only where nothing was ever compiled.

    Parameters
    ----------
    kept, posted : int, optional
        Arms whose results, and whose books, are there at once; those of `carebridge run` unless given.
    """
    return sum(parts(chosen, kept, posted).values())


def parts(chosen: Settings, kept: int | None = None, posted: int | None = None) -> dict[str, float]:
    """Return the memory of each part of a run, in GB; parameters as for :func:`gigabytes`."""
    each = chosen.replications * _monthly(chosen)
    searched = LOOKED if chosen.search else 0
    runs = each * (kept or len(arm_names(chosen)) + searched)
    compared = each * (posted or 1 + len(chosen.timelines))
    return {
        "libraries": LIBRARIES,
        "engine": ENGINE[chosen.detail] + WORKER * (chosen.request.workers or os.cpu_count() or 1),
        "compiling": 0.0 if compiled() else COMPILING,
        "arrays": ARRAYS * runs,
        "log": LOG * runs,
        "books": BOOKS * compared if chosen.money else 0.0,
        "beside": BESIDE if chosen.sensitivity or chosen.waterfall else 0.0,
        "tables": TABLES * compared,
        "each": max((EACH[name] for name in chosen.request.each), default=0.0) * compared,
        "patients": _patients(chosen),
        "pages": PAGES,
    }


def events_of_a_run(chosen: Settings) -> float:
    """Return about how many events one run of an arm has."""
    days = (window(chosen)[1] - chosen.footprint.start).days
    return DETAILS[chosen.detail].events * chosen.footprint.overnight_per_day * days


def _patients(chosen: Settings) -> float:
    """GB of everybody's visits, in the runs of which they are kept."""
    runs = min(chosen.request.patients, chosen.replications) * len(arm_names(chosen))
    workers = min(runs, chosen.request.workers or os.cpu_count() or 1)
    return (VISITS * runs + READ_OFF * workers) * events_of_a_run(chosen) / 1e9


def _monthly(chosen: Settings) -> float:
    """GB that one run of an arm writes down by month, station and class, generously."""
    months = (window(chosen)[1] - chosen.footprint.start).days / 30.4
    detail = DETAILS[chosen.detail]
    stations = len(chosen.footprint.sites) * detail.kept
    return months * stations * detail.classes * (len(STATES) + WAIT_TOTAL + 3 + 3) * 8 / 1e9

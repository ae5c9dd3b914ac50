"""What `carebridge run` alone does: other commands refuse it rather than leave it out silently."""

from __future__ import annotations

from models.settings.settings import Settings
from sim.errors import Fault, FaultsError

__all__ = ["refuse_what_only_runs_do"]


def refuse_what_only_runs_do(chosen: Settings, where: str = "command line") -> None:
    """Raise an error that names every key which only `carebridge run` follows.

    Raises
    ------
    FaultsError
        With all of them.
    """
    asked = {
        "compensation": (chosen.compensation, "on", "only `carebridge run` answers K11; leave it out."),
        "search": (chosen.search, ",".join(chosen.search), "a key of `carebridge run`; leave it out."),
        "each": (chosen.request.each, ",".join(chosen.request.each), "a key of `carebridge run`; leave it out."),
        "patients": (chosen.request.patients, chosen.request.patients, "a key of `carebridge run`; leave it out."),
    }
    if faults := [Fault(key, value, rule, where) for key, (given, value, rule) in asked.items() if given]:
        raise FaultsError(faults, where)

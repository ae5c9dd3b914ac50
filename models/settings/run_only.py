"""What `carebridge run` alone does: other commands refuse it rather than leave it out silently."""

from __future__ import annotations

from models.settings.request import Request
from models.settings.settings import Settings
from sim.errors import Fault, FaultsError

__all__ = ["refuse_what_only_runs_do", "run_only_faults"]

RULE = "a key of `carebridge run`; leave it out."


def run_only_faults(
    request: Request, compensation: bool, where: str = "command line", search: str = RULE
) -> list[Fault]:
    """One fault for every key that was given and that only `carebridge run` follows.

    Parameters
    ----------
    compensation : bool
        Whether K11 was asked for.
    search : str
        What is said of ``search``.
    """
    asked = {
        "compensation": ("on" if compensation else "", "only `carebridge run` answers K11; leave it out."),
        "search": (",".join(request.search), search),
        "each": (",".join(request.each), RULE),
        "patients": (request.patients, RULE),
    }
    return [Fault(key, value, rule, where) for key, (value, rule) in asked.items() if value]


def refuse_what_only_runs_do(chosen: Settings, where: str = "command line") -> None:
    """Raise an error that names every key which only `carebridge run` follows.

    Raises
    ------
    FaultsError
        With all of them.
    """
    if faults := run_only_faults(chosen.request, chosen.compensation, where):
        raise FaultsError(faults, where)

"""``carebridge run``: a plan beside business as usual."""

from __future__ import annotations

from sim.errors import CarebridgeError

__all__ = ["HELP", "run_command"]

HELP = """carebridge run [key=value ...] [--dry-run]

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


def run_command(words: list[str]) -> int:
    """Run it; returns the exit code."""
    dry = "--dry-run" in words
    if "scenario=hindcast_england" in words:  # an examination of the model, not of a plan
        from models.hindcast.command import main as hindcast

        if dry:
            raise CarebridgeError("hindcast has no --dry-run: leave it or scenario=hindcast_england out.")
        return hindcast([word for word in words if word != "scenario=hindcast_england"])
    from models.run.runner import dry_run, run
    from models.settings.request import parse
    from models.settings.settings import settings

    chosen = settings(parse([w for w in words if w != "--dry-run"]))
    return dry_run(chosen) if dry else run(chosen)

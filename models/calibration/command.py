"""``carebridge calibrate``: fit a footprint and say how well it is known, or that there is no baseline."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from models.calibration.baseline import without_fit
from models.command_line.words import WHERE, Words, file_faults, own_words, path, yes_or_no
from models.footprint.short import NoBaseline
from models.settings import files
from models.settings.fit import Fit
from models.settings.request import parse
from models.settings.run_only import refuse_what_only_runs_do
from models.settings.settings import Settings, settings
from models.system.details import BEDS, fit_name
from sim.errors import Fault, FaultsError
from sim.files import check_file, json_text, replace_text

if TYPE_CHECKING:
    from models.calibration.whole import Calibrated

__all__ = ["HELP", "calibrate", "fit_text", "fitted", "posterior_table"]

HELP = """carebridge calibrate [footprint=devon] [key=value ...] [quick=true] [out=FILE.yaml] [csv=FILE.csv] [--json]
carebridge calibrate footprint=all [year=2023/24] [key=value ...] [quick=true] [refit=false] [out=FOLDER] [--json]

  Fits stays in each hospital and places in each community service to the baseline year. Then says how far every target
  is missed, which parameters the figures identify and which stay assumptions, the ranges of both, and how quarters are
  predicted that the fit has not seen. Writes the fit to configs/fit. Where the past cannot be reproduced, or figures
  of different bases, years or clocks would be compared, it says NO BASELINE, writes nothing and ends with 1.

  footprint=devon       which area (carebridge list footprints)
  detail=beds           how much is simulated: beds, or the whole care system (default, full); each has its own fit
  replications=32       of the baseline year
  seed=1                same seed, same file to the last byte
  workers=2             threads; no influence on the results
  feedback=history      how stays answer to pressure; the fit says with which it was made
  quick=true            the point estimate alone, without ranges (always so with detail=full)
  out=FILE.yaml         where the fit goes; needed when figures of the footprint are changed here
  csv=FILE.csv          ranges of the parameters as a table
  --json                print everything as JSON

  Several areas, footprint=all or footprint=dorset,cornwall: every one is fitted, or says NO BASELINE and why; then
  2019/20 Q1 to Q3 is forecast for every hospital and scored beside persistence. One folder holds a report (an overview
  and a page for each area), charts, tables and fits; configs/fit stays as it is. Ctrl-C loses no area that is done: the
  same command goes on. It ends with 1 when no area has a baseline.

  out=FOLDER            where all this goes; runs/footprints unless given
  refit=false           take the fits in configs/fit that belong to the present figures; fit only where there is none
"""


def calibrate(words: list[str]) -> int:
    """Do what the words after ``calibrate`` ask for; returns the exit code (1: no baseline, nothing was written).

    Raises
    ------
    FaultsError
        With faults of the words or of the configuration.
    """
    from models.areas.request import several

    if several(words):
        from models.areas.command import calibrate_several

        return calibrate_several(words)
    own, rest = _own(words)
    request = parse(rest)
    changed = next((w for w in request.overrides if w.lstrip("+~").startswith("footprint.")), None)
    if changed and own["out"] is None:
        rule = "is changed here only, so say out=FILE: the footprint's own fit stays with its own figures."
        raise FaultsError([Fault(changed.partition("=")[0], None, rule, WHERE)], WHERE)
    detail, quick = request.detail or BEDS, bool(own["quick"])
    if detail == "full":  # parameters of the detailed ways out have no ranges in the footprint
        if own["csv"]:
            raise FaultsError([Fault("csv", str(own["csv"]), "there are no ranges with detail=full.", WHERE)], WHERE)
        quick = True
    target = own["out"] or files.CONFIGS / "fit" / f"{fit_name(request.footprint, detail)}.yaml"
    check_file(target)
    from models.calibration.calibrate import CannotFit

    try:
        chosen = settings(request)
        refuse_what_only_runs_do(chosen)
    except NoBaseline as refused:
        return _refused(str(refused), target)
    try:
        fit, found = fitted(chosen, quick, lambda text: print(text, file=sys.stderr))
    except (CannotFit, FaultsError) as refused:
        return _refused(f"NO BASELINE. {refused}", target)
    replace_text(target, fit_text(chosen, fit, quick))
    if own["csv"]:
        replace_text(own["csv"], posterior_table(fit).to_csv(index=False, lineterminator="\n"))
    if "json" in own.flags:
        print(json_text(_document(fit, found)), end="")
        return 0
    print("\n".join([f"Fitted: {target}", *_lines(fit, found)]))
    return 0


def _refused(why: str, target: Path) -> int:
    kept = f"{target} is as it was" if target.exists() else "no file was written"
    print(f"carebridge: {why}\nNothing was changed: {kept}.", file=sys.stderr)
    return 1


def _own(words: list[str]) -> tuple[Words, list[str]]:
    """The words of this command alone, and the rest."""
    own, rest, faults = own_words(words, {"quick": yes_or_no, "out": path, "csv": path}, ("json",))
    faults += file_faults(own, "out", "csv")
    if own["quick"] and own["csv"]:
        faults.append(Fault("csv", str(own["csv"]), "there are no ranges with quick=true.", WHERE))
    if faults:
        raise FaultsError(faults, WHERE)
    return own, rest


def fitted(chosen: Settings, quick: bool, say: Callable[[str], None]) -> tuple[Fit, Calibrated | None]:
    """Fit a footprint; without `quick` say also how well the fit is known.

    Parameters
    ----------
    say : callable
        Told what is being done.

    Raises
    ------
    CannotFit
        When there is no baseline.
    FaultsError
        When figures of different bases, years or clocks would be compared.
    """
    from models.calibration.calibrate import CannotFit, fit_footprint

    footprint, request = chosen.footprint, chosen.request
    if footprint.no_baseline:
        raise CannotFit("; ".join(without_fit(footprint)) + ".")
    workers = request.workers or os.cpu_count() or 1
    fit = fit_footprint(
        footprint,
        chosen.future,
        replications=request.replications or 32,
        seed=request.seed if request.seed is not None else 1,
        workers=workers,
        feedback=chosen.feedback,
        detail=chosen.detail,
        on_round=lambda number, worst: say(f"round {number}: largest miss {worst:.1f} times its tolerance"),
    )
    if quick:
        return fit, None
    from models.calibration.whole import calibrate_around

    found = calibrate_around(footprint, fit, chosen.future, feedback=chosen.feedback, workers=workers, on_step=say)
    return found.fit, found


def fit_text(chosen: Settings, fit: Fit, quick: bool) -> str:
    """Text of the file of a fit, which says how it was made."""
    import yaml

    how = f"carebridge calibrate footprint={chosen.footprint.name}"
    how += ("" if chosen.detail == BEDS else f" detail={chosen.detail}") + (" quick=true" if quick else "")
    head = (
        f"# What was fitted so that {chosen.footprint.title} reproduces {chosen.footprint.baseline_year}.\n"
        f"# Made by `{how}`; do not edit by hand.\n"
    )
    if quick:
        head += "# The point estimate alone: how well it is known is said by a fit that is made without quick=true.\n"
    unsaid = None if fit.out_of_reach else {"out_of_reach"}  # where no waits are fitted, files stay as they were
    return head + yaml.safe_dump(fit.model_dump(exclude=unsaid), sort_keys=False, allow_unicode=True, width=120)


# --- what is printed ---------------------------------------------------------------------------------------------


def posterior_table(fit: Fit) -> pd.DataFrame:
    """One row a parameter: what the fit uses, the middle 90 % before and after, and whether it is identified."""
    return pd.DataFrame([{"parameter": name, **row.model_dump()} for name, row in fit.posterior.items()])


def _document(fit: Fit, found: Calibrated | None) -> dict[str, Any]:
    out: dict[str, Any] = {"baseline": True, "fit": fit.model_dump(mode="json")}
    if found is not None:
        held, coverage = found.held.table().reset_index(), found.coverage().reset_index()
        out["held_out"] = _plain(held)
        out["coverage"] = _plain(coverage)
    return out


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain data, figures to five digits."""
    rows = []
    for row in frame.to_dict("records"):
        values = {str(k): v.item() if hasattr(v, "item") else v for k, v in row.items()}
        rows.append({k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in values.items()})
    return rows


def _lines(fit: Fit, found: Calibrated | None) -> Iterator[str]:
    if found is None:
        for key, value in fit.achieved.items():
            yield f"  {key:28} {value}"
        yield from (f"  {words}" for words in fit.identified)
        return
    yield from _targets(fit)
    yield from _parameters(fit)
    yield from ("", "What the figures tell, and what they do not:")
    yield from (f"  {words}" for words in fit.identified)
    yield from _held(found)
    yield from ("", f"Made with feedback '{fit.feedback}'. Hash of the fit: {fit.hash}")


def _targets(fit: Fit) -> Iterator[str]:
    yield from (
        "",
        "Targets: how far each is missed, in standard deviations of all that allows for it (above 3: refused)",
    )
    yield f"  {'':28} {'observed':>9} {'simulated':>9} {'sd':>8} {'missed':>7} {'nearest':>7}  unit, basis, year, clock"
    for name, row in fit.implausibility.items():
        what = ", ".join(part for part in (row.unit, row.basis, row.year, row.clock) if part)
        yield (
            f"  {name:28} {row.observed:9.4g} {row.simulated:9.4g} {row.sd:8.3g} {row.implausibility:7.1f} "
            f"{row.within_ranges:7.1f}  {what}"
        )


def _parameters(fit: Fit) -> Iterator[str]:
    yield from ("", "Parameters: what the fit uses, and the middle 90 % before and after the figures were seen")
    yield f"  {'':28} {'used':>9} {'before':>19} {'after':>19}  unit, state"
    for name, row in fit.posterior.items():
        before, after = (f"{a:.4g} to {b:.4g}" for a, b in ((row.prior_low, row.prior_high), (row.low, row.high)))
        yield f"  {name:28} {row.used:9.4g} {before:>19} {after:>19}  {row.unit}, {row.state}"


def _held(found: Calibrated) -> Iterator[str]:
    yield from ("", f"Quarters that the fit has not seen: beds in use, and where {found.held.level:.0%} should lie")
    for row in found.held.table().reset_index().to_dict("records"):
        between = f"{row['low']:.1f} to {row['high']:.1f}"
        where = "inside" if row["inside"] else "outside"
        yield f"  {row['target']:28} {row['observed']:9.1f} {row['median']:9.1f} {between:>19}  {where}"
    for row in found.coverage().reset_index().to_dict("records"):
        yield f"  {row['site']}: {row['inside']} of {row['quarters']} inside"
    share, low, high = found.held.coverage
    yield f"  all: {share:.0%} inside (exact 95 % bounds {low:.0%} to {high:.0%}, as if they were independent)"

"""The main job: build the arms, run them, judge the plan, write the run folder, say what came out."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from models.arms.arms import Arm, Observed, run_arms
from models.arms.memory import COMPILING, events_of_a_run, gigabytes
from models.arms.prepare import USUAL, arm_names, idle, prepare, window, with_beds_kept
from models.calibration.baseline import Baseline, check_baseline, without_fit
from models.command_line.doctor import compiled, memory_gb
from models.command_line.out_folder import folder_faults
from models.finance.simulated.accounts import Accounts
from models.finance.simulated.carried import LAW
from models.plans import months_after
from models.plans.listing import what_moves
from models.plans.schedule import Schedule
from models.plans.whose_plan import is_no_plan
from models.run.money import accounts_of
from models.run.sensitivity import Matter, ranges, what_matters
from models.run.write import write_run
from models.search.ask import Asking, lay_out, look, most_runs
from models.search.look import Found
from models.search.questions import question
from models.search.told import conditions, in_short
from models.settings.settings import Settings
from models.system.details import BEDS, DETAILS
from models.system.system import System
from models.verdict.conditions import name_conditions
from models.verdict.criteria import Assessed
from models.verdict.criteria_compensation import compensation_criterion
from models.verdict.criteria_money import money_criterion
from models.verdict.criteria_money_parts import money_parts
from models.verdict.verdict import NO_PLAN, UNDETERMINED, Verdict, fewest, judge
from models.verdict.what_happened import unchanged, what_never_happened
from models.waterfall.waterfall import Waterfall, waterfall
from sim import Run
from sim.errors import CarebridgeError, FaultsError
from sim.files import check_room

__all__ = ["Outcome", "dry_run", "run", "simulated", "summary", "tell_cost"]


#: for the estimate of --dry-run: of a core, with stocks beside the network; and runs as long as the plan's that the
#: search for the beds of each step comes to
SECONDS_AN_EVENT, RUNS_OF_STEPS = 1.7e-7, 6
#: MB that a run of an arm takes in each table of every replication (0.01 to 0.17 for Devon)
BYTES_OF_PATIENTS = 11  #: an event, in the table of everybody's visits (10 for Devon, 11 with detail=full)
MB_OF_EACH = {"flows": 0.15, "state": 0.2, "stocks": 0.05, "waits": 0.01, "beds": 0.02}


@dataclass
class Outcome:
    """Everything a run found out, for the tables, the report and the terminal."""

    settings: Settings
    baseline: Baseline
    observed: dict[str, Observed]
    assessed: dict[str, list[Assessed]]
    verdicts: dict[str, Verdict]
    schedules: dict[str, Schedule]
    system: System | None
    window: tuple[dt.date, dt.date]
    waterfall: Waterfall | None = None
    matters: list[Matter] = field(default_factory=list)
    money: Accounts | None = None
    kept: dict[str, Observed] = field(default_factory=dict)  # arms with every hospital bed kept, which K11 alone reads
    found: list[Found] = field(default_factory=list)  # what would be credible


def run(chosen: Settings) -> int:
    """Run everything that was asked for; returns the exit code."""
    began = time.time()
    out = chosen.request.out or Path("runs") / f"{chosen.footprint.name}-{chosen.plan.name}-{chosen.scenario_hash[:8]}"
    if faults := folder_faults(out):
        raise FaultsError(faults, "command line")
    check_room(out, _megabytes(chosen))
    outcome = simulated(chosen)
    write_run(out, outcome, began)
    for line in summary(outcome):
        print(line)
    print(f"Report, tables and charts: {out / 'report.html'}")
    return 0


def simulated(chosen: Settings) -> Outcome:
    """Run everything that was asked for and keep what came out in memory.

    Raises
    ------
    CarebridgeError
        When the machine has too little memory for it.
    """
    _check_memory(chosen)
    return _simulate(chosen)


def _simulate(chosen: Settings) -> Outcome:
    if chosen.fit is None:
        baseline = check_baseline(chosen.footprint, None, None)
        return Outcome(chosen, baseline, {}, {}, {}, {}, None, window(chosen))
    asking = _asking(chosen)
    ready = prepare(chosen)
    schedules, usual = ready.schedules, ready.usual
    found = _replicate(chosen, [*ready.arms, *ready.kept])
    observed = {arm.name: o for arm, o in zip(ready.arms, found, strict=False)}
    kept = {arm.name: o for arm, o in zip(ready.kept, found[len(ready.arms) :], strict=True)}
    baseline = check_baseline(chosen.footprint, chosen.fit, observed[USUAL])
    money = accounts_of(chosen, observed, schedules)
    verdicts, assessed = {}, {}
    for name, laid_out in schedules.items():
        verdicts[name], assessed[name] = judge(
            observed[name],
            observed[USUAL],
            laid_out,
            chosen.criteria,
            ready.window,
            baseline.reasons,
            money_criterion(money, name, ready.window) if money else "",
            money_parts(money, name, laid_out, ready.window) if money else (),
            _compensation(chosen, observed, kept, laid_out) if chosen.compensation else "",
            chosen.around,
        )
    outcome = Outcome(chosen, baseline, observed, assessed, verdicts, schedules, usual, ready.window)
    outcome.money, outcome.kept = money, kept
    if not baseline.reasons:
        outcome.waterfall = _steps(chosen) if chosen.waterfall and chosen.detail == BEDS else None
        outcome.matters = _matters(chosen, next(iter(schedules.values()))) if chosen.sensitivity else []
        outcome.found = look(asking, usual=observed[USUAL]) if asking else []
    name_conditions(
        verdicts,
        {t.name: t.years for t in chosen.timelines},
        {name: conditions(outcome.found, name) for name in verdicts},
        chosen.criteria.credible_from,
    )
    return outcome


def _asking(chosen: Settings) -> list[Asking]:
    """What is to be looked for beside the verdict, checked before anything is simulated."""
    if not chosen.search or is_no_plan(chosen.plan):
        return []
    workers = chosen.request.workers or os.cpu_count() or 1
    asked = {what: partial(question, what) for what in chosen.search}
    return lay_out(chosen.request, asked, workers, lambda text: print(text, file=sys.stderr))


def _compensation(
    chosen: Settings, observed: dict[str, Observed], kept: dict[str, Observed], laid_out: Schedule
) -> Assessed | str:
    """K11 on one timeline; where the plan changes no hospital beds, it is itself the arm that keeps them."""
    plan = observed[laid_out.timeline.name]
    beside = kept.get(with_beds_kept(laid_out.timeline.name), plan)
    return compensation_criterion(plan, beside, observed[USUAL], laid_out, chosen.criteria, window(chosen))


def _matters(chosen: Settings, first: Schedule) -> list[Matter]:
    """Every figure that states a range, and what it does to the result."""
    workers, ends = chosen.request.workers or os.cpu_count() or 1, 2 * len(ranges(chosen))
    with _progress("moving each figure to either end of its range", ends, "ends") as show:
        return what_matters(chosen, first, replications=chosen.sensitivity, workers=workers, on_done=show)


def _steps(chosen: Settings) -> Waterfall:
    """From the spreadsheet to the simulation; raises NotReconciled when the two do not agree on the first step."""
    years = chosen.waterfall * len(chosen.footprint.sites)
    with _progress("reconciling with the planner's arithmetic", years, "years of a hospital") as show:
        return waterfall(
            chosen, replications=chosen.waterfall, workers=chosen.request.workers, on_done=lambda done, _: show(done)
        )


def _replicate(chosen: Settings, arms: list[Arm]) -> list[Observed]:
    workers = chosen.request.workers or os.cpu_count() or 1
    print(f"{chosen.plan.title}: {chosen.plan.question}", file=sys.stderr)
    if not compiled():
        print("compiling the engine, once on this machine (a minute or two) ...", file=sys.stderr)
    Run(arms[0].lowered, 0).advance(1)  # compiles the kernel once, before the threads need it
    with _progress("simulating", chosen.replications * len(arms), "runs") as show:
        return run_arms(arms, chosen.seed, chosen.replications, workers, show, chosen.request.patients)


@contextmanager
def _progress(doing: str, total: int, what: str) -> Iterator[Callable[[int], None]]:
    """Show a bar while something is done; what it yields takes the number done so far."""
    from tqdm import tqdm

    shape = f"{{desc}} {{percentage:3.0f}} % |{{bar}}| {{n}}/{{total}} {what}, {{remaining}} left"
    with tqdm(total=total, desc=doing, bar_format=shape, file=sys.stderr, mininterval=0.5, smoothing=0.05) as bar:
        bar.refresh()

        def show(done: int) -> None:
            bar.update(done - bar.n)

        yield show


def summary(outcome: Outcome) -> list[str]:
    """Say the verdict in a few plain lines."""
    chosen = outcome.settings
    if not outcome.verdicts:
        return [f"{chosen.plan.title}: NO BASELINE. {'; '.join(outcome.baseline.reasons)}."]
    lines = [f"{chosen.plan.title}, {chosen.footprint.title}: {_moves(chosen)}. {chosen.future.title}."]
    if is_no_plan(chosen.plan) and not outcome.baseline.reasons:
        lines.append(
            "  NO PLAN, nothing to judge: name one with plan=...; `carebridge list plans` shows those there are."
        )
    for name, v in outcome.verdicts.items():
        if v.verdict == NO_PLAN:
            continue
        years = next(t.years for t in chosen.timelines if t.name == name)
        low, high = v.interval
        lines.append(
            f"  in {years:2d} years: {v.verdict.upper()} (delivered and safe in {v.probability:.0%} of "
            f"{v.replications} simulated futures, between {low:.0%} and {high:.0%}; delivered "
            f"{v.delivered['probability']:.0%}, safe {v.safe['probability']:.0%}). What decides: {_name(v)}."
        )
        lines += [f"    {more_needed(v, chosen.criteria.credible_from)}"] if v.verdict == UNDETERMINED else []
        lines += [f"    Credible on condition: {'; or '.join(v.conditions)}."] if v.conditions else []
        lines += [f"    {line}." for line in v.ruled_out]
        lines += [f"    {line}" for line in what_never_happened(outcome.observed[name])]
        lines += [f"    {line}" for line in _compensated(v) if chosen.compensation]
    lines += [f"  {line}" for line in in_short(outcome.found)]
    lines += [f"  {line}" for line in (*unchanged(outcome.observed, USUAL), *outcome.baseline.reasons)]
    lines += [f"  {line}" for line in (outcome.money.unpaid if outcome.money else ())]
    lines += [f"  {line}" for line in _short_of_reserves(outcome)]
    lines += [f"  Changes nothing in this run: {one.title}. {one.why[0].upper()}{one.why[1:]}." for one in idle(chosen)]
    if not chosen.future.decides:
        lines.append("  This scenario informs; the verdict rests on scenario=evidence.")
    return lines


def _compensated(v: Verdict) -> list[str]:
    """What is said of K11, in a line."""
    row = next(row for row in v.criteria if row["id"] == "K11")
    note = row["note"].removeprefix("reported; ").removeprefix("not assessed: ")
    passed = f" Passed in {row['probability']:.0%} of simulated futures; it does not decide." if row["assessed"] else ""
    return [f"Compensation: {note}.{passed}"]


def _short_of_reserves(outcome: Outcome) -> list[str]:
    """Councils whose reserves fall below their minimum, and what that means."""
    names = {t.name: f"{t.years}-year plan" for t in outcome.settings.timelines}
    lines = outcome.money.beyond_reserves(names) if outcome.money else []
    return [LAW, *lines] if lines else []


def more_needed(v: Verdict, credible_from: float) -> str:
    """How many replications an undetermined plan needs at the least before it can be called credible."""
    failed = v.replications - round(v.probability * v.replications)
    least = f"{fewest(credible_from, failed):,}"
    rest = f"no more failing than the {failed} that do" if failed else "none failing"
    return f"More replications are needed to tell: at least {least}, with {rest}, before it can be called credible."


def _name(v: Verdict) -> str:
    """Names of the deciding criteria that the fewest replications pass."""
    deciding = [row for row in v.criteria if row["decides"]]
    fewest = min(row["probability"] for row in deciding)
    return "; ".join(row["name"] for row in deciding if row["probability"] == fewest)


def _moves(chosen: Settings) -> str:
    plan = chosen.plan
    if not plan.moves:
        return "nothing closes and nothing opens"
    return what_moves(plan)


def dry_run(chosen: Settings) -> int:
    """Print the composed configuration and what running it would take."""
    arms = arm_names(chosen)
    tell_cost(chosen, len(arms), ", ".join(arms), window(chosen)[1], gigabytes(chosen))
    if chosen.fit is not None:
        print(f"disk: about {_megabytes(chosen)} MB")
    return 0


def tell_cost(chosen: Settings, arms: int, named: str, end: dt.date, memory: float) -> None:
    """Print the composed configuration, and the arms, events, time and memory that running it takes.

    Without a baseline nothing is simulated: then it is said why.

    Parameters
    ----------
    arms : int
        How many are simulated, from the footprint's start to `end`.
    named : str
        Which they are, in words.
    memory : float
        GB.
    """
    import yaml

    print(yaml.safe_dump(chosen.composed, sort_keys=False, allow_unicode=True, width=120), end="")
    days = (end - chosen.footprint.start).days
    a_day = DETAILS[chosen.detail].events * chosen.footprint.overnight_per_day
    events = a_day * days * chosen.replications * arms
    cores = min(chosen.request.workers or os.cpu_count() or 1, os.cpu_count() or 1)
    print("---")
    print(f"scenario_hash: {chosen.scenario_hash}")
    if chosen.fit is None:
        print(f"NO BASELINE, so nothing is simulated: {'; '.join(without_fit(chosen.footprint))}.")
        return
    print(f"arms: {arms} ({named}), {chosen.replications} runs each")
    print(f"events: about {events / 1e6:.0f} million over {days / 365.25:.0f} years")
    seconds = SECONDS_AN_EVENT * (events + a_day * _days_beside(chosen, days)) / cores + 15
    print(f"time: about {seconds:.0f} s on {cores} cores (a minute or two more when the engine is not compiled yet)")
    said = "more when the engine is not compiled for the area yet" if compiled() else "of it to compile the engine"
    print(f"memory: about {memory:.1f} GB ({COMPILING:.2g} GB {said})")


def _days_beside(chosen: Settings, days: int) -> float:
    """Simulated days of what is shown beside the verdict, roughly: steps from the spreadsheet, and figures moved."""
    if chosen.fit is None:
        return 0.0
    first = (months_after(chosen.plan.starts, 12 * (chosen.timelines[0].years + 1)) - chosen.footprint.start).days
    steps = RUNS_OF_STEPS * chosen.waterfall * days if chosen.detail == BEDS else 0
    looked = days * chosen.replications * sum(most_runs(one.questions) for one in _asking(chosen))
    return steps + looked + 2 * len(ranges(chosen)) * chosen.sensitivity * first


def _check_memory(chosen: Settings) -> None:
    needed, have = gigabytes(chosen), memory_gb()
    if have is not None and needed > have:
        raise CarebridgeError(
            f"replications={chosen.replications}: about {needed:.0f} GB of memory are needed and this machine has "
            f"{have:.0f} GB; fewer replications need less."
        )


def _megabytes(chosen: Settings) -> int:
    """Size of a run folder in MB, roughly."""
    arms = 1 + len(chosen.timelines)
    each = sum(MB_OF_EACH[name] for name in chosen.request.each) * arms * chosen.replications
    visits = BYTES_OF_PATIENTS * events_of_a_run(chosen) / 1e6 if chosen.fit else 0.0
    each += min(chosen.request.patients, chosen.replications) * arms * visits
    return 3 + 4 * arms + int(each) + (arms * chosen.replications // 4 if chosen.money else 0)

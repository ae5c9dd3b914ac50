"""Asking questions of a plan on each of its timelines: laid out and checked first, then looked into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from models.arms.arms import Observed
from models.footprint.footprint import inputs_hash
from models.search.look import Found, Looker, tries
from models.search.names import NAMES, YEARS
from models.search.question import Cannot, Given, Question, laid_over
from models.search.questions import MOVES_USUAL
from models.settings.request import Request
from models.settings.settings import Settings, settings
from sim.errors import CarebridgeError, Fault, FaultsError

__all__ = ["STEPS", "Asking", "lay_out", "look", "most_runs"]

STEPS = 40  #: on a scale, unless another number is asked for


@dataclass(frozen=True)
class Asking:
    """What is asked on one timeline.

    Parameters
    ----------
    looker : Looker
    chosen : Settings
        As they are, with that timeline alone.
    questions : list of Question
    """

    looker: Looker
    chosen: Settings
    questions: list[Question]


def lay_out(
    request: Request,
    asked: Mapping[str, Callable[[Settings], Question]],
    workers: int,
    say: Callable[[str], None],
    steps: int = STEPS,
    beside: Callable[[Settings], Sequence[Given]] | None = None,
) -> list[Asking]:
    """Lay questions out on every timeline, and compose both ends of every scale.

    Parameters
    ----------
    request : Request
    asked : mapping
        How each question is made from settings, by name. How many years a plan would take is asked once.
    say : callable
        Told which questions cannot be asked of this plan, and why.
    steps : int
        On each scale.
    beside : callable, optional
        From settings to values of another question, at each of which everything is asked.

    Raises
    ------
    CarebridgeError
        When there is no baseline, or nothing that could be asked about.
    FaultsError
        With what is wrong with any end of a scale, before anything is simulated.
    """
    out = list[Asking]()
    for name, given in _points(request, beside):
        looker = Looker(_with(replace(request, timelines=(name,)), given), workers, say, given)
        if out:
            looker.shares(out[0].looker)
        chosen = settings(looker.request)
        if chosen.fit is None:
            raise CarebridgeError(f"{chosen.footprint.title} has no baseline; `carebridge run` says why.")
        out.append(Asking(looker, chosen, []))
        for what, make in asked.items():
            if what == YEARS and name != request.timelines[0]:
                continue
            try:
                out[-1].questions.append(make(chosen))
            except Cannot as reason:
                if len(out) == 1:
                    say(f"{what}: {reason}; left out.")
    if not any(asking.questions for asking in out):
        raise CarebridgeError(
            f"{out[0].chosen.plan.title} holds nothing that could be asked about; see the reasons above."
        )
    _check_ends(out, steps)
    return out


def _points(
    request: Request, beside: Callable[[Settings], Sequence[Given]] | None
) -> Iterator[tuple[str, Given | None]]:
    """Timelines, and on each of them what is set beside."""
    for name in request.timelines:
        for given in beside(settings(replace(request, timelines=(name,)))) if beside else (None,):
            yield name, given


def _with(request: Request, given: Given | None) -> Request:
    """The request with what is set beside, as if it had been given in its words."""
    if given is None:
        return request
    words = given.question.words(given.value)
    return replace(request, overrides=laid_over(request.overrides, words), words=laid_over(request.words, words))


def _check_ends(asking: Sequence[Asking], steps: int) -> None:
    """Ask both ends of every scale, and of a key of one's own a value between them, what is wrong with them.

    Of a key of one's own, the fit of the area must belong to what is simulated.
    """
    faults: list[Fault] = []
    for one in asking:
        for q in one.questions:
            own = q.name not in NAMES
            for value in (q.easy, q.hard, *(q.values(steps)[1:2] if own else ())):
                try:
                    chosen = one.looker.settings_at(q, value)
                except FaultsError as error:
                    faults += error.faults
                    continue
                if own and chosen.fit and chosen.fit.inputs != inputs_hash(chosen.footprint):
                    rule = "the fit of the area belongs to its figures as they are; a run with others has no baseline."
                    faults.append(Fault("ask", q.name, rule, "command line"))
    if faults:
        raise FaultsError(list({str(f): f for f in faults}.values()), "an end of the range")


def most_runs(questions: Sequence[Question], steps: int = STEPS) -> int:
    """Arms that questions on one timeline take at the most, business as usual where a value changes it included."""
    return sum(tries(len(q.values(steps))) * (2 if q.name in MOVES_USUAL else 1) for q in questions)


def look(asking: Sequence[Asking], steps: int = STEPS, usual: Observed | None = None) -> list[Found]:
    """Look into everything that is asked.

    Parameters
    ----------
    steps : int
        On each scale.
    usual : Observed, optional
        Business as usual of all replications, where it has been simulated and found to be a baseline.
    """
    found = list[Found]()
    for one in asking:
        if usual is None:
            one.looker.check(one.chosen)
        else:
            one.looker.knows(one.chosen, usual)
        found += [one.looker.look(q, one.chosen, steps) for q in one.questions]
    return found

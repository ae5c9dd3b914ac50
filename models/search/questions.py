"""What can be asked: each question is a scale from easy to hard, and the words that set one point of it.

V7 (how much of a plan is credible), V9 (how much, how fast), D2, D8 and A13 (what a plan takes for granted).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from models.plans.moves import AnyMove
from models.run.sensitivity import moved
from models.search.names import YEARS
from models.search.question import Cannot, Question
from models.search.scaling import closes_beds, divisible, figure_words, opens_places, scaled_words, sized, total
from models.settings.settings import Settings
from sim.errors import Fault, FaultsError

__all__ = ["MOVES_USUAL", "question"]

MOST_PLACES = 4  #: times as many as planned
FURTHEST = 0.30  #: of admissions or stays: plans of 2016 assumed up to 30 % fewer emergency admissions
AROUND_GROWTH = 0.04  #: a year, below and above the growth of the run
MOST_GROWTH = 0.5  #: a year, upwards or downwards: what lies beyond is a slip of the pen
LEAST_YEARS = 1


def _signed(share: float) -> str:
    """A share in per cent, with the sign that values of a scale have."""
    return f"{100 * share:g}".replace("-", "\u2212")


def _plan(chosen: Settings) -> Question:
    if not any(sized(move) for move in chosen.plan.moves.values()):
        raise Cannot("the plan moves nothing that has a size")
    finest = 0 if divisible(chosen.plan) else round(total(chosen.plan, sized))
    return Question(
        "plan",
        "How much of the plan would be credible, everything in it made smaller alike?",
        "Size of the plan, % of what is planned",
        "% of the plan",
        0.0,
        1.0,
        lambda value: scaled_words(chosen.plan, sized, value),
        1.0,
        scale=100,
        past_easy=True,
        lever=True,
        most_steps=finest,
    )


def _beds(chosen: Settings) -> Question:
    beds = total(chosen.plan, closes_beds)
    if not beds:
        raise Cannot("the plan closes no hospital beds")
    return Question(
        "beds",
        "How many hospital beds could close, with everything else as planned?",
        "Hospital beds that are planned to close",
        "beds",
        0.0,
        beds,
        lambda value: scaled_words(chosen.plan, closes_beds, value / beds),
        beds,
        whole=True,
        lever=True,
        none="No closure of hospital beds is shown to be credible, with everything else as planned",
    )


def _places(chosen: Settings) -> Question:
    places = total(chosen.plan, opens_places)
    if not places:
        raise Cannot("the plan opens no places outside hospital")
    return Question(
        "places",
        "How many places outside hospital would the plan need?",
        "Places outside hospital that are planned to open",
        "places",
        MOST_PLACES * places,
        0.0,
        lambda value: scaled_words(chosen.plan, opens_places, value / places),
        places,
        whole=True,
        lever=True,
    )


def _years(chosen: Settings) -> Question:
    fixed = [name for name, move in chosen.plan.moves.items() if _dated(move)]
    if fixed and len(fixed) == len(chosen.plan.moves):
        raise Cannot("all its moves have dates, which no number of years changes; give them as shares of the timeline")
    return Question(
        YEARS,
        "How many years would the same plan need?",
        "Years over which the plan is carried out",
        "years",
        float(chosen.criteria.longest_timeline_years),
        LEAST_YEARS,
        lambda value: [f"timeline.years={value:.0f}"],
        float(chosen.timelines[0].years),
        f"moves that have dates keep them, whatever the years: {', '.join(fixed)}" if fixed else "",
        whole=True,
        lever=True,
    )


def _double_running(chosen: Settings) -> Question:
    """Closures moved along the timeline, so that their last step comes so long after that of what replaces them."""
    moves, months = chosen.plan.moves, 12 * chosen.timelines[0].years
    pairs = [(name, move, moves[first]) for name, move in moves.items() if move.closes for first in move.after]
    if not pairs:
        raise Cannot("no closure of the plan comes after another move")
    if any(move.when.early for _, move, _ in pairs):
        raise Cannot("its closures have no days of their own, they come as early as the gates allow")
    if any(_dated(one) for _, *both in pairs for one in both):
        raise Cannot("its moves have dates; give them as shares of the timeline")
    last = {name: max(_end(b) for n, _, b in pairs if n == name) for name, _, _ in pairs}
    lags = {name: (_end(moves[name]) - end) * months for name, end in last.items()}
    longest, lag = max(0.0, (1 - max(last.values())) * months), max(lags.values())

    def words(value: float) -> list[str]:
        """Closures as they are planned, but so much earlier or later; none before what replaces it is there."""
        found = [f"gates.proof.months.{part}={part_of}" for part, part_of in _proof(chosen, value).items()]
        for name, end in last.items():
            move, key = moves[name], f"plan.moves.{name}.when"
            done = min(1.0, end + max(0.0, lags[name] + value - lag) / months)
            begin = max(0.0, done - (_end(move) - _begin(move)))
            found.append(f"{key}.from={begin:.10g}")
            if move.when.to is not None:
                found.append(f"{key}.to={done:.10g}" if done > begin else f"{key}.to=null")
        return found

    return Question(
        "double_running",
        "For how long must old and new run side by side?",
        "Months from the last opening to the last closure that it replaces",
        "months",
        float(round(longest)),
        0.0,
        words,
        float(round(lag)),
        whole=True,
        lever=True,
    )


def _proof(chosen: Settings, months: float) -> dict[str, str]:
    """The gate of proof, no longer than old and new are to run side by side."""
    proof = chosen.gates.proof.months
    if months >= proof.value:
        return {}
    return {"value": f"{months:.10g}"} | ({"low": "null"} if proof.low is not None and months < proof.low else {})


def _begin(move: AnyMove) -> float:
    return 0.0 if move.when.early else float(move.when.from_)  # type: ignore[arg-type]


def _end(move: AnyMove) -> float:
    if move.when.early or move.when.to is None:
        return _begin(move)
    return float(move.when.to)  # type: ignore[arg-type]


def _dated(move: AnyMove) -> bool:
    return not all(isinstance(x, (int, float)) for x in (move.when.from_, move.when.to or 0.0))


def _growth(chosen: Settings) -> Question:
    """Set where no words do: the growth of a future may be a name, under which an area holds its figure."""
    figure = chosen.future.growth_of(chosen.footprint)

    def changed(other: Settings, value: float) -> Settings:
        if abs(value) > MOST_GROWTH:
            rule = f"must lie between {-MOST_GROWTH:g} and {MOST_GROWTH:g}; 1 % a year is written 0.01."
            raise FaultsError([Fault("growth", f"{value:g}", rule)], "command line")
        return replace(other, future=other.future.growing(moved(figure, [], value)))

    return Question(
        "growth",
        "How slowly would demand have to grow, with and without the plan?",
        "Growth of overnight bed-days, % a year",
        "% a year",
        figure.value - AROUND_GROWTH,
        figure.value + AROUND_GROWTH / 4,
        lambda value: [],
        figure.value,
        f"{'assumed' if figure.status == 'assumed' else 'observed'}: {_signed(figure.value)} % a year "
        f"({figure.year}; {figure.source})",
        scale=100,
        change=changed,
    )


def _admissions(chosen: Settings) -> Question:
    figure = chosen.future.admissions_effect
    if not any(move.opens == "p1" for move in chosen.plan.moves.values()):
        raise Cannot("the plan opens no places at home, on which the effect on admissions hangs")
    low, high = figure.range
    return Question(
        "admissions",
        "By how much would the places at home have to cut emergency admissions?",
        "Effect on emergency overnight admissions once all places at home are in use, %",
        "%",
        -FURTHEST,
        0.0,
        lambda value: figure_words("future.admissions_effect", figure, value),
        figure.value,
        f"evidence of any such effect: {_signed(low)} to {_signed(high)} % ({figure.source})",
        scale=100,
    )


def _stays(chosen: Settings) -> Question:
    name = next(n for n in ("shorter_stays", "shorter_stays_asked", "stays_asked_for") if n not in chosen.plan.moves)
    return Question(
        "stays",
        "By how much would stays in hospital have to become shorter under the plan, from its first day?",
        "Length of stay in hospital beside today's, %",
        "%",
        -FURTHEST,
        0.0,
        lambda value: [f"+plan.moves.{name}={_shorter(value)}"] if value else [],
        0.0,
        scale=100,
    )


def _shorter(value: float) -> str:
    share = f"{{value: {value:.10g}, unit: relative change, year: not applicable, basis: not applicable}}"
    return f"{{kind: shorten, when: {{from: 0.0}}, effect: {{share: {share}, grade: D}}, approval: none}}"


ASKED: dict[str, Callable[[Settings], Question]] = {
    "plan": _plan,
    "beds": _beds,
    "double_running": _double_running,
    YEARS: _years,
    "places": _places,
    "growth": _growth,
    "admissions": _admissions,
    "stays": _stays,
}
#: questions whose values change business as usual, so that it is simulated at each
MOVES_USUAL = ("growth",)


def question(name: str, chosen: Settings) -> Question:
    """Lay a question out on a plan and its first timeline.

    Raises
    ------
    Cannot
        When the plan holds nothing that the question could be about.
    """
    return ASKED[name](chosen)

"""What never happened, told in plain words: which gate held it, and who could open it.

R11 (plain language), G16 (what happens if), V7 (an honest no).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.plans.moves import BEDS
from models.transition.books import places_of
from models.transition.brief import Brief
from models.transition.log import Outcome
from models.transition.stages import CLOSING

__all__ = ["Told", "because", "by_cause", "by_holder", "tell"]

NOT_DUE = "not due"  #: nothing held it: its day had not come when the run ended
NOBODY = "nobody"

#: what each cause is called where a gate is named
GATES = {
    "staff": "staff in post",
    "proof": "new services proven",
    "use": "new services in use",
    "compensation": "places for the beds that close",
    "access": "waits for a bed",
    "occupancy": "how full the hospital would be",
    "money": "money for the step",
    "change capacity": "time of leaders",
    "consultation": "public consultation",
    "approval": "decision of the partners",
    "veto": "consent of {who}",
    "legal challenge": "a court",
    "rule": "the plan's own rule {who}",
    "lead time": "building and recruiting",
    "after": "what comes first, {who}",
    "treatments": "fewer admissions, with evidence",
    "efficiency": "shorter stays, with evidence",
    "no condition claimed": "a condition for closing beds",
    NOT_DUE: "none",
}
#: what a cause means; {services} are those that replace what closes, {site} is where it would have happened
MEANINGS = {
    "staff": "too few staff in post for {services}",
    "proof": "{services} had not been open for long enough",
    "use": "{services} stood too empty",
    "compensation": "too few places had opened at {site} for the beds that close there",
    "access": "too many emergencies at {site} waited over four hours for a bed",
    "occupancy": "the beds that would have been left at {site} would have been too full",
    "money": "there was not enough money left in the year",
    "change capacity": "leaders already carried as many programmes as they could",
    "consultation": "the public consultation was not over",
    "approval": "partners had not decided",
    "veto": "{who} said no",
    "legal challenge": "it was before a court, or a court stopped it",
    "rule": "the plan's own rule {who} held it",
    "lead time": "it was still being built and recruited for",
    "after": "{who} had not come far enough",
    "treatments": "what was to cut admissions was not in full effect, or the evidence for it too weak",
    "efficiency": "what was to shorten stays was not in full effect, or the evidence for it too weak",
    "no condition claimed": "the plan names nothing that would replace what closes",
    NOT_DUE: "its planned day had not come",
}
HOLDERS = {
    "staff": "whoever employs the staff of {services}",
    "proof": "whoever opens {services}, by opening them earlier",
    "use": "the discharge teams that refer to {services}, and their provider",
    "compensation": "whoever could open more places at {site}",
    "access": "the hospital at {site}, with its commissioner",
    "occupancy": "the hospital at {site}, with those who provide the services people leave for",
    "money": "the commissioner, and NHS England for capital",
    "change capacity": "the leaders of the partnership, by doing fewer things at once",
    "consultation": "the commissioner that consults",
    "approval": "{partners}",
    "veto": "{who}",
    "legal challenge": "a court, or those who went to it",
    "rule": "those who wrote the rule {who} into the plan",
    "lead time": "whoever builds and recruits",
    "after": "whoever leads {who}",
    "treatments": "the clinicians who bring in what was to cut admissions",
    "efficiency": "the hospital at {site}, by shortening stays first",
    "no condition claimed": "those who wrote the plan",
    NOT_DUE: NOBODY,
}


@dataclass(frozen=True)
class Told:
    """Steps of one move at one site that never happened, for one cause.

    Parameters
    ----------
    move, site, cause : str
        The cause as in the log.
    root_move, root_cause : str
        Of a step that waited for another move: what held that one. Otherwise the same again.
    steps, size : float
        How many steps, and how many beds, places or staff; mean over all replications.
    replications : int
        In how many replications it happened.
    holder : str
        Who could open the gate.
    text : str
        All of this in words.
    """

    move: str
    site: str
    cause: str
    root_move: str
    root_cause: str
    steps: float
    size: float
    replications: int
    holder: str
    text: str


Key = tuple[str, str, str, str, str, str]  # move, site, cause; move, site, cause behind it


def tell(
    brief: Brief, outcomes: Mapping[int, Sequence[Outcome]], titles: Mapping[str, str] | None = None
) -> list[Told]:
    """Tell what never happened, the largest first.

    Parameters
    ----------
    brief : Brief
        The plan.
    outcomes : mapping
        Outcomes by replication, from :attr:`models.transition.machine.StageMachine.outcomes`.
    titles : mapping, optional
        What the text calls each site; its key unless given.
    """
    steps: Counter[Key] = Counter()
    sizes: Counter[Key] = Counter()
    runs: Counter[Key] = Counter()
    for found in outcomes.values():
        never = {}
        for outcome in found:
            if outcome.happened is None:
                never.setdefault((outcome.tranche.move, outcome.tranche.site), outcome)
        keys = [
            (o.tranche.move, o.tranche.site, o.held_by or NOT_DUE, *_root(brief, o, never))
            for o in found
            if o.happened is None
        ]
        steps.update(keys)
        runs.update(set(keys))
        for key, tranche in zip(keys, (o.tranche for o in found if o.happened is None), strict=True):
            sizes[key] += 0 if tranche.kind == "invest" else tranche.size  # money is no number of beds
    count = max(1, len(outcomes))
    order = sorted(steps, key=lambda k: (-sizes[k], -steps[k], k))
    called = titles or {}
    return [_line(brief, key, steps[key] / count, sizes[key] / count, runs[key], count, called) for key in order]


def because(brief: Brief, cause: str) -> str:
    """What a cause means wherever it holds something back, in words that follow `because`."""
    gate, _, who = cause.partition(": ")
    partners = dict.fromkeys(p for t in brief.terms.values() if t.approval for p in t.approval.partners)
    return MEANINGS[gate or NOT_DUE].format(
        services="the services that replace them",
        site="their hospital",
        who=_who(brief, gate, who),
        partners=", ".join(partners) or "the partners",
    )


def by_cause(lines: Iterable[Told]) -> dict[str, float]:
    """Steps that never happened (mean over replications) by what lies behind it, the most frequent first."""
    return _summed((line.root_cause, line.steps) for line in lines)


def by_holder(lines: Iterable[Told]) -> dict[str, float]:
    """Steps that never happened (mean over replications) by who could open their gate, the most frequent first."""
    return _summed((line.holder, line.steps) for line in lines)


def _summed(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    out: dict[str, float] = {}
    for name, amount in pairs:
        out[name] = out.get(name, 0.0) + amount
    return dict(sorted(out.items(), key=lambda item: (-item[1], item[0])))


def _root(brief: Brief, outcome: Outcome, never: Mapping[tuple[str, str], Outcome]) -> tuple[str, str, str]:
    """Move, site and cause at the end of the chain of moves that wait for each other."""
    while outcome.held_by.startswith("after: "):
        name = outcome.held_by.removeprefix("after: ")
        behind = next(
            (never[name, s] for s in places_of(brief.terms[name], outcome.tranche.site) if (name, s) in never), None
        )
        if behind is None or not behind.held_by:
            break
        outcome = behind
    return outcome.tranche.move, outcome.tranche.site, outcome.held_by or NOT_DUE


def _line(brief: Brief, key: Key, steps: float, size: float, runs: int, count: int, called: Mapping[str, str]) -> Told:
    move, site, cause, root_move, root_site, root_cause = key
    terms = brief.terms[move]
    whole = 0 if terms.move.kind == "invest" else terms.sizes[site]
    what = f"{_about(size)} of {whole} {_unit(brief, move)}" if whole else f"{steps:.2g} of {terms.counts[site]} steps"
    share = "" if count == 1 else f" (mean over all simulated futures; so in {runs} of {count})"
    verb = "never closed" if terms.move.kind in CLOSING else "never came"
    why = _in_words(MEANINGS, brief, move, called.get(site, site), cause)
    behind_site = called.get(root_site, root_site)
    if (root_move, root_cause) != (move, cause):
        behind = _in_words(MEANINGS, brief, root_move, behind_site, root_cause)
        why += f"; what held {_title(brief, root_move)}: {behind}"
    holder = _in_words(HOLDERS, brief, root_move, behind_site, root_cause)
    where = f" at {called.get(site, site)}" if site else ""
    gate = _in_words(GATES, brief, move, called.get(site, site), cause)
    text = f"{_title(brief, move)}{where}: {what} {verb}{share}. Gate: {gate}. {why[0].upper()}{why[1:]}. "
    text += f"Who could open it: {holder}."
    return Told(move, site, cause, root_move, root_cause, steps, size, runs, holder, text)


def _about(mean: float) -> str:
    """A mean number of beds, places or staff in whole ones."""
    return "less than 1" if 0 < mean < 1 else f"{mean:.0f}"


def _in_words(words: Mapping[str, str], brief: Brief, move: str, site: str, cause: str) -> str:
    gate, _, who = cause.partition(": ")
    terms = brief.terms[move]
    replacing = [t for t in (brief.terms[a] for a in terms.after) if t.opens] if terms.move.kind in CLOSING else [terms]
    services = [f"{t.opens} ({_title(brief, t.name)})" for t in replacing if t.opens]
    said = words[gate].format(
        services=" and ".join(services) or "the services that replace it",
        site=site or "all sites",
        who=_who(brief, gate, who),
        partners=", ".join(terms.approval.partners) if terms.approval else "the partners",
    )
    return said.replace("the hospital at ", "", 1) if "Hospital" in said else said  # its name says what it is


def _who(brief: Brief, gate: str, who: str) -> str:
    """Whoever or whatever a cause names: a move by its title, a rule by its name in words."""
    return _title(brief, who) if gate == "after" else who.replace("_", " ") if gate == "rule" else who


def _title(brief: Brief, move: str) -> str:
    return brief.terms[move].move.title or move


def _unit(brief: Brief, move: str) -> str:
    kind, setting = brief.terms[move].move.kind, brief.terms[move].move.closes or brief.terms[move].move.opens
    return "staff" if kind in ("recruit", "retrain") else "beds" if setting == BEDS else "places"

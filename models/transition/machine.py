"""The stage machine: on the first of each month it decides what of a plan goes ahead, from what it sees.

One for each replication. Every step of every move goes through the stages of its kind
(:mod:`models.transition.stages`): its decision may be refused, its gates may hold it back, rules may reopen it. What
should hold from then on is the `Target`; how a running network is made to follow is not the machine's business.
Sources: T1, A10, G11-G19.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from models.plans import EVERYWHERE
from models.transition import gates
from models.transition.books import Books
from models.transition.brief import Brief, date_of, month_of
from models.transition.decisions import Decision
from models.transition.effects import Effects
from models.transition.hazards import fate
from models.transition.log import Log, Outcome
from models.transition.rules import Contingency, measured
from models.transition.sight import Seen, Sight, Target
from models.transition.stages import Stage, allowed, in_effect
from models.transition.step import Move, Step

__all__ = ["StageMachine"]

S = Stage
DECIDING = {S.CONSULTING: "consultation", S.APPROVING: "approval", S.CHALLENGED: "legal challenge"}
WINTER_ENDS, WINTER_MONTHS = 3, 3  # judged on the first of March, over December to February


@dataclass
class _Now:
    """The month that is being decided on."""

    month: int
    seen: Seen
    led: frozenset[str]
    late: dict[str, int] | None = None  # months by which the step furthest behind is late, by site; once asked for


class StageMachine:
    """A plan in one replication.

    Parameters
    ----------
    brief : Brief
        The plan on a timeline, with its gates and switches, from :func:`models.transition.brief.brief_of`.
    seed, replication : int
        Of the run; what fate has in store for a decision depends on nothing else.
    """

    def __init__(self, brief: Brief, seed: int, replication: int):
        self.brief, self.log = brief, Log()
        self._seed, self._replication = seed, replication
        self._books, self._effects = Books(), Effects()
        self._rules = Contingency(brief.rules, brief.sites)
        self._steps: list[Step] = []
        self._steps_of: dict[Decision, list[Step]] = {}
        decisions: dict[tuple[str, str], Decision] = {}
        for tranche, progress in zip(brief.tranches, brief.progress, strict=True):
            terms, key = brief.terms[tranche.move], (tranche.move, tranche.site)
            if key not in decisions:  # the first step comes first
                fortune = fate(seed, replication, *key, terms.approval)
                decisions[key] = Decision(terms, tranche.site, fortune, month_of(tranche.starts))
            step = Step(tranche, terms, progress, decisions[key])
            self._steps.append(step)
            self._steps_of.setdefault(decisions[key], []).append(step)
        self._going = list(self._steps)
        self._building_now: list[Step] = []
        self._escalation: dict[str, int] = {}  # escalation beds open by a rule, by site
        self._escalated_by: dict[str, str] = {}  # rule that opened them last
        self._last = -1  # month decided on last
        self._now: _Now

    def step(self, today: dt.date, sight: Sight) -> Target:
        """Decide on the first of a month.

        Parameters
        ----------
        today : date
            The first of a month, later than the one before.
        sight : Sight
            What can be seen of the replication.

        Returns
        -------
        Target
            What should hold from today on.

        Raises
        ------
        ValueError
            When `today` is not the first of a later month.
        """
        month = month_of(today)
        if today.day != 1 or month <= self._last:
            raise ValueError(f"{today} is not the first of a month after the last one")
        seen = Seen(sight)
        self._last, self._now = month, _Now(month, seen, frozenset())
        self._books.spent_now = 0.0
        self._answer()
        self._now.led = self._carried(seen.programmes_at_once())
        for decision, steps in self._steps_of.items():
            if not decision.over:
                self._decide(decision, steps)
        for step in self._going:
            if step.wakes <= month:
                self._advance(step)
        self._going = [s for s in self._going if not s.finished]
        return self._target()

    @property
    def outcomes(self) -> list[Outcome]:
        """What has become of every step so far."""
        return [
            Outcome(s.tranche, s.stage, None if s.happened is None else date_of(s.happened), s.held_by)
            for s in self._steps
        ]

    # what is done first: rules, leaders, decisions

    def _answer(self) -> None:
        """Let the off-plan rules speak, and reopen what they say."""
        now = self._now

        def measure(watch: str, site: str) -> float:
            return measured(watch, site, now.seen, self._books, self._late)

        for spoken in self._rules.look(now.month, measure):
            rule = spoken.rule
            self.log.spoke(date_of(now.month), rule.name, rule.then, spoken.site, rule.months)
            if rule.then == "reopen":
                for step in self._going:
                    if step.stage is S.MOTHBALLED and spoken.at(step.tranche.site):
                        step.reopened_by, step.open_until = f"rule: {rule.name}", now.month + rule.months
                        self._enter(step, S.PROVING, step.reopened_by)
            if rule.then == "escalate":
                for decision in self._steps_of:
                    if spoken.at(decision.site):
                        self._escalate(decision)
        self._open_escalation_beds()

    def _open_escalation_beds(self) -> None:
        """Open and close escalation beds as rules say; where several do, the most counts."""
        before, self._escalation = self._escalation, {}
        for site in self.brief.sites:
            rules = list(self._rules.in_force("escalate", site, self._now.month))
            shares = {rule.name: rule.beds.value for rule in rules if rule.beds}
            name = max(shares, key=lambda n: shares[n], default=self._escalated_by.get(site, ""))
            beds = round(shares.get(name, 0.0) * self.brief.beds.get(site, 0.0))
            if beds:
                self._escalation[site], self._escalated_by[site] = beds, name
            if beds != before.get(site, 0):
                self.log.escalated(date_of(self._now.month), name, site, beds)

    def _escalate(self, decision: Decision) -> None:
        """Let a higher body decide what partners have not decided yet."""
        asked = decision.terms.approval
        if asked and asked.rule != "delegated":
            alone = asked.model_copy(update={"rule": "delegated"})
            chosen = fate(self._seed, self._replication, decision.terms.name, decision.site, alone)
            decision.escalate(chosen, self._now.month)

    def _late(self, site: str) -> int:
        """Months by which the step furthest behind at a site, or at none, is late."""
        now = self._now
        if now.late is None:
            now.late = {}
            for step in self._going:
                if step.due < now.month and step.happened is None:
                    where = step.tranche.site
                    now.late[where] = max(now.late.get(where, 0), now.month - step.due)
        return max(now.late.get(site, 0), now.late.get(EVERYWHERE, 0))

    def _carried(self, at_once: float) -> frozenset[str]:
        """Moves that leaders can carry this month: first those begun, then those that want to begin, by rank.

        A move does not begin before those that it waits for: it would take the place that they need.
        """
        terms, month = self.brief.terms, self._now.month
        if math.isinf(at_once):
            return frozenset(terms)
        begun = {d.terms.name for d in self._steps_of if d.begun is not None}
        there = {d.terms.name for d in self._steps_of}
        led = {s.terms.name for s in self._going if s.led}
        wanting = {
            d.terms.name
            for d in self._steps_of
            if d.begun is None and month >= d.starts and all(a in begun or a not in there for a in d.terms.after)
        }
        order = sorted(led, key=lambda n: terms[n].rank) + sorted(wanting - led, key=lambda n: terms[n].rank)
        return frozenset(order[: max(0, math.floor(at_once))])

    def _decide(self, decision: Decision, steps: list[Step]) -> None:
        """Begin a decision, or take it further."""
        month = self._now.month
        if decision.begun is None:
            if month < decision.starts:
                return
            if not gates.may_lead(decision.terms, self._now.led):
                decision.cause = "change capacity"
                return
            decision.begun, decision.cause = month, ""
            if self._rules.says("escalate", decision.site, month):
                self._escalate(decision)
        for stage in decision.progress(month):
            for step in steps:
                step.wakes = month
                if stage is not S.READY:
                    self._enter(step, stage, decision.cause)

    # what a step does next

    def _advance(self, step: Step) -> None:
        """Take a step as far as it can go this month, and write down what holds it."""
        while not step.finished:
            stage, cause = _NEXT[step.stage](self, step)
            if stage is None:
                self._hold(step, cause)
                return
            self._enter(step, stage)

    def _undecided(self, step: Step) -> Move:
        """Planned, consulting, approving or challenged."""
        decision, month = step.decision, self._now.month
        if decision.over:
            return (S.RUNNING_BOTH if step.closes and not step.merges else S.READY), ""
        if decision.begun is None:
            return (None, decision.cause) if month >= step.starts else step.sleep(step.starts)
        return (None, DECIDING.get(step.stage, "")) if month >= step.due else step.sleep(step.due)

    def _ready(self, step: Step) -> Move:
        if self._now.month < step.build_from:
            return step.sleep(step.build_from)
        if step.tranche.kind == "retrain" and (cause := gates.after(self._case(step))):
            return None, cause  # staff of a ward go to learn once it has closed, not before
        cause = self._held(step, gates.BUILDING_GATES, step.first_year_pounds)
        return (None, cause) if cause else (S.BUILDING, "")

    def _building(self, step: Step) -> Move:
        month, built = self._now.month, step.since + step.terms.lead
        converts = step.closes and not step.merges  # whose day was that of closing
        if month < step.open_from:
            return step.sleep(step.open_from)
        if month < built:
            return step.sleep(built) if step.tranche.early or converts else (None, "lead time")
        cause = "" if converts else gates.after(self._case(step))
        cause = cause or self._held(step, gates.OPENING_GATES)
        return (None, cause) if cause else (S.RUNNING_BOTH if step.merges else S.LIVE, "")

    def _running_both(self, step: Step) -> Move:
        month = self._now.month
        if step.merges and month < step.since + step.terms.overlap:
            return None, ""
        cause = gates.after(self._case(step))
        return (None, cause if month >= step.close_from else "") if cause else (S.PROVING, "")

    def _proving(self, step: Step) -> Move:
        month, site = self._now.month, step.tranche.site
        if month < step.close_from:
            return step.sleep(step.close_from)
        if month < step.open_until:
            return None, step.reopened_by
        if month < step.close_from + self._rules.slowed(site):
            return None, f"rule: {self._rules.slowest(site)}"
        if pausing := self._rules.says("pause", site, month):
            return None, f"rule: {pausing}"
        cause = gates.after(self._case(step))  # once more: a rule may have reopened what it came after
        cause = cause or self._held(step, gates.CLOSING_GATES, step.closing_pounds)
        return (None, cause) if cause else (S.MOTHBALLED if step.asks_mothball else S.DECOMMISSIONED, "")

    def _mothballed(self, step: Step) -> Move:
        month = self._now.month
        if month % 12 + 1 == WINTER_ENDS and month - step.since >= WINTER_MONTHS:
            step.wintered = step.wintered or not self._held(step, gates.TARGET_GATES)
        cause = self._held(step, gates.RELEASE_GATES)
        return (None, "" if cause == "mothball" else cause) if cause else (S.DECOMMISSIONED, "")

    def _decommissioned(self, step: Step) -> Move:
        """Of a conversion: what was closed is rebuilt."""
        cause = self._held(step, gates.BUILDING_GATES, step.first_year_pounds)
        return (None, cause) if cause else (S.BUILDING, "")

    def _live(self, step: Step) -> Move:
        adopted = step.since + math.ceil(step.terms.ramp)
        return (S.ADOPTED, "") if self._now.month >= adopted else step.sleep(adopted)

    # what is seen and what is written down

    def _held(self, step: Step, asked: tuple[gates.Gate, ...], cost_pounds: float = 0.0) -> str:
        return gates.first(self._case(step, cost_pounds), asked)

    def _case(self, step: Step, cost_pounds: float = 0.0) -> gates.Case:
        now, closed = self._now, step.stage is S.MOTHBALLED
        return gates.Case(
            tranche=step.tranche,
            terms=step.terms,
            month=now.month,
            seen=now.seen,
            books=self._books,
            all_terms=self.brief.terms,
            led=now.led,
            cost_pounds=cost_pounds,
            closed_since=step.since if closed else None,
            wintered=step.wintered,
        )

    def _hold(self, step: Step, cause: str) -> None:
        if cause and cause != step.cause:
            self.log.held(date_of(self._now.month), step.tranche, step.stage, cause)
        step.cause = cause
        if cause and step.happened is None:
            step.held_by = cause

    def _enter(self, step: Step, stage: Stage, cause: str = "") -> None:
        """Enter a stage: in the log, in the books."""
        kind, old, month = step.tranche.kind, step.stage, self._now.month
        if not allowed(kind, old, stage):
            raise RuntimeError(f"a step of kind {kind} may not go from {old} to {stage}")
        self.log.entered(date_of(month), step.tranche, stage, cause)
        if in_effect(kind, stage) and not in_effect(kind, old):
            step.happened = month
        step.stage, step.cause, step.wakes = stage, "", month
        if stage is S.STOPPED:
            step.held_by = cause
        self._books.enter(step, old, month)
        if stage is S.LIVE:
            self._effects.begin(step.terms, step.tranche, step.progress, month)
        if (old, stage) == (S.MOTHBALLED, S.PROVING):
            step.happened, step.wintered, step.held_by = None, False, cause
        step.since = month
        last = S.DECOMMISSIONED if kind in ("close", "merge") else S.ADOPTED
        step.finished = stage in (last, S.STOPPED)
        if stage is S.BUILDING:
            self._building_now.append(step)
        elif old is S.BUILDING:
            self._building_now.remove(step)

    def _target(self) -> Target:
        books, month = self._books, self._now.month
        recruiting, staff, learning = books.added.copy(), books.staff.copy(), books.learning
        for step in self._building_now:
            t, lead, months = step.tranche, step.terms.lead, month - step.since
            if step.terms.opens:
                done = (months + 1) / lead if lead else 1.0
                recruiting[step.opens_at] += round((t.opens or t.size) * min(1.0, done))
            if t.kind == "recruit":  # the first come after a month, the last on the day it goes live
                staff[t.kind, t.setting, t.site] += round(t.size * min(1.0, months / lead if lead else 1.0))
            if t.kind == "retrain":
                learning[t.setting, t.site] += t.size
        return Target(
            closed=books.positive(books.closed),
            released=books.positive(books.released),
            merged=books.positive(books.merged),
            added=books.positive(books.added),
            recruiting=books.positive(recruiting),
            staff=books.positive(staff),
            learning=books.positive(learning),
            repairs=dict(books.repairs),
            effects=self._effects.now(month),
            capital_pounds=books.capital_pounds,
            running_pounds=books.running_pounds,
            escalated=frozenset(s for s in self.brief.sites if self._rules.says("escalate", s, month)),
            escalation=dict(self._escalation),
        )


_NEXT = {
    S.PLANNED: StageMachine._undecided,
    S.CONSULTING: StageMachine._undecided,
    S.APPROVING: StageMachine._undecided,
    S.CHALLENGED: StageMachine._undecided,
    S.READY: StageMachine._ready,
    S.BUILDING: StageMachine._building,
    S.RUNNING_BOTH: StageMachine._running_both,
    S.PROVING: StageMachine._proving,
    S.MOTHBALLED: StageMachine._mothballed,
    S.DECOMMISSIONED: StageMachine._decommissioned,
    S.LIVE: StageMachine._live,
}

"""What never happened is told with its gate and who could open it; the log is a table."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
from collections.abc import Iterable

import pyarrow as pa
import pytest

from models.report.words import cause_in_short
from models.transition import StageMachine, by_cause, by_holder, table, tell
from models.transition import gates as transition_gates
from models.transition.log import SCHEMA
from models.transition.machine import DECIDING
from models.transition.told import GATES, HOLDERS, MEANINGS, NOT_DUE
from tests.models.transition.made_up import (
    QUIET,
    Made,
    approval,
    avoiding,
    briefed,
    closing,
    figure,
    gates,
    opening,
    plan_of,
    run,
)

PLAN = {"open_home": opening(title="Support at home"), "close_acute": closing(sites=["exeter"])}
WELL = Made()


def told_of(sight=WELL, held_by=QUIET, years=9, replications=1, **plan):
    brief = briefed(plan_of(**(PLAN | plan)), held_by)
    machines = {r: StageMachine(brief, 1, r) for r in range(replications)}
    for machine in machines.values():
        run(machine, years, sight)
    return tell(brief, {r: m.outcomes for r, m in machines.items()}), machines


def test_nothing_is_told_when_everything_happened():
    lines, _ = told_of()
    assert lines == []
    assert by_cause(lines) == by_holder(lines) == {}


@pytest.mark.parametrize(
    ("bad", "cause", "holder"),
    [
        ({"freed": 90}, "staff", "whoever employs the staff of p1 (Support at home)"),
        ({"used": 0.1}, "use", "the discharge teams that refer to p1 (Support at home), and their provider"),
        ({"long": 0.5}, "access", "the hospital at exeter, with its commissioner"),
        ({"full": 1.2}, "occupancy", "the hospital at exeter, with those who provide the services people leave for"),
        ({"at_once": 0}, "change capacity", "the leaders of the partnership, by doing fewer things at once"),
    ],
)
def test_a_plan_whose_gate_never_opens_closes_nothing_and_says_which_and_who(bad, cause, holder):
    lines, machines = told_of(Made(**bad))
    target = machines[0].step(dt.date(2040, 4, 1), Made(**bad))
    assert target.closed == target.released == {}
    closures = [line for line in lines if line.move == "close_acute"]
    assert {(line.root_cause, line.holder) for line in closures} == {(cause, holder)}
    assert sum(line.size for line in closures) == 60
    assert all(f"{line.size:g} of 60 beds never closed" in line.text for line in closures)
    assert all(f"Who could open it: {holder}." in line.text for line in closures)


def test_what_happens_in_some_runs_only_is_told_in_whole_beds():
    (_, bad), (_, good) = told_of(Made(used=0.1)), told_of()
    brief = briefed(plan_of(**PLAN), QUIET)

    def beds(runs: int) -> str:
        return tell(brief, {0: bad[0].outcomes, **{r: good[0].outcomes for r in range(1, runs)}})[0].text

    assert "9 of 60 beds never closed (mean over all simulated futures; so in 1 of 7)" in beds(7)
    assert "less than 1 of 60 beds never closed" in beds(100)


def test_a_veto_on_what_was_to_replace_the_beds_is_told_of_the_beds():
    refusing = approval(veto_probability=1, partners=["council"], rule="unanimous")
    lines, _ = told_of(open_home=opening(title="Support at home", approval=refusing))
    beds = next(line for line in lines if line.move == "close_acute")
    assert (beds.cause, beds.root_move, beds.root_cause) == ("after: open_home", "open_home", "veto: council")
    assert beds.holder == "council"
    assert "what held Support at home: council said no" in beds.text
    assert by_holder(lines).keys() == {"council"}
    assert by_cause(lines) == {"veto: council": sum(line.steps for line in lines)}


def test_a_court_a_rule_and_a_day_that_never_came():
    court = approval(legal_challenge_probability=1, upheld_probability=1)
    lines, _ = told_of(close_acute=closing(approval=court, sites=["exeter"]))
    assert [(line.cause, line.holder) for line in lines] == [("legal challenge", "a court, or those who went to it")]
    rule = {"name": "halt", "watch": "access", "above": figure(0, "share"), "for_months": 1, "then": "pause"}
    lines, _ = told_of(Made(long=0.01), off_plan=[rule | {"months": 120}])
    assert [(line.cause, line.holder) for line in lines] == [
        ("rule: halt", "those who wrote the rule halt into the plan")
    ]
    lines, _ = told_of(years=3)
    assert {(line.cause, line.holder) for line in lines} == {("not due", "nobody")}


def test_over_many_replications_it_is_a_mean_and_a_count():
    sometimes = approval(veto_probability=0.5, partners=["council"])
    lines, machines = told_of(replications=40, close_acute=closing(approval=sometimes, sites=["exeter"]))
    refused = sum(any(o.stage == "stopped" for o in m.outcomes) for m in machines.values())
    assert 5 < refused < 35
    assert [line.replications for line in lines] == [refused]
    assert lines[0].size == pytest.approx(60 * refused / 40)
    assert f"so in {refused} of 40" in lines[0].text


def test_moves_that_close_nothing_are_told_too():
    lines, _ = told_of(avoid=avoiding(approval=approval(veto_probability=1, partners=["council"])))
    assert [line.text for line in lines if line.site == "exeter"] == [
        "avoid at exeter: 1 of 1 steps never came. Gate: consent of council. Council said no. "
        "Who could open it: council."
    ]


def texts_in(nodes: Iterable[ast.AST]) -> set[str]:
    constants = (n.value for node in nodes for n in ast.walk(node) if isinstance(n, ast.Constant))
    return {text for text in constants if isinstance(text, str)}


def test_every_cause_that_a_gate_can_give_has_words():
    """Causes are the texts that the functions of the gates return, and those of decisions, rules and building."""
    written = list(ast.walk(ast.parse(inspect.getsource(transition_gates))))
    given = texts_in(n for n in written if isinstance(n, ast.Return))
    given -= texts_in(n for n in written if isinstance(n, ast.Compare)) | {""}
    assert {"staff", "after: ", "no condition claimed", "winter"} <= given
    given |= {*DECIDING.values(), "lead time", "veto: council", "rule: halt_all", NOT_DUE}
    short = {cause: cause_in_short(cause, gates()) for cause in given}
    assert not {cause for cause, said in short.items() if said == cause or "_" in said}
    once_closed = {"winter", "mothball"}  # they hold back what has happened already
    causes = {cause.partition(": ")[0] for cause in given} - once_closed
    assert causes == MEANINGS.keys() == HOLDERS.keys() == GATES.keys()


def test_no_text_names_a_gate_by_its_key():
    for bad, key, name in [({"used": 0.1}, "use", "new services in use"), ({"long": 0.5}, "access", "waits for a bed")]:
        lines, _ = told_of(Made(**bad))
        texts = [line.text for line in lines if line.cause == key]
        assert texts and all(f"Gate: {name}. " in text for text in texts)
    lines, _ = told_of(open_home=opening(title="Support at home"), years=3)
    assert all("Gate: none. Its planned day had not come. Who could open it: nobody." in line.text for line in lines)


def test_the_log_is_a_table_of_all_replications():
    _, machines = told_of(Made(used=0.1), held_by=gates(), replications=2)
    found = table({r: m.log for r, m in machines.items()})
    assert found.schema == SCHEMA
    assert found.num_rows == sum(len(m.log) for m in machines.values())
    frame = found.to_pandas()
    assert list(frame["replication"]) == sorted(frame["replication"])
    first = machines[0].log.rows[0]
    row = frame.iloc[0]
    assert (row["date"], row["move"], row["site"], row["stage"]) == (first.date, first.move, first.site, first.stage)
    assert set(frame.loc[frame["event"] == "held", "cause"]) == {"use"}
    assert table({}).schema == SCHEMA
    assert isinstance(found, pa.Table)


def test_sites_are_called_by_their_titles_where_these_are_given():
    brief = briefed(plan_of(**PLAN), QUIET)
    machine = StageMachine(brief, 1, 0)
    run(machine, 9, Made(long=0.5))
    keys, titled = (tell(brief, {0: machine.outcomes}, titles) for titles in (None, {"exeter": "Royal Devon"}))
    assert [line.site for line in titled] == [line.site for line in keys] and keys
    assert any(" at exeter" in line.text and " at exeter" in line.holder for line in keys)
    assert not any("exeter" in line.text + line.holder for line in titled)
    assert all(
        line.text.replace("exeter", "Royal Devon") == other.text for line, other in zip(keys, titled, strict=True)
    )

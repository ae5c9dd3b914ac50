"""Plans at the ends: no moves at all, everything closed, and gates that can never open; and what is said of them."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from models.cli import main
from models.report.page import render
from models.run.outputs import tables
from models.run.runner import USUAL, Outcome, _simulate, summary
from models.transition.told import GATES
from models.verdict.verdict import bounds
from sim.errors import FaultsError
from tests.models.small_area import area
from tests.models.transition.made_up import approval, closing, opening

LAST = {"from": 1.0}
ONE_HOSPITAL = ("tameside_glossop", "west_north_east_cumbria", "cornwall", "frimley")
OTHERS = (
    "devon",
    "dorset",
    "durham_darlington_tees",
    "kent_medway",
    "lancashire_south_cumbria",
    "nottinghamshire",
    "south_yorkshire_bassetlaw",
    "suffolk_north_east_essex",
)


def said(outcome: Outcome) -> tuple[str, str]:
    """Text of the report without its marks, and what the terminal prints."""
    page = re.sub(r"<(style|svg).*?</\1>|<[^>]+>", " ", render(outcome, []), flags=re.DOTALL)
    return re.sub(r"\s+", " ", page), "\n".join(summary(outcome))


def of_arm(table: pa.Table, arm: str) -> bytes:
    """Rows of one arm as bytes, its name left out."""
    rows = table.filter(pc.equal(table["arm"].cast(pa.string()), arm)).drop_columns(["arm"]).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()


# -- no moves ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("around", ["none", pytest.param("usual", marks=pytest.mark.nightly)])
def test_a_plan_without_moves_is_business_as_usual_to_the_last_byte(around):
    found = _simulate(area("replications=2", "feedback=history", f"around={around}"))
    every = tables(found.observed, found.assessed, found.window)
    compared = [name for name in every if name in ("state", "flows", "waits", "beds", "stocks")]
    assert len(compared) == (5 if around == "usual" else 4)
    for name in compared:
        usual, plan = of_arm(every[name], USUAL), of_arm(every[name], "3y")
        assert usual == plan and len(plan) > 1000, name
    assert every["closures"].num_rows == every["transition"].num_rows == 0
    for text in said(found):
        assert (
            "This plan has no moves: on the timeline of 3y every run is business as usual, to the last number." in text
        )


# -- all faults at once ------------------------------------------------------------------------------------------------


def test_a_plan_with_every_fault_is_told_of_all_of_them_at_once(capsys):
    note = "year: not applicable, basis: not applicable, status: assumed"
    moves = {
        "home": f"open, setting: p1, sites: [tamside], size: {{value: 40, unit: places, {note}}}, when: {{from: 0.3}}, "
        "after: [wards]",
        "wards": "close, setting: beds, size: {value: 4000, unit: beds, year: not applicable, basis: host trust, "
        "status: assumed}, when: {from: 0.6}, after: [home]",
        "late": f"open, setting: p2, size: {{value: 4, unit: places, {note}}}, when: {{from: 0.6, to: 0.2}}",
        "frailty": f"avoid, when: {{from: 0.2}}, effect: {{share: {{value: -0.1, unit: relative change, {note}}}}}",
        "many": f"open, setting: p1, size: {{value: 90000, unit: places, {note}}}, when: {{from: 0.2}}, "
        f"workforce: {{nurses: {{value: 1.0, unit: staff per place, {note}}}}}",
    }
    words = [f"+plan.moves.{name}={{kind: {move}}}" for name, move in moves.items()]
    assert main(["run", "footprint=tameside_glossop", "plan=none", *words]) == 2
    told = capsys.readouterr().err
    assert "6 faults in the configuration" in told
    for key, rule in (
        ("home.sites.0", "no such site; there are: tameside. Did you mean 'tameside'?"),
        ("wards.size.value", "closes more beds than there are: tameside has 392 left"),
        ("home.after", "moves wait in a circle: home after wards after home"),
        ("late.when.to", "the end must lie after the start"),
        ("frailty.effect.grade", "an effect needs the grade of its evidence"),
        ("many.workforce.nurses", "nobody could staff these places"),
    ):
        assert re.search(rf"plan\.moves\.{re.escape(key)}\b[^\n]*{re.escape(rule)}", told), key


# -- everything closes ------------------------------------------------------------------------------------------------


def everything(footprint: str, gates: str, words: tuple[str, ...], **more) -> Outcome:
    """Every hospital bed of a footprint closes, in steps over three years."""
    words = (f"footprint={footprint}", f"gates={gates}", *words)
    beds = sum(round(n) for (setting, _), n in _sizes(area(*words)).items() if setting == "beds")
    when = {"from": 0.2, "to": 1.0, "every_months": 6}
    return _simulate(area(*words, wards=closing(beds, when, after=list(more)), **more))


def _sizes(chosen):
    from models.system.details import sizes_before

    return sizes_before(chosen.footprint, chosen.fit, chosen.future)


def nobody_is_safe(footprint: str, gates: tuple[str, ...], *words: str) -> None:
    """Without gates it is delivered and not safe, with gates not delivered; in no replication is it both."""
    free = everything(footprint, "none", words)
    verdict = free.verdicts["3y"]
    assert verdict.delivered["probability"] == 1.0 and verdict.safe["probability"] == 0.0
    for name in gates:
        held = everything(footprint, name, words, home=opening(50, lead=0, when={"from": 0.2}))
        assert held.verdicts["3y"].probability == held.verdicts["3y"].delivered["probability"] == 0.0
        for closures in held.observed["3y"].closures:  # the gates leave most beds open
            assert sum(c.step.beds for c in closures if c.closed) < 0.5 * sum(c.step.beds for c in closures)
        assert "Who could open it: " in said(held)[1]


@pytest.mark.parametrize("footprint", ONE_HOSPITAL)
def test_a_plan_that_closes_every_bed_is_never_delivered_and_safe(footprint):
    nobody_is_safe(footprint, ("default",), "replications=1")


@pytest.mark.nightly
@pytest.mark.parametrize("footprint", (*ONE_HOSPITAL, *OTHERS))
def test_a_plan_that_closes_every_bed_is_never_delivered_and_safe_with_all_that_is_usual(footprint):
    usual = ("feedback=history", "around=usual", "replications=2")
    nobody_is_safe(footprint, ("default", "nhs_england_2017"), *usual)


# -- gates that cannot open -------------------------------------------------------------------------------------------

FIRST = {"home": opening(40, lead=0, when={"from": 0.2}), "wards": closing(40, {"from": 0.5}, ["home"])}


def never_delivered(outcome: Outcome, gate: str, who: str) -> None:
    """No bed closes; report and terminal name the gate and who could open it."""
    assert outcome.verdicts["3y"].delivered["probability"] == 0.0
    assert outcome.verdicts["3y"].interval == bounds(outcome.assessed["3y"][0].passes)
    assert all(c.closed is None for closures in outcome.observed["3y"].closures for c in closures)
    kind, _, which = gate.partition(": ")
    for text in said(outcome):
        assert f"Gate: {GATES[kind].format(who=which)}." in text
        assert re.search(rf"Who could open it: [^.]*{who}", text), text


def test_a_gate_of_use_that_no_service_can_meet():
    full = ("gates.use.share.value=1.0", "gates.use.share.high=1.0", "gates.staff.enabled=false")
    found = _simulate(area("gates=default", *full, "replications=2", **FIRST))
    never_delivered(found, "use", r"discharge teams that refer to p1 \(home\)")


@pytest.mark.nightly
def test_a_gate_of_staff_above_what_can_ever_be():
    """400 places at home in three years, where staff for so many cannot be found; all of them are asked for."""
    every = ("gates.staff.share.value=1.0", "gates.staff.share.high=1.0", "gates.proof.enabled=false")
    moves = {"home": opening(400, lead=0, when={"from": 0.2}), "wards": closing(40, {"from": 0.5}, ["home"])}
    found = _simulate(area("gates=default", "around=usual", *every, "replications=2", **moves))
    never_delivered(found, "staff", "employs the staff of p1")


def test_a_move_after_one_that_is_always_refused():
    no = approval(veto_probability=1.0, partners=["council"])
    moves = {"home": FIRST["home"] | {"approval": no}, "wards": FIRST["wards"]}
    found = _simulate(area("gates=default", "replications=2", **moves))
    never_delivered(found, "after: home", "council")
    for text in said(found):
        assert "council said no" in text
        assert "Nothing that was planned happened: on the timeline of 3y every run is business as usual" in text


def test_a_gate_above_everything_is_refused_before_it_is_run():
    with pytest.raises(FaultsError) as refused:
        area("gates=default", "gates.use.share.value=1.5", "gates.use.share.high=2", **FIRST)
    assert "gates.use.share: 1.5 and its range must lie between 0 and 1" in str(refused.value)

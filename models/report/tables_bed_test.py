"""The three conditions of NHS England's test of March 2017: which a plan counts on, and what the criteria say of them.

From 1 April 2017 a plan that closes many hospital beds had to show that one of them is met. K6, K8 and K11 speak to the
first; what K9 lays beside the evidence speaks to the others (V2, T1, W6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.report.tables import plans
from models.report.tables_plan import opened_words
from models.report.words import amount, of_futures, signed_percent
from models.verdict.criteria_realism import percentile_in_words
from models.verdict.verdict import Verdict

if TYPE_CHECKING:
    from models.run.runner import Outcome

__all__ = ["bed_test_rows"]

#: criteria that speak to the first condition
PROVISION = {"K6": "staff (K6)", "K8": "places open before beds close (K8)", "K11": "makes up for the beds (K11)"}
ADMISSIONS, STAYS = ("emergencies", "readmission"), ("stays",)
TREATMENTS = "Specific new treatments or therapies that cut certain kinds of admission"
EFFICIENCY = "Beds that have been used less well than elsewhere, with a credible plan to use them better without harm"


def bed_test_rows(outcome: Outcome) -> list[list[str]]:
    """One row a condition: what the plan counts on, and what this run says; empty where no hospital beds close."""
    first = next(iter(outcome.schedules.values()), None)
    if first is None or not first.closures:
        return []
    found = [(name, verdict) for name, verdict, _ in plans(outcome)]
    opened = [(words, sum(s[-1][1] for s in first.opened(k).values())) for k, words in opened_words(outcome).items()]
    places = ", ".join(f"{amount(number)} {words.lower()}" for words, number in opened if number)
    provision = (
        "Other provision, such as more care outside hospital, alongside or ahead of the closures, with its staff"
    )
    return [
        [provision, places or "nothing: no places open", _on_each(found, _provided)],
        [TREATMENTS, *_effects(found, ADMISSIONS)],
        [EFFICIENCY, *_effects(found, STAYS)],
    ]


def _on_each(found: list[tuple[str, Verdict]], says: Any) -> str:
    """What is said of every timeline, once where it is the same on all."""
    said = [(name, says(verdict)) for name, verdict in found]
    if len({words for _, words in said}) == 1:
        return said[0][1]
    return "; ".join(f"{name}: {words}" for name, words in said)


def _provided(verdict: Verdict) -> str:
    rows = {row["id"]: row for row in verdict.criteria}
    return ", ".join(
        f"{words} passed in {of_futures(rows[key]['probability'], verdict.replications)} futures"
        if rows[key]["assessed"]
        else f"{words} not assessed"
        for key, words in PROVISION.items()
    )


def _effects(found: list[tuple[str, Verdict]], kinds: tuple[str, ...]) -> list[str]:
    """Effects of these kinds that the plan takes for granted, and how they lie beside the evidence (K9)."""

    def taken(verdict: Verdict) -> list[dict[str, Any]]:
        row = next(row for row in verdict.criteria if row["id"] == "K9")
        return [one for one in row.get("figures", ()) if one["on"] in kinds and one["value"] < 0]

    def claimed(verdict: Verdict) -> str:
        return ", ".join(f"{one['title']}: {signed_percent(one['value'])}" for one in taken(verdict))

    def laid(verdict: Verdict) -> str:
        return ", ".join(
            one["reading"]
            if one["percentile"] is None
            else f"{one['reading']} (percentile {percentile_in_words(one['percentile'])} of the evidence, K9)"
            for one in taken(verdict)
        )

    if not any(taken(verdict) for _, verdict in found):
        return ["nothing: no such effect is in the plan or its future", "not asked"]
    return [_on_each(found, claimed), _on_each(found, laid)]

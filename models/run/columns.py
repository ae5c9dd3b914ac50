"""What every column of the tables of a run holds, and its unit: metadata of the fields, for who reads a file alone."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["OF_EACH", "meaning", "unit"]

OF_EACH = "_each"  #: behind the name of a table of means that holds every replication instead

ARM = "business as usual, or the name of a timeline of the plan"
MEAN = "mean over replications"
LOW, HIGH = "5 % of the replications lie below", "5 % of the replications lie above"

#: column: (what it holds, unit); the same in every table unless the table says otherwise below
SHARED: Mapping[str, tuple[str, str]] = {
    "arm": (ARM, ""),
    "timeline": ("name of a timeline of the plan", ""),
    "replication": ("number of the simulated future, from 0; the same people come in every arm", ""),
    "month": ("first day of the month", ""),
    "place": ("a hospital, or all of the area", ""),
    "site": ("hospital, or its catchment, by its key in the footprint", ""),
    "hospital": ("hospital, or all", ""),
    "criterion": ("K0 to K12, as in verdict.json", ""),
    "mean": (MEAN, ""),
    "p05": (LOW, ""),
    "p95": (HIGH, ""),
    "unit": ("unit of the amounts in the row", ""),
}

BEDS, PEOPLE, SHARE = "beds", "people", "share"
BY_ROW = "see column unit"


def _spread(unit_: str) -> dict[str, tuple[str, str]]:
    return {"mean": (MEAN, unit_), "p05": (LOW, unit_), "p95": (HIGH, unit_)}


TABLES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "state": {
        "station": ("ward or community service, by catchment", ""),
        "class": ("kind of patient", ""),
        "state": ("in what state people are there", ""),
        **_spread(PEOPLE),
    },
    "flows": {
        "station": ("ward or community service, by catchment", ""),
        "class": ("kind of patient", ""),
        "flow": ("what happened", ""),
        **_spread("events a month"),
    },
    "waits": {
        "quarter": ("first day of the quarter", ""),
        "longer_than": ("wait from the decision to admit to a bed on a ward", ""),
        **_spread(SHARE),
    },
    "beds": {
        "measure": ("open, occupied at midnight, or held by people whose transfer is delayed", ""),
        **_spread(BEDS),
    },
    "years": {
        "year": ("financial year, April to March; the last may not be whole", ""),
        "measure": ("what is measured; a mean over the days of the year, of waits a share of the year's people", ""),
        "value": ("amount in one replication", BY_ROW),
    },
    "criteria": {
        "period": ("month in which the period begins (a year, of K10 a quarter, of K11 the last years), or plan", ""),
        "value": ("with the plan; a unit is given for each criterion in the table lenses", "see table lenses"),
        "usual_value": ("under business as usual in the same replication", "see table lenses"),
    },
    "lenses": {
        "name": ("name of the criterion", ""),
        "decides": ("whether the verdict rests on it", ""),
        "lens": ("which lens decides, the same in every replication", ""),
        "threshold": ("line of the standard, in the unit of the row; empty where there is none", BY_ROW),
        "unit": ("unit of the criterion's values", ""),
        "passes": ("passed by the deciding lens; the verdict's probabilities are shares of replications of it", ""),
        "meets_standard": ("meets the standard; empty where there is none", ""),
        "does_no_harm": ("no worse than business as usual beyond the margin; empty where that is not asked", ""),
        "rules_out": ("makes the plan not credible whatever is simulated (K9)", ""),
        "usual_meets_standard": ("business as usual meets the standard; empty where that is not asked", ""),
    },
    "stocks": {
        "date": ("day, every four weeks", ""),
        "stock": ("name of the stock, its place or group in brackets", ""),
        **_spread(BY_ROW),
    },
    "closures": {
        "kind": ("acute or community beds", ""),
        "beds": ("beds of the step", BEDS),
        "due": ("planned date", ""),
        "closed": ("simulated date; empty where it never happened", ""),
        "held_by": ("condition of the gate that failed last; empty where none did", ""),
    },
    "transition": {
        "date": ("first day of the month", ""),
        "event": ("stage entered, held back, a rule that spoke, or escalation beds", ""),
        "move": ("move of the plan; empty for what concerns all", ""),
        "number": ("step n of the move; 0 of a rule", ""),
        "of": ("steps of the move in all; 0 of a rule", ""),
        "stage": ("stage entered, or in which it is held; of a rule, what it does", ""),
        "cause": ("what holds, stops or reopens it; empty when it goes as planned", ""),
        "size": ("of the step", "beds, places or staff; of an investment thousands of pounds"),
        "months": ("how long a rule lasts; otherwise 0", "months"),
    },
    "patients": {
        "patient": ("number of a person, the same in every arm of a replication; who is readmitted is a new one", ""),
        "class": ("kind of patient", ""),
        "station": ("ward or service", ""),
        "joined": ("when somebody came to the ward or service, or to its queue", ""),
        "started": ("when a bed or place was taken; empty where that never happened", ""),
        "ready": ("when active care ended (medically ready); what follows is delay", ""),
        "left": ("when the bed or place was left, or the queue; empty of those who are still there", ""),
        "ended": (
            "left (home, or died), transferred_out (to another service) or lost (no bed); empty of those still there",
            "",
        ),
    },
    "baseline": {
        "part": (
            "fitted (the baseline year), holdout or waits over 12 h (quarters kept back), errors, or delays",
            "",
        ),
        "period": ("the baseline year, or a quarter kept back", ""),
        "measure": ("what is measured", ""),
        "value": ("observed or simulated figure", BY_ROW),
    },
    "verdict": {
        "verdict": ("what is said of the plan on the timeline", ""),
        "conditions": ("each of which by itself would make it credible; of credible with conditions only", ""),
        "probability": ("share of replications in which it is delivered and safe", SHARE),
        "low": ("exact one-sided 95 % bound below the probability", SHARE),
        "high": ("exact one-sided 95 % bound above the probability", SHARE),
        "delivered": ("share of replications in which it is delivered (K0)", SHARE),
        "safe": ("share of replications in which the other deciding criteria are passed", SHARE),
        "binding_criterion": ("deciding criterion that the fewest replications pass, the first of several", ""),
        "replications": ("simulated futures", "replications"),
    },
    "money": {
        "year": ("financial year, April to March; the last may not be whole", ""),
        "organisation": ("its key in the footprint's file of finance; system: payments between members left out", ""),
        "line": ("income, expenditure, result, or a memorandum (part of no sum)", ""),
        **_spread(BY_ROW),
    },
    "waterfall": {
        "step": ("mechanism switched on, on top of those before", ""),
        "site": ("hospital, or together: the hospitals added up", ""),
        "beds": ("beds needed so far, median over replications", BEDS),
        "added": ("beds that the step adds; of the first step, its own", BEDS),
        "low": ("5 % of the replications lie below", BEDS),
        "high": ("5 % of the replications lie above", BEDS),
        "words": ("what is assumed", ""),
    },
    "waterfall_count": {
        "part": ("part of the way from the mean load to the published beds in use, or beds to compare with", ""),
        "site": ("hospital, or together: the hospitals added up", ""),
        "beds": ("mean over replications, community beds left out but where they are named", BEDS),
    },
    "sensitivity": {
        "rank": ("1 moves the result most, with chance allowed for", ""),
        "named": ("whether the report names it", ""),
        "figure": ("its key in the configuration", ""),
        "unit": ("unit of the figure", ""),
        "value": ("the figure as it stands", BY_ROW),
        "low": ("low end of its range", BY_ROW),
        "high": ("high end of its range", BY_ROW),
        "status": ("how well it is known", ""),
        "source": ("where it comes from", ""),
        "as_it_stands": ("emergencies who wait over 4 h for a bed, year after the plan; figures as they stand", SHARE),
        "at_low": ("the same with the figure at the low end", SHARE),
        "at_high": ("the same with the figure at the high end", SHARE),
        "swing": ("at_high less at_low", SHARE),
        "sure": ("whether the swing is more than chance, with all figures that were moved allowed for", ""),
    },
}


def _known(table: str, column: str) -> tuple[str, str]:
    if table.endswith(OF_EACH):
        means = table.removesuffix(OF_EACH)
        return ("amount in one replication", _known(means, "mean")[1]) if column == "value" else _known(means, column)
    return TABLES.get(table, {}).get(column) or SHARED.get(column) or ("", "")


def unit(table: str, column: str) -> str:
    """Unit of a column; empty for names and dates."""
    return _known(table, column)[1]


def meaning(table: str, column: str) -> str:
    """What a column holds."""
    return _known(table, column)[0]

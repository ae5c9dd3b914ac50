"""Outcomes of a stay: death in hospital, death while waiting, and coming back within 30 days.

Each is a rule to be written into stations of other settings:

* :func:`with_deaths` splits every route rule by need and age, and sends the share that dies to ``<site>_death``, a
  station of no time, where *came by transfer* is the number of deaths. Who survives goes where the rule says.
* :func:`death_while_waiting` is a patience rule ``die``: a constant hazard, so deaths are the hazard times the mean
  number waiting, whatever the queue.
* :func:`readmissions` are return rules for the station from which people leave for home. They are off where the
  counted admissions already hold the people who came back.

The share that comes back is a number of the network and cannot follow the occupancy of the hour. How it answers a
fuller hospital is :func:`readmission_share`, for a network at a given mean occupancy; :mod:`models.care.pressure`
lets it follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from models.care.part import Part
from models.figures.figures import Figure, Shape, must
from models.figures.presets import read_section
from sim.errors import Fault, FaultsError

__all__ = ["DIED", "Outcomes", "death", "death_while_waiting", "deaths", "odds_times", "read_outcomes"]
__all__ += ["readmission_share", "readmissions", "with_deaths"]

DIED = "death"

ShareFigure = Annotated[Figure, AfterValidator(must("share", most=1))]
Relative = Annotated[Figure, AfterValidator(must("relative risk"))]
OddsRatio = Annotated[Figure, AfterValidator(must("odds ratio"))]
OverShare = Annotated[Figure, AfterValidator(must("share", most=2))]
Days = Annotated[Figure, AfterValidator(must("days"))]
PerDay = Annotated[Figure, AfterValidator(must("per day"))]


class InHospital(Shape):
    """Death at the end of a stay: share by need, times a relative risk by age."""

    enabled: bool
    share: Annotated[dict[str, ShareFigure], Field(min_length=1)]
    age: dict[str, Relative]

    @model_validator(mode="after")
    def _shares(self) -> InHospital:
        worst = max((risk.value for risk in self.age.values()), default=1.0)
        over = [need for need, share in self.share.items() if share.value * worst > 1]
        if over:
            raise ValueError(f"share times relative risk must not exceed 1; it does for {', '.join(over)}")
        return self


class Waiting(Shape):
    """Death while waiting: deaths a day for each one who waits."""

    enabled: bool
    hazard: PerDay


class Band(Shape):
    """Occupancy from which people who leave are more likely to come back, and the ratio of their odds."""

    from_occupancy: OverShare
    odds_ratio: OddsRatio


class Readmission(Shape):
    """Coming back within 30 days; off where admissions already hold it."""

    enabled: bool
    share: ShareFigure
    within_days: Days
    mean_days: Days
    early_discharge: bool
    bands: list[Band]

    @model_validator(mode="after")
    def _rising(self) -> Readmission:
        at = [band.from_occupancy.value for band in self.bands]
        if any(b <= a for a, b in pairwise(at)):
            raise ValueError("bands must rise in from_occupancy")
        return self


class Outcomes(Shape):
    """Parameters of outcomes."""

    death: InHospital
    death_while_waiting: Waiting
    readmission: Readmission


def read_outcomes(data: Any) -> Outcomes:
    """Read and check the parameters; raises FaultsError with every fault."""
    return read_section(Outcomes, data, "configs/care/outcomes.yaml")


def death(site: str) -> str:
    """Name of the station at which deaths in hospital are counted."""
    return f"{site}_{DIED}"


def deaths(site: str, care: Outcomes) -> Part:
    """Return the station at which deaths in hospital are counted; nothing if they are off."""
    if not care.death.enabled:
        return Part()
    return Part(stations={death(site): {"places": "inf", "service": {"kind": "deterministic", "mean": "0 d"}}})


def with_deaths(
    site: str,
    rules: Sequence[Mapping[str, Any]],
    care: Outcomes,
    classes: Sequence[str] | None = None,
    by_age: bool = False,
) -> list[dict[str, Any]]:
    """Route rules of a station with the share that dies sent to the station of deaths.

    Parameters
    ----------
    site : str
    rules : sequence of dict
        Route rules by shares, the last for everyone.
    care : Outcomes
    classes : sequence of str, optional
        Whose stays may end in death; everybody's unless given.
    by_age : bool
        Whether people have the attribute ``age``; otherwise the relative risks are left out.

    Raises
    ------
    FaultsError
        When a rule chooses by the state of its destinations, which leaves no share to take from.
    """
    if not care.death.enabled:
        return [dict(rule) for rule in rules]
    faults = [
        Fault(f"routes.{i}.choose", rule["choose"], "deaths can be taken from shares only.", example="choose: shares")
        for i, rule in enumerate(rules)
        if rule.get("choose", "shares") != "shares"
    ]
    if faults:
        raise FaultsError(faults, site)
    out: list[dict[str, Any]] = []
    for rule in rules:
        for more, share in _chances(care.death, by_age):
            where = _both(dict(rule.get("where", {})), more | ({"class": list(classes)} if classes else {}))
            if where is not None:
                out.append({"where": where, "to": _less(rule["to"], share, death(site))})
        out.append(dict(rule))  # whoever is not named above
    return out


def _chances(care: InHospital, by_age: bool) -> list[tuple[dict[str, Any], float]]:
    """Selections by need and age with their share of deaths."""
    ages: list[tuple[dict[str, Any], float]] = [({}, 1.0)]
    if by_age and care.age:
        ages = [({"age": age}, risk.value) for age, risk in care.age.items()]
    return [({"need": n} | age, share.value * risk) for n, share in care.share.items() for age, risk in ages]


def _both(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any] | None:
    """Selection of those whom both selections name; None when there are none."""
    for key, names in other.items():
        if key in one:
            ours = one[key] if isinstance(one[key], list) else [one[key]]
            common = [name for name in ours if name in (names if isinstance(names, list) else [names])]
            if not common:
                return None
            one[key] = common
        else:
            one[key] = names
    return one


def _less(to: Mapping[str, Any], share: float, station: str) -> dict[str, Any]:
    """Destinations with a share less, which goes to the station of deaths."""
    out: dict[str, Any] = {}
    for name, given in to.items():
        before = given["share"] if isinstance(given, Mapping) else given
        after: Any = (
            [dict(step) | {"value": step["value"] * (1 - share)} for step in before]
            if isinstance(before, list)
            else before * (1 - share)
        )
        out[name] = dict(given) | {"share": after} if isinstance(given, Mapping) else after
    return out | {station: share}


def death_while_waiting(care: Outcomes, classes: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Patience rules of a station whose queue some do not survive; none if off."""
    hazard = care.death_while_waiting.hazard.value
    if not care.death_while_waiting.enabled or not hazard:
        return []
    after = {"kind": "exponential", "mean": f"{1 / hazard!r} d"}
    rule: dict[str, Any] = {"after": after, "then": "die"}
    return [rule | {"where": {"class": list(classes)}}] if classes else [rule]


def readmissions(
    care: Outcomes, to: str, classes: Sequence[str] | None = None, occupancy: float | None = None
) -> list[dict[str, Any]]:
    """Return rules of a station from which people leave for home; none if off.

    Parameters
    ----------
    care : Outcomes
    to : str
        Station of the return visit.
    classes : sequence of str, optional
        Who may come back; everybody unless given.
    occupancy : float, optional
        Mean share of beds in use at which people leave (:func:`readmission_share`); as usual unless given.
    """
    if not care.readmission.enabled:
        return []
    within = care.readmission.within_days.value
    after = {
        "kind": "exponential",
        "mean": f"{care.readmission.mean_days.value!r} d",
        "between": ["0 d", f"{within!r} d"],
    }
    rule = {"probability": readmission_share(care, occupancy), "after": after, "to": to}
    return [rule | {"where": {"class": list(classes)}}] if classes else [rule]


def readmission_share(care: Outcomes, occupancy: float | None = None) -> float:
    """Share that comes back when people leave a hospital with this mean occupancy; the usual one unless given."""
    share = care.readmission.share.value
    if occupancy is None or not care.readmission.early_discharge:
        return share
    reached = [b.odds_ratio.value for b in care.readmission.bands if occupancy >= b.from_occupancy.value]
    return odds_times(share, reached[-1]) if reached else share


def odds_times(share: float, ratio: float) -> float:
    """Share whose odds are `ratio` times the odds of `share`."""
    return share * ratio / (1 + share * (ratio - 1))

"""Rules that a distribution in a network file may break, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from sim.network.schema import Service
from sim.services.functions import mass
from sim.services.laws import Empirical
from sim.services.resolve import law_of

__all__ = ["service_faults"]

#: what each kind takes, besides a range and bounds
TAKES = {
    "exponential": ("mean",),
    "deterministic": ("mean",),
    "lognormal": ("mean", "cv", "median", "sd"),
    "weibull": ("mean", "shape"),
    "gamma": ("mean", "shape", "cv", "sd"),
    "erlang": ("mean", "shape"),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "normal": ("mean", "cv", "sd"),
    "hyperexponential": ("mean", "cv"),
    "coxian": ("phases",),
    "mixture": ("parts",),
    "empirical": ("observed",),
}
PARTS = ("exponential", "lognormal", "weibull", "gamma", "erlang", "hyperexponential", "coxian")  #: of a mixture
_RANGE = ("between", "at_least", "at_most")
_LEAST_SHARE = 1e-6  # of a range, below which nothing sensible could be drawn from it
_MOST_CV = 20


def service_faults(service: Service) -> list[str]:
    """Rules that a distribution breaks, in plain words."""
    found = [*_taken(service), *_parameters(service)]
    if service.share is not None:
        found.append("'share' belongs to the parts of a mixture only")
    return [*found, *_range(service, sound=not found)]


def _taken(service: Service) -> Iterator[str]:
    """What is given but not taken."""
    kind, takes = service.kind, TAKES[service.kind]
    known = sorted({field for fields in TAKES.values() for field in fields})
    for field in (*known, *(_RANGE if kind == "deterministic" else ())):
        if field not in takes and getattr(service, field) is not None:
            yield f"'{field}' does not belong to {kind}; it takes {', '.join(takes)}"


def _parameters(service: Service) -> Iterator[str]:
    match service.kind:
        case "uniform" | "triangular":
            yield from _ends(service)
        case "coxian":
            yield from _phases(service)
        case "mixture":
            yield from _parts(service)
        case "empirical":
            yield from _observed(service)
        case _:
            yield from _mean_and_spread(service)


def _mean_and_spread(service: Service) -> Iterator[str]:
    kind, mean = service.kind, service.mean
    if mean is None:
        yield f"{kind} needs a mean"
    elif mean == 0 and kind != "deterministic":
        yield f"the mean of {kind} must be above zero"
    choices = [field for field in TAKES[kind] if field != "mean"]
    given = [field for field in choices if getattr(service, field) is not None]
    if len(choices) == 1 and not given:
        yield f"{kind} needs a {choices[0]}"
    if len(choices) > 1 and len(given) != 1:
        yield f"{kind} needs either {' or '.join(choices)}"
    if service.sd is not None and "sd" in choices:
        if service.sd == 0:
            yield "the sd must be above zero"
        elif mean and service.sd > _MOST_CV * mean:
            yield f"the sd is at most {_MOST_CV} times the mean"
    if kind == "lognormal" and service.median is not None and not 0 < service.median < (mean or 0):
        yield "the median of a lognormal lies above zero and below its mean"
    if kind == "erlang" and service.shape is not None and service.shape != int(service.shape):
        yield "the shape of Erlang is a whole number"
    if kind == "hyperexponential" and service.cv is not None and service.cv < 1:
        yield "the cv of hyperexponential is 1 or more; gamma and lognormal vary less"


def _ends(service: Service) -> Iterator[str]:
    kind, low, mode, high = service.kind, service.low, service.mode, service.high
    missing = [field for field in TAKES[kind] if getattr(service, field) is None]
    if missing:
        yield f"{kind} needs {' and '.join(missing)}"
    if low is not None and high is not None and low >= high:
        yield f"the low of {kind} lies below its high"
    elif low is not None and mode is not None and high is not None and not low <= mode <= high:
        yield "the mode of triangular lies between its low and its high"


def _phases(service: Service) -> Iterator[str]:
    if not service.phases:
        yield "coxian needs phases"
    for number, phase in enumerate(service.phases or []):
        if phase.mean == 0:
            yield f"phase {number}: its mean must be above zero"
        if phase.ends == 1 and number < len(service.phases or []) - 1:
            yield f"phase {number}: everything ends with it, so the phases after it are never reached"


def _parts(service: Service) -> Iterator[str]:
    if not service.parts:
        yield "a mixture needs parts"
        return
    shares = [part.share for part in service.parts if part.share is not None]
    if len(shares) < len(service.parts):
        yield "every part of a mixture needs a share"
    elif abs(sum(shares) - 1) > 1e-9:
        yield f"the shares of a mixture sum to {sum(shares):.6g}, not to one"
    for number, part in enumerate(service.parts):
        if part.kind not in PARTS:
            yield f"part {number}: a part may not itself be {part.kind}; it may be {', '.join(PARTS)}"
            continue
        for field in _RANGE:
            if getattr(part, field) is not None:
                yield f"part {number}: a part has no '{field}'; give it to the mixture as a whole"
        yield from (f"part {number}: {text}" for text in (*_taken(part), *_parameters(part)))


def _observed(service: Service) -> Iterator[str]:
    if service.observed is None:
        yield "empirical needs observed times: a list, or a column of a CSV file"
    elif service.observed == []:
        yield "the list of observed times is empty"
    elif isinstance(service.observed, list) and max(service.observed) == 0:
        yield "at least one observed time must be above zero"


def _range(service: Service, sound: bool) -> Iterator[str]:
    """Faults of range and bounds; `sound` says that the distribution itself has none."""
    if service.kind == "deterministic":
        return
    between, least, most = service.between, service.at_least, service.at_most
    if most == 0:
        yield "at_most must be above zero"
    elif least is not None and most is not None and least >= most:
        yield "at_least lies below at_most"
    if between is None:
        return
    low, high = between
    if low >= high:
        yield "between gives the shorter time first and the longer one second"
        return
    for field, bound in (("at_least", least), ("at_most", most)):
        if bound is not None and not low <= bound <= high:
            yield f"{field} lies outside the range that between gives"
    if sound and (service.kind != "empirical" or isinstance(service.observed, list)):
        law = law_of(service)
        inside = float(mass(law, low, high))
        if isinstance(law, Empirical):
            inside = sum(low <= x <= high for x in law.values) / len(law.values)
        if inside < _LEAST_SHARE:
            yield f"a share of {inside:.2g} of times lies in the range that between gives; {_LEAST_SHARE:g} is needed"

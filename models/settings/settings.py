"""Everything a run is made of: composed, checked section by section and together, all faults at once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from models.care.pressure import Pressure
from models.care.slow import Around
from models.finance.choice import finance_of
from models.finance.organisations import System as Finance
from models.finance.simulated.settings import Money
from models.footprint.footprint import Footprint, load_footprint
from models.footprint.short import NoBaseline
from models.plans import Gates, Plan, Timeline
from models.plans.check import check_plan
from models.plans.whose_plan import existing
from models.settings import compose, files
from models.settings.criteria import Criteria, end_of_run
from models.settings.files import choices
from models.settings.fit import DetailName, Fit
from models.settings.future import Future
from models.settings.request import MOST, Request, detail_faults
from models.settings.together import named_apart, together
from models.system.details import BEDS, fit_name
from models.system.winter import Winter, winter_faults
from models.transition.funding import Fund, Funding, fund_of
from sim.errors import Fault, FaultsError, nearest
from sim.reading.shape import shape_faults

__all__ = ["Settings", "settings"]

#: what may be left out beside the verdict
BESIDE = {
    "waterfall": "runs of each step from the spreadsheet to the simulation",
    "sensitivity": "runs with each figure at either end of its range",
}
MOST_BESIDE = 1000
COMPENSATION = {"on": True, "off": False, "true": True, "false": False}  #: YAML reads a bare on and off as the latter
SECTIONS: dict[str, Any] = {"timeline": Timeline, "future": Future, "criteria": Criteria}
SECTIONS |= {"fit": Fit, "feedback": Pressure, "around": Around, "gates": Gates, "funding": Funding, "winter": Winter}


@dataclass
class Settings:
    """Everything a run is made of, checked.

    ``composed`` is the configuration as composed, without the keys that only say how to run (workers, out);
    ``scenario_hash`` is the hash of it.
    """

    request: Request
    footprint: Footprint
    fit: Fit | None
    plan: Plan
    timelines: list[Timeline]
    future: Future
    criteria: Criteria
    feedback: Pressure
    around: Around
    gates: Gates
    funding: Funding
    money: Money | None
    finance: Finance | None
    replications: int
    seed: int
    waterfall: int
    sensitivity: int
    detail: DetailName
    composed: dict[str, Any]
    compensation: bool = False
    search: tuple[str, ...] = ()

    @property
    def fund(self) -> Fund | None:
        """Money for change; None where it is no limit."""
        people = self.footprint.population.england_equivalents.value
        return fund_of(self.funding, self.money, people) if self.money else None

    @property
    def scenario_hash(self) -> str:
        """Hash of the composed configuration, execution keys left out."""
        return hashlib.sha256(json.dumps(self.composed, sort_keys=True, default=str).encode()).hexdigest()[:16]


def settings(request: Request) -> Settings:
    """Compose and check everything that was asked for.

    Raises
    ------
    FaultsError
        With every fault of every section at once.
    CarebridgeError
        When Hydra cannot compose the overrides.
    """
    data = compose.composed(request, request.timelines[0])
    faults: list[Fault] = []
    parts = _sections(request, data, faults)
    timelines, laid_out = _timelines(request, data, faults)
    footprint = _footprint(request, data.get("footprint") or {}, faults)
    detail = data.pop("detail")
    faults += detail_faults(detail, "configs/config.yaml")
    if detail != BEDS:  # results of the network of beds belong to the same configuration as before there were details
        data["detail"] = detail
    _money(request, data, parts, faults)
    winter = _winter(data, parts)
    beside = _beside(data, faults)
    _compensation(data, faults)
    known = [*SECTIONS, "plan", "finance", "money", "footprint", "name", "detail", "compensation", *BESIDE, *MOST]
    faults += [Fault(k, None, "no such key.", "command line", nearest(k, known)) for k in data if k not in known]
    _usable_fit(parts, footprint, detail, _origin("fit", request, data), faults)
    _plan(request, data, parts, footprint, faults)
    faults += named_apart(request.timelines, timelines) + together(parts, footprint, timelines, detail)
    if winter and footprint and parts["criteria"] and parts["plan"]:
        found = winter_faults(winter, footprint, end_of_run(parts["criteria"], parts["plan"]))
        faults += [_under("winter", fault, _origin("winter", request, data)) for fault in found]
    if faults or footprint is None:
        raise FaultsError(faults, "the configuration")
    numbers = {k: getattr(request, k) if getattr(request, k) is not None else data[k] for k in ("replications", "seed")}
    composed = {**data, **numbers, "timeline": laid_out, "scenario": request.scenario}
    composed |= {"search": list(request.search)} if request.search else {}
    return Settings(
        request=request,
        footprint=footprint,
        timelines=timelines,
        detail=detail,
        composed=composed,
        compensation="compensation" in data,
        search=request.search,
        **beside,
        **parts,
        **numbers,
    )  # fmt: skip


def _sections(request: Request, data: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """Sections that are read by themselves, checked; none for a fit that there is not."""
    parts = {}
    for key in ("future", "criteria", "feedback", "around", "gates", "funding", "winter"):
        parts[key] = _section(key, data.get(key), _origin(key, request, data), faults)
    parts["fit"] = _section("fit", data["fit"], _origin("fit", request, data), faults) if data.get("fit") else None
    return parts


def _timelines(
    request: Request, data: dict[str, Any], faults: list[Fault]
) -> tuple[list[Timeline], list[dict[str, Any]]]:
    """All timelines, and how each is laid out."""
    timelines, laid_out = [], []
    for name in request.timelines:
        one = data["timeline"] if name == request.timelines[0] else compose.another_timeline(request, name)
        laid_out.append(one)
        timelines.append(_section("timeline", one, f"configs/timeline/{name}.yaml", faults))
    return timelines, laid_out


def _money(request: Request, data: dict[str, Any], parts: dict[str, Any], faults: list[Fault]) -> None:
    """Add the books, and whether money for change is a limit."""
    parts["money"], parts["finance"], found = finance_of(data, request.footprint)
    faults += found
    if not (parts["funding"] and parts["funding"].limited):
        data.pop("funding", None)  # money is no limit: the same run as one that knows of none
    elif parts["money"] is None and not found:
        rule = "with finance=none nothing has a price; choose funding=none, or keep the books."
        faults.append(Fault("funding", parts["funding"].name, rule, "command line"))


def _winter(data: dict[str, Any], parts: dict[str, Any]) -> Winter | None:
    """Take the winter out of the parts and into the future; without waves the same run as one that knows of none."""
    winter = parts.pop("winter")
    if winter and winter.on and parts["future"]:
        parts["future"] = parts["future"].in_winter(winter)
    elif winter:
        data.pop("winter", None)
    return winter


def _beside(data: dict[str, Any], faults: list[Fault]) -> dict[str, int]:
    """Runs beside those of the verdict."""
    beside = {}
    for key, what in BESIDE.items():
        runs = beside[key] = data.get(key)
        if not isinstance(runs, int) or isinstance(runs, bool) or not (runs == 0 or 2 <= runs <= MOST_BESIDE):  # noqa: PLR2004
            faults.append(Fault(key, runs, f"{what}: 0, or from 2 to {MOST_BESIDE}.", "configs/config.yaml"))
    return beside


def _compensation(data: dict[str, Any], faults: list[Fault]) -> None:
    """Leave the key where K11 is to be answered; without it, the same run as one that knows nothing of it."""
    asked = str(data.pop("compensation", "off")).lower()
    if asked not in COMPENSATION:
        rule = "whether K11 is answered, which takes one more arm a timeline: on, or off."
        faults.append(Fault("compensation", asked, rule, "command line", nearest(asked, ("on", "off"))))
    if COMPENSATION.get(asked):
        data["compensation"] = "on"


def _usable_fit(
    parts: dict[str, Any], footprint: Footprint | None, detail: str, origin: str, faults: list[Fault]
) -> None:
    """Drop a fit without a baseline or of other hospitals, and refuse one of another detail."""
    if footprint and parts["fit"]:
        usable = not footprint.no_baseline and parts["fit"].covers(footprint.sites, footprint.pathways)
        parts["fit"] = parts["fit"] if usable else None
    if parts["fit"] and parts["fit"].detail != detail:
        rule = f"this fit was made with detail={parts['fit'].detail}; run `carebridge calibrate detail={detail}`."
        faults.append(Fault("fit.detail", parts["fit"].detail, rule, origin))


def _plan(
    request: Request, data: dict[str, Any], parts: dict[str, Any], footprint: Footprint | None, faults: list[Fault]
) -> None:
    """Check the plan against what is there in its area."""
    fit, future = parts["fit"], parts["future"]
    staff = parts["around"].workforce if parts["around"] else None
    there = existing(footprint, fit, future, choices("footprint"), staff) if footprint and fit and future else None
    parts["plan"], found = check_plan(data.get("plan"), there, parts["gates"], "plan")
    faults += [_under("plan", fault, _origin("plan", request, data)) for fault in found]


def _footprint(request: Request, data: dict[str, Any], faults: list[Fault]) -> Footprint | None:
    """The footprint; one whose figures have no common basis says so, as far as its figures can be read at all."""
    try:
        try:
            return load_footprint(data)
        except NoBaseline as refused:
            try:
                return load_footprint(data, judged=False)
            except FaultsError:
                raise refused from None
    except FaultsError as error:
        faults += [_under("footprint", f, f"configs/footprint/{request.footprint}.yaml") for f in error.faults]
    return None


def _section(key: str, data: Any, origin: str, faults: list[Fault]) -> Any:
    if data is None:
        faults.append(Fault(key, None, "this section is missing."))
        return None
    model, found = shape_faults(SECTIONS[key], data, key)
    faults += [_under(key, fault, origin) for fault in found]
    return model


def _under(key: str, fault: Fault, origin: str) -> Fault:
    return Fault(f"{key}.{fault.key}", fault.value, fault.rule, fault.file or origin, fault.nearest)


def _origin(key: str, request: Request, data: dict[str, Any]) -> str:
    named = {"plan": request.plan, "fit": fit_name(request.footprint, data.get("detail", BEDS))}
    name = named.get(key) or (data.get(key) or {}).get("name", "default")
    path = files.CONFIGS / key / f"{name}.yaml"
    return f"configs/{key}/{name}.yaml" if path.exists() else f"configs/{key}"

"""From a command line to checked settings: a few keys read literally, the rest by Hydra, all faults at once."""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models import CONFIGS
from models.care.pressure import Pressure
from models.care.slow import Around
from models.command_line.out_folder import folder_faults
from models.command_line.unknown_keys import keys_in, meant, unwritten
from models.finance.choice import finance_of, own_finance
from models.finance.organisations import System as Finance
from models.finance.simulated.settings import Money
from models.footprint.footprint import Footprint, load_footprint
from models.footprint.short import NoBaseline
from models.plans import Gates, Plan, Timeline
from models.plans.check import check_plan
from models.plans.whose_plan import existing, plan_faults, usual_plan
from models.search.names import names_in
from models.settings.alone import standing_alone
from models.settings.criteria import Criteria, end_of_run
from models.settings.fit import DetailName, Fit
from models.settings.future import Future
from models.settings.together import named_apart, together
from models.system.details import BEDS, DETAILS, fit_name
from models.system.winter import Winter, winter_faults
from models.transition.funding import Fund, Funding, fund_of
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.reading.shape import shape_faults
from sim.reading.yaml_file import read_yaml

__all__ = [
    "SCENARIOS",
    "Request",
    "Settings",
    "choices",
    "first_line",
    "parse",
    "register_scenarios",
    "settings",
]

SCENARIOS = CONFIGS.parent / "scenarios"

#: keys that are read literally, before Hydra, because its grammar stumbles over paths such as out=a=b
LITERAL = ("footprint", "detail", "plan", "timeline", "scenario", "search", "each")
LITERAL += ("replications", "seed", "workers", "out", "patients")
#: tables of means that a run can also keep of every replication
EACH = ("beds", "waits", "stocks", "flows", "state")
#: what may be left out beside the verdict
BESIDE = {
    "waterfall": "runs of each step from the spreadsheet to the simulation",
    "sensitivity": "runs with each figure at either end of its range",
}
MOST_BESIDE = 1000
COMPENSATION = {"on": True, "off": False, "true": True, "false": False}  #: YAML reads a bare on and off as the latter
MOST = {"replications": 100_000, "seed": 2**63 - 1, "workers": 1024, "patients": 100}
SECTIONS: dict[str, Any] = {"timeline": Timeline, "future": Future, "criteria": Criteria}
SECTIONS |= {"fit": Fit, "feedback": Pressure, "around": Around, "gates": Gates, "funding": Funding, "winter": Winter}

_ONE_AT_A_TIME = threading.Lock()


@dataclass
class Request:
    """What was asked for on the command line, still unchecked against the files."""

    footprint: str = "devon"
    plan: str = ""  # :func:`parse` puts the footprint's own in its place, or none
    timelines: tuple[str, ...] = ("5y", "15y")
    scenario: str = "evidence"
    search: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    detail: str | None = None
    replications: int | None = None
    seed: int | None = None
    workers: int | None = None
    out: Path | None = None
    patients: int = 0
    overrides: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # all of them, as they came


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


def choices(group: str) -> list[str]:
    """Names that a group of configurations offers (``scenario`` for whole experiments)."""
    folder = SCENARIOS if group == "scenario" else CONFIGS / group
    return sorted(p.stem for p in folder.glob("*.yaml"))


def first_line(group: str, name: str) -> str:
    """Return the one-line question in the first comment of a configuration file (Hydra's own header apart)."""
    folder = SCENARIOS if group == "scenario" else CONFIGS / group
    lines = (folder / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    return next((line.lstrip("# ") for line in lines if line.startswith("# ") and "@package" not in line), "")


def parse(words: list[str]) -> Request:
    """Read ``key=value`` words; the literal keys are checked here, the others are left for Hydra.

    Raises
    ------
    FaultsError
        With every fault: unknown names, numbers that are not numbers or out of range, words without ``=``.
    """
    request, faults, before = Request(words=list(words)), [], set[str]()
    for word in words:
        key, equals, value = word.partition("=")
        plain = key.lstrip("+~")
        if equals and plain in before:
            rule = "this key is given twice; only one of the two would count."
            faults.append(Fault(plain, value, rule, "command line"))
        before.add(plain)
        if not equals and not word.startswith("~"):
            close = nearest(word, ["--dry-run"] if word.startswith("--d") else LITERAL)
            faults.append(Fault(word, None, "a setting is written key=value.", "command line", close))
        elif key != plain and plain in LITERAL:
            faults.append(Fault(word, None, f"write {plain}=value, without '{key[0]}'.", "command line"))
        elif plain.split(".")[0] in ("hydra", ""):
            faults.append(Fault(word, None, "no key of Carebridge begins like that.", "command line"))
        elif key in ("footprint", "plan", "scenario"):
            faults += _named(key, value)
            setattr(request, key, value)
        elif key == "detail":
            faults += _detail_faults(value, "command line")
            request.detail = value
        elif key == "timeline":
            names = tuple(dict.fromkeys(v for v in value.split(",") if v))
            faults += [f for name in names or ("",) for f in _named(key, name)]
            request.timelines = names
        elif key == "search":
            faults += _searched(request, value)
        elif key == "each":
            faults += _each(request, value)
        elif key in MOST:
            faults += _whole(request, key, value)
        elif key == "out":
            faults += _out(request, value)
        else:
            request.overrides.append(word)
    plans, footprints = choices("plan"), choices("footprint")
    request.plan = request.plan or usual_plan(request.footprint, plans)
    elsewhere = any(word.startswith("plan.footprint=") for word in request.overrides)
    if request.footprint in footprints and not elsewhere:
        faults += plan_faults(request.plan, request.footprint, plans)
    if faults:
        raise FaultsError(faults, "command line")
    return request


def _named(key: str, value: str) -> list[Fault]:
    known = choices(key)
    if value in known:
        return []
    return [Fault(key, value, f"no such {key}; there are: {', '.join(known)}.", "command line", nearest(value, known))]


def _detail_faults(value: Any, where: str) -> list[Fault]:
    if value in DETAILS:
        return []
    rule = f"no such detail; there are: {', '.join(DETAILS)}."
    return [Fault("detail", value, rule, where, nearest(str(value), DETAILS))]


def _whole(request: Request, key: str, value: str) -> list[Fault]:
    least = 0 if key in ("seed", "patients") else 1
    try:
        number = int(value)
    except ValueError:
        return [Fault(key, value, "a whole number is needed.", "command line")]
    if not least <= number <= MOST[key]:
        return [Fault(key, value, f"must lie between {least} and {MOST[key]}.", "command line")]
    setattr(request, key, number)
    return []


def _searched(request: Request, value: str) -> list[Fault]:
    names = () if value == "none" else names_in("search", value, "command line")
    if isinstance(names, Fault):
        return [names]
    request.search = names
    return []


def _each(request: Request, value: str) -> list[Fault]:
    names = () if value == "none" else tuple(dict.fromkeys(value.split(",")))
    request.each = names
    rule = f"no table that is kept of every replication; there are: {', '.join(EACH)}, and none."
    return [Fault("each", name, rule, "command line", nearest(name, EACH)) for name in names if name not in EACH]


def _out(request: Request, value: str) -> list[Fault]:
    if not value.strip():
        return [Fault("out", value, "the name of a folder is needed.", "command line")]
    try:
        request.out = Path(value).expanduser()
    except RuntimeError:
        return [Fault("out", value, "there is no such user.", "command line")]
    return folder_faults(request.out)


def settings(request: Request) -> Settings:
    """Compose and check everything that was asked for.

    Raises
    ------
    FaultsError
        With every fault of every section at once.
    CarebridgeError
        When Hydra cannot compose the overrides.
    """
    data = _compose(request, request.timelines[0])
    faults: list[Fault] = []
    parts: dict[str, Any] = {}
    for key in ("future", "criteria", "feedback", "around", "gates", "funding", "winter"):
        parts[key] = _section(key, data.get(key), _origin(key, request, data), faults)
    parts["fit"] = _section("fit", data["fit"], _origin("fit", request, data), faults) if data.get("fit") else None
    timelines, laid_out, footprint = [], [], None
    for name in request.timelines:
        one = data["timeline"] if name == request.timelines[0] else _another_timeline(request, name)
        laid_out.append(one)
        timelines.append(_section("timeline", one, f"configs/timeline/{name}.yaml", faults))
    try:
        footprint = _footprint(data.get("footprint") or {})
    except FaultsError as error:
        faults += [_under("footprint", f, f"configs/footprint/{request.footprint}.yaml") for f in error.faults]
    detail = data.pop("detail")
    faults += _detail_faults(detail, "configs/config.yaml")
    if detail != BEDS:  # results of the network of beds belong to the same configuration as before there were details
        data["detail"] = detail
    parts["money"], parts["finance"], found = finance_of(data, request.footprint)
    faults += found
    known = [*SECTIONS, "plan", "finance", "money", "footprint", "name", "detail", "compensation", *BESIDE, *MOST]
    if parts["funding"] and parts["funding"].limited:
        if parts["money"] is None and not found:
            rule = "with finance=none nothing has a price; choose funding=none, or keep the books."
            faults.append(Fault("funding", parts["funding"].name, rule, "command line"))
    else:  # money is no limit: the same run as one that knows of none
        data.pop("funding", None)
    winter = parts.pop("winter")
    if winter and winter.on and parts["future"]:
        parts["future"] = parts["future"].in_winter(winter)
    elif winter:  # the same run as one that knows of no waves
        data.pop("winter", None)
    beside = {}
    for key, what in BESIDE.items():
        runs = beside[key] = data.get(key)
        if not isinstance(runs, int) or isinstance(runs, bool) or not (runs == 0 or 2 <= runs <= MOST_BESIDE):  # noqa: PLR2004
            faults.append(Fault(key, runs, f"{what}: 0, or from 2 to {MOST_BESIDE}.", "configs/config.yaml"))
    asked = str(data.pop("compensation", "off")).lower()
    if asked not in COMPENSATION:
        rule = "whether K11 is answered, which takes one more arm a timeline: on, or off."
        faults.append(Fault("compensation", asked, rule, "command line", nearest(asked, ("on", "off"))))
    if COMPENSATION.get(asked):  # without it the same run as one that knows nothing of it
        data["compensation"] = "on"
    faults += [Fault(k, None, "no such key.", "command line", nearest(k, known)) for k in data if k not in known]
    if footprint and parts["fit"]:
        usable = not footprint.no_baseline and parts["fit"].covers(footprint.sites, footprint.pathways)
        parts["fit"] = parts["fit"] if usable else None  # None: without a baseline, or made for other hospitals
    if parts["fit"] and parts["fit"].detail != detail:
        rule = f"this fit was made with detail={parts['fit'].detail}; run `carebridge calibrate detail={detail}`."
        faults.append(Fault("fit.detail", parts["fit"].detail, rule, _origin("fit", request, data)))
    fit, future = parts["fit"], parts["future"]
    staff = parts["around"].workforce if parts["around"] else None
    there = existing(footprint, fit, future, choices("footprint"), staff) if footprint and fit and future else None
    parts["plan"], found = check_plan(data.get("plan"), there, parts["gates"], "plan")
    faults += [_under("plan", fault, _origin("plan", request, data)) for fault in found]
    faults += named_apart(request.timelines, timelines) + together(parts, footprint, timelines)
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


def _footprint(data: dict[str, Any]) -> Footprint:
    """The footprint; one whose figures have no common basis says so, as far as its figures can be read at all."""
    try:
        return load_footprint(data)
    except NoBaseline as refused:
        try:
            return load_footprint(data, judged=False)
        except FaultsError:
            raise refused from None


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
    path = CONFIGS / key / f"{name}.yaml"
    return f"configs/{key}/{name}.yaml" if path.exists() else f"configs/{key}"


def _compose(request: Request, timeline: str) -> dict[str, Any]:
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    register_scenarios()
    literal = [f"footprint={request.footprint}", f"plan={request.plan}", f"timeline={timeline}"]
    literal.append(f"+scenarios={request.scenario}")
    detail = _detail(request)
    literal.append(f"detail={detail}")
    literal += _gates_of_plan(request)
    if not any(word.startswith("fit=") for word in request.overrides):
        fit = fit_name(request.footprint, detail)
        # not fitted yet: there is no baseline until `carebridge calibrate`
        literal.append(f"fit={fit if (CONFIGS / 'fit' / f'{fit}.yaml').exists() else 'none'}")
    if not any(word.startswith("finance=") for word in request.overrides):
        literal.append(f"finance={own_finance(request.footprint)}")
    try:
        with _alone(), initialize_config_dir(str(CONFIGS), version_base="1.3", job_name="carebridge"):
            config = compose("config", overrides=[*literal, *standing_alone(request.overrides)])
            data = OmegaConf.to_container(config, resolve=True)
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise CarebridgeError(_plain(error, request)) from None
    except RecursionError:  # Hydra reads YAML by the parser in Python, which says so in time
        for file in _files(request, timeline):
            read_yaml(file)  # names the file, and what is wrong with it
        raise CarebridgeError("the configuration cannot be composed: its parts lie too deep in each other.") from None
    return data  # type: ignore[return-value]


def _files(request: Request, timeline: str) -> Iterator[Path]:
    """Files that were asked for by name."""
    named = {"footprint": request.footprint, "plan": request.plan, "timeline": timeline}
    named |= {key: name for key, _, name in (word.partition("=") for word in request.overrides)}
    yield from (CONFIGS / group / f"{name}.yaml" for group, name in named.items() if name in choices(group))


def _another_timeline(request: Request, name: str) -> dict[str, Any]:
    """Return one more timeline: its file as it stands, unless something else may change it."""
    path, scenario = CONFIGS / "timeline" / f"{name}.yaml", SCENARIOS / f"{request.scenario}.yaml"
    if not path.exists() or "timeline" in f"{request.overrides} {scenario.read_text(encoding='utf-8')}":
        return _compose(request, name)["timeline"]
    return read_yaml(path)[0]


def _gates_of_plan(request: Request) -> list[str]:
    """Gates that the plan names, unless the command line or the scenario names others."""
    named = read_yaml(CONFIGS / "plan" / f"{request.plan}.yaml")[0]
    scenario = (SCENARIOS / f"{request.scenario}.yaml").read_text(encoding="utf-8")
    if any(word.startswith("gates=") for word in request.overrides) or "/gates:" in scenario:
        return []
    return [f"gates={named['gates']}"] if isinstance(named, dict) and named.get("gates") in choices("gates") else []


def _detail(request: Request) -> str:
    """Detail that was asked for, on the command line or by the scenario."""
    if request.detail is not None:
        return request.detail
    named = read_yaml(SCENARIOS / f"{request.scenario}.yaml")[0]
    return str(named.get("detail", BEDS)) if isinstance(named, dict) else BEDS


@contextmanager
def _alone() -> Iterator[None]:
    """Hydra keeps one configuration for the whole process: one thread at a time, and its own multirun undisturbed."""
    from hydra.core.global_hydra import GlobalHydra

    with _ONE_AT_A_TIME:
        instance = GlobalHydra.instance()
        before = instance.hydra
        instance.clear()
        try:
            yield
        finally:
            instance.hydra = before


@functools.cache
def register_scenarios() -> None:
    """Let Hydra find the folder of scenarios beside that of configurations."""
    from hydra.core.config_search_path import ConfigSearchPath
    from hydra.core.plugins import Plugins
    from hydra.plugins.search_path_plugin import SearchPathPlugin

    class ScenarioFolder(SearchPathPlugin):
        def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
            search_path.append("carebridge", f"file://{SCENARIOS.parent}")

    Plugins.instance().register(ScenarioFolder)


def _plain(error: Exception, request: Request) -> str:
    """Hydra's message in a line or two, with the nearest valid key where one is misspelt."""
    from hydra.errors import MissingConfigException, OverrideParseException

    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        if choices(group):
            return str(FaultsError(_named(group, name), "command line"))
    if isinstance(error, OverrideParseException):
        key, _, value = error.override.partition("=")
        rule = f"cannot be read; a value with spaces or signs needs quotes: {key}=\"'...'\"."
        return str(FaultsError([Fault(key, value, rule, "command line")], "command line"))
    text = " ".join([line.strip() for line in str(error).splitlines() if line.strip()][:2])
    for word in sorted(request.overrides, key=len, reverse=True):  # gates.use.share before gates
        key, _, value = word.lstrip("+~").partition("=")
        if key in text or key.split(".")[-1] in text or (value and f"'{value}'" in text):
            named = {"plan": request.plan, "footprint": request.footprint}
            known, more = [*LITERAL, *keys_in(CONFIGS, named)], unwritten(CONFIGS, named)
            near = meant(key, [*known, *more])
            rule = "not written in the file; a + before it adds it." if key in more else "unknown key."
            fault = Fault(key, None, rule, nearest=f"+{near}" if near in more else near)
            if key in known:
                fault = Fault(key, value, f"this value cannot be taken. {text}")
            return str(FaultsError([fault], "the command line"))
    return f"the configuration cannot be composed: {text}"

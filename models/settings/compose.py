"""One configuration out of groups of YAML files, by Hydra, whose messages are put into plain words."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.command_line.unknown_keys import holders, keys_in, meant, unwritten
from models.finance.choice import own_finance
from models.footprint.short import FIRST
from models.plans.whose_plan import NO_PLAN
from models.settings import files
from models.settings.alone import standing_alone
from models.settings.files import choices, year_of
from models.settings.request import LITERAL, Request, named_faults
from models.system.details import BEDS, fit_name
from sim.errors import CarebridgeError, Fault, FaultsError
from sim.reading.yaml_file import read_yaml

__all__ = ["another_timeline", "composed", "register_scenarios"]

_ONE_AT_A_TIME = threading.Lock()


def composed(request: Request, timeline: str) -> dict[str, Any]:
    """The whole configuration of one timeline, as Hydra puts it together.

    Raises
    ------
    CarebridgeError
        When it cannot: an unknown key or name, a value that cannot be read.
    """
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
    literal += _start_without_plan(request) + _later_winters(request)
    if not any(word.startswith("fit=") for word in request.overrides):
        fit = fit_name(request.footprint, detail)
        # not fitted yet: there is no baseline until `carebridge calibrate`
        literal.append(f"fit={fit if (files.CONFIGS / 'fit' / f'{fit}.yaml').exists() else 'none'}")
    if not any(word.startswith("finance=") for word in request.overrides):
        literal.append(f"finance={own_finance(request.footprint)}")
    try:
        with _alone(), initialize_config_dir(str(files.CONFIGS), version_base="1.3", job_name="carebridge"):
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
    yield from (files.CONFIGS / group / f"{name}.yaml" for group, name in named.items() if name in choices(group))


def another_timeline(request: Request, name: str) -> dict[str, Any]:
    """Return one more timeline: its file as it stands, unless something else may change it."""
    path, scenario = files.CONFIGS / "timeline" / f"{name}.yaml", files.SCENARIOS / f"{request.scenario}.yaml"
    if not path.exists() or "timeline" in f"{request.overrides} {scenario.read_text(encoding='utf-8')}":
        return composed(request, name)["timeline"]
    return read_yaml(path)[0]


def _gates_of_plan(request: Request) -> list[str]:
    """Gates that the plan names, unless the command line or the scenario names others."""
    named = read_yaml(files.CONFIGS / "plan" / f"{request.plan}.yaml")[0]
    scenario = (files.SCENARIOS / f"{request.scenario}.yaml").read_text(encoding="utf-8")
    if any(word.startswith("gates=") for word in request.overrides) or "/gates:" in scenario:
        return []
    return [f"gates={named['gates']}"] if isinstance(named, dict) and named.get("gates") in choices("gates") else []


def _start_without_plan(request: Request) -> list[str]:
    """First day after the baseline year, from which a footprint without a plan goes on, unless a day is named."""
    if request.plan != NO_PLAN or any(word.lstrip("+").startswith("plan.starts=") for word in request.overrides):
        return []
    year = year_of(request.footprint)
    return [f"plan.starts={int(year[:4]) + 1}-04-01"] if year != FIRST else []


def _later_winters(request: Request) -> list[str]:
    """Winters of a preset as many years later as the footprint's baseline is, unless they are named."""
    names = [word.partition("=")[2] for word in request.overrides if word.startswith("winter=")]
    later = int(year_of(request.footprint)[:4]) - int(FIRST[:4])
    if not names or not later or any(word.lstrip("+").startswith("winter.winters=") for word in request.overrides):
        return []
    named = read_yaml(files.CONFIGS / "winter" / f"{names[-1]}.yaml")[0] if names[-1] in choices("winter") else {}
    firsts = [int(winter[:4]) + later for winter in named.get("winters", [])]
    return [f"winter.winters=[{','.join(f'{year}/{(year + 1) % 100:02d}' for year in firsts)}]"] if firsts else []


def _detail(request: Request) -> str:
    """Detail that was asked for, on the command line or by the scenario."""
    if request.detail is not None:
        return request.detail
    named = read_yaml(files.SCENARIOS / f"{request.scenario}.yaml")[0]
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
            search_path.append("carebridge", f"file://{files.SCENARIOS.parent}")

    Plugins.instance().register(ScenarioFolder)


def _plain(error: Exception, request: Request) -> str:
    """Hydra's message in a line or two, with the nearest valid key where one is misspelt."""
    from hydra.errors import MissingConfigException, OverrideParseException

    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        if choices(group):
            return str(FaultsError(named_faults(group, name), "command line"))
    if isinstance(error, OverrideParseException):
        key, _, value = error.override.partition("=")
        rule = f"cannot be read; a value with spaces or signs needs quotes: {key}=\"'...'\"."
        return str(FaultsError([Fault(key, value, rule, "command line")], "command line"))
    text = " ".join([line.strip() for line in str(error).splitlines() if line.strip()][:2])
    for word in sorted(request.overrides, key=len, reverse=True):  # gates.use.share before gates
        key, _, value = word.lstrip("+~").partition("=")
        if key in text or key.split(".")[-1] in text or (value and f"'{value}'" in text):
            named = {"plan": request.plan, "footprint": request.footprint}
            known, more = [*LITERAL, *keys_in(files.CONFIGS, named)], unwritten(files.CONFIGS, named)
            near = meant(key, [*known, *more])
            rule = "not written in the file; a + before it adds it." if key in more else "unknown key."
            fault = Fault(key, None, rule, nearest=f"+{near}" if near in more else near)
            if key in known:
                there, elsewhere = holders(files.CONFIGS, key)
                group = key.split(".")[0]
                rule = f"this value cannot be taken. {text}"
                if "Could not override" in text and there and elsewhere:
                    named = ", ".join(f"{group}={name}" for name in there)
                    rule = f"no key of the {group} of this run; it is one of: {named}."
                fault = Fault(key, value, rule)
            return str(FaultsError([fault], "the command line"))
    return f"the configuration cannot be composed: {text}"

"""A small area as shipped, with one hospital of about 400 beds, and made-up plans for it."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed, make_arm, run_arms, with_plan
from models.arms.prepare import window
from models.measures import measures
from models.measures.plan import closed_by_month
from models.plans import Plan, Timeline
from models.plans.schedule import schedule
from models.settings.request import parse
from models.settings.settings import Settings, settings
from models.system.details import build
from models.transition.brief import Switches
from tests.models.transition.made_up import START

Floats = npt.NDArray[np.float64]
SITE = "tameside"
BARE = ("feedback=none", "around=none", "gates=none")  #: nothing but the network and the plan's own dates


def area(*words: str, years: Any = 3, after: Any = 1, **moves: Any) -> Settings:
    """Settings with a made-up plan, run to some years after its end; what is no move is a key of the plan."""
    given = {word.partition("=")[0] for word in words}
    bare = [word for word in BARE if word.partition("=")[0] not in given]
    short = [f"criteria.longest_timeline_years={years}", f"criteria.window_years_after={after}"]
    fixed = ["plan=none", f"timeline={years}y", "waterfall=0", "sensitivity=0"]
    fixed += [] if "footprint" in given else ["footprint=tameside_glossop"]
    chosen = _settings(*fixed, *bare, *short, *words)
    keys = {k: moves.pop(k) for k in ("approval", "off_plan") if k in moves}
    title = {"name": "made_up", "title": "Made up", "question": "What if?"}
    plan = Plan.model_validate(title | {"starts": START, "years": years, "moves": moves} | keys)
    return dataclasses.replace(chosen, plan=plan)


@functools.cache
def _settings(*words: str) -> Settings:
    return settings(parse(list(words)))


def usual(chosen: Settings, replications: int) -> Observed:
    """Business as usual."""
    return run_arms([make_arm("usual", _system(chosen))], 1, replications, 2)[0]


def planned(chosen: Settings, replications: int, switches: Switches | None = None, years: int = 3) -> Observed:
    """The plan on a timeline; a replication meets the same people as in every other arm."""
    system = _system(chosen, True)
    laid_out = schedule(chosen.plan, Timeline(name=f"{years}y", years=years), chosen.gates, system.sizes)
    arm = with_plan(make_arm("plan", system), f"{years}y", laid_out, chosen.future, switches)
    return run_arms([arm], 1, replications, 2)[0]


def _system(chosen: Settings, with_a_plan: bool = False) -> Any:
    assert chosen.fit is not None
    basis = (chosen.footprint, chosen.fit, chosen.future, window(chosen)[1], chosen.feedback, chosen.around)
    return build(*basis, planned=with_a_plan)


def since_start(o: Observed) -> npt.NDArray[np.bool_]:
    """Months from the start of the plan on."""
    return np.array([month >= START for month in o.months])


def closed(o: Observed) -> Floats:
    """Hospital beds closed, on average from the start of the plan on, by replication."""
    return closed_by_month(o, "acute")[:, since_start(o)].mean(axis=1)


def long_waits(o: Observed) -> Floats:
    """Share of emergencies that waited over four hours for a bed, by replication."""
    return measures.long_wait_share(o, None, [since_start(o)])[:, 0]


def delayed(o: Observed) -> Floats:
    """Share of occupied hospital beds that delayed people hold, by replication."""
    return measures.delayed_share(o, "acute", [since_start(o)])[:, 0]


def came(o: Observed) -> Floats:
    """Emergencies that came to a bed, by replication."""
    flows = [o.flows(f"{SITE}_ward", cls, "arrived")[:, since_start(o)].sum(axis=1) for cls in ("emergency", "direct")]
    return np.sum(flows, axis=0).astype(float)

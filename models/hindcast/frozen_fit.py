"""The fit of a hindcast as a file: what the training years decided, and to exactly which figures it belongs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from models import CONFIGS
from models.care.crowding import Crowding
from models.figures.figures import Shape, Text
from models.hindcast.crowded import crowding_with, fit_crowding
from models.hindcast.fit import fit_to, simulated, training_hash
from models.hindcast.forecast import modelled, persistence, season_left
from models.hindcast.hospitals import Care
from models.hindcast.parameters import FITTED, Hindcast
from models.hindcast.told import told_by
from models.history import Frozen, History, freeze
from sim.calibration import identify, posterior
from sim.errors import CarebridgeError, FaultsError
from sim.files import replace_text
from sim.reading.shape import shape_faults
from sim.reading.yaml_file import read_yaml

__all__ = ["FIT_FILE", "FrozenFit", "make_fit", "read_fit", "write_fit"]

CHECKED = 6  #: times as many replications for what is read off the fitted hospitals
FIT_FILE = CONFIGS / "fit" / "hindcast_england.yaml"


class Range(Shape):
    """Where a parameter lies, given the training years and what was known before."""

    low: float
    high: float
    identified: Text


class FrozenFit(Shape):
    """What was fitted, and to what."""

    inputs: Text  # hash of everything it hangs on
    trained_until: Text
    point: dict[str, float]
    crowding: dict[str, float]
    persistence: dict[str, float]  # of what the model leaves over, a year, by target
    season_left: dict[str, list[float]]  # of what the model leaves over, by April quarter and target
    ranges: dict[str, Range]
    misses: dict[str, float]  # of each target, in standard deviations
    says: list[str]
    replications: int
    seed: int

    @property
    def parameters(self) -> dict[str, Any]:
        """Everything that shapes a forecast."""
        return {
            "point": self.point,
            "crowding": self.crowding,
            "persistence": self.persistence,
            "season": self.season_left,
        }

    def frozen(self, trained: History) -> Frozen:
        """Return the lock with which test quarters may be read."""
        return freeze(self.parameters, trained)


def make_fit(
    setup: Hindcast, care: Care, crowding: Crowding, trained: History, *, replications: int, seed: int, workers: int
) -> FrozenFit:
    """Fit to the training years; raises CannotFit when they cannot be reproduced."""
    found = fit_to(setup, care, trained, replications=replications, seed=seed, workers=workers)
    told = told_by(trained, trained)
    point = {name: _short(found.estimate[name]) for name in FITTED}
    at = simulated(setup, care, told, point, replications=CHECKED * replications, seed=seed, workers=workers)
    crowded = {k: _short(v) for k, v in fit_crowding(at, told, setup, crowding, trained).items()}
    says = modelled(at, told, setup, crowding_with(crowding, crowded))
    known, spread = identify(found), posterior(found, seed=seed)
    table = spread.table()
    states = known.states
    return FrozenFit(
        inputs=training_hash(setup, care, trained),
        trained_until=setup.trained_until,
        point=point,
        crowding=crowded,
        persistence={k: _short(v) for k, v in persistence(says, trained).items()},
        season_left={k: [_short(x) for x in v] for k, v in season_left(says, trained).items()},
        ranges={
            name: Range(
                low=_short(table.loc[name, "low"]), high=_short(table.loc[name, "high"]), identified=states[name]
            )
            for name in FITTED
        },
        misses={t.name: round(float(off), 2) for t, off in zip(found.targets, found.sds_off, strict=True)},
        says=list(known.words),
        replications=replications,
        seed=seed,
    )


def write_fit(fit: FrozenFit, path: Path = FIT_FILE) -> None:
    """Write a fit whole or not at all."""
    head = (
        f"# What the years to {fit.trained_until} decided about the hospitals that stand for England's.\n"
        "# Made by `carebridge hindcast --refit` (and its option `years`); do not edit by hand.\n"
    )
    replace_text(path, head + yaml.safe_dump(fit.model_dump(), sort_keys=False, allow_unicode=True))


def read_fit(setup: Hindcast, care: Care, trained: History, path: Path = FIT_FILE) -> FrozenFit:
    """Read the fit; it must belong to exactly these figures.

    Raises
    ------
    CarebridgeError
        When there is none, or figures changed since it was made.
    """
    years = "" if path == FIT_FILE else "years=2022-2024 "
    again = f"carebridge hindcast {years}--refit makes it anew (some minutes)."
    if not path.exists():
        raise CarebridgeError(f"there is no fit of the hindcast yet; {again}")
    data, lines = read_yaml(path)
    fit, faults = shape_faults(FrozenFit, data, str(path), lines)
    if fit is None:
        raise FaultsError(faults, str(path))
    if fit.inputs != training_hash(setup, care, trained):
        raise CarebridgeError(f"figures of the hindcast have changed since it was fitted; {again}")
    return fit


def _short(value: Any) -> float:
    return float(f"{float(value):.5g}")

"""What a fit aims at in the baseline year, and the same figures of a run: beds in use, and beds held by delays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arms.arms import Observed
from models.calibration.bases import check_bases
from models.footprint.footprint import Footprint, to_basis
from models.measures.measures import delayed_beds
from sim.clock import DAY
from sim.kernel.layout import AWAITED, FLOWS

__all__ = ["Targets", "delayed_by_pathway", "delayed_each", "targets"]

STARTED = FLOWS.index("started")


@dataclass(frozen=True)
class Targets:
    """What the fit aims at: beds in use by site, beds delayed by pathway (host trusts)."""

    occupied: dict[str, float]
    delayed: dict[str, float]


def targets(footprint: Footprint) -> Targets:
    """Observed beds in use by hospital, and delayed beds by pathway converted from residents to host trusts.

    Raises
    ------
    FaultsError
        When figures of different bases, years or clocks would be compared without a declared conversion.
    """
    check_bases(footprint)
    factor = footprint.delays.host_conversion
    return Targets(
        {name: site.beds_occupied.value for name, site in footprint.sites.items()},
        {name: to_basis(p.delayed_target, "host trust", factor).value for name, p in footprint.pathways.items()},
    )


def delayed_by_pathway(o: Observed, months: np.ndarray) -> dict[str, float]:
    """Mean hospital beds held by people waiting for each pathway; those who wait in community beds are left out."""
    awaited, started = _awaited(o, months)
    in_beds = delayed_beds(o, "non_acute")[:, months].mean()
    pooled = {p: np.asarray(v.mean()) for p, v in awaited.items()}
    held = _in_hospital(o, pooled, {p: np.asarray(v.sum()) for p, v in started.items()}, in_beds)
    return {p: float(v) for p, v in held.items()}


def delayed_each(o: Observed, months: np.ndarray) -> dict[str, np.ndarray]:
    """The same by replication (R,): those who wait in community beds are told apart within each replication."""
    awaited, started = _awaited(o, months)
    return _in_hospital(o, awaited, started, delayed_beds(o, "non_acute")[:, months].mean(axis=1))


def _awaited(o: Observed, months: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Mean number awaiting each pathway, wherever they lie, and how many began it, by replication."""
    footprint = o.arm.system.footprint
    span, services = o.days[months].sum() * DAY, o.arm.system.roles.services
    awaited, started = {}, {}
    for name in footprint.pathways:
        index = [o.station(station) for s in footprint.sites for station in services[s, name]]
        awaited[name] = o.area[:, months][:, :, index][..., AWAITED].sum(axis=(1, 2, 3)) / span
        started[name] = o.flow[:, months][:, :, index][..., STARTED].sum(axis=(1, 2, 3))
    return awaited, started


def _in_hospital(
    o: Observed, awaited: dict[str, np.ndarray], started: dict[str, np.ndarray], in_community: np.ndarray
) -> dict[str, np.ndarray]:
    """Take those who wait in community beds off, shared out by where they go on and how long that takes."""
    footprint = o.arm.system.footprint
    onward = footprint.pathways[footprint.community_overlap.pathway].onward
    shares = {p: s for p, s in (onward.shares if onward else {}).items() if p in awaited}
    weight = {p: s * awaited[p] / np.maximum(1, started[p]) for p, s in shares.items()}
    whole = np.asarray(sum(weight.values()))
    whole = np.where(whole > 0, whole, 1.0)
    return {p: awaited[p] - in_community * weight.get(p, 0.0) / whole for p in awaited}

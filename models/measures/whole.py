"""Measures that only the whole care system knows: A&E within four hours, the elective list, treatment in time.

By replication (R), period and place, as in :mod:`models.measures.measures`. Whole hospitals are put together by
attendances (four hours) and by people (list, treatment).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.arms.arms import Observed
from models.care.crowding import late_admitted, late_not_admitted
from models.measures.measures import by_period, site_mask
from models.system.roles import FrontDoorRead
from models.system.whole.reading import SINCE_DECISION, room_left
from sim.clock import DAY
from sim.kernel.layout import WAITING

__all__ = ["crowding_parts", "four_hour_share", "on_list", "treated_in_time"]

Floats = npt.NDArray[np.float64]
Masks = list[npt.NDArray[np.bool_]]
THROUGH_AE = "emergency"  #: class of those admitted through A&E
THRESHOLDS = np.array([0.0, 4.0, 12.0])  #: hours; whoever waits at all, and the network's own two clocks


def four_hour_share(o: Observed, site: str | None, masks: Masks) -> Floats:
    """Share (R, periods) of type-1 attendances that leave A&E within four hours."""
    if site is None:
        weight = {name: s.type1_attendances_per_day.value for name, s in o.arm.system.footprint.sites.items()}
        parts = [four_hour_share(o, name, masks) * w for name, w in weight.items()]
        return np.asarray(np.sum(parts, axis=0) / sum(weight.values()))
    front = o.arm.system.roles.front[site]
    if front.clocks:
        return _by_clocks(o, front, masks)
    admitted, others = crowding_parts(o, site, masks)
    return admitted + (1 - front.base_breach) * others


def _by_clocks(o: Observed, front: FrontDoorRead, masks: Masks) -> Floats:
    """Where everybody is followed from arrival on."""
    names, classes = list(o.arm.lowered.network.observe.clocks), o.arm.lowered.network.classes
    rows = tuple(np.array([[names.index(clock), classes.index(cls)] for clock, cls in front.clocks]).T)
    ended, over = (by_period(o.clocks[:, :, *rows, n].sum(axis=2), masks) for n in (0, 1))
    return 1 - over / np.maximum(1, ended)


def crowding_parts(o: Observed, site: str, masks: Masks) -> tuple[Floats, Floats]:
    """Shares of attendances in time where A&E is counted by crowding: those admitted, and others without base breach.

    The four-hour share is the first plus (1 - base breach) x the second, so the base breach that meets a published
    share is found without a search.
    """
    roles = o.arm.system.roles
    front, stations = roles.front[site], roles.entries[site]
    came, waited, over4, over12 = (np.zeros((len(o.area), len(masks))) for _ in range(4))
    queue = np.zeros_like(came)
    cls, span = o.arm.lowered.network.classes.index(THROUGH_AE), [o.days[mask].sum() * DAY for mask in masks]
    for name in stations:
        flow = {kind: by_period(o.flows(name, THROUGH_AE, kind), masks) for kind in _COUNTED}
        came += flow["started"] - flow["transferred_in"]
        waited += flow["waited"]
        over4 += by_period(o.waits_over(name, THROUGH_AE, 0), masks)
        over12 += by_period(o.waits_over(name, THROUGH_AE, 1), masks)
        queue += by_period(o.area[:, :, o.station(name), cls, WAITING], masks)
    over = np.minimum(1.0, np.stack([waited, over4, over12], axis=-1) / np.maximum(1, came)[..., None])
    crowded = queue / np.array(span) / front.cubicles
    share, crowding = front.admitted_share, front.crowding
    none = crowding.model_copy(update={"base_breach": crowding.base_breach.model_copy(update={"value": 0.0})})
    in_time = share * (1 - late_admitted(over, THRESHOLDS, crowded, crowding))
    return in_time, (1 - share) * (1 - late_not_admitted(crowded, none))


_COUNTED = ("started", "transferred_in", "waited")


def on_list(o: Observed, site: str | None, masks: Masks) -> Floats:
    """Mean number (R, periods) of people who wait for a planned operation with a night in hospital."""
    stations = [o.station(o.arm.system.roles.lists[name]) for name in site_mask(o, site)]
    waiting = by_period(o.area[:, :, stations][..., WAITING].sum(axis=(2, 3)), masks)
    return waiting / np.array([o.days[mask].sum() * DAY for mask in masks])


def treated_in_time(o: Observed, kind: str, site: str | None, masks: Masks) -> Floats:
    """Share (R, periods) of planned patients of a kind (elective, cancer) treated within its limit since referral.

    The time from referral to the decision to operate is no part of the network and is added here; it is independent of
    what follows (:mod:`models.system.whole.reading`). Not a number where nobody was treated.
    """
    read, network = o.arm.system.roles.treatment[kind], o.arm.lowered.network
    groups = [network.classes.index(cls) for cls in read.classes]
    shares: list[Floats] = []
    for days in SINCE_DECISION:
        begins = tuple(f"{name}_decided_{days}_days_" for name in site_mask(o, site))
        rows = [k for k, name in enumerate(network.observe.clocks) if name.startswith(begins)]
        counts = o.clocks[:, :, rows][:, :, :, groups].sum(axis=(2, 3))
        ended, over = (by_period(counts[..., n], masks) for n in (0, 1))
        shares.append(np.where(ended > 0, (ended - over) / np.maximum(1, ended), np.nan))
    parts = np.asarray(np.diff(np.stack([np.zeros_like(shares[0]), *shares]), axis=0), np.float64)
    room = room_left(read.limit_days, read.before_days, read.before_cv)
    return np.asarray(np.sum(room[:, None, None] * parts, axis=0), np.float64)

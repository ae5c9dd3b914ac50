"""The four-hour share of A&E in a calibration: what the published share of each hospital gives, and what it does not.

Where A&E is counted by crowding, the share is linear in the base breach of a hospital (those not admitted who are late
when nobody boards), so the base breach that meets the published year is found without a search. One figure a hospital
identifies one parameter a hospital; slopes with crowding keep their ranges.
"""

from __future__ import annotations

import numpy as np

from models.arms import Observed
from models.measures_whole import crowding_parts, four_hour_share

__all__ = ["fit_front_door", "front_in_words"]


def fit_front_door(o: Observed, months: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
    """Base breach by hospital, and the four-hour share that it gives; both empty where A&E is not in the network.

    A share above what no base breach at all gives cannot be met; it is then 0, and the share achieved says so.
    """
    breach, achieved = {}, {}
    for site, front in o.arm.system.roles.front.items():
        if front.clocks:
            share = float(four_hour_share(o, site, [months]).mean())
        else:
            admitted, others = (float(part.mean()) for part in crowding_parts(o, site, [months]))
            wanted = o.arm.system.footprint.sites[site].type1_4h_share.value
            breach[site] = round(float(np.clip(1 - (wanted - admitted) / others, 0.0, 1.0)), 5)
            share = admitted + (1 - breach[site]) * others
        achieved[f"{site}_type1_4h"] = round(share, 4)
    return breach, achieved


def front_in_words(breach: dict[str, float]) -> list[str]:
    """Say what the published four-hour shares identify."""
    if not breach:
        return []
    sites = ", ".join(breach)
    return [
        f"A&E within four hours: the base breach of {sites} is identified, one published share of the year each; "
        "how the share falls with crowding stays a prior"
    ]

"""The fewest beds at which a hospital meets the criterion on waits, in one replication, and the runs behind it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from models.system.system import EMERGENCY_CLASSES, ward
from models.waterfall.network import with_beds
from sim import Lowered, Run
from sim.hybrid import HybridRun, Ready
from sim.kernel.layout import STARTED, WAIT_TOTAL

__all__ = ["YEAR", "Search", "fewest", "finished", "fewest_in_all"]

YEAR = 12  #: months at the end of a run over which waits count
A_BED = 0.06  #: about so much the logarithm of the share falls with each bed
LEAST_SHARE = 1e-4  #: below it, a share says nothing about how far away the limit is


def finished(network: Lowered | Ready, seed: int, replication: int) -> Run:
    """Run one replication to its end."""
    if isinstance(network, Ready):
        whole = HybridRun(network, seed, replication)
        whole.advance()
        return whole.network
    run = Run(network, seed, replication)
    run.advance()
    return run


@dataclass
class Search:
    """Waits over 4 h in one network and one replication, by the beds of its hospital; each number is run once."""

    network: Lowered | Ready
    site: str
    seed: int
    replication: int
    seen: dict[int, float] = field(default_factory=dict)

    def __call__(self, beds: int) -> float:
        """Share of the last year's emergencies who waited over 4 h for a bed."""
        if beds not in self.seen:
            run = finished(with_beds(self.network, self.site, beds), self.seed, self.replication)
            network = run.lowered.network
            classes = [network.classes.index(c) for c in EMERGENCY_CLASSES]
            flow = run.state.flow[-YEAR:, list(network.stations).index(ward(self.site))][:, classes]
            self.seen[beds] = float(flow[..., WAIT_TOTAL + 1].sum() / max(1, flow[..., STARTED].sum()))
        return self.seen[beds]


def fewest(share_at: Callable[[int], float], limit: float, guess: int) -> int:
    """Return the fewest beds at which the share is no more than the limit, by bisection on whole numbers.

    The share must fall as beds are added. Every second probe halves the bracket; the others, and the way to the
    bracket, follow the share's logarithm, which is nearly straight. Neither that nor the guess changes the answer.
    """
    few, many, low, high = 0, 0, 0.0, 0.0  # few beds miss the limit, many meet it; 0: not known yet
    probe, halve = max(1, guess), False
    while not many or many - few > 1:
        excess = math.log(max(share_at(probe), LEAST_SHARE) / limit)
        if share_at(probe) <= limit:
            many, high = probe, excess
        else:
            few, low = probe, excess
        if not many:
            probe = few + _stride(few, low)
        elif not few:
            probe = max(1, many - _stride(many, high)) if many > 1 else 0
            if not probe:
                return many
        else:
            between = (few + many) // 2 if halve else few + round((many - few) * low / (low - high))
            probe, halve = min(max(between, few + 1), many - 1), not halve
    return many


def _stride(beds: int, excess: float) -> int:
    """How far to look next: as far as the logarithm says, but at least one bed and a fiftieth too far."""
    return 1 + round(min(abs(excess) / A_BED, beds / 5) * 1.25) + beds // 200


def fewest_in_all(searches: Sequence[Callable[[int], float]], limit: float, guess: int) -> int:
    """Return the fewest beds at which every one of several shares is no more than the limit."""
    beds = fewest(searches[0], limit, guess)
    for share_at in searches[1:]:
        if share_at(beds) > limit:
            beds = fewest(share_at, limit, beds)
    return beds

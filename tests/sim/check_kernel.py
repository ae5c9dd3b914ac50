"""Run the kernel as plain Python on some random networks, and stop at the first difference from the reference.

Run as ``python -m tests.sim.check_kernel answers``: a network whose answer does not lie in the folder is given to the
reference first. Prints what differs, and exits with 1 if anything does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.sim.plain_kernel import install

install()

from sim.clock import HOUR  # noqa: E402
from sim.errors import ConservationError  # noqa: E402
from sim.network.load import load_network  # noqa: E402
from sim.network.schema import Network  # noqa: E402
from sim.run import Run  # noqa: E402
from sim.tables import lower  # noqa: E402
from tests.sim.random_networks import random_network  # noqa: E402

SEED = 11
NETWORKS = (0, 3, 6, 17, 21, 28, 5, 8, 12, 14, 22, 26, 61, 34)  #: those that use most come first


def _answer(network: Network, number: int, folder: Path) -> dict[str, Any]:
    """Return what the reference writes down."""
    path = folder / f"{number}.npz"
    if not path.exists():
        from sim.twin import Twin  # not needed where the answers are known

        twin = Twin(network, SEED, number)
        twin.advance(int(network.horizon))
        np.savez(path, **twin.observations())
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def _fault(number: int, folder: Path) -> str:
    """Describe what is wrong with the kernel's run of a network; empty if nothing is."""
    network = load_network(random_network(number))
    expected = _answer(network, number, folder)
    run = Run(lower(network), SEED, number, pool=64)
    try:
        for until in range(0, int(network.horizon), 6 * HOUR):  # conservation is checked after each
            run.advance(until)
        run.advance()
    except ConservationError as error:
        return f"not conserved: {error}"
    seen = run.observations()
    different = [name for name in expected if not np.array_equal(seen[name], expected[name])]
    return f"different: {', '.join(different)}" if different else ""


def main() -> int:
    """Check every network."""
    for number in NETWORKS:
        if fault := _fault(number, Path(sys.argv[1])):
            print(f"network {number}: {fault}")
            return 1
    print(f"{len(NETWORKS)} networks agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())

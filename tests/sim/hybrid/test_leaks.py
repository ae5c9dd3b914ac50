"""Planted losses are caught at the next exchange, and named; equations without a result are named too."""

from collections.abc import Callable

import numpy as np
import pytest

from sim.errors import CarebridgeError, ConservationError
from sim.hybrid import HybridRun, Ready, load_hybrid, ready
from sim.kernel.layout import PRESENT
from tests.sim.hybrid.pairs import everything


@pytest.fixture(scope="module")
def made() -> Ready:
    return ready(load_hybrid(everything()))


def somebody_more(run: HybridRun) -> None:
    run.network.state.present[0, 0, 1] += 1


def another_total(run: HybridRun) -> None:
    run.network.state.numbers[PRESENT] += 1


def a_bed_too_many(run: HybridRun) -> None:
    run.ledger.given[0] += 1


def a_patient_too_few(run: HybridRun) -> None:
    run.ledger.fed[2] -= 1


@pytest.mark.parametrize(
    ("plant", "named"),
    [
        (somebody_more, "entities at 'north'"),
        (another_total, "the stations hold other entities than the network counts"),
        (a_bed_too_many, r"whole numbers set from 'staffed\[north\]'"),
        (a_patient_too_few, "what came in as 'left'"),
    ],
)
def test_a_planted_leak_is_named(made: Ready, plant: Callable[[HybridRun], None], named: str) -> None:
    run = HybridRun(made, 1)
    run.advance(30)
    plant(run)
    with pytest.raises(ConservationError, match=f"{named}.* time 3[01] day"):
        run.advance(35)


@pytest.mark.parametrize("flow", [0, 1])
def test_a_stock_that_changes_by_more_than_its_flows_is_named(made: Ready, flow: int) -> None:
    coupling = made.coupling._replace(side=np.delete(made.coupling.side, flow))
    leaking = Ready(made.hybrid, made.network, made.stocks, coupling)
    run = HybridRun(leaking, 1)
    with pytest.raises(ConservationError, match="stock 'at_home' did not change by its inflows and outflows"):
        run.advance(10)


def changed(**auxiliaries: str) -> Ready:
    file = everything(horizon=60)
    file["stocks"]["auxiliaries"] |= auxiliaries
    return ready(load_hybrid(file))


def test_an_equation_without_a_result_is_named_with_the_time() -> None:
    made = changed(season="1 + 1 / MAX(0, 8 - TIME / DT)")
    run = HybridRun(made, 1)
    with pytest.raises(CarebridgeError, match="'season' has no result.* time [67] day"):
        run.advance()


@pytest.mark.nightly
def test_what_cannot_be_set_is_named_with_value_and_time() -> None:
    file = everything(horizon=60)
    file["stocks"]["auxiliaries"]["to_south"] = "0.25 + TIME / month"
    with pytest.raises(CarebridgeError, match="'to_south' = 1.0166.* cannot be set as share, at time 23 day"):
        HybridRun(ready(load_hybrid(file)), 1).advance()

"""What is there at the start, and how fast it changes: sections 2 and 4 of ``docs/stocks.md``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sim.errors import CarebridgeError
from sim.stocks.model import elements_of
from sim.stocks.twin import memories
from sim.stocks.twin.atlas import Place
from sim.stocks.twin.memories import Memory
from sim.stocks.twin.reading import Reading, State
from sim.stocks.twin.standing import Site
from sim.stocks.twin.trouble import Circle, Meaningless, Trouble

__all__ = ["explained", "rates", "state_at_start"]


def state_at_start(reading: Reading, remembering: Sequence[Memory]) -> State:
    """Stocks and memories as the order of the start gives them.

    Parameters
    ----------
    reading : Reading
        In the order of the start.
    remembering : sequence of Memory
        All calls that remember.
    """
    state = State()
    model = reading.atlas.model
    for stock in model.of_kind("stock"):
        for element in elements_of(model, stock.dims):
            state.levels[stock.name, element] = [reading.value(stock.name, element)]
    for memory in remembering:
        levels, kept = reading.settled(memory, memories.memory_at_start)
        state.levels[memory.site], state.kept[memory.site] = levels, kept
    return state


def rates(reading: Reading, remembering: Sequence[Memory]) -> dict[Place | Site, list[float]]:
    """How fast every stock and every memory in a row changes."""
    found: dict[Place | Site, list[float]] = {}
    atlas = reading.atlas
    for stock in atlas.model.of_kind("stock"):
        for element in elements_of(atlas.model, stock.dims):
            arriving, leaving = 0.0, 0.0
            for flow in stock.inflows:
                arriving += reading.value(*atlas.flow_of(stock, flow, element))
            for flow in stock.outflows:
                leaving += reading.value(*atlas.flow_of(stock, flow, element))
            found[stock.name, element] = [arriving - leaving]
    for memory in remembering:
        found[memory.site] = reading.settled(memory, memories.rates)
    return found


@contextmanager
def explained(time: float) -> Iterator[None]:
    """Say which value had what trouble, and when."""
    try:
        yield
    except Trouble as trouble:
        name = trouble.standing.written if trouble.standing else "?"
        blank = " " if trouble.what else ": "
        raise CarebridgeError(f"'{name}' at time {time:g}{blank}{trouble.said('')}") from None
    except Circle as circle:
        raise CarebridgeError(f"at time {time:g} a value is computed from itself: {circle}.") from None
    except Meaningless as error:
        raise CarebridgeError(f"{error}.") from None

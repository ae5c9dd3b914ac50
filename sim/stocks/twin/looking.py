"""What goes wrong at the start already, found without running: every value is computed once, tolerantly."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from sim.errors import Fault
from sim.stocks.model import Element, Model, Variable, elements_of
from sim.stocks.twin import memories
from sim.stocks.twin.atlas import Atlas, Place
from sim.stocks.twin.memories import Line
from sim.stocks.twin.reading import Moment, Reading, State, deep_recursion
from sim.stocks.twin.standing import Site
from sim.stocks.twin.trouble import Circle, Meaningless, Trouble, Unknown

__all__ = ["look"]

T = TypeVar("T")


def look(model: Model, unsound: Collection[str] = ()) -> list[Fault]:
    """Compute everything once, in the order of the start and in that of a step, and report what has no value.

    Parameters
    ----------
    model : Model
        It may hold faults of other kinds.
    unsound : collection of str
        Dotted keys at which faults are known. A variable is unknown when its own key, that of one of its equations or a
        key inside these is among them; so is all that depends on it, and nothing is reported of what is unknown.

    Returns
    -------
    list of Fault
        Each once, with the key and the text of the equation. Circles are not reported, but unknown.
    """
    with deep_recursion():
        return _Looking(model, unsound).faults()


class _Looking:
    def __init__(self, model: Model, unsound: Collection[str]):
        self.atlas = Atlas(model)
        self.unsound = {v.name for v in model.variables.values() if any(_touches(v, key) for key in unsound)}
        self.found: dict[tuple[str, ...], Fault] = {}

    def faults(self) -> list[Fault]:
        """Compute everything once in the order of the start and once in a step; return what was found, each once."""
        model = self.atlas.model
        time = model.time
        moment = Moment(0, time.start, time.start, time.dt, time.end, starting=True)
        start, state = _Tolerant(self, moment, State()), State()
        for stock in model.of_kind("stock"):
            for element in elements_of(model, stock.dims):
                value = self.tried(lambda s=stock.name, e=element: start.value(s, e))
                if value is not None:
                    state.levels[stock.name, element] = [value]
        remembering = [m for m in self.atlas.memories() if m.standing.variable.name not in self.unsound]
        for memory in remembering:
            both = self.tried(lambda m=memory: start.settled(m, memories.memory_at_start))
            if both is not None:
                state.levels[memory.site], state.kept[memory.site] = both
        step = _Tolerant(self, Moment(0, time.start, time.start, time.dt, time.end), state)
        for place in self.atlas.places:
            self.tried(lambda p=place: step.value(*p))
        for memory in remembering:
            self.tried(lambda m=memory: step.settled(m, memories.rates))
            self.tried(lambda m=memory: step.settled(m, memories.kept_after))
        return list(self.found.values())

    def tried(self, compute: Callable[[], T]) -> T | None:
        """Compute something; None where it is unknown."""
        try:
            return compute()
        except Trouble as trouble:
            self.report(trouble)
        except (Circle, Meaningless, Unknown):
            pass
        return None

    def report(self, trouble: Trouble) -> None:
        """Keep a trouble, unless it is known from another element or from the order of the start."""
        at = trouble.standing
        if at is not None:
            rule = trouble.said(" at the start")
            fault = Fault(at.part.key, at.part.text, rule, example=trouble.example)
            self.found.setdefault((at.part.key, trouble.what, trouble.about), fault)


class _Tolerant(Reading):
    """A reading that goes on where a value does not exist."""

    def __init__(self, looking: _Looking, moment: Moment, state: State):
        super().__init__(looking.atlas, moment, state)
        self._looking = looking
        self._unknown: set[tuple[str, ...]] = set()

    def value(self, name: str, element: Element = ()) -> float:
        if name in self._looking.unsound:
            raise Unknown
        return super().value(name, element)

    def once(
        self,
        key: tuple[str, ...],
        compute: Callable[[Reading, Variable, Element], float],
        variable: Variable,
        element: Element,
    ) -> float:
        if key in self._unknown:
            raise Unknown
        try:
            return super().once(key, compute, variable, element)
        except Trouble as trouble:
            self._looking.report(trouble)
        except (Circle, Meaningless, Unknown):
            pass
        self._unknown.add(key)
        raise Unknown

    def level(self, key: Place | Site) -> list[float]:
        if key not in self.state.levels:
            raise Unknown
        return super().level(key)

    def kept(self, site: Site) -> float | Line | None:
        if site not in self.state.kept:
            raise Unknown
        return super().kept(site)


def _touches(variable: Variable, key: str) -> bool:
    """Whether a fault at `key` is one of the variable or of its equations."""
    own = (variable.key, *(part.key for part in variable.equations))
    return any(key == one or key.startswith(f"{one}.") for one in own if one)

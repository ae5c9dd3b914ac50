"""The units that a model knows: those of time, money, and its own."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sim.errors import Fault, nearest
from sim.stocks.units.reading import Powers, UnitError, read

if TYPE_CHECKING:
    from pint import Unit

    from sim.stocks.model import Model

__all__ = ["UnitError", "Units", "is_sound"]

#: seconds in each unit of time; a month and a quarter are parts of a year of 365.25 days
_SECONDS = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86400.0,
    "week": 604800.0,
    "month": 365.25 * 86400 / 12,
    "quarter": 365.25 * 86400 / 4,
    "year": 365.25 * 86400,
}
_KNOWN = (*_SECONDS, "GBP", "dimensionless")
_NAME = re.compile(r"[^\W\d]\w*")
_CLOSE = 1e-9


class Units:
    """The units of one model.

    Parameters
    ----------
    model : Model
        Its `units` and its `time.unit` are read.
    unsound : collection of str
        Dotted keys at fault already; nothing is reported about them, nor about what needs them.

    Attributes
    ----------
    faults : list of Fault
        What is wrong with the model's own units and its unit of time.
    time : Unit or None
        The unit of time; None when it cannot be read.
    dimensionless : Unit

    Examples
    --------
    >>> from sim.stocks.model import Model, Time
    >>> units = Units(Model("staff", Time("year", 0, 1, 1), units={"person": ""}))
    >>> units.text(units.parse("persons") / units.time)
    'person/year'
    >>> units.same(units.parse("1/month"), units.parse("1/year"))
    False
    """

    def __init__(self, model: Model, unsound: Collection[str] = ()):
        import pint
        from pint.converters import Converter
        from pint.facets.plain import ScaleConverter, UnitDefinition

        def define(name: str, powers: Mapping[str, float], factor: float = 1.0) -> None:
            # Given as data, not as text: in pint's own language words such as 'per' and 'squared' have a meaning.
            converter: Converter = ScaleConverter(factor)
            self._registry.define(UnitDefinition(name, None, (), converter, self._registry.UnitsContainer(powers)))

        # An empty registry: the usual one knows hundreds of units, and GP in it is a gigapoise.
        self._registry: Any = pint.UnitRegistry(None)  # type: ignore[arg-type]
        self._define = define
        self._roots: dict[str, tuple[float, Powers]] = {}
        self._names: set[str] = set(_KNOWN)
        self._unsound = {key.removeprefix("units.") for key in unsound if key.startswith("units.")} - {*_KNOWN}
        self._untold = "units" in unsound  # nobody knows which units were meant
        self.faults: list[Fault] = []
        define("second", {"[time]": 1})
        for name, seconds in _SECONDS.items():
            if name != "second":
                define(name, {"second": 1}, seconds)
        define("GBP", {"[GBP]": 1})
        self.dimensionless: Unit = self._unit({})
        self._own(model.units)
        self.time: Unit | None = self._time(model.time.unit) if is_sound("time.unit", unsound) else None

    # -- what others ask ----------------------------------------------------------------------------------------------

    def parse(self, text: str) -> Unit:
        """Read a unit.

        Raises
        ------
        UnitError
            When it cannot be read; its `nearest` is the known unit that may be meant.
        """
        if text.strip() in self._unsound:
            raise UnitError(f"the unit '{text.strip()}' is at fault itself.", follows=True)
        factor, powers = read(text, self._resolve)
        if not math.isclose(factor, 1, rel_tol=_CLOSE):
            rule = f"a unit has no number in it, here it is {factor:g}; give such a unit a name under 'units'."
            raise UnitError(rule)
        return self._unit(powers)

    def same(self, a: Unit, b: Unit) -> bool:
        """Whether two units agree in dimensions and in scale; month and year do not."""
        scale, dimensions = self._difference(a, b)
        return not dimensions and abs(scale) < _CLOSE

    def alike(self, a: Unit, b: Unit) -> bool:
        """Whether two units agree in dimensions, whatever their scale: month and year do."""
        return not self._difference(a, b)[1]

    def is_dimensionless(self, unit: Unit) -> bool:
        """Whether it is the unit of a bare number."""
        return self.same(unit, self.dimensionless)

    def text(self, unit: Unit) -> str:
        """Write a unit as a file would hold it: ``GBP/(bed*day)``."""
        powers = sorted(self._powers(unit).items(), key=lambda item: (item[0] in _SECONDS, item[0]))
        above = [_written(name, power) for name, power in powers if power > 0]
        below = [_written(name, -power) for name, power in powers if power < 0]
        if not above and not below:
            return "dimensionless"
        top = "*".join(above) or "1"
        if not below:
            return top
        return f"{top}/{below[0]}" if len(below) == 1 else f"{top}/({'*'.join(below)})"

    # -- the model's own ----------------------------------------------------------------------------------------------

    def _own(self, own: Mapping[str, str]) -> None:
        texts = {name: str(text).strip() for name, text in own.items()}
        usable: dict[str, str] = {}
        for name, text in texts.items():
            singular = next((s for s in _singulars(name) if s in _KNOWN or s in texts), None)
            if name in _KNOWN:
                self._fault(name, text, f"'{name}' is a known unit already; leave it out.")
            elif not (_NAME.fullmatch(name) and name.isidentifier()):
                rule = "the name of a unit is letters, digits and underscores, and begins with a letter."
                self._fault(name, text, rule)
                self._unsound.add(name)
            elif singular is None:
                usable[name] = text
            elif text != singular:  # else it only says what is understood anyhow
                rule = f"'{name}' is the plural of '{singular}' and is understood already; leave it out."
                self._fault(name, text, rule)
        self._names |= {*usable, *self._unsound}
        state: dict[str, str] = {}
        for name in usable:
            self._settle(name, usable, state)

    def _settle(self, first: str, own: Mapping[str, str], state: dict[str, str]) -> None:
        """Define a unit of the model's own, those that it needs before it."""
        way = [first]
        while way:
            name = way[-1]
            if state.get(name) == "settled":
                way.pop()
                continue
            state[name] = "open"
            needed = next((n for n in self._needs(own[name]) if n in own and state.get(n) != "settled"), None)
            if needed is None or name in self._unsound:
                self._one(name, own[name])
                state[way.pop()] = "settled"
            elif state.get(needed) == "open":
                circle = way[way.index(needed) :]
                by_way = "".join(f", by way of '{n}'" for n in circle[1:])
                self._fault(needed, own[needed], f"'{needed}' stands for itself{by_way}.")
                self._unsound |= set(circle)
            else:
                way.append(needed)

    def _needs(self, text: str) -> list[str]:
        words: list[str] = []

        def note(word: str) -> Powers:
            words.append(self._known(word) or word)
            return {}

        try:
            if text:
                read(text, note)
        except UnitError:
            pass  # said where the unit is defined
        return words

    def _one(self, name: str, text: str) -> None:
        if name in self._unsound:
            return
        try:
            factor, powers = read(text, self._resolve) if text else (1.0, {})
            # The dimension has a name that no other has, for a model may call a unit 'time'.
            self._define(name, powers if text else {f"[own_{name}]": 1}, factor)
            if not math.isfinite(self._root(name)[0]):
                raise UnitError("this unit is too large or too small to be computed.")
        except UnitError as error:
            if not error.follows:
                self._fault(name, text, error.rule, error.nearest)
            self._unsound.add(name)

    def _time(self, text: str) -> Unit | None:
        try:
            unit = self.parse(text)
        except UnitError as error:
            if not error.follows:
                self.faults.append(Fault("time.unit", text, error.rule, nearest=error.nearest))
            return None
        if not self.alike(unit, self._unit({"second": 1})):
            rule = f"this is no unit of time; those known are {', '.join(_SECONDS)}."
            self.faults.append(Fault("time.unit", text, rule))
            return None
        return unit

    def _fault(self, name: str, text: str, rule: str, close: str = "") -> None:
        self.faults.append(Fault(f"units.{name}", text or None, rule, nearest=close))

    # -- words --------------------------------------------------------------------------------------------------------

    def _resolve(self, word: str) -> Powers:
        name = self._known(word)
        if name is None:
            if self._untold:
                raise UnitError(f"'{word}' may be one of the units that cannot be read.", follows=True)
            rule = f"there is no unit '{word}'; those of the model's own are listed under 'units'."
            raise UnitError(rule, nearest(word, sorted(self._names)))
        if name in self._unsound:
            raise UnitError(f"the unit '{name}' is at fault itself.", follows=True)
        return {} if name == "dimensionless" else {name: 1.0}

    def _known(self, word: str) -> str | None:
        """The name of a unit, whether it is written in the singular or the plural."""
        if word == "£":
            return "GBP"
        # The irregular plural works either way, for a model may list people only.
        words = (word, *_singulars(word), *(["people"] if word == "person" else []))
        return next((w for w in words if w in self._names), None)

    # -- pint ---------------------------------------------------------------------------------------------------------

    def _unit(self, powers: Mapping[str, float]) -> Unit:
        return self._registry.Unit(self._registry.UnitsContainer(powers))

    def _powers(self, unit: Unit) -> Powers:
        found = {name: float(power) for name, power in self._registry.Quantity(1, unit).unit_items()}
        return {name: power for name, power in found.items() if abs(power) > _CLOSE}

    def _root(self, name: str) -> tuple[float, Powers]:
        """Logarithm of a unit's scale, and its powers of base units."""
        if name not in self._roots:
            try:
                factor, unit = self._registry.get_root_units(self._unit({name: 1}))
                scale = math.log(factor) if factor > 0 else -math.inf
            except OverflowError:
                scale, unit = math.inf, self.dimensionless
            self._roots[name] = scale, self._powers(unit)
        return self._roots[name]

    def _difference(self, a: Unit, b: Unit) -> tuple[float, Powers]:
        """Logarithm of the ratio of two scales, and the powers of base units in which they differ.

        Logarithms, because a day to a high power would overflow.
        """
        scale, left = 0.0, dict[str, float]()
        for unit, sign in ((a, 1), (b, -1)):
            for name, power in self._powers(unit).items():
                log, powers = self._root(name)
                scale += sign * power * log
                for base, n in powers.items():
                    left[base] = left.get(base, 0.0) + sign * power * n
        return scale, {base: n for base, n in left.items() if abs(n) > _CLOSE}


def is_sound(key: str, unsound: Collection[str]) -> bool:
    """Whether neither a key nor one above it is among those at fault."""
    return not any(above in unsound for above in _above(key))


def _above(key: str) -> Iterator[str]:
    while key:
        yield key
        key = key.rpartition(".")[0]


def _singulars(word: str) -> Iterator[str]:
    if word == "people":
        yield "person"
    if word.endswith("s"):
        yield word[:-1]
    if word.endswith("ies"):
        yield f"{word[:-3]}y"
    if word.endswith("es"):
        yield word[:-2]


def _written(name: str, power: float) -> str:
    return name if power == 1 else f"{name}^{power:g}"

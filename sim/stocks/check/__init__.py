"""Everything that must hold in a stock-flow model, checked all at once.

One module for each kind of rule. Where an equation is unsound the rules that would only repeat it are left out for
what depends on it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sim.errors import Fault
from sim.stocks.check.circles import circle_faults
from sim.stocks.check.flows import flow_faults
from sim.stocks.check.lost import Lost
from sim.stocks.check.names import name_faults
from sim.stocks.check.unused import unused_faults
from sim.stocks.model import Model, Part, Variable
from sim.stocks.nodes import Number

__all__ = ["check"]

NOTHING = Lost()
_EQUATIONS = ("parts", "begins", "ends", "after", "ends_after")


def check(
    model: Model, unsound: Collection[str] = (), lost: Lost = NOTHING, *, check_units: bool = True
) -> list[Fault]:
    """Find every fault of a model.

    Parameters
    ----------
    model : Model
    unsound : collection of str
        Dotted keys at which the file is at fault already.
    lost : Lost
        What stands at these keys.
    check_units : bool
        Whether to analyse dimensions.
    """
    from sim.stocks.twin import look
    from sim.stocks.units import analyse

    faults = [*name_faults(model, lost), *flow_faults(model, lost)]
    keys = {*unsound, *(fault.key for fault in faults)}
    meant = {fault.nearest for fault in faults if fault.nearest}  # what is misspelt is used
    faults = [fault for fault in faults if fault.rule]
    faults += unused_faults(model, lost.words | meant)
    faults += circle_faults(_sound(model, keys))
    if check_units:
        faults += analyse(model, keys).faults
    if any(key.partition(".")[0] == "time" for key in unsound):  # of a step that is not known no delay is too short
        model = replace(model, time=replace(model.time, dt=1e-9))
    return [*faults, *look(model, keys)]


def _sound(model: Model, keys: Collection[str]) -> Model:
    """Return the same model with the number 0 in place of unsound equations."""
    variables = {name: _without(variable, keys) for name, variable in model.variables.items()}
    flows = {v.name for v in variables.values() if v.kind == "flow"}
    variables = {
        name: replace(
            v,
            inflows=tuple(f for f in v.inflows if f in flows and variables[f].dims == v.dims),
            outflows=tuple(f for f in v.outflows if f in flows and variables[f].dims == v.dims),
        )
        for name, v in variables.items()
    }
    return replace(model, variables=variables)


def _without(variable: Variable, keys: Collection[str]) -> Variable:
    def mended(part: Part) -> Part:
        return replace(part, equation=Number(0.0)) if part.key in keys else part

    return replace(variable, **{name: tuple(map(mended, getattr(variable, name))) for name in _EQUATIONS})

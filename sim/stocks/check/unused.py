"""What is declared and never used: most often a name that was misspelt elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sim.errors import Fault
from sim.stocks.model import Model
from sim.stocks.nodes import Call, references, walk

__all__ = ["unused_faults"]


def unused_faults(model: Model, words: Collection[str] = ()) -> Iterator[Fault]:
    """Parameters, inputs, lookups and dimensions that nothing uses; auxiliaries may be there to be read.

    Parameters
    ----------
    model : Model
    words : collection of str
        What equations use that are at fault.
    """
    parts = [part for v in model.variables.values() for part in v.equations]
    names = {name for part in parts for name in (r.name for r in references(part.equation))}
    called = {e.function for part in parts for e in walk(part.equation) if isinstance(e, Call)}
    for v in model.of_kind("parameter", "input"):
        if v.name not in names and v.name not in words:
            yield Fault(v.key, None, f"no equation uses this {v.kind}.")
    for name in model.lookups:
        if name not in called and name not in words:
            yield Fault(f"lookups.{name}", None, "no equation uses this lookup.")
    declared = {dim for v in model.variables.values() for dim in v.dims}
    inside = {i.name for part in parts for r in references(part.equation) for i in r.indices}
    over = {name for part in parts for name in part.over}
    for dim in model.dimensions:
        if dim not in declared | inside | over and dim not in words:
            yield Fault(f"dimensions.{dim}", None, "nothing is subscripted by this dimension.")

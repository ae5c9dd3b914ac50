"""Which flows fill and drain which stocks."""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import Fault, nearest
from sim.stocks.check.lost import Lost
from sim.stocks.model import Model, Variable

__all__ = ["flow_faults"]

_ARTICLE = {"parameter": "a", "input": "an", "stock": "a", "auxiliary": "an", "rule": "a"}


def flow_faults(model: Model, lost: Lost) -> Iterator[Fault]:
    """Names among inflows and outflows; every flow leads somewhere, and leaves and enters one stock at most."""
    meant = set(lost.words)
    ends: dict[str, dict[str, str]] = {"inflows": {}, "outflows": {}}
    flows = {v.name: v for v in model.of_kind("flow")}
    for stock in model.of_kind("stock"):
        for end, taken in ends.items():
            for n, name in enumerate(getattr(stock, end)):
                key = f"{stock.key}.{end}.{n}"
                for fault in _known(model, flows, stock, key, name, lost):
                    meant.add(fault.nearest)
                    yield fault
                if name in taken:
                    verb = "fills" if end == "inflows" else "drains"
                    rule = f"this flow {verb} '{taken[name]}' already, and can do so for one stock only."
                    yield Fault(key, name, rule)
                taken.setdefault(name, stock.name)
    for name, flow in flows.items():
        if name not in ends["inflows"] and name not in ends["outflows"] and name not in meant:
            rule = "no stock has this flow among its inflows or outflows; if none should, make it an auxiliary."
            yield Fault(flow.key, None, rule)


def _known(
    model: Model, flows: dict[str, Variable], stock: Variable, key: str, name: str, lost: Lost
) -> Iterator[Fault]:
    if name in lost.names:
        yield Fault(key, name, "")  # its own entry is at fault
    elif name not in flows:
        other = model.variables.get(name)
        rule = f"this is no flow but {_ARTICLE[other.kind]} {other.kind}." if other else "no such flow."
        yield Fault(key, name, rule, nearest=nearest(name, flows))
    elif flows[name].dims != stock.dims:
        mine, theirs = (", ".join(v.dims) or "none" for v in (stock, flows[name]))
        yield Fault(key, name, f"a flow has the dimensions of its stock ({mine}); this one has {theirs}.")

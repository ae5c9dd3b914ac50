"""Random stock-flow models that, taken together, use everything of the language.

`random_model` takes any source of chance: `random.Random(7)` names one model for ever, and one that hypothesis draws is
made smaller where it fails. Figures are odd on purpose, so that nothing is compared with a value that it equals but for
rounding: two programs may then be asked to agree on both sides of every jump.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

__all__ = ["DIMENSIONS", "random_model"]

DIMENSIONS = {
    "group": ["nurse", "doctor", "aide"],
    "senior": ["doctor", "aide"],
    "site": ["north", "south"],
    "county": ["kent", "devon"],
}
MAPPINGS = [{"over": "site", "uses": "county", "pairs": {"north": "devon", "south": "kent"}}]
#: what a subscript of a dimension may be, beside an element: itself, a part of it, one that is mapped to it
MEANT = {"group": ["group", "senior"], "senior": ["senior"], "site": ["site"], "county": ["county", "site"]}
SHAPES: list[tuple[str, ...]] = [(), (), ("group",), ("senior",), ("site",), ("group", "site"), ("site", "senior")]
LOOKUPS = {
    "bent": {"points": [[-3.17, -1.1], [0.23, 0.4], [2.71, 5.3], [9.37, 4.9]]},
    "beyond": {"points": [[-2.03, 1.7], [1.19, 0.3], [4.57, -1.9]], "outside": "extrapolate"},
    "jumps": {"points": [[-1.23, 2.2], [0.77, -0.8], [3.91, 1.6]], "outside": "discrete"},
}
STEPS = (0.125, 0.25, 0.5, 0.1)

Scope = tuple[str, ...]  #: dimensions that an equation runs over
Figure = Callable[..., str]


def random_model(r: Random, breadth: int = 3, steps: int = 24) -> dict[str, Any]:
    """A model as a file would hold it.

    Parameters
    ----------
    r : Random
        Where chance comes from.
    breadth : int
        Roughly how many variables of each kind there are.
    steps : int
        How many steps it runs.
    """
    return _Maker(r, breadth, steps).model()


@dataclass
class _Maker:
    r: Random
    breadth: int
    steps: int
    dt: float = 0.25
    known: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)  #: what an equation may use here
    later: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)  #: what only a memory may look at

    def figure(self, low: float = -3, high: float = 7) -> str:
        """A number that equals no other but itself."""
        value = low + (high - low) * (self.r.randint(0, 996) + 0.3137) / 997
        return f"({value:.9g})" if value < 0 else f"{value:.9g}"

    def model(self) -> dict[str, Any]:
        r = self.r
        self.dt = r.choice(STEPS)
        start = r.choice([0, 0, -2, 3.5])
        every = r.choice([1, 1, 2, 5])
        parameters = self.parameters()
        inputs = {"load": {"value": float(self.figure(0, 4)), "unit": "1"}}
        inputs["many[site]"] = {"value": {"north": 1.37, "south": 2.41}, "unit": "1"}
        self.known += [("load", ()), ("many", ("site",))]
        stocks = self.stocks()
        late = [(f"late{i}", r.choice(SHAPES)) for i in range(self.breadth)]
        self.later = late
        auxiliaries = self.auxiliaries("early")
        rules = self.rules()
        flows = self.flows(stocks)
        self.known += [(_bare(head), _dims(head)) for head in flows]
        auxiliaries |= {_head(*v): {"equation": self.equations(v[1])} for v in late}
        auxiliaries["everything"] = " + ".join([*self.totals(parameters), "bent(1)", "beyond(2)", "jumps(3)"])
        auxiliaries["inside"] = "load + SUM(many[*]) + SUM(price[*]) + MEAN(pay[*])"
        return {
            "name": "random",
            "time": {
                "unit": "day", "start": start, "end": start + self.steps * self.dt, "dt": self.dt,
                "save_every": every * self.dt, "method": r.choice(["euler", "rk4"]),
            },
            "dimensions": DIMENSIONS, "mappings": MAPPINGS, "lookups": LOOKUPS, "parameters": parameters,
            "inputs": inputs, "stocks": stocks, "flows": flows, "auxiliaries": auxiliaries, "rules": rules,
        }  # fmt: skip

    def totals(self, heads: Mapping[str, Any]) -> list[str]:
        """Sums of subscripted variables, and single ones."""
        stars = {_bare(h): ", ".join("*" for _ in _dims(h)) for h in heads}
        return [f"SUM({name}[{star}])" if star else name for name, star in stars.items()]

    # -- variables ----------------------------------------------------------------------------------------------------

    def parameters(self) -> dict[str, Any]:
        shapes = [("price", ("county",)), ("pay", ("senior",)), ("size", ("group", "site"))]
        shapes += [(f"p{i}", self.r.choice(SHAPES)) for i in range(self.breadth)]
        self.known += shapes
        return {_head(*v): {"value": self.values(v[1]), "unit": "1"} for v in shapes}

    def values(self, dims: tuple[str, ...]) -> Any:
        if not dims:
            return float(self.figure(0.1, 6).strip("()"))
        if self.r.random() < 0.5:
            return [self.values(dims[1:]) for _ in DIMENSIONS[dims[0]]]
        return {e: self.values(dims[1:]) for e in DIMENSIONS[dims[0]]}

    def stocks(self) -> dict[str, Any]:
        r, found = self.r, dict[str, Any]()
        shapes = [r.choice(SHAPES) for _ in range(self.breadth)]
        for i, dims in enumerate([*shapes, shapes[0], shapes[-1]]):  # so that flows have stocks to join
            free = r.random() < 0.2
            if r.random() < 0.6:
                initial: Any = self.figure(0.2, 20)
            else:
                initial = f"ABS({self.leaf(dims)}) + {self.figure(0, 4)}"
            found[_head(f"s{i}", dims)] = {
                "initial": initial, "unit": "1", "inflows": [], "outflows": [], "non_negative": not free
            }  # fmt: skip
            if dims and r.random() < 0.3:
                found[_head(f"s{i}", dims)]["initial"] = {self.element(dims): self.figure(0, 9), "else": initial}
            self.known.append((f"s{i}", dims))
        return found

    def flows(self, stocks: dict[str, Any]) -> dict[str, Any]:
        r, found = self.r, dict[str, Any]()
        for i in range(self.breadth + 2):
            dims = _dims(r.choice(list(stocks)))
            ends = [head for head in stocks if _dims(head) == dims]
            source, target = r.choice(ends), r.choice(ends)
            leaves, enters = r.choice([(True, False), (False, True), (True, True), (True, True)])
            if leaves:
                stocks[source]["outflows"].append(f"f{i}")
            if enters and (target != source or not leaves):
                stocks[target]["inflows"].append(f"f{i}")
            equation = self.each(dims, partial(self.flow, source=_bare(source)))
            found[_head(f"f{i}", dims)] = {"equation": equation, "both_ways": r.random() < 0.35}
        return found

    def flow(self, scope: Scope, source: str) -> str:
        """What neither explodes nor stays away from the limits of stocks."""
        kind = self.r.randint(0, 3)
        own = f"{source} * {self.figure(0.02, 0.9)}" if not scope or self.r.random() < 0.5 else self.figure(0, 3)
        if kind == 0:
            return own if "*" not in own or all(d in scope for d in dict(self.known)[source]) else self.figure(0, 3)
        size = self.figure(0.3, 60) if kind == 1 else self.figure(0.2, 4)
        return f"{size} * TANH({self.tree(scope, 3)} / {self.figure(2, 9)}) + {self.figure(-2, 3)}"

    def auxiliaries(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for i in range(self.breadth + 1):
            dims = self.r.choice(SHAPES)
            found[_head(f"{name}{i}", dims)] = {"equation": self.equations(dims)}
            self.known.append((f"{name}{i}", dims))
        return found

    def rules(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for i in range(1 + self.r.randint(0, 1)):
            dims = self.r.choice([(), ("group",), ("site",)])
            rule = {"begins": self.condition(dims, 2)}
            if self.r.random() < 0.7:
                rule |= {"ends": self.condition(dims, 2), "ends_after": self.figure(0, 1)}
            if self.r.random() < 0.7:
                rule["after"] = self.r.choice([self.figure(0, 2), f"ABS({self.leaf(dims)}) * {self.figure(0, 0.3)}"])
            found[_head(f"r{i}", dims)] = rule
            self.known.append((f"r{i}", dims))
        return found

    # -- equations ----------------------------------------------------------------------------------------------------

    def equations(self, dims: tuple[str, ...]) -> Any:
        return self.each(dims, lambda scope: self.tree(scope, 4))

    def each(self, dims: tuple[str, ...], write: Callable[[Scope], str]) -> Any:
        """One equation, or one for each element or part, and else."""
        if not dims or self.r.random() < 0.6:
            return write(dims)
        found = {self.element(dims): write(dims)}
        if "group" in dims and self.r.random() < 0.6:
            head = ", ".join("senior" if d == "group" else d for d in dims)
            found[head] = write((*dims, "senior"))
        return {**found, "else": write(dims)}

    def element(self, dims: tuple[str, ...]) -> str:
        return ", ".join(self.r.choice(DIMENSIONS[d]) for d in dims)

    def name(self, scope: Scope, marks: bool, pool: list[tuple[str, tuple[str, ...]]] | None = None) -> str:
        """A variable with its subscripts; inside a sum some are marked."""
        name, dims = self.r.choice(pool or self.known)
        if dims and not marks and set(dims) <= set(scope) and self.r.random() < 0.5:
            return name
        return self.subscripted(name, dims, scope, marks)

    def subscripted(self, name: str, dims: tuple[str, ...], scope: Scope, marks: bool) -> str:
        at = []
        for d in dims:
            choices = [self.r.choice(DIMENSIONS[d])]
            choices += [s for s in MEANT[d] if s in scope]
            choices += [f"{s}!" for s in MEANT[d]] + ["*"] if marks else []
            at.append(self.r.choice(choices))
        return f"{name}[{', '.join(at)}]" if at else name

    def leaf(self, scope: Scope, marks: bool = False) -> str:
        kind = self.r.randint(0, 9)
        if kind == 0:
            return self.figure()
        if kind == 1:
            return self.r.choice(["TIME", "TIME", "DT", "INITIAL_TIME", "FINAL_TIME", "PI"])
        return self.name(scope, marks)

    def tree(self, scope: Scope, depth: int, marks: bool = False) -> str:
        """An expression; its value stays within reason."""
        if depth <= 0:
            return self.leaf(scope, marks)

        def inner() -> str:
            return self.tree(scope, depth - 1 - self.r.randint(0, 1), marks)

        makers: list[Callable[[], str]] = [
            lambda: self.operation(inner), lambda: self.operation(inner), lambda: self.function(inner),
            lambda: self.function(inner), lambda: self.timed(inner), lambda: self.choice(scope, depth, marks),
            lambda: self.memory(scope, inner, marks), lambda: self.memory(scope, inner, marks),
            lambda: self.gather(scope, depth), lambda: self.leaf(scope, marks),
        ]  # fmt: skip
        return self.r.choice(makers)()

    def operation(self, inner: Callable[[], str]) -> str:
        f, a = self.figure, inner()
        return self.r.choice([
            lambda: f"({a} + {inner()})", lambda: f"({a} - {inner()})", lambda: f"-{a}",
            lambda: f"({a} * {f(-1, 1)})", lambda: f"(TANH({a}) * {inner()})",
            lambda: f"{a} / ({f(1, 4)} + ABS({inner()}))", lambda: f"TANH({a})^2", lambda: f"ARCTAN({a})^3",
            lambda: f"(0.3 + ABS(SIN({a})))^{f(0.1, 2)}",
        ])()  # fmt: skip

    def function(self, inner: Callable[[], str]) -> str:
        f, a = self.figure, inner()
        return self.r.choice([
            f"ABS({a})", f"SQRT(ABS({a}))", f"EXP(TANH({a}))", f"LN({f(0.2, 3)} + ABS({a}))",
            f"LOG10({f(0.2, 3)} + ABS({a}))", f"LOG({f(0.2, 3)} + ABS({a}), {f(1.2, 9)})", f"SIN({a})", f"COS({a})",
            f"TAN(TANH({a}))", f"arctan({a})", f"TANH({a})", f"INTEGER({a} * {f(0.3, 2)} + {f()})",
            f"FLOOR({a} * {f(0.3, 2)} + {f()})", f"MODULO({a} * {f(0.3, 2)} + {f()}, {f(0.4, 5)})",
            f"QUANTUM({a} * {f(0.3, 2)} + {f()}, {f(-0.5, 2)})", f"POWER({f(0.2, 3)} + ABS({a}), {f(-2, 2)})",
            f"MIN({a}, {f(0, 9)})", f"MAX({a}, {f(-3, 3)}, {f(-3, 3)})", f"ZIDZ({a}, {f(-2, 2)} + {f(-2, 2)})",
            f"XIDZ({a}, IF({a} > {f(0, 2)}, {f(1, 4)}, 0), {f()})", f"bent({a})", f"beyond({a})", f"jumps({a})",
        ])  # fmt: skip

    def timed(self, inner: Callable[[], str]) -> str:
        f = self.figure
        return self.r.choice([
            f"STEP({inner()}, {f(0, 5)})", f"RAMP({f(-1, 1)}, {f(0, 3)})", f"RAMP({f(-1, 1)}, {f(0, 3)}, {f(1, 5)})",
            f"PULSE({f(0, 4)}, {f(0, 2)})", f"PULSE_TRAIN({f(0, 2)}, {f(0, 0.8)}, {f(0.9, 2)}, {f(2, 6)})",
            f"IMPULSE({f()}, {f(0, 5)})", f"IMPULSE({f()}, {f(0, 2)}, {f(0.7, 2)})",
        ])  # fmt: skip

    def condition(self, scope: Scope, depth: int, marks: bool = False) -> str:
        """Something is compared with a figure that it does not hit."""
        kind = self.r.randint(0, 4)
        if depth > 0 and kind == 0:
            word = self.r.choice(["AND", "OR", ":and:"])
            return f"({self.condition(scope, depth - 1, marks)} {word} {self.condition(scope, depth - 1, marks)})"
        if depth > 0 and kind == 1:
            return f"NOT {self.condition(scope, depth - 1, marks)}"
        sign = self.r.choice(["<", "<=", ">", ">=", "<>", "="])
        return f"({self.tree(scope, depth - 1, marks)} {sign} {self.figure(-1, 8)})"

    def choice(self, scope: Scope, depth: int, marks: bool) -> str:
        condition = self.condition(scope, depth - 2, marks)
        a, b = (self.tree(scope, depth - 2, marks) for _ in range(2))
        return self.r.choice([f"IF({condition}, {a}, {b})", f"(IF {condition} THEN {a} ELSE {b})"])

    def memory(self, scope: Scope, inner: Callable[[], str], marks: bool) -> str:
        """A call that remembers; one with an initial value of its own may look at what is computed later."""
        f, r = self.figure, self.r
        n = r.choice([1, 2, 4])
        least = 4.2 * self.dt if r.random() < 0.98 else 0.5 * self.dt
        time = r.choice([f(least, least + 4), f"({f(least, least + 2)} + ABS({inner()}))"])
        if self.later and r.random() < 0.4:
            x, first = self.name(scope, marks, self.later), [f()]
        else:
            x, first = inner(), r.choice([[], [f()], [self.leaf(scope, marks)]])
        given = ", ".join([x, time, *first])
        whole = f"{x}, {time}, {first[0] if first else f()}"
        rate = r.choice(["", f", {f(0.01, 0.2)}"])
        known = inner()
        return r.choice([
            f"SMOOTH1({given})", f"SMOOTH3({given})", f"SMOOTHN({whole}, {n})", f"DELAY1({given})", f"DELAY3({given})",
            f"DELAYN({whole}, {n})", f"DELAY_FIXED({whole})", f"TREND({known}, {time}{rate})",
            f"FORECAST({known}, {time}, {f(0, 2)}{rate})", f"INITIAL({known})", f"ACTIVE_INITIAL({known}, {f()})",
            f"SAMPLE_IF_TRUE({self.condition(scope, 1, marks)}, {known}, {f()})",
        ])  # fmt: skip

    def gather(self, scope: Scope, depth: int) -> str:
        """A sum or the like over at least one dimension."""
        name, dims = self.r.choice([v for v in self.known if v[1]])
        first = f"{name}[{', '.join(self.r.choice([f'{self.r.choice(MEANT[d])}!', '*']) for d in dims)}]"
        second = self.tree(scope, depth - 2, marks=True)
        function = self.r.choice(["SUM", "SUM", "MEAN", "VMIN", "VMAX", "PROD"])
        if function == "PROD":
            return f"PROD(TANH({first}) + {self.r.choice(['0.9', f'TANH({second})'])})"
        return f"{function}({first} {self.r.choice(['+', '-'])} {second})"


def _head(name: str, dims: tuple[str, ...]) -> str:
    return f"{name}[{', '.join(dims)}]" if dims else name


def _bare(head: str) -> str:
    return head.partition("[")[0]


def _dims(head: str) -> tuple[str, ...]:
    inside = head.partition("[")[2].rstrip("]")
    return tuple(d.strip() for d in inside.split(",")) if inside else ()

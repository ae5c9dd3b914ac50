"""Small parts of random networks: names, distributions of time, shares, steps, hours, rules."""

import random
from collections.abc import Callable, Sequence
from typing import Any


def hours(value: float) -> str:
    return f"{value:.4f} h"


class Draw:
    """Draws of one network: what it is made of, and small parts."""

    def __init__(self, number: int):
        self.r = r = random.Random(f"network {number}")
        self.classes = [f"c{i}" for i in range(r.choice([1, 2, 3, 4, 4]))]
        self.attributes = {f"a{i}": [f"v{j}" for j in range(r.randint(1, 4))] for i in range(r.choice([0, 1, 2, 3, 5]))}
        self.stations = [f"s{i}" for i in range(r.choice([1, 2, 3, 3, 4, 5, 6]))]
        self.pools = [f"p{i}" for i in range(r.choice([0, 1, 1, 2]))]
        self.days = r.choice([7.0, 9.0, 14.0, 20.5])
        self.services = {f"t{i}": self.service() for i in range(r.randint(1, 3))}
        self.noise = {
            f"n{i}": {"variance": r.choice([0.0, 0.05, 0.5]), "correlation": r.choice([0.0, 0.6, 0.95])}
            for i in range(r.randint(0, 2))
        }

    def chance(self, p: float) -> bool:
        return self.r.random() < p

    def some(self, names: Sequence[str], most: int = 99) -> list[str]:
        return self.r.sample(list(names), self.r.randint(1, min(most, len(names))))

    # -- times --------------------------------------------------------------------------------------------------------

    def service(self) -> dict[str, Any]:
        """Any distribution; one in four is a whole number of hours, which makes many ties."""
        r = self.r
        if self.chance(0.25):
            return {"kind": "deterministic", "mean": r.choice(["0 h", "1 h", "2 h", "3 h", "8 h"])}
        kind = r.choice(["mixture", "uniform", "triangular", "normal", "empirical", "coxian", "", "", "", "", "", ""])
        mean = r.choice([0.3, 2.0, 5.0, 15.0]) * r.uniform(0.5, 1.5)
        given = self._plain(mean) if not kind else self._special(kind, mean)
        bound = r.choice(["at_least", "at_most", "between", "", "", "", "", ""])
        if bound and kind not in ("empirical", "uniform"):
            least, most = hours(mean * r.uniform(0.4, 0.8)), hours(mean * r.uniform(1.2, 2.5))
            given[bound] = {"at_least": least, "at_most": most}.get(bound, [least, most])
        return given

    def _plain(self, mean: float) -> dict[str, Any]:
        r = self.r
        kind = r.choice(["exponential", "lognormal", "weibull", "gamma", "erlang", "hyperexponential"])
        given: dict[str, Any] = {"kind": kind, "mean": hours(mean)}
        if kind == "lognormal":
            spread = {"cv": r.uniform(0.2, 2.5), "median": hours(mean * r.uniform(0.3, 0.9)), "sd": hours(mean)}
            name = r.choice(list(spread))
            given[name] = spread[name]
        if kind == "weibull":
            given["shape"] = r.uniform(0.5, 3)
        if kind == "gamma":
            given |= {"shape": r.choice([0.4, 1.7, 5])} if self.chance(0.6) else {"cv": r.choice([0.5, 1.6])}
        if kind == "erlang":
            given["shape"] = r.randint(1, 4)
        if kind == "hyperexponential":
            given["cv"] = r.uniform(1.2, 3)
        return given

    def _special(self, kind: str, mean: float) -> dict[str, Any]:
        r = self.r
        match kind:
            case "mixture":
                shares = self.shares(r.randint(2, 3))
                return {"kind": kind, "parts": [{**self._plain(mean * r.uniform(0.2, 3)), "share": s} for s in shares]}
            case "uniform":
                return {"kind": kind, "low": hours(0.3 * mean), "high": hours(1.7 * mean)}
            case "triangular":
                return {"kind": kind, "low": hours(0.3 * mean), "mode": hours(mean), "high": hours(2 * mean)}
            case "normal":
                return {"kind": kind, "mean": hours(mean), "sd": hours(mean * r.uniform(0.1, 0.5))}
            case "coxian":
                phases = [{"mean": hours(mean * r.uniform(0.2, 1)), "ends": r.choice([0, 0.3, 0.6])} for _ in range(3)]
                return {"kind": kind, "phases": [*phases[: r.randint(0, 2)], {"mean": hours(mean)}]}
        return {"kind": kind, "observed": [f"{r.choice([1, 2, 3, 5, 8, 12])} h" for _ in range(r.randint(1, 9))]}

    def brief(self) -> dict[str, Any]:
        """A time of some hours, often a whole number of them, never nothing."""
        r = self.r
        if self.chance(0.5):
            return {"kind": "deterministic", "mean": r.choice(["1 h", "2 h", "3 h", "6 h"])}
        kind = r.choice(["exponential", "uniform"])
        mean = r.choice([1.0, 2.0, 5.0, 12.0])
        return {"kind": kind, "mean": hours(mean)} if kind == "exponential" else self._special(kind, mean)

    def use(self) -> Any:
        return self.r.choice(list(self.services)) if self.chance(0.4) else self.service()

    def instants(self) -> list[str]:
        """Many full hours, some of them more than once, and some instants between them and before the start."""
        r = self.r
        whole = [f"{r.randint(0, int(self.days * 24) - 1)} h" for _ in range(r.randint(20, 120))]
        return [*whole, *whole[:5], *(hours(r.uniform(-3, self.days * 24)) for _ in range(r.randint(0, 20)))]

    # -- shares, steps, hours, rules ----------------------------------------------------------------------------------

    def shares(self, n: int) -> list[float]:
        cuts = sorted(self.r.randint(0, 20) for _ in range(n - 1))
        return [(b - a) / 20 for a, b in zip([0, *cuts], [*cuts, 20], strict=True)]

    def steps(self, draw: Callable[[], dict[str, Any]], first: bool) -> list[dict[str, Any]]:
        """One to four steps at rising instants; `first` says whether one must hold from the start."""
        r = self.r
        n = r.randint(1, 3)
        at = sorted({r.choice([r.uniform(0.1, self.days), r.randint(1, int(self.days * 24)) / 24]) for _ in range(n)})
        return [{"from": f"{t * 24:.4f} h", **draw()} for t in ([0.0, *at] if first else at)]

    def weekly(self) -> dict[str, Any]:
        """Hours of the week; often from midnight or all days."""
        first = self.r.choice([0, 0, 6, 8, 12, 20])
        found: dict[str, Any] = {"hours": [first, self.r.randint(first + 1, 24)]}
        if self.chance(0.4):
            found["weekdays"] = sorted(self.r.sample(range(7), self.r.randint(2, 6)))
        return found

    def where(self) -> dict[str, Any]:
        names = {"class": self.classes, **self.attributes}
        return {
            name: self.r.choice(names[name]) if self.chance(0.6) else self.some(names[name])
            for name in self.some(list(names), 2)
        }

    def maybe_where(self) -> dict[str, Any]:
        return {"where": self.where()} if self.chance(0.4) else {}

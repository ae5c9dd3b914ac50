"""The urgent-care centre in SimPy, written from its description: the second opinion on ``treat_sim.yaml``.

Nothing of it is taken from the engine or from the published program. Arrivals are an exact non-homogeneous Poisson
process: in each hour a Poisson number of patients at uniform times. With ``late`` they come as published: thinned with
the rate of the hour of the last arrival, which is kept until the next one, so that changes of the rate come late.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import simpy

RATES = (
    *(2.36667, 2.8, 8.83333, 10.43333, 14.8, 26.26667, 31.4, 18.06667, 16.46667),
    *(12.03333, 11.6, 28.86667, 18.03333, 11.5, 5.3, 4.06667, 2.2, 2.1),
)
HOURS = 19
END = 60.0 * HOURS


@dataclass
class Centre:
    """One day: places, and what happened."""

    seed: int
    triage: int = 1
    exam: int = 3
    treatment: int = 1
    exam_mean: float = 16.0
    late: bool = False
    waits: dict[str, list[float]] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=lambda: {"trauma": [], "other": []})

    def run(self) -> dict[str, float]:
        self.rng = np.random.default_rng(self.seed)
        self.env = simpy.Environment()
        places = {
            "triage": self.triage,
            "registration": 1,
            "exam": self.exam,
            "treatment": self.treatment,
            "trauma_room": 2,
            "trauma_treatment": 1,
        }
        self.rooms = {name: simpy.Resource(self.env, n) for name, n in places.items()}
        self.waits = {name: [] for name in places}
        instants = list(self.late_arrivals()) if self.late else self.exact_arrivals()
        for at in instants:
            self.env.process(self.patient(at))
        self.env.run(until=END)
        return {
            "arrivals": float(len(instants)),
            **{f"wait {name}": float(np.mean(waits)) for name, waits in self.waits.items()},
            **{f"time {name}": float(np.mean(times)) for name, times in self.times.items()},
            "throughput": float(sum(map(len, self.times.values()))),
        }

    def exact_arrivals(self) -> list[float]:
        counts = [self.rng.poisson(RATES[hour % len(RATES)]) for hour in range(HOURS)]
        return sorted(60 * (hour + self.rng.random()) for hour, count in enumerate(counts) for _ in range(count))

    def late_arrivals(self) -> Iterator[float]:
        now, most = 0.0, max(RATES)
        while True:
            accepted = RATES[int(now // 60) % len(RATES)] / most
            now += self.rng.gamma(self.rng.geometric(accepted), 60 / most)  # as many trials as it takes
            if now >= END:
                return
            yield now

    def lognormal(self, mean: float, variance: float) -> float:
        spread = np.log(1 + variance / mean**2)
        return self.rng.lognormal(np.log(mean) - spread / 2, np.sqrt(spread))

    def step(self, room: str, stay: float) -> Iterator[Any]:
        asked = self.env.now
        with self.rooms[room].request() as request:
            yield request
            self.waits[room].append(self.env.now - asked)
            yield self.env.timeout(stay)

    def patient(self, at: float) -> Iterator[Any]:
        yield self.env.timeout(at)
        yield from self.step("triage", self.rng.exponential(3))
        if self.rng.random() < 0.12:
            yield from self.step("trauma_room", self.rng.exponential(90))
            yield from self.step("trauma_treatment", self.lognormal(30, 4))
            self.times["trauma"].append(self.env.now - at)
            return
        yield from self.step("registration", self.lognormal(5, 2))
        yield from self.step("exam", max(0.5, self.rng.normal(self.exam_mean, 3**0.5)))
        if self.rng.random() < 0.6:
            yield from self.step("treatment", self.lognormal(13.3, 2))
        self.times["other"].append(self.env.now - at)

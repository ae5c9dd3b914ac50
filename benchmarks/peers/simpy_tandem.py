"""The tandem in SimPy: one process a patient, places as ``simpy.Resource``, no logging.

This is the form that health modellers write and teach.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator

import simpy
from simpy.resources.resource import Request

from benchmarks.tandem import Result, Tandem, peak_mb

Steps = Generator[simpy.Event, None, None]


class Count:
    """How many are in a state, and the area under that number over time."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.number = 0
        self.area = 0.0  # complete only once the time of those still present is added

    def enter(self) -> None:
        """One more from now on."""
        self.number += 1
        self.area -= self.env.now

    def leave(self) -> None:
        """One fewer from now on."""
        self.number -= 1
        self.area += self.env.now

    def mean(self) -> float:
        """Mean number from time zero until now."""
        return (self.area + self.number * self.env.now) / self.env.now


class Hospital:
    """The two stations, their patients and what is counted."""

    def __init__(self, case: Tandem, seed: int) -> None:
        self.case = case
        self.random = random.Random(seed)
        self.env = simpy.Environment()
        self.acute = simpy.Resource(self.env, case.acute_places)
        self.community = simpy.Resource(self.env, case.community_places)
        self.in_acute = Count(self.env)
        self.in_community = Count(self.env)
        self.blocked = Count(self.env)
        self.events = 0

    def arrivals(self) -> Steps:
        """Patients arrive as a Poisson process."""
        while True:
            yield self.env.timeout(self.random.expovariate(self.case.arrivals_per_day))
            self.events += 1
            self.env.process(self.patient())

    def patient(self) -> Steps:
        """One patient from arrival to departure."""
        with self.acute.request() as acute_place:
            yield acute_place
            self.in_acute.enter()
            yield self.env.timeout(self.random.lognormvariate(self.case.acute_log_mean, self.case.acute_log_sd))
            self.events += 1
            community_place = None
            if self.random.random() < self.case.community_share:
                community_place = self.community.request()
                self.blocked.enter()
                yield community_place
                self.blocked.leave()
            self.in_acute.leave()
        if community_place is not None:
            yield from self.community_stay(community_place)

    def community_stay(self, place: Request) -> Steps:
        """The stay in the community, whose place is already granted."""
        self.in_community.enter()
        yield self.env.timeout(self.random.expovariate(1 / self.case.community_stay_mean))
        self.events += 1
        self.in_community.leave()
        self.community.release(place)


def run(case: Tandem, seed: int) -> Result:
    """Run the case once."""
    hospital = Hospital(case, seed)
    hospital.env.process(hospital.arrivals())
    begin = time.process_time()
    hospital.env.run(until=case.days)
    seconds = time.process_time() - begin
    return Result(
        events=hospital.events,
        seconds=seconds,
        acute_mean=hospital.in_acute.mean(),
        community_mean=hospital.in_community.mean(),
        blocked_mean=hospital.blocked.mean(),
        peak_mb=peak_mb(),
    )


FORMS: dict[str, Callable[[Tandem, int], Result]] = {"resource": run}

"""The tandem in cimba, written in two ways.

``per patient`` spawns a process for each patient, as one would write it in SimPy. ``per bed`` has one process for each
place, which never ends and for which a patient is a number in a queue: faster, as nothing is created during the run,
but only open to models whose patients need no attributes of their own.

Free places are counted in a ``Container``, and the time in each state by the model itself. ``Resource`` with its own
``mean_in_use()`` would read better, but cost the per-patient form about a sixth of its speed.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import cimba as cb

from benchmarks.tandem import Result, Tandem, peak_mb


class Hospital(cb.Model):
    """What both forms share: parameters, counts and results.

    An area is the time spent in a state by all who have been in it; it is complete once ``measure`` has added the time
    of those still present.
    """

    arrival_gap: cb.Param[float]
    acute_log_mean: cb.Param[float]
    acute_log_sd: cb.Param[float]
    community_share: cb.Param[float]
    community_stay: cb.Param[float]
    free_community: cb.Container
    counted: int = 0
    in_acute: int = 0
    in_community: int = 0
    in_blocked: int = 0
    acute_area: float = 0.0
    community_area: float = 0.0
    blocked_area: float = 0.0
    events: cb.Output[int]
    acute_mean: cb.Output[float]
    community_mean: cb.Output[float]
    blocked_mean: cb.Output[float]

    def __init__(self, case: Tandem) -> None:
        self.arrival_gap = 1 / case.arrivals_per_day
        self.acute_log_mean = case.acute_log_mean
        self.acute_log_sd = case.acute_log_sd
        self.community_share = case.community_share
        self.community_stay = case.community_stay_mean
        self.free_community = cb.Container(initial=case.community_places)

    @cb.on_end
    def measure(self):
        """Turn counts and areas into results."""
        end = cb.now()
        self.events = self.counted
        self.acute_mean = (self.acute_area + self.in_acute * end) / end
        self.community_mean = (self.community_area + self.in_community * end) / end
        self.blocked_mean = (self.blocked_area + self.in_blocked * end) / end


class Patient(cb.Model):
    """One patient of the per-patient form, spawned on arrival."""

    hospital: cb.Ref[PatientHospital]

    @cb.process
    def pathway(self):
        """From arrival to departure."""
        home = self.hospital
        home.free_acute.get(1)
        home.in_acute += 1
        home.acute_area -= cb.now()
        cb.hold(cb.random.lognormal(home.acute_log_mean, home.acute_log_sd))
        home.counted += 1
        moves_on = cb.random.bernoulli(home.community_share)
        if moves_on:
            home.in_blocked += 1
            home.blocked_area -= cb.now()
            home.free_community.get(1)
            home.blocked_area += cb.now()
            home.in_blocked -= 1
        home.acute_area += cb.now()
        home.in_acute -= 1
        home.free_acute.put(1)
        if moves_on:
            home.in_community += 1
            home.community_area -= cb.now()
            cb.hold(cb.random.exponential(home.community_stay))
            home.counted += 1
            home.community_area += cb.now()
            home.in_community -= 1
            home.free_community.put(1)
        cb.release(self)


class PatientHospital(Hospital):
    """The per-patient form."""

    free_acute: cb.Container

    def __init__(self, case: Tandem) -> None:
        super().__init__(case)
        self.free_acute = cb.Container(initial=case.acute_places)

    @cb.process
    def arrivals(self):
        """Patients arrive as a Poisson process."""
        while True:
            cb.hold(cb.random.exponential(self.arrival_gap))
            self.counted += 1
            cb.spawn(Patient, hospital=self)


class BedHospital(Hospital):
    """The per-bed form, without its beds: their number is fixed in the class by ``bed_hospital``."""

    waiting: cb.Container
    moving: cb.Container

    @cb.process
    def arrivals(self):
        """Patients arrive as a Poisson process."""
        while True:
            cb.hold(cb.random.exponential(self.arrival_gap))
            self.counted += 1
            self.waiting.put(1)


@functools.cache
def bed_hospital(acute_places: int, community_places: int) -> type[BedHospital]:
    """Per-bed form with this many beds."""

    class Beds(BedHospital):
        @cb.process(copies=acute_places)
        def acute_bed(self):
            """An acute bed takes one patient after the other, and keeps those who cannot move on."""
            while True:
                self.waiting.get(1)
                self.in_acute += 1
                self.acute_area -= cb.now()
                cb.hold(cb.random.lognormal(self.acute_log_mean, self.acute_log_sd))
                self.counted += 1
                if cb.random.bernoulli(self.community_share):
                    self.in_blocked += 1
                    self.blocked_area -= cb.now()
                    self.free_community.get(1)
                    self.blocked_area += cb.now()
                    self.in_blocked -= 1
                    self.moving.put(1)
                self.acute_area += cb.now()
                self.in_acute -= 1

        @cb.process(copies=community_places)
        def community_bed(self):
            """A community bed takes a patient who has claimed a free place."""
            while True:
                self.moving.get(1)
                self.in_community += 1
                self.community_area -= cb.now()
                cb.hold(cb.random.exponential(self.community_stay))
                self.counted += 1
                self.community_area += cb.now()
                self.in_community -= 1
                self.free_community.put(1)

    return Beds


def patient_model(case: Tandem) -> Hospital:
    """The case in the per-patient form."""
    return PatientHospital(case)


def bed_model(case: Tandem) -> Hospital:
    """The case in the per-bed form."""
    return bed_hospital(case.acute_places, case.community_places)(case)


def trial(model: Hospital, days: float, seed: int) -> tuple[Any, float]:
    """Outputs of one run and its CPU seconds."""
    experiment = cb.Experiment(model, window=cb.Window(duration=days), seed=seed)
    begin = time.process_time()
    results = experiment.run(workers=1)
    seconds = time.process_time() - begin
    if results.failed.any():
        raise RuntimeError(f"cimba: the run failed: {results.failure_reasons[0, 0]}")
    return results[model], seconds


@functools.cache
def warm_up(form: Callable[[Tandem], Hospital], case: Tandem) -> None:
    """Compile, and let the engine's memory pools grow to the size that replications would find."""
    trial(form(case), case.days, seed=0)


def run(form: Callable[[Tandem], Hospital], case: Tandem, seed: int) -> Result:
    """Run the case once in the given form."""
    warm_up(form, case)
    outputs, seconds = trial(form(case), case.days, seed)
    return Result(
        events=int(outputs.events[0, 0]),
        seconds=seconds,
        acute_mean=float(outputs.acute_mean[0, 0]),
        community_mean=float(outputs.community_mean[0, 0]),
        blocked_mean=float(outputs.blocked_mean[0, 0]),
        peak_mb=peak_mb(),
    )


FORMS: dict[str, Callable[[Tandem, int], Result]] = {
    "per patient": functools.partial(run, patient_model),
    "per bed": functools.partial(run, bed_model),
}

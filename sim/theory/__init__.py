"""Exact answers of queueing theory, to plan with and to check a simulation against.

Times and rates may be in any unit, the same throughout. ``load`` is the offered load, arrival rate times mean service:
the mean number of servers busy if there were enough of them.
"""

from sim.theory.delay import erlang_b, erlang_c, mmc, mmc_priority, mmc_wait_over, servers_for, servers_for_occupancy
from sim.theory.general import dm1, mg1, mginf_mean
from sim.theory.limits import Abandonment, Loss, birth_death, erlang_a, finite_population, mmck
from sim.theory.steady import Queue

__all__ = [
    "Abandonment",
    "Loss",
    "Queue",
    "birth_death",
    "dm1",
    "erlang_a",
    "erlang_b",
    "erlang_c",
    "finite_population",
    "mg1",
    "mginf_mean",
    "mmc",
    "mmc_priority",
    "mmc_wait_over",
    "mmck",
    "servers_for",
    "servers_for_occupancy",
]

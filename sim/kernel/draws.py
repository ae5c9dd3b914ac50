"""Random draws that are addressed, not consumed.

A draw is Threefry-2x64 with 13 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), keyed by
(seed, replication and purpose) and counted by (entity, k). Whoever asks for the same address gets the same number,
so the same person has the same needs in every scenario.
"""

from __future__ import annotations

import math

import numpy as np

from sim.kernel.jit import compiled, rule

__all__ = [
    "PURPOSE_ARRIVAL",
    "PURPOSE_BATCH",
    "PURPOSE_PATIENCE",
    "PURPOSE_TURNAROUND",
    "PURPOSE_ATTRIBUTE",
    "PURPOSE_CENSUS",
    "PURPOSE_IDENTITY",
    "PURPOSE_NOISE",
    "PURPOSE_RETURN",
    "PURPOSE_STAY",
    "PURPOSE_TRANSITION",
    "inverse_normal",
    "pair",
    "threefry",
    "uniform",
    "uniforms",
]

U = np.uint64
_PARITY = U(0x1BD11BDAA9FC1A22)

PURPOSE_ARRIVAL = 1  # entity = arrival: (height, time within the hour)
PURPOSE_ATTRIBUTE = 2  # k = attribute // 2: two attributes
PURPOSE_STAY = 3  # k = stay number: (service, route)
PURPOSE_TRANSITION = 4  # k = stay number: (transition delay, place in the discharge window)
PURPOSE_RETURN = 5  # k = stay number: (whether, after how long)
PURPOSE_IDENTITY = 6  # a return visit's identity
PURPOSE_NOISE = 7  # entity = noise group, k = day
PURPOSE_CENSUS = 8  # entity = census entity: (elapsed, residual)
PURPOSE_TURNAROUND = 9  # k = stay number: (how long, -)
PURPOSE_PATIENCE = 10  # k = 8 * spell + rule: (how long, -)
PURPOSE_BATCH = 11  # k = 0: (size, -); k = member: its identity


@rule
def _turn(x, bits):
    return (x << U(bits)) | (x >> U(64 - bits))


@rule
def threefry(c0, c1, k0, k1):
    """Threefry-2x64-13 of a counter (c0, c1) under a key (k0, k1), all uint64."""
    k2 = _PARITY ^ k0 ^ k1
    x0 = c0 + k0
    x1 = c1 + k1
    x0 += x1
    x1 = _turn(x1, 16) ^ x0
    x0 += x1
    x1 = _turn(x1, 42) ^ x0
    x0 += x1
    x1 = _turn(x1, 12) ^ x0
    x0 += x1
    x1 = _turn(x1, 31) ^ x0
    x0 += k1
    x1 += k2 + U(1)
    x0 += x1
    x1 = _turn(x1, 16) ^ x0
    x0 += x1
    x1 = _turn(x1, 32) ^ x0
    x0 += x1
    x1 = _turn(x1, 24) ^ x0
    x0 += x1
    x1 = _turn(x1, 21) ^ x0
    x0 += k2
    x1 += k0 + U(2)
    x0 += x1
    x1 = _turn(x1, 16) ^ x0
    x0 += x1
    x1 = _turn(x1, 42) ^ x0
    x0 += x1
    x1 = _turn(x1, 12) ^ x0
    x0 += x1
    x1 = _turn(x1, 31) ^ x0
    x0 += k0
    x1 += k1 + U(3)
    x0 += x1
    x1 = _turn(x1, 16) ^ x0
    return x0, x1


@rule
def uniform(word):
    """Uniform in the open interval (0, 1) from the top 52 bits of a word; never 0, never 1."""
    return (float(word >> U(12)) + 0.5) * (1.0 / 4503599627370496.0)


@rule
def uniforms(seed, replication, purpose, entity, k):
    """Two uniforms in (0, 1) at an address (seed, replication, purpose; entity, k), all uint64."""
    x0, x1 = threefry(entity, k, seed, (replication << U(8)) | purpose)
    return uniform(x0), uniform(x1)


@rule
def inverse_normal(p):
    """Quantile of the standard normal, Wichura's algorithm AS 241 (1988), relative error under 2e-15."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        num = 2509.0809287301226727 * r + 33430.575583588128105
        num = ((num * r + 67265.770927008700853) * r + 45921.953931549871457) * r + 13731.693765509461125
        num = ((num * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608
        den = 5226.495278852545925 * r + 28729.085735721942674
        den = ((den * r + 39307.89580009271061) * r + 21213.794301586595867) * r + 5394.1960214247511077
        den = ((den * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1.0
        return q * num / den
    r = p if q < 0.0 else 1.0 - p
    r = math.sqrt(-math.log(r))
    if r <= 5.0:
        r -= 1.6
        num = 7.7454501427834140764e-4 * r + 0.0227238449892691845833
        num = ((num * r + 0.24178072517745061177) * r + 1.27045825245236838258) * r + 3.64784832476320460504
        num = ((num * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734
        den = 1.05075007164441684324e-9 * r + 5.475938084995344946e-4
        den = ((den * r + 0.0151986665636164571966) * r + 0.14810397642748007459) * r + 0.68976733498510000455
        den = ((den * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.0
    else:
        r -= 5.0
        num = 2.01033439929228813265e-7 * r + 2.71155556874348757815e-5
        num = ((num * r + 0.0012426609473880784386) * r + 0.026532189526576123093) * r + 0.29656057182850489123
        num = ((num * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772
        den = 2.04426310338993978564e-15 * r + 1.4215117583164458887e-7
        den = ((den * r + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148525
        den = ((den * r + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0
    x = num / den
    return -x if q < 0.0 else x


@compiled
def pair(seed, replication, purpose, entity, k):
    """Two uniforms at an address, callable from Python; give integers of 2**63 and more as numpy.uint64."""
    return uniforms(U(seed), U(replication), U(purpose), U(entity), U(k))


@compiled
def _words(c0, c1, k0, k1):
    return threefry(U(c0), U(c1), U(k0), U(k1))

"""With which answers to pressure a fit was made, and with which others it may be used.

A mechanism is *neutral* when its factor on stays is one at usual pressure: the bed-limited response and the speed-up
are, by their equations; early discharge is not, it adds people who come back. A fit with a neutral mechanism has
measured the usual pressure of each hospital in the baseline year, so switching that mechanism off, putting other
figures into it or adding another neutral one leaves the baseline year where it was, on average. The rule:

* the same mechanisms as in the fit are accepted;
* a neutral mechanism may be switched off;
* a neutral mechanism may be added when the fit has measured usual pressure, that is, when it was made with one;
* a mechanism that is not neutral must be on in both or off in both;
* a fit that does not say how it was made is accepted with neutral mechanisms only.

What was accepted must still reproduce the baseline year in fresh runs (:mod:`models.calibration.baseline`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.care.pressure import Pressure
    from models.care.stock_part import StockPart
    from models.settings.fit import Fit

__all__ = ["NEUTRAL", "feedback_reasons", "mechanisms_around", "mechanisms_of"]

#: what tells, among the stocks around a network, that a mechanism is on
_SIGNS = {
    "bed_limited_response": "bed_limited_response",
    "speed_up": "speed_up_response",
    "early_discharge": "excess_readmission",
}
NEUTRAL = frozenset({"bed_limited_response", "speed_up"})


def mechanisms_of(feedback: Pressure | None) -> list[str]:
    """Names of the mechanisms that are on."""
    return [name for name in _SIGNS if feedback is not None and getattr(feedback, name).enabled]


def mechanisms_around(around: StockPart | None) -> list[str]:
    """Names of the mechanisms that the stocks around a network hold."""
    named: Mapping[str, object] = around.auxiliaries if around else {}
    there = {name.partition("[")[0] for name in named}
    return [name for name, sign in _SIGNS.items() if sign in there]


def feedback_reasons(fit: Fit, running: Iterable[str]) -> list[str]:
    """Why a fit may not be used with the mechanisms of a run; empty when it may."""
    on = set(running)
    if fit.feedback is None:
        strange = sorted(on - NEUTRAL)
        why = "the fit does not say with which feedback it was made"
        return [f"{why}, and {_named(strange)} would shift the baseline; {_AGAIN}"] if strange else []
    made = set(fit.mechanisms)
    shifted = sorted((on ^ made) - NEUTRAL)
    unmeasured = sorted(on - made) if not made & NEUTRAL else []
    with_what = f"the fit was made with feedback '{fit.feedback}' ({_named(sorted(made)) or 'none is on'})"
    if shifted:
        what = f"{_named(shifted)} {'is' if len(shifted) == 1 else 'are'} on in only one of the two and not neutral"
        return [f"{with_what}, the run with {_named(sorted(on)) or 'none'}: {what}; {_AGAIN}"]
    if unmeasured:
        return [
            f"{with_what}, so it has not measured the usual pressure that {_named(unmeasured)} starts from; {_AGAIN}"
        ]
    return []


_AGAIN = "run `carebridge calibrate` with the feedback of the run"


def _named(names: Iterable[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)

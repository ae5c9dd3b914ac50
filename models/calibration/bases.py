"""Whose figures, of which year, by which clock: what a fit may set side by side, and what it refuses to.

Every target says three things. The *basis*: whom it counts (people treated at the host trusts, or residents wherever
they lie). The *year*. The *clock*: beds in use are counted at midnight; a delayed transfer is counted from the day it
is agreed that somebody waits for something outside the hospital (c) to the day they leave (d), while later figures
count everybody from the day they are ready (a). Two figures that differ in any of these are compared through a
conversion that the footprint declares, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.footprint.observed import delays_by_year
from sim.errors import Fault, FaultsError

if TYPE_CHECKING:
    from models.figures.figures import Figure
    from models.footprint.footprint import Footprint

__all__ = ["COUNTED", "MIDNIGHT", "READY", "Compared", "Kind", "check_bases", "compared", "delay_clock"]

MIDNIGHT = "counted at midnight"
COUNTED = "counted delayed transfers (c to d)"
READY = "everybody ready to leave (a to d)"
_LAST_COUNTED = 2019  #: delayed transfers were counted until the end of 2019/20; from then on, who is ready to leave


@dataclass(frozen=True)
class Kind:
    """What a figure is of.

    Parameters
    ----------
    basis : str
    year : str
    clock : str
    """

    basis: str
    year: str
    clock: str


@dataclass(frozen=True)
class Compared:
    """Two figures that a fit sets side by side.

    Parameters
    ----------
    key : str
        Where the observed figure stands in the footprint.
    observed, simulated : Kind
    conversion : str
        Key of the declared conversion that leads from one basis to the other; empty when there is none.
    """

    key: str
    observed: Kind
    simulated: Kind
    conversion: str = ""


def delay_clock(year: str) -> str:
    """Clock by which delays of a year were counted in England (`2018/19`, or a range, whose end decides)."""
    last = year.rpartition("-")[2][:4]
    return READY if last.isdigit() and int(last) > _LAST_COUNTED else COUNTED


def compared(footprint: Footprint) -> list[Compared]:
    """Return the rule table: every figure that a fit compares, beside what the simulation gives for it."""
    year = footprint.baseline_year
    every = footprint.delays.reported_share.value == 1 and not footprint.delays.counted  # then all who are ready count
    beds, delays = Kind("host trust", year, MIDNIGHT), Kind("host trust", year, delay_clock(year) if every else COUNTED)
    rows = [
        Compared(f"sites.{name}.beds_occupied", _of(site.beds_occupied, MIDNIGHT), beds)
        for name, site in footprint.sites.items()
    ]
    waits = {f"pathways.{name}.delayed_target": p.delayed_target for name, p in footprint.pathways.items()}
    waits["delays.acute_beds"] = footprint.delays.acute_beds
    for key, figure in waits.items():
        observed = _of(figure, COUNTED if footprint.delays.counted else delay_clock(figure.year))
        rows.append(Compared(key, observed, delays, _conversion(footprint, observed.basis, delays.basis)))
    if footprint.data.delays_annual is None:
        return rows
    series = delays_by_year(footprint, "acute")
    for before, after in zip(series.to_dict("records")[:-1], series.to_dict("records")[1:], strict=True):
        # changes are compared, so both years must be of one kind; a conversion that is constant in time cancels
        one, other = (Kind(str(row["basis"]), "", delay_clock(str(row["year"]))) for row in (before, after))
        if one != other:
            rows.append(Compared(f"data.delays_annual.{after['year']}", other, one))
    return rows


def check_bases(footprint: Footprint) -> None:
    """Refuse to compare figures of different bases, years or clocks without a declared conversion.

    Raises
    ------
    FaultsError
        With a fault for every pair, naming both.
    """
    faults = [fault for row in compared(footprint) for fault in _faults(row)]
    faults += _of_the_conversion(footprint)
    if faults:
        raise FaultsError(faults, "what the fit would compare")


def _of(figure: Figure, clock: str) -> Kind:
    return Kind(figure.basis, figure.year, clock)


def _conversion(footprint: Footprint, given: str, wanted: str) -> str:
    factor = footprint.delays.host_conversion
    return "delays.host_conversion" if factor is not None and factor.unit == f"{wanted} per {given}" else ""


def _faults(row: Compared) -> list[Fault]:
    given, wanted, found = row.observed, row.simulated, []
    if given.basis != wanted.basis and not row.conversion:
        rule = (
            f"this figure is on the basis '{given.basis}' and would be compared with figures on the basis "
            f"'{wanted.basis}'; declare a conversion with the unit '{wanted.basis} per {given.basis}'."
        )
        found.append(Fault(f"{row.key}.basis", given.basis, rule, example="delays.host_conversion"))
    if given.year != wanted.year:
        rule = f"this figure is of {given.year} and would be compared with figures of {wanted.year}."
        found.append(Fault(f"{row.key}.year", given.year, rule))
    if given.clock != wanted.clock:
        rule = (
            f"this figure goes by the clock '{given.clock}' and would be compared with figures by '{wanted.clock}'; "
            "no conversion is declared."
        )
        if given.clock == READY:
            rule += (
                " Where figures count everybody ready to leave, delays.reported_share is 1; or they are multiplied by "
                "it and marked delays.counted: true."
            )
        found.append(Fault(f"{row.key}.year", given.year or row.key.rpartition(".")[2], rule))
    return found


def _of_the_conversion(footprint: Footprint) -> list[Fault]:
    """A conversion may come from another year only if it says how far it may be off."""
    factor, year = footprint.delays.host_conversion, footprint.baseline_year
    if factor is None or factor.year in (year, "not applicable") or factor.range[0] < factor.range[1]:
        return []
    rule = f"this conversion is of {factor.year} and would be applied to figures of {year}; give it a range."
    return [Fault("delays.host_conversion.year", factor.year, rule)]

"""Gates: what must hold before beds close, and before closed beds are given up for good.

Two doors. Before beds are *mothballed* (closed, but able to reopen): one of `routes` must hold, and access, occupancy,
money and change capacity. Before they are *decommissioned* (staff and cost released, no way back): the mothball rule.
Sources: T1 and A10 (run both until the new is proven), and NHS England's test of March 2017, by which a closure needs
one of three: other provision in place with its staff, specific treatments that cut admissions, or a credible plan for
using beds better.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from models.figures.figures import Figure, Name, must, one_of, within
from models.plans.moves import GRADES, Months, Part, PlacesPerBed
from models.plans.plan import over

__all__ = ["Gates", "gates_with"]

AShare = Annotated[Figure, AfterValidator(must("share", most=1))]
RecentMonths = Annotated[Figure, AfterValidator(within("months", 1, 12))]
Grade = Annotated[str, BeforeValidator(one_of(GRADES), json_schema_input_type=Literal["A", "B", "C", "D"])]


class StaffGate(Part):
    """Staff in post in the service that replaces the beds; those freed by this very closure do not count."""

    enabled: bool
    share: AShare
    """Of the places that replace the beds, staffed (unit `share`)."""


class ProofGate(Part):
    """The places that replace the beds have been open for a while."""

    enabled: bool
    months: Months


class UseGate(Part):
    """The places that are open are in use."""

    enabled: bool
    share: AShare
    """Of the open places of the replacing service, over the months of the access gate (unit `share`)."""


class AccessGate(Part):
    """Access at the hospital has held."""

    enabled: bool
    months: RecentMonths
    """Months over which access, use and occupancy are judged (unit `months`)."""
    share: AShare
    """Of emergencies waiting over 4 h for a bed at most, or the site's own baseline if that is worse."""


class OccupancyGate(Part):
    """The beds that would be left would not have been too full."""

    enabled: bool
    share: AShare
    """At midnight, at most, or the site's own baseline if that is higher (unit `share`)."""


class CompensationGate(Part):
    """Other places have opened for the beds that close (A12)."""

    enabled: bool
    places_per_bed: PlacesPerBed
    """Places opened at the site by then, for each bed closed there (unit `places per bed`)."""


class EvidenceGate(Part):
    """Moves that cut admissions, or shorten stays, are in full effect and well evidenced."""

    enabled: bool
    grade: Grade
    """Weakest grade of evidence that counts."""
    months: Months
    """Months for which they have been in full effect (unit `months`)."""


class Switch(Part):
    """Money, or the number of programmes led at once: holds wherever the run models it."""

    enabled: bool


class MothballGate(Part):
    """Beds stand closed but able to reopen before they are given up for good."""

    enabled: bool
    months: Months
    whole_winter: bool
    """Whether these months must hold a whole winter, December to February."""
    occupancy: AShare
    """Of the beds left over these months, at most, or the site's own baseline if that is higher (unit `share`)."""


class Gates(Part):
    """A set of gates."""

    name: Name
    title: str
    question: str
    enabled: bool
    """False opens every gate at once."""
    routes: list[Literal["provision", "treatments", "efficiency"]] = Field(min_length=1)
    """One of these must hold: `provision` is staff, proof and use together."""
    staff: StaffGate
    proof: ProofGate
    use: UseGate
    treatments: EvidenceGate
    """Route `treatments`: moves of kind `avoid`."""
    efficiency: EvidenceGate
    """Route `efficiency`: moves of kind `shorten`."""
    access: AccessGate
    occupancy: OccupancyGate
    compensation: CompensationGate
    money: Switch
    change_capacity: Switch
    mothball: MothballGate


def gates_with(gates: Gates, changes: dict[str, Any]) -> Gates:
    """Return gates with what a move changes of them.

    Raises
    ------
    pydantic.ValidationError
        When the changes do not fit.
    """
    return Gates.model_validate(over(gates.model_dump(), changes)) if changes else gates

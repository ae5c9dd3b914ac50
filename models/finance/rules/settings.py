"""Constants of the money rules, each a figure with its source: what ``configs/finance/rules.yaml`` may hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from models import CONFIGS
from models.figures.figures import Figure, Profile, Shape, Shares, must
from models.figures.presets import read_section

__all__ = ["CONFIG", "Rules", "read_rules"]

CONFIG = CONFIGS / "finance" / "rules.yaml"

OneShare = Annotated[Figure, AfterValidator(must("share", most=1))]
AnyShare = Annotated[Figure, AfterValidator(must("share"))]
PerYear = Annotated[Figure, AfterValidator(must("per year", most=1))]
Months = Annotated[Figure, AfterValidator(must("months"))]
Days = Annotated[Figure, AfterValidator(must("days"))]
Pounds = Annotated[Figure, AfterValidator(must("GBP"))]
PoundsYear = Annotated[Figure, AfterValidator(must("GBP per year"))]
PerDay = Annotated[Figure, AfterValidator(must("GBP per bed-day"))]
Factor = Annotated[Figure, AfterValidator(must("factor"))]
Service = Annotated[Figure, AfterValidator(must("years"))]
Count = Annotated[Figure, AfterValidator(must("payments per year"))]


class Contracts(Shape):
    """Marginal rates, widths and times of contracts."""

    mret_2010: OneShare
    mret_2015_proposed: OneShare
    mret_2015: OneShare
    blended_variable: OneShare
    break_glass: OneShare
    collar: OneShare
    tolerance: OneShare
    tolerance_marginal: OneShare
    true_up: Months
    uplift_first_year: AnyShare
    uplift_second_year: AnyShare


class Spells(Shape):
    """Payment by spell."""

    short_stay_days: Days
    short_stay: OneShare
    market_forces: Factor
    readmission_window: Days
    readmissions_avoidable: OneShare


class Fund(Shape):
    """One year's terms of the sustainability fund."""

    size: Pounds
    quarters: Profile
    elements: Shares


class SustainabilityFund(Shape):
    """The fund by year, and what all years share."""

    by_year: Annotated[dict[str, Fund], Field(min_length=1)]
    access_standard: OneShare
    arrears: Months
    incentive: AnyShare
    system_share: OneShare
    transformation: OneShare
    diverted: OneShare


class Pooled(Shape):
    """Pooled budgets and the Better Care Fund."""

    bcf_target: OneShare
    bcf_size: Pounds
    bcf_from_nhs: Pounds
    bcf_performance: Pounds
    joint_decision: Months
    partner_ratifies: Months
    national_ratifies: Months
    nhs_cap: OneShare


class Loans(Shape):
    """Interim loans."""

    most_trusts: PerYear
    revolving: PerYear
    special_measures: PerYear
    relieved: PerYear
    relief_after: Months


class PublicDividend(Shape):
    """Dividend on public capital."""

    rate: PerYear
    payments: Count


class Capital(Shape):
    """Lives of assets, loans, and the envelope."""

    building_life: Months
    equipment_life: Months
    software_life: Months
    opening_life: Months
    replaced: OneShare
    ward_part: OneShare
    given_up: OneShare
    loan_rate: PerYear
    envelope: OneShare
    backlog: Pounds
    backlog_growth: PerYear


class StepCosts(Shape):
    """Cost of wards, in the small case worked by hand; a footprint gives its own."""

    ward: PoundsYear
    occupied_bed_day: PerDay
    ward_notice: Months
    site_notice: Months


class Efficiency(Shape):
    """What becomes of planned savings and costs."""

    realisation: OneShare
    recurrent: OneShare
    ramp: Months
    invest: Months
    up_front: AnyShare
    optimism_capital: AnyShare
    optimism_least: AnyShare
    optimism_running: AnyShare


class DoubleRunning(Shape):
    """Stages, and what England was thought to need."""

    build: Months
    ramp: Months
    proof: Months
    lag: Months
    england: PoundsYear


class Staffing(Shape):
    """Cost of staff beside their salary."""

    on_cost: AnyShare
    bank_premium: AnyShare
    agency_premium: AnyShare
    redundancy_a_year: Months
    redundancy_most: Months
    redundancy_salary: PoundsYear
    redundant: OneShare
    service: Service
    retraining: Months
    retraining_fee: Pounds


class Rules(Shape):
    """All constants of the rules of money."""

    contracts: Contracts
    spells: Spells
    sustainability_fund: SustainabilityFund
    pooled: Pooled
    loans: Loans
    public_dividend: PublicDividend
    capital: Capital
    step_costs: StepCosts
    efficiency: Efficiency
    double_running: DoubleRunning
    staffing: Staffing


def read_rules(source: Mapping[str, Any] | str | Path = CONFIG) -> Rules:
    """Read and check the constants; the defaults unless given.

    Raises
    ------
    FaultsError
        With every fault of shape, unit and range.
    """
    return read_section(Rules, source, "rules of money")

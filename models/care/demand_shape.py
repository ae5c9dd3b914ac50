"""How arrivals of one kind vary: over years, months, weekdays and hours, and from day to day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["DemandShape"]


@dataclass(frozen=True)
class DemandShape:
    """Pattern of a stream of arrivals around its mean rate.

    Parameters
    ----------
    hour : tuple of 24 floats
        Weights of the hours from midnight on.
    weekday : tuple of 7 floats
        Index of the weekdays from Monday on.
    month : tuple of 12 floats, optional
        Index of the months from January on.
    growth_per_year : float
        Exponential growth.
    noise : str, optional
        Name of the group of the autocorrelated day factor; none for what is booked.
    level : tuple of (date or duration, factor)
        Steps of a factor on the rate.
    """

    hour: tuple[float, ...]
    weekday: tuple[float, ...] = (1.0,) * 7
    month: tuple[float, ...] | None = None
    growth_per_year: float = 0.0
    noise: str | None = None
    level: tuple[tuple[Any, float], ...] = ()

    def source(
        self, cls: str, to: str, rate_per_day: float, attributes: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the source of a network file with this pattern."""
        out: dict[str, Any] = {"class": cls, "to": to, "rate_per_day": rate_per_day}
        out |= {"hour": list(self.hour), "weekday": list(self.weekday), "growth_per_year": self.growth_per_year}
        if self.month is not None:
            out["month"] = list(self.month)
        if self.noise is not None:
            out["noise"] = self.noise
        if self.level:
            out["level"] = [{"from": day, "value": value} for day, value in self.level]
        if attributes:
            out["attributes"] = attributes
        return out

"""Carebridge's models of health and care: demand, hospitals, community services, plans, the verdict and the report."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("carebridge")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0.0.0"

__all__ = ["__version__"]

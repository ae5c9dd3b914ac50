"""Settings shared by all tests.

Kernel cache. The engine keeps compiled kernels in a folder named after a hash of their sources, inside the user's
cache directory or, if it is set, inside ``CAREBRIDGE_CACHE``. Tests leave that as it is: the kernel is then compiled
once a machine and not once a run, and a changed source gets a folder of its own, so a stale kernel cannot be picked
up. A run that must not share (``NUMBA_BOUNDSCHECK=1`` compiles different code from the same source) sets
``CAREBRIDGE_CACHE`` to an empty folder before Python starts; ``.ci/run`` does that.
"""

import gc
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Charts are drawn to files; no test may need a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

# The first example of a property may have to compile the kernel: no deadline, and slow generation is no failure.
settings.register_profile(
    "quick", max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "nightly", max_examples=2_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
PROFILE = os.environ.get("CAREBRIDGE_PROFILE", "quick")
if PROFILE not in ("quick", "nightly"):
    raise pytest.UsageError(f"CAREBRIDGE_PROFILE={PROFILE!r} is not known; choose 'quick' or 'nightly'")
settings.load_profile(PROFILE)


def pytest_report_header() -> str:
    """Say under which settings the tests run."""
    cache = os.environ.get("CAREBRIDGE_CACHE") or "the user's cache directory"
    checks = "on" if os.environ.get("NUMBA_BOUNDSCHECK", "0") not in ("", "0") else "off"
    return f"carebridge: profile {PROFILE}, bounds checks {checks}, kernels cached in {cache}"


def pytest_collection_finish() -> None:
    """Leave what stays until the end, such as modules and thousands of tests, out of each look for garbage."""
    gc.collect()
    gc.freeze()


#: files of few tests that take as long as this many of the others: begun last, they would keep one worker idle
AS_LONG_AS = {"test_multirun": 110, "test_sweep_queries": 110, "test_tables": 110, "test_command": 110}
AS_LONG_AS |= {"test_sweep": 110, "test_report": 110, "test_mutations": 110, "test_calibration": 110, "test_driver": 100}
#: the first to need the kernel, begun before all others: they need none for a while, so that one worker compiles it
AS_LONG_AS |= {"test_exact": 1_000_000}


def pytest_configure(config: pytest.Config) -> None:
    """Files are begun in the order below, and not in xdist's own, which goes by the number of tests alone."""
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first."""
    tests: Counter[Path] = Counter(item.path for item in items)
    items.sort(key=lambda item: (-AS_LONG_AS.get(item.path.stem, tests[item.path]), item.path))

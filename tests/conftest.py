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


#: files that are begun first, in this order; the others follow, those of most tests first
BEGUN_FIRST = (
    "sim/test_exact.py",  # one worker compiles the kernel, which takes as long as a hundred tests,
    "sim/stocks/*.py",  # while the other is busy with what needs none
    "sim/test_service*.py",
    "models/run/test_command.py",  # few tests, but long ones: begun last, they would leave one worker idle
    "models/run/test_tables.py",
    "models/sweep/test_sweep*.py",
    "models/run/test_multirun.py",
    "models/report/test_report.py",
    "models/care/test_pressure.py",
    "models/areas/test_footprints_command.py",
    "models/hindcast/test_hindcast.py",
    "models/calibration/test_calibrate_whole.py",
    "sim/test_calibration.py",
    "sim/test_mutations.py",
    "sim/hybrid/test_driver.py",
    "sim/hybrid/test_leaks.py",
    "sim/sweep/test_sweep.py",
)


def pytest_configure(config: pytest.Config) -> None:
    """Let the order below hold, and not that of xdist, which goes by the number of tests in a file alone."""
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order of the files; inside a file nothing changes."""
    tests = Counter(item.path for item in items)

    def place(path: Path) -> tuple[int, int, Path]:
        first = (n for n, pattern in enumerate(BEGUN_FIRST) if path.match(pattern))
        return next(first, len(BEGUN_FIRST)), -tests[path], path

    items.sort(key=lambda item: place(item.path))

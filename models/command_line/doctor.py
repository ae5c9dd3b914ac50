"""What the machine has: versions, compile cache, cores, memory and disk."""

from __future__ import annotations

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from models import __version__
from sim.errors import CarebridgeError

__all__ = ["HELP", "compiled", "doctor", "doctor_command", "machine", "peak_memory_mb", "versions"]

HELP = """carebridge doctor

  Versions, processor cores, memory, disk, and whether the engine is compiled; ends with 1 where something is amiss.
"""

LIBRARIES = ("numpy", "numba", "scipy", "pandas", "pyarrow", "pydantic", "hydra-core", "simpy", "matplotlib")
LEAST_DISK_GB, LEAST_MEMORY_GB = 1.0, 2.0


def versions() -> dict[str, str]:
    """Versions of Carebridge, Python and the libraries that results depend on."""
    found = {"carebridge": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def memory_gb() -> float | None:
    """Memory of the machine in GB, where the system says."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return None


def peak_memory_mb() -> float | None:
    """Largest memory this process has used, in MB, where the system says."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(used / (1e6 if platform.system() == "Darwin" else 1e3), 1)


def compiled() -> bool:
    """Whether the engine was compiled on this machine before."""
    from sim.kernel.jit import cache_folder

    return any(cache_folder().glob("**/*.nbi"))


def machine() -> dict[str, object]:
    """Describe the machine, for the manifest."""
    return {"system": platform.platform(terse=True), "processor": platform.machine(), "cores": os.cpu_count()}


def doctor_command(words: list[str]) -> int:
    """Print the state of the installation; returns the exit code."""
    if words:
        raise CarebridgeError(f"doctor takes no words, got '{words[0]}'.")
    return doctor()


def doctor() -> int:
    """Print the state of the installation; returns 1 when something will not work."""
    from sim.kernel.jit import cache_folder

    faults = []
    for name, number in versions().items():
        print(f"  {name:12} {number}")
        if number == "missing":
            faults.append(f"{name} is not installed; run the README's install command again")
    folder = cache_folder()
    state = "compiled" if compiled() else "not compiled yet (a minute or two at the first run)"
    print(f"  kernels      {state}: {folder}")
    if not os.access(folder, os.W_OK):
        faults.append(f"the compile cache {folder} cannot be written; set CAREBRIDGE_CACHE to another folder")
    print(f"  cores        {os.cpu_count()}")
    memory = memory_gb()
    if memory is not None:
        print(f"  memory       {memory:.1f} GB")
        if memory < LEAST_MEMORY_GB:
            faults.append(f"less than {LEAST_MEMORY_GB:g} GB of memory; use fewer replications")
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    print(f"  disk free    {free:.1f} GB here")
    if free < LEAST_DISK_GB:
        faults.append(f"less than {LEAST_DISK_GB:g} GB free here; choose another out=")
    for fault in faults:
        print(f"  FAULT        {fault}")
    print("all well" if not faults else f"{len(faults)} fault(s)")
    return 1 if faults else 0

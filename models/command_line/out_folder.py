"""Whether a folder may be written: it is new, empty, or holds nothing but what an earlier command has written there."""

from __future__ import annotations

import json
from pathlib import Path

from sim.errors import Fault

__all__ = ["folder_faults"]


def folder_faults(out: Path) -> list[Fault]:
    """Why results may not go to a folder: what stands there would be replaced as a whole."""
    if out.exists() and not out.is_dir():
        return [Fault("out", str(out), "this is a file; a folder is needed.", "command line")]
    if out.is_dir() and Path.cwd().is_relative_to(out.resolve()):
        return [Fault("out", str(out), "you are in this folder; give the name of another.", "command line")]
    others = _others(out) if out.is_dir() else []
    if others:
        rule = f"this folder holds other things ({others[0]}); give an empty or a new one."
        return [Fault("out", str(out), rule, "command line")]
    above = next((p for p in out.absolute().parents if p.exists()), None)
    if above is not None and not above.is_dir():
        return [Fault("out", str(out), f"{above} is a file, not a folder.", "command line")]
    return []


def _others(folder: Path) -> list[str]:
    """Names in a folder that no earlier run has written; nothing of a user's may be deleted."""
    ours = {".DS_Store", "Thumbs.db", "desktop.ini"}
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if "scenario_hash" in manifest:
            ours |= {"manifest.json", "verdict.json", "report.html", *manifest["tables"], *manifest["charts"]}
            ours |= set(manifest.get("files", ()))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    folders = {str(above) for name in ours for above in Path(name).parents}
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return sorted(name for name in found if name not in ours | folders)

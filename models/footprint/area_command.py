"""``carebridge area``: the beginning of a footprint of one's own, with the hospital trusts of a plan area filled in."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from models import CONFIGS
from models.command_line.words import own_words, path
from models.footprint.short import FIRST, defaults, years
from models.footprint.tables import quarters_held, shared_names
from models.history import trusts_stp
from models.settings.files import of_year
from sim.errors import CarebridgeError, Fault, FaultsError, nearest
from sim.files import replace_text
from sim.reading.yaml_file import read_yaml

__all__ = ["HELP", "main", "starter"]

HELP = """carebridge area [NAME] [year=2023/24] [out=FILE.yaml]

  The plan areas (STPs) of England of 2017/18 with their hospital trusts; with the name of one, or a part of it, the
  beginning of a footprint's file, to be completed: its local authorities and its people.

  year=2023/24          of which year the hospitals' figures are; 2018/19 unless given
  out=FILE.yaml         where it goes, for example out=configs/footprint/my_area.yaml; else it is printed

Completed, and in configs/footprint, it is fitted by `carebridge calibrate footprint=my_area` and run like any other.
"""
FOOTPRINTS = CONFIGS / "footprint"
QUARTERS = 7  #: of the tables, 2018/19 Q1 to 2019/20 Q3
#: code of the trust into which one merged in these years
MERGED = {"RE9": "R0B", "RJF": "RTG", "RGQ": "RDE", "RLN": "R0B", "RNL": "RNN", "RQ6": "REM", "RR1": "RRK"}
#: the same since, until March 2025 (from general knowledge; Pennine's hospitals went to two trusts, the other is RM3)
MERGED_SINCE = {"RC1": "RC9", "RAP": "RAL", "RD3": "R0D", "RDZ": "R0D", "RA3": "RA7", "RBA": "RH5", "RA4": "RH5"}
MERGED_SINCE |= {"RBZ": "RH8", "RXH": "RYR", "RDD": "RAJ", "RQ8": "RAJ", "RVY": "RBN", "RW6": "R0A"}
_COMMON = "and care foundation general health healthcare hospital hospitals in london nhs of on teaching the trust"
_COMMON += " university"


def main(words: list[str]) -> int:
    """Run the command; returns the exit code."""
    asked, rest, faults = own_words(words, {"out": path, "year": _text})
    settings = ["out=", "year="]
    faults += [Fault(w, None, "no such setting.", "command line", nearest(w, settings)) for w in rest if "=" in w]
    year = str(asked["year"] or FIRST)
    if year not in years():
        rule = f"there are no figures of this year; there are those of {', '.join(years())}."
        faults.append(Fault("year", year, rule, "command line", nearest(year, years())))
    out: Path | None = asked["out"]
    faults += _out_faults(out)
    name = " ".join(rest)
    if out is not None and not name:
        faults.append(
            Fault("area", None, "name the area that goes there; `carebridge area` lists them.", "command line")
        )
    if faults:
        raise FaultsError(faults, "command line")
    if not name:
        print("\n".join(_listed()))
        return 0
    text = starter(_area(name), year)
    if out is None:
        print(text, end="")
        return 0
    if out.exists():
        raise CarebridgeError(f"{out} is there already and is left as it is; name another file.")
    if not out.parent.is_dir():
        raise CarebridgeError(f"{out}: there is no folder {out.parent}.")
    replace_text(out, text.replace("\nname: my_area\n", f"\nname: {out.stem}\n"))
    there = out.resolve().parent == FOOTPRINTS.resolve()
    place = "" if there else f"put it into {FOOTPRINTS}, where footprints are looked for, "
    print(f"{out}: complete what is marked FILL IN, then {place}run", end=" ")
    print(f"`carebridge calibrate footprint={out.stem} quick=true`.")
    return 0


def _out_faults(out: Path | None) -> list[Fault]:
    """Whether `footprint=` would find a file of this name."""
    if out is None or (out.suffix == ".yaml" and re.fullmatch(r"\w+", out.stem)):
        return []
    stem = re.sub(r"\W+", "_", out.name.removesuffix(out.suffix)).strip("_").lower() or "my_area"
    rule = "a footprint is found by the name of its file: letters, digits and '_', and .yaml at the end."
    return [Fault("out", str(out), rule, "command line", str(out.with_name(f"{stem}.yaml")))]


def _listed() -> list[str]:
    ready = _ready_made()
    out = ["plan areas of England, 2017/18, and their hospital trusts (carebridge area NAME)"]
    later = [year for year in years() if year != FIRST]
    out += [f"  of {year}: carebridge area NAME year={year}; ready-made ones end in _{_ending(year)}" for year in later]
    for area, rows in trusts_stp().groupby("stp", sort=True):
        codes = [str(code) for code in rows["org_code"]]
        made = sorted({ready[code] for code in codes if code in ready})
        here = f"; some or all of it is in: {', '.join(made)}" if made else ""
        out.append(f"  {str(area).strip()}: {', '.join(codes)}{here}")
    return out


def _ending(year: str) -> str:
    return year.replace("/", "_")


def _ready_made() -> dict[str, str]:
    """Name of the shipped footprint by code of its trusts."""
    out = {}
    for name in of_year():
        data: Any = read_yaml(FOOTPRINTS / f"{name}.yaml")[0]
        sites = (data.get("trusts") or data.get("sites") or {}).values()
        out |= {code: name for site in sites for code in site.get("codes", [site.get("code")])}
    return out


def _area(name: str) -> str:
    """The one plan area of that name, or with these words in its name."""
    areas = sorted({str(area) for area in trusts_stp()["stp"]})
    found = [a for a in areas if a.lower() == name.lower()] or [a for a in areas if name.lower() in a.lower()]
    if len(found) == 1:
        return found[0]
    rule, close = f"more than one has it in its name: {'; '.join(found)}.", ""
    if not found:
        rule = "no plan area is called that; `carebridge area` lists them."
        close = nearest(name, areas)
    raise FaultsError([Fault("area", name, rule, nearest=close)], "command line")


def starter(area: str, year: str = FIRST) -> str:
    """File of a short footprint of a plan area, with its trusts and places to fill in.

    Parameters
    ----------
    area : str
        Name of an STP as in :func:`models.history.trusts_stp`.
    year : str
        Baseline year of the footprint.
    """
    rows = trusts_stp()
    rows = rows[rows["stp"] == area]
    held, sites = quarters_held(defaults(year).data.beds_quarterly), dict[str, str]()
    merged = MERGED if year == FIRST else MERGED | MERGED_SINCE
    whole = QUARTERS if year == FIRST else max(held.values())
    for code, full in zip(rows["org_code"], rows["org_name"], strict=True):
        sites[_key(str(full), sites)] = _site(str(code), str(full), held.get(str(code), 0), whole, merged)
    listed = "".join(f"  {key}:\n{text}" for key, text in sites.items())
    told, own = _how_delays(year)
    names = textwrap.wrap("; ".join(sorted(shared_names()[1])), 110, break_on_hyphens=False)
    councils = "\n".join(f"#   {line}" for line in names)
    area = area.strip()
    question = f"What would fewer hospital beds mean for the hospitals of {area}?"
    return f"""# {question}
#
# FILL IN what is marked so. Hospital figures follow from the codes of the trusts ({year}), {told}
# A site is what is planned for apart; trusts that merged share codes: [A, B].

form: short
name: my_area
title: "{area}"
question: "{question}"
baseline_year: {year}

trusts:
{listed}
# Local authorities whose residents these hospitals mainly serve; where only a part of one lies in the area, how much:
#   - name: Suffolk
#     part: {{value: 0.16, low: 0.14, high: 0.18, unit: share, year: 2018, basis: resident, status: assumed}}
# FILL IN names as the table of delays has them (below).
local_authorities:
  - name: FILL IN

population:
  residents:
    value: FILL IN   # who live in the area
    unit: people
    year: 2018
    basis: resident
    status: assumed   # `read` or `derived` with a source: line, once it is known
{own}
# Local authorities in the table of delays:
{councils}
"""


def _how_delays(year: str) -> tuple[str, str]:
    """What tells the delays of a year, in words, and what the file has to say of them."""
    england = defaults(year).england.delayed_share
    if england is None:
        return "delayed transfers from the\n# local authorities.", ""
    own = f"""
# People ready to leave, of all in the hospitals' beds: published by NHS England every month by trust, by discharge
# ready date. In England it was {england.value:.2%} in {england.year}. Known within a fifth, there is a baseline.
delayed_share:
  value: FILL IN
  low: FILL IN
  high: FILL IN
  unit: share
  year: {year}
  basis: host trust
  status: read
  source: FILL IN
"""
    return "delays from a share that\n# the trusts publish.", own


def _text(_key: str, value: str) -> str:
    return value


def _site(code: str, full: str, quarters: int, whole: int, merged: Mapping[str, str]) -> str:
    short = re.sub(r"\s*,?\s*(NHS )?(Foundation )?(NHS )?Trust$", "", full)
    note = ""
    if quarters < whole:
        new = (
            f"it became part of {merged[code]}: one site with both codes"
            if code in merged
            else "it has gone, or changed"
        )
        note = f"    # beds in {quarters} of {whole} quarters: {new}, and those of all who merged with it\n"
    return f'{note}    codes: [{code}]\n    name: "{short}"\n    trust: "{full}"\n'


def _key(full: str, taken: Iterable[str]) -> str:
    """A short key of a trust's name: what sets it apart from others."""
    words = [w for w in re.findall(r"[a-z]+", full.lower().replace("'", "")) if w not in _COMMON.split()]
    key = "_".join(words[:3]) or "trust"
    return key if key not in taken else f"{key}_{len(list(taken)) + 1}"

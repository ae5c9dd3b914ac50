"""The beginning of a footprint of one's own: every plan area of England, and one of them to its end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from models import CONFIGS
from models.cli import main
from models.footprint.area_command import MERGED, QUARTERS, starter
from models.footprint.basis import reasons
from models.footprint.footprint import load_footprint
from models.footprint.short import expand, read_short
from models.footprint.tables import quarters_held, shared_names
from models.history import trusts_stp
from models.plans.check import load_plan
from sim.errors import FaultsError

DOCS = Path(__file__).resolve().parents[3] / "docs" / "own_area.md"
AREAS = sorted({str(area) for area in trusts_stp()["stp"]})


def documented(first_line: str) -> str:
    """The block of the page that begins like this."""
    blocks = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return next(block for block in blocks if block.startswith(first_line))


def norfolk() -> dict[str, Any]:
    return yaml.safe_load(documented("form: short"))


def test_every_area_begins_with_its_trusts_and_says_what_is_missing(tmp_path: Path) -> None:
    codes = set(trusts_stp()["org_code"])
    begun = set()
    for area in AREAS:
        data = yaml.safe_load(starter(area))
        begun |= {code for site in data["trusts"].values() for code in site["codes"]}
        with pytest.raises(FaultsError, match=r"residents.value = 'FILL IN'"):
            read_short(data)
        data["population"]["residents"]["value"] = 1e6
        with pytest.raises(FaultsError, match=r"local_authorities = 'FILL IN'.*carebridge area"):
            read_short(data)
        data["local_authorities"] = [{"name": "Norfolk"}]
        assert data["title"] == " ".join(area.split())  # none of the odd blanks of the table
        assert set(read_short(data).trusts) == set(data["trusts"])
    assert len(AREAS) == 44 and begun == codes


def test_a_trust_that_merged_names_the_code_it_goes_on_under() -> None:
    held = quarters_held()
    short = {code for code in trusts_stp()["org_code"] if held.get(code, 0) < QUARTERS}
    assert short == set(MERGED) and all(held[code] for code in MERGED.values())
    data = yaml.safe_load(starter("Northumberland, Tyne and Wear and North Durham"))
    sunderland = data["trusts"].pop("city_sunderland")["codes"] + data["trusts"].pop("south_tyneside")["codes"]
    assert {MERGED[code] for code in sunderland} == {"R0B"}
    data["trusts"]["sunderland"] = {"codes": [*sunderland, "R0B"], "name": "Sunderland", "trust": "The two together"}
    data["local_authorities"] = [
        {"name": name} for name in ("Northumberland", "Gateshead", "Sunderland", "Newcastle Upon Tyne")
    ]
    data["population"]["residents"]["value"] = 1.4e6
    assert not any(
        "beds for" in str(why) or "A&E" in str(why) for why in reasons(read_short(data))
    )  # no quarter is missing


def test_tables_hold_every_acute_trust_and_council() -> None:
    codes, councils = shared_names()
    assert set(trusts_stp()["org_code"]) <= codes
    assert (
        len(councils) == 152
    )  # of England, the City of London left out, with the old and new names where councils merged
    assert {"Dorset", "Dorset UA", "Norfolk"} <= councils
    assert not {"England", "Resident In Wales"} & councils
    assert sum(count == 7 for count in quarters_held().values()) > 150


def test_the_area_of_the_page_is_a_footprint_with_a_baseline() -> None:
    """KH03 of 2018/19: the three trusts had 1,762 general and acute beds open, 1,579 of them in use."""
    found = load_footprint(expand(norfolk()))
    assert list(found.sites) == ["norwich", "great_yarmouth", "kings_lynn"]
    sites = found.sites.values()
    open_, used = (sum(getattr(site, name).value for site in sites) for name in ("beds_available", "beds_occupied"))
    assert (round(open_), round(used)) == (1762, 1579)
    assert not found.no_baseline


def test_the_plan_of_the_page_goes_with_it() -> None:
    data = yaml.safe_load(documented("# Can Norfolk"))
    plan = load_plan(data)
    assert plan.footprint == norfolk()["name"]
    assert set(data["moves"]["wards"]["sites"]) == set(norfolk()["trusts"])


def test_the_command_writes_once_and_never_over_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "norfolk.yaml"
    assert main(["area", "norfolk", f"out={out}"]) == 0
    text = out.read_text(encoding="utf-8")
    assert "\nname: norfolk\n" in text and "codes: [RM1]" in text
    assert main(["area", "dorset", f"out={out}"]) != 0
    assert out.read_text(encoding="utf-8") == text
    said = capsys.readouterr()
    assert "is there already" in said.err
    assert "put it into" in said.out and str(CONFIGS / "footprint") in said.out  # nobody would look for it there


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["narfolk"], "Did you mean 'Norfolk and Waveney"),
        (["herford"], "Did you mean 'Herefordshire and Worcestershire'?"),
        (["london"], "North West London"),
        (["norfolk", "ot=x"], "Did you mean 'out='?"),
        (["norfolk", "out=/no/such/folder/x.yaml"], "no folder"),
        (["norfolk", "out=here"], "Did you mean 'here.yaml'?"),
        (["norfolk", "out=here/My Area.yml"], "Did you mean 'here/my_area.yaml'?"),
        (["out=here.yaml"], "name the area"),
    ],
)
def test_what_cannot_be_is_said(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["area", *words]) != 0
    assert said in capsys.readouterr().err


def test_the_list_names_what_is_ready_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["area"]) == 0
    said = capsys.readouterr().out
    assert "Devon: RBZ, RK9, RH8, RA9; some or all of it is in: devon" in said
    assert "Lincolnshire: RWD\n" in said

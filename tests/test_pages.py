"""Pages of the documentation: files of this project that they name are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMED = re.compile(r"`((?:models|sim|configs|scenarios|docs|tests)/[\w./-]*[\w/])`")
PAGES = sorted(page for page in (ROOT / "docs").glob("*.md") if page.name != "own_area.md")  # whose reader makes files


def missing(text: str) -> list[str]:
    """Files and folders named in a text that are not there."""
    return [path for path in NAMED.findall(text) if "NAME" not in path and not (ROOT / path).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    assert missing(page.read_text(encoding="utf-8")) == []


def test_a_file_that_is_not_there_is_seen() -> None:
    assert missing("`models/verdict/verdict.py`, `models/no_such.py` and `configs/winter/`") == ["models/no_such.py"]

"""The page on money: its example runs, and its list of invariants is the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.finance.breaches import TITLES
from models.finance.ledger import Book
from models.finance.tables import FILES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "money.md").read_text("utf-8")


def test_the_example_for_rules_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    example = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[1].replace("months=180", "months=14")
    exec(compile(example, "money.md", "exec"), {})
    text = capsys.readouterr().out
    assert text.startswith("royal_devon_exeter: income and expenditure, £ thousand")
    assert re.search(r"Income: patient_care +300,000 +50,000", text)


def test_the_page_tells_of_every_invariant_file_and_way_to_post() -> None:
    assert [int(n) for n in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)] == list(TITLES)
    assert set(re.findall(r"^\| `(\w+)\.arrow`", PAGE, re.MULTILINE)) == set(FILES)
    public = {name for name, value in vars(Book).items() if callable(value) and not name.startswith("_")}
    assert {name for name in public - {"close"} if f"`{name}`" not in PAGE} == set()

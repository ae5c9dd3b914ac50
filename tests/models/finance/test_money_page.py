"""The page on money: its example runs, and its list of invariants is the code's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from models.finance.breaches import TITLES
from models.finance.ledger import Book
from models.finance.simulated.change_table import FILE as CHANGE
from models.finance.simulated.control_table import FILE as CONTROL
from models.finance.tables import FILES, write_money
from sim.files import run_folder

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "money.md").read_text("utf-8")


def test_the_examples_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    reading, posting = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(posting.replace("months=180", "months=14"), "money.md", "exec"), names)
    text = capsys.readouterr().out
    assert text.startswith("royal_devon_exeter: income and expenditure, £ thousand")
    assert re.search(r"Income: patient_care +300,000 +50,000", text)
    monkeypatch.chdir(tmp_path)
    with run_folder(Path("runs/mine/money/5y")) as folder:
        write_money(folder, [names["books"]], "hash")
    exec(compile(reading, "money.md", "exec"), {})
    assert re.search(r"2018 +300000000\.0\n2019 +50000000\.0", capsys.readouterr().out)


def test_the_page_tells_of_every_invariant_file_and_way_to_post() -> None:
    assert [int(n) for n in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)] == list(TITLES)
    assert set(re.findall(r"^\| `(\w+)\.arrow`", PAGE, re.MULTILINE)) == {
        *FILES,
        *(Path(file).stem for file in (CHANGE, CONTROL)),
    }
    public = {name for name, value in vars(Book).items() if callable(value) and not name.startswith("_")}
    assert {name for name in public - {"close"} if f"`{name}`" not in PAGE} == set()

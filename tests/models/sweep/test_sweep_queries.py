"""The page on sweeps: its questions to the tables are asked in every language, and its files are read."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from models import CONFIGS
from models.cli import main
from models.sweep.request import SweepFile, parse, sweep_of
from tests.models.conftest import SHORT

PAGE = (Path(__file__).parents[3] / "docs" / "sweeps.md").read_text("utf-8")
EFFECTS = (-0.076, 0.0)


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sweep of the care model, collected."""
    folder = tmp_path_factory.mktemp("queries") / "s"
    effects = ",".join(map(str, EFFECTS))
    words = [
        f"future.admissions_effect.value={effects}",
        "timeline=3y,5y",
        "replications=1",
        "around=none",
        "feedback=none",
        *SHORT,
    ]
    assert main(["sweep", *words, f"out={folder}", "workers=1"]) == 0
    assert main(["collect", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def expected(swept: Path) -> dict[tuple[str, float], float]:
    table = pd.read_parquet(swept / "tables" / "verdict.parquet")
    columns = ("timeline", "future.admissions_effect.value", "probability")
    found = {(t, e): p for t, e, p in zip(*(table[c] for c in columns), strict=True)}
    assert set(found) == {(t, e) for t in ("3y", "5y") for e in EFFECTS}
    return found


def asked(snippet: str, swept: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(swept)
    names: dict[str, Any] = {}
    exec(snippet, names)
    return names["answer"]


def test_pandas(swept: Path, expected: dict[tuple[str, float], float], monkeypatch: pytest.MonkeyPatch) -> None:
    answer = asked(next(s for s in snippets("python") if "pandas" in s), swept, monkeypatch)
    assert {(t, e): answer.loc[e, t] for t in answer.columns for e in answer.index} == expected


def test_polars(swept: Path, expected: dict[tuple[str, float], float], monkeypatch: pytest.MonkeyPatch) -> None:
    answer = asked(next(s for s in snippets("python") if "polars" in s), swept, monkeypatch)
    assert {(t, e): p for t, e, p in answer.iter_rows()} == expected


def test_duckdb(swept: Path, expected: dict[tuple[str, float], float], monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    monkeypatch.chdir(swept)
    rows = duckdb.sql(snippets("sql")[0]).fetchall()
    assert {(t, e): p for t, e, p in rows} == expected


def test_r(swept: Path, expected: dict[tuple[str, float], float]) -> None:
    ready = ["Rscript", "-e", "library(arrow); library(dplyr)"]
    if shutil.which("Rscript") is None or subprocess.run(ready, capture_output=True, check=False).returncode:
        pytest.skip("R with arrow and dplyr is not installed here")
    code = snippets("r")[0] + '\nwrite.csv(answer, "r.csv", row.names = FALSE)\n'
    subprocess.run(["Rscript", "-e", code], cwd=swept, check=True, capture_output=True)
    answer = pd.read_csv(swept / "r.csv")
    assert {(t, e): p for t, e, p in answer.itertuples(index=False)} == expected


def test_files_of_sweeps_are_read() -> None:
    for text in snippets("yaml"):
        found = SweepFile.model_validate(yaml.safe_load(text))
        assert found.design
    names = sorted(p.stem for p in (CONFIGS / "sweep").glob("*.yaml"))
    assert "devon_futures" in names
    for name in names:
        request = parse([name, "out=nowhere"])
        sweep = sweep_of(request)
        assert not sweep.study.check(sweep.points.distinct())

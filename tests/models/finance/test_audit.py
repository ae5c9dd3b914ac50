"""Files of the money and ``carebridge audit``: everything is found again from the files alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather

from models.cli import main
from models.finance.accounts import ACCOUNTS
from models.finance.audit import audit
from models.finance.breaches import Breach
from models.finance.ledger import Book
from models.finance.reading import read_books
from models.finance.statements import balance_sheet
from models.finance.tables import FILES, MONEY_VERSION, write_money
from sim.errors import CarebridgeError
from tests.models.finance.random_system import random_book, system

CCG, TRUST = "org_0", "org_1"


def agreed_book(replications: int = 3, first: int = 0) -> Book:
    """A year and a bit with a block, a contract by activity, savings, assets, loans and a fund."""
    book = Book(system(3), months=14, replications=replications, first_replication=first)
    numbers = np.array(book.numbers)
    book.pay(slice(None), "nhs_england", CCG, "allocation", 9_000_00, "allocation")
    book.pay(slice(None), CCG, TRUST, "block", 1_000_00, "patient_care", settle_months=1)
    activity = (100_00 + numbers)[:, None] + np.arange(14)
    book.pay(slice(None), CCG, TRUST, "pbr", activity, "patient_care", settle_months=2)
    book.pay(slice(None), TRUST, "staff", "pay", 1_005_00, "staff")
    book.depreciate(slice(None), TRUST, "wear", 25_00)
    book.pay(0, "nhs_england", "psf", "psf_fund", 10_00, "allocation")
    book.pay(3, "psf", CCG, "psf", np.where(numbers == 1, 4_00, 0), "psf")
    book.agreed.contract("2018/19", "block", CCG, TRUST, "block", 12_000_00, 9_999_00)
    done = activity[:, :12].sum(axis=1)
    book.agreed.contract("2018/19", "pbr", CCG, TRUST, "payment by results", 1_200_00, done)
    book.agreed.saving(4, "ward_4", TRUST, 3_00)
    return book


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    write_money(folder, [agreed_book().close()], "hash", named=(0, 2))
    return folder


@pytest.fixture
def run(kept: Path, tmp_path: Path) -> Path:
    """A copy of a run's files, to be spoilt."""
    return Path(shutil.copytree(kept, tmp_path / "run"))


def spoil(run: Path, table: str, change: Callable[[dict[str, list]], None]) -> None:
    """Change rows of a file and write it back, piece by piece as it was."""
    path = run / f"{table}.arrow"
    with pa.ipc.open_file(path) as reader:
        schema, pieces = reader.schema, [reader.get_batch(n) for n in range(reader.num_record_batches)]
    columns = pa.Table.from_batches(pieces).to_pydict()
    change(columns)
    whole, at = pa.table(columns).cast(schema), 0
    with pa.ipc.new_file(path, schema) as writer:
        for piece in pieces:
            writer.write_table(whole.slice(at, piece.num_rows).combine_chunks())
            at += piece.num_rows


def row(columns: dict[str, list], **wanted: object) -> int:
    """Place of the first row with the given values; months as text."""
    count = len(next(iter(columns.values())))
    return next(n for n in range(count) if all(str(columns[k][n]) == str(v) for k, v in wanted.items()))


def one(breaches: list[Breach], number: int) -> Breach:
    return next(b for b in breaches if b.invariant == number)


def test_a_sound_run_is_found_sound(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = audit(kept)
    assert (found.breaches, found.replications, found.journals, found.months) == ([], 3, 2, 14)
    assert main(["audit", str(kept)]) == 0
    text = capsys.readouterr().out
    assert text.count("holds ") == 12
    assert "3 replications, 14 months" in text
    assert "opening balance sheets of all 3 organisations are made up" in text and "K7 is not assessed" in text
    assert text.endswith("The books hold.\n")


def test_made_up_opening_balances_are_named_where_some_are_read(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(columns: dict[str, list]) -> None:
        for n, opening in enumerate(columns["opening"]):
            if opening == "synthetic" and columns["entity"][n] != TRUST:
                columns["opening"][n] = "accounts"

    spoil(run, "entities", change)
    assert main(["audit", str(run)]) == 0
    assert "opening balance sheets of org_1 (1 of 3) are made up" in capsys.readouterr().out


def test_files_give_the_same_books_as_the_run(kept: Path) -> None:
    books = agreed_book().close()
    for place, read in enumerate(read_books(kept)):
        assert read.keys.listed == books.keys.listed
        for field in ("movement", "transfer", "closing"):
            assert (getattr(read, field)[:, 0] == getattr(books, field)[:, place]).all()
        assert (read.opening == books.opening).all()
        assert read.entities == books.entities
        assert balance_sheet(read, TRUST).table.equals(balance_sheet(books, TRUST, place=place).table)
        lines, kept_lines = books.lines_of(place), read.lines_of(0)
        assert lines is not None
        assert (kept_lines is None) == (place == 1)
        if kept_lines is not None:
            assert all((getattr(lines, f) == getattr(kept_lines, f)).all() for f in ("txn", "month", "key", "pence"))


def test_tables_say_units_version_and_what_they_hold(kept: Path) -> None:
    assert sorted(path.stem for path in kept.iterdir()) == sorted(FILES)
    for name, words in FILES.items():
        schema = feather.read_table(kept / f"{name}.arrow").schema
        meta = schema.metadata or {}
        assert (meta[b"schema_version"].decode(), meta[b"description"].decode()) == (MONEY_VERSION, words)
        assert meta[b"scenario_hash"] == b"hash"
        for field in schema:
            assert (field.metadata[b"unit"] == b"pence") == field.name.endswith("_pence")
            if field.name.endswith("_pence"):
                assert field.type == pa.int64()
    columns = feather.read_table(kept / "ledger.arrow").column_names
    wanted = {"replication", "month", "entity", "counterparty", "account", "debit_pence", "credit_pence", "txn", "rule"}
    assert wanted <= set(columns)


def test_files_do_not_depend_on_how_replications_were_cut_into_blocks(kept: Path, tmp_path: Path) -> None:
    """PSF is paid in replication 1 only, so that blocks do not even have the same accounts."""
    blocks = [agreed_book(1, 0).close(), agreed_book(2, 1).close()]
    assert len({len(b.keys) for b in blocks}) == 2
    write_money(tmp_path, blocks, "hash", named=(0, 2))
    for path in kept.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_blocks_of_different_systems_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CarebridgeError, match="different systems"):
        write_money(tmp_path, [random_book(1, 2).close(), random_book(1, 3).close()], "hash")


def test_a_penny_in_the_journal_is_named_with_its_rule(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(columns: dict[str, list]) -> None:
        at = row(columns, rule="pbr", entity=TRUST, account="income", month="2018-09-01", replication=2)
        columns["credit_pence"][at] += 1

    spoil(run, "ledger", change)
    breach = one(audit(run).breaches, 1)
    assert (breach.entity, breach.when, breach.rule, breach.pence, breach.replication) == (
        TRUST,
        "2018-09",
        "pbr",
        -1,
        2,
    )
    assert main(["audit", str(run)]) == 1
    text = capsys.readouterr().out
    assert "1  BROKEN" in text
    assert "The books do not hold." in text
    assert "org_1" in text


def test_a_penny_in_the_trial_balance_is_named(run: Path) -> None:
    def change(columns: dict[str, list]) -> None:
        at = row(columns, entity=TRUST, account="cash", month="2018-09-01", replication=1)
        columns["movement_pence"][at] += 1

    spoil(run, "trial_balance", change)
    breaches = audit(run).breaches
    assert {b.invariant for b in breaches} == {1, 2, 4}
    assert {(b.when, b.pence if b.invariant < 4 else -b.pence) for b in breaches} == {("2018-09", 1)}
    assert one(breaches, 4).entity == TRUST
    assert one(breaches, 4).account == "cash"
    assert one(breaches, 1).rule == "no journal kept"


COLUMNS = [
    *(("trial_balance", f"{name}_pence") for name in ("movement", "transfer", "closing")),
    *(("ledger", f"{side}_pence") for side in ("debit", "credit")),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    write_money(folder, [random_book(7, 3).close()], "hash", named=(0, 1))
    return folder


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_penny_in_any_account_of_a_file_is_caught_and_named(
    whole: Path, tmp_path: Path, table: str, column: str
) -> None:
    """One row of every account, and for balances one before the books open, when nothing moves."""
    rows = feather.read_table(whole / f"{table}.arrow").to_pandas()
    opening = rows["month"].astype(str) == "2018-03-01"
    draw, chosen = np.random.default_rng(1), list[int]()
    for account in rows["account"].unique():
        for part in (~opening, opening):
            found = np.flatnonzero((rows["account"] == account) & part)
            chosen += [int(draw.choice(found))] if len(found) else []
    assert set(rows.loc[chosen, "account"]) >= set(ACCOUNTS) - {"ie_reserve"}
    for n in chosen:
        run = Path(shutil.copytree(whole, tmp_path / str(n)))
        spoil(run, table, lambda columns, n=n: columns[column].__setitem__(n, columns[column][n] + 1))
        entity, account = str(rows["entity"][n]), str(rows["account"][n])
        try:
            wrong = audit(run).breaches
        except CarebridgeError as error:
            assert f"{entity}, {account}" in str(error)
            assert "moves before the books open" in str(error)
            assert opening[n]
            continue
        assert entity in {b.entity for b in wrong if b.account.startswith((account, "all accounts", "opening"))}
        assert {abs(b.pence) for b in wrong} == {1}


def test_a_penny_in_the_register_is_caught_without_a_journal(run: Path) -> None:
    """Replication 1 keeps none; payment by results must be what was done, a block what was agreed."""
    for rule, column, number in (("pbr", "paid", 7), ("pbr", "actual", 7), ("block", "paid", 8), ("block", "plan", 8)):
        name = f"{column}_pence"

        def change(columns: dict[str, list], by: int, rule: str = rule, name: str = name) -> None:
            columns[name][row(columns, rule=rule, replication=1)] += by

        spoil(run, "contracts", lambda columns, change=change: change(columns, 1))
        wrong = audit(run).breaches
        assert {(b.invariant, b.rule, b.when, b.replication, abs(b.pence)) for b in wrong} == {
            (number, rule, "2018/19", 1, 1)
        }
        spoil(run, "contracts", lambda columns, change=change: change(columns, -1))
    assert audit(run).breaches == []


def test_bands_that_are_none_are_named(run: Path) -> None:
    def change(columns: dict[str, list]) -> None:
        columns["bands"][row(columns, rule="pbr", replication=1)] = "5..1 at 1"

    spoil(run, "contracts", change)
    assert {(b.invariant, b.words) for b in audit(run).breaches} == {(7, "its bands are not those of a contract")}


def test_a_journal_that_agrees_with_itself_but_not_with_the_balances_is_caught(run: Path) -> None:
    def change(columns: dict[str, list]) -> None:
        for account, side in (("expenditure", "debit_pence"), ("accumulated_depreciation", "credit_pence")):
            at = row(columns, rule="wear", account=account, month="2018-06-01", replication=0)
            columns[side][at] += 100

    spoil(run, "ledger", change)
    breaches = audit(run).breaches
    assert {(b.invariant, b.entity, b.when, b.rule, abs(b.pence)) for b in breaches} == {
        (1, TRUST, "2018-06", "wear", 100)
    }
    assert {b.words for b in breaches} == {"the trial balance says something else than the journal"}


def test_a_line_in_the_wrong_month_is_caught(run: Path) -> None:
    def change(columns: dict[str, list]) -> None:
        at = row(columns, rule="block", entity=TRUST, account="receivable", month="2018-06-01", replication=0)
        columns["month"][at] = columns["month"][at].replace(month=7)

    spoil(run, "ledger", change)
    words = {b.words for b in audit(run).breaches if b.rule == "block"}
    assert "lines of one transaction lie in different months" in words


def test_a_missing_mirror_in_the_journal_is_caught(run: Path) -> None:
    def change(columns: dict[str, list]) -> None:
        at = row(columns, rule="allocation", entity="nhs_england", account="expenditure", replication=0)
        for name in ("debit_pence", "credit_pence"):
            columns[name][at] = 0

    spoil(run, "ledger", change)
    breaches = audit(run).breaches
    assert (one(breaches, 3).rule, abs(one(breaches, 3).pence)) == ("allocation", 9_000_00)
    assert one(breaches, 1).entity == "nhs_england"


def test_a_register_that_says_something_else_than_the_journal_is_caught(run: Path) -> None:
    def change(columns: dict[str, list]) -> None:
        for name in ("plan_pence", "paid_pence"):
            columns[name][row(columns, rule="block", replication=0)] += 5

    spoil(run, "contracts", change)
    (breach,) = audit(run).breaches
    assert (breach.invariant, breach.rule, breach.when, breach.pence) == (8, "block", "2018/19", 5)


def test_a_saving_claimed_twice_in_the_file_is_caught(run: Path) -> None:
    def change(columns: dict[str, list]) -> None:
        columns["replication"][1] = columns["replication"][0]

    spoil(run, "savings", change)
    (breach,) = audit(run).breaches
    assert (breach.invariant, breach.rule, breach.when) == (12, "ward_4", "2018-08")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda run: (run / "trial_balance.arrow").unlink(), "trial_balance.arrow: there is no such file"),
        (lambda run: (run / "savings.arrow").unlink(), "savings.arrow: there is no such file"),
        (lambda run: (run / "entities.arrow").unlink(), "holds no books (entities.arrow is missing)"),
        (shutil.rmtree, "there is no such folder"),
        (lambda run: (run / "ledger.arrow").write_bytes(b"x" * 100), "ledger.arrow: cannot be read as a table"),
        (
            lambda run: spoil(run, "trial_balance", lambda c: c["month"].reverse()),
            "rows are missing or not ordered",
        ),
        (
            lambda run: spoil(run, "trial_balance", lambda c: c["entity"].__setitem__(3, TRUST)),
            "rows are missing or not ordered",
        ),
        (
            lambda run: spoil(run, "trial_balance", lambda c: c["replication"].sort(reverse=True)),
            "the journal of replication 0 has no trial balance in its place",
        ),
        (
            lambda run: spoil(run, "trial_balance", lambda c: c.update(replication=[0] * len(c["month"]))),
            "replications must rise",
        ),
    ],
)
def test_files_that_cannot_be_read_are_named(
    run: Path, harm: Callable[[Path], None], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    harm(run)
    assert main(["audit", str(run)]) == 2
    assert words in capsys.readouterr().err


def test_a_replication_that_was_cut_off_is_missed(run: Path) -> None:
    path = run / "trial_balance.arrow"
    with pa.ipc.open_file(path) as reader:
        schema, pieces = reader.schema, [reader.get_batch(n) for n in range(reader.num_record_batches)]
    with pa.ipc.new_file(path, schema) as writer:
        for piece in pieces[:-1]:
            writer.write_batch(piece)
    with pytest.raises(CarebridgeError, match="the journal of replication 2|holds 2 replications, but says"):
        audit(run)


def test_another_layout_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.finance.tables.MONEY_VERSION", "2.0")
    write_money(tmp_path, [agreed_book().close()], "hash")
    with pytest.raises(CarebridgeError, match=r"layout 2\.0 cannot be read"):
        audit(tmp_path)


@pytest.mark.parametrize("words", [[], ["a", "b"], ["a", "--fast"]])
def test_wrong_words_are_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", *words]) == 2
    assert "audit takes the folder of one run" in capsys.readouterr().err
    assert main(["audit", "--help"]) == 0
    assert "carebridge audit RUN" in capsys.readouterr().out

"""The ledger on real SQLite files: append-only, atomic, exact, readable when it fails."""

import hashlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline import migrations
from pipeline.filing import FiledTable
from pipeline.ledger import Kept, Ledger, LedgerError, RevisedRecord, import_lock
from pipeline.model import Amount, Page, Parsed, Price, RawRecord, Transaction, digest_of
from pipeline.run.project import keeping, opened
from pipeline.settings import Settings, save
from pipeline.sqlite import Sqlite, triggers
from tests.person import LEDGERS

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2025, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
NUL = "\x01" if LEDGERS else "\x00"  # PostgreSQL's texts hold none


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "data", create=True, clock=lambda: NOON) as opened:
        yield opened


def record(
    source_id: str, payload: str = "{}", *, position: int = 0, account: str = "Kraken", stream: str = "ledgers"
) -> RawRecord:
    return RawRecord("kraken", account, stream, source_id, position, payload, f"kraken {stream} {source_id}")


def keep(ledger: Ledger, *records: RawRecord, cursor: str | None = None) -> Kept:
    return ledger.keep(Page(list(records), cursor), ledger.begin_batch("api", "kraken"))


def ids(ledger: Ledger, account: str = "Kraken") -> list[str]:
    return [r.source_id for r in ledger.records(account)]


def python(program: str, *arguments: object) -> "subprocess.Popen[str]":
    """A process of its own that has imported what a test needs."""
    head = "import os, sys\nfrom pathlib import Path\nfrom pipeline.ledger import *\nfrom pipeline.model import *\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + program, *map(str, arguments)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end(process: "subprocess.Popen[str]") -> tuple[str, str]:
    return process.communicate(timeout=60)


# ---- records ----------------------------------------------------------------------------------


def test_a_record_comes_back_as_it_was_received(ledger: Ledger) -> None:
    kept = RawRecord("universal", "Мой 💰", "rows", f"a{NUL}b", -7, '{"x": "é\\ud800 0.10"}', "trades.csv row 7")
    assert ledger.keep(Page([kept]), ledger.begin_batch("file", "trades.csv", "d1")) == Kept(1, 0, 0)
    assert list(ledger.records("Мой 💰")) == [kept]


def test_what_is_there_is_known_and_kept_once(ledger: Ledger) -> None:
    assert keep(ledger, record("a"), record("b"), record("a")) == Kept(2, 0, 1)
    assert keep(ledger, record("b"), record("c")) == Kept(1, 0, 1)
    assert ledger.raw_count() == 3


def test_the_newest_revision_counts_and_the_older_stay(ledger: Ledger) -> None:
    keep(ledger, record("a", "1"), record("b"))
    assert keep(ledger, record("a", "2")) == Kept(0, 1, 0)
    assert [(r.source_id, r.payload) for r in ledger.records("Kraken")] == [("b", "{}"), ("a", "2")]
    assert ledger.raw_count() == 3


def test_contents_that_return_count_again(ledger: Ledger) -> None:
    for payload in ("1", "2", "1"):
        keep(ledger, record("a", payload))
    assert [r.payload for r in ledger.records("Kraken")] == ["1"]
    assert keep(ledger, record("a", "1")) == Kept(0, 0, 1)
    assert keep(ledger, record("z", "1"), record("z", "2"), record("z", "1")) == Kept(1, 2, 0)
    assert [r.payload for r in ledger.records("Kraken")] == ["1", "1"]


def test_a_revision_can_be_refused_and_then_nothing_is_kept(ledger: Ledger) -> None:
    keep(ledger, record("a", "1"))
    page = Page([record("b"), record("a", "2")])
    with pytest.raises(RevisedRecord, match=r"^kraken ledgers a: a is kept already, with other contents") as refused:
        ledger.keep(page, ledger.begin_batch("file", "f", "d"), refuse_revisions=True)
    assert (refused.value.old, refused.value.new) == (record("a", "1"), record("a", "2"))
    with pytest.raises(RevisedRecord) as within:
        ledger.keep(Page([record("c", "1"), record("c", "2")]), ledger.begin_batch("file", "g"), refuse_revisions=True)
    assert within.value.old == record("c", "1")
    assert ids(ledger) == ["a"]


def test_one_identity_in_two_accounts_streams_or_sources_is_several_records(ledger: Ledger) -> None:
    assert keep(ledger, record("a"), record("a", account="Other"), record("a", stream="trades")) == Kept(3, 0, 0)
    other = RawRecord("kraken_csv", "Kraken", "ledgers", "a", 0, "{}")
    assert ledger.keep(Page([other]), ledger.begin_batch("file", "f", "d")) == Kept(1, 0, 0)
    assert [(s.account, s.source, s.stream, s.records, s.first_row) for s in ledger.sources()] == [
        ("Kraken", "kraken", "ledgers", 1, 1),
        ("Kraken", "kraken", "trades", 1, 3),
        ("Kraken", "kraken_csv", "ledgers", 1, 4),
        ("Other", "kraken", "ledgers", 1, 2),
    ]
    assert ledger.accounts() == ["Kraken", "Other"]
    assert [r.stream for r in ledger.records("Kraken")] == ["ledgers", "trades", "ledgers"]
    assert list(ledger.records("Kraken", "kraken_csv")) == [other]
    keep(ledger, record("a", "revised"), record("b"))
    assert [s.records for s in ledger.sources()] == [2, 1, 1, 1]


def test_records_come_in_the_order_of_their_source(ledger: Ledger) -> None:
    keep(ledger, record("late", position=9), record("x", position=5), record("w", position=5))
    keep(ledger, record("early", position=1))
    assert ids(ledger) == ["early", "x", "w", "late"]


def test_more_records_than_fit_a_statement(ledger: Ledger) -> None:
    many = [record(f"id{i}", position=i) for i in range(12_001)]
    assert keep(ledger, *many) == Kept(12_001, 0, 0)
    assert keep(ledger, *many, record("one more", position=12_001)) == Kept(1, 0, 12_001)
    assert list(ledger.records("Kraken"))[:-1] == many


def test_keeping_while_records_stream_changes_nothing_for_them(ledger: Ledger) -> None:
    keep(ledger, record("a", position=1), record("b", position=2))
    streaming = ledger.records("Kraken")
    assert next(streaming).source_id == "a"
    keep(ledger, record("c", position=3), record("b", "2", position=2))
    assert [r.source_id for r in streaming] == ["b"]
    assert ledger.raw_count() == 4


def test_a_batch_says_what_brought_records(ledger: Ledger) -> None:
    number = ledger.begin_batch("file", "trades.csv", "abc")
    (batch,) = ledger.batches()
    assert (batch.id, batch.kind, batch.name, batch.digest, batch.at) == (number, "file", "trades.csv", "abc", NOON)
    assert ledger.has_file("abc") and not ledger.has_file("abd")
    ledger.begin_batch("api", "kraken")
    assert not ledger.has_file("")


@pytest.mark.parametrize("place", ["source_id", "payload", "origin", "account"])
def test_half_a_character_is_refused_in_one_line(ledger: Ledger, place: str) -> None:
    fields = {"source_id": "a", "payload": "{}", "origin": "f.csv row 3", "account": "K", place: "f.csv \ud83d"}
    bad = RawRecord(source="s", stream="t", position=0, **fields)
    with pytest.raises(ValueError, match=r"^f\.csv.*half a character") as refused:
        keep(ledger, record("good"), bad)
    assert type(refused.value) is ValueError and "\n" not in str(refused.value)
    assert ids(ledger) == []


def test_what_does_not_fit_is_refused_in_one_line(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        keep(ledger, record("a", position=2**63))
    with pytest.raises(ValueError, match="half a character"):
        ledger.keep_answer("label", "\ud83d", "{}", "user")
    with pytest.raises(LedgerError, match="could not be used"):
        ledger.keep(Page([record("a")]), batch=99)
    assert ids(ledger) == []


# ---- append-only ------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["raw", "batch", "answer", "price", "filing", "migration"])
@pytest.mark.sqlite("tests/test_postgresql.py asks PostgreSQL")
def test_facts_can_be_neither_changed_nor_deleted(ledger: Ledger, table: str) -> None:
    batch = ledger.begin_batch("api", "k")
    ledger.keep(Page([record("a")]), batch)
    ledger.keep_answer("label", "t1", '"gift"', "user")
    ledger.keep_prices([Price("BTC", "USD", Decimal(1), "file p", day=date(2025, 1, 1))], NOON, batch)
    ledger.keep_filing("2024", {}, {})
    with closing(sqlite3.connect(ledger.path)) as outside:
        column = outside.execute(f"SELECT name FROM pragma_table_info('{table}') LIMIT 1").fetchone()[0]
        for change in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                outside.execute(change)
        assert outside.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)


@pytest.mark.sqlite("PRAGMAs")
def test_connections_are_set_for_a_power_cut_and_for_append_only(ledger: Ledger) -> None:
    keep(ledger, record("a", "1"))
    with closing(Sqlite.at(ledger.path, patience=1)) as database:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        assert [database.execute(f"PRAGMA {p}").fetchone()[0] for p in pragmas] == ["truncate", 2, 1]
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute("REPLACE INTO raw SELECT * FROM raw WHERE source_id = ?", ("a",))


@pytest.mark.sqlite("a hand in the file")
def test_integrity_is_checked_down_to_each_record(ledger: Ledger) -> None:
    keep(ledger, record("a"), record("b"))
    ledger.check_integrity()
    with closing(sqlite3.connect(ledger.path)) as outside, outside:
        outside.execute("DROP TRIGGER raw_no_update")
        outside.execute("UPDATE raw SET payload = '{1}' WHERE source_id = 'b'")
    lost = r"is damaged \(table raw has lost its guard.*; record b .* changed\): restore"
    with pytest.raises(LedgerError, match=lost):
        ledger.check_integrity()


# ---- cursors and transactions -----------------------------------------------------------------


def test_a_cursor_moves_with_its_page(ledger: Ledger) -> None:
    assert ledger.cursor("Kraken", "kraken", "ledgers") is None
    keep(ledger, record("a"), cursor="1")
    keep(ledger, record("a"), cursor="2")
    assert ledger.cursor("Kraken", "kraken", "ledgers") == "2"
    assert ledger.cursor("Kraken", "kraken", "trades") is None


def test_a_page_that_fails_moves_no_cursor(ledger: Ledger) -> None:
    keep(ledger, record("a"), cursor="1")
    with pytest.raises(LedgerError):
        ledger.keep(Page([record("b")], "2"), batch=99)
    with pytest.raises(ValueError, match="one stream"):
        keep(ledger, record("c"), record("c", stream="trades"), cursor="3")
    assert (ids(ledger), ledger.cursor("Kraken", "kraken", "ledgers")) == (["a"], "1")


def test_a_transaction_is_kept_whole_or_not_at_all(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.transaction():
        keep(ledger, record("a"), cursor="1")
        ledger.keep_answer("label", "t", '"gift"', "user")
        assert ids(ledger) == ["a"]
        _ = 1 // 0
    assert (ids(ledger), ledger.batches(), ledger.answers("label")) == ([], [], {})
    assert ledger.cursor("Kraken", "kraken", "ledgers") is None


def test_a_part_that_fails_is_undone_alone(ledger: Ledger) -> None:
    with ledger.transaction():
        keep(ledger, record("a"))
        with suppress(KeyError), ledger.transaction():
            keep(ledger, record("b"))
            raise KeyError
        keep(ledger, record("c"))
    assert ids(ledger) == ["a", "c"]


def test_a_snapshot_keeps_nothing(ledger: Ledger) -> None:
    with ledger.snapshot():
        assert ids(ledger) == []
        with pytest.raises(RuntimeError, match="snapshot"):
            keep(ledger, record("a"))
    assert keep(ledger, record("a")).new == 1


KILLED = """
with Ledger.open(Path(sys.argv[1]), create=True) as ledger:
    batch = ledger.begin_batch("api", "k")
    for page in range(3):
        records = [RawRecord("s", "A", "t", f"{page}-{i}", i, "{}") for i in range(2000)]
        with ledger.transaction():
            ledger.keep(Page(records, str(page)), batch)
            if page == 2:
                os._exit(9)
"""


def test_a_kill_in_the_middle_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    process = python(KILLED, tmp_path)
    assert end(process) == ("", "") and process.returncode == 9
    with Ledger.open(tmp_path, create=False) as ledger:
        ledger.check_integrity()
        assert (ledger.raw_count(), ledger.cursor("A", "s", "t")) == (4000, "1")
        again = Page([RawRecord("s", "A", "t", f"2-{i}", i, "{}") for i in range(2000)], "2")
        assert ledger.keep(again, 1) == Kept(2000, 0, 0)


THIRTY_PAGES = """
with Ledger.open(Path(sys.argv[1]), create=True) as ledger:
    batch = ledger.begin_batch("api", sys.argv[2])
    print("open", flush=True)
    sys.stdin.readline()
    for page in range(30):
        records = [RawRecord("s", "A", "t", f"{page}-{i}", i, "{}") for i in range(20)]
        ledger.keep(Page(records, str(page)), batch)
"""


def test_two_processes_keep_every_page_once(tmp_path: Path) -> None:
    both = [python(THIRTY_PAGES, tmp_path / "data", name) for name in ("one", "two")]
    for process in both:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [end(process) for process in both] == [("", ""), ("", "")]
    with Ledger.open(tmp_path / "data", create=False) as ledger:
        ledger.check_integrity()
        assert (ledger.raw_count(), len(ledger.batches()), len(ids(ledger, "A"))) == (600, 2, 600)


@pytest.mark.sqlite("another program in the file")
def test_another_programs_lock_is_told_in_one_line(ledger: Ledger) -> None:
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as outside:
        outside.execute("BEGIN IMMEDIATE")
        with Ledger.open(ledger.folder, create=False, patience=0.05) as second:
            assert ids(second) == []  # reading is allowed
            with pytest.raises(LedgerError, match=r"in use by another program .* close it and run again$"):
                second.begin_batch("api", "k")
        outside.execute("ROLLBACK")


# ---- the import lock --------------------------------------------------------------------------

HOLDING = """
with import_lock(Path(sys.argv[1]), "taxsync import a.csv"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def holding(folder: Path) -> "subprocess.Popen[str]":
    process = python(HOLDING, folder)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_a_second_import_waits_and_then_says_who_holds_the_ledger(ledger: Ledger) -> None:
    process, lines = holding(ledger.folder), list[str]()
    who = rf"^`taxsync import a\.csv` \(process {process.pid}( on .+)?, since 2\d\d\d-.* UTC\) is at work in "
    with (
        pytest.raises(LedgerError, match=who + ".*run again when it has ended$"),
        import_lock(ledger.folder, "taxsync import", lines.append, patience=0.05),
    ):
        pytest.fail("two imports at once")
    assert len(lines) == 1 and "waiting for it to end" in lines[0]
    for name in () if LEDGERS else ("ledger.lock", "ledger.holder"):
        assert stat.S_IMODE((ledger.folder / name).stat().st_mode) == 0o600
    end(process)
    with import_lock(ledger.folder, "taxsync import", lines.append, patience=0):
        assert len(lines) == 1


BIG = """
import sqlite3
with import_lock(Path(sys.argv[1]), "taxsync import big.csv"):
    outside = sqlite3.connect(Path(sys.argv[1]) / "ledger.db", isolation_level=None)
    outside.execute("BEGIN EXCLUSIVE")  # as SQLite does when what is to be kept outgrows its memory
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.sqlite("readers wait for no one in PostgreSQL")
def test_who_reads_or_imports_during_a_big_import_is_told_which_command_to_wait_for(ledger: Ledger) -> None:
    save(ledger.folder, Settings("us", "USD", "UTC"))
    process, lines = python(BIG, ledger.folder), list[str]()
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    who = rf"`taxsync import big\.csv` \(process {process.pid}, since 2.* UTC\)"
    with (
        pytest.raises(LedgerError, match=rf"ledger\.db is in use by {who}: run again when it has ended$"),
        opened(ledger.folder, patience=0.05),
    ):
        pytest.fail("read what is being written")
    with (
        pytest.raises(LedgerError, match=rf"^{who} is at work in .*: run again when it has ended$"),
        keeping(ledger.folder, "taxsync import", lines.append, patience=0.05),
    ):
        pytest.fail("two imports at once")
    assert len(lines) == 1 and "waiting for it to end" in lines[0]
    end(process)
    with keeping(ledger.folder, "taxsync import", pytest.fail, patience=0.05) as (_, one):
        assert one.raw_count() == 0


@pytest.mark.sqlite("the lock file and its note")
def test_a_killed_import_blocks_nobody(ledger: Ledger) -> None:
    process = holding(ledger.folder)
    process.send_signal(signal.SIGKILL)
    end(process)
    assert (ledger.folder / "ledger.holder").exists()  # its stale note
    with import_lock(ledger.folder, "taxsync import", pytest.fail, patience=0):
        pass
    assert not (ledger.folder / "ledger.holder").exists()


def test_a_waiting_import_begins_when_the_other_ends(ledger: Ledger) -> None:
    process = holding(ledger.folder)

    def let_go(_line: str) -> None:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    with import_lock(ledger.folder, "taxsync import", let_go, patience=20):
        pass
    end(process)


@pytest.mark.sqlite("the lock file")
def test_a_link_in_the_locks_place_is_refused(ledger: Ledger) -> None:
    (ledger.folder / "ledger.lock").symlink_to("elsewhere")
    with pytest.raises(LedgerError, match=r"ledger\.lock can't be used"), import_lock(ledger.folder, "taxsync import"):
        pytest.fail("followed")
    assert not (ledger.folder / "elsewhere").exists()


def test_an_import_that_fails_gives_the_ledger_back(ledger: Ledger) -> None:
    for _ in range(2):
        with pytest.raises(KeyError), import_lock(ledger.folder, "taxsync import", None, patience=0):
            raise KeyError


# ---- opening ----------------------------------------------------------------------------------


@pytest.mark.sqlite("the file's rights")
def test_only_the_owner_may_read_a_ledger(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with Ledger.open(tmp_path / "data", create=True) as ledger, ledger.transaction():
            keep(ledger, record("a"))
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "data").iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert modes == {"ledger.db": 0o600, "ledger.db-journal": 0o600, ".gitignore": 0o600}


@pytest.mark.sqlite("the name of the file")
def test_a_folder_without_ledger_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"ledger.db is missing: restore it from a backup"):
        Ledger.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def _link(path: Path) -> None:
    path.with_name("elsewhere.db").touch()
    path.symlink_to("elsewhere.db")


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere.db")


def _other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE t (x)")


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_link, "is a link to another file"),
        (_dangling, "is a link to another file"),
        (Path.mkdir, "is not a file"),
        (os.mkfifo, "is not a file"),
        (lambda p: p.write_bytes(b"Date,Account\n" * 100), "is not a taxsync ledger: move it away"),
        (_other_database, "is not a taxsync ledger: move it away"),
    ],
)
@pytest.mark.sqlite("what stands in the place of the file")
def test_what_is_no_ledger_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], object], said: str, create: bool
) -> None:
    path = tmp_path / "ledger.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(LedgerError, match=said) as refused:
        Ledger.open(tmp_path, create=create)
    assert "\n" not in str(refused.value)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not (tmp_path / "nowhere.db").exists()


@pytest.mark.sqlite("an empty file")
def test_an_emptied_ledger_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    with pytest.raises(LedgerError, match="is empty"):
        Ledger.open(tmp_path, create=False)


@pytest.mark.sqlite("damage of the file")
def test_a_damaged_ledger_is_told(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, create=True) as ledger:
        keep(ledger, *(record(f"{i}", "x" * 500) for i in range(200)))
    content = bytearray((tmp_path / "ledger.db").read_bytes())
    content[8192:40960] = b"\xff" * 32768
    (tmp_path / "ledger.db").write_bytes(content)
    with pytest.raises(LedgerError, match="is damaged"), Ledger.open(tmp_path, create=False) as ledger:
        ledger.check_integrity()


@pytest.mark.sqlite("a hand in the file")
def test_a_newer_ledger_is_refused_and_left_alone(ledger: Ledger) -> None:
    with closing(sqlite3.connect(ledger.path)) as outside:
        outside.execute("PRAGMA user_version = 99")
    before = ledger.path.read_bytes()
    with pytest.raises(LedgerError, match=r"is of a newer taxsync .* 99, .*: update taxsync; nothing was changed"):
        Ledger.open(ledger.folder, create=True)
    assert ledger.path.read_bytes() == before


def test_opening_again_writes_nothing(ledger: Ledger) -> None:
    keep(ledger, record("a"))
    before = ledger.path.stat().st_mtime_ns, ledger.path.read_bytes()
    with Ledger.open(ledger.folder, create=True) as second:
        assert ids(second) == ["a"]
    assert (ledger.path.stat().st_mtime_ns, ledger.path.read_bytes()) == before


def columns(path: Path) -> list[tuple[object, ...]]:
    """Of each table and trigger of a ledger: what it is made of."""
    with closing(sqlite3.connect(path)) as outside:
        made = outside.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger', 'view') ORDER BY name"
        ).fetchall()
        return [(name, *outside.execute(f"PRAGMA table_info({name})").fetchall()) for (name,) in made]


@pytest.mark.sqlite("no older version was ever in PostgreSQL")
def test_an_older_ledger_is_migrated_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(ledger, record("a"))
    monkeypatch.setattr(
        migrations, "MIGRATIONS", (*migrations.MIGRATIONS, ("CREATE TABLE note (x)", "INSERT INTO note VALUES (1)"))
    )
    for _ in range(2):
        with Ledger.open(ledger.folder, create=False) as second:
            assert ids(second) == ["a"]
    with closing(sqlite3.connect(ledger.path)) as outside:
        assert outside.execute("SELECT version FROM migration").fetchall() == [(5,), (6,)]
        assert outside.execute("SELECT x FROM note").fetchall() == [(1,)]


# The cache as it was before version 5.
BEFORE_5 = (
    "DROP VIEW txn", "DROP TABLE said", "DROP TABLE parsed", "CREATE TABLE txn (said_by, number, id, account)",
    "INSERT INTO txn VALUES ('Kraken', 0, 'a', 'Kraken')", "CREATE TABLE parsed (account, stamp, last_row)",
    "INSERT INTO parsed VALUES ('Kraken', '1', 1)",
)  # fmt: skip


@pytest.mark.sqlite("by hand in the file")
def test_what_an_older_version_has_parsed_is_parsed_anew(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, create=True) as new:
        keep(new, record("a"))
        made = columns(new.path)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as outside:
        outside.executescript("DROP TRIGGER migration_no_update; UPDATE migration SET version = 4")
        outside.executescript(next(t for t in triggers("migration") if "UPDATE" in t))
        outside.executescript(";".join((*BEFORE_5, "PRAGMA user_version = 4")))
    with Ledger.open(tmp_path, create=False) as migrated:
        assert columns(migrated.path) == made
        assert ids(migrated) == ["a"] and migrated.transactions() == [] and migrated.parsed_to() == {}
        migrated.check_integrity()


@pytest.mark.sqlite("no older version was ever in PostgreSQL")
def test_a_ledger_of_the_first_version_gets_the_newest_tables_and_loses_nothing(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as at_first:
        at_first.setattr(migrations, "MIGRATIONS", ())
        with Ledger.open(tmp_path, create=True) as first:
            keep(first, record("a"))
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as outside:
        outside.executescript(";".join(BEFORE_5))
        outside.execute("CREATE INDEX ix_txn_id ON txn (id)")
        outside.execute("CREATE INDEX ix_txn_account ON txn (account)")
        outside.execute("DROP TABLE filing")
        outside.execute("DROP TABLE chain")
    with Ledger.open(tmp_path, create=False) as migrated:
        assert ids(migrated) == ["a"]
        migrated.keep_filing("2024", {"any": ["thing"]}, {"t": FiledTable([("c", "text")], [["x"]])})
        migrated.check_integrity()
    with Ledger.open(tmp_path, create=False) as again:
        assert again.filing(again.filings()["2024"].id).content == {"any": ["thing"]}
        assert again.filed_tables(1) == {"t": FiledTable([("c", "text")], [["x"]])}
    with Ledger.open(tmp_path / "new", create=True) as new:
        assert columns(new.path) == columns(tmp_path / "ledger.db")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as outside:
        assert outside.execute("PRAGMA user_version").fetchone() == (5,)
        assert not outside.execute("SELECT name FROM sqlite_master WHERE name LIKE 'ix_txn%'").fetchall()


@pytest.mark.sqlite("no older version was ever in PostgreSQL")
def test_a_migration_that_fails_changes_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        migrations, "MIGRATIONS", (*migrations.MIGRATIONS, ("CREATE TABLE note (x)", "INSERT INTO nowhere VALUES (1)"))
    )
    with pytest.raises(LedgerError):
        Ledger.open(ledger.folder, create=False)
    with closing(sqlite3.connect(ledger.path)) as outside:
        assert outside.execute("PRAGMA user_version").fetchone() == (5,)
        assert outside.execute("SELECT count(*) FROM sqlite_master WHERE name = 'note'").fetchone() == (0,)


FULL = """
import resource, signal
sys.dont_write_bytecode = True  # what is imported from here on would be cut
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Ledger.open(Path(sys.argv[1]), create=True) as ledger:
    batch = ledger.begin_batch("api", "k")
    ledger.keep(Page([RawRecord("s", "A", "t", "first", 0, "{}")], "1"), batch)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    many = [RawRecord("s", "A", "t", f"{i}", i, "x" * 1000) for i in range(5000)]
    try:
        with ledger.transaction():
            try:
                ledger.keep(Page(many, "2"), batch)
            except LedgerError as error:
                print(error)
            if sys.argv[2] == "go on":
                ledger.keep(Page([RawRecord("s", "A", "t", "after", 0, "{}")], "3"), batch)
    except LedgerError as error:
        print(error)
    print(ledger.raw_count(), ledger.cursor("A", "s", "t"))
"""


@pytest.mark.parametrize("then", ["stop", "go on"])
@pytest.mark.sqlite("a limit to the file's size")
def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path, then: str) -> None:
    out, err = end(python(FULL, tmp_path, then))
    first, second, last = out.splitlines()
    assert "full" in first and "what was kept before is kept" in first
    assert "nothing was kept; run again" in second  # although the first error was swallowed
    assert (last, err) == ("1 1", "")
    with Ledger.open(tmp_path, create=False) as ledger:
        ledger.check_integrity()
        assert ids(ledger, "A") == ["first"]


# ---- prices and answers -----------------------------------------------------------------------


def test_prices_of_files_and_look_ups_are_kept_apart_and_the_newest_counts(ledger: Ledger) -> None:
    day = date(2025, 1, 1)
    batch = ledger.begin_batch("file", "prices.csv", "d")
    looked_up = Price("BTC", "USD", Decimal("94000.10"), "kraken BTC/USD 1d", day=day)
    at = Price("BTC", "USD", Decimal("94001"), "kraken BTC/USD 1m", at=NOON)
    file, better = (Price("BTC", "USD", Decimal(p), "file prices.csv row 2", day=day) for p in ("1", "2"))
    assert ledger.keep_prices([looked_up, at, file], NOON, batch) == 3
    assert ledger.keep_prices([file, file, looked_up], NOON, batch) == 0
    assert ledger.keep_prices([better], NOON, batch) == 1
    assert sorted(ledger.prices(), key=str) == sorted([better, looked_up, at], key=str)


def test_a_price_without_a_time_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="an instant or a day"):
        ledger.keep_prices([Price("BTC", "USD", Decimal(1), "x")], NOON, ledger.begin_batch("api", "k"))


def test_the_newest_answer_counts_and_all_stay(ledger: Ledger) -> None:
    assert ledger.keep_answer("label", "t1", '"gift"', "taxsync label")
    assert not ledger.keep_answer("label", "t1", '"gift"', "review.xlsx")
    assert ledger.keep_answer("label", "t1", '"spend"', "review.xlsx")
    assert ledger.keep_answer("label", "t1", '"gift"', "review.xlsx")
    ledger.keep_answer("match", "t1", '"t2"', "review.xlsx")
    assert ledger.answers("label") == {"t1": '"gift"'}
    history = [(a.kind, a.content, a.by, a.at) for a in ledger.answer_history()]
    assert history[0] == ("label", '"gift"', "taxsync label", NOON) and len(history) == 4


# ---- the digest of the inputs -----------------------------------------------------------------


def test_the_digest_of_the_inputs_does_not_know_when_and_in_which_order_they_came(tmp_path: Path) -> None:
    digests = set()
    pages = [[record("a", "2"), record("b")], [record("a", account="Other"), record("c")]]
    prices = [Price("BTC", "USD", Decimal(p), f"file {p}", day=date(2025, 1, p)) for p in (1, 2)]
    for name, turn in (("one", 1), ("two", -1)):
        with Ledger.open(tmp_path / name, create=True) as ledger:
            keep(ledger, record("a", "1"))
            for page in pages[::turn]:
                keep(ledger, *page[::turn])
            ledger.keep_prices(prices[::turn], datetime.now(UTC), 1)
            for key in ("x", "y")[::turn]:
                ledger.keep_answer("label", key, '"gift"', name)
            digests.add(ledger.inputs_digest("us 0.1"))
            bought = Transaction("0022", NOON, "Kraken", received=Amount(Decimal(2), "ETH"))
            ledger.replace_parsed("Kraken", [Parsed([bought])], "1")
            digests.add(ledger.inputs_digest("us 0.1"))
    assert len(digests) == 1


def test_the_digest_of_the_inputs_is_over_json_as_it_always_was(ledger: Ledger) -> None:
    odd = ['q"uo\te', "back\\slash", "ü€𝄞", "\u2028\x7f", ""]
    keep(ledger, *(record(name, account=f"Kr{name}", stream="ledgers") for name in odd))
    rows = [[f"Kr{name}", "kraken", "ledgers", name, 0, digest_of("{}")] for name in sorted(odd)]
    parts: list[object] = [sorted(rows), "[]", [], "us"]
    texts = [json.dumps(part, separators=(",", ":")) + "\n" for part in parts]
    expected = hashlib.sha256("".join(texts).encode()).hexdigest()[:32]
    assert ledger.inputs_digest("us") == ledger.inputs_digest(lambda: "us") == expected


def test_the_digest_of_the_inputs_changes_with_each_of_them(ledger: Ledger) -> None:
    seen = [ledger.inputs_digest("us")]

    def changed(extra: str = "us") -> bool:
        seen.append(ledger.inputs_digest(extra))
        return len(set(seen)) == len(seen)

    keep(ledger, record("a", "1"))
    assert changed()
    keep(ledger, record("a", "2"))
    assert changed()
    ledger.keep_prices([Price("BTC", "USD", Decimal(1), "file 1", day=date(2025, 1, 1))], NOON, 1)
    assert changed()
    ledger.keep_answer("label", "x", '"gift"', "user")
    assert changed() and changed("de")
    keep(ledger, record("a", "1"))  # the contents of before
    assert changed()

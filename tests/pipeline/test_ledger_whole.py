"""The ledger's file as a whole: what is changed, gone or put in is named; what can be read of damage is saved."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline import sqlite
from pipeline.filing import FiledTable
from pipeline.issues import Stop
from pipeline.ledger import Ledger, LedgerError
from pipeline.ledger_salvage import Lost, saved, take
from pipeline.model import Amount, Page, Parsed, Price, RawRecord, Transaction

pytestmark = pytest.mark.sqlite("a hand in the file, and damage of it")

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def record(id: str, payload: str = "{}", account: str = "Kraken") -> RawRecord:
    return RawRecord("kraken", account, "trades", id, 1, payload, f"{account.lower()} trades {id}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ledger of two accounts: rows 1 to 3 were kept together, as were 4 and 5; row 6 is a revision of row 2."""
    with Ledger.open(tmp_path / "data", create=True, clock=lambda: NOW) as ledger:
        batch = ledger.begin_batch("api", "kraken")
        ledger.keep(Page([record(id) for id in "abc"], "one"), batch)
        ledger.keep(Page([record(id, account="Bitstamp") for id in "de"], "two"), batch)
        ledger.keep(Page([record("b", "{1}"), record("c")], "three"), batch)
        ledger.check_integrity()
    return tmp_path / "data"


def changed(folder: Path, *statements: str) -> None:
    """By hand, past the guard, which is put back."""
    with closing(sqlite3.connect(folder / "ledger.db")) as outside, outside:
        guards = outside.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            outside.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            outside.execute(statement)
        for _, guard in guards:
            outside.execute(guard)


A, B, C = (f"record {id} of Kraken, kraken trades (kraken trades {id})" for id in "abc")
E = "record e of Bitstamp, kraken trades (bitstamp trades e)"
PUT_IN = (
    "INSERT INTO raw (source, account, stream, source_id, revision, digest, seal, position, origin, payload, batch) "
    "SELECT source, account, stream, 'x', revision, digest, seal, position, origin, payload, batch FROM raw "
    "WHERE id = 1"
)
TAMPERED = {
    f"{B} was changed": "UPDATE raw SET payload = '{2}' WHERE id = 6",
    f"{C} was changed": "UPDATE raw SET position = 2 WHERE id = 3",
    f"{B.replace('Kraken', 'Bitstamp')} was changed": "UPDATE raw SET account = 'Bitstamp' WHERE id = 2",
    f"{B[:35]}my.csv row 2) was changed": "UPDATE raw SET origin = 'my.csv row 2' WHERE id = 2",
    f"row 3 is missing, behind {B}": "DELETE FROM raw WHERE id = 3",
    f"row 6 is missing, behind {E}": "DELETE FROM raw WHERE id = 6",
    f"{A.replace('record a', 'record x')} is not in the chain": PUT_IN,
    "the chain of records was changed at row 4": "UPDATE chain SET marks = zeroblob(32) WHERE first = 4",
    "the chain of records was changed at row 6": "DELETE FROM chain WHERE first = 4",
    "its raw_identity is missing": "DROP INDEX raw_identity",
    f"{A} was changed": "UPDATE raw SET payload = x'00' WHERE id = 1",
    "the chain of records was changed;": "UPDATE chain SET marks = 'no bytes' WHERE first = 4",
}


@pytest.mark.parametrize("told, statement", TAMPERED.items(), ids=TAMPERED)
def test_what_was_done_by_hand_is_found_and_named(folder: Path, told: str, statement: str) -> None:
    changed(folder, statement)
    with Ledger.open(folder, create=False) as ledger, pytest.raises(LedgerError) as why:
        ledger.check_integrity()
    assert f"{told}" in str(why.value)
    assert str(why.value).startswith(f"{folder / 'ledger.db'} is damaged (")
    assert "`taxsync backup FILE --records` saves what can be read" in str(why.value)
    assert "\n" not in str(why.value)


def test_rows_that_take_the_numbers_of_removed_ones_are_told(folder: Path) -> None:
    changed(folder, "DELETE FROM raw WHERE id > 3")
    with Ledger.open(folder, create=False) as ledger:
        ledger.keep(Page([record("new")]), ledger.begin_batch("api", "kraken"))
        with pytest.raises(LedgerError, match=r"record new .* was changed; row 5 is missing.*row 6 is missing"):
            ledger.check_integrity()


def test_records_that_went_with_their_link_are_missed_by_what_was_read_of_them(folder: Path) -> None:
    with Ledger.open(folder, create=False) as ledger:
        ledger.require_all_there()
        bought = Transaction("t", NOW, "Kraken", None, Amount(Decimal(1), "BTC"), source="kraken", source_id="b")
        ledger.replace_parsed("Kraken", [Parsed([bought])], "kraken/1")
    changed(folder, "DELETE FROM raw WHERE source_id = 'b'", "DELETE FROM chain WHERE first = 6")
    with Ledger.open(folder, create=False) as ledger:
        told = r"row 2 is missing.*, to row 6; the record of Kraken's transaction b is missing"
        with pytest.raises(LedgerError, match=told):
            ledger.require_all_there()
    lost = Lost()
    assert len([row for table, row in saved(folder / "ledger.db", lost) if table == "raw"]) == 4
    assert lost.rows["raw"] == [2, 6]


def test_an_older_ledger_gets_its_chain_when_it_is_opened(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, create=True) as ledger:
        batch = ledger.begin_batch("file", "big.csv")
        ledger.keep(Page([record(f"{n}") for n in range(11_000)]), batch)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as outside, outside:
        for step in ("chain", "said"):
            outside.execute(f"DROP TABLE {step}")
        outside.execute("DROP VIEW txn")
        outside.execute("CREATE TABLE txn (id)")
        outside.execute("PRAGMA user_version = 3")
        outside.execute("DROP TRIGGER migration_no_delete")
        outside.execute("DELETE FROM migration")
        outside.execute(next(t for t in sqlite.triggers("migration") if "DELETE" in t))
    with Ledger.open(tmp_path, create=False) as ledger:
        ledger.check_integrity()
        ledger.keep(Page([record("after")]), batch)
        ledger.check_integrity()
    changed(tmp_path, "UPDATE raw SET revision = 7 WHERE id = 10500")
    with Ledger.open(tmp_path, create=False) as ledger, pytest.raises(LedgerError, match=r"record 10499 of .* changed"):
        ledger.check_integrity()


# ---- what is left of a damaged ledger ---------------------------------------------------------

PAGE, ROWS = 4096, 2_000


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("big")
    with Ledger.open(folder, create=True) as ledger:
        batch = ledger.begin_batch("file", "big.csv", "digest")
        for start in range(0, ROWS, 500):
            ledger.keep(Page([record(f"{n:05}", "x" * 300) for n in range(start, start + 500)], f"{start}"), batch)
        ledger.keep_prices([Price("BTC", "USD", Decimal("1.50"), "file", at=NOW)], NOW, batch)
        ledger.keep_answer("label", "t1", '"gift"', "cli")
        ledger.keep_filing("2024", {"any": ["thing"]}, {"t": FiledTable([("c", "text")], [["x"]])})
    return folder / "ledger.db"


def facts(path: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as file:
        names = ("batch", "raw", "price", "answer", "filing", "cursor")
        return [file.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in names]


def test_a_sound_ledger_is_saved_and_made_again_to_the_last_field(big: Path, tmp_path: Path) -> None:
    lost = Lost()
    take(tmp_path / "new", saved(big, lost))
    assert not any(lost.rows.values()) and not lost.beyond
    assert facts(tmp_path / "new" / "ledger.db") == facts(big)
    with Ledger.open(tmp_path / "new", create=False) as ledger:
        ledger.check_integrity()
        assert ledger.filed_tables(1) == {"t": FiledTable([("c", "text")], [["x"]])}


def wiped(content: bytes) -> bytes:
    """Some pages in the middle of the rows overwritten, as by a failing disk."""
    at = content.index(b"01000") // PAGE * PAGE
    return content[:at] + b"\xff" * 3 * PAGE + content[at + 3 * PAGE :]


def one_bit(content: bytes) -> bytes:
    at = content.index(b"x" * 300) + 100
    return content[:at] + b"y" + content[at + 1 :]


def beginning(size: int) -> Callable[[bytes], bytes]:
    return lambda content: b"\xff" * size + content[size:]


DAMAGED: dict[str, tuple[Callable[[bytes], bytes], int, int]] = {  # the least and the most rows that may be lost
    "pages overwritten": (wiped, 1, 60),
    "zeros over pages": (lambda c: c[: 40 * PAGE] + bytes(2 * PAGE) + c[42 * PAGE :], 0, 40),
    "cut to two thirds": (lambda c: c[: len(c) * 2 // 3 + 77], 1, 1500),
    "a letter changed": (one_bit, 1, 1),
    "the header overwritten": (beginning(100), 0, 0),
    "the first page overwritten": (beginning(PAGE), 0, 0),
}


@pytest.mark.parametrize("damage, least, most", DAMAGED.values(), ids=DAMAGED)
def test_all_that_can_be_read_of_a_damaged_ledger_is_saved(
    big: Path, tmp_path: Path, damage: Callable[[bytes], bytes], least: int, most: int
) -> None:
    hurt = tmp_path / "ledger.db"
    hurt.write_bytes(damage(big.read_bytes()))
    with pytest.raises(LedgerError, match=r"is damaged.*backup FILE --records"):  # noqa: SIM117
        with Ledger.open(tmp_path, create=False) as ledger:
            ledger.check_integrity()
    lost = Lost()
    take(tmp_path / "new", saved(hurt, lost))
    kept = {row[0]: row for row in facts(tmp_path / "new" / "ledger.db")[1]}
    before = {row[0]: row for row in facts(big)[1]}
    assert least <= len(before) - len(kept) <= most
    assert all(before[number] == row for number, row in kept.items())
    assert "raw" in lost.beyond or sorted(lost.rows["raw"]) == sorted(before.keys() - kept.keys())
    with Ledger.open(tmp_path / "new", create=False) as ledger:
        ledger.check_integrity()
        assert len(ledger.cursors("Kraken", "kraken")) == (0 if lost.of("raw") else 1)


def test_what_no_ledger_can_be_read_from_is_told(big: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    for content in (b"\xff" * 8192, b"no database", big.read_bytes()[:PAGE]):
        path.write_bytes(content)
        with pytest.raises(Stop, match="nothing can be saved"):
            list(saved(path, Lost()))


CUT_CHAIN = {
    "all of it gone": ("DELETE FROM chain", [1, 2, 3, 4, 5, 6]),
    "its last link gone": ("DELETE FROM chain WHERE first = 6", [6]),
    "a link gone": ("DELETE FROM chain WHERE first = 4", [4, 5, 6]),
    "other marks": ("UPDATE chain SET marks = x'00' WHERE first = 4", [4, 5]),
    "a text for marks": ("UPDATE chain SET marks = 'none' WHERE first = 1", [1, 2, 3]),
    "another digest": ("UPDATE chain SET link = '' WHERE first = 4", [4, 5, 6]),
}


@pytest.mark.parametrize("statement, unproven", CUT_CHAIN.values(), ids=CUT_CHAIN)
def test_where_the_chain_is_what_is_damaged_all_records_are_saved_and_it_is_told(
    folder: Path, tmp_path: Path, statement: str, unproven: list[int]
) -> None:
    changed(folder, statement)
    lost = Lost()
    take(tmp_path / "new", saved(folder / "ledger.db", lost))
    assert facts(tmp_path / "new" / "ledger.db") == facts(folder / "ledger.db")
    assert not any(lost.rows.values()) and lost.unproven == unproven

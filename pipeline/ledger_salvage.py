"""What can be read of a SQLite ledger's file, damaged or not, row by row; and a new ledger of those rows.

    lost = Lost()
    for table, row in saved(copy, lost): ...         # {"id": 1, "source": "kraken", ...}: the columns as they are kept

The file is read as it is, by the numbers of rows alone: no index is needed. A row counts only if it is what was kept:
records by their marks and seals, filed years by their seals; a record whose mark is lost, by its seal alone, which is
told. The cache is left out: records say it again.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType
from typing import Any

from msgspec import Struct, field

from pipeline.issues import Stop
from pipeline.ledger import Ledger
from pipeline.ledger_filing import is_filed
from pipeline.ledger_on_sqlite import CHAIN_SINCE, OnSQLite
from pipeline.ledger_rows import RAW_ROW
from pipeline.ledger_whole import is_kept
from pipeline.model import digest_of
from pipeline.schema_chain import MARK, link
from pipeline.sqlite import columns

Row = dict[str, Any]


def _kinds(kind: str, nullable: bool) -> tuple[type, ...]:
    """What a value of a column is in the file: numbers that are exact, and instants, are texts there."""
    one = {"INTEGER": int, "BLOB": bytes}.get(kind, str)
    return (one, NoneType) if nullable else (one,)


RAW, FILING, CURSOR = "raw", "filing", "cursor"
COLUMNS = {
    table: {name: _kinds(kind, nullable) for name, kind, nullable in columns(table)}
    for table in ("batch", RAW, "price", "answer", FILING, CURSOR)
}
# Of the first page (sqlite.org/fileformat2.html, 1.3): the header, in it the number of pages, and of free ones.
_PAGE, _HEADER, _PAGES, _FREE = 4096, 100, slice(28, 32), slice(32, 40)
_LINK = ("first", "marks", "link")
_AT_ONCE = 512  # rows
_MOST, _FURTHEST = 1 << 24, 1 << 13  # rows looked for where the end of a table can't be read: in all, behind the last


class Lost(Struct):
    """The numbers of the rows that could not be read, are missing, or are not what was kept, by table; `beyond`: tables
    whose end could not be read, so that more may be lost; `unproven`: records that are saved, though no link of the
    chain says what they were."""

    rows: dict[str, list[int]] = field(default_factory=dict)
    beyond: set[str] = field(default_factory=set)
    unproven: list[int] = field(default_factory=list)

    def of(self, table: str) -> bool:
        return bool(self.rows.get(table)) or table in self.beyond


class NothingSaved(Stop):
    """There is nothing that can be read: why."""


def saved(path: Path, lost: Lost) -> Iterator[tuple[str, Row]]:
    """Every row that can be read of the ledger at `path`, which nobody else has open, and is what was kept.

    Cursors come last, and only where no record is lost: a list is fetched anew then. A file that has lost its
    beginning, which says where everything is, gets that of a new ledger. Raises NothingSaved.
    """
    any_row = False
    with closing(_opened(path)) as file:
        there = _tables(file)
        if RAW not in there:
            raise NothingSaved("it has no records of taxsync: nothing can be saved")
        marks, whole = _marks(file, "chain" in there)
        before = "chain" not in there and 0 < file.execute("PRAGMA user_version").fetchone()[0] < CHAIN_SINCE
        end = max(marks, default=0)
        until = {RAW: max(end, _parsed_to(file))} if whole else {}
        for table in (name for name in COLUMNS if name in there):
            if table == CURSOR and lost.of(RAW):
                continue
            for number, row in _rows(file, table, until.get(table, 0), lost):
                if not _sound(table, row, marks.get(number)):
                    lost.rows[table].append(number)
                    continue
                if table == RAW and number not in marks and not before:  # there was a chain
                    lost.unproven.append(number)
                any_row = True
                yield table, row
            if table == RAW and whole:  # numbers that the chain leaves out were never there
                lost.rows[table] = [n for n in lost.rows[table] if n in marks or n > end]
    if not any_row and (lost.beyond or any(lost.rows.values())):
        raise NothingSaved("none of its rows can be read: nothing can be saved")


def _opened(path: Path) -> sqlite3.Connection:
    """The file as a database, with another beginning where it has none."""
    for beginning in _beginnings(path):
        if beginning:
            with path.open("r+b") as file:
                file.write(beginning)
        database = sqlite3.connect(path, isolation_level=None)
        try:
            database.row_factory = sqlite3.Row
            database.execute("PRAGMA writable_schema = ON")  # else a file that lost its end is refused as a whole
            database.execute("PRAGMA cell_size_check = ON")
            database.execute("BEGIN")  # one lock for many thousand questions
            _tables(database)
            return database
        except sqlite3.Error:
            database.close()
    raise NothingSaved("its beginning, which says where everything is, can't be read: nothing can be saved")


def _beginnings(path: Path) -> Iterator[bytes]:
    """Its own; then the header that all ledgers have; then the first page of a new one, which is that of every ledger
    that was made by this version of the tables."""
    yield b""
    with TemporaryDirectory(dir=path.parent) as place:
        with Ledger.at(OnSQLite(Path(place)), create=True) as new:
            made = new.path
        page = bytearray(made.read_bytes()[:_PAGE])
    page[_PAGES] = (path.stat().st_size // _PAGE).to_bytes(4, "big")
    page[_FREE] = bytes(8)
    yield bytes(page[:_HEADER])
    yield bytes(page)


def _tables(database: sqlite3.Connection) -> set[str]:
    return {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def take(folder: Path, rows: Iterable[tuple[str, Row]]) -> None:
    """Makes a new ledger in `folder` of rows as `saved` gives them, all or none. Raises ValueError for what is none."""
    with Ledger.at(OnSQLite(folder), create=True) as ledger:
        ledger.take_rows(_known(rows))


def _known(rows: Iterable[tuple[str, Row]]) -> Iterator[tuple[str, Row]]:
    for table, row in rows:
        kinds = COLUMNS.get(table, {})
        if set(row) != set(kinds) or not _fits(table, row):
            raise ValueError(f"no row of the table {table!r}")
        yield table, row


def _sound(table: str, row: Row, mark: bytes | None) -> bool:
    """Whether a row is what was kept. `mark`: of a record's place; None: it is not known."""
    if not _fits(table, row):
        return False
    if table == FILING:
        return is_filed(row["content"], row["tables"], row["seal"])
    if table != RAW:
        return True
    if mark is None:
        return digest_of(row["payload"]) == str(row["seal"])
    return is_kept([row[name] for name in RAW_ROW], mark)


def _fits(table: str, row: Row) -> bool:
    return all(isinstance(row[name], kinds) for name, kinds in COLUMNS[table].items())


def _marks(file: sqlite3.Connection, there: bool) -> tuple[dict[int, bytes], bool]:
    """Row -> its mark, by the links that follow from the one before; whether they are all the links that there are."""
    marks: dict[int, bytes] = {}
    if not there:
        return marks, False
    lost, whole, last, before = Lost(), True, 0, ""
    for number, row in _rows(file, "chain", 0, lost):
        first, some = row["first"], row["marks"]
        fits = isinstance(first, int) and isinstance(some, bytes) and number == last + 1
        if fits and link(before, first, some) == row["link"]:
            marks |= {first + n: some[n * MARK :][:MARK] for n in range(len(some) // MARK)}
        else:
            whole = False
        last, before = number, row["link"]
    return marks, whole and not lost.of("chain")


def _parsed_to(file: sqlite3.Connection) -> int:
    """The last row of the records that the cache knows of, as far as it can be read."""
    with suppress(sqlite3.Error):
        last = file.execute("SELECT max(last_row) FROM parsed").fetchone()[0]
        return last if isinstance(last, int) else 0
    return 0


def _rows(file: sqlite3.Connection, table: str, until: int, lost: Lost) -> Iterator[tuple[int, Row]]:
    """The rows of a table by number, which begin at 1 and have no gaps; what is not there is noted in `lost`. At least
    to the number `until` (0: unknown)."""
    gone = lost.rows.setdefault(table, [])
    try:
        last, sure = max(until, file.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0), True  # noqa: S608 - our own
    except sqlite3.Error:
        last, sure = until or _MOST, until > 0
    number = 0
    for start in range(1, last + 1, _AT_ONCE):
        for found, row in _between(file, table, start, min(start + _AT_ONCE - 1, last)):
            gone.extend(range(number + 1, found))
            number = found
            yield found, row
        if not sure and start - number > _FURTHEST:
            break
    if sure:
        gone.extend(range(number + 1, last + 1))
    else:
        lost.beyond.add(table)


def _between(file: sqlite3.Connection, table: str, first: int, last: int) -> Iterator[tuple[int, Row]]:
    """The rows from `first` to `last` that can be read: halved until what is damaged stands alone."""
    asked = f"SELECT rowid, * FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"  # noqa: S608 - our own
    with suppress(sqlite3.Error):
        found = file.execute(asked, (first, last)).fetchall()
        yield from ((row[0], {name: row[name] for name in COLUMNS.get(table, _LINK)}) for row in found)
        return
    if first < last:
        middle = (first + last) // 2
        yield from _between(file, table, first, middle)
        yield from _between(file, table, middle + 1, last)

"""What can be read of a ledger's file, damaged or not, row by row; and a new ledger of those rows.

    lost = Lost()
    for table, row in saved(copy, lost): ...         # {"id": 1, "source": "kraken", ...}: the columns as they are kept

The file is read as it is, by the numbers of rows alone: no index is needed. A row counts only if it is what was kept:
records by their marks and seals, filed years by their seals. The cache is left out: records say it again.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary

from pipeline.issues import Stop
from pipeline.ledger import Ledger
from pipeline.ledger_filing import seal_of
from pipeline.ledger_rows import RAW_ROW
from pipeline.ledger_whole import is_kept
from pipeline.model import digest_of
from pipeline.schema import ANSWER, BATCH, CHAIN, CURSOR, FILING, PRICE, RAW
from pipeline.schema_chain import MARK

Row = dict[str, Any]


def _kinds(column: Column[Any]) -> tuple[type, ...]:
    """What a value of a column is in the file: numbers that are exact, and instants, are texts there."""
    kind = {Integer: int, LargeBinary: bytes}.get(type(column.type), str)
    return (kind, NoneType) if column.nullable else (kind,)


COLUMNS = {t.name: {c.name: _kinds(c) for c in t.c} for t in (BATCH, RAW, PRICE, ANSWER, FILING, CURSOR)}
_LINK = ("first", "marks")
_AT_ONCE = 512  # rows
_MOST, _FURTHEST = 1 << 24, 1 << 13  # rows looked for where the end of a table can't be read: in all, behind the last


@dataclass(slots=True)
class Lost:
    """The numbers of the rows that could not be read, are missing, or are not what was kept, by table; `beyond`: tables
    whose end could not be read, so that more may be lost."""

    rows: dict[str, list[int]] = field(default_factory=dict)
    beyond: set[str] = field(default_factory=set)

    def of(self, table: str) -> bool:
        return bool(self.rows.get(table)) or table in self.beyond


def saved(path: Path, lost: Lost) -> Iterator[tuple[str, Row]]:
    """Every row that can be read of the ledger at `path`, which nobody else has open, and is what was kept.

    Cursors come last, and only where no record is lost: a list is fetched anew then. Raises Stop where the file can't
    be read as a database at all.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.row_factory = sqlite3.Row
        try:
            file.execute("PRAGMA writable_schema = ON")  # else a file that lost its end is refused as a whole
            file.execute("PRAGMA cell_size_check = ON")
            file.execute("BEGIN")  # one lock for many thousand questions
            there = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.Error:
            raise Stop("its first page, which says where everything is, can't be read: nothing can be saved") from None
        if RAW.name not in there:
            raise Stop("it has no records of taxsync: nothing can be saved")
        marks, all_marks = _marks(file, CHAIN.name in there)
        until = {RAW.name: max(marks, default=0)} if all_marks else {}
        for table in (name for name in COLUMNS if name in there):
            if table == CURSOR.name and lost.of(RAW.name):
                continue
            for number, row in _rows(file, table, until.get(table, 0), lost):
                if _sound(table, row, marks.get(number, b"" if all_marks else None)):
                    yield table, row
                else:
                    lost.rows[table].append(number)
            if table == RAW.name and all_marks:  # numbers that the chain leaves out were never there
                lost.rows[table] = [number for number in lost.rows[table] if number in marks]


def take(folder: Path, rows: Iterable[tuple[str, Row]]) -> None:
    """Makes a new ledger in `folder` of rows as `saved` gives them, all or none. Raises ValueError for what is none."""
    with Ledger.open(folder, create=True) as ledger:
        ledger.take_rows(_known(rows))


def _known(rows: Iterable[tuple[str, Row]]) -> Iterator[tuple[str, Row]]:
    for table, row in rows:
        kinds = COLUMNS.get(table, {})
        if set(row) != set(kinds) or not _fits(table, row):
            raise ValueError(f"no row of the table {table!r}")
        yield table, row


def _sound(table: str, row: Row, mark: bytes | None) -> bool:
    """Whether a row is what was kept. `mark`: of a record's place; b"": it has none; None: that can't be told."""
    if not _fits(table, row):
        return False
    if table == FILING.name:
        return seal_of(row["content"], row["tables"]) == str(row["seal"])
    if table != RAW.name:
        return True
    if mark is None:
        return digest_of(row["payload"]) == str(row["seal"])
    return is_kept([row[name] for name in RAW_ROW], mark)


def _fits(table: str, row: Row) -> bool:
    return all(isinstance(row[name], kinds) for name, kinds in COLUMNS[table].items())


def _marks(file: sqlite3.Connection, there: bool) -> tuple[dict[int, bytes], bool]:
    """Row -> its mark, as far as there is a chain that can be read; whether that is all of it."""
    if not there:
        return {}, False
    marks: dict[int, bytes] = {}
    lost = Lost()
    for _, row in _rows(file, CHAIN.name, 0, lost):
        for start in range(0, len(row["marks"]), MARK):
            marks[row["first"] + start // MARK] = row["marks"][start : start + MARK]
    return marks, not lost.of(CHAIN.name)


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

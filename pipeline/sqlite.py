"""SQLite as the ledger uses it: a connection with its settings, and the one place with SQLite's own SQL.

What the ledger asks is plain SQL with `?` for values, which are texts, integers and bytes; this knows how a file is
opened, when a transaction begins, which version the tables have, and whether the file is sound. Nothing here imports
sqlalchemy or sqlmodel: reading their modules takes longer than most commands.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from pipeline import migrations
from pipeline.migrations import APPEND_ONLY, FACTS, INDEXES, TABLES, newest_version
from pipeline.model import instant_text
from pipeline.said import COLUMNS

APPLICATION_ID = 0x74617873  # "taxs": tells a ledger from any other SQLite file
CACHE = ("said", "parsed")
MANY = 100  # rows
_FORBIDDEN = ("update", "delete")


class Sqlite:
    """An open file, or (`past`) a ledger in memory. For one thread. What fails is a sqlite3.Error."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.close = connection.close
        self.execute: Callable[..., sqlite3.Cursor] = connection.execute
        self.stream = connection.execute

    @classmethod
    def at(cls, path: Path, patience: float) -> Self:
        """A file; `patience` is how many seconds it waits for another's lock.

        TRUNCATE keeps all that is committed in the one file (in WAL mode a copy of ledger.db lacks rows), FULL survives
        a power cut. Transactions begin when `begin` says: the driver's own handling begins at the first write, too late
        for read-then-insert.
        """
        connection = sqlite3.connect(path.absolute(), timeout=patience, isolation_level=None)
        try:
            # recursive_triggers: what INSERT OR REPLACE deletes is a DELETE for the append-only triggers too
            for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    @classmethod
    def past(cls, kept: str, patience: float, fill: Callable[[sqlite3.Connection], None] | None = None) -> Self:
        """A ledger in memory whose facts are those of `kept`, the address of a file that is only read, or a database in
        memory that `fill` fills: all rows but those in the table `left_out` (the table's name, the row's id)."""
        connection = sqlite3.connect(":memory:", timeout=patience, isolation_level=None, uri=True)
        try:
            connection.execute("ATTACH DATABASE ? AS kept", (kept,))
            if fill is not None:
                for statement in statements():
                    if statement.strip().startswith("CREATE TABLE"):
                        connection.execute(statement.replace("CREATE TABLE ", "CREATE TABLE kept."))
                fill(connection)
            connection.execute("CREATE TEMP TABLE left_out (name TEXT, id INTEGER, PRIMARY KEY (name, id))")
            for table in FACTS:  # a temporary view stands before a table of the same name
                out = f"SELECT 1 FROM left_out WHERE name = '{table}' AND left_out.id = kept.{table}.id"  # noqa: S608
                connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM kept.{table} WHERE NOT EXISTS ({out})")  # noqa: S608
            for table in CACHE:
                connection.execute(f"CREATE TABLE {table} AS SELECT * FROM kept.{table}")  # noqa: S608 - our own
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Adds rows, in the order of `columns`; those without a number get the next."""
        names = tuple(columns)
        if len(rows) < MANY:
            self._connection.executemany(insert_into(table, names), rows)
            return
        by_column = list(zip(*rows, strict=True))
        empty = tuple(map(_said_by_none, by_column))
        told = [values for values, nothing in zip(by_column, empty, strict=True) if nothing is None]
        self._connection.executemany(insert_into(table, names, empty), zip(*told, strict=True))

    def inserted(self, sql: str, values: Sequence[Any]) -> int:
        """Runs an INSERT of one row into a table that numbers its rows; the row's number."""
        return int(self.execute(sql, values).lastrowid or 0)

    def begin(self, *, reading: bool = False) -> None:
        self.execute("BEGIN" if reading else "BEGIN IMMEDIATE")

    def defer_references(self) -> None:
        """Until the transaction's end, rows may belong to a batch that is not there yet."""
        self.execute("PRAGMA defer_foreign_keys = ON")

    @property
    def alive(self) -> bool:
        """Whether a transaction is open: SQLite rolls back on its own, as on a full disk."""
        return self._connection.in_transaction

    def unkeepable(self, text: str) -> str:  # noqa: ARG002 - Postgresql's can't hold all
        """What in a text can't be kept, in words; "" for nothing."""
        return ""

    # ---- versions -----------------------------------------------------------------------------

    def version(self) -> int | None:
        """The version of a ledger's tables; 0 for an empty file; None for a SQLite file that is no ledger."""
        if self._pragma("application_id") == APPLICATION_ID:
            return self._pragma("user_version") or None  # 0: a hand, or damage, was in it
        tables = self.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return None if tables or self._pragma("user_version") else 0

    def make(self) -> None:
        """The tables and their guards, inside the caller's transaction."""
        for statement in (*statements(), *(trigger for table in APPEND_ONLY for trigger in triggers(table))):
            self.execute(statement)
        self.show_transactions()
        self.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    def show_transactions(self) -> None:
        """Makes the view `txn`, for whoever looks into the file: a row for each transaction in the cache. Nothing of
        ours reads it."""
        cells = ", ".join(
            f"CASE json_type(content, '$[{n}]') WHEN 'array' THEN json_extract(content, '$[{n}][' || one.key || ']') "
            f"ELSE json_extract(content, '$[{n}]') END AS {name}"
            for n, name in enumerate(COLUMNS)
        )
        self.execute(
            f"CREATE VIEW txn AS SELECT said.account, said.number + one.key AS number, {cells} "  # noqa: S608 - our own
            "FROM said, json_each(said.content, '$[0]') AS one"
        )

    def settle(self) -> None:
        """Says that the tables are of the newest version, without a row that does."""
        self.execute(f"PRAGMA user_version = {newest_version()}")

    def migrate(self, at: datetime, program: str) -> None:
        """Brings an empty or older ledger to the newest version, inside the caller's transaction."""
        version = self.version()
        if version == 0:
            self.make()
            self._record(newest_version(), at, program)
            return
        assert version is not None
        for number, steps in enumerate(migrations.MIGRATIONS[version - 1 :], start=version + 1):
            for step in steps:
                if isinstance(step, str):
                    self.execute(step)
                else:
                    step(self)
            self._record(number, at, program)

    def _record(self, version: int, at: datetime, program: str) -> None:
        values = (version, instant_text(at), program)
        self.execute("INSERT INTO migration (version, at, program) VALUES (?, ?, ?)", values)
        self.execute(f"PRAGMA user_version = {version}")

    def _pragma(self, name: str) -> int:
        return int(self.execute(f"PRAGMA {name}").fetchone()[0])

    # ---- the file -----------------------------------------------------------------------------

    def damage(self) -> Iterable[str]:
        """What SQLite itself finds wrong with the file, or with the guard of the append-only tables."""
        for (found,) in self.execute("PRAGMA integrity_check"):
            yield from (line for line in str(found).splitlines() if line != "ok" and not line.startswith("***"))
        if self.execute("PRAGMA foreign_key_check").fetchone() is not None:
            yield "a record belongs to no batch"
        there = {name for (name,) in self.execute("SELECT name FROM sqlite_master")}
        yield from (f"its {name} is missing" for name in (*TABLES, *INDEXES) if name not in there)
        for table in APPEND_ONLY:
            if table in there and not {f"{table}_no_{verb}" for verb in _FORBIDDEN} <= there:
                yield f"table {table} has lost its guard against changes"

    def copy_to(self, path: Path) -> bool:
        """Makes the file `path`, which is there and empty, what this one is now, inside the caller's snapshot. True: it
        is a file that can be copied."""
        self.version()  # the first look is what makes others wait
        with closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)
        return True

    def size(self) -> int:
        """Bytes, about."""
        return self._pragma("page_count") * self._pragma("page_size")


def copied(path: Path, copy: Path) -> None:
    """Makes the file `copy`, which is there and empty, what the file at `path` is now, by a connection of its own: one
    that has begun to write can't be copied."""
    kept = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(kept, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def statements() -> list[str]:
    """What makes the tables and indexes of a new ledger: `tables.sql`, as the classes of `schema` say it."""
    text = files("pipeline").joinpath("tables.sql").read_text(encoding="utf-8")
    return [part for part in text.split(";\n") if part.strip()]


def columns(table: str) -> list[tuple[str, str, bool]]:
    """The columns of a table of a new ledger: name, kind ("INTEGER", "BLOB", "TEXT" or "VARCHAR"), whether it may be
    empty."""
    with closing(sqlite3.connect(":memory:")) as new:
        new.executescript("".join(f"{statement};" for statement in statements()))
        return [(name, kind, not full) for _, name, kind, full, *_ in new.execute(f"PRAGMA table_info({table})")]


def triggers(table: str) -> Iterator[str]:
    """What aborts each change of the rows of an append-only table."""
    abort = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for verb in _FORBIDDEN:
        yield f'CREATE TRIGGER "{table}_no_{verb}" BEFORE {verb.upper()} ON "{table}" {abort}'


_EMPTY = {None: "NULL", "": "''", 0: "0"}  # what says nothing, as SQL has it


def _said_by_none(values: Sequence[Any]) -> str | None:
    """Of a column in which all rows say the same nothing, that, as SQL has it: each value that is bound takes time."""
    return _EMPTY.get(values[0]) if not any(values) and len(set(values)) == 1 else None


@cache
def insert_into(table: str, columns: tuple[str, ...], given: tuple[str | None, ...] = ()) -> str:
    """What adds a row of these columns, whose names are our own. `given`: their values, as SQL has them, None where
    each row has its own."""
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(value or "?" for value in given or (None,) * len(columns))
    return f"INSERT INTO {table} ({names}) VALUES ({values})"  # noqa: S608

"""PostgreSQL as the ledger uses it: a schema with its settings, and the one place with PostgreSQL's own SQL.

The twin of `sqlite`: what the ledger asks is the same plain SQL with `?` for values. Texts sort by their bytes, rows
are numbered without gaps, who reads sees one state and who writes waits for whoever is writing: as in SQLite, so that
the same commands leave the same rows. It goes through SQLAlchemy, which is read by those alone whose ledger is here.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Column, Connection, Integer, LargeBinary, Table, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from pipeline.ledger_errors import LedgerError
from pipeline.ledger_server import NO_CLIENT, NUL
from pipeline.migrations import APPEND_ONLY, INDEXES, TABLES, newest_version
from pipeline.model import instant_text
from pipeline.said import COLUMNS
from pipeline.schema import METADATA

FIRST = 4  # the version of the tables that ledgers here begin with
# What makes version FIRST + 1 of FIRST, and so on: beside each entry of `migrations` one here.
_TEXT = 'text COLLATE "C" NOT NULL'
MIGRATIONS: tuple[tuple[str | Callable[[Any], None], ...], ...] = (
    (
        "DROP TABLE txn",
        "DROP TABLE parsed",
        f"CREATE TABLE said (account {_TEXT}, number bigint NOT NULL, last {_TEXT}, seal {_TEXT}, content {_TEXT}, "
        "PRIMARY KEY (account, number))",
        f"CREATE TABLE parsed (account {_TEXT}, stamp {_TEXT}, last_row bigint NOT NULL, issues {_TEXT}, "
        f"balances {_TEXT}, prices {_TEXT}, seal {_TEXT}, PRIMARY KEY (account))",
        lambda database: database.show_transactions(),
    ),
)

LEFT = "moved"  # the turn of a schema whose ledger is in a file now

_FORBIDDEN = ("update", "delete", "truncate")
_NUMBERED = ("raw",)  # tables whose many new rows get their numbers here


class Postgresql:
    """An open schema. For one thread. What fails is one of `errors`."""

    errors: tuple[type[Exception], ...] = (SQLAlchemyError, psycopg.Error)

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection, self._schema = connection, schema
        self._write = key_of(schema, "write")
        self._known = False  # whether it was there when it was opened

    @classmethod
    def at(cls, connect: Callable[[], Any], schema: str) -> "Postgresql":
        """`connect` gives a connection of the driver; transactions begin when `begin` says."""
        engine = create_engine(
            "postgresql+psycopg://", creator=connect, poolclass=NullPool, isolation_level="AUTOCOMMIT",
            hide_parameters=True, use_native_hstore=False,
        )  # fmt: skip
        return cls(engine.connect(), schema)

    def close(self) -> None:
        self._connection.close()

    @property
    def _driver(self) -> Any:
        return self._connection.connection.driver_connection

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        return self._connection.exec_driver_sql(_theirs(sql), tuple(values))

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """What SQL finds, some rows at a time, inside the caller's transaction: a cursor of the server, as the driver
        would fetch all of them first."""
        return self._driver.cursor(name=f"taxsync_{secrets.token_hex(6)}").execute(_theirs(sql), tuple(values))

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Adds rows, by COPY where they may be many."""
        numbered = table in _NUMBERED and "id" not in columns
        names = ", ".join(f'"{name}"' for name in (("id", *columns) if numbered else columns))
        with self._driver.cursor() as cursor:
            if numbered:
                last = cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]
                rows = ((number, *row) for number, row in enumerate(rows, last + 1))
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                write = copy.write_row
                for row in rows:
                    write(row)

    def inserted(self, sql: str, values: Sequence[Any]) -> int:
        """Runs an INSERT of one row into a table that numbers its rows; the row's number."""
        return int(self.execute(f"{sql} RETURNING id", values).scalar_one())

    def begin(self, *, reading: bool = False) -> None:
        """Reads are of one state; who writes has the schema for itself till the transaction's end, as in SQLite."""
        if reading:
            self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return
        self.execute("BEGIN ISOLATION LEVEL READ COMMITTED")  # what others kept while it waited is seen
        try:
            self.execute("SELECT pg_advisory_xact_lock(?)", (self._write,))
            if self._known and self.home()[0] == LEFT:
                raise LedgerError("the ledger was moved into a file meanwhile: nothing was kept; run again")
        except BaseException:
            with suppress(*self.errors):
                self.execute("ROLLBACK")
            raise

    def defer_references(self) -> None:
        """Until the transaction's end, rows may belong to a batch that is not there yet."""
        self.execute("SET CONSTRAINTS ALL DEFERRED")

    @property
    def alive(self) -> bool:
        """Whether a transaction is open: one that has failed, or whose connection is cut, is none."""
        return not self._connection.invalidated and self._driver.info.transaction_status.name == "INTRANS"

    def unkeepable(self, text: str) -> str:
        """What in a text can't be kept, in words; "" for nothing."""
        return NUL if "\0" in text else ""

    # ---- versions -----------------------------------------------------------------------------

    def version(self) -> int | None:
        """The version of a ledger's tables; 0 where there is no such schema; None for one that is no ledger."""
        there = (
            "SELECT pg_class.oid FROM pg_namespace LEFT JOIN pg_class ON relnamespace = pg_namespace.oid AND "
            "relname = 'migration' WHERE nspname = ?"
        )
        found = self.execute(there, (self._schema,)).all()
        if not found or not found[0][0]:
            return None if found else 0
        # by its whole name: whoever may not use the schema is told so, where its own path would pass over it
        return int(self.execute(f'SELECT max(version) FROM "{self._schema}".migration').scalar() or 0) or None

    def make(self) -> None:
        """The tables and their guards, inside the caller's transaction."""
        self._driver.execute("\n".join(statements(self._schema)))
        self.show_transactions()

    def migrate(self, at: datetime, program: str) -> None:
        """Brings an empty or older ledger to the newest version, inside the caller's transaction."""
        version = self.version()
        if version == 0:
            self.make()
            self._record(newest_version(), at, program)
            return
        assert version is not None
        for number, steps in enumerate(MIGRATIONS[version - FIRST :], start=version + 1):
            for step in steps:
                if isinstance(step, str):
                    self.execute(step)
                else:
                    step(self)
            self._record(number, at, program)

    def _record(self, version: int, at: datetime, program: str) -> None:
        values = (version, instant_text(at), program)
        self.execute("INSERT INTO migration (version, at, program) VALUES (?, ?, ?)", values)

    def show_transactions(self) -> None:
        """Makes the view `txn`, as SQLite's: a row for each transaction in the cache."""
        lists = ", ".join(
            f"json_array_elements_text(CASE json_typeof(c -> {n}) WHEN 'array' THEN c -> {n} END)"
            for n, _ in enumerate(COLUMNS)
        )
        cells = ", ".join(
            f"CASE json_typeof(c -> {n}) WHEN 'array' THEN v{n} ELSE c ->> {n} END AS {name}"
            for n, name in enumerate(COLUMNS)
        )
        values = ", ".join(f"v{n}" for n, _ in enumerate(COLUMNS))
        schema = f'"{self._schema}"'
        self._driver.execute(
            f"CREATE VIEW {schema}.txn AS SELECT account, number + place - 1 AS number, {cells} "
            rf"FROM {schema}.said, LATERAL (SELECT regexp_replace(content, '(?<!\\)((\\\\)*)\\u0000', '\1', 'g')"
            "::json AS c) AS parsed, "  # without NUL, which no text can hold here
            f"LATERAL ROWS FROM ({lists}) WITH ORDINALITY AS one({values}, place)"
        )

    def settle(self) -> None:
        """The rows of `migration` are what says the version."""

    # ---- whose it is --------------------------------------------------------------------------

    def home(self) -> tuple[str, str, str]:
        """Of the folder that the schema belongs to: its turn, where it is, since when."""
        found = self.execute("SELECT turn, place, since FROM client").all()
        if len(found) != 1:
            raise LedgerError(f"the schema {self._schema} {NO_CLIENT}")
        self._known = True
        turn, place, since = found[0]
        return str(turn), str(place), str(since)

    def set_home(self, turn: str, place: str) -> None:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        self.execute("DELETE FROM client")
        self.execute("INSERT INTO client (turn, place, since) VALUES (?, ?, ?)", (turn, place, since))

    # ---- the whole ----------------------------------------------------------------------------

    def damage(self) -> Iterable[str]:
        """What is missing of the schema, or of the guard of the append-only tables."""

        def names(sql: str) -> set[str]:
            of = "relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = ?)"
            return {name for (name,) in self.execute(f"{sql} AND {of}", (self._schema,))}

        there = names(
            "SELECT relname FROM pg_class LEFT JOIN pg_index ON indexrelid = pg_class.oid WHERE "
            "coalesce(indisvalid, true)"
        )
        guards = names(
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE tgenabled IN ('A', 'O')"
        )
        yield from (f"its {name} is missing" for name in (*TABLES, *INDEXES) if name not in there)
        for table in APPEND_ONLY:
            if table in there and not {f"{table}_no_{verb}" for verb in _FORBIDDEN} <= guards:
                yield f"table {table} has lost its guard against changes"
        for table in ("raw", "price") if {"raw", "price", "batch"} <= there else ():
            lost = f"SELECT 1 FROM {table} WHERE NOT EXISTS (SELECT 1 FROM batch WHERE batch.id = {table}.batch)"
            if self.execute(f"{lost} LIMIT 1").all():
                yield "a record belongs to no batch"

    def copy_to(self, path: Path) -> bool:
        """False: it is no file that could be copied."""
        return False

    def size(self) -> int:
        """Bytes, about."""
        return int(self.execute("SELECT pg_total_relation_size('raw')").scalar_one())

    def fill(self, memory: sqlite3.Connection) -> None:
        """Copies all that is kept, cache and all, into the database `kept` of SQLite, inside the caller's snapshot."""
        for table in METADATA.sorted_tables:
            names = ", ".join(f'"{column.name}"' for column in table.c)
            found = self.stream(f"SELECT {names} FROM {table.name}")
            marks = ", ".join("?" for _ in table.c)
            while rows := found.fetchmany(5_000):
                memory.executemany(f"INSERT INTO kept.{table.name} ({names}) VALUES ({marks})", rows)
            found.close()


@cache
def _theirs(sql: str) -> str:
    """Our SQL as the driver takes it."""
    return sql.replace("%", "%%").replace("?", "%s")


def key_of(schema: str, purpose: str) -> int:
    """The number of a lock in the database."""
    return int.from_bytes(hashlib.sha256(f"{schema} {purpose}".encode()).digest()[:8], "big", signed=True)


# ---- what it is made of -----------------------------------------------------------------------


def statements(schema: str) -> Iterator[str]:
    """What makes a schema with the tables that the classes of `schema` say, their numbers and their guards."""
    yield f'CREATE SCHEMA "{schema}";'
    yield (
        f'CREATE FUNCTION "{schema}".refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$ '
        "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;"
    )
    # The number after the last, as SQLite has it: a sequence leaves gaps where something is undone.
    yield (
        f'CREATE FUNCTION "{schema}".next_id(name text) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog '
        f"AS $$ DECLARE found bigint; BEGIN EXECUTE format('SELECT coalesce(max(id), 0) + 1 FROM \"{schema}\".%I', "
        "name) INTO found; RETURN found; END $$;"
    )
    yield f'CREATE TABLE "{schema}".client (turn text NOT NULL, place text NOT NULL, since text NOT NULL);'
    for table in METADATA.sorted_tables:
        name = f'"{schema}"."{table.name}"'
        parts = [_column(schema, table, column) for column in table.c]
        parts.append(f"PRIMARY KEY ({_names(table.primary_key)})")
        parts += [
            f'FOREIGN KEY ("{key.parent.name}") REFERENCES "{schema}"."{key.column.table.name}" DEFERRABLE'
            for key in table.foreign_keys
        ]
        yield f"CREATE TABLE {name} ({', '.join(parts)});"
        for index in table.indexes:
            kind = "UNIQUE INDEX" if index.unique else "INDEX"
            yield f'CREATE {kind} "{index.name}" ON {name} ({_names(index.columns)});'
    for table_name in APPEND_ONLY:
        name = f'"{schema}"."{table_name}"'
        for verb in _FORBIDDEN:
            guard = f'"{table_name}_no_{verb}"'
            yield f'CREATE TRIGGER {guard} BEFORE {verb.upper()} ON {name} EXECUTE FUNCTION "{schema}".refuse();'
            yield f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {guard};"


def _column(schema: str, table: Table, column: Column[Any]) -> str:
    kind = {Integer: "bigint", LargeBinary: "bytea"}.get(type(column.type), 'text COLLATE "C"')
    number = column.name == "id" and column.primary_key
    default = f""" DEFAULT "{schema}".next_id('{table.name}')""" if number else ""
    required = "" if column.nullable else " NOT NULL"
    return f'"{column.name}" {kind}{default}{required}'


def _names(columns: Iterable[Column[Any]]) -> str:
    return ", ".join(f'"{column.name}"' for column in columns)

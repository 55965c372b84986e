"""The ledger's tables, its column types, and the one place with SQLite's own SQL.

Takes a path, gives an engine on a ledger that has exactly the tables below. Facts (batch, raw,
answer, price, filing, chain) are append-only: triggers abort whatever would change or delete a row. Migrations
are a plain list, counted by `PRAGMA user_version`: one file on a user's disk has one straight
history, so alembic's graph of revisions, its config and its environment would say nothing more.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    create_engine,
    event,
    exists,
    select,
)
from sqlalchemy.engine import URL, Dialect
from sqlmodel import Field, SQLModel

from pipeline.model import instant_text
from pipeline.money import exact_text
from pipeline.schema_chain import chain_all

# ---- column types -----------------------------------------------------------------------------


class Exact(TypeDecorator[Decimal]):
    """A Decimal as its own digits; SQLite's numbers are floats and would round it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> str | None:
        return None if value is None else exact_text(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Instant(TypeDecorator[datetime]):
    """An aware datetime as ISO 8601 in UTC with microseconds: texts sort as the instants do."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> str | None:
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


# ---- tables -----------------------------------------------------------------------------------


class _Row(SQLModel):
    metadata: ClassVar[MetaData] = MetaData()


class Migration(_Row, table=True):
    """When, and by which program, the ledger got which version of these tables."""

    version: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    program: str


class Batch(_Row, table=True):
    """One file, or one sync of an account by API: what brought records or prices, and when."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str  # "file" or "api"
    name: str
    digest: str = Field(index=True)  # of the file's bytes; "" for an API
    at: datetime = Field(sa_type=Instant)
    program: str


class Raw(_Row, table=True):
    """A record as received. `revision` counts the contents its identity has had, from 0."""

    __table_args__ = (Index("raw_identity", "account", "source", "stream", "source_id", "revision", unique=True),)

    id: int | None = Field(default=None, primary_key=True)
    source: str
    account: str
    stream: str
    source_id: str
    revision: int
    digest: str  # of what the record says: tells a revision
    seal: str  # of the payload's text: tells damage
    position: int
    origin: str
    payload: str
    batch: int = Field(foreign_key="batch.id")


class Chain(_Row, table=True):
    """A link of the chain over the raw records: the marks of the rows from `first` on that were kept together."""

    id: int | None = Field(default=None, primary_key=True)
    first: int
    marks: bytes
    link: str  # of this and of the link before: see schema_chain


class Cursor(_Row, table=True):
    """How far one stream of an account is kept: moves only with the records it covers."""

    account: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    text: str


class Answer(_Row, table=True):
    """What the user said (a label, a match, ...): `content` is JSON; the newest of a key counts."""

    __table_args__ = (Index("answer_key", "kind", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    key: str
    content: str
    by: str
    at: datetime = Field(sa_type=Instant)


class Quote(_Row, table=True):
    """A price with where it is from and when it was fetched; exactly one of `at` and `day` is set."""

    __tablename__ = "price"

    id: int | None = Field(default=None, primary_key=True)
    asset: str
    currency: str
    price: Decimal = Field(sa_type=Exact)
    at: datetime | None = Field(default=None, sa_type=Instant)
    day: str | None = None
    source: str
    fetched_at: datetime = Field(sa_type=Instant)
    batch: int = Field(foreign_key="batch.id")


class Filed(_Row, table=True):
    """A tax year as it was filed: `content` and `tables` are JSON, compressed; the newest of a year counts."""

    __tablename__ = "filing"

    id: int | None = Field(default=None, primary_key=True)
    year: str
    at: datetime = Field(sa_type=Instant)
    program: str
    why: str  # it was filed again; "": for the first time
    seal: str  # of both: tells damage
    content: bytes
    tables: bytes


class Txn(_Row, table=True):
    """A cache to browse: the transactions that the records of account `said_by` say, in their order."""

    said_by: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    id: str
    account: str
    at: datetime = Field(sa_type=Instant)
    sent_quantity: Decimal | None = Field(default=None, sa_type=Exact)
    sent_asset: str | None = None
    received_quantity: Decimal | None = Field(default=None, sa_type=Exact)
    received_asset: str | None = None
    fee_quantity: Decimal | None = Field(default=None, sa_type=Exact)
    fee_asset: str | None = None
    net_worth_quantity: Decimal | None = Field(default=None, sa_type=Exact)
    net_worth_asset: str | None = None
    label: str | None = None
    description: str
    txhash: str
    source: str
    source_id: str
    position: int


class ParsedAccount(_Row, table=True):
    """The rest of the cache: what else the records of an account say (JSON), and which parser read them."""

    __tablename__ = "parsed"

    account: str = Field(primary_key=True)
    stamp: str
    last_row: int  # of the account's raw records that were parsed
    issues: str
    balances: str
    prices: str


METADATA = _Row.metadata
BATCH, RAW, CHAIN, CURSOR, ANSWER, PRICE, FILING, TXN, PARSED, MIGRATION = (
    METADATA.tables[name]
    for name in ("batch", "raw", "chain", "cursor", "answer", "price", "filing", "txn", "parsed", "migration")
)
LEFT_OUT = Table("left_out", MetaData(), Column("name", Text), Column("id", Integer))  # of a ledger in memory alone
FACTS = (BATCH, RAW, ANSWER, PRICE)
APPEND_ONLY = (*FACTS, CHAIN, FILING, MIGRATION)

# What makes version n + 1 of version n, in order: the first entry makes 2 of 1. An entry is never
# edited; the classes above always are the newest version, which a new ledger gets at once.
MIGRATIONS: tuple[tuple[str | Callable[[Connection], None], ...], ...] = (
    ("DROP INDEX ix_txn_id", "DROP INDEX ix_txn_account"),  # no question needed them, and each row paid for them
    (
        "CREATE TABLE filing (id INTEGER NOT NULL, year VARCHAR NOT NULL, at TEXT NOT NULL, program VARCHAR NOT NULL, "
        "why VARCHAR NOT NULL, seal VARCHAR NOT NULL, content BLOB NOT NULL, tables BLOB NOT NULL, PRIMARY KEY (id))",
        'CREATE TRIGGER "filing_no_update" BEFORE UPDATE ON "filing" '
        "BEGIN SELECT RAISE(ABORT, 'filing is append-only'); END",
        'CREATE TRIGGER "filing_no_delete" BEFORE DELETE ON "filing" '
        "BEGIN SELECT RAISE(ABORT, 'filing is append-only'); END",
    ),
    (
        "CREATE TABLE chain (id INTEGER NOT NULL, first INTEGER NOT NULL, marks BLOB NOT NULL, link VARCHAR NOT NULL, "
        "PRIMARY KEY (id))",
        'CREATE TRIGGER "chain_no_update" BEFORE UPDATE ON "chain" '
        "BEGIN SELECT RAISE(ABORT, 'chain is append-only'); END",
        'CREATE TRIGGER "chain_no_delete" BEFORE DELETE ON "chain" '
        "BEGIN SELECT RAISE(ABORT, 'chain is append-only'); END",
        chain_all,
    ),
)


def newest_version() -> int:
    """The version of the tables that this program makes and reads."""
    return 1 + len(MIGRATIONS)


# ---- SQLite's own -----------------------------------------------------------------------------

APPLICATION_ID = 0x74617873  # "taxs": tells a ledger from any other SQLite file


def engine_of(path: Path, patience: float) -> Engine:
    """An engine on a SQLite file; `patience` is how many seconds it waits for another's lock.

    TRUNCATE keeps all that is committed in the one file (in WAL mode a copy of ledger.db lacks rows),
    FULL survives a power cut. Transactions begin when `BEGIN` says: pysqlite's own handling begins at
    the first write, too late for read-then-insert. Error texts never hold values.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(path.absolute())),
        connect_args={"timeout": patience, "isolation_level": None},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # recursive_triggers: what INSERT OR REPLACE deletes is a DELETE for the append-only triggers too
        for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def past_of(path: Path, patience: float) -> Engine:
    """An engine on a ledger in memory whose facts are those of the file at `path`, which is only read: all rows but
    those in the table `left_out` (the table's name, the row's id)."""
    engine = create_engine(
        "sqlite://", connect_args={"timeout": patience, "isolation_level": None, "uri": True}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.execute("ATTACH DATABASE ? AS kept", (f"{path.absolute().as_uri()}?mode=ro",))
        connection.execute("CREATE TEMP TABLE left_out (name TEXT, id INTEGER, PRIMARY KEY (name, id))")
        for table in FACTS:  # a temporary view stands before a table of the same name
            kept = table.to_metadata(MetaData(), schema="kept")
            out = exists().where(LEFT_OUT.c.name == table.name, LEFT_OUT.c.id == kept.c.id)
            rows = select(kept).where(~out).compile(engine, compile_kwargs={"literal_binds": True})
            connection.execute(f"CREATE TEMP VIEW {table.name} AS {rows}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def version_of(connection: Connection) -> int | None:
    """The version of a ledger's tables; 0 for an empty file; None for a SQLite file that is no ledger."""
    if _pragma(connection, "application_id") == APPLICATION_ID:
        return _pragma(connection, "user_version") or None  # 0: a hand, or damage, was in it
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    return None if tables or _pragma(connection, "user_version") else 0


def migrate(connection: Connection, at: datetime, program: str) -> None:
    """Brings an empty or older ledger to the newest version, inside the caller's transaction."""
    version = version_of(connection)
    if version == 0:
        METADATA.create_all(connection)
        for table in APPEND_ONLY:
            for trigger in _triggers(table):
                connection.exec_driver_sql(trigger)
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        _record(connection, newest_version(), at, program)
        return
    assert version is not None
    for number, statements in enumerate(MIGRATIONS[version - 1 :], start=version + 1):
        for statement in statements:
            if isinstance(statement, str):
                connection.exec_driver_sql(statement)
            else:
                statement(connection)
        _record(connection, number, at, program)


def damage(connection: Connection) -> Iterable[str]:
    """What SQLite itself finds wrong with the file, or with the guard of the append-only tables."""
    lines = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    yield from (str(line) for line in lines if line != "ok")
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        yield "a record belongs to no batch"
    there = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    for table in METADATA.tables.values():
        names = (table.name, *(str(index.name) for index in table.indexes))
        yield from (f"its {name} is missing" for name in names if name not in there)
    for table in APPEND_ONLY:
        if table.name in there and not {f"{table.name}_no_{verb}" for verb in _FORBIDDEN} <= there:
            yield f"table {table.name} has lost its guard against changes"


def still_in_transaction(connection: Connection) -> bool:
    """False once SQLite has rolled back on its own, as it does on a full disk."""
    driver = connection.connection.driver_connection
    return driver is not None and bool(driver.in_transaction)


_FORBIDDEN = ("update", "delete")


def _triggers(table: Table) -> Iterable[str]:
    abort = f"BEGIN SELECT RAISE(ABORT, '{table.name} is append-only'); END"
    for verb in _FORBIDDEN:
        yield f'CREATE TRIGGER "{table.name}_no_{verb}" BEFORE {verb.upper()} ON "{table.name}" {abort}'


def _record(connection: Connection, version: int, at: datetime, program: str) -> None:
    connection.execute(MIGRATION.insert(), {"version": version, "at": at, "program": program})
    connection.exec_driver_sql(f"PRAGMA user_version = {version}")


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())

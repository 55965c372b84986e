"""The ledger's tables: what a row of each is.

A new ledger gets them from `tables.sql`, which these classes wrote (a test holds the two together, and writes it with
TAXSYNC_WRITE_SCHEMA=1), so that no command has to read sqlmodel's modules first. Instants are texts, ISO 8601 in UTC
with microseconds, which sort as the instants do; exact numbers are texts, their own digits. Facts (batch, raw, answer,
price, filing, chain) are append-only: triggers abort whatever would change or delete a row.
"""

from typing import ClassVar

from sqlalchemy import Index, MetaData, Text
from sqlmodel import Field, SQLModel


class _Row(SQLModel):
    metadata: ClassVar[MetaData] = MetaData()


class Migration(_Row, table=True):
    """When, and by which program, the ledger got which version of these tables."""

    version: int = Field(primary_key=True)
    at: str = Field(sa_type=Text)
    program: str


class Batch(_Row, table=True):
    """One file, or one sync of an account by API: what brought records or prices, and when."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str  # "file" or "api"
    name: str
    digest: str = Field(index=True)  # of the file's bytes; "" for an API
    at: str = Field(sa_type=Text)
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
    at: str = Field(sa_type=Text)


class Quote(_Row, table=True):
    """A price with where it is from and when it was fetched; exactly one of `at` and `day` is set."""

    __tablename__ = "price"

    id: int | None = Field(default=None, primary_key=True)
    asset: str
    currency: str
    price: str = Field(sa_type=Text)
    at: str | None = Field(default=None, sa_type=Text)
    day: str | None = None
    source: str
    fetched_at: str = Field(sa_type=Text)
    batch: int = Field(foreign_key="batch.id")


class Filed(_Row, table=True):
    """A tax year as it was filed: `content` and `tables` are JSON, compressed; the newest of a year counts."""

    __tablename__ = "filing"

    id: int | None = Field(default=None, primary_key=True)
    year: str
    at: str = Field(sa_type=Text)
    program: str
    why: str  # it was filed again; "": for the first time
    seal: str  # of both: tells damage
    content: bytes
    tables: bytes


class SaidPages(_Row, table=True):
    """A cache: some transactions that the records of an account say, in their order, a column at a time (JSON: see
    `pipeline.said`). The view `txn` shows a row for each."""

    __tablename__ = "said"

    account: str = Field(primary_key=True)
    number: int = Field(primary_key=True)  # of the first
    last: str = Field(sa_type=Text)  # their latest instant
    seal: str  # of the whole row: tells damage
    content: str


class ParsedAccount(_Row, table=True):
    """The rest of the cache: what else the records of an account say (JSON), and which parser read them."""

    __tablename__ = "parsed"

    account: str = Field(primary_key=True)
    stamp: str
    last_row: int  # of the account's raw records that were parsed
    issues: str
    balances: str
    prices: str
    seal: str  # of the account's whole cache


METADATA = _Row.metadata

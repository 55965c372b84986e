"""What the ledger's tables are called, and what makes each version of them from the one before.

A plain list, counted by the version that the ledger records: one ledger on a user's disk has one straight history, so
alembic's graph of revisions, its config and its environment would say nothing more. The newest version is what the
classes of `schema` say, and a new ledger gets it at once.
"""

from collections.abc import Callable
from typing import Any

from pipeline.schema_chain import chain_all

FACTS = ("batch", "raw", "answer", "price")
APPEND_ONLY = (*FACTS, "chain", "filing", "migration")
TABLES = (*APPEND_ONLY, "cursor", "said", "parsed")
INDEXES = ("ix_batch_digest", "raw_identity", "answer_key")

# What makes version n + 1 of version n, in order: the first entry makes 2 of 1. An entry is never edited.
MIGRATIONS: tuple[tuple[str | Callable[[Any], None], ...], ...] = (
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
    (  # what was parsed is parsed anew when it is asked for
        "DROP TABLE txn",
        "DROP TABLE parsed",
        "CREATE TABLE said (account VARCHAR NOT NULL, number INTEGER NOT NULL, last TEXT NOT NULL, "
        "seal VARCHAR NOT NULL, content VARCHAR NOT NULL, PRIMARY KEY (account, number))",
        "CREATE TABLE parsed (account VARCHAR NOT NULL, stamp VARCHAR NOT NULL, last_row INTEGER NOT NULL, "
        "issues VARCHAR NOT NULL, balances VARCHAR NOT NULL, prices VARCHAR NOT NULL, seal VARCHAR NOT NULL, "
        "PRIMARY KEY (account))",
        lambda database: database.show_transactions(),
    ),
)


def newest_version() -> int:
    """The version of the tables that this program makes and reads."""
    return 1 + len(MIGRATIONS)

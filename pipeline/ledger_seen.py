"""A look at a ledger from outside: what is cheap to know of it, by SQLite's read-only door.

    seen(Path("clients/ada"), ("opening",))     # a few milliseconds; the file is neither changed nor migrated

Nothing is computed. What the ledger does not let see is a LedgerError of one line.
"""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pipeline.folder import require_plain
from pipeline.ledger_access import LedgerError, ReadOnly, os_error, readable
from pipeline.migrations import newest_version
from pipeline.sqlite import APPLICATION_ID

PATIENCE = 0.2  # seconds to wait for another process's transaction: there are thousands to look at
_FILINGS_SINCE = 3  # the version of the tables that has filed years
_CHAIN_SINCE = 4


class Marks(NamedTuple):
    """The last row of records, prices, the person's answers and filed years; 0 where there is none. Rows are only
    ever added, so equal marks are equal facts of one ledger; `link`, the end of the chain over its records, tells it
    from another that was put in its place ("" in a ledger from before there was a chain)."""

    records: int
    prices: int
    answers: int
    filings: int
    link: str = ""


class Seen(NamedTuple):
    """`older`: the next command brings the tables up to date. `last_import`: when the last one began."""

    marks: Marks
    last_import: datetime | None
    closed: tuple[str, ...]
    older: bool


def seen(folder: Path, machine: Collection[str]) -> Seen:
    """What the ledger of a data folder shows; `machine`: kinds of answers that commands give themselves. Raises
    LedgerError."""
    path = folder / "ledger.db"
    try:
        require_plain(path)
    except FileNotFoundError:
        raise LedgerError(f"{path} is missing: restore it from a backup") from None
    except OSError as error:
        raise os_error(path, error) from None
    try:
        with readable(path), closing(_opened(path)) as connection:
            return _seen(path, connection, machine)
    except ReadOnly:  # SQLite would have to undo what a kill has left, which is not for us to do
        raise LedgerError(
            f"{path} was left in the middle of a change: any command in that folder, such as `taxsync status`, puts it "
            "right"
        ) from None


def _opened(path: Path) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)


def _seen(path: Path, connection: sqlite3.Connection, machine: Collection[str]) -> Seen:
    connection.execute("BEGIN")
    version = _number(connection, "PRAGMA user_version")
    if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise LedgerError(f"{path} is not a taxsync ledger: restore it from a backup")
    if version > newest_version():
        raise LedgerError(f"{path} is of a newer taxsync: update taxsync")
    filed = version >= _FILINGS_SINCE
    filings = "SELECT max(id) FROM filing" if filed else "SELECT 0"
    others = ",".join("?" * len(machine))
    one = (
        f"SELECT (SELECT max(id) FROM raw), (SELECT max(id) FROM price), "  # noqa: S608  # nothing but our own words
        f"(SELECT max(id) FROM answer WHERE kind NOT IN ({others})), ({filings}), (SELECT max(at) FROM batch)"
    )
    *numbers, last = connection.execute(one, tuple(machine)).fetchone()
    years = connection.execute("SELECT DISTINCT year FROM filing ORDER BY year").fetchall() if numbers[3] else []
    linked = (
        version >= _CHAIN_SINCE and connection.execute("SELECT link FROM chain ORDER BY id DESC LIMIT 1").fetchone()
    )
    records, prices, answers, closed = (int(number or 0) for number in numbers)
    marks = Marks(records, prices, answers, closed, linked[0] if linked else "")
    at = datetime.fromisoformat(last) if last else None
    return Seen(marks, at, tuple(str(year) for (year,) in years), version < newest_version())


def _number(connection: sqlite3.Connection, what: str) -> int:
    return int(connection.execute(what).fetchone()[0] or 0)

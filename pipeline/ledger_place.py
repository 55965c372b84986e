"""Where the ledger of a data folder is: in its own SQLite file, or in PostgreSQL; the one place that chooses.

    place_of(Path("data"))      # by what the folder holds and by TAXSYNC_LEDGER_URL

A folder whose ledger is in the other database than the environment says is refused in one line: nobody who forgets
the variable, or sets it too early, begins an empty ledger beside a full one.
"""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from pipeline import ledger_on_sqlite as on_sqlite
from pipeline import ledger_server
from pipeline.ledger_errors import LedgerError, ReadOnly, os_error
from pipeline.ledger_mark import FILE as MARK
from pipeline.ledger_mark import read_mark
from pipeline.ledger_on_sqlite import FILE, Glimpse, OnSQLite
from pipeline.ledger_server import VARIABLE, Door, Server


class Database(Protocol):
    """An open ledger; the docstrings are those of Sqlite and Postgresql."""

    @property
    def errors(self) -> tuple[type[Exception], ...]: ...
    @property
    def alive(self) -> bool: ...

    def execute(self, sql: str, values: Sequence[Any] = ...) -> Any: ...
    def stream(self, sql: str, values: Sequence[Any] = ...) -> Any: ...
    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None: ...
    def inserted(self, sql: str, values: Sequence[Any]) -> int: ...
    def begin(self, *, reading: bool = ...) -> None: ...
    def defer_references(self) -> None: ...
    def unkeepable(self, text: str) -> str: ...
    def version(self) -> int | None: ...
    def make(self) -> None: ...
    def settle(self) -> None: ...
    def migrate(self, at: datetime, program: str) -> None: ...
    def damage(self) -> Iterable[str]: ...
    def copy_to(self, path: Path) -> bool: ...
    def size(self) -> int: ...
    def close(self) -> None: ...


class Place(Protocol):
    """Where one ledger is; the docstrings are those of OnSQLite and OnPostgreSQL."""

    @property
    def folder(self) -> Path: ...
    @property
    def path(self) -> Path: ...  # what messages call the ledger

    def prepare(self, create: bool) -> None: ...
    def open(self, patience: float) -> Any: ...
    def may_begin(self) -> bool: ...
    def missing(self) -> LedgerError: ...
    def keep_as_it_is(self, version: int) -> None: ...
    def settle(self, database: Any) -> None: ...
    def kept(self) -> None: ...
    def is_at_home(self, database: Any) -> bool: ...
    def take_home(self, database: Any) -> None: ...
    def taken_home(self, database: Any) -> None: ...
    def leave(self, database: Any) -> None: ...
    def copy_raw(self, folder: Path) -> bool: ...
    def past(self, database: Any, patience: float) -> Any: ...
    def glimpse(self, machine: Collection[str], patience: float, door: Door) -> Glimpse: ...
    def unseen(self, why: ReadOnly) -> LedgerError: ...
    def lock(self, what: str, tell: Callable[[str], None], patience: float) -> AbstractContextManager[None]: ...
    def holder(self) -> str: ...


def server_asked() -> Server | None:
    """What TAXSYNC_LEDGER_URL names; None: nothing."""
    url = os.environ.get("TAXSYNC_LEDGER_URL", "").strip()
    return Server.of(url) if url else None


def place_of(folder: Path) -> Place:
    """Raises LedgerError where the folder and the environment don't say the same."""
    at = server_asked()
    if is_in_file(folder):
        if at is not None:
            raise LedgerError(
                f"{folder / FILE} is a ledger in a file, and {VARIABLE} names a server: `taxsync move --to postgresql` "
                "moves it there; without the variable it is used as it is"
            )
        return OnSQLite(folder)
    if at is None and os.path.lexists(folder / MARK):
        raise LedgerError(
            f"the ledger of {folder} is in PostgreSQL ({folder / MARK} says in which schema): set {VARIABLE}; nothing "
            "was changed"
        )
    if at is None:
        return OnSQLite(folder)
    from pipeline.ledger_on_postgresql import OnPostgreSQL  # read by those alone whose ledger is there

    return OnPostgreSQL(folder, at)


def is_in_file(folder: Path) -> bool:
    """Whether a folder has a ledger, and has it in a file. Ends a move that was killed at its last step."""
    file, mark = folder / FILE, folder / MARK
    if not os.path.lexists(mark) or not os.path.lexists(file):
        return os.path.lexists(file)
    try:
        said = read_mark(mark)
        if said.state == "making":  # a move that has not come to its end
            return True
        if said.state == "moved":  # all is in the file: the mark goes
            with suppress(OSError):
                mark.rename(free_name(mark))
            return True
        aside = folder / said.aside
        if said.aside and aside.parent == folder and not os.path.lexists(aside):  # all is in the schema: the file goes
            with suppress(OSError):
                file.rename(aside)
            return False
    except OSError as error:
        raise os_error(mark, error) from None
    raise LedgerError(
        f"{folder} has two ledgers, {file.name} and the schema that {mark.name} names: move away the one that does not "
        "count"
    )


def free_name(path: Path) -> Path:
    """A name beside `path` for what is set aside."""
    names = (path.with_name(f"ledger-moved-{n}{path.suffix}") for n in range(1, 10_000))
    return next(name for name in names if not os.path.lexists(name))


def told(path: Path, error: Exception) -> Exception | None:
    """What an error of either database is to a person; None for an error of another."""

    def holder() -> str:
        return place_of(path.parent).holder()

    return on_sqlite.told(path, error, holder) or ledger_server.told(path, error, holder)

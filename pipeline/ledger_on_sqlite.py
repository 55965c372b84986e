"""A ledger in a SQLite file of its folder: where it is, how it is looked at from outside, who may use it now.

Its twin is `ledger_on_postgresql`; what either database is asked in is in `sqlite` and `postgresql`.
"""

import shutil
import sqlite3
import stat
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from pipeline.folder import create_private, make_folder, replace_private, require_plain
from pipeline.ledger_errors import EMPTY, NO_LEDGER, RESCUE, UNKNOWN, Conflict, LedgerError, ReadOnly, os_error
from pipeline.lock import holder, locked
from pipeline.migrations import newest_version
from pipeline.sqlite import APPLICATION_ID, Sqlite, copied

FILE = "ledger.db"
_FILINGS_SINCE = 3  # the version of the tables that has filed years
CHAIN_SINCE = 4


class Glimpse(NamedTuple):
    """What is cheap to know of a ledger, by a look from outside: `last` are the last rows of records, prices, the
    person's answers and filed years, 0 where there is none; `last_import` when the last one began, as it is kept;
    `link` the end of the chain. Of a newer version than the program's, nothing else is known."""

    version: int
    last: tuple[int, int, int, int] = (0, 0, 0, 0)
    last_import: str | None = None
    closed: tuple[str, ...] = ()
    link: str = ""


class OnSQLite(Struct, frozen=True):
    """Where such a ledger is: the file `name` in `folder`."""

    folder: Path
    name: str = FILE

    @property
    def path(self) -> Path:
        return self.folder / self.name

    # ---- opening ------------------------------------------------------------------------------

    def prepare(self, create: bool) -> None:
        """Makes an empty file (0600, in a folder 0700) if `create`; raises LedgerError for what is no plain file."""
        try:
            if create:
                make_folder(self.folder)
                create_private(self.path)
            else:
                require_plain(self.path)
        except FileNotFoundError:
            raise LedgerError(
                f"{self.path} is missing: restore it from a backup, or begin anew with `taxsync init`"
            ) from None
        except OSError as error:
            raise os_error(self.path, error) from None
        _require_files_beside(self.path)

    def open(self, patience: float) -> Sqlite:
        return Sqlite.at(self.path, patience)

    def may_begin(self) -> bool:
        """Whether a file without tables may get them."""
        return True

    def missing(self) -> LedgerError:
        """What a file without tables is, where none is to be made."""
        return LedgerError(f"{self.path} {EMPTY}")

    def keep_as_it_is(self, version: int) -> None:
        """Makes a copy of the ledger, 0600 and on the disk, before it is changed. The caller's transaction keeps others
        from changing it."""
        copy = self.folder / f"ledger-version-{version}.db"
        part = copy.with_suffix(".part")
        try:
            part.unlink(missing_ok=True)
            create_private(part)
            copied(self.path, part)
            replace_private(part, copy)
        except (OSError, sqlite3.Error) as error:
            with suppress(OSError):
                part.unlink()
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise LedgerError(
                f"{self.path} is of an older taxsync, and {copy}, where it is kept as it was, can't be written "
                f"({str(why).lower()}); nothing was changed, run again where it can"
            ) from None

    def settle(self, database: Sqlite) -> None:
        """A file belongs to the folder that it is in."""

    def kept(self) -> None:
        """A file that has its tables is a ledger."""

    def is_at_home(self, database: Sqlite) -> bool:
        """A file is where it is."""
        return True

    def take_home(self, database: Sqlite) -> None:
        """A file is where it is."""

    def taken_home(self, database: Sqlite) -> None:
        """A file is where it is."""

    def leave(self, database: Sqlite) -> None:
        """A file that gets another name is no ledger: SQLite itself lets nobody write who has it open."""

    # ---- copies -------------------------------------------------------------------------------

    def copy_raw(self, folder: Path) -> bool:
        """Copies the file into `folder` as it is, damaged or not, with what a killed write has left, which whoever
        opens the copy takes back. True: it is one."""
        for name in (self.name, f"{self.name}-journal", f"{self.name}-wal"):
            if (self.folder / name).is_file():
                shutil.copyfile(self.folder / name, folder / name)
        return True

    def past(self, database: Sqlite, patience: float) -> Sqlite:
        """A ledger in memory over the facts of this one, which is only read."""
        return Sqlite.past(f"{self.path.absolute().as_uri()}?mode=ro", patience)

    def glimpse(self, machine: Collection[str], patience: float, door: object) -> Glimpse:
        """What is cheap to know, by SQLite's read-only door; the file is neither changed nor migrated."""
        try:
            require_plain(self.path)
        except FileNotFoundError:
            raise LedgerError(f"{self.path} is missing: restore it from a backup") from None
        except OSError as error:
            raise os_error(self.path, error) from None
        _require_files_beside(self.path)
        address = f"{self.path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=patience, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            version = _number(connection, "PRAGMA user_version")
            if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
                raise LedgerError(f"{self.path} is not a taxsync ledger: restore it from a backup")
            if version > newest_version():
                return Glimpse(version)
            others = ",".join("?" * len(machine))
            one = (
                f"SELECT (SELECT max(id) FROM raw), (SELECT max(id) FROM price), "
                f"(SELECT max(id) FROM answer WHERE kind NOT IN ({others})), "
                f"({'SELECT max(id) FROM filing' if version >= _FILINGS_SINCE else 'SELECT 0'}), "
                "(SELECT max(at) FROM batch)"
            )
            records, prices, answers, filings, last = connection.execute(one, tuple(machine)).fetchone()
            filed, linked = "SELECT DISTINCT year FROM filing ORDER BY year", "SELECT link FROM chain ORDER BY id DESC"
            years = connection.execute(filed).fetchall() if filings else []
            link = connection.execute(f"{linked} LIMIT 1").fetchone() if version >= CHAIN_SINCE else None
            marks = records or 0, prices or 0, answers or 0, filings or 0
            return Glimpse(version, marks, last, tuple(str(year) for (year,) in years), link[0] if link else "")

    def unseen(self, why: ReadOnly) -> LedgerError:
        """What it is if a look would have to change it: SQLite would undo what a kill has left, which is not for a look
        to do."""
        return LedgerError(
            f"{self.path} was left in the middle of a change: any command in that folder, such as `taxsync status`, "
            "puts it right"
        )

    # ---- one at a time ------------------------------------------------------------------------

    def lock(self, what: str, tell: Callable[[str], None], patience: float) -> AbstractContextManager[None]:
        """Holds the ledger for one import; see `lock.locked`."""
        return locked(lock_of(self.folder), what, tell, patience)

    def holder(self) -> str:
        """Who else holds it now; "": nobody."""
        return holder(lock_of(self.folder))


def lock_of(folder: Path) -> Path:
    return folder / "ledger.lock"


def _require_files_beside(ledger: Path) -> None:
    """Raises LedgerError where something else has the place of what SQLite writes beside a ledger, if only for a while:
    it would wait for a pipe for ever."""
    for end in ("-journal", "-wal", "-shm"):
        path = ledger.with_name(f"{ledger.name}{end}")
        with suppress(OSError):  # there is none
            if not stat.S_ISREG(path.lstat().st_mode):
                raise LedgerError(f"{path} can't be used: is not a file of its own; move it away")


def _number(connection: sqlite3.Connection, what: str) -> int:
    return int(connection.execute(what).fetchone()[0] or 0)


# ---- what it says when it can't be used -------------------------------------------------------

# SQLite's primary result codes (sqlite.org/rescode.html) -> what happened and what to do.
_WORDING = {
    1: f"is not as taxsync made it, damaged or changed by another program: keep it as it is and {RESCUE}",  # ERROR
    3: "can't be used: you may not read or change it or its folder; check their owner",  # PERM
    5: "is in use by another program (a database browser, a backup?): close it and run again",  # BUSY
    6: "is in use by another program (a database browser, a backup?): close it and run again",  # LOCKED
    8: "can't be changed: it or its folder is read-only: let it be written, or copy it; nothing was kept",  # READONLY
    10: "could not be read or written (full or failing disk?): what was kept before is kept; run again",  # IOERR
    11: f"is damaged: keep it as it is and {RESCUE}",  # CORRUPT
    13: "could not grow, the disk is full: what was kept before is kept; free some space and run again",  # FULL
    14: "can't be opened: check that it and its folder are there and yours",  # CANTOPEN
    18: "can't hold so large a record: divide it, or leave it out; nothing of it was kept",  # TOOBIG
    23: "can't be used: you may not read or change it; check its owner",  # AUTH
    26: NO_LEDGER,  # NOTADB
}

_IN_USE, _READ_ONLY, _CORRUPT, _CONSTRAINT = (5, 6), 8, 11, 19


def told(path: Path, error: Exception, holder: Callable[[], str]) -> LedgerError | None:
    """What an error of SQLite is to a person; None for an error of another."""
    if isinstance(error, UnicodeDecodeError):  # of SQLite's own words about what is damaged, which repeat some of it
        return LedgerError(f"{path} {_WORDING[_CORRUPT]}")
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if "decode to UTF-8" in str(error):  # Python's own, without a code
        code = _CORRUPT
    if code in _IN_USE and (who := holder()):
        return LedgerError(f"{path} is in use by {who}: run again when it has ended")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if name == "SQLITE_READONLY_DBMOVED":
        return LedgerError(f"{path} was moved meanwhile: nothing was kept; run again")
    wrong = {_READ_ONLY: ReadOnly, _CONSTRAINT: Conflict}.get(code, LedgerError)
    return wrong(f"{path} {_WORDING.get(code, f'could not be used ({name}): {UNKNOWN}')}")

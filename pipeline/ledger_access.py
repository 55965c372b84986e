"""Who may use the ledger now, and what to say when it can't be used.

`readable` turns what SQLite raises into a LedgerError: one line with what happened
and what to do, and no value of any record. `import_lock` lets one import at a time into a folder.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.issues import Stop
from pipeline.lock import Held, NoLock, holder, locked

PATIENCE = 30.0  # seconds to wait for another process's transaction, or import


class LedgerError(Stop):
    """The ledger can't be used: one readable line, with what to do."""


class ReadOnly(LedgerError):
    """The ledger can be read, and nothing can be kept in it."""


# What is left to whoever has a damaged ledger.
RESCUE = (
    "restore a backup into a new folder; without one, `taxsync backup FILE --records` saves what can be read, and "
    "`taxsync restore FILE --data NEW` makes a ledger of it"
)

NO_LEDGER = (
    "is not a taxsync ledger: move it away, or choose another folder with --data; if it was one, it is damaged: "
    f"keep it as it is and {RESCUE}"
)

# SQLite's primary result codes (sqlite.org/rescode.html) -> what happened and what to do.
_WORDING = {
    3: "can't be used: you may not read or change it or its folder; check their owner",  # PERM
    5: "is in use by another program (a database browser, a backup?): close it and run again",  # BUSY
    6: "is in use by another program (a database browser, a backup?): close it and run again",  # LOCKED
    8: "can't be changed: it or its folder is read-only; nothing was kept",  # READONLY
    10: "could not be read or written (full or failing disk?): what was kept before is kept; run again",  # IOERR
    11: f"is damaged: keep it as it is and {RESCUE}",  # CORRUPT
    13: "could not grow, the disk is full: what was kept before is kept; free some space and run again",  # FULL
    14: "can't be opened: check that it and its folder are there and yours",  # CANTOPEN
    18: "can't hold so large a record",  # TOOBIG
    23: "can't be used: you may not read or change it; check its owner",  # AUTH
    26: NO_LEDGER,  # NOTADB
}

_IN_USE, _READ_ONLY = (5, 6), 8


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raises LedgerError for what the database can't do, ValueError for a value that can't be kept."""
    try:
        yield
    except UnicodeEncodeError:
        raise ValueError("a text with half a character (a lone surrogate) can't be kept") from None
    except OverflowError:
        raise ValueError("a number over 64 bits can't be kept") from None
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _IN_USE and (who := holder(_lock(path.parent))):
            raise LedgerError(f"{path} is in use by {who}: run again when it has ended") from error
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        wrong = ReadOnly if code == _READ_ONLY else LedgerError
        raise wrong(f"{path} {_WORDING.get(code, f'could not be used ({name})')}") from error


def os_error(path: Path, error: OSError) -> LedgerError:
    """What the file system says about `path`, in a line."""
    return LedgerError(f"{path} can't be used: {error.strerror or type(error).__name__}")


# ---- one import at a time ---------------------------------------------------------------------


def _lock(folder: Path) -> Path:
    return folder / "ledger.lock"


@contextmanager
def import_lock(
    folder: Path, what: str, waiting: Callable[[str], None] | None = None, patience: float = PATIENCE
) -> Iterator[None]:
    """Holds the folder for one import; `what` tells others who holds it (a command, without secrets).

    While another import holds it: says so once by `waiting`, tries for `patience` seconds, then raises LedgerError.
    """

    def tell(who: str) -> None:
        if waiting is not None:
            waiting(f"{who} is at work in {folder}: waiting for it to end")

    try:
        with locked(_lock(folder), what, tell, patience):
            yield
    except Held as who:
        raise LedgerError(f"{who} is at work in {folder}: run again when it has ended") from None
    except NoLock as why:
        remedy = ": move the data folder to a disk of this machine" if why.unknown else ""
        raise LedgerError(f"{_lock(folder)} can't be used: {why}{remedy}; nothing was kept") from None

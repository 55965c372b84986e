"""Who may use the ledger now, and what to say when it can't be used.

`readable` turns what SQLite and SQLAlchemy raise into a LedgerError: one line with what happened
and what to do, and no value of any record. `import_lock` lets one import at a time into a folder;
the operating system gives the lock back when its holder dies, whatever way.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError, StatementError

from pipeline.folder import read_bounded, write_private
from pipeline.issues import Stop


class LedgerError(Stop):
    """The ledger can't be used: one readable line, with what to do."""


# SQLite's primary result codes (sqlite.org/rescode.html) -> what happened and what to do.
_WORDING = {
    3: "can't be used: you may not read or change it or its folder; check their owner",  # PERM
    5: "is in use by another program (a database browser, a backup?): close it and run again",  # BUSY
    6: "is in use by another program (a database browser, a backup?): close it and run again",  # LOCKED
    8: "can't be changed: it or its folder is read-only; nothing was kept",  # READONLY
    10: "could not be read or written (full or failing disk?): what was kept before is kept; run again",  # IOERR
    11: "is damaged: keep it as it is and restore a backup into a new folder",  # CORRUPT
    13: "could not grow, the disk is full: what was kept before is kept; free some space and run again",  # FULL
    14: "can't be opened: check that it and its folder are there and yours",  # CANTOPEN
    18: "can't hold so large a record",  # TOOBIG
    23: "can't be used: you may not read or change it; check its owner",  # AUTH
    26: "is not a taxsync ledger: move it away, or choose another folder with --data",  # NOTADB
}


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raises LedgerError for what the database can't do, ValueError for a value that can't be kept."""
    try:
        yield
    except UnicodeEncodeError:
        raise ValueError("a text with half a character (a lone surrogate) can't be kept") from None
    except OverflowError:
        raise ValueError("a number over 64 bits can't be kept") from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, StatementError) else error
        if isinstance(cause, ValueError):  # refused by a column type
            raise cause from None
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        name = getattr(cause, "sqlite_errorname", type(cause).__name__)
        raise LedgerError(f"{path} {_WORDING.get(code, f'could not be used ({name})')}") from error


def os_error(path: Path, error: OSError) -> LedgerError:
    """What the file system says about `path`, in a line."""
    return LedgerError(f"{path} can't be used: {error.strerror or type(error).__name__}")


# ---- one import at a time ---------------------------------------------------------------------


@contextmanager
def import_lock(folder: Path, what: str, waiting: Callable[[str], None] | None, patience: float) -> Iterator[None]:
    """Holds the folder for one import; `what` tells others who holds it (a command, without secrets).

    While another import holds it: says so once by `waiting`, tries for `patience` seconds, then raises
    LedgerError. The holder's note lies in a file of its own, as a locked file can't be read on Windows;
    it is only ever shown: a note left behind by a killed import keeps nobody out.
    """
    lock = FileLock(folder / "ledger.lock", mode=0o600)
    note = folder / "ledger.holder"
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if waiting is not None:
                waiting(f"{_holder(note)} is at work in {folder}: waiting for it to end")
            lock.acquire(timeout=patience, poll_interval=0.1)
    except Timeout:
        raise LedgerError(f"{_holder(note)} is at work in {folder}: run again when it has ended") from None
    except OSError as error:
        raise os_error(folder / "ledger.lock", error) from None
    try:
        _write_note(note, what)
        yield
    finally:
        with suppress(OSError):
            note.unlink()
        lock.release()


def _write_note(note: Path, what: str) -> None:
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    content = json.dumps({"command": what, "process": os.getpid(), "since": since})
    with suppress(OSError):  # a courtesy to others: a full disk stops the import itself, in its own words
        write_private(note, content.encode())


def _holder(note: Path) -> str:
    try:
        entry = json.loads(read_bounded(note, 64 * 1024))
        return f"`{entry['command']}` (process {entry['process']}, since {entry['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another import"

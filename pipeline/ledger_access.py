"""Who may use the ledger now, and what to say when it can't be used.

`readable` turns what the databases raise into a LedgerError: one line with what happened
and what to do, and no value of any record. `import_lock` lets one import at a time at a ledger.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.ledger_errors import PATIENCE, RESCUE, Conflict, LedgerError, ReadOnly, cure, os_error
from pipeline.ledger_on_sqlite import lock_of
from pipeline.ledger_place import Place, place_of, told
from pipeline.lock import Held, NoLock, locked

__all__ = [
    "PATIENCE", "RESCUE", "Conflict", "LedgerError", "ReadOnly", "folder_lock", "import_lock", "os_error", "readable",
]  # fmt: skip


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raises LedgerError for what the database can't do, ValueError for a value that can't be kept."""
    try:
        yield
    except UnicodeEncodeError:
        raise ValueError("a text with half a character (a lone surrogate) can't be kept") from None
    except OverflowError:
        raise ValueError("a number over 64 bits can't be kept") from None
    except Exception as error:
        wrong = told(path, error)
        if wrong is None:
            raise
        raise wrong from error


# ---- one import at a time ---------------------------------------------------------------------


@contextmanager
def import_lock(
    folder: Path, what: str, waiting: Callable[[str], None] | None = None, patience: float = PATIENCE,
    place: Place | None = None,
) -> Iterator[None]:  # fmt: skip
    """Holds a folder's ledger for one import; `what` tells others who holds it (a command, without secrets). `place`:
    of the ledger, whatever the environment says.

    While another import holds it: says so once by `waiting`, tries for `patience` seconds, then raises LedgerError.
    """
    at = place or place_of(folder)
    with _worded(folder), at.lock(what, _told_by(waiting, folder), patience):
        if place is None and place_of(folder) != at:
            raise LedgerError(f"the ledger of {folder} was moved meanwhile: nothing was kept; run again")
        yield


@contextmanager
def folder_lock(folder: Path, what: str) -> Iterator[None]:
    """The same for a folder itself, whatever is in it; nobody is waited for."""
    with _worded(folder), locked(lock_of(folder), what, None, 0):
        yield


def _told_by(waiting: Callable[[str], None] | None, folder: Path) -> Callable[[str], None]:
    def tell(who: str) -> None:
        if waiting is not None:
            waiting(f"{who} is at work in {folder}: waiting for it to end")

    return tell


@contextmanager
def _worded(folder: Path) -> Iterator[None]:
    try:
        yield
    except Held as who:
        raise LedgerError(f"{who} is at work in {folder}: run again when it has ended") from None
    except NoLock as why:
        remedy = "move the data folder to a disk of this machine" if why.unknown else cure(why.cause)
        raise LedgerError(f"{lock_of(folder)} can't be used: {why}: {remedy}; nothing was kept") from None

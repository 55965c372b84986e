"""What to say when a ledger can't be used: one line with what happened and what to do, and no value of any record."""

import errno
from pathlib import Path

from pipeline.issues import Stop

PATIENCE = 30.0  # seconds to wait for another process's transaction, or import


class LedgerError(Stop):
    """The ledger can't be used: one readable line, with what to do."""


class ReadOnly(LedgerError):
    """The ledger can be read, and nothing can be kept in it."""


class Conflict(LedgerError):
    """What was to be kept does not fit what is kept: it is there already, or belongs to what is not there."""


# What is left to whoever has a damaged ledger.
RESCUE = (
    "restore a backup into a new folder; without one, `taxsync backup FILE --records` saves what can be read, and "
    "`taxsync restore FILE --data NEW` makes a ledger of it"
)

NO_LEDGER = (
    "is not a taxsync ledger: move it away, or choose another folder with --data; if it was one, it is damaged: "
    f"keep it as it is and {RESCUE}"
)
UNKNOWN = "what was kept before is kept; run again, and if it stays, report it with this line"
EMPTY = "is empty: restore it from a backup, or remove it and begin anew with `taxsync init`"


def os_error(path: Path, error: OSError) -> LedgerError:
    """What the file system says about `path`, in a line."""
    return LedgerError(f"{path} can't be used: {error.strerror or type(error).__name__}; {cure(error)}")


def cure(error: OSError) -> str:
    """What to do where the file system refuses a file of the data folder."""
    return _CURES.get(error.errno or 0, "move it away, or choose another folder with --data")


_YOURS = "check that it and its folder are yours to read and to change"
_CURES = {
    errno.EACCES: _YOURS,
    errno.EPERM: _YOURS,
    errno.EROFS: "copy the folder to a disk that can be written",
    errno.ENOSPC: "free some space and run again",
    errno.ELOOP: "put the file itself in the place of the link",
    errno.EIO: "check the disk, and restore a backup into a new folder",
}

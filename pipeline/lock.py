"""One at a time: a lock file, and a note beside it that tells others who holds it.

    with locked(folder / "ledger.lock", "taxsync import", print, patience=30): ...

The operating system gives the lock back when its holder dies, whatever way. The note lies in a file of its own, as a
locked file can't be read on Windows; it is only ever shown: one that a kill left behind keeps nobody out. The empty
lock file stays: whoever waits has it open, and one made anew would be another lock.

`filelock` is loaded where a lock is taken or asked for: it watches all that the program does from then on (an audit
hook against forks), which most commands need not pay for.
"""

import errno
import json
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.folder import overwrite_private, read_bounded

# flock(2) on NFS without its lock daemon, on shares and on file systems of user space
_NO_LOCKS = frozenset((errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS))


class Held(Exception):
    """Another holds the lock; the text says who, such as "`taxsync import` (process 7, since ...)"."""


class NoLock(Exception):
    """There can be no such lock; the text is the system's reason, such as "Read-only file system".

    `unknown`: the file system has no locks at all, as network folders may.
    """

    def __init__(self, cause: OSError) -> None:
        super().__init__(cause.strerror or type(cause).__name__)
        self.cause, self.unknown = cause, cause.errno in _NO_LOCKS


@contextmanager
def locked(lock: Path, what: str, waiting: Callable[[str], None] | None, patience: float) -> Iterator[None]:
    """Holds the file `lock`; `what` tells others who does (a command, without secrets).

    While another holds it: `waiting` gets once who does, then it is tried for `patience` seconds. Raises Held, NoLock.
    """
    from filelock import FileLock, Timeout

    file = FileLock(lock, mode=0o600)
    try:
        try:
            _acquire(file, 0)
        except Timeout:
            if waiting is not None:
                waiting(_named(lock))
            _acquire(file, patience)
    except Timeout:
        raise Held(_named(lock)) from None
    except OSError as error:
        raise NoLock(error) from None
    try:
        _write_note(lock, what)
        yield
    finally:
        with suppress(OSError):
            _note(lock).unlink()
        file.release()


def holder(lock: Path) -> str:
    """Who else holds `lock` now, as `Held` says it; "" for nobody, or this process itself."""
    try:
        entry = _read_note(lock)
        words = _words(entry)
        if entry["process"] == os.getpid():
            return ""
    except (OSError, ValueError, TypeError, KeyError):
        return ""
    from filelock import FileLock, Timeout

    try:
        file = FileLock(lock, mode=0o600)
        _acquire(file, 0)
        file.release()
    except Timeout:
        return words
    except OSError:
        pass
    return ""


def _acquire(file: Any, patience: float) -> None:
    with warnings.catch_warnings():  # where a file system has no locks, filelock warns and goes by the file's existence
        warnings.simplefilter("ignore")
        try:
            file.acquire(timeout=patience, poll_interval=0.1)
        except NotImplementedError as error:  # the same of an older filelock, which has no other way
            raise OSError(str(error)) from None


def _note(lock: Path) -> Path:
    return lock.with_suffix(".holder")


def _write_note(lock: Path, what: str) -> None:
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    content = json.dumps({"command": what, "process": os.getpid(), "since": since})
    with suppress(OSError):  # a courtesy to others: a full disk stops the work itself, in its own words
        overwrite_private(_note(lock), content.encode())


def _read_note(lock: Path) -> dict[str, object]:
    return dict(json.loads(read_bounded(_note(lock), 64 * 1024)))


def _words(entry: dict[str, object]) -> str:
    return f"`{entry['command']}` (process {entry['process']}, since {entry['since']})"


def _named(lock: Path) -> str:
    """Who holds `lock`, as far as the note tells."""
    try:
        return _words(_read_note(lock))
    except (OSError, ValueError, TypeError, KeyError):
        return "another command"

"""Reads a big file on a second processor: a process of its own reads and checks the rows, while the caller keeps those
that came before.

    reading = read(Path("big.csv"))         # as `importers.read.read`: the same pages, refused in the same words

What is small is read here, since a process takes up to half a second to begin: where systems have no safe copy of this
one to begin with (all but Linux), it loads what it needs anew. The other process ends with the last page, with the
caller's last question, or when the caller is gone.
"""

import gc
import multiprocessing
import signal
import sys
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from operator import attrgetter
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from importers.base import Refused
from importers.mapping import Mapped
from importers.read import Reading
from importers.read import read as read_here
from pipeline.model import Page, RawRecord, SaidPage

BIG = 4 << 20  # bytes
WIDE = 1 << 20  # bytes that a pipe may hold, where that can be chosen (Linux)
COPIES = sys.platform == "linux"  # whether the other process may begin as a copy of this one

_Sent = tuple[list[tuple[Any, ...]], list[SaidPage], int, Mapping[str, int], Sequence[str]] | str
_VALUES = attrgetter("source", "account", "stream", "source_id", "position", "payload", "origin", "told")


def read(
    path: Path, account: str | None = None, zone: str = "UTC", mapping: Mapped | None = None, *, big: int = BIG
) -> Reading:
    """The records or prices of one file; read by another process from `big` bytes on. Raises Refused."""
    found = read_here(path, account, zone, mapping)
    if not isinstance(found.pages, Generator) or path.stat().st_size < big:  # prices and answers have no pages
        return found
    found.pages.close()
    process = _Process(found, path, account, zone, mapping)
    return replace(
        found, pages=process.pages(), bare_dates=lambda: process.bare_dates, passed=lambda: process.passed,
        doubts=lambda: process.doubts,
    )  # fmt: skip


class _Process:
    """The other process, seen from here."""

    def __init__(self, recognised: Reading, *file: Any) -> None:
        self._file, self._recognised = file, recognised
        self.bare_dates = 0
        self.passed: Mapping[str, int] = {}
        self.doubts: Sequence[str] = ()

    def pages(self) -> Generator[Page, None, None]:
        context: Any = multiprocessing.get_context("fork" if COPIES else "spawn")
        ours, theirs = context.Pipe(duplex=False)
        _widen(theirs)
        process = context.Process(target=_send, args=(ours if COPIES else None, theirs, self._file), daemon=True)
        with ours:
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited: Ctrl-C is for the caller, who ends it
            try:
                with warnings.catch_warnings():  # of the thread that shows the progress; the copy never speaks
                    warnings.simplefilter("ignore", DeprecationWarning)
                    process.start()
            finally:
                signal.signal(signal.SIGINT, before)
            theirs.close()
            try:
                while not isinstance(found := self._received(ours), str):
                    values, said, self.bare_dates, self.passed, self.doubts = found
                    yield Page([RawRecord(*each) for each in values], said=said)
            finally:
                process.terminate()
                process.join()
        if found != self._recognised.digest:
            raise Refused(f"{self._recognised.name}: was changed while it was read; import it again")

    def _received(self, ours: Connection) -> _Sent:
        """A page's values, what they say, bare dates, rows passed over and doubts so far; at the end the digest of
        what was read."""
        try:
            found: _Sent | Exception = ours.recv()
        except (EOFError, OSError):
            raise Refused(f"{self._recognised.name}: what read it was ended from outside; import it again") from None
        if isinstance(found, Exception):
            raise found
        return found


def _widen(pipe: Connection) -> None:
    """Makes room for a page, so that one may be made while the one before waits to be taken."""
    if COPIES:
        import fcntl

        with suppress(OSError):  # more than this user may have
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, WIDE)


def _send(ours: Connection | None, theirs: Connection, file: tuple[Any, ...]) -> None:
    """The other process's whole work, on what `read` is asked for. `ours`: the caller's end, of which a copy has one,
    too, and would never hear that the caller is gone."""
    if ours is not None:
        ours.close()
    gc.disable()  # as in the caller, where it says why
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Windows lets none inherit it
    with theirs, suppress(BrokenPipeError):
        try:
            found = read_here(*file)
            for page in found.pages:
                values = [_VALUES(record) for record in page.records]
                theirs.send((values, page.said, found.bare_dates(), dict(found.passed()), found.doubts()))
            theirs.send(found.digest)
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  # raised again by the caller
            theirs.send(error)

"""Reads a big file on a second processor: a process of its own reads and checks the rows, while the caller keeps those
that came before.

    reading = read(Path("big.csv"))         # as `importers.read.read`: the same pages, refused in the same words

What is small is read here, since a process takes half a second to begin. The other process ends with the last page,
with the caller's last question, or when the caller is gone.
"""

import gc
import multiprocessing
import signal
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from operator import attrgetter
from pathlib import Path
from typing import Any

from importers.base import Refused
from importers.read import Reading
from importers.read import read as read_here
from pipeline.model import Page, RawRecord, Said

BIG = 4 << 20  # bytes

_Sent = tuple[list[tuple[Any, ...]], list[Said], int] | str
_VALUES = attrgetter("source", "account", "stream", "source_id", "position", "payload", "origin", "content")


def read(path: Path, account: str | None = None, big: int = BIG) -> Reading:
    """The records or prices of one file; read by another process from `big` bytes on. Raises Refused."""
    found = read_here(path, account)
    if not isinstance(found.pages, Generator) or path.stat().st_size < big:  # prices and answers have no pages
        return found
    found.pages.close()
    process = _Process(path, account, found)
    return replace(found, pages=process.pages(), bare_dates=lambda: process.bare_dates)


class _Process:
    """The other process, seen from here."""

    def __init__(self, path: Path, account: str | None, recognised: Reading) -> None:
        self._path, self._account, self._recognised = path, account, recognised
        self.bare_dates = 0

    def pages(self) -> Generator[Page, None, None]:
        context = multiprocessing.get_context("spawn")  # the one way that all systems have
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_send, args=(theirs, self._path, self._account), daemon=True)
        with ours:
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited: Ctrl-C is for the caller, who ends it
            try:
                process.start()
            finally:
                signal.signal(signal.SIGINT, before)
            theirs.close()
            try:
                while not isinstance(found := self._received(ours), str):
                    values, said, self.bare_dates = found
                    yield Page([RawRecord(*each) for each in values], said=said)
            finally:
                process.terminate()
                process.join()
        if found != self._recognised.digest:
            raise Refused(f"{self._recognised.name}: was changed while it was read; import it again")

    def _received(self, ours: Connection) -> _Sent:
        """A page's values, what they say and the bare dates so far; at the end the digest of what was read."""
        try:
            found: _Sent | Exception = ours.recv()
        except (EOFError, OSError):
            raise Refused(f"{self._recognised.name}: what read it was ended from outside; import it again") from None
        if isinstance(found, Exception):
            raise found
        return found


def _send(theirs: Connection, path: Path, account: str | None) -> None:
    """The other process's whole work."""
    gc.disable()  # as in the caller, where it says why
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Windows lets none inherit it
    with theirs, suppress(BrokenPipeError):
        try:
            found = read_here(path, account)
            for page in found.pages:
                theirs.send(([_VALUES(record) for record in page.records], page.said, found.bare_dates()))
            theirs.send(found.digest)
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  # raised again by the caller
            theirs.send(error)

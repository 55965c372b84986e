"""Work that goes on beside this, in a process of its own, where that is worth it.

    with meanwhile(forms, worth=True) as others:       # `forms` begins now
        names = tables()
        names += others(None)

The other process is a copy of this one as it stands, so that nothing has to be handed to it. Where a system makes no
safe copies (all but Linux), the work is done here once it is asked for. The other ends with its work, or when nobody
can ask for it any more.
"""

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NoReturn, TypeVar

from reports.table import ReportError

A = TypeVar("A")
T = TypeVar("T")


def in_copies(worth: bool) -> bool:
    """Whether such work is done by a copy of this process."""
    return worth and sys.platform == "linux"


@contextmanager
def meanwhile(work: Callable[[Callable[[], A]], T], *, worth: bool) -> Iterator[Callable[[A], T]]:
    """Begins `work`, and gives what asks for its result, once; there it raises what it has raised.

    `work` gets a function that waits for what is said by the one who asks. It may write files; what it changes in
    memory stays its own. `worth`: whether it takes much longer than to begin a process does.
    """
    if not in_copies(worth):
        yield lambda said: work(lambda: said)
        return
    ours, theirs = Pipe()
    with ours:
        with warnings.catch_warnings():  # of the thread that shows the progress; the copy never speaks
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            _other(ours, theirs, work)
        theirs.close()
        try:
            yield lambda said: _asked(ours, said)
        finally:
            os.kill(child, signal.SIGKILL)  # it has said all that it had to say, or nobody asks any more
            os.waitpid(child, 0)


def _asked(ours: Connection, said: object) -> Any:
    with suppress(OSError):  # it may be done without
        ours.send(said)
    try:
        found = ours.recv()
    except (EOFError, OSError):
        raise ReportError("what did a part of the work was ended from outside; run the command again") from None
    if isinstance(found, Exception):
        raise found
    return found


def _other(ours: Connection, theirs: Connection, work: Callable[[Callable[[], Any]], object]) -> NoReturn:
    """The other process's whole life: of what it is a copy of, it flushes, closes and undoes nothing."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that began it
        ours.close()  # so that it hears of that one's end
        try:
            found = work(theirs.recv)
        except Exception as error:  # noqa: BLE001 - raised again by the one that asks
            found = error
        theirs.send(found)
    finally:
        os._exit(0)

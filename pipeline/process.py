"""What this process asks of the system for itself: what it makes is private, and what ends it is told in words."""

import os
import signal
from typing import TypeVar

T = TypeVar("T")

PRIVATE = 0o077


def begin() -> None:
    """For a process that is the program and nothing else. New files and folders are for their owner alone, and are for
    him in any case. What asks the program to end (`kill`, a system that goes down, a terminal that is closed) ends a
    command as Ctrl-C does; asked once more it ends at once. A copy of the process, which does a part of the work, just
    ends; what it was begun to ignore (`nohup`) is ignored."""
    os.umask(PRIVATE)
    program = os.getpid()

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        if os.getpid() != program:
            signal.raise_signal(number)
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):  # Windows has one of them
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)


_last: list[object] = []


def ends_with(thing: T) -> T:
    """The same, which is there until the process ends, or another takes its place: to let a big result go, object by
    object, would take a twentieth of a command's time."""
    _last[:] = [thing]
    return thing


def leave_no_core() -> None:
    """A crash must not leave memory with keys in it on the disk."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass

"""Work that waits for another machine, and ends by a time whatever that one does.

    within(120, work, cut)      # what `work` gives or raises; Late after 120 seconds

A time-out of a socket begins anew with every byte, and there is none while a name is looked up: who sends one byte at
a time would be waited for without end.
"""

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


class Late(Exception):
    """The time is over."""


def within(seconds: float, work: Callable[[], T], cut: Callable[[], None]) -> T:  # no money
    """What `work` gives, done in a thread of its own. After `seconds` it is left to itself, and `cut` takes from
    it what it waits for."""
    given, raised = list[T](), list[BaseException]()

    def run() -> None:
        try:
            given.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below, by whoever waits
            raised.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not given:
        cut()
        raise Late
    return given[0]

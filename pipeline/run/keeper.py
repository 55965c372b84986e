"""Several exchanges at once, one ledger: threads that fetch, and the one thread that keeps.

    def fetch():
        page = ask()                                        # in a thread of its own
        keeper.do(lambda: ledger.keep(page, batch))         # in the thread that called `run`

    keeper.run([fetch, ...])

The ledger, the terminal and the vault are for one thread: whatever a job wants of them, it asks `do` for.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, TypeVar

T = TypeVar("T")
Job = Callable[[], None]

PATIENCE = 1  # seconds between two looks of the waiting thread: where a wait can't be interrupted, Ctrl-C is seen then


class Ended(BaseException):
    """The run was stopped: a thread that fetches goes no further."""


class Keeper:
    """Does what jobs ask for, one after the other, in the thread that calls `run`."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | BaseException | None] = SimpleQueue()
        self._ended = Event()

    def do(self, work: Callable[[], T]) -> T:
        """What `work` gives, or raises, there. Raises Ended once the run is stopped."""
        done: Future[T] = Future()
        self._asked.put((work, done))
        if self._ended.is_set():  # whoever ends the run sets this first, then answers what still waits
            raise Ended
        return done.result()

    def run(self, jobs: Sequence[Job]) -> None:
        """Runs each job in a thread of its own until all have ended, and does here what they ask for.

        A fault of one job hides no other: it is raised when all have ended. Ctrl-C ends them all, at their next word; a
        request that is under way is not waited for, as nothing of it would be kept.
        """
        threads = [Thread(target=self._one, args=(job,), daemon=True) for job in jobs]
        try:
            for thread in threads:
                thread.start()
            self._serve(len(jobs))
        finally:
            self._end()
            for thread in threads:
                thread.join(timeout=0.1)

    def _one(self, job: Job) -> None:
        fault: BaseException | None = None
        try:
            job()
        except Ended:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised again, by `_serve`
            fault = error
        self._asked.put(fault)

    def _serve(self, jobs: int) -> None:
        fault: Exception | None = None
        while jobs:
            try:
                asked = self._asked.get(timeout=PATIENCE)
            except Empty:
                continue
            if isinstance(asked, tuple):
                _do(*asked)
                continue
            if asked is not None and not isinstance(asked, Exception):
                raise asked
            jobs -= 1
            fault = fault or asked
        if fault is not None:
            raise fault

    def _end(self) -> None:
        self._ended.set()
        with suppress(Empty):
            while True:
                asked = self._asked.get_nowait()
                if isinstance(asked, tuple):
                    asked[1].set_exception(Ended())


def _do(work: Callable[[], Any], done: "Future[Any]") -> None:
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - the job's own to deal with
        done.set_exception(error)
    except BaseException:  # Ctrl-C
        done.set_exception(Ended())
        raise
    else:
        done.set_result(result)

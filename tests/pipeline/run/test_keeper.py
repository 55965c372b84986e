"""Several exchanges at once and one ledger: only its own thread touches it, and Ctrl-C ends all of them cleanly."""

import os
import signal
import threading
from functools import partial
from pathlib import Path

import pytest

from pipeline.ledger import Ledger
from pipeline.run.fetching import Work, fetch
from pipeline.run.keeper import Keeper
from tests.pipeline.run.small import Small, opened, record, work

WAIT = 20  # seconds after which a thread that nobody answers is a failure


def account(asset: str) -> Small:
    return Small(deposits=[record(f"{asset}{n}", n, asset=asset) for n in range(1, 10)])


def fetched(ledger: Ledger, *smalls: Small) -> list[Work]:
    keeper = Keeper()
    works = [work(ledger, small, name=f"account {n}", do=keeper.do) for n, small in enumerate(smalls)]
    keeper.run([partial(fetch, each) for each in works])
    return works


def records(ledger: Ledger) -> list[tuple[str, str]]:
    return [(name, r.source_id) for name in ledger.accounts() for r in ledger.records(name)]


def test_two_exchanges_are_asked_at_the_same_time_and_kept_by_one_thread(tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=WAIT)  # each answers its first request when the other is asked, too
    smalls = [account("BTC"), account("ETH")]
    for small in smalls:
        small.before = lambda name: together.wait() if name == "spot" else None
    with opened(tmp_path) as ledger:  # which SQLite would refuse to another thread
        works = fetched(ledger, *smalls)
        assert [one.outcome.failures for one in works] == [[], []]
        assert [one.outcome.lines[0] for one in works] == [f"account {n}: 9 new records" for n in (0, 1)]
        assert len(records(ledger)) == 2 * (9 + 2)


def test_a_fault_at_one_exchange_is_raised_when_the_others_are_done(tmp_path: Path) -> None:
    def fault(name: str) -> None:
        if name == "deposits":
            raise ZeroDivisionError

    with opened(tmp_path) as ledger:
        with pytest.raises(ZeroDivisionError):
            fetched(ledger, Small(before=fault), account("ETH"))
        assert sum(name == "account 1" for name, _ in records(ledger)) == 9 + 2


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
def test_ctrl_c_ends_all_of_them_and_the_next_run_ends_the_same(tmp_path: Path) -> None:
    with opened(tmp_path / "whole") as ledger:
        fetched(ledger, account("BTC"), account("ETH"))
        whole = records(ledger)
    asked, released = threading.Event(), threading.Event()
    slow, other = account("BTC"), account("ETH")

    def silent(name: str) -> None:  # an answer that does not come
        if name == "deposits":
            asked.set()
            released.wait(WAIT)

    def ctrl_c(name: str) -> None:
        if other.requests.count("deposits") == 3:
            asked.wait(WAIT)
            os.kill(os.getpid(), signal.SIGINT)
            released.wait(WAIT)

    slow.before, other.before = silent, ctrl_c
    with opened(tmp_path / "stopped") as ledger:
        with pytest.raises(KeyboardInterrupt):
            fetched(ledger, slow, other)
        kept = records(ledger)
        assert ("account 1", "ETH4") in kept and ("account 1", "ETH5") not in kept
        released.set()
        for thread in threading.enumerate():
            if thread is not threading.main_thread() and "_one" in thread.name:
                thread.join(WAIT)
        assert (slow.requests.count("deposits"), other.requests.count("deposits")) == (1, 3), "nothing more is asked"
        assert records(ledger) == kept
        fetched(ledger, account("BTC"), account("ETH"))
        assert records(ledger) == whole

"""An account with several pages of each list at the exchange on this machine, and a person who imports it."""

import base64
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from importers import vault
from importers.passphrase import Scrypt, key_of
from importers.sandbox.book import Book
from importers.sandbox.history import demo_history, sandbox
from importers.sandbox.kraken import Key, Records
from importers.sandbox.server import NOW, Fault, Faults, Request
from pipeline.ledger import Ledger
from pipeline.run import keys, syncing
from pipeline.run.importing import Notes
from pipeline.run.overview import check
from pipeline.run.project import Choices, init
from pipeline.settings import Access, Environment, Passphrase

PASSPHRASE = "correct horse"
DAY, HOUR = 86_400, 3600  # seconds
LISTS = ("Ledgers", "TradesHistory", "DepositStatus", "WithdrawStatus")
NEEDED = LISTS[:2]
# The client does not try again what the exchange refuses.
REFUSED = Fault(body=lambda _: b'{"error":["EGeneral:Permission denied"]}')


def made_key(name: str, **limits: int) -> Key:
    """Made here, so that nothing that looks like a secret stands in the source."""
    return Key(f"{name}-key-of-the-tests", base64.b64encode(name.encode()).decode(), **limits)


KEY = made_key("sandbox")

# ---- a history of several pages of each list --------------------------------------------------


def second(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def savings() -> Book:
    """Nine months of 2025: 54 trades, 28 deposits, 27 withdrawals, and one each of the rest."""
    book = Book({})
    begin = second("2025-02-03 09:00")
    book.pay_in(begin - DAY, "ZUSD", "3000")
    book.buy(begin - HOUR, "DOTUSD", "100")
    book.move(begin, "transfer", ("spottostaking", "stakingfromspot"), "DOT", "DOT.S", "10")
    for step in range(53):
        now = begin + step * 5 * DAY + HOUR
        book.buy(now, *(("XETHZUSD", "200") if step % 2 else ("XXBTZUSD", "300")), fee_in_base=step % 5 == 0)
        if step % 2:
            book.withdraw(now + 60, *_PAID_OUT[step % 3])
        else:
            book.pay_in(now + 60, "ZUSD", "700")
    end = begin + 53 * 5 * DAY
    book.withdraw(end, "ZUSD", "100", "4", "Wire")
    book.reward(end + HOUR, "staking", "", "DOT.S", "0.01")
    book.instant_buy(end + 2 * HOUR, "XXBTZUSD", "50", "0.75")
    return book


_PAID_OUT = (
    ("XXBT", "0.0005", "0.00002", "Bitcoin"),
    ("XETH", "0.002", "0.0006", "Ether"),
    ("ZUSD", "20", "4", "Wire"),
)


def account(book: Book) -> Records:
    return Records(book.ledgers, book.trades, book.deposits, book.withdrawals, (KEY,))


# ---- one person's imports ---------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """What an import told, and what it asked."""

    lines: list[str]
    failures: list[str]
    requests: list[Request]

    @property
    def asked(self) -> dict[str, int]:
        return dict(Counter(request.name for request in self.requests))


def access(address: str) -> Access:
    return Access(Environment("file", Passphrase(PASSPHRASE), address))


def fetch(
    folder: Path,
    records: Records,
    faults: Faults | None = None,
    *,
    now: datetime = NOW,
    since: str = "",
    again: str = "",
    progress: Callable[..., None] = lambda *_: None,
) -> Run:
    """One `taxsync import`."""
    with sandbox(records, faults) as exchange:
        notes = Notes(print, progress)
        outcome = syncing.sync(folder, now, notes, access(exchange.proxy_url), since=since, again=again)
        assert exchange.forbidden == []
        assert all("\n" not in line for line in (*outcome.lines, *outcome.failures))
        return Run(outcome.lines, outcome.failures, exchange.requests)


def begun(folder: Path) -> Path:
    """A new data folder, with a vault whose passphrase takes a tenth of a second to try rather than half of one."""
    init(folder, Choices(country="us"))
    header = b"taxsync vault 1 scrypt 16 8 1 " + b"0a" * 16 + b"\n"
    key = key_of(PASSPHRASE, Scrypt(16, 8, 1, b"\n" * 16))
    (folder / vault.FILE_NAME).write_bytes(vault._seal(key, header, b'{"version": 1, "entries": {}}'))
    return folder


def add_key(folder: Path, records: Records, key: Key = KEY, name: str = "mine") -> list[str]:
    text = f'{{"apiKey": "{key.api_key}", "secret": "{key.secret}"}}'
    with sandbox(records) as exchange:
        reach = access(exchange.proxy_url)
        return keys.add(folder, "kraken", name, text, NOW, reach, print, trade=False, unverified=False)


def at(number: int) -> Faults:
    """Refuses one request."""
    return lambda n, _: REFUSED if n == number else None


def on(name: str) -> Faults:
    """Refuses every request for one list."""
    return lambda _, path: REFUSED if path.endswith(f"/{name}") else None


def kept(folder: Path) -> dict[str, Any]:
    """All that a person could see of the ledger."""
    with Ledger.open(folder, create=False) as ledger:
        facts = {
            "records": [record for name in ledger.accounts() for record in ledger.records(name)],
            "transactions": ledger.transactions(),
            "balances": ledger.balances(),
            "prices": ledger.prices(),
            "digest": ledger.inputs_digest(""),
        }
    return facts | {"problems": check(folder)}


def missing(folder: Path) -> set[tuple[str, str]]:
    """What `taxsync check` says of lists that are not whole: (code, list)."""
    codes = ("not_fetched", "stored_in_part", "short_history")
    return {(issue.code, issue.ref.removeprefix("mine/")) for issue in check(folder) if issue.code in codes}


@pytest.fixture(scope="module")
def history() -> Records:
    return account(savings())


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, history: Records) -> Path:
    """A folder with a key, before its first import."""
    folder = begun(tmp_path_factory.mktemp("ready"))
    add_key(folder, history)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, ready: Path, history: Records) -> tuple[Path, Run]:
    """A folder after an import that nothing disturbed."""
    folder = shutil.copytree(ready, tmp_path_factory.mktemp("whole") / "data")
    return folder, fetch(folder, history)


@pytest.fixture
def folder(tmp_path: Path, ready: Path) -> Path:
    return shutil.copytree(ready, tmp_path / "data")


@pytest.fixture
def imported(tmp_path: Path, whole: tuple[Path, Run]) -> Path:
    return shutil.copytree(whole[0], tmp_path / "data")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three years of the demo's account."""
    folder, records = begun(tmp_path_factory.mktemp("demo")), demo_history()
    add_key(folder, records, records.keys[0])
    assert fetch(folder, records).failures == []
    return folder

"""OKX from a key to balances: the real client and ledger against the OKX on this machine.

Promised: whatever is asked for in pages, comes late, fails or is cut off, the ledger ends with every transaction as
the person who lived it would write it down, and with the exchange's own balances; and no more is asked than must be.
"""

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from importers.base import Item, Span, Unlike
from importers.client import Forbidden, open_client
from importers.exact import dumps
from importers.exchanges import myokx, okx, okxus
from importers.sandbox.okx import COLUMNS, FILES, Okx
from importers.sandbox.okx_book import OkxBook, Row, amount
from importers.sandbox.server import (
    BAD_GATEWAY,
    BROKEN_JSON,
    CUT_JSON,
    CUT_OFF,
    DROPPED,
    EMPTY,
    EMPTY_OBJECT,
    HTML,
    NOW,
    NULL,
    Fault,
    Faults,
    Request,
    Sandbox,
)
from pipeline.gains.checks import balances
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.model import Amount, Parsed, RawRecord, Transaction
from pipeline.money import exact
from pipeline.run import keys, syncing
from pipeline.run.importing import Notes
from pipeline.settings import load, save
from tests.importers.exchanges.imports import little_more
from tests.pipeline.run.conftest import access, begun

STREAMS, WALLETS = okx.EXCHANGE.streams, okx.EXCHANGE.wallets
FIRST = NOW - timedelta(days=25)


def lived() -> OkxBook:
    """25 days: more than a page of each account's bills, with equal instants over the edge of a page."""
    book = OkxBook(FIRST)
    book.bank("EUR", "5000.00")
    book.deposit("USDT", "90000.123456789012345678")
    book.deposit("BTC", "0.5", later=20)
    book.deposit("ETH", "3", state="0")
    book.convert("USDT", "1000.5", "EUR", "950.25", "buy")
    book.convert("BTC", "0.01", "USDT", "650.123", "sell")
    book.move("USDT", "60000")
    for step in range(55):
        book.buy("BTC", "0.01", "USDT", "651.234", fee="0.00001" if step % 5 else "-0.000001")
        book.wait(minutes=7)
    book.sell("BTC", "0.1", "USDT", "6600.00000001", fee="6.60000000001")
    book.buy("ADA", "10", "USDT", "4", fee="0.01")
    book.buy("DOGE", "100", "USDT", "12", fee="0.1")
    book.sweep({"ADA": ("4.99", "2.1"), "DOGE": ("9.9", "1.2")}, "USDT")
    book.move("BTC", "0.3", to_trading=False)
    book.save("USDT", "10000")
    for _ in range(130):
        book.interest("USDT", "0.01234567890123456789")
        book.wait(hours=1)
    book.save("USDT", "-4000")
    book.still = True  # 90 rewards of one instant, some of them alike
    for number in range(90):
        book.receive("83", "ETH", f"0.0000{number % 7 + 1}", "reward")
    book.still = False
    book.wait(minutes=1)
    for day in range(40):
        book.receive("28" if day % 9 else "89", "OKB", f"0.{day + 1}", "airdrop" if day % 9 else "interest")
        book.wait(hours=3)
    book.deposit("SOL", "12")
    book.stake("SOL", "10")
    book.unstake("SOL", "4", "0.05")
    book.unstake("SOL", "1", "0")
    book.withdraw("BTC", "0.1", "0.0002")
    book.withdraw("BTC", "0.05", "0.0002", apart=True)
    book.withdraw("BTC", "0.05", "0.0002", "-2", apart=True)
    book.withdraw("USDT", "500", "1.5", state="-2")
    book.withdraw("USDT", "500", "1.5")
    book.wait(days=8)
    book.sweep({"ADA": ("5", "1.9"), "DOGE": ("90", "11.9")}, "USDT", together=True)
    book.buy("SOL", "5", "USDT", "700", fee="0.005")
    assert book.at < NOW
    return book


# ---- one person's imports ---------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """What an import told, and what it asked."""

    lines: list[str]
    failures: list[str]
    requests: list[Request]


def fetch(folder: Path, exchange: Okx, faults: Faults | None = None, progress: Callable[..., None] = print) -> Run:
    with Sandbox(exchange, faults=faults) as sandbox:
        outcome = syncing.sync(folder, exchange.now, Notes(lambda _: None, progress), access(sandbox.proxy_url))
        assert sandbox.forbidden == []
        return Run(outcome.lines, outcome.failures, sandbox.requests)


def quiet(*_: object) -> None:
    pass


def add_key(folder: Path, exchange: Okx, id: str = "okx") -> None:
    with Sandbox(exchange) as sandbox:
        text, reach = json.dumps(exchange.credentials), access(sandbox.proxy_url)
        keys.add(folder, id, "mine", text, NOW, reach, quiet, trade=False, unverified=False)
    save(folder, replace(load(folder), lookups=False))


def as_row(t: Transaction) -> Row:
    def side(told: Amount | None) -> str:
        return amount(told.quantity, told.asset) if told else ""

    return t.at.isoformat(), side(t.sent), side(t.received), side(t.fee), t.label or ""


@dataclass(frozen=True)
class Seen:
    """All that a person could see of the ledger; `apart`: assets whose computed and reported balances differ."""

    rows: list[Row]
    apart: dict[str, tuple[Decimal, Decimal]]
    issues: list[Issue]


def seen(folder: Path) -> Seen:
    with Ledger.open(folder, create=False) as ledger, exact():
        transactions, told, issues = ledger.transactions(), ledger.balances(), ledger.parsed_issues()
        newest = max(b.at for b in told)
        reported: Counter[str] = Counter()
        for balance in told:
            if balance.at == newest:
                reported[balance.asset] += balance.quantity  # type: ignore[assignment]
        computed = {asset: quantity for (_, asset), quantity in balances(transactions).items()}
    both = {asset: (computed.get(asset, Decimal(0)), Decimal(reported[asset])) for asset in {*computed, *reported}}
    apart = {asset: pair for asset, pair in both.items() if pair[0] != pair[1]}
    return Seen(sorted(map(as_row, transactions)), apart, issues)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = begun(tmp_path_factory.mktemp("okx"))
    add_key(folder, Okx(lived(), NOW))
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, ready: Path) -> tuple[Path, Run]:
    folder = shutil.copytree(ready, tmp_path_factory.mktemp("whole") / "data")
    return folder, fetch(folder, Okx(lived(), NOW), progress=quiet)


@pytest.fixture
def folder(tmp_path: Path, ready: Path) -> Path:
    return shutil.copytree(ready, tmp_path / "data")


# ---- whole ------------------------------------------------------------------------------------


def test_an_account_is_told_as_it_was_lived_to_the_last_digit(whole: tuple[Path, Run]) -> None:
    folder, run = whole
    found = seen(folder)
    assert run.failures == [] and found.issues == []
    assert found.rows == sorted(lived().said)
    assert found.apart == {}


@pytest.mark.requests
def test_no_more_is_asked_than_pages_need_and_the_second_time_each_list_once(
    folder: Path, whole: tuple[Path, Run]
) -> None:
    exchange = Okx(lived(), NOW)
    lists = [path for _, how, path in okx.EXCHANGE.allow if how == "GET" and path.endswith(("history", "archive"))]
    least = sum(max(1, -(-len(exchange.book.lists[path]) // 100)) for path in lists) + len(WALLETS) + 1
    assert len(lists) == len(STREAMS)
    little_more("OKX, first import", len(whole[1].requests), least)
    fetch(folder, exchange, progress=quiet)
    again = fetch(folder, exchange, progress=quiet)
    assert len(again.requests) <= len(STREAMS) + len(WALLETS) + 1
    assert seen(folder).rows == sorted(lived().said)


# ---- disturbed --------------------------------------------------------------------------------

LIMIT = Fault(429, lambda _: b'{"code":"50011","msg":"Too Many Requests","data":[]}')
BUSY = Fault(503, lambda _: b'{"code":"50001","msg":"Service temporarily unavailable","data":[]}')
SYSTEM = Fault(body=lambda _: b'{"code":"50026","msg":"System error","data":[]}')
PASSING = (BAD_GATEWAY, BROKEN_JSON, CUT_JSON, CUT_OFF, DROPPED, EMPTY, EMPTY_OBJECT, HTML, NULL, LIMIT, BUSY, SYSTEM)
REFUSED = Fault(401, lambda _: b'{"code":"50120","msg":"no permission","data":[]}')


def test_an_exchange_that_fails_every_other_time_in_any_way_gives_the_same_history(folder: Path) -> None:
    def faults(number: int, _: str) -> Fault | None:
        return PASSING[number // 2 % len(PASSING)] if number % 2 else None

    run = fetch(folder, Okx(lived(), NOW), faults, quiet)
    found = seen(folder)
    assert (run.failures, found.rows, found.apart) == ([], sorted(lived().said), {})


def test_an_import_that_fails_at_any_request_is_made_good_by_the_next(
    tmp_path: Path, ready: Path, whole: tuple[Path, Run]
) -> None:
    undisturbed = seen(whole[0])
    for request in whole[1].requests[::4]:
        folder = shutil.copytree(ready, tmp_path / str(request.number))
        run = fetch(folder, Okx(lived(), NOW), at(request.number), quiet)
        assert all("lacks the right" in failure for failure in run.failures)
        fetch(folder, Okx(lived(), NOW), progress=quiet)
        assert seen(folder) == undisturbed, request


def at(number: int) -> Faults:
    return lambda n, _: REFUSED if n == number else None


class Killed(BaseException):
    pass


@pytest.mark.parametrize("number", [0, 2, 5, 9])
def test_an_import_that_is_killed_at_a_page_is_made_good_by_the_next(
    folder: Path, whole: tuple[Path, Run], number: int
) -> None:
    left: Iterator[int] = iter(range(number))

    def kill(*_: object) -> None:
        if next(left, None) is None:
            raise Killed

    with pytest.raises(Killed):
        fetch(folder, Okx(lived(), NOW), progress=kill)
    fetch(folder, Okx(lived(), NOW), progress=quiet)
    assert seen(folder) == seen(whole[0])


def test_records_that_come_late_with_an_old_time_are_found_by_the_next_import(folder: Path) -> None:
    book = lived()
    fetch(folder, Okx(book, NOW), progress=quiet)
    book.wait(days=-1)
    book.receive("83", "ETH", "0.5", "reward")
    book.buy("SOL", "1", "USDT", "140", fee="0.001")
    book.deposit("BTC", "0.25")
    run = fetch(folder, Okx(book, NOW + timedelta(days=1)), progress=quiet)
    found = seen(folder)
    assert (run.failures, found.rows, found.apart) == ([], sorted(book.said), {})


def test_a_withdrawal_under_way_has_left_and_counts_for_nothing_once_it_is_called_off(folder: Path) -> None:
    book = lived()
    fetch(folder, Okx(book, NOW), progress=quiet)
    before = len(book.said)
    book.withdraw("USDT", "70", "1", state="1")
    fetch(folder, Okx(book, NOW), progress=quiet)
    assert (seen(folder).rows, seen(folder).apart) == (sorted(book.said), {})
    book.lists["asset/withdrawal-history"][-1]["state"] = "-2"
    book._bill("funding", "13", "USDT", Decimal(71))
    fetch(folder, Okx(book, NOW + timedelta(hours=1)), progress=quiet)
    assert (seen(folder).rows, seen(folder).apart) == (sorted(book.said[:before]), {})


# ---- keys -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"revoked": True}, "it does not know the key"),
        ({"passphrase": "other"}, "the passphrase"),
        ({"secret": "b3RoZXI="}, "the secret does not belong to the key"),
    ],
)
def test_a_key_that_is_dead_ends_at_once_with_its_reason(folder: Path, change: dict[str, object], why: str) -> None:
    run = fetch(folder, replace(Okx(lived(), NOW), **change), progress=quiet)  # type: ignore[arg-type]
    (failure,) = run.failures
    assert why in failure and len(run.requests) == 1


@pytest.mark.parametrize("minutes", [5, -5])
def test_a_clock_that_is_wrong_is_corrected_by_the_exchanges_own(folder: Path, minutes: int) -> None:
    run = fetch(folder, replace(Okx(lived(), NOW), skew=timedelta(minutes=minutes)), progress=quiet)
    assert run.failures == [] and [r.name for r in run.requests][:3] == ["config", "time", "config"]


def test_without_the_lists_that_know_more_the_bills_tell_the_same_amounts(folder: Path) -> None:
    """Of what a key may no longer read is said so; hashes and which part was a fee are missing, no coin is."""
    refused = ("convert/history", "deposit-history", "withdrawal-history", "order-history")

    def faults(_: int, path: str) -> Fault | None:
        return REFUSED if path.endswith(refused) else None

    run = fetch(folder, Okx(lived(), NOW), faults, quiet)
    assert len(run.failures) == 5
    assert run.failures[0] == (
        "mine: OKX (AssetDepositHistory): the key lacks the right to this; add it to the key there"
    )
    found = seen(folder)
    assert (found.apart, found.issues) == ({}, [])
    unlike = Counter(row[1:] for row in lived().said) - Counter(row[1:] for row in found.rows)
    assert sorted(unlike) == [
        ("0.05 BTC", "", "0.0002 BTC", ""),
        ("0.1 BTC", "", "0.0002 BTC", ""),
        ("500 USDT", "", "1.5 USDT", ""),
    ]


@pytest.mark.parametrize(("entry", "host"), [(myokx.EXCHANGE, "eea.okx.com"), (okxus.EXCHANGE, "us.okx.com")])
def test_other_sites_are_read_in_the_same_way_at_their_own_address(tmp_path: Path, entry: object, host: str) -> None:
    exchange = Okx(lived(), NOW, hosts=frozenset({host, FILES}))
    folder = begun(tmp_path / "data")
    add_key(folder, exchange, entry.id)  # type: ignore[attr-defined]
    run = fetch(folder, exchange, progress=quiet)
    assert (run.failures, seen(folder).rows, seen(folder).apart) == ([], sorted(lived().said), {})


# ---- bills alone ------------------------------------------------------------------------------


def test_dust_whose_list_has_passed_on_is_divided_and_said_so(folder: Path) -> None:
    """The list of converted dust spans seven days, the bills three months."""
    book = OkxBook(NOW - timedelta(days=20))
    book.deposit("USDT", "100")
    book.move("USDT", "100")
    book.buy("ADA", "10", "USDT", "4", fee="0")
    book.buy("DOGE", "100", "USDT", "12", fee="0")
    book.sweep({"ADA": ("10", "3.9"), "DOGE": ("100", "11.7")}, "USDT", together=True)
    fetch(folder, Okx(book, NOW), progress=quiet)
    found = seen(folder)
    assert [issue.details["how"] for issue in found.issues] == ["by the last price of each in your own trades"]
    assert found.apart == {}
    assert {row[1]: row[2] for row in found.rows if row[1].endswith(("ADA", "DOGE"))} == {
        "10 ADA": "3.9 USDT",
        "100 DOGE": "11.7 USDT",
    }


@pytest.mark.parametrize(
    ("wallet", "type", "more", "why"),
    [
        ("trading", "8", {"instType": "SWAP", "instId": "BTC-USDT-SWAP", "pnl": "-2"}, "its result does not explain"),
        ("trading", "2", {"instType": "OPTION", "instId": "BTC-USD-C", "mgnMode": "isolated"}, "does not explain"),
        ("trading", "2", {"instType": "MARGIN", "instId": "BTC-USDT"}, "margin and futures are not supported yet"),
        ("trading", "22", {}, "margin and futures are not supported yet"),
        ("trading", "12", {}, "bots and copied trades"),
        ("trading", "2", {"instType": "SPOT", "instId": "BTC-USDT"}, "the other side of it is missing"),
        ("funding", "160", {}, "dual investment"),
        ("funding", "176", {}, "loans"),
        ("funding", "9999", {}, "bills of type 9999 of the funding account"),
    ],
)
def test_what_is_not_supported_is_named_and_taken_for_nothing_else(
    folder: Path, wallet: str, type: str, more: dict[str, str], why: str
) -> None:
    book = OkxBook(NOW - timedelta(days=2))
    book._bill(wallet, type, "USDT", Decimal("-3"), Decimal(0), **more)
    fetch(folder, Okx(book, NOW), progress=quiet)
    (issue,) = seen(folder).issues
    assert issue.code == "unread_record" and why in issue.details["why"]
    assert seen(folder).rows == []


def test_a_list_takes_the_bills_of_just_its_amounts_whatever_their_type(folder: Path) -> None:
    """Coins from another person at OKX, and a conversion whose bills have a type that no table has."""
    book = OkxBook(NOW - timedelta(days=2))
    book.deposit("USDT", "100")
    book.convert("BTC", "0.001", "USDT", "65.5", "buy")
    for bill, type in zip(book.lists["asset/bills-history"], ("72", "9998", "9999"), strict=True):
        bill["type"] = type
    fetch(folder, Okx(book, NOW), progress=quiet)
    found = seen(folder)
    assert (found.rows, found.apart, found.issues) == (sorted(book.said), {}, [])


# ---- any life ---------------------------------------------------------------------------------

COINS = ("BTC", "ETH", "USDT")
sums = st.decimals("0.001", "5", places=3).map(lambda number: f"{number:f}")
coins = st.sampled_from(COINS)
pairs = st.permutations(COINS).map(lambda shuffled: shuffled[:2])
acts = st.one_of(
    st.tuples(st.just("deposit"), coins, sums),
    st.tuples(st.just("withdraw"), coins, sums, sums, st.sampled_from(["2", "-2", "1"])),
    st.tuples(st.just("receive"), st.just("83"), coins, sums, st.just("reward")),
    st.tuples(st.just("move"), coins, sums),
    st.tuples(st.just("save"), coins, sums),
    st.tuples(st.just("interest"), coins, sums),
    st.tuples(st.just("unstake"), coins, sums, sums),
    st.builds(lambda pair, a, b, side: ("convert", pair[0], a, pair[1], b, side), pairs, sums, sums,
              st.sampled_from(["buy", "sell"])),
    st.builds(lambda way, pair, a, b, fee: (way, pair[0], a, pair[1], b, fee), st.sampled_from(["buy", "sell"]), pairs,
              sums, sums, st.sampled_from(["0", "0.0001", "-0.0001"])),
)  # fmt: skip


def parsed(book: OkxBook, shuffle: random.Random) -> Parsed:
    """What the parser makes of all that OKX keeps, in any order; of the trading account's bills some are only the
    API's, some only in a file, some in both."""
    records, kept = [], set[str]()
    for stream in STREAMS:
        rows = book.lists["account/bills-archive" if stream.fetch else PATHS[stream.method]]
        if stream.fetch:
            rows = [{name: bill.get(name, "") for name in COLUMNS} for bill in rows if bill["billId"] not in kept]
            items = [Item(str(row["billId"]), Decimal(str(row["ts"])) / 1000, row) for row in rows]
        else:
            items = stream.read({"code": "0", "data": rows}, Span()).items
        if stream.name == "account-bills":
            items = [item for item in items if shuffle.random() < 0.5]
            kept = {item.id for item in items if shuffle.random() < 0.5}
        for item in items:
            position, payload = int(item.time * 10**7), dumps(item.value)
            records.append(RawRecord("okx", "mine", stream.name, item.id, position, payload, item.id))
    shuffle.shuffle(records)
    return okx.EXCHANGE.parse(records)


PATHS = {
    "privateGet" + "".join(word.capitalize() for word in re.split("[/-]", path)): path
    for _, _, path in okx.EXCHANGE.allow
}


@given(st.lists(st.tuples(acts, st.sampled_from([0, 1, 600])), max_size=12), st.randoms(use_true_random=False))
def test_any_life_is_told_as_it_was_whatever_the_order_of_records(
    life: list[tuple[tuple[str, ...], int]], shuffle: random.Random
) -> None:
    """Also when several things of the same amount happen within a second of each other."""
    book = OkxBook(NOW - timedelta(days=3), still=True)
    for (act, *arguments), pause in life:
        book.wait(seconds=pause)
        getattr(book, act)(*arguments)
    said = parsed(book, shuffle)
    assert said.issues == []
    with exact():
        held = {asset: quantity for (_, asset), quantity in balances(said.transactions).items() if quantity}
        told: dict[str, Decimal] = {}
        for wallet in book.held.values():
            for asset, quantity in wallet.items():
                told[asset] = told.get(asset, Decimal(0)) + quantity
    staked = any(act[0] == "unstake" for act, _ in life)
    assert staked or held == {asset: quantity for asset, quantity in told.items() if quantity}
    assert sorted(row[1:] for row in map(as_row, said.transactions)) == sorted(row[1:] for row in book.said)


# ---- its answers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        "",
        b"",
        b"PK",
        None,
        [],
        {},
        {"code": "0"},
        {"code": "0", "data": {}},
        {"code": "50001", "data": []},
        {"code": "0", "data": ["x"]},
        {"code": "0", "data": [{}]},
        {"code": "0", "data": [dict.fromkeys(("billId", "depId", "wdId", "tradeId", "ordId", "ts", "uTime"), "soon")]},
    ],
)
@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_what_is_no_page_of_a_list_is_refused(stream: object, answer: object) -> None:
    with pytest.raises(Unlike):
        stream.read(answer, Span())  # type: ignore[attr-defined]


@pytest.mark.parametrize("wallet", WALLETS, ids=lambda wallet: wallet.name or "trading")
@pytest.mark.parametrize("answer", ["", {}, {"code": "0", "data": [{"ccy": "BTC"}]}, {"code": "0", "data": [[]]}])
def test_what_is_no_balance_is_refused(wallet: object, answer: object) -> None:
    with pytest.raises(Unlike):
        wallet.read(answer)  # type: ignore[attr-defined]


def test_a_request_too_fast_is_made_again() -> None:
    exchange = Okx(lived(), NOW, busy=3)
    with Sandbox(exchange) as sandbox:
        client = open_client(okx.EXCHANGE, exchange.credentials, sandbox.proxy_url)
        stream = STREAMS[0]
        page = client.call(stream.method, stream.ask(Span()), lambda answer: stream.read(answer, Span()))
    assert len(page.items) == 100 and len(sandbox.requests) == 4


def test_nothing_that_moves_money_is_ever_asked() -> None:
    exchange = Okx(lived(), NOW)
    with Sandbox(exchange) as sandbox:
        client = open_client(okx.EXCHANGE, exchange.credentials, sandbox.proxy_url)
        with pytest.raises(Forbidden):
            client.call("privatePostAssetWithdrawal", {"ccy": "BTC", "amt": "1"}, lambda answer: answer)
    assert (sandbox.requests, exchange.forbidden) == ([], [])

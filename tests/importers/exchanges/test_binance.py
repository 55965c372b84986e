"""Binance: an account of every kind against the exchange on this machine, and records of odd forms.

Promised: every transaction to the last digit and once, whatever request fails; balances as Binance tells them.
"""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from importers import exact, paging
from importers.base import Known, Span, Unlike
from importers.client import open_client
from importers.exchanges import binance, binanceus
from importers.parsers import binance as names
from importers.sandbox.binance import DAY, LISTS, Binance
from importers.sandbox.binance_book import BinanceBook
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
    Sandbox,
)
from importers.sync import BALANCE, FINEST
from pipeline.model import Label, Parsed, RawRecord
from pipeline.run.overview import check
from tests.importers.exchanges import judged
from tests.importers.exchanges.imports import Run, fetch, held, kept, little_more, ordered, ready, said

EXCHANGE = binance.EXCHANGE
STREAMS = {stream.name: stream for stream in EXCHANGE.streams}
SINCE = "2025-08-19"  # what the tests that import often go back to
LIMITED = Fault(429, lambda _: b'{"code":-1003,"msg":"Too much request weight used"}', headers=(("Retry-After", "0"),))
BUSY = Fault(503, lambda _: b'{"code":-1008,"msg":"Server is currently overloaded with other requests"}')
FIRST = EXCHANGE.begins
PASSING = (BAD_GATEWAY, BROKEN_JSON, CUT_JSON, CUT_OFF, DROPPED, EMPTY, EMPTY_OBJECT, HTML, BUSY, NULL)
REFUSED = Fault(401, lambda _: b'{"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}')


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def lived() -> BinanceBook:
    """Four months: each list has something, the longer ones more than a page, with equal instants over its edge."""
    book = BinanceBook()
    at = utc("2025-08-20T08:00:00")

    def hours(n: int) -> datetime:
        return at + timedelta(hours=n)

    def days(n: int) -> datetime:
        return at + timedelta(days=n)

    book.fiat(at, "in", "5000.00 EUR")
    book.fiat(at, "in", "100.00 EUR", fee="1.50")
    book.fiat(at, "in", "77.00 EUR", status="Expired")
    book.card(hours(1), "buy", "20.0 EUR", "0.2", "0.000215 BTC", "92093.02")
    book.deposit(hours(2), "90000.123456789012345678 USDT")
    book.deposit(hours(3), "3 ETH", status=6)
    book.deposit(hours(3), "5 ETH", status=0)
    book.deposit(hours(3), "40 SRM")
    book.deposit(hours(3), "900 XVG")
    book.trade(hours(4), "SRM/USDT", "sell", "40", "0.02", "0.0008 USDT")  # a symbol that is traded no more
    book.trade(hours(4), "XVG/ETH", "sell", "900", "0.00000123", "0 BNB")
    book.convert(hours(5), "50.5 EUR", "0.1 BNB")
    book.convert(hours(5), "10 EUR", "0.02 BNB", status="PROCESS")
    for n in range(1010):  # ten of one instant; ids of trades count anew in each symbol
        when, side = days(1) + timedelta(minutes=5 * (n // 10)), "sell" if n % 5 == 4 else "buy"
        fee = "0.00000007 BNB" if n % 3 else ("0.00000100 BTC" if side == "buy" else "0.0600207 USDT")
        book.trade(when, "BTC/USDT", side, f"0.0010{n:04d}", f"{60000 + n}.17", fee)
    book.trade(days(5), "ETH/BTC", "buy", "0.5", "0.035", "0.0005 ETH")
    book.trade(days(5), "LDO/USDT", "buy", "100", "1.1", "0.1 LDO")
    for n in range(130):  # distinct and equal ones of one instant, over the edges of pages of 100
        book.reward(days(6) + timedelta(hours=n // 6), "REALTIME", f"0.0000000{n % 2 + 1} BTC")
    for n in range(6):
        book.reward(days(7 + n), "BONUS", "0.00012345 USDT")
        book.distribution(days(7 + n) + timedelta(minutes=9), "0.00012345 USDT", "Flexible Bonus Rewards", None)
    book.reward(days(8), "BONUS", "0.00012345 USDT")  # two rewards, told twice each
    book.distribution(days(8) + timedelta(minutes=9), "0.00012345 USDT", "Flexible Bonus Rewards", None)
    book.reward(days(7), "REWARDS", "0.00012345 USDT", told=False)
    book.reward(days(20), "REWARDS", "0.5 USDT")
    book.reward(days(21), "LOCKED", "0.25 BNB")
    book.distribution(days(21), "0.25 BNB", "Simple Earn Locked Rewards", None)
    book.distribution(days(21), "0.25 BNB", "HODLer Airdrops", Label.AIRDROP)
    book.distribution(days(60), "0.01 BNB", "Launchpool", Label.REWARD)
    book.distribution(days(61), "0.7 LDO", "Locked Staking", Label.REWARD)  # older than Simple Earn: told only here
    for n in range(505):
        book.distribution(days(62) + timedelta(hours=n // 9), "0.001 BNB", "BNB Vault", Label.REWARD)
    book.stake(days(70), "eth-staking/eth/history/stakingHistory", "2 ETH", "1.9 WBETH")
    book.stake(days(71), "eth-staking/eth/history/stakingHistory", "0.1 ETH", "0.09 WBETH", status="PENDING")
    book.stake(days(90), "eth-staking/eth/history/redemptionHistory", "0.95 WBETH", "1.02 ETH")
    book.deposit(days(91), "1 BETH")
    book.reward(days(92), "BETH", "0.001 BETH")
    book.wrap(days(93), "0.5 BETH", "0.47 WBETH")
    book.wrap(days(94), "0.1 WBETH", "0.106 BETH")
    book.deposit(days(95), "10 SOL")
    book.stake(days(96), "sol-staking/sol/history/stakingHistory", "10 SOL", "9.5 BNSOL")
    book.stake(days(97), "sol-staking/sol/history/redemptionHistory", "1 BNSOL", "1.06 SOL")
    book.dust(days(100), ("0.3 LDO", "0.0007", "0.00001"), ("0.00000009 BTC", "0.00001234", "0.0000002"))
    for n in range(105):
        book.dust(days(101) + timedelta(minutes=n // 4), ("0.01 LDO", "0.00002", "0.0000004"))
    book.rebate(days(102), "0.5 USDT", 2)
    book.rebate(days(102), "0.5 USDT", 2)
    book.rebate(days(103), "1.25 USDT", 1)
    book.p2p(days(104), "BUY", "100 USDT", "93.5 EUR", "0.1")
    book.p2p(days(105), "SELL", "50 USDT", "46 EUR", "0.05")
    book.p2p(days(105), "SELL", "51 USDT", "46 EUR", "0.05", status="CANCELLED")
    for n in range(110):
        book.pay(days(106) + timedelta(minutes=n // 7), "C2C", f"1.{n:03d} USDT")
    book.pay(days(107), "PAY", "-12.5 USDT", Label.SPEND)
    book.pay(days(107), "CRYPTO_BOX", "0.3 USDT", Label.GIFT)
    book.card(days(108), "sell", "95.5 EUR", "0.5", "0.001 BTC", "96000")
    book.fiat(days(109), "out", "28.49 EUR", fee="1.50")
    book.withdraw(days(110), "0.05 BTC", "0.0001")
    book.withdraw(days(110), "0.06 BTC", "0.0001", status=1)
    for wallet, amount in (("flexible", "500 USDT"), ("locked", "0.02 BNB"), ("funding", "1 LDO")):
        book.move("spot", amount, -1)  # which is in no list
        book.move(wallet, amount)
    return book


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = Binance(lived(), NOW)
    return ready(tmp_path_factory.mktemp("binance") / "data", "binance", book, book.credentials)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, before: Path) -> tuple[Path, Run]:
    folder = shutil.copytree(before, tmp_path_factory.mktemp("whole") / "data")
    return folder, fetch(folder, Binance(lived(), NOW), since=SINCE)


@pytest.fixture
def folder(tmp_path: Path, before: Path) -> Path:
    return shutil.copytree(before, tmp_path / "data")


@pytest.fixture(autouse=True)
def quiet(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    capsys.readouterr()


# ---- the whole account --------------------------------------------------------------------------


def test_every_transaction_is_there_once_and_to_the_last_digit(whole: tuple[Path, Run]) -> None:
    ledger = kept(whole[0])
    assert whole[1].failures == []
    assert said(ledger["transactions"]) == ordered(lived().truth.rows)
    codes = {issue.code for issue in check(whole[0])}
    assert codes & {"unread_record", "balance_differs", "not_fetched", "stored_in_part"} == set()


def test_balances_are_those_of_all_wallets_and_flexible_products_count_once(whole: tuple[Path, Run]) -> None:
    computed, reported = held(whole[0])
    assert computed == reported == {asset: quantity for asset, quantity in lived().truth.held.items() if quantity}
    assert computed["USDT"] > 500 and computed["LDO"] > 1


def windows(days: int, last: int) -> int:
    """How many windows that are this wide reach from a day before NOW to it."""
    return -(-last // days)


@pytest.mark.requests
def test_the_first_import_asks_for_little_more_than_it_must(whole: tuple[Path, Run]) -> None:
    book, age = lived(), (NOW - utc(SINCE)).days + 1
    least = 1 + 4 + 1  # what the key may do, wallets, symbols
    for symbol, *_ in book.symbols:
        least += max(1, -(-len(book.trades.get(symbol, ())) // 1000))
    for path, form in LISTS.items():
        kinds = {kind for _, kind, _ in book.lists[path]} | ({"0", "1"} if path.startswith("fiat/") else set())
        for kind in kinds or {""}:
            longest = -(-sum(k == kind for _, k, _ in book.lists[path]) // form.most) - 1
            least += windows(form.days, min(age, form.reach or age)) + max(0, longest)
    little_more("Binance, first import", len(whole[1].requests), least)


def test_the_next_import_asks_each_list_once_and_only_symbols_with_trades(
    tmp_path: Path, whole: tuple[Path, Run]
) -> None:
    folder = shutil.copytree(whole[0], tmp_path / "data")
    run = fetch(folder, Binance(lived(), NOW + timedelta(hours=1)), now=NOW + timedelta(hours=1), since=SINCE)
    assert run.failures == [] and run.lines[0] == "mine: 0 new records"
    beside = {"apiRestrictions", "account", "get-funding-asset", "position", "exchangeInfo"}
    asked = [r for r in run.requests if r.name not in beside]
    assert len(asked) <= len(EXCHANGE.streams) + len(lived().trades)
    assert {r.params["symbol"] for r in asked if r.name == "myTrades"} == set(lived().trades)
    assert len(run.requests) - len(asked) <= 1 + len(EXCHANGE.wallets) + 1


@pytest.mark.parametrize("name", [s.name for s in EXCHANGE.streams if s.window])
def test_the_whole_life_of_a_list_is_asked_for_without_a_window_too_wide(name: str) -> None:
    """The exchange of this machine refuses those; whatever day a record is of, it is found, in one window or two."""
    book, stream = BinanceBook(), STREAMS[name]
    path = next(path for path in LISTS if _method(path) == stream.method.lower())
    form, exchange = LISTS[path], Binance(book, NOW)
    oldest = NOW - timedelta(days=min(stream.horizon or 10_000, (NOW.date() - (stream.begins or FIRST)).days) - 1)
    times = [int((oldest + timedelta(days=n * 11)).timestamp() * 1000) for n in range((NOW - oldest).days // 11)]
    for time in times:
        row = {**dict.fromkeys(("insertTime", "createTime", "operateTime", "divTime", "time", "updateTime"), time)}
        row |= {**dict.fromkeys(("id", "orderNo", "orderId", "transId", "transactionId", "orderNumber"), time)}
        row |= {"applyTime": time, "transactionTime": time}
        book.lists[path].append((time, str(stream.ask(SPAN).get(form.chosen_by, "")), row))

    def answer(params: Any) -> Any:
        return exact.loads(json.dumps(exchange._list(path, form, {k: str(v) for k, v in params.items()})))

    pages, asked = judged.run(EXCHANGE, name, answer, None, int(NOW.timestamp()))
    assert {row["id"] for page in pages for row in map(exact.loads, (r.payload for r in page.records))} == set(times)
    again, asked = judged.run(EXCHANGE, name, answer, pages[-1].cursor, int(NOW.timestamp()) + 3600)
    assert len(asked) == 1 and set(judged.ids(again)) <= set(judged.ids(pages))


# ---- disturbed ----------------------------------------------------------------------------------


def test_faults_that_pass_change_nothing(folder: Path, whole: tuple[Path, Run]) -> None:
    book = Binance(lived(), NOW)
    run = fetch(folder, book, lambda n, _: PASSING[n // 2 % len(PASSING)] if n % 2 else None, since=SINCE)
    assert run.failures == []
    assert kept(folder) == kept(whole[0])


def test_any_request_may_fail_and_the_next_import_ends_the_same(
    tmp_path: Path, before: Path, whole: tuple[Path, Run]
) -> None:
    """Some of each kind, at a later page or window: what fails says so, hides no other, and is made good."""
    undisturbed, met, chosen = kept(whole[0]), dict[str, int](), []
    for request in whole[1].requests:
        met[request.path] = met.get(request.path, 0) + 1
        if met[request.path] == (1 if request.name in ("account", "exchangeInfo", "position") else 2):
            chosen.append(request)
    for request in chosen[::6]:
        folder = shutil.copytree(before, tmp_path / str(request.number))
        book = Binance(lived(), NOW)
        run = fetch(folder, book, lambda n, _, bad=request.number: REFUSED if n == bad else None, since=SINCE)  # type: ignore[misc]
        (failure,) = run.failures
        assert "it does not take the key" in failure, request
        assert fetch(folder, book, since=SINCE).failures == []
        assert kept(folder) == undisturbed, request


def test_what_comes_late_or_is_completed_later_arrives(tmp_path: Path, whole: tuple[Path, Run]) -> None:
    folder, book = shutil.copytree(whole[0], tmp_path / "data"), lived()
    late = NOW - timedelta(days=9)
    book.reward(late, "REALTIME", "0.00000001 BTC")
    book.distribution(late, "0.5 BNB", "Launchpool", Label.REWARD)
    book.trade(NOW - timedelta(minutes=3), "BTC/USDT", "buy", "0.01", "90000", "0.00001 BTC")
    pending = next(r for _, _, r in book.lists["capital/withdraw/history"] if r["status"] == 1)
    pending |= {"status": 6, "applyTime": f"{late:%Y-%m-%d %H:%M:%S}"}
    book.lists["capital/withdraw/history"][-1] = (int(late.timestamp() * 1000), "", pending)
    book.move("spot", "0.0601 BTC", -1)
    book.truth.happened(late, sent="0.06 BTC", fee="0.0001 BTC", txhash=pending["txId"])
    assert (
        fetch(folder, Binance(book, NOW + timedelta(days=1)), now=NOW + timedelta(days=1), since=SINCE).failures == []
    )
    assert said(kept(folder)["transactions"]) == ordered(book.truth.rows)
    assert held(folder)[0] == held(folder)[1]


def test_a_symbol_that_is_gone_stops_nothing(tmp_path: Path, whole: tuple[Path, Run]) -> None:
    folder, book = shutil.copytree(whole[0], tmp_path / "data"), lived()
    book.symbols = [each for each in book.symbols if each[0] != "SRMUSDT"]
    run = fetch(folder, Binance(book, NOW + timedelta(days=1)), now=NOW + timedelta(days=1), since=SINCE)
    assert run.failures == []
    assert said(kept(folder)["transactions"]) == ordered(lived().truth.rows)


def test_since_leaves_out_trades_too_and_can_be_taken_back() -> None:
    """They are asked for by ids, which say no time."""
    rows = [{"symbol": "BTCUSDT", "id": n, "time": 1_700_000_000_000 + n} for n in range(5)]
    asked = Span(part="BTC/USDT", since=Decimal("1700000000.003"))
    read = STREAMS[names.TRADES].read(rows, asked)
    assert ([item.id for item in read.items], read.next, read.last) == (["3", "4"], 5, True)
    assert len(STREAMS[names.TRADES].read(rows, replace(asked, since=None)).items) == 5


def test_a_rate_limit_is_waited_for(folder: Path, whole: tuple[Path, Run], pauses: list[float]) -> None:
    """On the last list: from then on the exchange's own pace is kept, which for some lists is 30 s a request."""
    limits = iter([True, True, False] * 3)
    book = Binance(lived(), NOW)
    run = fetch(
        folder, book, lambda _, path: LIMITED if path.endswith("myTrades") and next(limits, 0) else None, since=SINCE
    )
    assert run.failures == [] and len(run.requests) == len(whole[1].requests) + 6
    assert len(pauses) >= 6
    assert kept(folder) == kept(whole[0])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"revoked": True}, "it does not take the key"),
        ({"secret": "other"}, "the secret does not belong to the key"),
        ({"rights": frozenset({"enableWithdrawals"})}, "the key's rights have changed"),
    ],
)
def test_a_key_that_is_dead_or_too_strong_ends_at_once(folder: Path, change: dict[str, Any], why: str) -> None:
    run = fetch(folder, replace(Binance(lived(), NOW), **change), since=SINCE)
    (failure,) = run.failures
    assert why in failure and len(run.requests) == 1


def test_a_key_that_is_revoked_under_way_ends_without_a_second_try(folder: Path, whole: tuple[Path, Run]) -> None:
    """After one good answer ccxt takes this code for a rate limit."""
    run = fetch(folder, Binance(lived(), NOW), lambda n, _: REFUSED if n > 3 else None, since=SINCE)
    assert run.failures and all("it does not take the key" in failure for failure in run.failures)
    assert len(run.requests) <= 3 + 1 + len(EXCHANGE.streams)
    fetch(folder, Binance(lived(), NOW), since=SINCE)
    assert kept(folder)["transactions"] == kept(whole[0])["transactions"]


@pytest.mark.parametrize("minutes", [5, -5])
def test_a_clock_that_is_wrong_is_corrected_by_the_exchanges_own(
    folder: Path, whole: tuple[Path, Run], minutes: int
) -> None:
    run = fetch(folder, replace(Binance(lived(), NOW), skew=timedelta(minutes=minutes)), since=SINCE)
    assert run.failures == [] and len(run.requests) == len(whole[1].requests) + 2  # one refused, one for the time
    assert kept(folder)["transactions"] == kept(whole[0])["transactions"]


def test_a_clock_that_is_half_a_minute_slow_does_no_harm() -> None:
    book = Binance(lived(), NOW)
    with Sandbox(replace(book, skew=timedelta(seconds=30))) as sandbox:
        client = open_client(EXCHANGE, book.credentials, sandbox.proxy_url)
        assert client.call("privateGetAccount", EXCHANGE.wallets[0].params, binance.spot)["balances"]


# ---- which symbols ------------------------------------------------------------------------------


def info(*pairs: str) -> dict[str, Any]:
    rows = [dict(zip(("symbol", "baseAsset", "quoteAsset"), pair.split(), strict=True)) for pair in pairs]
    return {"symbols": rows}


def test_symbols_are_those_listed_then_those_with_trades_and_those_that_may_explain_a_balance() -> None:
    stream, asked = STREAMS[names.TRADES], list[str]()

    def call(method: str, _: Any, read: Any) -> Any:
        asked.append(method)
        return read(info("BTCUSDT BTC USDT", "ETHUSDT ETH USDT", "ETHBTC ETH BTC", "OLD1 OLD USDT", "ADABNB ADA BNB"))

    assert stream.parts is not None
    every = ["BTC/USDT", "ETH/USDT", "ETH/BTC", "OLD/USDT/OLD1", "ADA/BNB"]
    assert list(stream.parts(call, Known())) == every
    known = Known(frozenset({"BTC", "USDT", "ETH"}), frozenset({"BTC/USDT"}), complete=True)
    assert list(stream.parts(call, replace(known, unexplained=frozenset()))) == ["BTC/USDT"]
    assert len(asked) == 1
    found = list(stream.parts(call, replace(known, unexplained=frozenset({"ETH"}))))
    assert list(dict.fromkeys(found)) == ["BTC/USDT", "ETH/USDT", "ETH/BTC"]
    known = replace(known, assets=frozenset({"BTC", "USDT", "ADA", "BNB"}))
    assert list(stream.parts(call, known)) == ["BTC/USDT", "ADA/BNB"]
    assert stream.ask(Span(part="OLD/USDT/OLD1", place=7))["symbol"] == "OLD1"
    unlisted = Known(unexplained=frozenset({"SRM", "ETH", "EUR"}))  # money has no symbol of its own here
    assert list(stream.parts(call, unlisted)) == [*every, "SRM/USDT", "SRM/BTC", "SRM/BNB"]


# ---- pages --------------------------------------------------------------------------------------

SPAN = Span(Decimal(1_700_000_000), Decimal(1_702_000_000))


def rewards(*amounts: str, at: int = 1_700_000_001_000, total: int | None = None) -> dict[str, Any]:
    rows = [{"asset": "BTC", "rewards": amount, "time": at, "type": "REALTIME"} for amount in amounts]
    return {"rows": rows, "total": len(rows) if total is None else total}


def test_equal_rewards_are_counted_over_the_edge_of_a_page() -> None:
    read = STREAMS[names.REALTIME].read
    first = read(rewards(*"1" * 60, *"2" * 40, total=130), SPAN)
    second = read(rewards(*"2" * 20, *"1" * 10, total=130), replace(SPAN, place=first.next))
    ids = [item.id for item in (*first.items, *second.items)]
    assert len(set(ids)) == 130 and second.next is None
    assert [i.id for i in read(rewards(*"1" * 60, *"2" * 40, total=130), SPAN).items] == ids[:100]


def test_a_list_that_changes_its_length_while_it_is_paged_is_begun_again() -> None:
    """A record that came in pushes the others on, and one would be met twice and counted as two."""
    read = STREAMS[names.REALTIME].read
    first = read(rewards(*"1" * 100, total=130), SPAN)
    changed = read(rewards(*"1" * 31, total=131), replace(SPAN, place=first.next))
    assert changed.items == [] and changed.next not in (None, first.next)
    again = read(rewards(*"1" * 100, total=131), replace(SPAN, place=changed.next))
    assert [i.id for i in again.items] == [i.id for i in first.items]


@pytest.mark.parametrize("order", [1, -1])
def test_what_one_answer_leaves_out_is_asked_for_in_the_rest_of_the_window(order: int) -> None:
    """Whichever end of the window Binance gives first, several of one instant over the edge."""
    times = [1_700_000_000_000 + n // 3 * 60_000 for n in range(2600)]
    orders: list[dict[str, Any]] = [
        {"orderId": n, "createTime": t, "orderStatus": "SUCCESS"} for n, t in enumerate(times)
    ]

    def answer(params: Any) -> Any:
        inside = [o for o in orders if int(params["startTime"]) <= o["createTime"] <= int(params["endTime"])]
        chosen = inside[::order][: params["limit"]]
        return {"list": chosen, "moreData": len(inside) > len(chosen)}

    cursor = json.dumps({"floor": None, "newest": "1699999000"})
    pages, asked = judged.run(EXCHANGE, names.CONVERT, answer, cursor, 1_700_100_000)
    assert set(judged.ids(pages)) == {str(n) for n in range(2600)} and len(asked) == 3


def test_more_of_one_instant_than_fits_into_an_answer_is_told_and_not_skipped() -> None:
    read = STREAMS[names.PAY].read
    rows = [{"transactionId": f"P{n}", "transactionTime": 1_700_000_000_000, "amount": "1"} for n in range(100)]
    page = read({"code": "000000", "data": rows}, SPAN)
    with pytest.raises(Unlike, match="no more of one instant"):
        read({"code": "000000", "data": rows}, replace(SPAN, place=page.next))


@pytest.mark.parametrize("name", sorted(STREAMS))
@pytest.mark.parametrize(
    "answer",
    [
        {}, {"code": -1, "msg": "no"}, {"data": None, "total": 3}, {"rows": {}}, {"rows": ["a"]}, {"list": None},
        {"rows": [{}], "total": 1}, {"data": [{"orderNo": "1"}], "total": 1}, {"data": {"data": 7}}, [{"id": 1}], ["a"],
        {"userAssetDribblets": [{"transId": 1}]}, {"list": [{"orderId": "1", "createTime": "soon"}]},
    ],
)  # fmt: skip
def test_an_answer_of_another_form_is_no_page(name: str, answer: Any) -> None:
    with pytest.raises(Unlike):
        STREAMS[name].read(answer, replace(SPAN, part="BTC/USDT"))


@pytest.mark.parametrize(("name", "answer"), [
    (names.DEPOSITS, []), (names.TRADES, []), (names.FIAT_BUYS, {"code": "000000", "total": 0, "success": True}),
    (names.REALTIME, {"rows": [], "total": 0}), (names.CONVERT, {"list": [], "moreData": False}),
    (names.REBATES, {"code": "000000", "data": {"page": 1, "totalRecords": 0, "data": []}}),
])  # fmt: skip
def test_an_empty_list_says_so(name: str, answer: Any) -> None:
    assert STREAMS[name].read(answer, replace(SPAN, part="BTC/USDT")).items == []


def test_windows_are_no_wider_than_is_taken() -> None:
    paths = {form: LISTS[form] for form in LISTS}
    for stream in (s for s in EXCHANGE.streams if s.window and s.name != names.DUST):
        span = Span(Decimal(1_700_000_000), Decimal(1_700_000_000 + stream.window * 86_400))
        params = stream.ask(span)
        begin, end = sorted(int(v) for k, v in params.items() if k.lower().endswith(("time", "timestamp")))
        widest = max(form.days for path, form in paths.items() if _method(path) == stream.method.lower())
        assert end - begin < widest * DAY, stream.name


def _method(path: str) -> str:
    return "sapiget" + "".join(c for c in path.lower() if c.isalnum())


# ---- judged by hand -----------------------------------------------------------------------------

CASES = [(e, case) for e in (EXCHANGE, binanceus.EXCHANGE) for case in judged.cases(e.id)]


@pytest.mark.parametrize(("exchange", "case"), CASES, ids=[f"{e.id}-{case}" for e, case in CASES])
def test_samples_say_what_was_judged_right(exchange: Any, case: str) -> None:
    judged.judge(exchange, case)


def test_binance_us_adds_up_to_its_balances() -> None:
    parsed = judged.parsed(binanceus.EXCHANGE, "account")
    assert parsed.issues == []
    assert judged.balances(parsed) == judged.told(parsed)


def test_fiat_pages_of_binance_us_are_asked_for_until_one_is_empty() -> None:
    """How long a page may be is not told."""
    rows = [{"orderId": f"f{n}", "createTime": 1_700_000_000_000 + n} for n in range(25)]

    def answer(params: Any) -> Any:
        inside = [r for r in rows if params["startTime"] <= r["createTime"] <= params["endTime"]]
        return {"assetLogRecordList": inside[int(params["offset"]) :][:10]}

    cursor = json.dumps({"floor": None, "newest": "1699999000"})
    pages, asked = judged.run(binanceus.EXCHANGE, names.FIAT_DEPOSITS, answer, cursor, 1_700_100_000)
    assert judged.ids(pages) == [f"f{n}" for n in range(25)]
    assert [params["offset"] for params in asked] == [0, 10, 20, 25]


def test_every_list_of_binance_us_has_a_sample() -> None:
    records = judged.records(binanceus.EXCHANGE, "account")
    assert {r.stream.partition(" ")[0] for r in records} == {s.name for s in binanceus.EXCHANGE.streams} | {BALANCE}


def parsed(*records: tuple[str, dict[str, Any]], at: int = 1_700_000_000) -> Parsed:
    return EXCHANGE.parse(
        [RawRecord("binance", "mine", stream, str(n), at * int(FINEST), exact.dumps(value), f"Binance {stream} {n}")
         for n, (stream, value) in enumerate(records)]
    )  # fmt: skip


def reward(stream: str, amount: str, minutes: int, text: str = "") -> tuple[str, dict[str, Any]]:
    at, field = 1_700_000_000_000 + minutes * 60_000, "rewards" if stream in names.FLEXIBLE else "amount"
    times = dict.fromkeys(("time", "divTime", "updateTime"), at)
    return stream, {"asset": "BNB", field: amount, "enInfo": text, "type": 2, **times}


@pytest.mark.parametrize(
    ("records", "counted"),
    [
        ([reward(names.BONUS, "1", 0), reward(names.DIVIDENDS, "1", 5, "Flexible")], 1),
        ([reward(names.BONUS, "1", 0), reward(names.DIVIDENDS, "1", 5, "HODLer Airdrops")], 2),
        ([reward(names.BONUS, "1", 0), reward(names.DIVIDENDS, "1.0", 5, "Flexible")], 1),
        ([reward(names.BONUS, "1", 0), reward(names.DIVIDENDS, "1.00000001", 5, "Flexible")], 2),
        ([reward(names.BONUS, "1", 0), reward(names.DIVIDENDS, "1", 60 * 30, "Flexible")], 2),
        ([reward(names.BONUS, "1", 0), *[reward(names.DIVIDENDS, "1", 5, "Flexible")] * 2], 2),
        ([*[reward(names.BONUS, "1", 0)] * 2, reward(names.DIVIDENDS, "1", 5, "Flexible")], 2),
        ([*[reward(names.BONUS, "1", 0)] * 2, *[reward(names.DIVIDENDS, "1", 5, "Flexible")] * 2], 2),
        ([reward(names.HISTORICAL, "1", 0), reward(names.REALTIME, "1", 0)], 1),
        ([reward(names.HISTORICAL, "1", 0), reward(names.REALTIME, "1", 1)], 2),
        ([*[reward(names.HISTORICAL, "1", 0)] * 2, reward(names.DIVIDENDS, "1", 3, "Savings Interest")], 2),
        ([reward(names.REBATES, "1", 0), reward(names.DIVIDENDS, "1", 1, "Referral Kickback")], 1),
        ([reward(names.BETH_REWARDS, "1", 0), reward(names.DIVIDENDS, "1", 1, "ETH 2.0 Staking Rewards")], 1),
    ],
)  # fmt: skip
def test_a_reward_that_two_lists_tell_counts_once_and_equal_rewards_each(
    records: list[tuple[str, dict[str, Any]]], counted: int
) -> None:
    said = parsed(*records)
    assert (len(said.transactions), said.issues) == (counted, [])


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ((f"{names.TRADES} BTC/USDT", {"time": 1, "qty": "1"}), "it has another form than this version knows"),
        ((names.CONVERT, {"orderStatus": "SUCCESS", "createTime": 1, "fromAsset": "A", "fromAmount": "0",
                          "toAsset": "B", "toAmount": "1"}), "one side of the conversion is 0"),
        ((names.FIAT_DEPOSITS, {"status": "Order Partial credit Stopped"}),
         "it was stopped after a part of it, and how much that was is not told"),
        ((names.DIVIDENDS, {"divTime": 1, "asset": "BNB", "amount": "1", "direction": "-1"}),
         "a distribution that was taken back"),
        ((names.P2P_BUYS, {"orderStatus": "COMPLETED", "createTime": 1, "fiat": "EUR", "asset": "BTC",
                           "tradeType": "LOAN", "amount": "1", "totalPrice": "1"}), "a deal of the kind LOAN"),
        ((names.REBATES, {"type": 1, "asset": "", "amount": "1", "updateTime": 1}),
         "it has another form than this version knows"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_and_hides_nothing(record: tuple[str, dict[str, Any]], why: str) -> None:
    said = parsed(record, reward(names.LOCKED, "1", 0))
    assert [issue.details["why"].partition(": ")[2] for issue in said.issues] == [why]
    assert len(said.transactions) == 1


def test_balances_count_a_flexible_product_once_with_its_list_or_without() -> None:
    spot = ("", {"balances": [{"asset": a, "free": "1", "locked": "0.5"} for a in ("BTC", "LDBTC", "LDO", "LD")]})
    flexible = (names.EARN, {"rows": [{"asset": "BTC", "totalAmount": "1.6"}], "total": 1})
    for told, expected in (((spot, flexible), "3.1"), ((flexible, spot), "3.1"), ((spot,), "3.0")):
        said = EXCHANGE.parse(
            RawRecord("binance", "mine", f"{BALANCE} {wallet}".strip(), "2026-01-01T00:00:00+00:00",
                      17_672_256_000_000_000, exact.dumps(value)) for wallet, value in told
        )  # fmt: skip
        held = {b.asset: b.quantity for b in said.balances}
        assert held == {"BTC": Decimal(expected), "LDO": Decimal("1.5"), "LD": Decimal("1.5")}


def test_times_are_milliseconds_seconds_or_text() -> None:
    same = {paging.instant(told) for told in (1_570_878_722_000, "1570878722", "2019-10-12 11:12:02")}
    assert same == {utc("2019-10-12T11:12:02")}

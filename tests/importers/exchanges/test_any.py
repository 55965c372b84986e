"""Exchanges without an entry of their own: which are read, that what is read is all there is, and what is refused.

The exchanges here speak the forms of HitBTC (a first time and a number can be asked for) and of HashKey (a last time as
well), over the real client, and cut their lists at either end.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

import importers
from importers.base import Exchange, Known, Refused, Span, Unlike
from importers.client import Client, open_client
from importers.offline import rows
from importers.sandbox.call import Call
from importers.sandbox.server import Sandbox
from importers.sync import List, balance, pages
from pipeline.model import Page, Parsed, RawRecord
from tests.importers.exchanges import judged

NOW = 1_767_225_600
EARLY = 1_362_096_000  # March 2013: not many weeks after the first that is asked for
DAY = 86_400
READ = ["backpack", "bequant", "btcmarkets", "bybitid", "deepcoin", "fmfwio", "foxbit", "hashkey", "hitbtc", "hollaex",
        "tokocrypto", "toobit", "woo", "xt"]  # fmt: skip


def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# ---- two exchanges ----------------------------------------------------------------------------


@dataclass
class HitBTC:
    """Its trades and movements by their milliseconds, from a time on; `oldest` ones first or the newest, `most` at
    once, of no more than `span` days."""

    trades: dict[str, int]
    moves: dict[str, int] = field(default_factory=dict)
    oldest: bool = False
    most: int = 1000
    span: int = 100_000
    hosts: frozenset[str] = frozenset({"api.hitbtc.com"})
    forbidden: list[str] = field(default_factory=list)

    def answer(self, call: Call) -> str:
        if call.path.endswith("/public/symbol"):
            pair = {"type": "spot", "base_currency": "BTC", "quote_currency": "USDT", "fee_currency": "USDT",
                    "quantity_increment": "0.00001", "tick_size": "0.01"}  # fmt: skip
            return json.dumps({"BTCUSDT": pair})
        if call.path.endswith("/spot/balance"):
            return json.dumps([{"currency": "BTC", "available": "1.5", "reserved": "0.25"}])
        if call.path.endswith("/spot/history/trade"):
            return json.dumps([self.trade(*each) for each in self.found(self.trades, int(call.params["from"]), call)])
        if call.path.endswith("/wallet/transactions"):
            begin = int(datetime.fromisoformat(call.params["from"]).timestamp() * 1000)
            return json.dumps([self.move(*each) for each in self.found(self.moves, begin, call)])
        self.forbidden.append(call.path)
        return "{}"

    def found(self, of: dict[str, int], begin: int, call: Call) -> list[tuple[str, int]]:
        inside = [each for each in of.items() if begin <= each[1] <= begin + self.span * DAY * 1000]
        inside.sort(key=lambda each: each[1], reverse=not self.oldest)
        return inside[: min(self.most, int(call.params["limit"]))]

    @staticmethod
    def trade(id: str, at: int) -> dict[str, Any]:
        return {"id": int(id), "order_id": 1, "symbol": "BTCUSDT", "side": "buy", "quantity": "0.10000000",
                "price": "50000.123456789", "fee": "0.25", "timestamp": iso(at), "taker": True}  # fmt: skip

    @staticmethod
    def move(id: str, at: int) -> dict[str, Any]:
        native = {"currency": "BTC", "amount": "1.5", "hash": f"0x{id}", "fee": "0.0005"}
        return {"id": id, "created_at": iso(at), "updated_at": iso(at), "status": "SUCCESS", "native": native,
                "type": "WITHDRAW" if id.endswith("1") else "DEPOSIT", "subtype": "BLOCKCHAIN"}  # fmt: skip


@dataclass
class HashKey:
    """Its trades by their milliseconds, between two times."""

    trades: dict[str, int]
    oldest: bool = False
    most: int = 1000
    hosts: frozenset[str] = frozenset({"api-glb.hashkey.com"})
    forbidden: list[str] = field(default_factory=list)

    def answer(self, call: Call) -> str:
        if call.path.endswith("/exchangeInfo"):
            pair = {"symbol": "BTCUSDT", "symbolName": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC",
                    "quoteAsset": "USDT", "filters": []}  # fmt: skip
            return json.dumps({"symbols": [pair], "contracts": [], "coins": []})
        if call.path.endswith("/account/trades"):
            begin, end = (int(call.params[name]) for name in ("startTime", "endTime"))
            assert end - begin <= 7 * DAY * 1000 + 2
            inside = [each for each in self.trades.items() if begin <= each[1] <= end]
            inside.sort(key=lambda each: each[1], reverse=not self.oldest)
            return json.dumps([self.trade(*each) for each in inside[: min(self.most, int(call.params["limit"]))]])
        if call.path.endswith(("/depositOrders", "/withdrawOrders")):
            return "[]"
        self.forbidden.append(call.path)
        return "{}"

    @staticmethod
    def trade(id: str, at: int) -> dict[str, Any]:
        return {"id": id, "clientOrderId": "1", "ticketId": "1", "symbol": "BTCUSDT", "symbolName": "BTCUSDT",
                "orderId": "1", "matchOrderId": "1", "price": "50000", "qty": "0.1", "commission": "0.0001",
                "commissionAsset": "BTC", "time": str(at), "isBuyer": True, "isMaker": False,
                "fee": {"feeCoinId": "BTC", "feeCoinName": "BTC", "fee": "0.0001"}, "feeCoinId": "BTC",
                "feeAmount": "0.0001", "makerRebate": "0"}  # fmt: skip


Spoken = HitBTC | HashKey


def fresh(name: str) -> Exchange:
    """The entry as a new run makes it: nothing is known of markets."""
    from importers.any import _entry

    _entry.cache_clear()
    return importers.exchange(name)


def fetched(exchange: Exchange, client: Client, name: str, cursor: str | None = None, now: int = NOW) -> list[Page]:
    stream = next(each for each in exchange.streams if each.name == name)
    assert stream.parts is not None
    (part,) = stream.parts(client.call, Known())
    return list(pages(List(exchange, stream, "mine", part), client.call, cursor, Decimal(now), lambda *_: None))


def opened(exchange: Exchange, sandbox: Sandbox) -> Client:
    return open_client(exchange, dict.fromkeys(exchange.credentials, "c2VjcmV0" * 4), sandbox.proxy_url)


def imported(spoken: Spoken, name: str, stream: str, now: int = NOW) -> list[str]:
    exchange = fresh(name)
    with Sandbox(spoken) as sandbox:
        found = fetched(exchange, opened(exchange, sandbox), stream, None, now)
        assert sandbox.forbidden == []
    return [record.source_id.partition(" ")[0] for page in found for record in page.records]


# ---- which are read ---------------------------------------------------------------------------


def test_who_is_read_and_who_is_not_is_known_with_the_reason() -> None:
    """A newer ccxt that makes another exchange readable, or one no more, is looked at before it is trusted."""
    import ccxt

    found = {}
    for name in set(ccxt.exchanges) - set(importers.exchange_names()):
        try:
            found[name] = importers.exchange(name)
        except Refused:
            continue
    assert sorted(name for name, entry in found.items() if entry.streams) == READ
    for name, entry in found.items():
        if not entry.streams:
            assert entry.allow == frozenset() and entry.wallets == (), name
            assert entry.gap_help.startswith(f"{entry.name} is not read by API: "), name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("bitflyer", "its trades can't be asked for from a time on"),
        ("bingx", "its trades are asked for market by market, and some days at a time"),
        ("coinmate", "its trades take more than one request, or one that is not made to read"),
        ("luno", "ccxt can't ask it for deposits"),
        ("krakenfutures", "it has no spot market"),
    ],
)
def test_half_a_history_is_refused_with_the_reason(name: str, why: str) -> None:
    assert importers.exchange(name).gap_help.endswith(f"is not read by API: {why}")


# ---- that it is all ---------------------------------------------------------------------------

CROWD = {str(n): (NOW - 3 * DAY) * 1000 - n // 3 * 1000 for n in range(1700)}
SPREAD = {str(n): (EARLY - n * 8 * 3600) * 1000 for n in range(170)}


@pytest.mark.parametrize("oldest", [True, False])
@pytest.mark.parametrize("most", [1000, 500, 30])
def test_whichever_end_of_a_list_is_cut_off_and_wherever_all_of_it_is_fetched(oldest: bool, most: int) -> None:
    """Several at once over the edge of a page; the exchange gives fewer than it is asked for."""
    trades = CROWD if most > 30 else {str(n): (NOW - DAY) * 1000 - n * 1000 for n in range(200)}
    assert set(imported(HashKey(trades, oldest, most), "hashkey", "Trades")) == set(trades)


@pytest.mark.parametrize("span", [100_000, 7])
@pytest.mark.parametrize("oldest", [True, False])
def test_an_exchange_that_answers_a_week_at_most_hides_nothing(oldest: bool, span: int) -> None:
    assert set(imported(HitBTC(SPREAD, oldest=oldest, span=span), "hitbtc", "Trades", EARLY)) == set(SPREAD)


def test_a_list_that_gives_the_oldest_first_is_gone_through_without_a_last_time() -> None:
    trades = {str(n): (EARLY - 9 * DAY) * 1000 + n // 3 * 200_000 for n in range(1700)}
    assert set(imported(HitBTC(trades, oldest=True), "hitbtc", "Trades", EARLY)) == set(trades)


@pytest.mark.parametrize(("count", "most"), [(1001, 1000), (700, 500), (101, 100)])
def test_a_list_that_may_hide_older_ones_is_refused_and_not_taken_for_the_whole(count: int, most: int) -> None:
    trades = {str(n): (EARLY - n * 3600) * 1000 for n in range(count)}
    with pytest.raises(Refused, match=r"HitBTC \(Trades\): .* can't be asked for; import an export of HitBTC"):
        imported(HitBTC(trades, most=most), "hitbtc", "Trades", EARLY)


def test_more_at_one_instant_than_a_page_holds_is_refused() -> None:
    same = {str(n): (NOW - DAY) * 1000 for n in range(60)}
    with pytest.raises(Refused, match="there may be others"):
        imported(HashKey(same, most=50), "hashkey", "Trades")


def test_a_second_run_asks_for_the_last_days_only() -> None:
    spoken = HitBTC(SPREAD)
    exchange = fresh("hitbtc")
    with Sandbox(spoken) as sandbox:
        client = opened(exchange, sandbox)
        first = fetched(exchange, client, "Trades", None, EARLY)
        spoken.trades = {**SPREAD, "999": (EARLY - 4 * DAY) * 1000}
        asked = len(sandbox.requests)
        again = fetched(exchange, client, "Trades", first[-1].cursor, EARLY + DAY)
        assert "999 BTC/USDT buy" in judged.ids(again)
        assert len(sandbox.requests) - asked == 1


# ---- what it means ----------------------------------------------------------------------------


def parsed(spoken: Spoken, name: str, *streams: str) -> Parsed:
    exchange = fresh(name)
    records: list[RawRecord] = []
    with Sandbox(spoken) as sandbox:
        client = opened(exchange, sandbox)
        for stream in streams:
            records += [record for page in fetched(exchange, client, stream, None, EARLY) for record in page.records]
        for wallet in exchange.wallets:
            answer = client.call(wallet.method, wallet.params, wallet.read)
            records.append(balance(exchange, "mine", answer, datetime(2026, 1, 1, tzinfo=UTC)))
    (said,) = importers.parse(name, {record.source_id: record for record in records}.values())
    return said


def test_trades_movements_and_balances_are_exact_and_marked_as_unverified() -> None:
    spoken = HitBTC({"7": (EARLY - DAY) * 1000}, {"10": (EARLY - 3 * DAY) * 1000, "11": (EARLY - 2 * DAY) * 1000})
    said = parsed(spoken, "hitbtc", "Trades", "Movements")
    _, *lines = judged.as_file(said.transactions).splitlines()
    assert lines == [
        "2013-02-26T00:00:00Z,mine,,,1.5,BTC,,,,,,deposit,0x10,10 BTC",
        "2013-02-27T00:00:00Z,mine,1.5,BTC,,,0.0005,BTC,,,,withdrawal,0x11,11 BTC",
        "2013-02-28T00:00:00Z,mine,5000.0123456789,USDT,0.1,BTC,0.25,USDT,,,,"
        "buy BTC/USDT at 50000.123456789,,7 BTC/USDT buy",
    ]
    assert judged.told(said) == {"BTC": Decimal("1.75")}
    assert [(issue.code, issue.account, issue.severity) for issue in said.issues] == [
        ("unverified_exchange", "mine", "warning")
    ]
    assert importers.version("hitbtc") == 2


def test_what_is_no_spot_trade_or_not_done_counts_for_nothing() -> None:
    def record(stream: str, id: str, **value: Any) -> RawRecord:
        base = {"timestamp": NOW * 1000, "fee": None, "fees": [], "txid": None, "price": "1", "cost": None, "info": {}}
        return RawRecord("woo", "mine", stream, id, NOW * 10**7, json.dumps(base | value), f"WOO {stream} {id}")

    (said,) = importers.parse(
        "woo",
        [
            record("Trades all", "1", symbol="BTC/USDT:USDT", side="buy", amount="1"),
            record("Trades all", "2", symbol="0815", side="buy", amount="1"),
            record("Trades all", "3", symbol="BTC/USDT", side="sell", amount="2",
                   fees=[{"cost": "0.1", "currency": "USDT"}, {"cost": "1", "currency": "WOO"},
                         {"cost": "-0.2", "currency": "USDT"}]),
            record("Movements all", "4", type="deposit", status="pending", amount="1", currency="BTC"),
            record("Movements all", "5", type="withdrawal", status="failed", amount="1", currency="BTC"),
        ],
    )  # fmt: skip
    assert judged.balances(said) == {"BTC": Decimal(-2), "USDT": Decimal("2.1"), "WOO": Decimal(-1)}
    assert judged.why(Parsed(issues=[i for i in said.issues if i.code == "unread_record"])) == [
        "WOO Trades all 1: margin and derivatives results are not supported yet (BTC/USDT:USDT)",
        "WOO Trades all 2: it does not say what was traded (0815)",
    ]


@pytest.mark.parametrize("answer", [{}, {"error": "x"}, {"code": 1, "data": {}}, "[]", None])
def test_an_error_is_never_an_empty_page(answer: Any) -> None:
    with pytest.raises(Unlike):
        rows(answer)
    for name in ("hitbtc", "hashkey"):
        for stream in importers.exchange(name).streams:
            with pytest.raises(Unlike):
                stream.read(answer, Span(part="all"))


@pytest.mark.parametrize("answer", [[{"id": 1}], [{"timestamp": "x"}], [["a"]], [None]])
def test_an_entry_without_a_time_makes_no_page(answer: Any) -> None:
    with pytest.raises(Unlike):
        importers.exchange("hitbtc").streams[0].read(answer, Span(part="all"))

"""The exchanges that prices are asked of, behind the real client and guard: how each is asked and read, and what may
leave."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

import ccxt
import pytest
from msgspec.structs import replace

import importers
from importers.base import Call, Unlike
from importers.client import open_client
from importers.guard import guarded
from importers.quotes.candles import DAILY, MINUTELY, Source, Step, look_up
from importers.quotes.venues import VENUES, home, source
from importers.sandbox import market
from importers.sandbox.kraken import Records
from importers.sandbox.server import NOW, Fault, Sandbox
from importers.sandbox.venues import SPEECHES, Markets
from pipeline.money import exact
from tests.importers.test_candles import DAY, NEXT, Noted, second, want

ALLOWED = """
binance GET api.binance.com exchangeInfo
binance GET api.binance.com klines
binanceus GET api.binance.us exchangeInfo
binanceus GET api.binance.us klines
bitfinex GET api-pub.bitfinex.com candles/trade:{timeframe}:{symbol}/hist
bitfinex GET api-pub.bitfinex.com conf/pub:list:pair:exchange
bitstamp GET www.bitstamp.net ohlc/{pair}/
bitstamp GET www.bitstamp.net trading-pairs-info/
coinbase GET api.coinbase.com brokerage/market/products
coinbase GET api.coinbase.com brokerage/market/products/{product_id}/candles
gate GET api.gateio.ws candlesticks
gate GET api.gateio.ws currency_pairs
kraken GET api.kraken.com AssetPairs
kraken GET api.kraken.com OHLC
kucoin GET api.kucoin.com market/candles
kucoin GET api.kucoin.com symbols
okx GET www.okx.com market/history-candles
okx GET www.okx.com public/instruments
"""


def opened(name: str, proxy_url: str) -> Source:
    client = open_client(replace(importers.exchange(name), allow=VENUES[name].allow), None, proxy_url)
    return source(VENUES[name], lambda: client.call)


def test_nothing_may_leave_for_prices_but_these_reads() -> None:
    found = []
    for name, venue in VENUES.items():
        cls = guarded(getattr(ccxt, name), venue.allow)
        hosts = {s: importers.guard._host(cls(), s) for s, _, _ in venue.allow}
        found += [f"{name} {method} {hosts[section]} {path}" for section, method, path in venue.allow]
    assert sorted(found) == ALLOWED.strip().split("\n")


@contextmanager
def sandbox(**more: object) -> Iterator[Sandbox]:
    with Sandbox(Records(), markets=Markets(NOW, **more)) as running:  # type: ignore[arg-type]
        yield running


@pytest.mark.parametrize(("step", "first"), [(DAILY, date(2023, 2, 1)), (MINUTELY, DAY)])
@pytest.mark.parametrize("name", [name for name in VENUES if name != "kraken"])
def test_each_exchange_gives_a_whole_page_of_closes_with_one_request(name: str, step: Step, first: date) -> None:
    quote = SPEECHES[name].quotes[0]
    begin = second(first)
    last = begin + (VENUES[name].pages[step] - 1) * step.seconds
    with sandbox() as running:
        one = opened(name, running.proxy_url)
        pairs = one.pairs()
        closes = dict(one.candles(("ETH", quote), pairs["ETH", quote], step, begin, last))
    assert len(running.requests) == 2 and running.forbidden == []
    now = int(NOW.timestamp())
    assert sorted(closes) == [b for b in range(begin, last + 1, step.seconds) if b <= now]
    pair = next(
        (p for p in market.PAIRS.values() if p.name == f"ETH/{quote}"),
        market.Pair("", "", "XETH", quote, 8, "1"),
    )
    assert closes[begin] == market.written(market.at(pair, begin + step.seconds), pair.decimals)


def test_names_are_those_of_the_ledger() -> None:
    with sandbox() as running:
        assert {("DOGE", "USDT"), ("BTC", "USDT")} <= opened("okx", running.proxy_url).pairs().keys()
        found = opened("bitfinex", running.proxy_url).pairs()
    assert found["DOGE", "USD"] == "tDOGE:USD" and found["BTC", "USD"] == "tBTCUSD"


def test_what_a_code_meant_before_it_was_passed_on_is_no_price_of_the_coin_that_has_it_now() -> None:
    rows = [[second(date(2022, 5, day)) * 1000, "1", "1", "1", str(day)] for day in (8, 27, 28, 31)]
    luna = source(VENUES["binance"], lambda: answering(rows))
    assert [close for _, close in luna.candles(("LUNA", "USDT"), "LUNAUSDT", DAILY, 0, 0)] == ["28", "31"]
    assert len(list(luna.candles(("BTC", "USDT"), "BTCUSDT", DAILY, 0, 0))) == 4


def answering(answer: object) -> Call:
    return lambda _method, _params, read: read(answer)


@pytest.mark.parametrize(
    ("exchange", "account", "asked_first"),
    [
        ("kraken", "mine", "kraken"), ("myokx", "mine", "okx"), ("universal", "Coinbase", "coinbase"),
        ("universal", "Ledger wallet", ""), ("bitvavo", "mine", ""),
    ],
)  # fmt: skip
def test_a_record_is_at_home_at_its_exchange_or_the_one_its_account_is_named_after(
    exchange: str, account: str, asked_first: str
) -> None:
    assert home(exchange, account) == asked_first


# ---- through the look-up ----------------------------------------------------------------------------


def test_dollars_of_a_coin_quoted_in_a_stablecoin_are_found_over_two_exchanges() -> None:
    with sandbox(without=frozenset({("coinbase", "DOT")})) as running:
        sources = [opened(name, running.proxy_url) for name in ("binance", "coinbase")]
        found = look_up([want("DOT", DAY)], "USD", sources, pytest.fail, now=int(NOW.timestamp()))
    assert [(p.asset, p.currency, p.source) for p in found.prices] == [
        ("DOT", "USDT", "Binance DOT/USDT daily close"),
        ("USDT", "USD", "Coinbase USDT/USD daily close"),
    ]
    with exact():
        worth = found.prices[0].price * found.prices[1].price
        real = Decimal(market.at(market.PAIRS["DOTUSD"], second(NEXT))).scaleb(-4)
        assert abs(worth / real - 1) < Decimal("0.001")


def test_an_exchange_that_is_down_is_one_line_and_the_next_one_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # the pauses before it is asked again
    noted = Noted()
    with sandbox(down=frozenset({"coinbase"})) as running:
        sources = [opened(name, running.proxy_url) for name in ("coinbase", "bitstamp")]
        found = look_up([want("ETH", DAY)], "USD", sources, noted, now=int(NOW.timestamp()))
    assert [p.source for p in found.prices] == ["Bitstamp ETH/USD daily close"]
    (line,) = noted
    assert line.startswith("no further prices from Coinbase in this run: Coinbase (") and line.isprintable()


# ---- Kraken ------------------------------------------------------------------------------------

PAIRS = """{"error": [], "result": {
  "XXBTZEUR": {"altname": "XBTEUR", "wsname": "XBT/EUR", "base": "XXBT", "quote": "ZEUR", "status": "online"},
  "XDGXBT": {"altname": "XDGXBT", "wsname": "XDG/XBT", "base": "XXDG", "quote": "XXBT"},
  "LUNAEUR": {"wsname": "LUNA/EUR"}, "LUNA2EUR": {"wsname": "LUNA2/EUR"},
  "XBTEUR.d": {"altname": "XBTEUR.d"}, "odd": null}}"""
OHLC = """{"error": [], "result": {"XXBTZEUR": [
  [1740787200, "80000.0", "82000.0", "79000.0", "81234.10", "81000.0", "512.00000001", 9000],
  ["1740873600", "81234.1", "82000.0", "79000.0", "81500", "81000.0", "512.00000001", 9000]], "last": 1740787200}}"""
TODAY = int(datetime(2025, 6, 1, tzinfo=UTC).timestamp())


@contextmanager
def kraken_says(**answers: str) -> Iterator[tuple[Source, Sandbox]]:
    """Kraken behind the real client, with these bodies for its answers."""
    bodies = {"AssetPairs": PAIRS, "OHLC": OHLC} | answers

    def instead(number: int, path: str) -> Fault:
        return Fault(body=lambda right: bodies[path.rsplit("/", 1)[-1]].encode())

    with Sandbox(Records(), faults=instead) as running:
        yield opened("kraken", running.proxy_url), running


def test_kraken_answers_become_prices() -> None:
    with kraken_says() as (kraken, running):
        found = look_up([want("BTC", DAY), want("BTC", NEXT)], "EUR", [kraken], pytest.fail, now=TODAY)
    assert [(p.source, str(p.price), p.day) for p in found.prices] == [
        ("Kraken BTC/EUR daily close", "81234.10", DAY),
        ("Kraken BTC/EUR daily close", "81500", NEXT),
    ]
    asked = [(request.name, request.params) for request in running.requests]
    assert asked == [("AssetPairs", {}), ("OHLC", {"pair": "XXBTZEUR", "interval": "1440"})]


def test_kraken_names_are_those_of_the_ledger() -> None:
    with kraken_says() as (kraken, _):
        assert kraken.pairs() == {
            ("BTC", "EUR"): "XXBTZEUR",
            ("DOGE", "BTC"): "XDGXBT",
            ("LUNC", "EUR"): "LUNAEUR",
            ("LUNA", "EUR"): "LUNA2EUR",
        }


def test_kraken_is_not_asked_for_days_before_its_720_candles_nor_for_minutes() -> None:
    old = want("BTC", date(2023, 6, 11))
    with kraken_says() as (kraken, running):
        assert look_up([old], "EUR", [kraken], pytest.fail, now=TODAY).prices == []
        assert [request.name for request in running.requests] == ["AssetPairs"]
        look_up([want("BTC", DAY, "12:00")], "EUR", [kraken], pytest.fail, now=TODAY)
    assert {request.params.get("interval", "1440") for request in running.requests} == {"1440"}


@pytest.mark.parametrize(
    "answer",
    [
        '{"error": ["EQuery:Unknown asset pair"]}',
        '{"error": []}',
        '{"error": [], "result": []}',
        '{"error": [], "result": {"last": 1}}',
        '{"error": [], "result": {"A": [], "B": []}}',
        '{"error": [], "result": {"A": {"x": 1}}}',
        '{"error": [], "result": {"A": [[1740787200, "1"]]}}',
        '{"error": [], "result": {"A": [["soon", "1", "1", "1", "1"]]}}',
        '{"error": [], "result": {"A": [[99999999999999999999, "1", "1", "1", "1"]]}}',
        '{"error": [], "result": {"A": [[1740787200, "1", "1", "1", null]]}}',
        '{"error": [], "result": {"A": [null]}}',
    ],
)
def test_answers_of_another_form_are_one_line(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # the pauses before it is asked again
    noted = Noted()
    with kraken_says(OHLC=answer) as (kraken, _):
        assert look_up([want("BTC", DAY)], "EUR", [kraken], noted, now=TODAY).prices == []
    (line,) = noted
    assert line.startswith("no further prices from Kraken in this run: Kraken (OHLC): ") and line.isprintable()


@pytest.mark.parametrize("name", list(VENUES))
@pytest.mark.parametrize(
    "answer", ["null", "{}", '{"data": null}', '[{"x": 1}]', '{"products": [{}], "symbols": [{}]}']
)
def test_no_markets_are_not_taken_for_an_exchange_without_any(name: str, answer: str) -> None:
    """Or else every coin of a person would seem to be worthless."""
    with pytest.raises(Unlike):
        source(VENUES[name], lambda: answering(json.loads(answer))).pairs()


def test_a_float_is_refused() -> None:
    answer = {"error": [], "result": {"A": [[1740787200, 1, 1, 1, 81234.1]]}}
    kraken = source(VENUES["kraken"], lambda: answering(answer))
    with pytest.raises(Unlike, match="another form"):
        kraken.candles(("BTC", "EUR"), "A", DAILY, 0, 0)

"""Looked-up daily prices: the pair, the bridge, the next source; and what one request serves."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from importers.base import Unlike
from importers.client import open_client
from importers.exchanges.kraken import EXCHANGE
from importers.quotes import ecb
from importers.quotes.candles import Candle, Source, kraken, look_up
from importers.sandbox.kraken import Records
from importers.sandbox.server import Fault, Sandbox
from pipeline.gains.value import PriceBook
from pipeline.issues import Stop
from pipeline.model import Price
from pipeline.money import exact

TODAY = date(2025, 6, 1)
DAY, NEXT = date(2025, 3, 1), date(2025, 3, 2)


class Exchange:
    """An exchange's public data: {"ETH/EUR": {day: close}}; `asked` is what left the program."""

    def __init__(self, name: str, markets: Mapping[str, Mapping[date, str] | Stop], reach: int | None = None) -> None:
        self.name, self.markets, self.reach = name, markets, reach
        self.asked: list[str] = []

    def source(self) -> Source:
        return Source(self.name, self._pairs, self._candles, self.reach)

    def _pairs(self) -> Mapping[tuple[str, str], str]:
        self.asked.append("pairs")
        return {(market.split("/")[0], market.split("/")[1]): f"id of {market}" for market in self.markets}

    def _candles(self, market: str) -> Iterable[Candle]:
        self.asked.append(market.removeprefix("id of "))
        closes = self.markets[self.asked[-1]]
        if isinstance(closes, Stop):
            raise closes
        return iter(closes.items())


class Noted(list[str]):
    def __call__(self, line: str) -> None:
        self.append(line)


def ask(
    needs: Iterable[tuple[str, date]],
    currency: str,
    *exchanges: Exchange,
    note: Callable[[str], None] = pytest.fail,
    rates: Any = None,
) -> list[Price]:
    return look_up(needs, currency, [e.source() for e in exchanges], note, today=TODAY, rates=rates)


def brief(prices: Iterable[Price]) -> list[tuple[str, str, str, date | None]]:
    return [(p.asset, p.currency, str(p.price), p.day) for p in prices]


def test_the_close_of_the_day_in_the_digits_received() -> None:
    venue = Exchange("Venue", {"ETH/EUR": {DAY: "2134.510000000000000000001", NEXT: "2"}})
    assert ask([("ETH", DAY)], "EUR", venue) == [
        Price("ETH", "EUR", Decimal("2134.510000000000000000001"), "Venue ETH/EUR daily close", day=DAY)
    ]


def test_one_request_serves_all_days_of_a_pair() -> None:
    venue = Exchange("Venue", {"ETH/EUR": {DAY: "1", NEXT: "2"}, "XMR/EUR": {DAY: "3"}})
    found = ask([("ETH", NEXT), ("XMR", DAY), ("ETH", DAY), ("ETH", DAY)], "EUR", venue)
    assert brief(found) == [("ETH", "EUR", "1", DAY), ("ETH", "EUR", "2", NEXT), ("XMR", "EUR", "3", DAY)]
    assert venue.asked == ["pairs", "ETH/EUR", "XMR/EUR"]


def test_the_inverse_pair_is_no_price() -> None:
    venue = Exchange("Venue", {"EUR/USDT": {DAY: "1.04"}})
    assert ask([("USDT", DAY)], "EUR", venue) == []
    assert venue.asked == ["pairs"]


def test_through_a_bridge_two_prices_that_the_book_multiplies() -> None:
    venue = Exchange("Venue", {"XMR/BTC": {DAY: "0.0025"}, "BTC/EUR": {DAY: "81000.1"}})
    found = ask([("XMR", DAY)], "EUR", venue)
    assert brief(found) == [("XMR", "BTC", "0.0025", DAY), ("BTC", "EUR", "81000.1", DAY)]
    with exact():
        quote = PriceBook(found, "EUR", ZoneInfo("UTC")).quote("XMR", datetime(2025, 3, 1, 12, tzinfo=UTC))
    assert quote == (Decimal("202.50025"), "Venue XMR/BTC daily close, Venue BTC/EUR daily close")


def test_the_first_bridge_that_has_both_halves_is_taken() -> None:
    venue = Exchange(
        "Venue",
        {
            "XMR/USD": {DAY: "1"},  # no way from USD to CHF
            "XMR/USDT": {NEXT: "2"},  # not that day
            "USDT/CHF": {DAY: "0.9", NEXT: "0.9"},
            "XMR/EUR": {DAY: "3"},
            "EUR/CHF": {DAY: "0.94"},
            "XMR/BTC": {DAY: "4"},
            "BTC/CHF": {DAY: "75000"},
        },
    )
    found = ask([("XMR", DAY)], "CHF", venue)
    assert brief(found) == [("XMR", "EUR", "3", DAY), ("EUR", "CHF", "0.94", DAY)]
    assert venue.asked == ["pairs", "USDT/CHF", "XMR/USDT", "EUR/CHF", "XMR/EUR"]


def test_a_bridge_serves_the_days_that_the_direct_pair_lacks() -> None:
    venue = Exchange(
        "Venue", {"XMR/EUR": {NEXT: "2"}, "XMR/BTC": {DAY: "3", NEXT: "3"}, "BTC/EUR": {DAY: "4", NEXT: "4"}}
    )
    found = ask([("XMR", DAY), ("XMR", NEXT)], "EUR", venue)
    assert brief(found) == [("XMR", "EUR", "2", NEXT), ("XMR", "BTC", "3", DAY), ("BTC", "EUR", "4", DAY)]


def test_one_bridge_for_many_assets_is_asked_and_given_once() -> None:
    venue = Exchange("Venue", {f"{asset}/BTC": {DAY: "1"} for asset in ("AAA", "BBB", "CCC")} | {"BTC/EUR": {DAY: "2"}})
    found = ask([("AAA", DAY), ("BBB", DAY), ("CCC", DAY), ("BTC", DAY)], "EUR", venue)
    assert sorted(venue.asked) == ["AAA/BTC", "BBB/BTC", "BTC/EUR", "CCC/BTC", "pairs"]
    assert [p.asset for p in found if p.currency == "EUR"] == ["BTC"]


def test_money_on_the_way_is_by_the_central_bank_when_given() -> None:
    venue = Exchange("Venue", {"XMR/USD": {DAY: "230.5"}, "USD/EUR": {DAY: "0.9"}})
    found = ask([("XMR", DAY)], "EUR", venue, rates=ecb.rates)
    assert [(p.asset, p.currency, p.source) for p in found] == [
        ("XMR", "USD", "Venue XMR/USD daily close"),
        ("USD", "EUR", "ECB reference rate of 2025-02-28"),
    ]
    assert venue.asked == ["pairs", "XMR/USD"]


def test_what_one_source_lacks_the_next_is_asked_for_and_nothing_else() -> None:
    first = Exchange("First", {"ETH/EUR": {NEXT: "2"}})
    second = Exchange("Second", {"ETH/EUR": {DAY: "10", NEXT: "20"}, "XMR/EUR": {DAY: "3"}})
    third = Exchange("Third", {})
    found = ask([("ETH", DAY), ("ETH", NEXT), ("XMR", DAY)], "EUR", first, second, third)
    assert [(p.source.split()[0], p.asset, p.day) for p in found] == [
        ("First", "ETH", NEXT),
        ("Second", "ETH", DAY),
        ("Second", "XMR", DAY),
    ]
    assert third.asked == []


def test_a_bridge_may_end_at_a_price_of_an_earlier_source() -> None:
    first = Exchange("First", {"BTC/EUR": {DAY: "80000"}})
    second = Exchange("Second", {"XMR/BTC": {DAY: "0.002"}, "BTC/EUR": {DAY: "1"}})
    found = ask([("BTC", DAY), ("XMR", DAY)], "EUR", first, second)
    assert brief(found) == [("BTC", "EUR", "80000", DAY), ("XMR", "BTC", "0.002", DAY)]
    assert second.asked == ["pairs", "XMR/BTC"]


def test_a_source_that_stops_is_left_and_what_it_gave_is_kept() -> None:
    first = Exchange(
        "First",
        {"AAA/EUR": {DAY: "1"}, "BBB/EUR": Stop("First (OHLC): it did not\nanswer in time"), "CCC/EUR": {DAY: "3"}},
    )
    second = Exchange("Second", {"BBB/EUR": {DAY: "2"}, "CCC/EUR": {DAY: "33"}})
    noted = Noted()
    found = ask([("AAA", DAY), ("BBB", DAY), ("BBB", NEXT), ("CCC", DAY)], "EUR", first, second, note=noted)
    assert brief(found) == [("AAA", "EUR", "1", DAY), ("BBB", "EUR", "2", DAY), ("CCC", "EUR", "33", DAY)]
    assert noted == ["no further prices from First: First (OHLC): it did not answer in time"]
    assert first.asked == ["pairs", "AAA/EUR", "BBB/EUR"]


def test_a_source_whose_list_of_pairs_fails_is_left() -> None:
    def fail() -> Mapping[tuple[str, str], str]:
        raise Stop("Gone (AssetPairs): it can't be reached")

    noted = Noted()
    sources = [Source("Gone", fail, lambda market: []), Exchange("Second", {"ETH/EUR": {DAY: "2"}}).source()]
    assert brief(look_up([("ETH", DAY)], "EUR", sources, noted, today=TODAY)) == [("ETH", "EUR", "2", DAY)]
    assert noted == ["no further prices from Gone: Gone (AssetPairs): it can't be reached"]


def test_a_fault_of_the_program_is_not_hidden() -> None:
    def wrong(market: str) -> Iterable[Candle]:
        raise AssertionError("not on the list of reads")

    source = Source("Venue", lambda: {("ETH", "EUR"): "x"}, wrong)
    with pytest.raises(AssertionError, match="list of reads"):
        look_up([("ETH", DAY)], "EUR", [source], Noted(), today=TODAY)


def test_the_unfinished_candle_is_no_price() -> None:
    yesterday = TODAY - timedelta(days=1)
    venue = Exchange("Venue", {"ETH/EUR": {yesterday: "1", TODAY: "2", TODAY + timedelta(days=1): "3"}})
    found = ask([("ETH", yesterday + timedelta(days=n)) for n in range(3)], "EUR", venue)
    assert brief(found) == [("ETH", "EUR", "1", yesterday)]


def test_nothing_is_asked_for_what_needs_no_exchange() -> None:
    venue = Exchange("Venue", {"USD/EUR": {DAY: "0.9"}, "ETH/EUR": {DAY: "2"}})
    assert ask([("USD", DAY), ("EUR", DAY), ("ETH", TODAY)], "EUR", venue) == []
    assert venue.asked == []


def test_days_out_of_reach_are_not_asked_for() -> None:
    edge = TODAY - timedelta(days=10)
    venue = Exchange("Venue", {"ETH/EUR": {edge: "1"}, "XMR/EUR": {}}, reach=10)
    assert brief(ask([("ETH", edge), ("XMR", edge - timedelta(days=1))], "EUR", venue)) == [("ETH", "EUR", "1", edge)]
    assert venue.asked == ["pairs", "ETH/EUR"]


@pytest.mark.parametrize("close", ["0", "0.000", "-1", "NaN", "Infinity", "1,5", "", "٣", "1e99", "x\x1b[2J"])
def test_nonsense_is_skipped_with_a_line(close: str) -> None:
    venue = Exchange("Venue", {"ETH/EUR": {DAY: close, NEXT: "2"}})
    noted = Noted()
    assert brief(ask([("ETH", DAY), ("ETH", NEXT)], "EUR", venue, note=noted)) == [("ETH", "EUR", "2", NEXT)]
    (line,) = noted
    assert line.startswith("Venue ETH/EUR, 2025-03-01: '") and line.endswith("' is not a price; left out")
    assert line.isprintable()


# ---- Kraken ------------------------------------------------------------------------------------

PAIRS = """{"error": [], "result": {
  "XXBTZEUR": {"altname": "XBTEUR", "wsname": "XBT/EUR", "base": "XXBT", "quote": "ZEUR", "status": "online"},
  "XDGXBT": {"altname": "XDGXBT", "wsname": "XDG/XBT", "base": "XXDG", "quote": "XXBT"},
  "LUNAEUR": {"wsname": "LUNA/EUR"}, "LUNA2EUR": {"wsname": "LUNA2/EUR"},
  "XBTEUR.d": {"altname": "XBTEUR.d"}, "odd": null}}"""
OHLC = """{"error": [], "result": {"XXBTZEUR": [
  [1740787200, "80000.0", "82000.0", "79000.0", "81234.10", "81000.0", "512.00000001", 9000],
  ["1740873600", "81234.1", "82000.0", "79000.0", "81500", "81000.0", "512.00000001", 9000]], "last": 1740787200}}"""


@contextmanager
def kraken_says(**answers: str) -> Iterator[tuple[Source, Sandbox]]:
    """Kraken behind the real client, with these bodies for its answers."""
    bodies = {"AssetPairs": PAIRS, "OHLC": OHLC} | answers

    def instead(number: int, path: str) -> Fault:
        return Fault(body=lambda right: bodies[path.rsplit("/", 1)[-1]].encode())

    with Sandbox(Records(), faults=instead) as sandbox:
        yield kraken(open_client(EXCHANGE, None, sandbox.proxy_url).call), sandbox


def asked(sandbox: Sandbox) -> list[tuple[str, dict[str, str]]]:
    return [(request.name, request.params) for request in sandbox.requests]


def test_kraken_answers_become_prices() -> None:
    with kraken_says() as (source, sandbox):
        found = look_up([("BTC", DAY), ("BTC", NEXT)], "EUR", [source], pytest.fail, today=TODAY)
    assert found == [
        Price("BTC", "EUR", Decimal("81234.10"), "Kraken BTC/EUR daily close", day=DAY),
        Price("BTC", "EUR", Decimal("81500"), "Kraken BTC/EUR daily close", day=NEXT),
    ]
    assert asked(sandbox) == [("AssetPairs", {}), ("OHLC", {"pair": "XXBTZEUR", "interval": "1440"})]


def test_kraken_names_are_those_of_the_ledger() -> None:
    with kraken_says() as (source, _):
        assert source.pairs() == {
            ("BTC", "EUR"): "XXBTZEUR",
            ("DOGE", "BTC"): "XDGXBT",
            ("LUNC", "EUR"): "LUNAEUR",
            ("LUNA", "EUR"): "LUNA2EUR",
        }


def test_kraken_is_not_asked_for_days_before_its_720_candles() -> None:
    with kraken_says() as (source, sandbox):
        assert look_up([("BTC", TODAY - timedelta(days=721))], "EUR", [source], pytest.fail, today=TODAY) == []
    assert asked(sandbox) == []


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
def test_kraken_answers_of_another_form_are_one_line(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # the pauses before it is asked again
    noted = Noted()
    with kraken_says(OHLC=answer) as (source, _):
        assert look_up([("BTC", DAY)], "EUR", [source], noted, today=TODAY) == []
    (line,) = noted
    assert line.startswith("no further prices from Kraken: Kraken (OHLC): ") and line.isprintable()


def test_a_float_is_refused() -> None:
    answer = {"error": [], "result": {"A": [[1740787200, 1, 1, 1, 81234.1]]}}
    with pytest.raises(Unlike, match="another form"):
        kraken(lambda method, params, read: read(answer)).candles("A")

"""Looked-up prices: the pair, the bridge, the next source; what is far off; and what one request serves."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from importers.quotes import ecb
from importers.quotes.candles import AROUND, DAILY, MINUTELY, Candle, Found, Source, Step, Want, look_up, windows
from pipeline.gains.value import PriceBook
from pipeline.issues import Stop
from pipeline.model import DOUBTFUL, Price
from pipeline.money import exact

TODAY = date(2025, 6, 1)
DAY, NEXT = date(2025, 3, 1), date(2025, 3, 2)


def second(day: date, at: str = "00:00") -> int:
    return int(datetime.combine(day, time.fromisoformat(at), UTC).timestamp())


class Exchange:
    """An exchange's public data: {"ETH/EUR": {day: close}}; `asked` is what left the program. `minutes`: the same by
    Unix second."""

    def __init__(
        self,
        name: str,
        markets: Mapping[str, Mapping[date, str] | Stop],
        reach: int = 0,
        minutes: Mapping[str, Mapping[int, str]] | None = None,
        spare: bool = False,
        page: int = 1000,
    ) -> None:
        self.name, self.markets, self.minutes = name, markets, minutes or {}
        self.reach, self.spare, self.page = reach, spare, page
        self.asked: list[str] = []

    def source(self) -> Source:
        pages = {DAILY: self.page} | ({MINUTELY: self.page} if self.minutes else {})
        return Source(self.name.lower(), self.name, self._pairs, self._candles, pages, self.reach, self.spare)

    def _pairs(self) -> Mapping[tuple[str, str], str]:
        self.asked.append("pairs")
        return {(m.split("/")[0], m.split("/")[1]): f"id of {m}" for m in {**self.markets, **self.minutes}}

    def _candles(self, pair: tuple[str, str], market: str, step: Step, first: int, last: int) -> Iterable[Candle]:
        assert market == f"id of {'/'.join(pair)}" and (last - first) // step.seconds < self.page
        name = "/".join(pair)
        self.asked.append(name if step is DAILY else f"{name} by minute")
        if step is MINUTELY:
            return [(at, close) for at, close in self.minutes.get(name, {}).items() if first <= at <= last]
        closes = self.markets.get(name, {})
        if isinstance(closes, Stop):
            raise closes
        return iter([(second(day), close) for day, close in closes.items()])  # also what was not asked for


class Noted(list[str]):
    def __call__(self, line: str) -> None:
        self.append(line)


def want(asset: str, day: date, at: str = "", home: str = "") -> Want:
    return Want(asset, day, second(day), second(day, at) if at else 0, home=home)


def search(
    wants: Iterable[Want | tuple[str, date]],
    currency: str,
    *exchanges: Exchange,
    note: Callable[[str], None] = pytest.fail,
    rates: Any = None,
    **more: Any,
) -> Found:
    listed = [w if isinstance(w, Want) else want(*w) for w in wants]
    sources = [e.source() for e in exchanges]
    return look_up(listed, currency, sources, note, now=second(TODAY, "06:00"), rates=rates, **more)


def ask(wants: Iterable[Want | tuple[str, date]], currency: str, *exchanges: Exchange, **more: Any) -> list[Price]:
    return search(wants, currency, *exchanges, **more).prices


def brief(prices: Iterable[Price]) -> list[tuple[str, str, str, date | None]]:
    return [(p.asset, p.currency, str(p.price), p.day) for p in prices]


def test_the_close_of_the_day_in_the_digits_received() -> None:
    venue = Exchange("Venue", {"ETH/EUR": {DAY: "2134.510000000000000000001", NEXT: "2000"}})
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
    assert noted == ["no further prices from First in this run: First (OHLC): it did not answer in time"]
    assert first.asked == ["pairs", "AAA/EUR", "BBB/EUR"]


def test_a_source_whose_list_of_pairs_fails_is_left() -> None:
    def fail() -> Mapping[tuple[str, str], str]:
        raise Stop("Gone (AssetPairs): it can't be reached")

    def no_candles(*_: object) -> Iterable[Candle]:
        return []

    noted = Noted()
    sources = [
        Source("gone", "Gone", fail, no_candles, {DAILY: 9}),
        Exchange("Second", {"ETH/EUR": {DAY: "2"}}).source(),
    ]
    found = look_up([want("ETH", DAY)], "EUR", sources, noted, now=second(TODAY))
    assert brief(found.prices) == [("ETH", "EUR", "2", DAY)] and found.failed == ["gone"]
    assert noted == ["no further prices from Gone in this run: Gone (AssetPairs): it can't be reached"]


def test_a_fault_of_the_program_is_not_hidden() -> None:
    def wrong(*_: object) -> Iterable[Candle]:
        raise AssertionError("not on the list of reads")

    source = Source("venue", "Venue", lambda: {("ETH", "EUR"): "x"}, wrong, {DAILY: 9})
    with pytest.raises(AssertionError, match="list of reads"):
        look_up([want("ETH", DAY)], "EUR", [source], Noted(), now=second(TODAY))


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


def test_a_bridge_is_not_asked_for_days_out_of_reach_either() -> None:
    old = date.fromordinal(TODAY.toordinal() - 12)
    first = Exchange("First", {"XMR/USDT": {old: "200"}})
    other = Exchange("Other", {"USDT/USD": {old: "1"}}, reach=10)
    assert ask([("XMR", old)], "USD", first, other) == []
    assert other.asked == ["pairs"]


@pytest.mark.parametrize("close", ["0", "0.000", "-1", "NaN", "Infinity", "1,5", "", "٣", "1e99", "x\x1b[2J"])
def test_nonsense_is_skipped_with_a_line(close: str) -> None:
    venue = Exchange("Venue", {"ETH/EUR": {DAY: close, NEXT: "2"}})
    noted = Noted()
    assert brief(ask([("ETH", DAY), ("ETH", NEXT)], "EUR", venue, note=noted)) == [("ETH", "EUR", "2", NEXT)]
    (line,) = noted
    assert line.startswith("Venue ETH/EUR, 2025-03-01: '") and line.endswith("' is not a price; left out")
    assert line.isprintable()


# ---- the order of sources, minutes ------------------------------------------------------------------


def test_the_exchange_of_the_record_comes_first_and_a_spare_one_only_then() -> None:
    first, second_ = Exchange("First", {"ETH/EUR": {DAY: "1", NEXT: "2"}}), Exchange("Second", {"ETH/EUR": {DAY: "11"}})
    spare = Exchange("Spare", {"ETH/EUR": {DAY: "111", NEXT: "222"}}, spare=True)
    found = ask([want("ETH", DAY, home="second"), want("ETH", NEXT, home="second")], "EUR", spare, first, second_)
    assert brief(found) == [("ETH", "EUR", "11", DAY), ("ETH", "EUR", "2", NEXT)]
    assert spare.asked == []
    assert brief(ask([want("ETH", NEXT, home="spare")], "EUR", first, spare)) == [("ETH", "EUR", "222", NEXT)]


def test_by_minute_where_it_is_wanted_and_to_be_had_and_by_day_else() -> None:
    venue = Exchange("Venue", {"ETH/EUR": {DAY: "1"}}, minutes={"ETH/EUR": {second(DAY, "12:34"): "1.5"}})
    wants = [want("ETH", DAY, "12:34"), want("ETH", DAY, "15:00")]
    (exactly, of_day) = ask(wants, "EUR", venue)
    assert (exactly.at, str(exactly.price)) == (datetime(2025, 3, 1, 12, 35, tzinfo=UTC), "1.5")
    assert exactly.source == "Venue ETH/EUR minute close"
    assert (of_day.day, str(of_day.price)) == (DAY, "1")
    assert venue.asked == ["pairs", "ETH/EUR by minute", "ETH/EUR"]


def test_a_minute_goes_through_money_but_not_through_a_coin_that_moves() -> None:
    at = second(DAY, "12:34")
    venue = Exchange(
        "Venue",
        {"XMR/BTC": {DAY: "0.002"}, "BTC/EUR": {DAY: "80000"}},
        minutes={"XMR/BTC": {at: "0.003"}, "XMR/USD": {at: "230"}},
    )
    found = ask([want("XMR", DAY, "12:34")], "EUR", venue, rates=ecb.rates)
    assert [(p.currency, p.at is not None) for p in found] == [("USD", True), ("EUR", False)]
    venue = Exchange("Venue", dict(venue.markets), minutes={"XMR/BTC": {at: "0.003"}})
    assert brief(ask([want("XMR", DAY, "12:34")], "EUR", venue)) == [
        ("XMR", "BTC", "0.002", DAY), ("BTC", "EUR", "80000", DAY),
    ]  # fmt: skip


# ---- bridges over several sources -------------------------------------------------------------------


def test_a_stablecoin_is_an_asset_whose_price_another_source_may_have() -> None:
    first = Exchange("First", {"XMR/USDT": {DAY: "200"}})
    other = Exchange("Other", {"USDT/USD": {DAY: "0.97"}})
    found = ask([("XMR", DAY)], "USD", first, other)
    assert brief(found) == [("XMR", "USDT", "200", DAY), ("USDT", "USD", "0.97", DAY)]


def test_a_stablecoin_in_other_money_is_worth_its_dollars() -> None:
    first = Exchange("First", {"XMR/USDT": {DAY: "200"}})
    other = Exchange("Other", {"USDT/USD": {DAY: "0.97"}})
    (price, bridge) = ask([("XMR", DAY)], "CHF", first, other, rates=ecb.rates)
    (rate,) = ecb.rates([("USD", "CHF", DAY)])
    with exact():
        assert (price.price, bridge.price) == (Decimal(200), Decimal("0.97") * rate.price)
    assert bridge.source == f"Other USDT/USD daily close, {rate.source}"


def test_what_the_ledger_knows_of_a_bridge_is_not_asked_for() -> None:
    venue = Exchange("Venue", {"XMR/BTC": {DAY: "0.002"}, "BTC/EUR": {DAY: "1"}})
    known = [Price("BTC", "EUR", Decimal(80000), "Kraken BTC/EUR daily close", day=DAY)]
    assert brief(ask([("XMR", DAY)], "EUR", venue, kept=known)) == [("XMR", "BTC", "0.002", DAY)]
    assert venue.asked == ["pairs", "XMR/BTC"]


# ---- what is far off --------------------------------------------------------------------------------

AROUND_DAY = {DAY - timedelta(1): "100", NEXT: "110"}


@pytest.mark.parametrize(("close", "taken"), [("331", False), ("330", True), ("33.4", True), ("33.3", False)])
def test_a_close_of_three_times_both_its_neighbours_is_no_price(close: str, taken: bool) -> None:
    venue = Exchange("Venue", {"ETH/EUR": {**AROUND_DAY, DAY: close}})
    (price,) = ask([("ETH", DAY)], "EUR", venue)
    assert price.source.startswith(DOUBTFUL) is not taken
    assert price.source.removeprefix(DOUBTFUL) == "Venue ETH/EUR daily close" and str(price.price) == close


def test_a_fall_that_goes_on_is_real() -> None:
    fall = {DAY - timedelta(1): "1.07", DAY: "0.02", NEXT: "0.00005"}
    assert brief(ask([("LUNC", DAY)], "EUR", Exchange("Venue", {"LUNC/EUR": fall}))) == [("LUNC", "EUR", "0.02", DAY)]


def test_the_next_source_settles_what_is_far_off() -> None:
    first = Exchange("First", {"ETH/EUR": {**AROUND_DAY, DAY: "9000"}})
    other = Exchange("Other", {"ETH/EUR": {**AROUND_DAY, DAY: "105"}})
    assert brief(ask([("ETH", DAY)], "EUR", first, other)) == [("ETH", "EUR", "105", DAY)]
    same = Exchange("Same", {"ETH/EUR": {**AROUND_DAY, DAY: "8900"}})
    (price,) = ask([("ETH", DAY)], "EUR", first, same)
    assert (str(price.price), price.source) == ("8900", "Same ETH/EUR daily close")  # two say so: it was


def test_another_coin_of_that_name_is_noticed_by_what_others_said_of_the_days_around() -> None:
    known = [Price("TRUMP", "USD", Decimal(50), "First TRUMP/USD daily close", day=DAY - timedelta(2))]
    other = Exchange("Other", {"TRUMP/USD": {DAY - timedelta(1): "0.002", DAY: "0.002"}})
    (price,) = ask([("TRUMP", DAY)], "USD", other, kept=known)
    assert price.source == f"{DOUBTFUL}Other TRUMP/USD daily close"


# ---- what is not there ------------------------------------------------------------------------------


def test_what_answered_sources_do_not_have_is_told_and_can_be_skipped() -> None:
    first = Exchange("First", {"ETH/EUR": {NEXT: "2"}})
    other = Exchange("Other", {"XMR/EUR": {}})
    found = search([("ETH", DAY), ("FLR", DAY)], "EUR", first, other)
    missed = {name: {w.asset for w in wants} for name, wants in found.missed.items()}
    assert missed == {"first": {"ETH", "FLR"}, "other": {"ETH", "FLR"}}
    assert (found.absent["first"], found.absent["other"]) == ({"FLR"}, {"ETH", "FLR"})
    first.asked.clear()
    again = search([("ETH", DAY), ("FLR", DAY)], "EUR", first, skip=lambda name, w: w in found.missed[name])
    assert (again.prices, first.asked, again.missed) == ([], [], {})


def test_what_waits_for_a_source_that_failed_is_not_said_to_be_missing() -> None:
    down = Exchange("Down", {"USDT/USD": Stop("it is down")})
    first = Exchange("First", {"XMR/USDT": {DAY: "200"}})
    found = search([("XMR", DAY), ("FLR", DAY)], "USD", first, down, note=Noted())
    assert {w.asset for w in found.missed["first"]} == {"FLR"} and "down" not in found.missed


def test_where_nobody_answers_not_everybody_is_asked() -> None:
    def source(n: int) -> Source:
        def fail() -> Mapping[tuple[str, str], str]:
            raise Stop(f"S{n} (Pairs): no connection")

        return Source(f"s{n}", f"S{n}", fail, lambda *_: [], {DAILY: 9})

    noted = Noted()
    assert look_up([want("ETH", DAY)], "EUR", [source(n) for n in range(6)], noted, now=second(TODAY)).prices == []
    assert noted == [
        "no further prices from S0 in this run: S0 (Pairs): no connection; likewise S1, S2; no others are asked"
    ]


# ---- requests ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [20, 300, 1000])
def test_one_request_serves_as_many_candles_as_it_gives(page: int) -> None:
    begins = [second(DAY) + n * DAILY.seconds for n in range(1096)]
    found = list(windows(begins, DAILY, page))
    assert all((last - first) // DAILY.seconds < page for first, last in found)
    assert len(found) == -(-1096 // (page - 2 * AROUND))
    assert all(any(first <= begin <= last for first, last in found) for begin in begins)


def test_what_is_far_apart_is_not_bridged_by_requests_for_what_nobody_wants() -> None:
    assert len(list(windows([0, 5000 * DAILY.seconds], DAILY, 300))) == 2

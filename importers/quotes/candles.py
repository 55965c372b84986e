"""Looked-up daily prices, from the public market data of exchanges.

Takes what needs a price (asset, day), gives prices; asks by asset alone, never with amounts, one
request per pair. The price of a day, in UTC, is the closing price of its daily candle, in the very
digits received.

    look_up([("ETH", date(2025, 3, 1))], "EUR", [kraken(client.call)], print, today=date(2025, 6, 1))
    # [Price("ETH", "EUR", Decimal("2134.51"), "Kraken ETH/EUR daily close", day=date(2025, 3, 1))]
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from importers.base import Answer, Call, Unlike, shown
from importers.parsers.kraken import asset
from pipeline.issues import Stop
from pipeline.model import Price, is_fiat
from pipeline.money import parse

Pair = tuple[str, str]
Candle = tuple[date, str]
Rates = Callable[[Iterable[tuple[str, str, date]]], Iterable[Price]]

# What assets are quoted in besides the taxpayer's own currency; the first that serves is taken.
BRIDGES = ("USD", "USDT", "EUR", "BTC", "USDC")


@dataclass(frozen=True, slots=True)
class Source:
    """One exchange's public prices.

    `pairs`: its market ids by (base, quote), in the names of the ledger; `candles`: the days (UTC) and
    closing prices of one market. Both raise Stop when they can't be had. `reach`: how many days back
    candles go, if there is an end; older days are not asked for.
    """

    name: str
    pairs: Callable[[], Mapping[Pair, str]]
    candles: Callable[[str], Iterable[Candle]]
    reach: int | None = None


def look_up(
    needs: Iterable[tuple[str, date]],
    currency: str,
    sources: Sequence[Source],
    note: Callable[[str], None],
    *,
    today: date,
    rates: Rates | None = None,
) -> list[Price]:
    """Prices by which each (asset, day) can be valued in `currency`, as far as the sources have them.

    Per source: the pair with `currency`, else two prices through one bridge. The first source that has
    a day gives it; one that raises Stop is left, with a line to `note`, and what it gave is kept. Days
    from `today` (UTC) on have no finished candle and are not asked for; neither is fiat. `rates`
    (`ecb.rates`) gives money against money on the way through a bridge; without it the markets do.
    """
    missing = {(asset, day) for asset, day in needs if asset != currency and not is_fiat(asset) and day < today}
    known = _money(rates, currency, {day for _, day in missing}) if rates and missing else {}
    found: dict[tuple[str, str, date], Price] = {}
    for source in sources:
        reachable = {need for need in missing if source.reach is None or need[1] >= today - timedelta(source.reach)}
        try:
            for price in _ask(source, reachable, currency, known, note):
                assert price.day is not None
                found.setdefault((price.asset, price.currency, price.day), price)
                missing.discard((price.asset, price.day))
        except Stop as stop:
            note(f"no further prices from {source.name}: {' '.join(str(stop).split())}")
        for price in found.values():
            if price.currency == currency and price.day is not None:
                known.setdefault(price.asset, {}).setdefault(price.day, price)
    return list(found.values())


def _money(rates: Rates, currency: str, days: Iterable[date]) -> dict[str, dict[date, Price]]:
    """The bridges that are money, in `currency`, by day."""
    known: dict[str, dict[date, Price]] = defaultdict(dict)
    bridges = [bridge for bridge in BRIDGES if is_fiat(bridge) and is_fiat(currency) and bridge != currency]
    for price in rates((bridge, currency, day) for bridge in bridges for day in sorted(days)):
        if price.day is not None:
            known[price.asset][price.day] = price
    return dict(known)


def _ask(
    source: Source,
    needs: AbstractSet[tuple[str, date]],
    currency: str,
    known: Mapping[str, Mapping[date, Price]],
    note: Callable[[str], None],
) -> Iterator[Price]:
    """What one source has of `needs`; `known` are prices in `currency` that are there already."""
    if not needs:
        return
    market = _Market(source, {day for _, day in needs}, note)
    by_asset: dict[str, set[date]] = defaultdict(set)
    for name, day in needs:
        by_asset[name].add(day)
    for name, days in sorted(by_asset.items()):
        direct = market.closes(name, currency)
        yield from (direct[day] for day in sorted(days & direct.keys()))
        yield from _through(market, name, days - direct.keys(), currency, known)


def _through(
    market: "_Market", asset: str, days: set[date], currency: str, known: Mapping[str, Mapping[date, Price]]
) -> Iterator[Price]:
    """Two prices for each day, asset to bridge and bridge to `currency`."""
    for bridge in BRIDGES:
        if not days or bridge in (asset, currency) or not market.has(asset, bridge):
            continue
        second = dict(known.get(bridge, {}))
        if not days <= second.keys():
            second = {**market.closes(bridge, currency), **second}
        if days.isdisjoint(second):  # then the other half would serve nothing
            continue
        first = market.closes(asset, bridge)
        served = days & first.keys() & second.keys()
        for day in sorted(served):
            yield first[day]
            yield second[day]
        days = days - served


class _Market:
    """One source while it is asked: its list of pairs once, each pair once."""

    def __init__(self, source: Source, days: AbstractSet[date], note: Callable[[str], None]) -> None:
        self._source, self._days, self._note = source, days, note
        self._pairs = source.pairs()
        self._closes: dict[Pair, dict[date, Price]] = {}

    def has(self, base: str, quote: str) -> bool:
        return (base, quote) in self._pairs

    def closes(self, base: str, quote: str) -> Mapping[date, Price]:
        """The closing prices of the days that matter; empty where the pair is not traded."""
        pair = (base, quote)
        if not self.has(base, quote):
            return {}
        if pair not in self._closes:
            candles = {day: close for day, close in self._source.candles(self._pairs[pair]) if day in self._days}
            prices = (self._price(base, quote, day, close) for day, close in candles.items())
            self._closes[pair] = {price.day: price for price in prices if price is not None and price.day is not None}
        return self._closes[pair]

    def _price(self, base: str, quote: str, day: date, close: str) -> Price | None:
        name = f"{self._source.name} {base}/{quote}"
        try:
            price = parse(close)
        except ValueError:
            price = None
        if price is None or price <= 0:
            self._note(f"{name}, {day}: '{shown(close)}' is not a price; left out")
            return None
        return Price(base, quote, price, f"{name} daily close", day=day)


# ---- Kraken ------------------------------------------------------------------------------------

KRAKEN_REACH = 720  # days: one answer has that many candles, and older ones are not to be had
MINUTES_OF_A_DAY = 1440


def kraken(call: Call) -> Source:
    """Kraken's daily candles; `call` gives its raw answers (`Client.call`), numbers as text."""

    def pairs() -> Mapping[Pair, str]:
        listed: dict[Pair, str] = {}
        for market, entry in call("publicGetAssetPairs", {}, _result).items():
            name = entry.get("wsname") if isinstance(entry, dict) else None
            base, slash, quote = str(name or "").partition("/")  # without a name: dark pools, which have no candles
            if slash:
                listed[asset(base), asset(quote)] = market
        return listed

    def candles(market: str) -> list[Candle]:
        found: list[Candle] = call("publicGetOHLC", {"pair": market, "interval": MINUTES_OF_A_DAY}, _candles)
        return found

    return Source("Kraken", pairs, candles, reach=KRAKEN_REACH)


def _result(answer: Answer) -> dict[str, Any]:
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, dict) or not result:
        raise Unlike("its answer has no result")
    return result


def _candles(answer: Answer) -> list[Candle]:
    rows = [rows for name, rows in _result(answer).items() if name != "last"]
    if len(rows) != 1 or not isinstance(rows[0], list):
        raise Unlike("its answer has no candles")
    return [_candle(row) for row in rows[0]]


def _candle(row: Any) -> Candle:
    """[time, open, high, low, close, vwap, volume, count]: the day that begins at `time`, and its close."""
    try:
        begin, close = datetime.fromtimestamp(int(row[0]), UTC), row[4]
    except (TypeError, ValueError, LookupError, OverflowError, OSError):
        raise Unlike("a candle of its answer has another form") from None
    if not isinstance(close, str | int):  # a float would have lost digits already
        raise Unlike("a candle of its answer has another form")
    return begin.date(), str(close)

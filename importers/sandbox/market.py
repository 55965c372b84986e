"""The sandbox's market: assets, pairs and prices that look like those of 2023 to 2025.

Takes a pair and an instant (Unix seconds), gives its price in units of the pair's last decimal. One
path per asset, drawn from quarterly anchors and a wiggle that comes from a hash: no chance, no clock,
no float. Prices of pairs follow from the two paths, so that no pair contradicts another.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from msgspec import Struct

DAY = 86_400  # seconds
NANO = 10**9
MILLION = 10**6


class Asset(Struct, frozen=True):
    """`id` and `name` are Kraken's two names of it; `decimals` those of its ledger."""

    id: str
    name: str
    decimals: int
    shown: int


class Pair(Struct, frozen=True):
    """A market: one unit of `base` in `quote`, with `decimals` decimals; `name` as Kraken's sockets say it."""

    id: str
    name: str
    base: str
    quote: str
    decimals: int
    least: str  # the smallest order, in base

    @property
    def altname(self) -> str:
        return self.name.replace("/", "")


ASSETS = {
    asset.id: asset
    for asset in (
        Asset("ZUSD", "USD", 4, 2),
        Asset("ZEUR", "EUR", 4, 2),
        Asset("XXBT", "XBT", 10, 5),
        Asset("XETH", "ETH", 10, 5),
        Asset("SOL", "SOL", 10, 5),
        Asset("SOL.F", "SOL.F", 10, 5),
        Asset("DOT", "DOT", 10, 8),
        Asset("DOT.S", "DOT.S", 10, 8),
        Asset("DOT28.S", "DOT28.S", 10, 8),
        Asset("XLTC", "LTC", 10, 5),
        Asset("ADA", "ADA", 8, 6),
        Asset("XXDG", "XDG", 8, 2),
        Asset("USDC", "USDC", 8, 4),
        Asset("USDT", "USDT", 8, 4),
    )
}

PAIRS = {
    pair.id: pair
    for pair in (
        Pair("XXBTZUSD", "XBT/USD", "XXBT", "ZUSD", 1, "0.00005"),
        Pair("XXBTZEUR", "XBT/EUR", "XXBT", "ZEUR", 1, "0.00005"),
        Pair("XETHZUSD", "ETH/USD", "XETH", "ZUSD", 2, "0.001"),
        Pair("XETHZEUR", "ETH/EUR", "XETH", "ZEUR", 2, "0.001"),
        Pair("XETHXXBT", "ETH/XBT", "XETH", "XXBT", 5, "0.001"),
        Pair("SOLUSD", "SOL/USD", "SOL", "ZUSD", 2, "0.02"),
        Pair("SOLETH", "SOL/ETH", "SOL", "XETH", 6, "0.02"),
        Pair("DOTUSD", "DOT/USD", "DOT", "ZUSD", 4, "0.6"),
        Pair("XLTCZUSD", "LTC/USD", "XLTC", "ZUSD", 2, "0.04"),
        Pair("ADAUSD", "ADA/USD", "ADA", "ZUSD", 6, "4.4"),
        Pair("XDGUSD", "XDG/USD", "XXDG", "ZUSD", 7, "13"),
        Pair("USDCUSD", "USDC/USD", "USDC", "ZUSD", 4, "5"),
        Pair("USDTZUSD", "USDT/USD", "USDT", "ZUSD", 5, "5"),
        Pair("EURUSD", "EUR/USD", "ZEUR", "ZUSD", 5, "0.5"),
    )
}

_QUARTERS = tuple((date(2023 + number // 4, 1 + number % 4 * 3, 1) - date(1970, 1, 1)).days for number in range(14))

# US dollars on the first day of each quarter from January 2023 to April 2026, roughly as they were.
_ANCHORS = {
    "XXBT": "16500 28400 30500 27000 42300 71200 62700 63300 93500 82500 107000 114000 88000 84000",
    "XETH": "1200 1820 1930 1670 2280 3640 3430 2600 3330 1820 2480 4150 2970 2800",
    "SOL": "10 21 19 21.4 101 202 146 152 189 124 155 208 125 120",
    "DOT": "4.3 6.3 5.2 4.1 8.2 9.6 6.2 4.6 6.7 4.1 3.4 3.9 1.85 1.7",
    "XLTC": "70 92 107 66 73 105 74 67 103 83 86 107 77 75",
    "ADA": "0.246 0.388 0.287 0.254 0.594 0.65 0.39 0.373 0.845 0.66 0.56 0.8 0.34 0.33",
    "XXDG": "0.07 0.083 0.067 0.062 0.0895 0.208 0.124 0.114 0.316 0.166 0.164 0.233 0.118 0.11",
    "ZEUR": "1.0705 1.084 1.0911 1.0573 1.1039 1.079 1.0713 1.1135 1.0354 1.0815 1.1787 1.1734 1.1746 1.16",
    "USDC": "1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "USDT": "1.0002 1.0005 1 1.0002 1 1.0001 0.9998 1 0.9991 0.9997 1.0001 1.0004 0.9992 1",
}
# How far the weeks and the days of an asset wander around that line, in parts per million.
_WANDERS = {"ZEUR": (6_000, 2_500), "USDC": (100, 100), "USDT": (300, 200)}
_CRYPTO_WANDERS = (60_000, 14_000)


def at(pair: Pair, second: int) -> int:
    """The price in units of the pair's last decimal; between two midnights (UTC) a straight line."""
    day, past = divmod(second, DAY)
    before, after = _midnight(pair, day), _midnight(pair, day + 1)
    return before + (after - before) * past // DAY


class Candle(Struct, frozen=True):
    """Prices from `begin` (Unix seconds) on, in units of the pair's last decimal; volume in 1e-8 of the base."""

    begin: int
    open: int
    high: int
    low: int
    close: int
    average: int
    volume: int
    count: int


def candle(pair: Pair, begin: int, seconds: int) -> Candle:
    """What traded in `seconds` from `begin` on. Every price that `at` gives for them lies inside."""
    first, last = at(pair, begin), at(pair, begin + seconds)
    inside = [_midnight(pair, day) for day in range(begin // DAY + 1, (begin + seconds - 1) // DAY + 1)]
    top, bottom = max(first, last, *inside), min(first, last, *inside)
    reach = 1_000 + _chance(pair.id, "reach", begin) % 9_000
    high, low = top + top * reach // MILLION, bottom - bottom * reach // MILLION
    volume = 10**9 + _chance(pair.id, "volume", begin) % 10**11
    return Candle(begin, first, high, low, last, (high + low + first + last) // 4, volume, 1 + volume % 40_000)


def candles(pair: Pair, until: int, seconds: int, number: int) -> Iterator[Candle]:
    """The last `number` candles, the one that is running at `until` included, oldest first."""
    running = until - until % seconds
    for back in range(number - 1, -1, -1):
        begin = running - back * seconds
        yield candle(pair, begin, min(seconds, until - begin))


@lru_cache(maxsize=65_536)
def _midnight(pair: Pair, day: int) -> int:
    unit: int = 10**pair.decimals
    return _dollars(pair.base, day) * unit // _dollars(pair.quote, day)


@lru_cache(maxsize=65_536)
def _dollars(asset: str, day: int) -> int:
    """The value of one unit at the midnight that begins `day` (days since 1970), in 1e-9 dollars."""
    if asset == "ZUSD":
        return NANO
    anchors = [_nano(text) for text in _ANCHORS[asset].split()]
    day = min(max(day, _QUARTERS[0]), _QUARTERS[-1] - 1)
    quarter = max(i for i, begin in enumerate(_QUARTERS) if begin <= day)
    begin, end = _QUARTERS[quarter], _QUARTERS[quarter + 1]
    line = anchors[quarter] + (anchors[quarter + 1] - anchors[quarter]) * (day - begin) // (end - begin)
    weekly, daily = _WANDERS.get(asset, _CRYPTO_WANDERS)
    week, past = divmod(day, 7)
    here, there = _wiggle(asset, "week", week), _wiggle(asset, "week", week + 1)
    wiggle = (here + (there - here) * past // 7) * weekly + _wiggle(asset, "day", day) * daily
    return line + line * wiggle // (MILLION * MILLION)


def _nano(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(9, "0"))


def _wiggle(*what: str | int) -> int:
    """From -1 to 1, in millionths."""
    return _chance(*what) % (2 * MILLION + 1) - MILLION


def _chance(*what: str | int) -> int:
    """A number that looks like chance and is always the same."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, what)).encode()).digest()[:6], "big")


def written(units: int, decimals: int) -> str:
    """`units` of the last of `decimals` decimals as text: written(165005, 1) is '16500.5'."""
    sign, digits = "-" if units < 0 else "", str(abs(units)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"

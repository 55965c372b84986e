"""The public market data of the other exchanges, and the European Central Bank's file: what price look-ups ask for.

    markets = Markets(NOW, holes=frozenset({("coinbase", "ETH", "2025-03-01")}))
    with Sandbox(records, markets=markets) as sandbox: ...

Every exchange has the prices of `market`, in its own names, shapes, order and page limits. What is out of the ordinary
is asked for: days without a candle, closes that are far off, a market that begins late or is not there, an exchange
that is down. Kraken's public data are in `public`.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl

from msgspec import Struct, field

from importers.exact import Number, dumps
from importers.sandbox import market
from importers.sandbox.call import Call
from importers.sandbox.market import ASSETS, DAY, PAIRS, Pair, written
from importers.sandbox.server import Reply

BANK = "www.ecb.europa.eu"
MINUTE = 60
_NAMES = {"XBT": "BTC", "XDG": "DOGE"}
_IDS = {_NAMES.get(a.name, a.name): a.id for a in ASSETS.values() if "." not in a.name}
LATE = "FLR"  # listed at Coinbase, and traded from after the sandbox's time on

Row = tuple[int, str]  # when a candle begins (Unix seconds), its close
_Asked = Callable[[str, Mapping[str, str]], tuple[str, int, int, int]]


class _Speech(Struct, frozen=True):
    """How one exchange says it: host, paths of its markets and candles, what it quotes in, a market's id; `asked`
    gives (market id, length of a candle, first, last) of a request; `most` candles are given at a time."""

    host: str
    markets: str
    candles: str
    quotes: tuple[str, ...]
    id: Callable[[str, str], str]
    listed: Callable[[list[tuple[str, str, str]]], object]
    asked: _Asked
    said: Callable[[list[Row]], object]
    most: int


def _objects(base: str, quote: str, market: str) -> Callable[[list[tuple[str, str, str]]], list[dict[str, str]]]:
    return lambda rows: [{base: b, quote: q, market: id} for b, q, id in rows]


def _by(market: str, step: str, first: str, last: str, unit: int, words: Mapping[str, int]) -> _Asked:
    def read(_path: str, p: Mapping[str, str]) -> tuple[str, int, int, int]:
        return p[market], words[p[step]], int(p[first]) // unit, int(p[last]) // unit

    return read


def _coinbase_asked(path: str, p: Mapping[str, str]) -> tuple[str, int, int, int]:
    return path.split("/")[-2], {"ONE_DAY": DAY, "ONE_MINUTE": MINUTE}[p["granularity"]], int(p["start"]), int(p["end"])


def _bitstamp_asked(path: str, p: Mapping[str, str]) -> tuple[str, int, int, int]:
    return path.split("/")[-2], int(p["step"]), int(p["start"]), int(p["end"])


def _bitfinex_asked(path: str, p: Mapping[str, str]) -> tuple[str, int, int, int]:
    _, step, name = path.split("/")[-2].split(":", 2)
    return name, {"1D": DAY, "1m": MINUTE}[step], int(p["start"]) // 1000, int(p["end"]) // 1000


def _okx_asked(_path: str, p: Mapping[str, str]) -> tuple[str, int, int, int]:
    """Exclusive at both ends."""
    first, last = int(p["before"]) // 1000 + 1, -(-int(p["after"]) // 1000) - 1
    return p["instId"], {"1Dutc": DAY, "1m": MINUTE}[p["bar"]], first, last


_SHORT = {"1d": DAY, "1m": MINUTE}


def _binance(host: str, *quotes: str) -> _Speech:
    return _Speech(
        host, "/api/v3/exchangeInfo", "/api/v3/klines", quotes, lambda b, q: f"{b}{q}",
        lambda rows: {"symbols": _objects("baseAsset", "quoteAsset", "symbol")(rows)},
        _by("symbol", "interval", "startTime", "endTime", 1000, _SHORT),
        lambda rows: [[t * 1000, c, c, c, c, "1", t * 1000 + 59_999] for t, c in rows], 1000,
    )  # fmt: skip


SPEECHES: dict[str, _Speech] = {
    "coinbase": _Speech(
        "api.coinbase.com", "/api/v3/brokerage/market/products", "/api/v3/brokerage/market/products/[^/]+/candles",
        ("USD", "EUR"), lambda b, q: f"{b}-{q}",
        lambda rows: {"products": _objects("base_currency_id", "quote_currency_id", "product_id")(rows)},
        _coinbase_asked,
        lambda rows: {"candles": [{"start": str(t), "open": c, "close": c} for t, c in rows[::-1]]},
        350,
    ),
    "bitstamp": _Speech(
        "www.bitstamp.net", "/api/v2/trading-pairs-info/", "/api/v2/ohlc/[^/]+/", ("USD", "EUR"),
        lambda b, q: f"{b}{q}".lower(),
        lambda rows: [{"name": f"{b}/{q}", "url_symbol": id, "trading": "Enabled"} for b, q, id in rows],
        _bitstamp_asked,
        lambda rows: {"data": {"pair": "?", "ohlc": [{"timestamp": str(t), "close": c, "open": c} for t, c in rows]}},
        1000,
    ),
    "binance": _binance("api.binance.com", "USDT", "BTC"),
    "binanceus": _binance("api.binance.us", "USD", "USDT"),
    "bitfinex": _Speech(
        "api-pub.bitfinex.com", "/v2/conf/pub:list:pair:exchange", "/v2/candles/trade:[^/]+/hist", ("USD",),
        lambda b, q: f"t{b}{q}" if len(b) == 3 else f"t{b}:{q}", lambda rows: [[id[1:] for _, _, id in rows]],
        _bitfinex_asked, lambda rows: [[t * 1000, *[Number(c)] * 4, 1] for t, c in rows], 10_000,
    ),
    "okx": _Speech(
        "www.okx.com", "/api/v5/public/instruments", "/api/v5/market/history-candles", ("USDT", "USDC"),
        lambda b, q: f"{b}-{q}",
        lambda rows: {"code": "0", "data": _objects("baseCcy", "quoteCcy", "instId")(rows)}, _okx_asked,
        lambda rows: {"code": "0", "data": [[str(t * 1000), c, c, c, c, "1"] for t, c in rows[::-1]]}, 300,
    ),
    "kucoin": _Speech(
        "api.kucoin.com", "/api/v2/symbols", "/api/v1/market/candles", ("USDT", "BTC"), lambda b, q: f"{b}-{q}",
        lambda rows: {"code": "200000", "data": _objects("baseCurrency", "quoteCurrency", "symbol")(rows)},
        _by("symbol", "type", "startAt", "endAt", 1, {"1day": DAY, "1min": MINUTE}),
        lambda rows: {"code": "200000", "data": [[str(t), c, c, c, c, "1", "1"] for t, c in rows[::-1]]}, 1500,
    ),
    "gate": _Speech(
        "api.gateio.ws", "/api/v4/spot/currency_pairs", "/api/v4/spot/candlesticks", ("USDT",), lambda b, q: f"{b}_{q}",
        _objects("base", "quote", "id"),
        _by("currency_pair", "interval", "from", "to", 1, _SHORT),
        lambda rows: [[str(t), "1", c, c, c, c] for t, c in rows], 1000,
    ),
}  # fmt: skip
_HOSTS = {speech.host: name for name, speech in SPEECHES.items()}


class Markets(Struct, frozen=True):
    """All of them at the time `now`. Days are of UTC, as ISO text; assets by their common names.

    `begins`: (exchange, asset) -> the first day of its markets; `without`: markets that are not there. `holes`:
    (exchange, asset, day) without a candle; `far`: how many times the real close is what is said that day. `down`:
    exchanges that answer nothing but 503, `limited`: nothing but that they are asked too often. `like`: made-up assets
    -> the one whose prices they have. `bank`: the central bank's file; b"": it can't be had.
    """

    now: datetime
    begins: Mapping[tuple[str, str], str] = field(default_factory=lambda: {("coinbase", LATE): "2026-02-01"})
    without: frozenset[tuple[str, str]] = frozenset()
    holes: frozenset[tuple[str, str, str]] = frozenset()
    far: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    down: frozenset[str] = frozenset()
    limited: frozenset[str] = frozenset()
    like: Mapping[str, str] = field(default_factory=dict)
    bank: bytes = b""

    def speaks(self, host: str, path: str) -> bool:
        """Whether a request is for public data that are here."""
        speech = SPEECHES.get(_HOSTS.get(host, ""))
        return host == BANK or (
            speech is not None and (path == speech.markets or bool(re.fullmatch(speech.candles, path)))
        )

    def answer(self, host: str, call: Call) -> Reply:
        if host == BANK:
            return Reply(self.bank, 200 if self.bank else 404)
        name = _HOSTS[host]
        speech = SPEECHES[name]
        if name in self.down:
            return Reply("<html>unavailable</html>", 503)
        if name in self.limited:
            return Reply("<html>too many requests</html>", 429, (("Retry-After", "60"),))
        if call.path == speech.markets:
            rows = [(base, quote, speech.id(base, quote)) for base, quote in self._pairs(name)]
            return Reply(dumps(speech.listed(rows)))
        which, step, first, last = speech.asked(call.path, dict(parse_qsl(call.query)))
        pairs = {speech.id(base, quote): (base, quote) for base, quote in self._pairs(name)}
        if which not in pairs or (last - first) // step >= speech.most:
            return Reply(json.dumps({"code": -1100, "message": "no such market, or too many candles"}), 400)
        return Reply(dumps(speech.said(list(self._candles(name, *pairs[which], step, first, last)))))

    def _pairs(self, name: str) -> Iterator[tuple[str, str]]:
        listed = {asset for exchange, asset in self.begins if exchange == name}
        for base in sorted({*_IDS, *listed, *self.like} - {"USD"}):
            for quote in SPEECHES[name].quotes:
                if base not in (quote, "EUR") and (name, base) not in self.without:
                    yield base, quote

    def _candles(self, name: str, base: str, quote: str, step: int, first: int, last: int) -> Iterator[Row]:
        begins = self.begins.get((name, base))
        since = _midnight(begins) if begins else 0
        now = int(self.now.timestamp())
        for begin in range(max(-(-first // step) * step, since), min(last, now) + 1, step):
            day = datetime.fromtimestamp(begin, UTC).date().isoformat()
            if (name, base, day) not in self.holes:
                pair = _pair(self.like.get(base, base), quote)
                close = market.at(pair, min(begin + step, now)) * self.far.get((name, base, day), 1)
                yield begin, written(close, pair.decimals)


def _pair(base: str, quote: str) -> Pair:
    known = next((p for p in PAIRS.values() if (p.base, p.quote) == (_IDS[base], _IDS[quote])), None)
    return known or Pair(f"{base}{quote}", f"{base}/{quote}", _IDS[base], _IDS[quote], 8, "1")


def _midnight(day: str) -> int:
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * DAY

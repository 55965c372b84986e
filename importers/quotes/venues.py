"""The exchanges whose public candles are prices, as data: how each is asked, and what its answers mean.

    source(VENUES["kraken"], lambda: client.call)        # a Source for `candles.look_up`

No key is used. What may leave is each venue's `allow`, kept by the same guard as everything else. A candle is
(when it begins, in Unix seconds; its closing price, in the very digits received). Candles are of UTC days and minutes.

Sources: ccxt 4.5.90, which asks in these ways (`fetch_ohlcv`, `fetch_markets` of each); page limits: Binance "Kline
data" (1000), KuCoin "Get Klines" (1500), Coinbase "Get Product Candles" (300, of its older API; the newer says 350),
Bitfinex "Candles" (10000), Kraken "Get OHLC Data" (the latest 720, whatever is asked for). Bitstamp's 1000, OKX's 300
and Gate's 1000 are those of ccxt. How far back each reaches is from memory: Kraken 720 candles, Gate 10,000 candles,
the others to the first trade in a market. Markets that are gone are only listed by Binance.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from importers.assets import PASSED_ON, asset
from importers.base import Answer, Call, Params, Unlike
from importers.parsers import kraken as at_kraken
from importers.quotes.candles import DAILY, MINUTELY, Candle, Pair, Source, Step
from pipeline.coins import SITES, exchange_of

Codes = tuple[str, str, str]  # base and quote as the exchange writes them, and the market's id there
Read = Callable[[Answer], Any]

_BEGINS = {each.code: each.day.toordinal() for each in PASSED_ON}  # of a code that meant another coin before
_EPOCH = 719_163  # 1970-01-01 as date.toordinal counts
KRAKEN_REACH = 720  # candles of one answer; older ones are not to be had
GATE_REACH = 10_000  # candles back from now


class Venue(Struct, frozen=True):
    """One exchange. `markets`, `candles`: ccxt's implicit methods, and `allow` as what they are declared. `every`: the
    parameters of its list of markets; `listed` reads that. `ask`: the parameters for a market's candles from the first
    to the last that is wanted (Unix seconds at which they begin); `rows` finds the candles in the answer, as lists
    whose `time` (in seconds, or in milliseconds where `unit` is 1000) and `close` stand at these places.

    `pages`: how many candles one request gives, by their length; a length that is missing is not to be had.
    `reach`: how many candles back from now there are (0: all). `spare`: asked only for what was traded there.
    """

    id: str
    name: str
    allow: frozenset[tuple[str, str, str]]
    markets: str
    every: Params
    listed: Callable[[Answer], Iterator[Codes]]
    candles: str
    ask: Callable[[str, Step, int, int], Params]
    rows: Callable[[Answer], Any]
    time: int | str
    close: int | str
    unit: int
    pages: Mapping[Step, int]
    reach: int = 0
    spare: bool = False
    coin: Callable[[str], str] | None = None  # where its names are not those of `assets`


def source(venue: Venue, call: Callable[[], Call]) -> Source:
    """`call` opens the exchange when it is first needed and gives its raw answers (`Client.call`), numbers as text."""

    def name(code: str) -> str:
        return venue.coin(code) if venue.coin else asset(code, venue.id)

    def pairs() -> Mapping[Pair, str]:
        def read(answer: Answer) -> dict[Pair, str]:
            found: dict[Pair, str] = {}
            for base, quote, market in venue.listed(answer):
                found.setdefault((name(base), name(quote)), market)
            if not found:
                raise Unlike("its answer has no markets")
            return found

        listed: Mapping[Pair, str] = call()(venue.markets, venue.every, read)
        return listed

    def candles(pair: Pair, market: str, step: Step, first: int, last: int) -> list[Candle]:
        begins = (_BEGINS.get(pair[0], 0) - _EPOCH) * DAILY.seconds
        found: list[Candle] = call()(venue.candles, venue.ask(market, step, first, last), _reader(venue))
        return [candle for candle in found if candle[0] >= begins]

    return Source(venue.id, venue.name, pairs, candles, venue.pages, venue.reach, venue.spare)


def _reader(venue: Venue) -> Read:
    def read(answer: Answer) -> list[Candle]:
        rows = venue.rows(answer)
        if not isinstance(rows, list):
            raise Unlike("its answer has no candles")
        return [_candle(row, venue) for row in rows]

    return read


def _candle(row: Any, venue: Venue) -> Candle:
    try:
        begin, close = int(row[venue.time]) // venue.unit, row[venue.close]
    except (TypeError, ValueError, LookupError):
        raise Unlike("a candle of its answer has another form") from None
    if not isinstance(close, str | int):  # a float would have lost digits already
        raise Unlike("a candle of its answer has another form")
    if not 0 < begin < 10**11:
        raise Unlike("a candle of its answer has a time of another form")
    return begin, str(close)


# ---- how answers are read ---------------------------------------------------------------------


def _under(*path: str) -> Callable[[Answer], Any]:
    """What stands in an answer under these names, one inside the other; None: nothing."""

    def find(answer: Answer) -> Any:
        for word in path:
            answer = answer.get(word) if isinstance(answer, dict) else None
        return answer

    return find


def _fields(rows: Callable[[Answer], Any], base: str, quote: str, market: str) -> Callable[[Answer], Iterator[Codes]]:
    """A list of markets whose objects have these fields."""

    def read(answer: Answer) -> Iterator[Codes]:
        listed = rows(answer)
        if not isinstance(listed, list):
            raise Unlike("its answer has no markets")
        for row in listed:
            codes = [str(row.get(field) or "") if isinstance(row, dict) else "" for field in (base, quote, market)]
            if all(codes):
                yield codes[0], codes[1], codes[2]

    return read


def _kraken_pairs(answer: Answer) -> Iterator[Codes]:
    result = _under("result")(answer)
    if not isinstance(result, dict) or not result:
        raise Unlike("its answer has no result")
    for market, entry in result.items():
        name = entry.get("wsname") if isinstance(entry, dict) else None
        base, slash, quote = str(name or "").partition("/")  # without a name: dark pools, which have no candles
        if slash:
            yield base, quote, market


def _kraken_rows(answer: Answer) -> Any:
    result = _under("result")(answer)
    rows = [rows for name, rows in result.items() if name != "last"] if isinstance(result, dict) else []
    return rows[0] if len(rows) == 1 else None


def _bitstamp_pairs(answer: Answer) -> Iterator[Codes]:
    """{"name": "BTC/USD", "url_symbol": "btcusd"}."""
    for name, _, market in _fields(lambda listed: listed, "name", "name", "url_symbol")(answer):
        base, slash, quote = name.partition("/")
        if slash:
            yield base, quote, market


def _bitfinex_pairs(answer: Answer) -> Iterator[Codes]:
    """[["BTCUSD", "AAVE:USD", ...]]: three letters each, unless there is a colon."""
    listed = answer[0] if isinstance(answer, list) and len(answer) == 1 else None
    if not isinstance(listed, list):
        raise Unlike("its answer has no markets")
    for name in listed:
        base, colon, quote = str(name).partition(":")
        if colon or len(base) == 6:
            yield (base, quote, f"t{name}") if colon else (base[:3], base[3:], f"t{name}")


def _itself(answer: Answer) -> Answer:
    return answer


# ---- how candles are asked for ----------------------------------------------------------------


def _between(
    words: Mapping[Step, str], market: str, step: str, first: str, last: str, unit: int = 1, **more: str | int
) -> Callable[[str, Step, int, int], Params]:
    """Parameters of these names; times in seconds, or in milliseconds where `unit` is 1000."""

    def ask(which: str, length: Step, begin: int, end: int) -> Params:
        return {market: which, step: words[length], first: begin * unit, last: end * unit, **more}

    return ask


def _ask_okx(market: str, step: Step, first: int, last: int) -> Params:
    """Both ends are exclusive, and "before" is the earlier one. Days begin at midnight in Hong Kong, but for 1Dutc."""
    bar = {DAILY: "1Dutc", MINUTELY: "1m"}[step]
    return {"instId": market, "bar": bar, "before": first * 1000 - 1, "after": last * 1000 + 1, "limit": 300}


def _ask_bitfinex(market: str, step: Step, first: int, last: int) -> Params:
    words = {DAILY: "1D", MINUTELY: "1m"}
    more = {"start": first * 1000, "end": last * 1000, "sort": 1, "limit": 10_000}
    return {"timeframe": words[step], "symbol": market, **more}


def _ask_kraken(market: str, step: Step, _first: int, _last: int) -> Params:
    return {"pair": market, "interval": step.seconds // 60}


def _reads(section: str, *paths: str) -> frozenset[tuple[str, str, str]]:
    return frozenset((section, "GET", path) for path in paths)


def _both(number: int) -> Mapping[Step, int]:
    return {DAILY: number, MINUTELY: number}


def _binance(id: str, name: str, every: Params, spare: bool) -> Venue:
    return Venue(
        id, name, _reads("public", "exchangeInfo", "klines"),
        "publicGetExchangeInfo", every, _fields(_under("symbols"), "baseAsset", "quoteAsset", "symbol"),
        "publicGetKlines",
        _between({DAILY: "1d", MINUTELY: "1m"}, "symbol", "interval", "startTime", "endTime", 1000, limit=1000),
        _itself, 0, 4, 1000, _both(1000), spare=spare,
    )  # fmt: skip


# Asked in this order, after the exchange that a record is of and the person's others.
_ALL = (
    Venue(
        "coinbase", "Coinbase", _reads("v3.public", "brokerage/market/products",
                "brokerage/market/products/{product_id}/candles"),
        "v3PublicGetBrokerageMarketProducts", {"product_type": "SPOT"},
        _fields(_under("products"), "base_currency_id", "quote_currency_id", "product_id"),
        "v3PublicGetBrokerageMarketProductsProductIdCandles",
        _between({DAILY: "ONE_DAY", MINUTELY: "ONE_MINUTE"}, "product_id", "granularity", "start", "end"),
        _under("candles"), "start", "close", 1, _both(300),
    ),
    Venue(
        "bitstamp", "Bitstamp", _reads("public", "trading-pairs-info/", "ohlc/{pair}/"),
        "publicGetTradingPairsInfo", {}, _bitstamp_pairs, "publicGetOhlcPair",
        _between({DAILY: "86400", MINUTELY: "60"}, "pair", "step", "start", "end", limit=1000),
        _under("data", "ohlc"), "timestamp", "close", 1, _both(1000),
    ),
    Venue(
        "kraken", "Kraken", _reads("public", "AssetPairs", "OHLC"),
        "publicGetAssetPairs", {}, _kraken_pairs, "publicGetOHLC", _ask_kraken,
        _kraken_rows, 0, 4, 1, {DAILY: 2 * KRAKEN_REACH}, reach=KRAKEN_REACH, coin=at_kraken.asset,
    ),
    _binance("binance", "Binance", {"showPermissionSets": "false"}, spare=False),
    Venue(
        "bitfinex", "Bitfinex", _reads("public", "conf/pub:list:pair:exchange",
                "candles/trade:{timeframe}:{symbol}/hist"),
        "publicGetConfPubListPairExchange", {}, _bitfinex_pairs,
        "publicGetCandlesTradeTimeframeSymbolHist", _ask_bitfinex, _itself, 0, 2, 1000, _both(10_000),
    ),
    Venue(
        "okx", "OKX", _reads("public", "public/instruments", "market/history-candles"),
        "publicGetPublicInstruments", {"instType": "SPOT"}, _fields(_under("data"), "baseCcy", "quoteCcy", "instId"),
        "publicGetMarketHistoryCandles", _ask_okx, _under("data"), 0, 4, 1000, _both(300),
    ),
    Venue(
        "kucoin", "KuCoin", _reads("public", "symbols", "market/candles"),
        "publicGetSymbols", {}, _fields(_under("data"), "baseCurrency", "quoteCurrency", "symbol"),
        "publicGetMarketCandles",
        _between({DAILY: "1day", MINUTELY: "1min"}, "symbol", "type", "startAt", "endAt"),
        _under("data"), 0, 2, 1, _both(1500),
    ),
    Venue(
        "gate", "Gate", _reads("public.spot", "currency_pairs", "candlesticks"),
        "publicSpotGetCurrencyPairs", {}, _fields(_itself, "base", "quote", "id"),
        "publicSpotGetCandlesticks",
        _between({DAILY: "1d", MINUTELY: "1m"}, "currency_pair", "interval", "from", "to"),
        _itself, 0, 2, 1, _both(1000), reach=GATE_REACH,
    ),
    _binance("binanceus", "Binance.US", {}, spare=True),
)  # fmt: skip
VENUES: Mapping[str, Venue] = {venue.id: venue for venue in _ALL}


def home(exchange: str, account: str) -> str:
    """The venue where a record's prices are asked for first: of the exchange that it came from, else of the one that
    its account is named after; "": there is none."""
    return next((id for id in (SITES.get(exchange, exchange), exchange_of(account)) if id in VENUES), "")

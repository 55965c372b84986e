"""Kraken's public data: takes the sandbox's time and a request's parameters, gives the result.

Assets, pairs, candles and tickers of `market`, in the shapes and the two names that Kraken documents.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from importers.sandbox import market
from importers.sandbox.market import ASSETS, DAY, PAIRS, written

Record = dict[str, Any]  # text, numbers as int or Decimal, None, and lists of them: what JSON says, exactly

CANDLES = 720


class KrakenError(Exception):
    """What Kraken answers in its list of errors."""


def whole(text: str, name: str) -> int:
    """The number that the parameter `name` gives."""
    if not text.isascii() or not text.isdigit():
        raise KrakenError(f"EGeneral:Invalid arguments:{name}")
    return int(text)


def _time(now: int, _params: Mapping[str, str]) -> Record:
    return {"unixtime": now, "rfc1123": datetime.fromtimestamp(now, UTC).strftime("%a, %d %b %y %H:%M:%S +0000")}


def _status(now: int, _params: Mapping[str, str]) -> Record:
    return {"status": "online", "timestamp": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def asset_id(name: str) -> str:
    """Kraken takes both of its names."""
    return next((asset.id for asset in ASSETS.values() if name in (asset.id, asset.name)), name)


def _assets(_now: int, params: Mapping[str, str]) -> Record:
    asked = {asset_id(name) for name in params["asset"].split(",")} if params.get("asset") else set(ASSETS)
    if not asked <= set(ASSETS):
        raise KrakenError("EQuery:Unknown asset")
    return {
        id: {
            "aclass": "currency",
            "altname": asset.name,
            "decimals": asset.decimals,
            "display_decimals": asset.shown,
            "status": "enabled",
        }
        for id, asset in ASSETS.items()
        if id in asked
    }


def _pairs(params: Mapping[str, str]) -> list[market.Pair]:
    names = params["pair"].split(",") if params.get("pair") else list(PAIRS)
    found = [pair for name in names for pair in PAIRS.values() if name in (pair.id, pair.altname, pair.name)]
    if len(found) != len(names):
        raise KrakenError("EQuery:Unknown asset pair")
    return found


def _asset_pairs(_now: int, params: Mapping[str, str]) -> Record:
    return {
        pair.id: {
            "altname": pair.altname,
            "wsname": pair.name,
            "aclass_base": "currency",
            "base": pair.base,
            "aclass_quote": "currency",
            "quote": pair.quote,
            "lot": "unit",
            "cost_decimals": 5,
            "pair_decimals": pair.decimals,
            "lot_decimals": 8,
            "lot_multiplier": 1,
            "leverage_buy": [],
            "leverage_sell": [],
            "fees": [[0, Decimal("0.25")], [50_000, Decimal("0.2")]],
            "fees_maker": [[0, Decimal("0.16")], [50_000, Decimal("0.14")]],
            "fee_volume_currency": "ZUSD",
            "margin_call": 80,
            "margin_stop": 40,
            "ordermin": pair.least,
            "costmin": "0.5",
            "tick_size": written(1, pair.decimals),
            "status": "online",
        }
        for pair in _pairs(params)
    }


def _ohlc(now: int, params: Mapping[str, str]) -> Record:
    """The latest 720 candles, the running one last; `since` only leaves out some of those."""
    (pair, *_) = _pairs({"pair": params.get("pair") or "?"})
    seconds = 60 * whole(params.get("interval", "1"), "interval")
    if seconds not in (60 * minutes for minutes in (1, 5, 15, 30, 60, 240, 1440, 10080, 21600)):
        raise KrakenError("EGeneral:Invalid arguments:interval")
    since = whole(params.get("since", "0"), "since")
    rows = [
        [
            row.begin,
            *(written(price, pair.decimals) for price in (row.open, row.high, row.low, row.close, row.average)),
            written(row.volume, 8),
            row.count,
        ]
        for row in market.candles(pair, now, seconds, CANDLES)
        if row.begin > since
    ]
    return {pair.id: rows, "last": now - now % seconds - seconds}


def _ticker(now: int, params: Mapping[str, str]) -> Record:
    return {pair.id: _ticker_of(pair, now) for pair in _pairs(params)}


def _ticker_of(pair: market.Pair, now: int) -> Record:
    today = market.candle(pair, now - now % DAY, now % DAY)
    last = written(today.close, pair.decimals)
    average, volume = written(today.average, pair.decimals), written(today.volume, 8)
    return {
        "a": [written(today.close + 1, pair.decimals), "1", "1.000"],
        "b": [last, "1", "1.000"],
        "c": [last, "0.01000000"],
        "v": [volume, volume],
        "p": [average, average],
        "t": [today.count, today.count],
        "l": [written(today.low, pair.decimals)] * 2,
        "h": [written(today.high, pair.decimals)] * 2,
        "o": written(today.open, pair.decimals),
    }


PUBLIC: dict[str, Callable[[int, Mapping[str, str]], object]] = {
    "Time": _time,
    "SystemStatus": _status,
    "Assets": _assets,
    "AssetPairs": _asset_pairs,
    "OHLC": _ohlc,
    "Ticker": _ticker,
}

"""Binance's protocol over one account: takes a request as it came in, gives the answer as text.

It follows what Binance documents and what was seen of it: a signature over the whole query, times that must be near,
windows that are refused when they are too wide, limits of pages, its error bodies, ids of trades that count per
symbol, rewards without ids, a rate limit with Retry-After. It has nothing that moves money; who tries is refused and
listed in `forbidden`.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct, field

from importers.sandbox.binance_book import BinanceBook, Record
from importers.sandbox.call import Call
from importers.sandbox.server import Reply

HOST = "api.binance.com"
DAY = 86_400_000  # milliseconds


class BinanceError(Exception):
    """Binance's code for what is wrong, and the HTTP status that comes with it."""

    def __init__(self, code: int, message: str, status: int = 400, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.code, self.status, self.headers = code, status, headers


Wrap = Callable[[list[Record], int], object]


def _fiat(rows: list[Record], total: int) -> object:
    return {"code": "000000", "message": "success", "data": rows, "total": total, "success": True}


def _rows(rows: list[Record], total: int) -> object:
    return {"total": total, "rows": rows}


def _rebates(rows: list[Record], total: int) -> object:
    inner = {"page": 1, "totalRecords": total, "totalPageNum": -(-total // 200), "data": rows}
    return {"status": "OK", "type": "GENERAL", "code": "000000", "data": inner}


class List(Struct, frozen=True):
    """How a list is asked for: its window of at most `days`, pages of at most `most` by `page` and `size` ("": the
    rest is not given; "offset": from there on), how far it reaches back, and which parameter chooses among records."""

    days: int
    most: int
    wrap: Wrap
    page: str = ""
    size: str = "limit"
    start: str = "startTime"
    end: str = "endTime"
    reach: int = 0
    chosen_by: str = ""
    too_wide: int = -1127


def _staking(days: int = 92, chosen_by: str = "") -> List:
    return List(days, 100, _rows, "current", "size", chosen_by=chosen_by, too_wide=-6021)


def _orders() -> List:
    return List(90, 500, _fiat, "page", "rows", "beginTime", chosen_by="transactionType")


LISTS: dict[str, List] = {
    "capital/deposit/hisrec": List(90, 1000, lambda rows, _: rows, "offset"),
    "capital/withdraw/history": List(90, 1000, lambda rows, _: rows, "offset"),
    "fiat/orders": _orders(),
    "fiat/payments": _orders(),
    "convert/tradeFlow": List(30, 1000, lambda rows, total: {"list": rows, "moreData": total > len(rows)}),
    "asset/dribblet": List(99_999, 100, lambda rows, total: {"total": total, "userAssetDribblets": rows}, size=""),
    "asset/assetDividend": List(180, 500, _rows),
    "simple-earn/flexible/history/rewardsRecord": _staking(30, "type"),
    "simple-earn/locked/history/rewardsRecord": _staking(30),
    "eth-staking/eth/history/stakingHistory": _staking(),
    "eth-staking/eth/history/redemptionHistory": _staking(),
    "eth-staking/eth/history/rewardsHistory": _staking(),
    "eth-staking/wbeth/history/wrapHistory": _staking(),
    "eth-staking/wbeth/history/unwrapHistory": _staking(),
    "sol-staking/sol/history/stakingHistory": _staking(),
    "sol-staking/sol/history/redemptionHistory": _staking(),
    "pay/transactions": List(90, 100, lambda rows, _: {"code": "000000", "message": "success", "data": rows},
                             reach=548),
    "c2c/orderMatch/listUserOrderHistory": List(30, 100, _fiat, "page", "rows", "startTimestamp", "endTimestamp",
                                                reach=183, chosen_by="tradeType"),
    "rebate/taxQuery": List(30, 200, _rebates, "page", ""),
}  # fmt: skip


class Binance(Struct):
    """The exchange with one account. `now` is how far its lists are; requests are signed with the real time, which
    `skew` puts wrong. `revoked`: the key is gone. `busy` counts down requests that come too fast. `rights`: what the
    key may do beside reading. `page`: pages are no longer than that."""

    book: BinanceBook
    now: datetime
    key: str = "binance-key-of-the-sandbox"
    secret: str = "made-up"  # noqa: S105
    rights: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset({HOST})
    skew: timedelta = timedelta()
    revoked: bool = False
    busy: int = 0
    page: int = 1000
    forbidden: list[str] = field(default_factory=list)

    @property
    def credentials(self) -> dict[str, str]:
        """What the user pastes, by ccxt's names."""
        return {"apiKey": self.key, "secret": self.secret}

    def answer(self, call: Call) -> str | Reply:
        """Binance's whole answer."""
        try:
            return json.dumps(self._answer(call), separators=(",", ":"))
        except BinanceError as error:
            body = json.dumps({"code": error.code, "msg": str(error)}, separators=(",", ":"))
            return Reply(body, error.status, error.headers)

    def _answer(self, call: Call) -> object:
        _, api, version, path = [*call.path.split("/", 3), "", "", ""][:4]
        if self.busy > 0:
            self.busy -= 1
            raise BinanceError(-1003, "Too much request weight used; please use less.", 429, (("Retry-After", "0"),))
        if (api, version, call.method, path) == ("api", "v3", "GET", "time"):
            return {"serverTime": int((time.time() + self.skew.total_seconds()) * 1000)}
        if (api, version, call.method, path) == ("api", "v3", "GET", "exchangeInfo"):
            return {"timezone": "UTC", "symbols": [_symbol(*each) for each in self.book.symbols]}
        if call.method != "GET" and path != "asset/get-funding-asset":
            self.forbidden.append(f"{call.method} {call.path}")
            raise BinanceError(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        params = self._signed(call)
        if (api, path) in (("api", "account"), ("api", "myTrades")):
            return self._account() if path == "account" else self._trades(params)
        answers: dict[str, Callable[[], object]] = {
            "account/apiRestrictions": self._rights,
            "asset/get-funding-asset": self._funding,
            "simple-earn/flexible/position": lambda: self._positions("flexible", "totalAmount"),
            "simple-earn/locked/position": lambda: self._positions("locked", "amount"),
        }
        if path in answers:
            return answers[path]()
        if path not in LISTS:
            return Reply("<html><body>404 Not found</body></html>", 404)
        return self._list(path, LISTS[path], params)

    def _signed(self, call: Call) -> dict[str, str]:
        """The parameters of a request that is signed rightly and in time."""
        sent = call.query or call.body
        query, _, signature = sent.rpartition("&signature=")
        if self.revoked or call.headers.get("x-mbx-apikey") != self.key:
            raise BinanceError(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        right = hmac.new(self.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, signature):
            raise BinanceError(-1022, "Signature for this request is not valid.")
        params = dict(parse_qsl(query))
        here = int((time.time() + self.skew.total_seconds()) * 1000)
        if not here - int(params.get("recvWindow", 5000)) <= int(params.get("timestamp", 0)) < here + 1000:
            raise BinanceError(-1021, "Timestamp for this request is outside of the recvWindow.")
        if int(params.get("recvWindow", 5000)) > 60_000:
            raise BinanceError(-1131, "recvWindow must be less than 60000")
        return params

    # ---- its lists ----------------------------------------------------------------------------

    def _list(self, path: str, form: List, params: Mapping[str, str]) -> object:
        begin, end = (int(params.get(name, 0)) for name in (form.start, form.end))
        if not 0 < begin <= end or end - begin > form.days * DAY:
            raise BinanceError(form.too_wide, f"More than {form.days} days between {form.start} and {form.end}.")
        begin = max(begin, self._now() - form.reach * DAY if form.reach else 0)
        if form.chosen_by and form.chosen_by not in params:
            raise BinanceError(-1102, f"Mandatory parameter '{form.chosen_by}' was not sent.")
        chosen = params.get(form.chosen_by, "")
        inside = [each for each in self.book.lists[path] if begin <= each[0] <= min(end, self._now())]
        found = [record for _, kind, record in sorted(inside, key=lambda each: -each[0]) if chosen in ("", kind)]
        asked = int(params.get(form.size, form.most)) if form.size else form.most
        if asked > form.most:
            raise BinanceError(-1130, f"Data sent for parameter '{form.size}' is not valid.")
        size = min(asked, self.page) if not form.size else asked
        first = 0
        if form.page:
            first = int(params.get(form.page, 0 if form.page == "offset" else 1))
            first = first if form.page == "offset" else (first - 1) * size
        return form.wrap(found[first : first + size], len(found))

    def _now(self) -> int:
        return int(self.now.timestamp() * 1000) + 999

    def _trades(self, params: Mapping[str, str]) -> object:
        """Of one symbol, oldest first, from an id on."""
        if params.get("symbol") not in {symbol for symbol, *_ in self.book.symbols}:
            raise BinanceError(-1121, "Invalid symbol.")
        if "fromId" not in params or "startTime" in params:
            raise BinanceError(-1128, "Combination of optional parameters invalid.")
        limit = int(params.get("limit", 500))
        if limit > 1000:
            raise BinanceError(-1130, "Data sent for parameter 'limit' is not valid.")
        trades = self.book.trades.get(params["symbol"], [])
        return [t for t in trades if t["id"] >= int(params["fromId"]) and t["time"] <= self._now()][:limit]

    # ---- what is held, and what the key may do ------------------------------------------------

    def _held(self, wallet: str) -> dict[str, str]:
        return {asset: format(q, "f") for (w, asset), q in self.book.held.items() if w == wallet and q}

    def _account(self) -> object:
        """Flexible products are listed a second time, as LDBTC and the like."""
        spot = self._held("spot") | {f"LD{asset}": held for asset, held in self._held("flexible").items()}
        rows = [{"asset": asset, "free": held, "locked": "0.00000000"} for asset, held in spot.items()]
        return {"canTrade": True, "canWithdraw": True, "canDeposit": True, "accountType": "SPOT", "balances": rows}

    def _funding(self) -> object:
        none: dict[str, Any] = dict.fromkeys(("locked", "freeze", "withdrawing", "btcValuation"), "0")
        return [{"asset": asset, "free": held, **none} for asset, held in self._held("funding").items()]

    def _positions(self, wallet: str, field: str) -> object:
        rows = [{"asset": asset, field: held} for asset, held in self._held(wallet).items()]
        return {"rows": rows, "total": len(rows)}

    def _rights(self) -> object:
        may = (
            "enableSpotAndMarginTrading", "enableMargin", "enableFutures", "enableVanillaOptions", "enableWithdrawals",
            "enableInternalTransfer", "permitsUniversalTransfer", "enablePortfolioMarginTrading",
        )  # fmt: skip
        rights = {name: name in self.rights for name in may}
        return {"ipRestrict": False, "createTime": 1_672_531_200_000, "enableReading": True, **rights}


def _symbol(symbol: str, base: str, quote: str, status: str) -> Record:
    return {"symbol": symbol, "status": status, "baseAsset": base, "quoteAsset": quote, "isSpotTradingAllowed": True}

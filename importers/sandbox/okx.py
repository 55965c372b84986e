"""OKX's protocol over one account: takes a request as it came in, gives the answer as text.

It follows what OKX documents and what was seen of it: signatures over the time, method, path and query; times that
must be near; what a key may read; pages of 100, newest first, backwards by id or by time; how far each list reaches
back; a rate limit with HTTP 429. It has nothing that moves money; who tries is refused and listed in `forbidden`.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from importers.sandbox.call import Call
from importers.sandbox.okx_book import FUNDING, SAVINGS, STAKED, TRADING, OkxBook, Record, digits
from importers.sandbox.server import Reply

PAGE = 100
NEAR = timedelta(seconds=30)


class OkxError(Exception):
    """OKX's code for what is wrong, and the HTTP status that comes with it."""

    def __init__(self, code: str, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclass(frozen=True, slots=True)
class List:
    """How a list is paged: the name of its time, and of the id that `after` speaks of ("": of the time).
    `days`: how far back it reaches; `upto`: it is asked for up to a time, as fiat orders are."""

    time: str
    id: str = ""
    days: int = 0
    upto: bool = False


LISTS = {
    "account/bills-archive": List("ts", "billId", days=92),
    "asset/bills-history": List("ts"),
    "trade/fills-history": List("ts", "billId", days=92),
    "asset/deposit-history": List("ts"),
    "asset/withdrawal-history": List("ts"),
    "asset/convert/history": List("ts"),
    "trade/easy-convert-history": List("uTime", days=7),
    "finance/savings/lending-history": List("ts", days=31),
    "finance/staking-defi/orders-history": List("redeemedTime", "ordId"),
    "fiat/deposit-order-history": List("cTime", upto=True),
    "fiat/withdrawal-order-history": List("cTime", upto=True),
    "fiat/buy-sell/history": List("cTime", upto=True),
}


@dataclass
class Okx:
    """The exchange with one account. `now` is how far its lists are; keys are signed with the real time, which
    `skew` puts wrong. `revoked`: the key is gone. `busy` counts down requests that come too fast."""

    book: OkxBook
    now: datetime
    key: str = "okx-key-of-the-sandbox"
    secret: str = field(default_factory=lambda: base64.b64encode(b"okx").decode())
    passphrase: str = field(default="open")
    perm: str = "read_only"
    hosts: frozenset[str] = frozenset({"www.okx.com"})
    skew: timedelta = timedelta()
    revoked: bool = False
    busy: int = 0
    forbidden: list[str] = field(default_factory=list)

    @property
    def credentials(self) -> dict[str, str]:
        """What the user pastes, by ccxt's names."""
        return {"apiKey": self.key, "secret": self.secret, "password": self.passphrase}

    def answer(self, call: Call) -> str | Reply:
        try:
            return json.dumps({"code": "0", "msg": "", "data": self._data(call)}, separators=(",", ":"))
        except OkxError as error:
            body = json.dumps({"code": error.code, "msg": str(error), "data": []}, separators=(",", ":"))
            return body if error.status == 200 else Reply(body, error.status)

    def _data(self, call: Call) -> list[Record]:
        if call.method != "GET":
            self.forbidden.append(f"{call.method} {call.path}")
        if call.path == "/api/v5/public/time":
            return [{"ts": str(int((datetime.now(UTC) + self.skew).timestamp() * 1000))}]
        self._signed(call)
        if self.busy:
            self.busy -= 1
            raise OkxError("50011", "Too Many Requests", 429)
        name = call.path.removeprefix("/api/v5/")
        wallets: dict[str, Callable[[], list[Record]]] = {
            "account/config": self._config,
            "account/balance": lambda: [{"uTime": "1", "details": self._held(TRADING, "cashBal")}],
            "asset/balances": lambda: self._held(FUNDING, "bal"),
            "finance/savings/balance": lambda: self._held(SAVINGS, "amt"),
            "finance/staking-defi/orders-active": lambda: [
                {"ordId": row["ccy"], "ccy": row["ccy"], "investData": [row]} for row in self._held(STAKED, "amt")
            ],
        }
        if name != "account/config" and "read_only" not in self.perm:
            raise OkxError("50120", "API key doesn't have permission to use this function", 401)
        if name in wallets:
            return wallets[name]()
        if name not in LISTS:
            raise OkxError("404", "Not found", 404)
        if name == "trade/fills-history" and call.params.get("instType") != "SPOT":
            raise OkxError("50014", "Parameter instType can not be empty", 400)
        return self._page(name, LISTS[name], call.params)

    def _signed(self, call: Call) -> None:
        """The right key, time, signature and passphrase."""
        told = {name: call.headers.get(f"ok-access-{name}", "") for name in ("key", "sign", "timestamp", "passphrase")}
        if self.revoked or told["key"] != self.key:
            raise OkxError("50119", "API key doesn't exist", 401)
        try:
            at = datetime.fromisoformat(told["timestamp"].replace("Z", "+00:00"))
        except ValueError:
            raise OkxError("50112", "Invalid OK-ACCESS-TIMESTAMP", 401) from None
        if abs(datetime.now(UTC) + self.skew - at) > NEAR:
            raise OkxError("50102", "Timestamp request expired", 401)
        path = f"{call.path}?{call.query}" if call.query else call.path
        text = f"{told['timestamp']}{call.method}{path}{call.body}"
        right = base64.b64encode(hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(right, told["sign"]):
            raise OkxError("50113", "Invalid Sign", 401)
        if told["passphrase"] != self.passphrase:
            raise OkxError("50105", "Request header OK-ACCESS-PASSPHRASE incorrect.", 401)

    def _config(self) -> list[Record]:
        account = {"uid": "1", "mainUid": "1", "acctLv": "1", "posMode": "net_mode", "autoLoan": False}
        return [{**account, "perm": self.perm, "ip": "", "label": "sandbox", "level": "Lv1"}]

    def _held(self, wallet: str, name: str) -> list[Record]:
        held = self.book.held[wallet]
        return [{"ccy": coin, name: digits(quantity), "frozenBal": "0"} for coin, quantity in held.items() if quantity]

    def _page(self, name: str, how: List, params: Mapping[str, str]) -> list[Record]:
        limit = int(params.get("limit", PAGE))
        if not 0 < limit <= PAGE:
            raise OkxError("51000", "Parameter limit error", 400)
        rows = sorted(self.book.lists[name], key=lambda row: _number(row, how.time))[::-1]
        if how.id:
            rows.sort(key=lambda row: -_number(row, how.id))
        horizon = (self.now - timedelta(days=how.days)).timestamp() * 1000 if how.days else 0
        rows = [row for row in rows if _number(row, how.time) >= horizon]
        by = how.id or how.time
        older, newer = params.get("before" if how.upto else "after"), params.get("after" if how.upto else "before")
        if older:
            rows = [row for row in rows if _number(row, by) < Decimal(older) + how.upto]
        if newer:
            rows = [row for row in rows if _number(row, by) > Decimal(newer) - how.upto]
        return rows[:limit]


def _number(row: Record, name: str) -> Decimal:
    return Decimal(str(row[name]))

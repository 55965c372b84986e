"""OKX's protocol over one account: takes a request as it came in, gives the answer as text.

It follows what OKX documents and what was seen of it: signatures over the time, method, path and query; times that
must be near; what a key may read; pages of 100, newest first, backwards by id or by time; how far each list reaches
back; a rate limit with HTTP 429; files of older bills, ordered by quarter and ready after hours. It has nothing that
moves money; who tries is refused and listed in `forbidden`.
"""

import base64
import csv
import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec import Struct, field

from importers.sandbox.call import Call
from importers.sandbox.okx_book import FUNDING, SAVINGS, STAKED, TRADING, OkxBook, Record, digits
from importers.sandbox.server import Reply

PAGE = 100
NEAR = timedelta(seconds=30)
FILES = "okg-pri-hk.oss-cn-hongkong.aliyuncs.com"
ORDERS_A_DAY = 12
COLUMNS = (
    "instType billId subType ts balChg posBalChg bal posBal sz px ccy pnl fee mgnMode instId ordId execType interest "
    "tag fillTime tradeId clOrdId fillIdxPx fillMarkPx fillPxVol fillPxUsd fillMarkVol fillFwdPx".split()
)  # of a file of bills: no type


class OkxError(Exception):
    """OKX's code for what is wrong, and the HTTP status that comes with it."""

    def __init__(self, code: str, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class List(Struct, frozen=True):
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


class Okx(Struct):
    """The exchange with one account. `now` is how far its lists are; keys are signed with the real time, which
    `skew` puts wrong. `revoked`: the key is gone. `busy` counts down requests that come too fast. `making`: the time
    that a file of bills takes; `ordered`: the quarters whose file was ordered, and when; `failing`: those whose file
    fails once; `main`: the account that this is one of."""

    book: OkxBook
    now: datetime
    key: str = "okx-key-of-the-sandbox"
    secret: str = field(default_factory=lambda: base64.b64encode(b"okx").decode())
    passphrase: str = "open"  # noqa: S105
    perm: str = "read_only"
    hosts: frozenset[str] = frozenset({"www.okx.com", FILES})
    skew: timedelta = timedelta()
    revoked: bool = False
    busy: int = 0
    making: timedelta = timedelta(hours=2)
    ordered: dict[str, datetime] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    main: str = "1"
    forbidden: list[str] = field(default_factory=list)

    @property
    def credentials(self) -> dict[str, str]:
        """What the user pastes, by ccxt's names."""
        return {"apiKey": self.key, "secret": self.secret, "password": self.passphrase}

    def answer(self, call: Call) -> str | Reply:
        if call.path.startswith("/okex/bills/"):
            return self._file(call)
        try:
            return json.dumps({"code": "0", "msg": "", "data": self._data(call)}, separators=(",", ":"))
        except OkxError as error:
            body = json.dumps({"code": error.code, "msg": str(error), "data": []}, separators=(",", ":"))
            return body if error.status == 200 else Reply(body, error.status)

    def _data(self, call: Call) -> list[Record]:
        name = call.path.removeprefix("/api/v5/")
        if call.method != "GET" and name != "account/bills-history-archive":
            self.forbidden.append(f"{call.method} {call.path}")
        if call.path == "/api/v5/public/time":
            return [{"ts": str(int((datetime.now(UTC) + self.skew).timestamp() * 1000))}]
        self._signed(call)
        if self.busy:
            self.busy -= 1
            raise OkxError("50011", "Too Many Requests", 429)
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
        if name == "account/bills-history-archive":
            return self._order(call.params) if call.method == "POST" else self._ordered(call.params)
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
        account = {"uid": "1", "mainUid": self.main, "acctLv": "1", "posMode": "net_mode", "autoLoan": False}
        return [{**account, "perm": self.perm, "ip": "", "label": "sandbox", "level": "Lv1"}]

    # ---- files of older bills -------------------------------------------------------------------

    def _order(self, params: Mapping[str, str]) -> list[Record]:
        """Whether there is a file already; else it will be made."""
        name = self._quarter(params)
        today = [at for at in self.ordered.values() if self.now - at < timedelta(days=1)]
        if name not in self.ordered:
            if len(today) >= ORDERS_A_DAY:
                raise OkxError("50011", "Too Many Requests", 429)
            self.ordered[name] = self.now
        return [{"result": str(self._ready(name)).lower(), "ts": self._ts(self.ordered[name])}]

    def _ordered(self, params: Mapping[str, str]) -> list[Record]:
        name = self._quarter(params)
        if name not in self.ordered:
            raise OkxError("51000", "Parameter quarter error", 400)
        told: Record = {"fileHref": "", "state": "ongoing", "ts": self._ts(self.ordered[name])}
        if not self._ready(name):
            return [told]
        if name in self.failing:
            self.failing.remove(name)
            del self.ordered[name]
            return [told | {"state": "failed"}]
        href = f"http://{FILES}/okex/bills/{name}.zip?Expires={self._until()}&OSSAccessKeyId=key&Signature=a%2Bb"
        return [told | {"state": "finished", "fileHref": href}]

    def _ready(self, name: str) -> bool:
        return self.now - self.ordered[name] >= self.making

    def _until(self) -> str:
        """When a link ends, Unix seconds."""
        return self._ts(self.now + timedelta(hours=5, minutes=30))[:-3]

    def _ts(self, at: datetime) -> str:
        return str(int(at.timestamp() * 1000))

    def _quarter(self, params: Mapping[str, str]) -> str:
        name = f"{params.get('year')}-{params.get('quarter')}"
        months = 12 * self.now.year + self.now.month - 1
        if name not in {f"{at // 12}-Q{at % 12 // 3 + 1}" for at in range(12 * 2021, months - months % 3)}:
            raise OkxError("51000", "Parameter year or quarter error", 400)
        return name

    def _file(self, call: Call) -> str | Reply:
        """A zip with one CSV, for whoever has its address; nothing of the key may come along."""
        name = call.path.rsplit("/", 1)[-1].removesuffix(".zip")
        if any(header.startswith("ok-access") for header in call.headers):
            self.forbidden.append(f"{call.method} with a key to {FILES}")
        if call.params.get("Signature") != "a+b" or call.params.get("Expires", "") != self._until():
            return Reply("<Error><Code>AccessDenied</Code></Error>", 403)
        rows = [row for row in self.book.lists["account/bills-archive"] if _quarter_of(row) == name]
        table = io.StringIO(newline="")
        writer = csv.DictWriter(table, COLUMNS, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: -_number(row, "billId")))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}.csv", table.getvalue())
        return Reply(packed.getvalue())

    # ---- lists ------------------------------------------------------------------------------------

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


def _quarter_of(row: Mapping[str, object]) -> str:
    at = datetime.fromtimestamp(int(_number(row, "ts")) // 1000, UTC)
    return f"{at.year}-Q{(at.month + 2) // 3}"


def _number(row: Mapping[str, object], name: str) -> Decimal:
    return Decimal(str(row[name]))

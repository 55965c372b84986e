"""Kraken's protocol over one account: takes a request as it came in, gives the answer as text.

It follows what Kraken documents and what was seen of it: signatures, growing nonces, permissions, the
counter against too many calls, pages of 50 newest first, cursors, names with X and Z. Amounts are text,
times are JSON numbers whose digits are those of the account. It has nothing that moves money; who tries
is refused and listed in `forbidden`.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl

from msgspec import Struct, field

from importers.sandbox.call import Call
from importers.sandbox.market import ASSETS
from importers.sandbox.public import PUBLIC, KrakenError, Record, asset_id, whole

HOST = "api.kraken.com"
LEDGER_PAGE = TRADES_PAGE = 50
STATUS_PAGE = 25

# What a key needs that only reads, in Kraken's words.
READ_ONLY = ("query-funds", "query-open-trades", "query-closed-trades", "query-ledger")

# Private methods that would change something.
CHANGING = frozenset(
    "AddOrder AddOrderBatch AmendOrder EditOrder CancelOrder CancelOrderBatch CancelAll CancelAllOrdersAfter Withdraw "
    "WithdrawCancel WalletTransfer Stake Unstake AccountTransfer CreateSubaccount DepositAddresses AddExport "
    "RemoveExport Earn/Allocate Earn/Deallocate".split()
)


class Key(Struct, frozen=True):
    """An API key; times are Unix seconds, 0 is none. `query_from` and `query_to` limit the history it sees."""

    api_key: str
    secret: str
    permissions: tuple[str, ...] = READ_ONLY
    valid_until: int = 0
    query_from: int = 0
    query_to: int = 0
    ip_allowlist: tuple[str, ...] = ()

    @property
    def credentials(self) -> dict[str, str]:
        """What the user pastes, by ccxt's names."""
        return {"apiKey": self.api_key, "secret": self.secret}


class Records(Struct, frozen=True):
    """One account: ledger entries and trades by id and the two lists of movements, all oldest first.

    They are read at each request: what is added between two of them shows, as at the exchange.
    """

    ledgers: dict[str, Record] = field(default_factory=dict)
    trades: dict[str, Record] = field(default_factory=dict)
    deposits: list[Record] = field(default_factory=list)
    withdrawals: list[Record] = field(default_factory=list)
    keys: tuple[Key, ...] = ()

    @property
    def credentials(self) -> dict[str, str]:
        """Those of the first key."""
        return self.keys[0].credentials


class Counter(Struct):
    """Kraken's counter of calls: histories count 2, all else 1, and it falls by itself.

    `clock` gives seconds. The numbers of a starter account are 15 and one in three seconds.
    """

    clock: Callable[[], float]
    limit: int = 15
    falls_by: float = 1 / 3  # per second
    _count: float = 0
    _seen: float = 0

    def admits(self, cost: int) -> bool:
        now = self.clock()
        self._count = max(0, self._count - (now - self._seen) * self.falls_by)
        self._seen = now
        if self._count + cost > self.limit:
            return False
        self._count += cost
        return True


class Kraken:
    """The exchange with one account. `now` is its clock, which stands still."""

    hosts = frozenset({HOST})

    def __init__(self, records: Records, now: datetime, counter: Counter | None = None) -> None:
        self._records, self._counter = records, counter
        self._now = int(now.timestamp())
        self._nonces: dict[str, int] = {}
        self.forbidden: list[str] = []

    def answer(self, call: Call) -> str:
        """Kraken's whole answer, always one JSON object."""
        try:
            return as_json({"error": [], "result": self._result(call)})
        except KrakenError as error:
            return as_json({"error": [str(error)]})

    def _result(self, call: Call) -> object:
        _, version, section, *_ = [*call.path.split("/"), "", "", ""]
        if version == "0" and section == "public":
            ask = PUBLIC.get(call.name)
            if ask is None:
                raise KrakenError("EGeneral:Unknown method")
            return ask(self._now, call.params)
        if version != "0" or section != "private":
            raise KrakenError("EQuery:Unknown method")
        if call.name in CHANGING:
            self.forbidden.append(f"{call.method} {call.path}")
        if call.method != "POST":
            raise KrakenError("EGeneral:Invalid method")
        key = self._key(call)
        if self._counter and not self._counter.admits(2 if call.name in ("Ledgers", "TradesHistory") else 1):
            raise KrakenError("EAPI:Rate limit exceeded")
        return self._private(call, key)

    def _key(self, call: Call) -> Key:
        """The key that signed, when signature and nonce are right."""
        given = call.headers.get("api-key", "")
        key = next((key for key in self._records.keys if key.api_key == given), None)
        if key is None or 0 < key.valid_until <= self._now:
            raise KrakenError("EAPI:Invalid key")
        nonce = _nonce(call.body)
        if not hmac.compare_digest(
            signature(key.secret, call.path, nonce, call.body), call.headers.get("api-sign", "")
        ):
            raise KrakenError("EAPI:Invalid signature")
        if not nonce.isdigit() or int(nonce) <= self._nonces.get(given, 0):
            raise KrakenError("EAPI:Invalid nonce")
        self._nonces[given] = int(nonce)
        return key

    def _private(self, call: Call, key: Key) -> object:
        if call.name == "GetApiKeyInfo":
            return self._key_info(key)
        records, params = self._records, call.params
        asks: dict[str, tuple[tuple[str, ...], Callable[[], object]]] = {
            "Balance": (("query-funds",), self._balance),
            "BalanceEx": (("query-funds",), self._balance_ex),
            "Ledgers": (("query-ledger",), lambda: self._ledgers(params, key)),
            "TradesHistory": (("query-closed-trades",), lambda: self._trades(params, key)),
            "DepositStatus": (("query-funds",), lambda: _movements(records.deposits, params, "deposit")),
            "WithdrawStatus": (
                ("withdraw-funds", "query-ledger"),
                lambda: _movements(records.withdrawals, params, "withdrawals"),
            ),
        }
        if call.name not in asks:
            raise KrakenError("EGeneral:Permission denied" if call.name in CHANGING else "EGeneral:Unknown method")
        needs, ask = asks[call.name]
        if not set(needs) & set(key.permissions):
            raise KrakenError("EGeneral:Permission denied")
        return ask()

    def _key_info(self, key: Key) -> Record:
        return {
            "apiKeyName": "sandbox",
            "apiKey": key.api_key,
            "nonce": str(self._nonces[key.api_key]),
            "nonceWindow": 0,
            "permissions": list(key.permissions),
            "iban": "AA00 N84G SAND BOXX",
            "validUntil": str(key.valid_until),
            "queryFrom": str(key.query_from),
            "queryTo": str(key.query_to),
            "createdTime": "1672531200",
            "modifiedTime": "1672531200",
            "ipAllowlist": list(key.ip_allowlist),
            "lastUsed": str(self._now),
        }

    def _balance(self) -> Record:
        return {entry["asset"]: entry["balance"] for entry in _oldest_first(self._records.ledgers.values())}

    def _balance_ex(self) -> Record:
        held = self._balance()
        return {asset: {"balance": balance, "hold_trade": "0.0000000000"} for asset, balance in held.items()}

    def _ledgers(self, params: Mapping[str, str], key: Key) -> Record:
        assets = {asset_id(name) for name in params.get("asset", "all").split(",")} - {"all"}
        kind = params.get("type", "all")
        entries = {
            id: entry
            for id, entry in self._records.ledgers.items()
            if (not assets or entry["asset"] in assets) and kind in ("all", entry["type"])
        }
        return _page(entries, self._records.ledgers, params, key, "ledger", LEDGER_PAGE)

    def _trades(self, params: Mapping[str, str], key: Key) -> Record:
        found = _page(self._records.trades, self._records.trades, params, key, "trades", TRADES_PAGE)
        if params.get("ledgers") == "true":
            for id, trade in found["trades"].items():
                legs = [leg for leg, entry in self._records.ledgers.items() if entry["refid"] == id]
                found["trades"][id] = trade | {"ledgers": legs}
        return found


def signature(secret: str, path: str, nonce: str, body: str) -> str:
    """API-Sign: HMAC-SHA512 of the path and SHA256(nonce + body), keyed with the decoded secret."""
    digest = hashlib.sha256((nonce + body).encode()).digest()
    signed = hmac.new(base64.b64decode(secret), path.encode() + digest, hashlib.sha512)
    return base64.b64encode(signed.digest()).decode()


def _nonce(body: str) -> str:
    try:
        pairs = json.loads(body) if body.lstrip().startswith("{") else dict(parse_qsl(body))
        return str(pairs.get("nonce", ""))
    except (ValueError, AttributeError):
        raise KrakenError("EAPI:Invalid nonce") from None


# ---- pages ----------------------------------------------------------------------------------------------------------


def _oldest_first(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda record: record["time"])  # stable: equal times stay in the account's order


def _page(
    chosen: Mapping[str, Record],
    all_of_them: Mapping[str, Record],
    params: Mapping[str, str],
    key: Key,
    name: str,
    page: int,
) -> Record:
    """Newest first; `start` exclusive, `end` inclusive, each Unix seconds or an id; `count` counts what they leave."""
    order = {id: place for place, id in enumerate(sorted(all_of_them, key=lambda id: all_of_them[id]["time"]))}
    after, until = _bound(params.get("start"), order), _bound(params.get("end"), order)

    def inside(id: str) -> bool:
        time = chosen[id]["time"]
        if time < key.query_from or time > (key.query_to or time):
            return False
        late = after is None or (order[id] > after if isinstance(after, int) else time > after)
        return late and (until is None or (order[id] <= until if isinstance(until, int) else time <= until))

    newest_first = sorted(filter(inside, chosen), key=lambda id: -order[id])
    begin = whole(params.get("ofs", "0"), "ofs")
    found: Record = {name: {id: chosen[id] for id in newest_first[begin : begin + page]}}
    return found if params.get("without_count") == "true" else found | {"count": len(newest_first)}


def _bound(text: str | None, order: Mapping[str, int]) -> int | Decimal | None:
    """The place of an id, or an instant; None: no bound."""
    if not text:
        return None
    if text in order:
        return order[text]
    try:
        return Decimal(text)
    except InvalidOperation:
        raise KrakenError("EGeneral:Invalid arguments") from None


def _movements(records: Sequence[Record], params: Mapping[str, str], name: str) -> object:
    """Newest first. Without `cursor` the first page as a list; with it an object and the next page's cursor."""
    start, end = Decimal(params.get("start", "0") or 0), Decimal(params.get("end", "Infinity") or "Infinity")
    chosen = [
        record
        for record in reversed(_oldest_first(records))
        if start <= record["time"] <= end
        and params.get("asset") in (None, record["asset"], ASSETS[record["asset"]].name)
        and params.get("method") in (None, record["method"])
    ]
    limit = whole(params.get("limit", str(STATUS_PAGE)), "limit")
    cursor = params.get("cursor", "false").lower()  # ccxt writes Python's True
    if cursor == "false":
        return chosen[:limit]
    begin = 0 if cursor == "true" else _cursor_place(params["cursor"], chosen)
    found: Record = {name: chosen[begin : begin + limit], "next_cursor": None}
    if begin + limit < len(chosen):
        found["next_cursor"] = base64.b64encode(f"after {chosen[begin + limit - 1]['refid']}".encode()).decode()
    return found


def _cursor_place(cursor: str, chosen: Sequence[Record]) -> int:
    try:
        last = base64.b64decode(cursor, validate=True).decode().removeprefix("after ")
        return 1 + [record["refid"] for record in chosen].index(last)
    except (binascii.Error, ValueError):
        raise KrakenError("EGeneral:Invalid arguments:cursor") from None


def as_json(value: object) -> str:
    """JSON whose numbers are written out in full: the standard encoder would make doubles of Decimals."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{as_json(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(as_json, value)) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value)

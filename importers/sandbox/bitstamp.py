"""Bitstamp's protocol over one made-up account: takes a request as it came in, gives the answer as text.

    book = Bitstamp("key", "secret")
    book.trade(...)                              # writes what Bitstamp keeps, and what was true in `book.truth`
    with Sandbox(book) as sandbox: ...

It follows what Bitstamp documents and what was seen of it: an HMAC over the whole request, nonces used once, a clock
that must be near, pages of at most 1000 by `since_id`, amounts in keys of their currency, rates as JSON numbers. It has
nothing that moves money; who tries is refused and listed in `forbidden`.
"""

import hashlib
import hmac
import json
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct, field

from importers import exact
from importers.sandbox.call import Call
from importers.sandbox.server import Reply
from importers.sandbox.truth import Truth
from pipeline.model import Label, is_fiat
from pipeline.money import ZERO
from pipeline.money import exact as exactly

HOST = "www.bitstamp.net"
Record = dict[str, Any]
READS = frozenset(
    ("account_balances", "user_transactions", "withdrawal-requests", "earn/transactions", "earn/subscriptions")
)
CURRENCIES = ("usd", "eur", "btc")  # those that every record names, be it with 0
APART = 150  # seconds that a request's clock may be off
ALIKE = {"ETH2R": "ETH"}


class _Refused(Exception):
    """(code, reason)"""


class Bitstamp(Struct):
    """The exchange with one account, all lists oldest first. `may`: what its key has the right to; `clock` gives Unix
    seconds; `allowed`: whether the asking address is on the key's list."""

    key: str
    secret: str
    may: frozenset[str] = READS
    clock: Callable[[], float] = time.time
    allowed: bool = True
    revoked: bool = False
    users: list[Record] = field(default_factory=list)
    withdrawals: list[Record] = field(default_factory=list)
    earn: list[Record] = field(default_factory=list)
    balances: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    lent: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    truth: Truth = field(default_factory=Truth)
    forbidden: list[str] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    hosts = frozenset({HOST})

    # ---- what happens ---------------------------------------------------------------------------

    def enter(self, at: datetime, type: int, changes: dict[str, str], fee: str = "0", **about: Any) -> Record:
        """One user transaction: `changes` by currency, the fee in `about["_fee_in"]` besides."""
        fee_in = about.pop("_fee_in", next(iter(changes)))
        with exactly():
            for code, change in changes.items():
                self.balances[code] += Decimal(change)
            self.balances[fee_in] -= Decimal(fee)
        record = {
            "id": 200_000_000 + 7 * len(self.users), "datetime": f"{at:%Y-%m-%d %H:%M:%S.%f}", "type": str(type),
            "fee": fee, **dict.fromkeys(CURRENCIES, 0), **changes, **about,
        }  # fmt: skip
        self.users.append(record)
        return record

    def trade(self, at: datetime, pair: str, side: str, units: str, price: str, fee: str) -> None:
        """The quote amount is rounded to cents where it is money; the fee is in quote, besides."""
        base, quote = pair.split("_")
        with exactly():
            cost = Decimal(units) * Decimal(price)
            cost = cost.quantize(Decimal("0.01") if is_fiat(quote.upper()) else Decimal("1e-8"), ROUND_HALF_UP)
        sign = ("", "-") if side == "buy" else ("-", "")
        changes = {base: f"{sign[0]}{units}", quote: f"{sign[1]}{cost:f}"}
        more: Record = {pair: exact.Number(price), "order_id": 1_429_545_880_227_846, "self_trade": False}
        self.enter(at, 2, changes, fee, _fee_in=quote, **more)
        coins, money = f"{units} {base.upper()}", f"{cost:f} {quote.upper()}"
        sides = (money, coins) if side == "buy" else (coins, money)
        self.truth.happened(at, sent=sides[0], received=sides[1], fee=f"{fee} {quote.upper()}")

    def pay_in(self, at: datetime, code: str, quantity: str, *, type: int = 0, label: Label | None = None) -> None:
        self.enter(at, type, {code: quantity}, btc_usd="0.00")
        self.truth.happened(at, received=f"{quantity} {code.upper()}", label=label)

    def pay_out(self, at: datetime, code: str, quantity: str, fee: str, txhash: str = "", *, type: int = 1) -> None:
        self.enter(at, type, {code: f"-{quantity}"}, fee)
        if txhash:
            self.withdrawals.append(
                {
                    "id": len(self.withdrawals) + 1, "datetime": f"{at:%Y-%m-%d %H:%M:%S}", "currency": code.upper(),
                    "amount": quantity, "status": 2, "type": 1, "address": "elsewhere", "transaction_id": txhash,
                }
            )  # fmt: skip
        self.truth.happened(at, sent=f"{quantity} {code.upper()}", fee=f"{fee} {code.upper()}", txhash=txhash)

    def cancelled(self, at: datetime, code: str, quantity: str) -> None:
        """A withdrawal request that came to nothing: in no user transaction."""
        id = len(self.withdrawals) + 1
        self.withdrawals.append(
            {"id": id, "datetime": f"{at:%Y-%m-%d %H:%M:%S}", "currency": code.upper(), "amount": quantity, "status": 3,
             "type": 1, "address": "elsewhere", "transaction_id": None}
        )  # fmt: skip

    def stake(self, at: datetime, quantity: str) -> None:
        """ETH that goes to staking as ETH2R, as it was until 2023."""
        self.enter(at, 26, {"eth": f"-{quantity}"})
        self.enter(at, 25, {"eth2r": quantity})

    def subscribe(self, at: datetime, code: str, quantity: str) -> None:
        """To Earn, where it is then."""
        self.enter(at, 26, {code: f"-{quantity}"})
        self.lent[code] += Decimal(quantity)
        self._told(at, "STAKE", code, quantity)

    def reward(self, at: datetime, code: str, quantity: str, *, compounds: bool = False) -> None:
        """Paid out to the account, or added to what is staked; Earn tells of both."""
        self._told(at, "REWARD_RECEIVED", code, quantity)
        if compounds:
            self.lent[code] += Decimal(quantity)
        else:
            self.enter(at, 27, {code: quantity})
        self.truth.happened(at, received=f"{quantity} {code.upper()}", label=Label.REWARD)

    def _told(self, at: datetime, type: str, code: str, quantity: str) -> None:
        self.earn.append(
            {"datetime": f"{at:%Y-%m-%dT%H:%M:%S.%fZ}", "type": type, "status": "COMPLETED", "currency": code.upper(),
             "amount": quantity, "quote_currency": "USD", "value": "1.00"}
        )  # fmt: skip

    # ---- the protocol ---------------------------------------------------------------------------

    def answer(self, call: Call) -> "str | Reply":
        name = call.path.removeprefix("/api/v2/").strip("/")
        method = "GET" if name.startswith("earn/") else "POST"
        if name not in READS:
            self.forbidden.append(f"{call.method} {call.path}")
        try:
            self._check(call)
            if name not in self.may or call.method != method:
                raise _Refused("API0003", "No permission found")
            return exact.dumps(self._list(name, dict(parse_qsl(call.body or call.query))))
        except _Refused as refused:
            code, reason = refused.args
            return Reply(json.dumps({"status": "error", "reason": reason, "code": code}), 403)

    def _check(self, call: Call) -> None:
        """Who asked, when, and that nobody changed it. Raises _Refused."""
        h = call.headers
        if self.revoked or h.get("x-auth") != f"BITSTAMP {self.key}":
            raise _Refused("API0001", "API key not found")
        if not self.allowed:
            raise _Refused("API0002", "IP address not allowed")
        nonce, at = h.get("x-auth-nonce", ""), h.get("x-auth-timestamp", "")
        address = f"{HOST}{call.path}{'?' + call.query if call.query else ''}"
        content = h.get("content-type", "") if call.body else ""
        text = f"BITSTAMP {self.key}{call.method}{address}{content}{nonce}{at}v2{call.body}"
        right = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, h.get("x-auth-signature", "").lower()):
            raise _Refused("API0005", "Invalid signature")
        if not at.isdecimal() or abs(int(at) / 1000 - self.clock()) > APART:
            raise _Refused("API0017", "X-Auth-Timestamp header is invalid or too old")
        if len(nonce) != 36 or nonce in self.nonces:
            raise _Refused("API0004", "Invalid nonce")
        self.nonces.add(nonce)

    def _list(self, name: str, params: dict[str, str]) -> list[Record]:
        if name == "account_balances":
            return [{"currency": code, "total": f"{held:f}", "available": f"{held:f}", "reserved": "0.00"}
                    for code, held in self.balances.items()]  # fmt: skip
        if name == "earn/subscriptions":
            return [{"currency": code.upper(), "type": "STAKING", "term": "FLEXIBLE", "amount": f"{held:f}"}
                    for code, held in self.lent.items()]  # fmt: skip
        limit, offset = int(params.get("limit", "100")), int(params.get("offset", "0"))
        if not 1 <= limit <= 1000 or not 0 <= offset <= 200_000:
            raise _Refused("API0000", "Limit or offset too large")
        if name == "user_transactions":
            found = self.users[:: 1 if params.get("sort") == "asc" else -1]
            if "since_id" in params:
                found, limit = [r for r in found if r["id"] >= int(params["since_id"])], 1000
        elif name == "withdrawal-requests":
            if not 0 < int(params.get("timedelta", "86400")) <= 50_000_000:
                raise _Refused("API0000", "Invalid timedelta")
            found = self.withdrawals[::-1]
        else:
            found = self.earn[::-1]
        return found[offset : offset + limit]

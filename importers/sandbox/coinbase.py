"""Coinbase's protocol over one made-up account: takes a request as it came in, gives the answer as text.

    book = Coinbase(public_key)
    book.open("BTC"); book.fill(...)             # writes what Coinbase keeps, and what was true in `book.truth`
    with Sandbox(book) as sandbox: ...

It follows what Coinbase documents and what was seen of it: a JWT for each request, signed with ES256 or Ed25519; pages
of v2 by `starting_after`, of v3 by cursor; money with two decimals in v2 and all of them in v3; the two transactions of
a fill without its commission. It has nothing that moves money; who tries is refused and listed in `forbidden`.
"""

import base64
import binascii
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from msgspec import Struct, field

from importers.sandbox.call import Call
from importers.sandbox.server import Reply
from importers.sandbox.truth import Truth
from pipeline.model import Label, is_fiat
from pipeline.money import ZERO, exact

HOST = "api.coinbase.com"
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
Record = dict[str, Any]
READ_ONLY = {"can_view": True, "can_trade": False, "can_transfer": False}
CENT = Decimal("0.01")


class _Wallet(Struct):
    """One wallet: its records, oldest first, and the exact units in it. `spot`: v3 knows it, too."""

    id: str
    code: str
    spot: bool
    held: Decimal = ZERO
    records: list[Record] = field(default_factory=list)


class Coinbase(Struct):
    """The exchange with one account. `clock` gives Unix seconds; `unused`: currencies that have no wallet yet;
    `most_accounts`: on a page of them."""

    key: str
    public: PublicKey
    rights: dict[str, bool] = field(default_factory=lambda: dict(READ_ONLY))
    clock: Callable[[], float] = time.time
    unused: tuple[str, ...] = ("ADA", "SOL")
    most_accounts: int = 250
    revoked: bool = False
    wallets: list[_Wallet] = field(default_factory=list)
    fills: list[Record] = field(default_factory=list)
    truth: Truth = field(default_factory=Truth)
    forbidden: list[str] = field(default_factory=list)
    hosts = frozenset({HOST})

    # ---- what happens ---------------------------------------------------------------------------

    def open(self, code: str, *, spot: bool = True) -> None:
        """A new wallet; the second of one currency is that for staking."""
        self.wallets.append(_Wallet(self._id(f"wallet{len(self.wallets)}"), code, spot))

    def wallet(self, code: str, *, staked: bool = False) -> _Wallet:
        found = [w for w in self.wallets if w.code == code]
        return found[1] if staked else found[0]

    def enter(
        self,
        at: datetime,
        type: str,
        code: str,
        change: str,
        *,
        status: str = "completed",
        staked: bool = False,
        **about: Any,
    ) -> Record:
        """One transaction of a wallet. What is not completed changes nothing."""
        wallet = self.wallet(code, staked=staked)
        id = self._id(f"{wallet.id} {len(wallet.records)}")
        with exact():
            exactly = Decimal(change)
            shown = exactly.quantize(CENT, ROUND_HALF_EVEN) if is_fiat(code) else exactly
            if status == "completed":
                wallet.held += exactly
        record = {
            "id": id, "type": type, "status": status, "amount": {"amount": f"{shown:f}", "currency": code},
            "native_amount": {"amount": f"{shown:.2f}", "currency": "USD"}, "description": None,
            "created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "resource": "transaction",
            "resource_path": f"/v2/accounts/{wallet.id}/transactions/{id}", **about,
        }  # fmt: skip
        wallet.records.append(record)
        return record

    def fill(
        self,
        at: datetime,
        product: str,
        side: str,
        size: str,
        price: str,
        commission: str,
        *,
        order: str,
        in_quote: bool = False,
        units: str = "",
        wallets: bool = True,
    ) -> None:
        """One fill of Advanced Trade. `in_quote`: `size` is money, for `units` of the base."""
        base, quote = product.split("-")
        with exact():
            base_units = Decimal(units or size)
            cost = Decimal(size) if in_quote else Decimal(size) * Decimal(price)
        number = len(self.fills)
        self.fills.append(
            {
                "entry_id": f"{self._id(f'fill{number}')}", "trade_id": self._id(f"trade{number}"), "order_id": order,
                "trade_time": f"{at:%Y-%m-%dT%H:%M:%S.%f}000Z", "trade_type": "FILL", "price": price, "size": size,
                "commission": commission, "product_id": product, "sequence_timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
                "liquidity_indicator": "TAKER", "size_in_quote": in_quote, "user_id": "u", "side": side,
                "retail_portfolio_id": "p",
            }
        )  # fmt: skip
        sign = 1 if side == "BUY" else -1
        about = {"order_id": order, "product_id": product, "order_side": side.lower(), "fill_price": price}
        if wallets:
            leg = self.enter(at, "advanced_trade_fill", base, f"{sign * base_units:f}")
            about["commission"] = commission
            leg["advanced_trade_fill"] = about
            self.enter(at, "advanced_trade_fill", quote, f"{-sign * cost:f}", advanced_trade_fill=about)
        else:
            self.wallet(base).held += sign * base_units
            self.wallet(quote).held -= sign * cost
        with exact():
            self.wallet(quote).held -= Decimal(commission)
        gives, gets = f"{cost:f} {quote}", f"{base_units:f} {base}"
        sides = (gives, gets) if side == "BUY" else (gets, gives)
        self.truth.happened(at, sent=sides[0], received=sides[1], fee=f"{commission} {quote}")

    def convert(self, at: datetime, given: str, got: str, fee: str) -> None:
        """Two transactions of one trade id, the fee named in both and taken within what is given."""
        about = {"id": self._id(f"convert{at}"), "fee": _money(fee)}
        quantity, asset = given.split()
        self.enter(at, "trade", asset, f"-{quantity}", trade=about)
        self.enter(at, "trade", got.split()[1], got.split()[0], trade=about)
        with exact():
            sent = f"{Decimal(quantity) - Decimal(fee.split()[0]):f} {asset}"
        self.truth.happened(at, sent=sent, received=got, fee=fee)

    def buy(self, at: datetime, coins: str, subtotal: str, fee: str, *, by: str) -> None:
        """The Buy button, paid by card or from a wallet (`by`: "USD Wallet")."""
        quantity, asset = coins.split()
        money = subtotal.split()[1]
        with exact():
            total = f"{Decimal(subtotal.split()[0]) + Decimal(fee.split()[0]):f}"
        about = {
            "id": self._id(f"buy{at}"), "payment_method_name": by, "subtotal": _money(subtotal), "fee": _money(fee),
            "total": _money(f"{total} {money}"),
        }  # fmt: skip
        self.enter(at, "buy", asset, quantity, buy=about)
        if by.endswith("Wallet"):
            self.enter(at, "buy", money, f"-{total}", buy=about)
        else:
            self.truth.happened(at, received=f"{total} {money}")
        self.truth.happened(at, sent=subtotal, received=coins, fee=fee)

    def send(self, at: datetime, coins: str, fee: str, txhash: str) -> None:
        quantity, asset = coins.split()
        with exact():
            total = f"{Decimal(quantity) + Decimal(fee.split()[0]):f}"
        network = {
            "status": "confirmed",
            "hash": txhash,
            "transaction_fee": _money(fee),
            "transaction_amount": _money(coins),
        }
        self.enter(at, "send", asset, f"-{total}", network=network, to={"resource": "address", "address": "elsewhere"})
        self.truth.happened(at, sent=coins, fee=fee, txhash=txhash)

    def receive(self, at: datetime, coins: str, type: str, *, label: Label | None = None, txhash: str = "") -> None:
        quantity, asset = coins.split()
        record = self.enter(at, type, asset, quantity)
        if txhash:
            record["network"] = {"status": "confirmed", "hash": txhash}
        self.truth.happened(at, received=coins, label=label, txhash=txhash)

    def stake(self, at: datetime, coins: str) -> None:
        """From the first wallet of the currency to the second."""
        quantity, asset = coins.split()
        self.enter(at, "staking_transfer", asset, f"-{quantity}")
        self.enter(at, "staking_transfer", asset, quantity, staked=True)

    def _id(self, what: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.key} {what}"))

    # ---- the protocol ---------------------------------------------------------------------------

    def answer(self, call: Call) -> "str | Reply":
        if call.method != "GET":
            self.forbidden.append(f"{call.method} {call.path}")
        if call.path == "/api/v3/brokerage/time":
            now = Decimal(self.clock())
            return json.dumps({"epochSeconds": str(int(now)), "epochMillis": str(int(now * 1000))})
        if not self._signed(call):
            return Reply("Unauthorized\n", 401)
        params = dict(parse_qsl(call.query, keep_blank_values=True))
        if call.method != "GET" or not self.rights["can_view"]:
            return _error(403, "invalid_scope", "Missing required scopes")
        match call.path.strip("/").split("/"):
            case ["v2", "accounts"]:
                accounts = [self._account(w) for w in self.wallets] + [_never(code) for code in self.unused]
                return _page(accounts, params, self.most_accounts)
            case ["v2", "accounts", id, "transactions"]:
                wallet = next((w for w in self.wallets if w.id == id), None)
                if wallet is None:
                    return _error(404, "not_found", "Not found")
                newest = sorted(wallet.records, key=lambda r: str(r["created_at"]), reverse=True)
                return _page(newest, params)
            case ["api", "v3", "brokerage", "accounts"]:
                spot = [_spot_account(w) for w in self.wallets if w.spot]
                page, cursor = _cursor(spot, params, 49, self.most_accounts)
                return json.dumps({"accounts": page, "has_next": bool(cursor), "cursor": cursor, "size": len(page)})
            case ["api", "v3", "brokerage", "orders", "historical", "fills"]:
                since = params.get("start_sequence_timestamp", "")
                newest = sorted(self.fills, key=lambda f: str(f["sequence_timestamp"]), reverse=True)
                page, cursor = _cursor([f for f in newest if f["sequence_timestamp"] >= since], params, 100)
                return json.dumps({"fills": page, "cursor": cursor})
            case ["api", "v3", "brokerage", "key_permissions"]:
                return json.dumps({**self.rights, "portfolio_uuid": "p", "portfolio_type": "DEFAULT"})
        return _error(404, "not_found", "Not found")

    def _signed(self, call: Call) -> bool:
        """Whether the request bears a JWT of this key for just this path, of this minute."""
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            head, body, signature = token.split(".")
            header, claims, raw = json.loads(_decoded(head)), json.loads(_decoded(body)), _decoded(signature)
            self._verify(str(header["alg"]), raw, f"{head}.{body}".encode())
        except (ValueError, KeyError, binascii.Error, InvalidSignature):
            return False
        now = self.clock()
        for_this = f"{call.method} {HOST}{call.path}"
        return (
            not self.revoked
            and header.get("kid") == claims.get("sub") == self.key
            and bool(header.get("nonce"))
            and for_this in (claims.get("uri"), *claims.get("uris", ()))
            and claims["nbf"] - 5 <= now < claims["exp"] <= claims["nbf"] + 120
        )

    def _verify(self, algorithm: str, raw: bytes, text: bytes) -> None:
        """Raises InvalidSignature."""
        if isinstance(self.public, ed25519.Ed25519PublicKey) and algorithm == "EdDSA":
            self.public.verify(raw, text)
        elif isinstance(self.public, ec.EllipticCurvePublicKey) and algorithm == "ES256" and len(raw) == 64:
            r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            self.public.verify(encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))
        else:
            raise InvalidSignature

    def _account(self, wallet: _Wallet) -> Record:
        held = wallet.held.quantize(CENT, ROUND_HALF_EVEN) if is_fiat(wallet.code) else wallet.held
        kind = "fiat" if is_fiat(wallet.code) else "wallet"
        return {
            "id": wallet.id, "name": f"{wallet.code} Wallet", "primary": False, "type": kind,
            "currency": {"code": wallet.code}, "balance": {"amount": f"{held:f}", "currency": wallet.code},
            "created_at": "2020-01-01T00:00:00Z", "updated_at": "2025-12-31T00:00:00Z", "resource": "account",
        }  # fmt: skip


def _spot_account(wallet: _Wallet) -> Record:
    """A tenth is on hold for an order."""
    with exact():
        hold = (wallet.held / 10).quantize(Decimal("1e-16"))
        free = wallet.held - hold
    kind = "ACCOUNT_TYPE_FIAT" if is_fiat(wallet.code) else "ACCOUNT_TYPE_CRYPTO"
    return {
        "uuid": wallet.id, "name": f"{wallet.code} Wallet", "currency": wallet.code,
        "available_balance": {"value": f"{free:f}", "currency": wallet.code},
        "hold": {"value": f"{hold:f}", "currency": wallet.code}, "type": kind, "active": True, "ready": True,
    }  # fmt: skip


def _never(code: str) -> Record:
    return {
        "id": code, "name": f"{code} Wallet", "primary": False, "type": "wallet", "currency": {"code": code},
        "balance": {"amount": "0.00000000", "currency": code}, "created_at": None, "updated_at": None,
        "resource": "account",
    }  # fmt: skip


def _money(text: str) -> Record:
    quantity, currency = text.split()
    return {"amount": quantity, "currency": currency}


def _page(records: list[Record], params: dict[str, str], most: int = 100) -> "str | Reply":
    """A page of v2: 25 or up to 100, after the one that `starting_after` names."""
    limit, after = params.get("limit", "25"), params.get("starting_after")
    if not limit.isdigit() or not 0 < int(limit) <= 100:
        return _error(400, "validation_error", "Limit is not included in the range")
    begin = next((n + 1 for n, r in enumerate(records) if r["id"] == after), None) if after else 0
    if begin is None:
        return _error(404, "not_found", "Not found")
    page = records[begin : begin + min(int(limit), most)]
    last = page[-1]["id"] if page and begin + len(page) < len(records) else None
    pages = {
        "ending_before": None, "starting_after": after, "previous_ending_before": None, "next_starting_after": last,
        "limit": int(limit), "order": "desc", "previous_uri": None,
        "next_uri": f"/v2/accounts?limit={limit}&starting_after={last}" if last else None,
    }  # fmt: skip
    return json.dumps({"pagination": pages, "data": page})


def _cursor(records: list[Record], params: dict[str, str], usual: int, most: int = 250) -> tuple[list[Record], str]:
    """A page of v3 and the cursor of the next one."""
    begin, limit = int(params.get("cursor") or 0), min(int(params.get("limit") or usual), most)
    end = begin + limit
    return records[begin:end], str(end) if end < len(records) else ""


def _error(status: int, id: str, message: str) -> Reply:
    return Reply(json.dumps({"errors": [{"id": id, "message": message}]}), status)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def utc(text: str) -> datetime:
    """An instant of UTC from its ISO text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)

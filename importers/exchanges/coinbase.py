"""Coinbase over its API: every wallet's transactions, and the fills of Advanced Trade, which alone say what a trade was
to the last digit. A key belongs to one portfolio and sees only that one.

Sources: docs.cdp.coinbase.com, "Transactions", "Accounts", "Pagination", "List Fills", "List Accounts", "Get API Key
Permissions", "Coinbase App API key authentication", "Legacy API keys are no longer supported" (2026-11). From public
code, not from a document: the key file of an Ed25519 key, with "id" in place of "name", and the older one with ten
more names. From memory: the bodies of its errors, a plain 401 has no reason in it; that a page holds up to 250 fills
or v3 accounts, and that a wallet that was never used has its currency as id and no date. To which addresses a key is
bound, when it was made and when it ends isn't told.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec.structs import replace

from importers import base
from importers.base import (
    Answer,
    Call,
    Exchange,
    Fault,
    Item,
    Known,
    Listed,
    Params,
    Rights,
    Span,
    Stream,
    Unlike,
    Wallet,
    beyond,
    inside,
)
from importers.elsewhere import OWN_KEY, NotRead
from importers.parsers.build import finest, iso, seconds, signed
from importers.parsers.coinbase import FILLS, TRANSACTIONS, WALLETS, read_records
from importers.sync import gathered

ONE_PORTFOLIO = "only one portfolio"
LATE = 14  # days in which a purchase by bank may be completed, or fail

# ---- reading its answers ----------------------------------------------------------------------


def _rows(answer: Answer, name: str) -> list[Any]:
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Unlike(f"its answer has no {name}")
    return found


def _item(row: Any, at: str, *ids: str) -> Item:
    id = next((row[name] for name in ids if isinstance(row.get(name), str) and row[name]), None)
    if id is None:
        raise Unlike(f"an entry of its answer has no {ids[0]}")
    try:
        return Item(id, finest(iso(row.get(at))), row)
    except (ValueError, TypeError):
        raise Unlike(f"an entry of its answer has no {at}") from None


def _following(answer: Answer) -> str | None:
    """After which id the next page of a list of v2 begins; None: this is the last."""
    pages = answer.get("pagination") if isinstance(answer, dict) else None
    if not isinstance(pages, dict):
        raise Unlike("its answer does not say whether there is another page")
    after = pages.get("next_starting_after")
    if not after and pages.get("next_uri"):
        after = parse_qs(urlsplit(str(pages["next_uri"])).query).get("starting_after", [""])[0]
        if not after:
            raise Unlike("its answer does not say where the next page begins")
    return str(after) if after else None


def _ask_transactions(span: Span) -> Params:
    params: Params = {"account_id": span.part, "limit": 100}
    return params if span.place is None else {**params, "starting_after": span.place}


def _transactions(answer: Answer, span: Span) -> Listed:
    """Newest first, with no way to ask for those since a time: so back to it."""
    items = [_item(row, "created_at", "id") for row in _rows(answer, "data")]
    following = _following(answer)
    if not items or (span.since is not None and min(item.time for item in items) < span.since):
        following = None
    return Listed(items, following)


def _wallets(call: Call, known: Known) -> Iterable[str]:
    """Every wallet that was ever used; when all were asked for lately, those that had or have something, and others
    of the same asset."""

    def ask(more: Params) -> Answer:
        return call("v2PrivateGetAccounts", {"limit": 100, **more}, _accounts)

    pages = known.wallets.get(WALLETS) or gathered(EXCHANGE.name, WALLETS, ask, _next_accounts)
    for account in (each for page in pages for each in page["data"]):
        id, held = account["id"], account["balance"]
        something = bool(signed(held["amount"])) or id in known.parts
        again = something or held["currency"] in known.assets
        if (again or not known.complete) and (something or account.get("created_at") or id != held["currency"]):
            yield id


def _accounts(answer: Answer) -> Answer:
    for account in _rows(answer, "data"):
        if not isinstance(account.get("id"), str) or not isinstance(account.get("balance"), dict):
            raise Unlike("an account of its answer has no id or balance")
    _following(answer)
    return answer


def _next_accounts(answer: Answer) -> Params | None:
    after = _following(answer)
    return {"starting_after": after} if after and answer["data"] else None


def _spot_accounts(answer: Answer) -> Answer:
    for account in _rows(answer, "accounts"):
        if not isinstance(account.get("available_balance"), dict):
            raise Unlike("an account of its answer has no balance")
    if answer.get("has_next") and not answer.get("cursor"):
        raise Unlike("its answer does not say where the next page begins")
    return answer


def _next_spot_accounts(answer: Answer) -> Params | None:
    return {"cursor": answer["cursor"]} if answer.get("has_next") and answer["accounts"] else None


def _ask_fills(span: Span) -> Params:
    params: Params = {"limit": 250}
    if span.since is not None:
        params["start_sequence_timestamp"] = f"{seconds(span.since):%Y-%m-%dT%H:%M:%SZ}"
    return params if span.place is None else {**params, "cursor": span.place}


def _fills(answer: Answer, _span: Span) -> Listed:
    items = [_item(row, "trade_time", "entry_id", "trade_id") for row in _rows(answer, "fills")]
    cursor = answer.get("cursor", "")
    if not isinstance(cursor, str | None):
        raise Unlike("its answer does not say where the next page begins")
    return Listed(items, cursor or None if items else None)


# ---- what a key may do ------------------------------------------------------------------------

_METHOD = "v3PrivateGetBrokerageKeyPermissions"
_READS, _TRADES, _MOVES = frozenset({"view"}), frozenset({"trade", "receive"}), frozenset({"transfer"})
_WORDS = {f"can_{word}": word for word in _READS | _TRADES | _MOVES}
_ABOUT = frozenset(("portfolio_uuid", "portfolio_type"))


def _ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call(_METHOD, {}, _rights)
    return rights


def _rights(answer: Answer) -> Rights:
    """A right is not given where it says false, and nowhere else."""
    for name in ("can_view", "can_trade", "can_transfer"):
        if not isinstance(inside(answer, name), bool):
            raise Unlike("its answer does not say what the key may do")
    may = {word for name, word in _WORDS.items() if answer.get(name, False) is not False}
    rights = Rights.of(may, _READS, _TRADES, _MOVES)
    portfolio, kind = (str(answer.get(name) or "") for name in ("portfolio_uuid", "portfolio_type"))
    named = " ".join(filter(None, (portfolio, f"({kind.lower()})" if kind else "")))
    limits = (f"{ONE_PORTFOLIO}, {named or 'which it does not name'}; every other one needs a key of its own",)
    rights = replace(rights, missing=() if rights.read else ("View",), limits=limits)
    return beyond(rights, answer, _ABOUT.union(_WORDS))


# What the key files of 2023 and 2024 (coinbase_cloud_api_key.json) say beside name and privateKey.
_ABOUT_THE_KEY = (
    "principal", "principalType", "publicKey", "createTime", "projectId", "nickname", "scopes", "allowedIps", "keyType",
    "enabled",
)  # fmt: skip

_NOT_TAKEN = Fault(
    "it does not take the key: revoked, not copied whole, bound to another address, or the clock of this machine is "
    "wrong; set the clock, then add the key again with `taxsync keys add`",
    clock=True,
)

EXCHANGE = Exchange(
    id="coinbase",
    time=("v3PublicGetBrokerageTime", lambda answer: answer["epochMillis"]),
    name="Coinbase",
    version=4,
    credentials=("apiKey", "secret"),
    allow=frozenset(
        {
            ("v3.public", "GET", "brokerage/time"),
            *(("v2.private", "GET", path) for path in ("accounts", "accounts/{account_id}/transactions")),
            *(
                ("v3.private", "GET", f"brokerage/{path}")
                for path in ("accounts", "orders/historical/fills", "key_permissions")
            ),
        }
    ),
    streams=(
        Stream(
            FILLS, "fills of Advanced Trade", "v3PrivateGetBrokerageOrdersHistoricalFills", _ask_fills, _fills, LATE
        ),
        Stream(
            TRANSACTIONS,
            "wallets' transactions",
            "v2PrivateGetAccountsAccountIdTransactions",
            _ask_transactions,
            _transactions,
            LATE,
            parts=_wallets,
        ),
    ),
    parse=read_records,
    wallets=(
        Wallet("", "v3PrivateGetBrokerageAccounts", _spot_accounts, {"limit": 250}, more=_next_spot_accounts),
        Wallet(WALLETS, "v2PrivateGetAccounts", _accounts, {"limit": 100}, more=_next_accounts),
    ),
    begins=date(2012, 6, 1),
    gap_help="at coinbase.com: Profile > Statements > Generate custom statement, CSV, of all time",
    not_read=(
        NotRead(
            "US futures",
            "at coinbase.com: Profile > Statements, those of futures",
            shown=r"(^|\()(derivatives settlement|fcm futures)",
        ),
        NotRead(
            "perpetual futures",
            "at coinbase.com: Profile > Statements, those of perpetuals",
            shown=r"(^|\()intx (deposit|withdrawal)",
        ),
        NotRead("other portfolios", OWN_KEY, limit=ONE_PORTFOLIO),
    ),
    rights=_ask_rights,
    faults={
        "request timestamp expired": base.CLOCK,
        '"PERMISSION_DENIED"': base.LACKING,
        "Missing required scopes": base.LACKING,
        '"invalid_scope"': base.LACKING,
        '"authentication_error"': _NOT_TAKEN,
        '"invalid_token"': _NOT_TAKEN,
        '"revoked_token"': _NOT_TAKEN,
        '"expired_token"': _NOT_TAKEN,
        '"unauthorized"': _NOT_TAKEN,
        '"unauthenticated"': _NOT_TAKEN,
        '"UNAUTHENTICATED"': _NOT_TAKEN,
        " 401 ": _NOT_TAKEN,
        '"rate_limit_exceeded"': base.LIMITED,
        '"resource_exhausted"': base.LIMITED,
        '"RESOURCE_EXHAUSTED"': base.LIMITED,
        " 429 ": base.LIMITED,
    },
    key_help=(
        "At portal.cdp.coinbase.com: API Keys > Secret API Keys > Create API key; under API restrictions choose the "
        "portfolio and View only, under Advanced settings ECDSA; download the key and give the file as it is, "
        "`taxsync keys add coinbase --stdin < FILE`"
    ),
    bind_help="At portal.cdp.coinbase.com: API Keys > Secret API Keys, edit the key, IP allowlist",
    revoke_help="At portal.cdp.coinbase.com: API Keys > Secret API Keys, the key's menu, Delete",
    key_file={"name": "apiKey", "id": "apiKey", "privateKey": "secret", **dict.fromkeys(_ABOUT_THE_KEY, "")},
)

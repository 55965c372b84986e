"""Gate over its API: the account book has everything of the spot account, in windows of 30 days; MyTrades says pair,
price and fee, the wallet's lists fee and hash. It lists all keys of an account, each only by its first characters.

Conversions (flash swaps) and dust are in the account book, by their codes; ccxt 4.5.90 has no address for the list of
flash swaps, which is not needed. Not told: what is locked in staking and fixed-term products (Simple Earn's flexible
part is), margin, futures and bots beyond what moved there, P2P.

Sources: gate.com/docs/developers/apiv4, "Query spot account transaction history" (30 days, limit * (page - 1) up to
100,000), "Query personal trading records", "Get deposit records", "Get withdrawal records", "Query user dividend
records", "Query user's lending order list", "Retrieve user account information", "Query All Main Account Key
Information" (2026-11), which shows a list; Gate's own libraries take one object whose key is no text, so both are read.
The labels of errors as in ccxt. From memory: that a key needs Spot and Wallet to read the history; that nothing is
older than 2017; that lists of a time in the past do not change. When a key ends isn't told.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from msgspec.structs import replace

from importers import base
from importers.base import (
    Answer,
    Call,
    Exchange,
    Fault,
    Item,
    Listed,
    Params,
    Refused,
    Rights,
    Span,
    Stream,
    Unlike,
    Wallet,
    beyond,
    elsewhere,
    inside,
)
from importers.elsewhere import OWN_KEY, NotRead
from importers.entries import by_content, listed, seconds, text
from importers.parsers.gate import BOOK, DEPOSITS, INTEREST, TRADES, WITHDRAWALS, read_records
from importers.permissions import of_all

WINDOW = 30  # days
LATE, PENDING = 7, 28  # days that a line may come late, and a withdrawal may stay unfinished
MOST = 100  # lending positions of one answer

# ---- the history --------------------------------------------------------------------------------


def _asking(limit: int, *, by_offset: bool = False) -> Callable[[Span], Params]:
    """What asks for a page of a window: by its number, or by how many come before it."""

    def ask(span: Span) -> Params:
        assert span.since is not None and span.until is not None
        place = {"offset": span.place or 0} if by_offset else {"page": span.place or 1}
        return {"from": int(span.since), "to": int(span.until), "limit": limit, **place}

    return ask


def _reading(limit: int, time: str, *names: str, by_offset: bool = False) -> Callable[[Answer, Span], Listed]:
    """Reads a page: identities from `names`, or from the content where there are none; a page that is not full is the
    last one."""

    def read(answer: Answer, span: Span) -> Listed:
        found = listed(answer)
        ids = [":".join(text(each, name) for name in names) for each in found] if names else _by_payment(found)
        items = [Item(id, seconds(each, time), each) for id, each in zip(ids, found, strict=True)]
        following = int(span.place or 0) + len(items) if by_offset else int(span.place or 1) + 1
        return Listed(items, following if len(items) >= limit else None)

    return read


def _by_payment(found: Any) -> list[str]:
    return by_content(found, "create_time", "currency", "interest", "interest_status")


def _held(answer: Answer) -> Answer:
    for each in listed(answer):
        text(each, "currency")
    return answer


def _lent(answer: Answer) -> Answer:
    if len(listed(answer)) >= MOST:
        raise Unlike("it has more lending positions than one answer holds")
    return _held(answer)


# ---- what a key may do ----------------------------------------------------------------------------

_NEEDED = {"spot": "Spot", "wallet": "Wallet"}
_TRADES = frozenset(
    f"{name} write"
    for name in (
        "spot", "margin", "futures", "delivery", "options", "earn", "loan", "unified", "account", "copy", "pilot",
        "otc", "alpha", "crossx", "rebate",
    )
)  # fmt: skip
_MOVES = frozenset(f"{name} write" for name in ("wallet", "withdraw", "custody", "sub_account", "sub_accounts"))
_KNOWN = frozenset(
    (
        "perms", "state", "mode", "name", "user_id", "ip_whitelist", "currency_pairs", "key", "created_at",
        "update_at", "updated_at", "last_access",
    )
)  # fmt: skip
_NORMAL, _LOCKED, _FROZEN = 1, 2, 3


def _ask_rights(call: Call, key: str = "") -> Rights:
    """`key`: the apiKey that asks, where the caller knows it; without it, what any key of the account may do."""
    account = call("privateAccountGetDetail", {}, _account)

    def read(answer: Answer) -> Rights:
        return of_all(_rights(each) for each in _listed(answer, key))

    rights: Rights = call("privateAccountGetMainKeys", {}, read)
    rights = replace(rights, ip_bound=base.bound(account["ip_whitelist"]))
    return beyond(rights, account.get("key") or {}, frozenset({"mode"}))


def _account(answer: Answer) -> Mapping[str, Any]:
    """The account of the key that asks: the addresses it is bound to, its mode."""
    if not isinstance(inside(answer, "ip_whitelist"), list) or not isinstance(answer.get("key") or {}, dict):
        raise Unlike("its answer has no list of addresses")
    account: Mapping[str, Any] = answer
    return account


def _listed(answer: Answer, key: str) -> Iterator[Mapping[str, Any]]:
    found = answer if isinstance(answer, list) else [answer]
    if not found or not all(isinstance(each, dict) for each in found):
        raise Unlike("its answer has no list of keys")
    if not key:
        yield from found
        return
    own = [each for each in found if _named(each) and base.shows(each["key"], key)]
    yield from own or (each for each in found if not _named(each))


def _named(each: Mapping[str, Any]) -> bool:
    """Whether it is said which key this is, by enough of its characters."""
    shown = each.get("key")
    return isinstance(shown, str) and len(shown.replace("*", "")) >= 8


def _rights(each: Mapping[str, Any]) -> Rights:
    """A permission is only for reading where it says so, and nowhere else."""
    given = inside(each, "perms")
    if not isinstance(given, list):
        raise Unlike("its answer does not say what the key may do")
    names = [(inside(one, "name"), one.get("read_only")) for one in given if isinstance(one, dict)]
    if len(names) != len(given) or not all(isinstance(name, str) for name, _ in names):
        raise Unlike("its answer does not say what the key may do")
    state = each.get("state", _NORMAL)
    if type(state) is int and state in (_LOCKED, _FROZEN):
        raise Refused(f"Gate (main_keys): {base.LOCKED.sentence}")
    reads = frozenset(f"{name} read" for name, reading in names if reading is True)
    writes = {f"{name} write" for name, reading in names if reading is not True}
    rights = Rights.of(reads | writes, reads, _TRADES, _MOVES)
    has = {name for name, _ in names}
    rights = replace(
        rights,
        read=bool(names),
        missing=tuple(words for name, words in _NEEDED.items() if name not in has),
        created=base.day(each.get("created_at")),
    )
    for one in given:
        rights = beyond(rights, one, frozenset(("name", "read_only")))
    known = _KNOWN if type(state) is int and state == _NORMAL else _KNOWN - {"state"}
    return beyond(rights, each, known)


_SITES = "gate for gate.com, gateeu for Gate Europe"

_BILLING = "at Gate: Order History and Billing Details, export"
# As lines of the account book are described: by type, or by code alone.
_AWAY = (
    r"^(margin|spot_settle|cross|perp|perp_settle|delivery|ai|e_options|options|quant|fct)_(in|out|return|refund)"
    r"|^\((60[12]|65[12]|70[1-6]|91[12]|1401|160[1-4]|170[1-3]|320[1-3]|360[1-6]|100202|1502\d\d)\)"
)

EXCHANGE = Exchange(
    id="gate",
    name="Gate",
    version=2,
    credentials=("apiKey", "secret"),
    time=("publicSpotGetTime", lambda answer: answer["server_time"]),
    allow=frozenset(
        {
            ("public.spot", "GET", "time"),
            ("private.account", "GET", "detail"),
            ("private.account", "GET", "main_keys"),
            ("private.spot", "GET", "account_book"),
            ("private.spot", "GET", "accounts"),
            ("private.spot", "GET", "my_trades"),
            ("private.wallet", "GET", "deposits"),
            ("private.wallet", "GET", "withdrawals"),
            ("private.earn", "GET", "uni/interest_records"),
            ("private.earn", "GET", "uni/lends"),
        }
    ),
    streams=(
        Stream(
            BOOK,
            "account changes",
            "privateSpotGetAccountBook",
            _asking(1000),
            _reading(1000, "time", "id"),
            LATE,
            window=WINDOW,
        ),
        Stream(
            TRADES,
            "trades",
            "privateSpotGetMyTrades",
            _asking(1000),
            _reading(1000, "create_time_ms", "currency_pair", "id", "order_id"),
            LATE,
            window=WINDOW,
        ),
        Stream(
            DEPOSITS,
            "deposits",
            "privateWalletGetDeposits",
            _asking(500, by_offset=True),
            _reading(500, "timestamp", "id", by_offset=True),
            PENDING,
            window=WINDOW,
        ),
        Stream(
            WITHDRAWALS,
            "withdrawals",
            "privateWalletGetWithdrawals",
            _asking(500, by_offset=True),
            _reading(500, "timestamp", "id", by_offset=True),
            PENDING,
            window=WINDOW,
        ),
        Stream(
            INTEREST,
            "interest of Simple Earn",
            "privateEarnGetUniInterestRecords",
            _asking(100),
            _reading(100, "create_time"),
            LATE,
            window=WINDOW,
            optional=True,
        ),
    ),
    parse=read_records,
    wallets=(
        Wallet("", "privateSpotGetAccounts", _held),
        Wallet("earn", "privateEarnGetUniLends", _lent, {"page": 1, "limit": MOST}, optional=True),
    ),
    begins=date(2017, 1, 1),
    not_read=(
        NotRead("margin and futures and options and bots", _BILLING, shown=_AWAY),
        NotRead("P2P trades", _BILLING),
        NotRead("loans", _BILLING),
        NotRead("NFTs", _BILLING),
        NotRead("sub-accounts", OWN_KEY),
    ),
    gap_help="at gate.com: Order History and Billing Details, export, for staking, P2P, bots and what is missing",
    rights=_ask_rights,
    faults={
        '"INVALID_KEY"': elsewhere(_SITES),
        '"INVALID_CREDENTIALS"': base.KEY,
        '"AUTHENTICATION_FAILED"': base.KEY,
        '"INVALID_SIGNATURE"': base.SECRET,
        '"REQUEST_EXPIRED"': base.CLOCK,
        '"IP_FORBIDDEN"': base.ADDRESS,
        '"FORBIDDEN"': Fault("the key lacks the right to this; tick Account, Spot and Wallet, all of them Read Only"),
        '"READ_ONLY"': base.LACKING,
        '"ACCOUNT_LOCKED"': base.LOCKED,
        '"TOO_MANY_REQUESTS"': base.LIMITED,
        '"TOO_FAST"': base.LIMITED,
        '"TOO_BUSY"': base.BUSY,
        '"SERVER_ERROR"': base.BUSY,
        '"INTERNAL"': base.BUSY,
    },
    key_help=(
        "At gate.com: profile > API Management > Create API key, APIv4; tick Account, Spot, Wallet and Earn and set "
        "each to Read Only"
    ),
    bind_help="At gate.com: profile > API Management, Edit, Bind IP (a key without one ends in 90 days)",
    revoke_help="At gate.com: profile > API Management, Delete beside the key",
)

"""Gate over its API: its keys, so far. It lists all keys of an account, each only by its first characters.

Sources: gate.com/docs/developers/apiv4, "Retrieve user account information", "Query All Main Account Key Information"
(2026-11), which shows a list; Gate's own libraries take one object, so both are read. The labels of errors as in
ccxt. From memory: that a key needs Spot and Wallet to read the history.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from importers import base
from importers.base import Answer, Call, Exchange, Fault, Rights, Unlike, day, elsewhere, inside
from importers.permissions import of_all

_NEEDED = {"spot": "Spot", "wallet": "Wallet"}
_TRADES = frozenset(
    f"{name} write"
    for name in (
        "spot", "margin", "futures", "delivery", "options", "earn", "loan", "unified", "account", "copy", "pilot",
        "otc", "alpha", "crossx", "rebate",
    )
)  # fmt: skip
_MOVES = frozenset(f"{name} write" for name in ("wallet", "withdraw", "custody", "sub_account", "sub_accounts"))


def _ask_rights(call: Call, key: str = "") -> Rights:
    """`key`: the apiKey that asks, where the caller knows it; without it, what any key of the account may do."""
    addresses = call("privateAccountGetDetail", {}, _addresses)

    def read(answer: Answer) -> Rights:
        return of_all(_rights(each) for each in _listed(answer, key))

    rights: Rights = call("privateAccountGetMainKeys", {}, read)
    return replace(rights, ip_bound=bool(addresses))


def _addresses(answer: Answer) -> list[str]:
    listed = inside(answer, "ip_whitelist")
    if not isinstance(listed, list):
        raise Unlike("its answer has no list of addresses")
    return listed


def _listed(answer: Answer, key: str) -> Iterator[Mapping[str, Any]]:
    found = answer if isinstance(answer, list) else [answer]
    if not found or not all(isinstance(each, dict) for each in found):
        raise Unlike("its answer has no list of keys")
    own = [each for each in found if key and _is(each.get("key"), key)]
    yield from own or found


def _is(shown: object, key: str) -> bool:
    """Whether `shown`, as c5dcfbf1f3a7*****, is this key."""
    begin = shown.rstrip("*") if isinstance(shown, str) else ""
    return len(begin) >= 8 and key.startswith(begin)


def _rights(each: Mapping[str, Any]) -> Rights:
    """A permission is only for reading where it says so, and nowhere else."""
    given = inside(each, "perms")
    if not isinstance(given, list):
        raise Unlike("its answer does not say what the key may do")
    names = [(inside(one, "name"), one.get("read_only")) for one in given if isinstance(one, dict)]
    if len(names) != len(given) or not all(isinstance(name, str) for name, _ in names):
        raise Unlike("its answer does not say what the key may do")
    reads = frozenset(f"{name} read" for name, reading in names if reading is True)
    writes = {f"{name} write" for name, reading in names if reading is not True}
    rights = Rights.of(reads | writes, reads, _TRADES, _MOVES)
    has = {name for name, _ in names}
    return replace(
        rights,
        read=bool(names),
        missing=tuple(words for name, words in _NEEDED.items() if name not in has),
        created=_created(each.get("created_at")),
    )


def _created(seconds: object) -> str:
    digits = str(seconds)
    return day(f"{digits}000") if digits.isdecimal() and int(digits) else ""


_SITES = "gate for gate.com, gateeu for Gate Europe"

EXCHANGE = Exchange(
    id="gate",
    name="Gate",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset({("private.account", "GET", "detail"), ("private.account", "GET", "main_keys")}),
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

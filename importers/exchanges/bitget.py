"""Bitget over its API: its keys, so far. A unified account is asked in another way than a classic one.

Sources: bitget.com/api-doc, "Get Account Information" (spot) and "Get Account Info" (UTA); Bitget's own agent-sdk for
the error codes, the others as in ccxt (2026-11). From memory: that managing a unified account includes transfers.
"""

from dataclasses import replace

from importers import base
from importers.base import Answer, Call, Exchange, Fault, Refused, Rights, Unlike, inside

_READS = frozenset("readonly coor cpor stor smor ttor wtor taxr chor p2pr pllr".split())
_TRADES = frozenset("trade coow cpow stow smow ttow p2p p2pw pllw taxw".split())
_MOVES = frozenset("withdraw transfer wtow wwow chow".split())  # chow: sub-accounts, which funds can go to
_NEEDED = {"stor": "spot trade: read", "wtor": "wallet transfer: read"}
_UNIFIED = Fault("its account is a unified one")
_UNIFIED_TRADES = frozenset(("uta_trade", "copy_futures_position", "copy_futures_order"))


def _ask_rights(call: Call, _key: str = "") -> Rights:
    try:
        rights: Rights = call("privateSpotGetV2SpotAccountInfo", {}, _rights)
    except Refused as why:
        if not str(why).endswith(_UNIFIED.sentence):
            raise
        rights = call("privateUtaGetV3AccountInfo", {}, _unified_rights)
    return rights


def _rights(answer: Answer) -> Rights:
    account = inside(answer, "data")
    may = _words(inside(account, "authorities"))
    rights = Rights.of(may, _READS, _TRADES, _MOVES)
    sees = may | {f"{word[:-1]}r" for word in may} | (set(_NEEDED) if "readonly" in may else set())
    missing = tuple(words for code, words in _NEEDED.items() if code not in sees)
    return _bound(replace(rights, read=bool(sees & _READS), missing=missing), account)


def _unified_rights(answer: Answer) -> Rights:
    account = inside(answer, "data")
    may, kind = _words(inside(account, "permissions")), inside(account, "permType")
    if kind == "read-only":
        return _bound(Rights(read=True, may=tuple(f"read {word}" for word in sorted(may))), account)
    rights = Rights.of(may, frozenset(), _UNIFIED_TRADES, frozenset({"withdraw", "uta_mgt"}))
    unknown = rights.unknown or kind != "read-and-write"
    return _bound(replace(rights, read=True, trade=True, unknown=unknown), account)


def _words(given: Answer) -> set[str]:
    if not isinstance(given, list) or not given or not all(isinstance(word, str) for word in given):
        raise Unlike("its answer does not say what the key may do")
    return set(given)


def _bound(rights: Rights, account: Answer) -> Rights:
    addresses = account.get("ips")
    return replace(rights, ip_bound=bool(addresses.strip()) if isinstance(addresses, str) else None)


EXCHANGE = Exchange(
    id="bitget",
    name="Bitget",
    version=1,
    credentials=("apiKey", "secret", "password"),
    allow=frozenset({("private.spot", "GET", "v2/spot/account/info"), ("private.uta", "GET", "v3/account/info")}),
    rights=_ask_rights,
    faults={
        '"code":"40006"': base.KEY,
        '"code":"40036"': base.KEY,
        '"code":"40037"': base.KEY,
        '"code":"40009"': base.SECRET,
        '"code":"40010"': base.SECRET,
        '"code":"40012"': base.PASSPHRASE,
        '"code":"40018"': base.ADDRESS,
        '"code":"40014"': base.LACKING,
        '"code":"40004"': base.CLOCK,
        '"code":"40005"': base.CLOCK,
        '"code":"40008"': base.CLOCK,
        '"code":"40024"': base.COUNTRY,
        '"code":"40085"': _UNIFIED,
        '"code":"429"': base.LIMITED,
        '"code":"40015"': base.BUSY,
        '"code":"40200"': base.BUSY,
        '"code":"40725"': base.BUSY,
    },
    key_help=(
        "At bitget.com: profile > API keys > Create API key, system-generated; choose a passphrase, Read-only, and "
        "tick Spot trading, Wallet transfer and Tax (of a unified account: both entries)"
    ),
    bind_help="At bitget.com: profile > API keys, Edit, Bind IP address",
    revoke_help="At bitget.com: profile > API keys, Delete beside the key",
)

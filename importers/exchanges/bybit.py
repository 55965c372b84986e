"""Bybit over its API: its keys, so far. A key reads only, or reads and writes what is ticked.

Sources: bybit-exchange.github.io/docs, "Get API Key Information", "Modify Master API Key", "Error Code" (2026-11);
33004 as in ccxt. From memory: the page that blocks a country.
"""

from collections.abc import Iterator
from dataclasses import replace

from importers import base
from importers.base import Answer, Call, Exchange, Fault, Rights, Unlike, elsewhere, inside

_TRADES = frozenset(
    (
        "ContractTrade Order", "ContractTrade Position", "Spot SpotTrade", "Options OptionsTrade",
        "Derivatives DerivativesTrade", "Exchange ExchangeHistory", "Earn Earn", "CopyTrading CopyTrading",
        "BlockTrade BlockTrade", "Affiliate Affiliate", "NFT NFTQueryProductList",
    )
)  # fmt: skip
_MOVES = ("Wallet ", "Fiat")  # groups: AccountTransfer, SubMemberTransfer, Withdraw; P2P, payments


def _ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call("privateGetV5UserQueryApi", {}, _rights)
    return rights


def _rights(answer: Answer) -> Rights:
    key = inside(answer, "result")
    reads, groups, bound = inside(key, "readOnly"), inside(key, "permissions"), inside(key, "ips")
    if not isinstance(groups, dict) or not isinstance(bound, list):
        raise Unlike("its answer does not say what the key may do")
    words = set(_words(groups))
    rights = Rights.of(words, frozenset(), _TRADES, frozenset(w for w in words if w.startswith(_MOVES)))
    if type(reads) is int and reads == 1:
        rights = Rights(read=True, may=tuple(f"read {word}" for word in rights.may))
    else:  # without anything ticked, too: what it can write then is not said
        unknown = rights.unknown or type(reads) is not int or reads != 0
        rights = replace(rights, read=True, trade=True, unknown=unknown)
    return replace(
        rights,
        ip_bound=bool(bound) and "*" not in bound,
        expires=_day(key.get("expiredAt")),
        created=_day(key.get("createdAt")),
    )


def _words(groups: dict[str, Answer]) -> Iterator[str]:
    """Group and right, as "Spot SpotTrade"."""
    for group, rights in groups.items():
        if not isinstance(rights, list) or not all(isinstance(right, str) for right in rights):
            raise Unlike("its answer does not say what the key may do")
        yield from (f"{group} {right}" for right in rights)


def _day(at: Answer) -> str:
    """The day of an ISO time; "" for none, which may be the beginning of its time."""
    found = at[:10] if isinstance(at, str) else ""
    return "" if found < "2000" else found


EXCHANGE = Exchange(
    id="bybit",
    name="Bybit",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset({("private", "GET", "v5/user/query-api")}),
    rights=_ask_rights,
    faults={
        '"retCode":10003,': elsewhere("bybit for bybit.com, bybiteu for bybit.eu"),
        '"retCode":10004,': base.SECRET,
        '"retCode":33004,': base.EXPIRED,
        '"retCode":10010,': base.ADDRESS,
        '"retCode":10002,': base.CLOCK,
        '"retCode":10005,': base.LACKING,
        '"retCode":10007,': elsewhere("bybit for bybit.com, bybiteu for bybit.eu"),
        '"retCode":10008,': base.LOCKED,
        '"retCode":10009,': Fault("it has banned the address of this machine for now; try again tomorrow"),
        '"retCode":10024,': base.COUNTRY,
        "block access from your country": base.COUNTRY,
        '"retCode":10006,': base.LIMITED,
        '"retCode":10018,': base.LIMITED,
        '"retCode":10000,': base.BUSY,
        '"retCode":10016,': base.BUSY,
    },
    key_help=(
        "At bybit.com: profile > API > Create new key, system-generated, API transaction; choose Read-Only, then tick "
        "everything to read: Contract, Unified trading, Spot, Wallet, Exchange, Earn"
    ),
    bind_help="At bybit.com: profile > API, Edit, only IPs with permission (a key without one ends in 90 days)",
    revoke_help="At bybit.com: profile > API, Delete beside the key",
)

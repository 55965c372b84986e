"""Bitfinex over its API: its keys, so far. A key reads or writes, scope by scope.

Sources: docs.bitfinex.com, "Key Permissions", "Requirements and Limitations" (2026-11); the errors as in ccxt, which
passes on only their text. From memory: that the ledger needs the scopes history and wallets.
"""

from collections.abc import Iterator
from dataclasses import replace

from importers import base
from importers.base import Answer, Call, Exchange, Rights, Unlike

_NEEDED = {"history": "Account History: read", "wallets": "Wallets: read"}
_TRADES = frozenset(f"{scope} write" for scope in ("account", "history", "orders", "positions", "funding", "settings"))
_MOVES = frozenset(f"{scope} write" for scope in ("wallets", "withdraw", "ui_withdraw", "bfxpay"))


def _ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call("privatePostAuthRPermissions", {}, _rights)
    return rights


def _rights(answer: Answer) -> Rights:
    """A scope is not written where it says 0, and nowhere else."""
    listed = list(_scopes(answer))
    scopes = dict(listed)
    if len(scopes) != len(listed) or not {*_NEEDED, "withdraw", "orders"} <= set(scopes):
        raise Unlike("its answer does not say what the key may do")
    reads = frozenset(f"{scope} read" for scope, (read, _) in scopes.items() if read == 1)
    writes = {f"{scope} write" for scope, (_, write) in scopes.items() if write != 0}
    rights = Rights.of(reads | writes, reads, _TRADES, _MOVES)
    return replace(
        rights,
        unknown=rights.unknown or any(write not in (0, 1) for _, write in scopes.values()),
        missing=tuple(words for scope, words in _NEEDED.items() if f"{scope} read" not in reads),
    )


def _scopes(answer: Answer) -> Iterator[tuple[str, tuple[int, int]]]:
    for entry in answer if isinstance(answer, list) else ():
        if not isinstance(entry, list) or len(entry) < 3 or [type(each) for each in entry[:3]] != [str, int, int]:
            raise Unlike("its answer does not say what the key may do")
        yield entry[0], (entry[1], entry[2])


EXCHANGE = Exchange(
    id="bitfinex",
    name="Bitfinex",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset({("private", "POST", "auth/r/permissions")}),
    rights=_ask_rights,
    faults={
        "digest invalid": base.SECRET,
        "apikey: invalid": base.KEY,
        "permission invalid": base.LACKING,
        "nonce: small": base.NONCE,
        "ratelimit": base.LIMITED,
        "ERR_RATE_LIMIT": base.LIMITED,
        "maintenance": base.BUSY,
        "temporarily_unavailable": base.BUSY,
    },
    key_help=(
        "At bitfinex.com: Account > API keys > Create new key; switch on the Read column only (Account History, "
        "Wallets and the rest), leave every Write off"
    ),
    bind_help="At bitfinex.com: Account > API keys > Create new key, Restrict access to IP addresses",
    revoke_help="At bitfinex.com: Account > API keys, Revoke beside the key",
)

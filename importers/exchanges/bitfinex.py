"""Bitfinex over its API: the ledger is the truth, movements say hashes, trades whether the ledger reaches far enough.

Every list comes newest first, some number of milliseconds back; numbers are JSON numbers. The ledger has the last six
years. A key reads or writes, scope by scope.

Sources: docs.bitfinex.com, "Ledgers", "Trades", "Movements", "Wallets", "Key Permissions", "Requirements and
Limitations" (2026-11); the errors as in ccxt, which passes on only their text. From memory: that the ledger needs the
scopes history and wallets. To which addresses a key is bound, when it was made and when it ends isn't told.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from importers import base
from importers.base import Answer, Call, Exchange, Item, Listed, Params, Rights, Span, Stream, Unlike, Wallet, beyond
from importers.elsewhere import OWN_KEY, NotRead
from importers.parsers.bitfinex import LEDGERS, MOVEMENTS, TRADES, read_records

LATE = 7  # days that a record may come late
SIX_YEARS = 6 * 365  # days

# ---- reading its answers ----------------------------------------------------------------------


def _asking(limit: int) -> Callable[[Span], Params]:
    def ask(span: Span) -> Params:
        params: Params = {"limit": limit}
        if span.since is not None:
            params["start"] = int(span.since * 1000)
        if span.place is not None:
            params["end"] = span.place
        return params

    return ask


def _reading(limit: int, time: int) -> Callable[[Answer, Span], Listed]:
    """A page of a list, newest first, with the milliseconds at index `time`. The next one begins with what has the
    time of its last record, once more: others may have the same. The documents name several largest pages, so one of
    a round number of records may have been cut there."""

    def read(answer: Answer, span: Span) -> Listed:
        if not isinstance(answer, list):
            raise Unlike("its answer is no list")
        items = [_item(entry, time) for entry in answer]
        last = min((int(item.time * 1000) for item in items), default=None)
        whole = len(items) % 25 or last is None or (last == span.place and len(items) < limit)
        return Listed(items, None if whole else last)

    return read


def _item(entry: Answer, time: int) -> Item:
    if not isinstance(entry, list) or len(entry) <= time or isinstance(entry[0], bool):
        raise Unlike("an entry of its answer is no list")
    id, at = entry[0], entry[time]
    if not isinstance(id, int | str) or not str(id).isdecimal() or isinstance(at, bool) or not isinstance(at, int):
        raise Unlike("an entry of its answer has no number or no time")
    return Item(str(id), Decimal(at) / 1000, entry)


def _wallets(answer: Answer) -> Answer:
    if not isinstance(answer, list) or not all(isinstance(w, list) and len(w) > 2 for w in answer):
        raise Unlike("its answer has no balances")
    return answer


# ---- what a key may do ------------------------------------------------------------------------

_NEEDED = {"history": "Account History: read", "wallets": "Wallets: read"}
_TRADES = frozenset(f"{scope} write" for scope in ("account", "history", "orders", "positions", "funding", "settings"))
_MOVES = frozenset(f"{scope} write" for scope in ("wallets", "withdraw", "ui_withdraw", "bfxpay"))


def _ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call("privatePostAuthRPermissions", {}, _rights)
    return rights


def _rights(answer: Answer) -> Rights:
    """A scope is not written where it says 0, and nowhere else."""
    listed = list(_scopes(answer))
    scopes = {scope: (read, write) for scope, read, write, _ in listed}
    if len(scopes) != len(listed) or not {*_NEEDED, "withdraw", "orders"} <= set(scopes):
        raise Unlike("its answer does not say what the key may do")
    reads = frozenset(f"{scope} read" for scope, (read, _) in scopes.items() if read == 1)
    writes = {f"{scope} write" for scope, (_, write) in scopes.items() if write != 0}
    rights = Rights.of(reads | writes, reads, _TRADES, _MOVES)
    odd = any(flag not in (0, 1) for flags in scopes.values() for flag in flags)
    rights = replace(
        rights,
        trade=rights.trade or odd,
        unknown=rights.unknown or odd,
        missing=tuple(words for scope, words in _NEEDED.items() if f"{scope} read" not in reads),
    )
    return beyond(rights, {name: value for *_, more in listed for name, value in more.items()}, frozenset())


def _scopes(answer: Answer) -> Iterator[tuple[str, int, int, Mapping[str, Answer]]]:
    """Scope, read, write (1 or 0), and what stands in further columns, by a name for each."""
    for entry in answer if isinstance(answer, list) else ():
        if not isinstance(entry, list) or [type(each) for each in entry[:3]] != [str, int, int]:
            raise Unlike("its answer does not say what the key may do")
        scope, read, write, *more = entry
        yield scope, read, write, {f"{scope} column {at}": value for at, value in enumerate(more, 4)}


EXCHANGE = Exchange(
    id="bitfinex",
    name="Bitfinex",
    version=2,
    credentials=("apiKey", "secret"),
    allow=frozenset(
        ("private", "POST", f"auth/r/{path}")
        for path in ("permissions", "wallets", "ledgers/hist", "trades/hist", "movements/hist")
    ),
    streams=(
        Stream(
            LEDGERS,
            "ledger entries",
            "privatePostAuthRLedgersHist",
            _asking(2500),
            _reading(2500, 3),
            LATE,
            horizon=SIX_YEARS,
        ),
        Stream(TRADES, "trades", "privatePostAuthRTradesHist", _asking(2500), _reading(2500, 2), LATE, optional=True),
        Stream(
            MOVEMENTS,
            "deposits and withdrawals",
            "privatePostAuthRMovementsHist",
            _asking(1000),
            _reading(1000, 6),
            LATE,
            optional=True,
        ),
    ),
    wallets=(Wallet("", "privatePostAuthRWallets", _wallets),),
    parse=read_records,
    begins=date(2012, 10, 1),
    not_read=(NotRead("sub-accounts", OWN_KEY),),
    gap_help="At bitfinex.com: Reports > Ledgers, export the years before as CSV",
    rights=_ask_rights,
    faults={
        "digest invalid": base.SECRET,
        "apikey: invalid": base.KEY_OR_ADDRESS,  # no code of its own for an address, as far as is known
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

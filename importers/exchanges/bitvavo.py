"""Bitvavo over its API: the account's history has all that happened, two lists more the hashes of what moved.

Without a range of days the history is that of the last 30 days, whatever its documents say, so a range is always
asked for: one window from the beginning to now. The list of trades wants the right to trade, which a key that only
reads has not; the history says all of them. The API does not tell what a key may do.

Sources: docs.bitvavo.com, "Get transaction history", "Get deposit history", "Get withdrawal history", "Get account
balance", "Handle errors", "Rate limits"; the reasons of codes 301 to 317 as in ccxt; the 30 days and the right to
trade as another reader of this API found them (2026-11). The capabilities that its account information lists are
those of the account, not of the key (from memory).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime

from importers import base
from importers.base import Answer, Exchange, Fault, Item, Listed, Params, Span, Stream, Unlike, Wallet
from importers.entries import Entry, by_content, cut, listed, milliseconds, seconds, text
from importers.parsers.bitvavo import DEPOSITS, HISTORY, WITHDRAWALS, read_records
from importers.parsers.build import finest

LATE, PENDING = 7, 30  # days that a record may come late, or change
ALWAYS = 36_500  # days: one window for all

# ---- reading its answers ----------------------------------------------------------------------


def _ask_history(span: Span) -> Params:
    params: Params = {"maxItems": 100, "page": span.place or 1}
    if span.since is not None:
        params["fromDate"] = milliseconds(span.since)
    if span.until is not None:
        params["toDate"] = milliseconds(span.until)
    return params


def _history(answer: Answer, span: Span) -> Listed:
    entries = listed(answer, "items")
    items = [Item(text(entry, "transactionId"), finest(_time(entry)), entry) for entry in entries]
    here, pages = int(span.place or 1), answer.get("totalPages")
    if isinstance(pages, bool) or not isinstance(pages, int) or (here < pages and not items):
        raise Unlike("its answer does not say how many pages there are")
    return Listed(items, here + 1 if here < pages else None)


def _time(entry: Entry) -> datetime:
    try:
        moment = datetime.fromisoformat(text(entry, "executedAt"))
    except ValueError:
        raise Unlike("an entry of its answer has no time") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ask_movements(span: Span) -> Params:
    params: Params = {"limit": 1000}
    if span.since is not None:
        params["start"] = milliseconds(span.since)
    if span.place is not None:
        params["end"] = span.place
    return params


def _movements(*names: str) -> Callable[[Answer, Span], Listed]:
    """A page, newest first, of entries without a number: what never changes of them is in `names`."""

    def read(answer: Answer, _span: Span) -> Listed:
        entries = listed(answer)
        ids = by_content(entries, *names)
        items = [Item(id, seconds(entry, "timestamp"), entry) for id, entry in zip(ids, entries, strict=True)]
        last = min((milliseconds(item.time) for item in items), default=None)
        return Listed(items, last if cut(len(items), 1000) else None)

    return read


def _balances(answer: Answer) -> Answer:
    for entry in listed(answer):
        text(entry, "symbol"), text(entry, "available"), text(entry, "inOrder")
    return answer


# ---- the entry --------------------------------------------------------------------------------

EXCHANGE = Exchange(
    id="bitvavo",
    name="Bitvavo",
    version=1,
    credentials=("apiKey", "secret"),
    time=("publicGetTime", lambda answer: answer["time"]),
    allow=frozenset({("public", "GET", "time")})
    | frozenset(
        ("private", "GET", path) for path in ("balance", "account/history", "depositHistory", "withdrawalHistory")
    ),
    streams=(
        Stream(HISTORY, "transactions", "privateGetAccountHistory", _ask_history, _history, LATE, window=ALWAYS),
        Stream(
            DEPOSITS,
            "deposits",
            "privateGetDepositHistory",
            _ask_movements,
            _movements("timestamp", "symbol", "amount", "txId"),
            PENDING,
            optional=True,
        ),
        Stream(
            WITHDRAWALS,
            "withdrawals",
            "privateGetWithdrawalHistory",
            _ask_movements,
            _movements("timestamp", "symbol", "amount", "fee"),
            PENDING,
            optional=True,
        ),
    ),
    wallets=(Wallet("", "privateGetBalance", _balances),),
    parse=read_records,
    begins=date(2018, 1, 1),
    gap_help="At bitvavo.com: Account > Transaction history > Export, the full history as CSV",
    faults={
        '"errorCode":301,': base.KEY,
        '"errorCode":305,': base.KEY,
        '"errorCode":306,': Fault("the key is not active yet: confirm it with the e-mail that Bitvavo sent"),
        '"errorCode":308,': base.SECRET,
        '"errorCode":309,': base.SECRET,
        '"errorCode":307,': base.ADDRESS,
        '"errorCode":302,': base.CLOCK,
        '"errorCode":304,': base.CLOCK,
        '"errorCode":311,': base.LACKING,
        '"errorCode":317,': base.LOCKED,
        '"errorCode":103,': base.LIMITED,
        '"errorCode":105,': base.LIMITED,
        '"errorCode":110,': base.LIMITED,
        '"errorCode":107,': base.BUSY,
        '"errorCode":108,': base.BUSY,
        '"errorCode":109,': base.BUSY,
    },
    key_help=(
        "At bitvavo.com: profile > API > Request new API key; tick only View information, neither Trade nor Withdraw, "
        "and confirm by e-mail"
    ),
    bind_help="At bitvavo.com: profile > API, edit the key, IP whitelist",
    revoke_help="At bitvavo.com: profile > API, Remove beside the key",
)

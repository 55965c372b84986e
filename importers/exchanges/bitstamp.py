"""Bitstamp over its API: user transactions by id, withdrawal requests for their hashes, and Earn's own list. It does
not tell what a key may do.

Sources: bitstamp.net/api, "User transactions" (with since_id a page has 1000), "Withdrawal requests" (of the last
50,000,000 seconds), "Earn transactions", "Earn subscriptions", "Account balances", "Response codes" (2026-11, some by
way of clients made from its description). From other programs' sources, not from a document: the codes API0001 to
API0017, and that since_id 1 is the beginning; no request for a key's rights is documented. ccxt 4.5.90 leaves the
query out of a GET that is signed: of Earn's list only the first page can be had, the newest 100. What Earn pays out to
the account is among the user transactions, however old.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from importers import base
from importers.base import Answer, Exchange, Item, Listed, Params, Span, Stream, Unlike, Wallet
from importers.elsewhere import OWN_KEY, NotRead
from importers.entries import cut
from importers.parsers.bitstamp import EARN, USER, WITHDRAWALS, read_records
from importers.parsers.build import finest, iso

PAGE = 1000
ANEW = "anew "  # before the place of a list that is gone through once more from its beginning
REACH = 50_000_000  # seconds of withdrawal requests
LATE = 30  # days in which a withdrawal or a reward may stay unfinished

# ---- reading its answers ----------------------------------------------------------------------


def _rows(answer: Answer) -> list[Any]:
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise Unlike("its answer is no list of records")
    return answer


def _time(row: Any) -> Decimal:
    try:
        return finest(iso(row.get("datetime")))
    except (ValueError, TypeError):
        raise Unlike("a record of its answer has no time") from None


def _id(row: Any) -> str:
    id = row.get("id")
    if isinstance(id, bool) or not re.fullmatch("[1-9][0-9]{0,18}", str(id)):
        raise Unlike("a record of its answer has no id")
    return str(id)


def _ask_user(span: Span) -> Params:
    place, _ = _reached(span)
    return {"since_id": max(place - 1, 1), "sort": "asc", "limit": PAGE, "offset": 0}


def _reached(span: Span) -> tuple[int, bool]:
    """(the id of the last record that is kept, whether it is met again for sure)."""
    return (int(span.place[len(ANEW) :]), False) if isinstance(span.place, str) else (span.place or 1, True)


def _user(answer: Answer, span: Span) -> Listed:
    """Onward by id: the last one of before is met again, so that it does not matter whether `since_id` is inclusive.
    Where it is not there, it had an id that leads beyond all others, and the list is gone through anew."""
    found = [Item(_id(row), _time(row), row) for row in _rows(answer)]
    place, known = _reached(span)
    if place > 1 and known and not found:
        return Listed([], f"{ANEW}1")
    newest = max((int(item.id) for item in found), default=place)
    kept = [item for item in found if span.since is None or item.time >= span.since]
    return Listed(kept, newest, last=not cut(len(found), PAGE))


def _ask_withdrawals(span: Span) -> Params:
    return {"timedelta": REACH, "limit": PAGE, "offset": span.place or 0}


def _withdrawals(answer: Answer, span: Span) -> Listed:
    found = [Item(_id(row), _time(row), row) for row in _rows(answer)]
    return Listed(found, int(span.place or 0) + len(found) if cut(len(found), PAGE) else None)


def _earn(answer: Answer, _span: Span) -> Listed:
    """Records without an id: what they say, and the how manieth they are of those that say the same."""
    seen: Counter[str] = Counter()
    items = []
    for row in _rows(answer):
        what = "|".join(str(row.get(name)) for name in ("datetime", "type", "currency", "amount"))
        seen[what] += 1
        items.append(Item(f"{hashlib.sha256(what.encode()).hexdigest()[:24]}#{seen[what]}", _time(row), row))
    return Listed(items)


def _holding(*names: str) -> Callable[[Answer], Answer]:
    def read(answer: Answer) -> Answer:
        if any(name not in row for row in _rows(answer) for name in names):
            raise Unlike("its answer does not say what is held")
        return answer

    return read


_EXPORT = "at bitstamp.net: Transactions > Export, CSV, of all time and all types"

EXCHANGE = Exchange(
    id="bitstamp",
    name="Bitstamp",
    version=2,
    credentials=("apiKey", "secret"),
    allow=frozenset(
        {
            ("private", "POST", "account_balances/"),
            ("private", "POST", "user_transactions/"),
            ("private", "POST", "withdrawal-requests/"),
            ("private", "GET", "earn/transactions/"),
            ("private", "GET", "earn/subscriptions/"),
        }
    ),
    streams=(
        Stream(USER, "user transactions", "privatePostUserTransactions", _ask_user, _user, 0, onward=True),
        Stream(
            WITHDRAWALS,
            "withdrawal requests",
            "privatePostWithdrawalRequests",
            _ask_withdrawals,
            _withdrawals,
            LATE,
            optional=True,
        ),
        Stream(
            EARN,
            "the newest 100 Earn transactions",
            "privateGetEarnTransactions",
            lambda _: {},
            _earn,
            LATE,
            optional=True,
        ),
    ),
    parse=read_records,
    wallets=(
        Wallet("", "privatePostAccountBalances", _holding("currency", "total")),
        Wallet("earn", "privateGetEarnSubscriptions", _holding("currency", "amount"), optional=True),
    ),
    begins=date(2011, 8, 1),
    gap_help=_EXPORT,
    not_read=(NotRead("perpetual futures", _EXPORT, shown="settlement transfer"), NotRead("sub-accounts", OWN_KEY)),
    faults={
        "API0001": base.KEY,
        "API0002": base.ADDRESS,
        "API0003": base.LACKING,
        "API0004": base.NONCE,
        "API0005": base.SECRET,
        "invalid signature, use the uid": base.SECRET,  # what ccxt makes of API0005
        "API0017": base.CLOCK,
        '"400.002"': base.LIMITED,
        "under scheduled maintenance": base.BUSY,
    },
    key_help=(
        "At bitstamp.net: Settings > API access > Create new API key; tick only Account balance and User transactions "
        "(the rights to read), nothing that trades, withdraws or transfers, and confirm by e-mail"
    ),
    bind_help="At bitstamp.net: Settings > API access, open the key, IP address whitelist",
    revoke_help="At bitstamp.net: Settings > API access, Deactivate beside the key",
)

"""Kraken over its API: the ledger is the truth, TradesHistory says price and pair, the statuses say hashes.

Sources: docs.kraken.com/api-reference, "Get Ledgers Info", "Get Trades History", "Get Status of Recent
Deposits", "Get Status of Recent Withdrawals", "Get API Key Information" (2026-11).
"""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from importers import base
from importers.base import Answer, Call, Exchange, Fault, Item, Listed, Params, Rights, Span, Stream, Unlike, Wallet
from importers.elsewhere import OWN_KEY, NotRead
from importers.entries import text
from importers.parsers.kraken import LEDGERS, read_records
from pipeline.money import parse

TRADES, DEPOSITS, WITHDRAWALS = "TradesHistory", "DepositStatus", "WithdrawStatus"
LATE = 7  # days that a ledger entry may come late
PENDING = 30  # days that a deposit or withdrawal may stay unfinished

# ---- reading its answers ----------------------------------------------------------------------


def _result(answer: Answer) -> Answer:
    if not isinstance(answer, dict) or "result" not in answer:
        raise Unlike("its answer has no result")
    return answer["result"]


def _ask(span: Span) -> Params:
    params: Params = {"ofs": span.place or 0}
    if span.since is not None:
        params["start"] = str(int(span.since) - 1)  # exclusive
    return params


def _by_offset(key: str) -> Any:
    """A page of an object of records by id, newest first, with their number in all."""

    def read(answer: Answer, span: Span) -> Listed:
        result = _result(answer)
        if not isinstance(result, dict) or not isinstance(result.get(key), dict | list):
            raise Unlike(f"its answer has no {key}")
        found = result[key] or {}  # an empty list is how some servers write an empty object
        total = _whole(result.get("count"))
        if isinstance(found, list) or total is None:
            if found or total != 0:
                raise Unlike(f"its answer does not say how many {key} entries there are")
            found, total = {}, 0
        items = [Item(id, _seconds(entry), entry) for id, entry in found.items()]
        begin = int(span.place or 0)
        end = begin + len(items)
        if not items and begin < total:
            raise Unlike(f"it tells of {total} {key} entries and gives {begin}")
        return Listed(items, end if end < total else None, total)

    return read


def _whole(told: Answer) -> int | None:
    """A number that was written as one, or as text; None: it is none."""
    return int(told) if type(told) is int or (isinstance(told, str) and re.fullmatch("[0-9]{1,9}", told)) else None


def _ask_statuses(span: Span) -> Params:
    params: Params = {"cursor": "true" if span.place is None else span.place}
    if span.since is not None:
        params["start"] = str(span.since)
    return params


def _by_cursor(answer: Answer, _span: Span) -> Listed:
    """A page of movements: a list and the next page's cursor, or just a list, which is all."""
    result = _result(answer)
    following = None
    if isinstance(result, dict):
        lists = [each for each in result.values() if isinstance(each, list)]
        following = result.get("next_cursor") or None
        if len(lists) != 1 or not isinstance(following, str | None):
            raise Unlike("its answer has no list of movements")
        result = lists[0]
    if not isinstance(result, list) or not all(isinstance(entry, dict) for entry in result):
        raise Unlike("its answer has no list of movements")
    items = [Item(text(entry, "refid"), _seconds(entry), entry) for entry in result]
    return Listed(items, following if items else None)


def _seconds(entry: Answer) -> Decimal:
    if not isinstance(entry, dict):
        raise Unlike("an entry of its answer is no object")
    try:
        return parse(str(entry.get("time")))
    except ValueError:
        raise Unlike("an entry of its answer has no time") from None


def _balances(answer: Answer) -> Answer:
    held = _result(answer)
    if not isinstance(held, dict):
        raise Unlike("its answer has no balances")
    try:
        for amount in held.values():
            parse(str(amount))
    except ValueError:
        raise Unlike("a balance of its answer is no number") from None
    return answer


# ---- what a key may do ------------------------------------------------------------------------

_READ = {"query-funds": "Query funds", "query-ledger": "Query ledger entries",
         "query-closed-trades": "Query closed orders & trades"}  # fmt: skip
_HARMLESS = frozenset((*_READ, "query-open-trades", "export-data"))
_TRADES = frozenset(("modify-trades", "close-trades", "earn-funds", "add-funds", "create-ws-token"))
_MOVES = frozenset(("withdraw-funds", "add-withdraw-address", "update-withdraw-address"))
_KNOWN = frozenset(
    (
        "permissions", "apiKeyName", "apiKey", "nonce", "nonceWindow", "iban", "validUntil", "queryFrom", "queryTo",
        "createdTime", "modifiedTime", "ipAllowlist", "lastUsed",
    )
)  # fmt: skip


def _ask_rights(call: Call, key: str = "") -> Rights:
    """GetApiKeyInfo needs no right itself."""
    rights: Rights = call("privatePostGetApiKeyInfo", {}, lambda answer: _rights(answer, key))
    return rights


def _rights(answer: Answer, key: str) -> Rights:
    """What is not known to read counts as more than reading."""
    info = _result(answer)
    may = info.get("permissions") if isinstance(info, dict) else None
    if not isinstance(may, list) or not all(isinstance(each, str) for each in may):
        raise Unlike("its answer does not say what the key may do")
    base.same_key(info.get("apiKey"), key)
    limits = []
    begins, ends = (base.day(info.get(name)) for name in ("queryFrom", "queryTo"))
    if begins:
        limits.append(f"nothing before {begins} (its Query start date at Kraken)")
    if ends:
        limits.append(f"nothing after {ends} (its Query end date at Kraken)")
    rights = replace(
        Rights.of(may, _HARMLESS, _TRADES, _MOVES),
        read=set(_READ) <= set(may),
        missing=tuple(words for right, words in _READ.items() if right not in may),
        ip_bound=base.bound(info.get("ipAllowlist")),
        expires=base.day(info.get("validUntil")),
        created=base.day(info.get("createdTime")),
        limits=tuple(limits),
    )
    return base.beyond(rights, info, _KNOWN)


EXCHANGE = Exchange(
    id="kraken",
    name="Kraken",
    version=4,
    credentials=("apiKey", "secret"),
    allow=frozenset(
        {
            *(
                ("private", "POST", path)
                for path in (LEDGERS, TRADES, DEPOSITS, WITHDRAWALS, "Balance", "GetApiKeyInfo")
            ),
            ("public", "GET", "AssetPairs"),
            ("public", "GET", "OHLC"),
        }
    ),
    streams=(
        Stream(LEDGERS, "ledger entries", "privatePostLedgers", _ask, _by_offset("ledger"), LATE),
        Stream(TRADES, "trades", "privatePostTradesHistory", _ask, _by_offset("trades"), LATE, details=True),
        Stream(
            DEPOSITS,
            "deposits",
            "privatePostDepositStatus",
            _ask_statuses,
            _by_cursor,
            PENDING,
            optional=True,
            details=True,
        ),
        Stream(
            WITHDRAWALS,
            "withdrawals",
            "privatePostWithdrawStatus",
            _ask_statuses,
            _by_cursor,
            PENDING,
            optional=True,
            details=True,
        ),
    ),
    parse=read_records,
    wallets=(Wallet("", "privatePostBalance", _balances),),
    begins=date(2011, 7, 28),
    gap_help="at kraken.com: Documents > Create export, Ledgers, CSV, of all time",
    not_read=(
        NotRead(
            "Kraken Futures", "at kraken.com: Documents > Create export, Derivatives account log, CSV", shown="futures"
        ),
        NotRead("sub-accounts", OWN_KEY),
    ),
    rights=_ask_rights,
    faults={
        "EAPI:Invalid key": Fault(
            f"it does not know the key, or it has expired or is bound to another address; {base.NEW_KEY}"
        ),
        "EAPI:Invalid signature": base.SECRET,
        "EAPI:Invalid nonce": base.NONCE,
        "EGeneral:Permission denied": base.LACKING,
        "EGeneral:Unknown method": Fault(base.NO_LIST, gone=True),
        "EGeneral:Invalid arguments:otp": Fault(f"the key wants a one-time password; without one, {base.NEW_KEY}"),
        "EAPI:Rate limit exceeded": base.LIMITED,
        "EGeneral:Too many requests": base.LIMITED,
        "EGeneral:Temporary lockout": base.LIMITED,
        "EService:": base.BUSY,
        "EGeneral:Internal error": base.BUSY,
        "EDatabase:Internal error": base.BUSY,
    },
    key_help=(
        "At kraken.com: Settings > API > Create API key; tick Query (Funds), Query closed orders & trades and "
        "Query ledger entries (Data), nothing else"
    ),
    bind_help="At kraken.com: Settings > API, open the key, IP address restriction",
    revoke_help="At kraken.com: Settings > API, open the key, Delete",
)

"""Gemini over its API: trades, transfers and staking, each onward by time. A key has roles; Auditor is the one that
only reads.

Sources: developer.gemini.com, "List Past Trades" (symbol is not required, so that delisted ones come along), "List Past
Transfers" of v2, "List Staking Event History", "Get Available Balances", "List Staking Balances", "Roles Endpoint",
"Roles", "Error Codes" (2026-11). ccxt passes on only the message of an error; those of a wrong key and a wrong
signature are from memory, and so are the administrator's role and the counterparty_id in the answer. To which addresses
a key is bound, when it was made and when it ends isn't told. Gemini Earn, which ended in 2023, is not asked.
"""

from collections.abc import Callable
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
    Rights,
    Span,
    Stream,
    Unlike,
    Wallet,
    beyond,
    inside,
)
from importers.elsewhere import OWN_KEY, NotRead
from importers.parsers.build import finest, milliseconds
from importers.parsers.gemini import STAKING, TRADES, TRANSFERS, read_records

UNFINISHED = 14  # days in which a transfer may be pending, or credited in advance
DAY = 86_400_000  # milliseconds

# ---- reading its answers ----------------------------------------------------------------------


def _from(span: Span) -> int:
    """The millisecond from which to ask: a little before where the last page ended, so that records of one instant
    are met twice rather than lost, whether the bound is inclusive or not."""
    if span.place is not None:
        return max(int(span.place) - 1, 0)
    return 0 if span.since is None else int(span.since * 1000)


def _rows(answer: Answer) -> list[Any]:
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise Unlike("its answer is no list of records")
    return answer


def _item(row: Any, id: str, at: str) -> Item:
    if not isinstance(row.get(id), int | str) or not str(row[id]):
        raise Unlike(f"a record of its answer has no {id}")
    try:
        return Item(str(row[id]), finest(milliseconds(row.get(at))), row)
    except (ValueError, TypeError, OverflowError):
        raise Unlike(f"a record of its answer has no {at}") from None


def _onward(items: list[Item], span: Span, limit: int, unfinished: Callable[[Any], bool] = lambda _: False) -> Listed:
    """The next page begins at the newest record of this one. At the end of the list the next run begins there, too, or
    at one that is still to change."""
    times = [int(item.time * 1000) for item in items]
    newest = max(times, default=_from(span))
    if len(items) >= limit:
        if newest <= _from(span) + 1:
            raise Unlike("it has more records of one instant than it gives")
        return Listed(items, newest)
    open_ = [at for at, item in zip(times, items, strict=True) if unfinished(item.value)]
    return Listed(items, min([newest, *(at for at in open_ if at > newest - UNFINISHED * DAY)]), last=True)


def _ask_trades(span: Span) -> Params:
    return {"timestamp": _from(span), "limit_trades": 500}


def _trades(answer: Answer, span: Span) -> Listed:
    if not all(isinstance(row.get("symbol"), str) for row in _rows(answer)):
        raise Unlike("a trade of its answer has no symbol")
    return _onward([_item(row, "tid", "timestampms") for row in answer], span, 500)


def _ask_transfers(span: Span) -> Params:
    return {"timestamp": _from(span), "limit_transfers": 50, "show_completed_deposit_advances": False}


def _transfers(answer: Answer, span: Span) -> Listed:
    items = [_item(row, "eid", "timestampms") for row in _rows(answer)]
    return _onward(items, span, 50, lambda value: value.get("status") != "Complete")


def _ask_staking(span: Span) -> Params:
    begin: Params = {"since": _from(span)} if _from(span) else {}
    return {**begin, "limit": 500, "sortAsc": True}


def _staking(answer: Answer, span: Span) -> Listed:
    """The events of each provider, told together."""
    items = []
    for provider in _rows(answer):
        events = provider.get("transactions")
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            raise Unlike("its answer has no staking transactions")
        told = {"providerId": provider.get("providerId")}
        items += [_item({**told, **event}, "transactionId", "dateTime") for event in events]
    return _onward(items, span, 500)


def _holding(name: str) -> Callable[[Answer], Answer]:
    def read(answer: Answer) -> Answer:
        if any(each not in row for row in _rows(answer) for each in ("currency", name)):
            raise Unlike("its answer does not say what is held")
        return answer

    return read


# ---- what a key may do ------------------------------------------------------------------------

_ROLES = {"isAuditor": "Auditor", "isTrader": "Trader", "isFundManager": "Fund Manager",
          "isAccountAdmin": "Administrator"}  # fmt: skip
_ABOUT = frozenset(("counterparty_id",))


def _ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call("privatePostV1Roles", {}, _rights)
    return rights


def _rights(answer: Answer) -> Rights:
    """A role is not given where it says false, and nowhere else. A fund manager withdraws and transfers."""
    for name in ("isAuditor", "isTrader", "isFundManager"):
        if not isinstance(inside(answer, name), bool):
            raise Unlike("its answer does not say which roles the key has")
    may = {role for name, role in _ROLES.items() if answer.get(name, False) is not False}
    rights = Rights.of(may, frozenset({"Auditor"}), frozenset({"Trader", "Administrator"}), frozenset({"Fund Manager"}))
    if not rights.read and "Trader" in may:  # sees its trades, but no transfers
        rights = replace(rights, read=True, limits=("no deposits and withdrawals: only an Auditor sees them",))
    return beyond(rights, answer, _ABOUT.union(_ROLES))


_HISTORY = "at exchange.gemini.com: Account > Statements and history, the transaction history of all time, as XLSX"

EXCHANGE = Exchange(
    id="gemini",
    name="Gemini",
    version=3,
    credentials=("apiKey", "secret"),
    allow=frozenset(
        ("private", "POST", path)
        for path in (
            "v1/mytrades",
            "v2/transfers",
            "v1/staking/history",
            "v1/balances",
            "v1/balances/staking",
            "v1/roles",
        )
    ),
    streams=(
        Stream(TRANSFERS, "transfers", "privatePostV2Transfers", _ask_transfers, _transfers, 0, onward=True),
        Stream(
            STAKING,
            "staking events",
            "privatePostV1StakingHistory",
            _ask_staking,
            _staking,
            0,
            onward=True,
            regional=True,
        ),
        Stream(TRADES, "trades", "privatePostV1Mytrades", _ask_trades, _trades, 0, onward=True),
    ),
    parse=read_records,
    wallets=(
        Wallet("", "privatePostV1Balances", _holding("amount")),
        Wallet("staking", "privatePostV1BalancesStaking", _holding("balance"), optional=True),
    ),
    begins=date(2015, 10, 5),
    gap_help=_HISTORY,
    not_read=(
        NotRead("perpetual futures", _HISTORY, shown="perp|futures|derivative", hidden=True),
        NotRead("predictions", _HISTORY, hidden=True),
        NotRead("Gemini Earn interest", _HISTORY, hidden=True),
        NotRead("other accounts of a group", OWN_KEY),
    ),
    rights=_ask_rights,
    faults={
        "requires an account-key": Fault("this is a master key; make a key of one account and add it"),
        "assign one of these roles": base.LACKING,
        "InvalidSignature": base.SECRET,
        "InvalidApiKey": base.KEY_OR_ADDRESS,  # no code of its own for an address, as far as is known
        "is not within 30 seconds": base.CLOCK,
        "has not increased": base.NONCE,
        "InvalidNonce": base.NONCE,
        "RateLimit": base.LIMITED,
        "too frequently": base.LIMITED,
        "undergoing maintenance": base.BUSY,
        "technical issues": base.BUSY,
    },
    key_help=(
        "At exchange.gemini.com: Account > Settings > API > Create a new API key, of the one account and not Master; "
        "choose the role Auditor in place of Trader"
    ),
    bind_help="At exchange.gemini.com: Account > Settings > API, the key's settings, IP address allowlist",
    revoke_help="At exchange.gemini.com: Account > Settings > API, the key's settings, Revoke",
)

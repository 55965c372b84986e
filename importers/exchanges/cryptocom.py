"""Crypto.com Exchange over its API: the journal says what each trade did, lists of their own all that moves in and out.

The journal and the trades come in windows of seven days and are kept for six months; so are staking's lists. Times of
the journal are nanoseconds, its end excluded; all else is milliseconds. The API does not tell what a key may do. The
Crypto.com App is another account and has no API.

Sources: exchange-docs.crypto.com, "private/get-transactions", "private/get-trades", "private/get-deposit-history",
"private/get-withdrawal-history", "private/staking/get-reward-history", "private/staking/get-convert-history",
"private/fiat/fiat-deposit-history", "private/fiat/fiat-withdraw-history", "private/user-balance" (2026-11; no request
for a key's rights is listed there); the codes as in ccxt. From memory: that the lists of deposits and withdrawals
reach back to the beginning, in windows of 90 days.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from importers import base
from importers.base import Answer, Exchange, Fault, Item, Listed, Params, Span, Stream, Unlike, Wallet
from importers.elsewhere import OWN_KEY, NotRead
from importers.entries import Entry, by_content, cut, listed, milliseconds, seconds, text
from importers.parsers.cryptocom import (
    CONVERSIONS,
    DEPOSITS,
    FIAT_DEPOSITS,
    FIAT_WITHDRAWALS,
    JOURNAL,
    REWARDS,
    TRADES,
    WITHDRAWALS,
    read_records,
)
from pipeline.money import parse

WEEK, QUARTER = 7, 90  # days of one window
SIX_MONTHS = 180  # days that the exchange keeps
LATE, PENDING = 3, 30  # days that a record may come late, or change
BILLION = 10**9  # nanoseconds of a second


# ---- reading its answers ----------------------------------------------------------------------


def _ask_window(span: Span) -> Params:
    """What happened from `since` on and before the place, or the window's end; 100 at most."""
    params: Params = {"limit": 100}
    if span.since is not None:
        params["start_time"] = str(int(span.since * BILLION))
    if span.place is not None:
        params["end_time"] = span.place
    elif span.until is not None:
        params["end_time"] = str(int(span.until * BILLION) + 1)
    return params


def _by_nanoseconds(id: str, time: str) -> Callable[[Answer, Span], Listed]:
    """A page, newest first. The next one ends just after the last record's time, which others may have, too."""

    def read(answer: Answer, _span: Span) -> Listed:
        entries = listed(answer, "result", "data")
        items = [Item(text(entry, id), _nanoseconds(entry, time), entry) for entry in entries]
        last = min((item.time for item in items), default=Decimal(0))
        return Listed(items, str(int(last * BILLION) + 1) if cut(len(items), 100) else None)

    return read


def _nanoseconds(entry: Entry, name: str) -> Decimal:
    try:
        return parse(text(entry, name)) / BILLION
    except ValueError:
        raise Unlike(f"an entry of its answer has no time in {name}") from None


def _ask_staking(span: Span) -> Params:
    params: Params = {"limit": "500"}
    if span.since is not None:
        params["start_time"] = str(milliseconds(span.since))
    if span.until is not None:
        params["end_time"] = str(milliseconds(span.until))
    if span.place is not None:
        name, _, at = str(span.place).partition(" ")
        params[name] = at
    return params


def _staking(name: Callable[[list[Entry]], list[str]], time: str) -> Callable[[Answer, Span], Listed]:
    """A page of which the order is not documented: the next one begins or ends with the time of its last record."""

    def read(answer: Answer, _span: Span) -> Listed:
        entries = list(listed(answer, "result", "data"))
        times = [seconds(entry, time) for entry in entries]
        items = [Item(*each) for each in zip(name(entries), times, entries, strict=True)]
        if len(items) < 500:
            return Listed(items)
        side = "start_time" if times[0] < times[-1] else "end_time"
        return Listed(items, f"{side} {milliseconds(times[-1])}")

    return read


def _rewards(entries: list[Entry]) -> list[str]:
    return by_content(entries, "staking_inst_name", "reward_inst_name", "reward_quantity", "event_timestamp_ms")


def _conversions(entries: list[Entry]) -> list[str]:
    return [text(entry, "convert_id") for entry in entries]


def _ask_page(since: str, until: str, size: int) -> Callable[[Span], Params]:
    """By the number of the page, from 0 on."""

    def ask(span: Span) -> Params:
        params: Params = {"page_size": size, "page": span.place or 0}
        if span.since is not None:
            params[since] = milliseconds(span.since)
        if span.until is not None:
            params[until] = milliseconds(span.until)
        return params

    return ask


def _by_page(name: str, time: str, size: int) -> Callable[[Answer, Span], Listed]:
    """A page of so many records, or of the `page_size` that the answer tells."""

    def read(answer: Answer, span: Span) -> Listed:
        entries = listed(answer, "result", name)
        items = [Item(text(entry, "id"), seconds(entry, time), entry) for entry in entries]
        told = str(answer["result"].get("page_size", size))
        full = min(size, int(told)) if told.isdecimal() and int(told) else size
        return Listed(items, int(span.place or 0) + 1 if len(items) >= full else None)

    return read


def _balances(answer: Answer) -> Answer:
    if not all(isinstance(each.get("position_balances"), list) for each in listed(answer, "result", "data")):
        raise Unlike("its answer has no balances")
    return answer


# ---- the entry --------------------------------------------------------------------------------

_NOT_TAKEN = Fault(
    "it does not take the key: revoked, not copied whole, or the secret is of another key; "
    "copy both again, `taxsync keys add`"
)

EXCHANGE = Exchange(
    id="cryptocom",
    name="Crypto.com Exchange",
    version=3,
    credentials=("apiKey", "secret"),
    allow=frozenset(
        ("v1.private", "POST", f"private/{path}")
        for path in (
            "user-balance",
            "get-transactions",
            "get-trades",
            "get-deposit-history",
            "get-withdrawal-history",
            "fiat/fiat-deposit-history",
            "fiat/fiat-withdraw-history",
            "staking/get-reward-history",
            "staking/get-convert-history",
        )
    ),
    streams=(
        Stream(
            JOURNAL,
            "journal entries",
            "v1PrivatePostPrivateGetTransactions",
            _ask_window,
            _by_nanoseconds("journal_id", "event_timestamp_ns"),
            LATE,
            window=WEEK,
            horizon=SIX_MONTHS,
        ),
        Stream(
            TRADES,
            "trades",
            "v1PrivatePostPrivateGetTrades",
            _ask_window,
            _by_nanoseconds("trade_id", "create_time_ns"),
            LATE,
            window=WEEK,
            horizon=SIX_MONTHS,
        ),
        Stream(
            DEPOSITS,
            "deposits",
            "v1PrivatePostPrivateGetDepositHistory",
            _ask_page("start_ts", "end_ts", 200),
            _by_page("deposit_list", "create_time", 200),
            PENDING,
            window=QUARTER,
        ),
        Stream(
            WITHDRAWALS,
            "withdrawals",
            "v1PrivatePostPrivateGetWithdrawalHistory",
            _ask_page("start_ts", "end_ts", 200),
            _by_page("withdrawal_list", "create_time", 200),
            PENDING,
            window=QUARTER,
        ),
        Stream(
            REWARDS,
            "staking rewards",
            "v1PrivatePostPrivateStakingGetRewardHistory",
            _ask_staking,
            _staking(_rewards, "event_timestamp_ms"),
            LATE,
            regional=True,
            window=QUARTER,
            horizon=SIX_MONTHS,
        ),
        Stream(
            CONVERSIONS,
            "conversions of staked coins",
            "v1PrivatePostPrivateStakingGetConvertHistory",
            _ask_staking,
            _staking(_conversions, "create_timestamp_ms"),
            LATE,
            regional=True,
            window=QUARTER,
            horizon=SIX_MONTHS,
        ),
        Stream(
            FIAT_DEPOSITS,
            "deposits of money",
            "v1PrivatePostPrivateFiatFiatDepositHistory",
            _ask_page("start_time", "end_time", 50),
            _by_page("transaction_history_list", "created_at", 50),
            PENDING,
            optional=True,
        ),
        Stream(
            FIAT_WITHDRAWALS,
            "withdrawals of money",
            "v1PrivatePostPrivateFiatFiatWithdrawHistory",
            _ask_page("start_time", "end_time", 50),
            _by_page("transaction_history_list", "created_at", 50),
            PENDING,
            optional=True,
        ),
    ),
    wallets=(Wallet("", "v1PrivatePostPrivateUserBalance", _balances),),
    parse=read_records,
    begins=date(2019, 11, 14),
    not_read=(
        NotRead(
            "the Crypto.com App and its card",
            "in the App: Accounts > History > Export, each list, which `taxsync import` takes as an account of its own",
        ),
        NotRead("sub-accounts", OWN_KEY),
    ),
    gap_help=(
        "At crypto.com/exchange: Dashboard > History > Export, the transactions of more than six months ago; the "
        "Crypto.com App is another account, with an export of its own"
    ),
    faults={
        '"code":40101': _NOT_TAKEN,
        '"code":10002': _NOT_TAKEN,
        '"code":40103': base.ADDRESS,
        '"code":10003': base.ADDRESS,
        '"code":40102': base.CLOCK,
        '"code":10007': base.CLOCK,
        '"code":40104': base.LACKING,
        '"code":10005': base.LACKING,
        '"code":42901': base.LIMITED,
        '"code":10006': base.LIMITED,
        '"code":50001': base.BUSY,
        '"code":9010001': base.BUSY,
    },
    key_help=(
        "At crypto.com/exchange: user centre > API > Create a new API key; leave Can Read as it is and tick neither "
        "Enable Trading nor Enable Withdrawal"
    ),
    bind_help="At crypto.com/exchange: user centre > API, Edit, IP whitelist",
    revoke_help="At crypto.com/exchange: user centre > API, Delete beside the key",
)

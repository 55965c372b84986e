"""What Crypto.com Exchange's records mean: journal entries, trades, movements, rewards -> transactions and balances.

A trade is its journal entries, which share a trade_id: one for each coin, and those of its fees; one that the journal
does not have is told by the list of trades. Deposits and withdrawals are those of their own lists, for their hashes;
the journal's entries of them only show whether a withdrawal's amount has its fee inside. SOL.staked is SOL at another
place. What derivatives and margin added to or took from a coin is a row each (`margin`), the fee of a contract's trade
too. Entries of contracts tell of positions and of results whose currency they don't name, nor when these came to the
balance: they stay unread.

Sources: exchange-docs.crypto.com, the pages named in exchanges/cryptocom.py (2026-11). From memory: how the journal
writes spot trades.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from msgspec import Struct

from importers import assets
from importers.parsers.build import (
    MALFORMED,
    MARGIN,
    Reader,
    Said,
    Unread,
    Value,
    amount,
    at_of,
    milliseconds,
    parser,
    signed,
    transaction,
    unread,
)
from importers.parsers.claims import Entry
from importers.parsers.margin import result
from pipeline.model import Amount, Label, Parsed, RawRecord
from pipeline.money import ZERO, parse, plain

JOURNAL, TRADES, DEPOSITS, WITHDRAWALS = "Journal", "Trades", "Deposits", "Withdrawals"
REWARDS, CONVERSIONS = "StakingRewards", "StakingConversions"
FIAT_DEPOSITS, FIAT_WITHDRAWALS = "FiatDeposits", "FiatWithdrawals"
ARRIVED, SENT = "1", "5"  # the status of a deposit, of a withdrawal
NEAR = timedelta(days=1)  # how far a withdrawal's journal entry may be from it

_SWAPS = frozenset(("TRADING", "TRADE_FEE"))
_CONVERSIONS = frozenset(("AUTO_CONVERSION", "MANUAL_CONVERSION"))
_MARGIN = frozenset(
    "FUNDING REALIZED_PNL INSURANCE_FUND SOCIALIZED_LOSS LIQUIDATION_FEE SESSION_RESET SESSION_SETTLE UNCOVERED_LOSS "
    "SETTLEMENT_FEE MARGIN_TRADE_INTEREST".split()
)
# Told by lists of their own.
_ELSEWHERE = ("DEPOSIT", "WITHDRAW", "STAK", "REWARD")


def asset(code: Value, at: datetime | None = None) -> str:
    """SOL.staked is SOL."""
    if not isinstance(code, str) or not code:
        raise Unread("it names no coin")
    return assets.asset(code.removesuffix(".staked"), "cryptocom", at)


class _Entry(Struct, frozen=True):
    """One journal entry. `coin`: "" for a contract."""

    record: RawRecord
    type: str
    trade: str
    coin: str
    amount: Decimal
    gain: Decimal


def read_records(records: Iterable[RawRecord]) -> Parsed:
    """Transactions, balances, and an Issue for each record that is not understood."""
    kept = list(records)
    trades: dict[str, Value] = {}
    journal: list[_Entry] = []
    for record in kept:
        if record.stream == TRADES:
            trades[record.source_id] = _value(record)
        elif record.stream == JOURNAL:
            with suppress(*MALFORMED):
                journal.append(_entry(record, _value(record)))
    told = frozenset(entry.trade for entry in journal if entry.type == "TRADING" and entry.coin)
    readers: dict[str, Reader] = {
        TRADES: partial(_trade, told),
        DEPOSITS: _deposit,
        WITHDRAWALS: partial(_withdrawal, [e for e in journal if "WITHDRAW" in e.type]),
        REWARDS: _reward,
        CONVERSIONS: _conversion,
        FIAT_DEPOSITS: _fiat,
        FIAT_WITHDRAWALS: _fiat,
    }
    return parser(readers, balances=_balances, together={JOURNAL: partial(_journal, trades)})(kept)


def _value(record: RawRecord) -> Value:
    return json.loads(record.payload, parse_float=str, parse_int=str)


def _balances(_record: RawRecord, value: Value) -> Iterator[tuple[str, Decimal]]:
    for account in value["result"]["data"]:
        for held in account["position_balances"]:
            yield asset(held["instrument_name"]), signed(held["quantity"])
        if not account["position_balances"] and parse(account["total_cash_balance"]):
            yield asset(account["instrument_name"]), signed(account["total_cash_balance"])


# ---- the journal ------------------------------------------------------------------------------


def _entry(record: RawRecord, value: Value) -> _Entry:
    name = value["instrument_name"]
    if not isinstance(name, str) or not isinstance(value["journal_type"], str) or not name:
        raise Unread("it names no coin")
    contract = "-" in name or "_" in name
    return _Entry(
        record,
        value["journal_type"],
        str(value.get("trade_id") or ""),
        "" if contract else asset(name, at_of(record)),
        signed(value["transaction_qty"]),
        signed(value.get("realized_pnl") or "0"),
    )


def _journal(trades: Mapping[str, Value], listed: list[tuple[RawRecord, Value]]) -> Iterator[Said]:
    entries = []
    for record, value in listed:
        try:
            entries.append(_entry(record, value))
        except MALFORMED as error:
            yield unread(record, error)
    swaps: dict[str, list[_Entry]] = defaultdict(list)
    of_contracts = {entry.trade for entry in entries if entry.trade and not entry.coin}
    for entry in entries:
        if not entry.coin:
            if entry.amount or entry.gain:
                why = f"margin and derivatives: type {entry.type} of a contract is not supported yet"
                yield unread(entry.record, Unread(why, MARGIN))
        elif entry.type in _MARGIN or (entry.type in _SWAPS and entry.trade in of_contracts):
            change = Entry(entry.record, entry.type, entry.coin, entry.amount, at_of(entry.record))
            yield from result(change, entry.type.lower().replace("_", " "))
        elif entry.type in _SWAPS and entry.trade:
            swaps[entry.trade].append(entry)
        elif entry.type in _CONVERSIONS:
            swaps[f"{entry.type} {entry.record.position}"].append(entry)
        elif entry.type == "SUBACCOUNT_TX" and entry.amount:
            side = {"received" if entry.amount > ZERO else "sent": Amount(abs(entry.amount), entry.coin)}
            yield transaction(entry.record, at_of(entry.record), **side, description="sub-account transfer")  # type: ignore[arg-type]
        elif not any(word in entry.type for word in _ELSEWHERE) and entry.amount:
            yield unread(entry.record, Unread(f"type {entry.type} of {plain(entry.amount)} {entry.coin}"))
    for trade, legs in swaps.items():
        yield from _swap(legs, trades.get(trade))


def _swap(legs: Sequence[_Entry], trade: Value) -> Iterator[Said]:
    net, fees = (_net(e for e in legs if (e.type == "TRADE_FEE") == fee) for fee in (False, True))
    given, got = [c for c in net if net[c] < ZERO], [c for c in net if net[c] > ZERO]
    first = legs[0].record
    if len(given) != 1 or len(got) != 1:
        yield from (unread(e.record, Unread("the other side of the trade is missing")) for e in legs if e.amount)
        return
    paid = [Amount(-quantity, coin) for coin, quantity in fees.items() if quantity < ZERO]
    yield transaction(
        first,
        at_of(first),
        sent=Amount(-net[given[0]], given[0]),
        received=Amount(net[got[0]], got[0]),
        fee=paid[0] if paid else None,
        description=_words(trade) if trade else legs[0].type.lower().replace("_", " "),
    )
    for more in paid[1:]:
        yield transaction(first, at_of(first), sent=more, label=Label.COST, leg=f"fee {more.asset}")
    for coin, quantity in fees.items():
        if quantity > ZERO:
            rebate = Amount(quantity, coin)
            yield transaction(first, at_of(first), received=rebate, label=Label.CASHBACK, leg=f"rebate {coin}")


def _net(entries: Iterable[_Entry]) -> dict[str, Decimal]:
    net: dict[str, Decimal] = {}
    for entry in entries:
        net[entry.coin] = net.get(entry.coin, ZERO) + entry.amount
    return net


def _words(value: Value) -> str:
    return f"{str(value.get('side', '')).lower()} {value.get('instrument_name', '')} at {value.get('traded_price', '')}"


# ---- the other lists --------------------------------------------------------------------------


def _trade(told: frozenset[str], record: RawRecord, value: Value) -> Iterator[Said]:
    """A spot trade that the journal does not tell of."""
    base, _, quote = str(value["instrument_name"]).partition("_")
    if record.source_id in told or not quote:
        return
    at = at_of(record)
    units = amount(value["traded_quantity"], asset(base, at))
    cost = Amount(parse(str(value["traded_quantity"])) * parse(str(value["traded_price"])), asset(quote, at))
    if units is None or value["side"] not in ("BUY", "SELL"):
        raise Unread("it does not say what was traded")
    fee = signed(value["fees"])
    bought = value["side"] == "BUY"
    coin = asset(value["fee_instrument_name"], at) if fee else ""
    yield transaction(
        record,
        at,
        sent=cost if bought else units,
        received=units if bought else cost,
        fee=Amount(-fee, coin) if fee < ZERO else None,
        description=_words(value),
    )
    if fee > ZERO:
        yield transaction(record, at, received=Amount(fee, coin), label=Label.CASHBACK, leg="rebate")


def _deposit(record: RawRecord, value: Value) -> Iterator[Said]:
    if str(value["status"]) == ARRIVED:
        at = milliseconds(value["create_time"])
        coin = asset(value["currency"], at)
        received, fee = amount(value["amount"], coin), amount(value.get("fee") or "0", coin)
        yield transaction(record, at, received=received, fee=fee, description="deposit", txhash=_hash(value))


def _withdrawal(journal: Sequence[_Entry], record: RawRecord, value: Value) -> Iterator[Said]:
    """The fee is paid on top, unless the journal has an entry of the amount alone and none for a fee."""
    if str(value["status"]) != SENT:
        return
    at = milliseconds(value["create_time"])
    coin = asset(value["currency"], at)
    quantity, fee = parse(str(value["amount"])), parse(str(value.get("fee") or "0"))
    near = [e for e in journal if e.coin == coin and abs(at_of(e.record) - at) <= NEAR]
    whole = {-e.amount for e in near}
    if quantity in whole and fee < quantity and not {fee, quantity + fee} & (whole - {quantity}):
        quantity -= fee
    yield transaction(
        record,
        at,
        sent=Amount(quantity, coin),
        fee=amount(plain(fee), coin),
        description="withdrawal",
        txhash=_hash(value),
    )


def _hash(value: Mapping[str, Any]) -> str:
    """Without the number of the output that some have behind them."""
    return str(value.get("txid") or "").partition("/")[0]


def _reward(record: RawRecord, value: Value) -> Iterator[Said]:
    at = at_of(record)
    received = amount(value["reward_quantity"], asset(value["reward_inst_name"], at))
    if received is not None:
        of = asset(value["underlying_inst_name"], at)
        yield transaction(record, at, received=received, label=Label.REWARD, description=f"staking of {of}")


def _conversion(record: RawRecord, value: Value) -> Iterator[Said]:
    """Of a staked coin into the token that stands for it, or back."""
    if value["status"] == "COMPLETED":
        at = at_of(record)
        given = amount(value["from_quantity"], asset(value["from_instrument_name"], at))
        got = amount(value["to_quantity"], asset(value["to_instrument_name"], at))
        yield transaction(record, at, sent=given, received=got, description="staking conversion")


def _fiat(record: RawRecord, value: Value) -> Iterator[Said]:
    if value["status"] == "completed":
        at = milliseconds(value.get("completed_at") or value["created_at"])
        moved = amount(value["amount"], asset(value["currency"], at))
        fee = amount(value.get("fee_amount") or "0", asset(value.get("fee_currency") or value["currency"], at))
        words = (
            f"{value.get('payment_network') or 'bank'} {'deposit' if record.stream == FIAT_DEPOSITS else 'withdrawal'}"
        )
        if record.stream == FIAT_DEPOSITS:
            yield transaction(record, at, received=moved, fee=fee, description=words)
        else:
            yield transaction(record, at, sent=moved, fee=fee, description=words)

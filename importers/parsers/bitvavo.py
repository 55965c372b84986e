"""What Bitvavo's records mean: the account's history -> transactions and balances.

A row has what was sent, what was received and the fee, which is on top of both. Deposits and withdrawals have their
hashes from lists of their own, found by coin, amount and time. A withdrawal that was cancelled is none.

Sources: docs.bitvavo.com, "Get transaction history" (2026-11); the types of rows as another reader of this API found
them, and in ccxt. From memory: that a cancelled withdrawal gives back its amount, or that and its fee.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from importers.assets import asset as name_of
from importers.parsers.build import (
    MALFORMED,
    Said,
    Unread,
    Value,
    amount,
    at_of,
    iso,
    parser,
    signed,
    transaction,
    unread,
)
from pipeline.model import Amount, Label, Parsed, RawRecord
from pipeline.money import ZERO, parse

HISTORY, DEPOSITS, WITHDRAWALS = "History", "Deposits", "Withdrawals"
NEAR = timedelta(days=1)  # how far a movement's row may be from its entry in the other list

_RECEIPTS = {
    "staking": Label.REWARD,
    "fixed_staking": Label.REWARD,
    "affiliate": Label.INCOME,
    "rebate": Label.CASHBACK,
    "distribution": Label.AIRDROP,
}
# What comes from or goes to somewhere; corrections by Bitvavo's staff are for the taxpayer to label.
_MOVES = frozenset(
    "deposit withdrawal internal_transfer external_transferred_funds "
    "manually_assigned manually_assigned_bitvavo".split()
)
_CANCELLED = "withdrawal_cancelled"

Hashes = Mapping[tuple[str, str, Decimal], list[tuple[datetime, str]]]


def read_records(records: Iterable[RawRecord]) -> Parsed:
    """Transactions, balances, and an Issue for each row that is not understood."""
    kept = list(records)
    hashes: dict[tuple[str, str, Decimal], list[tuple[datetime, str]]] = defaultdict(list)
    for record in kept:
        if record.stream in (DEPOSITS, WITHDRAWALS):
            value = json.loads(record.payload, parse_float=str, parse_int=str)
            if value.get("txId"):
                try:
                    net, fee = parse(str(value.get("amount"))), parse(str(value.get("fee") or "0"))
                except ValueError:  # it only says a hash, which is no movement
                    continue
                for quantity in {net, net + fee}:  # whichever the history has
                    hashes[record.stream, str(value.get("symbol")), quantity].append(
                        (at_of(record), str(value["txId"]))
                    )
    return parser({}, balances=_balances, together={HISTORY: partial(_history, hashes)})(kept)


def _balances(_record: RawRecord, value: Value) -> Iterator[tuple[str, Decimal]]:
    for held in value:
        yield name_of(held["symbol"], "bitvavo"), signed(held["available"]) + signed(held["inOrder"])


def _history(hashes: Hashes, listed: list[tuple[RawRecord, Value]]) -> Iterator[Said]:
    cancelled = _cancelled(listed)
    for record, value in listed:
        if record.source_id not in cancelled:
            try:
                yield from _row(hashes, record, value)
            except MALFORMED as error:
                yield unread(record, error)


def _cancelled(listed: Iterable[tuple[RawRecord, Value]]) -> set[str]:
    """The rows that took a withdrawal back, and the withdrawals: the last one before of its coin and amount."""
    found: set[str] = set()
    open: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record, value in listed:
        if not isinstance(value, dict):
            continue
        if value.get("type") == "withdrawal":
            open[_whole(value, "sent")].append(record.source_id)
            if value.get("feesAmount"):
                open[_whole(value, "sent", "fees")].append(record.source_id)
        elif value.get("type") == _CANCELLED:
            before = [id for id in open[_whole(value, "received")] if id not in found]
            if before:
                found |= {record.source_id, before[-1]}
    return found


def _whole(value: Value, *sides: str) -> tuple[str, str]:
    """(coin, amount) of what stands in these columns together; the amount as text that compares."""
    try:
        whole = sum((parse(str(value[f"{side}Amount"])) for side in sides), ZERO)
    except MALFORMED:
        return "", ""
    return str(value.get(f"{sides[0]}Currency")), str(whole.normalize())


def _row(hashes: Hashes, record: RawRecord, value: Value) -> Iterator[Said]:
    kind, at = value["type"], iso(value["executedAt"])
    sent, received, fee = (_side(value, side, at) for side in ("sent", "received", "fees"))
    words = str(kind).replace("_", " ")
    if kind in ("buy", "sell") and sent and received:
        price = f" at {value['priceAmount']} {value['priceCurrency']}" if value.get("priceAmount") else ""
        yield transaction(record, at, sent=sent, received=received, fee=fee, description=words + price)
    elif kind in _RECEIPTS and received and not sent:
        yield transaction(record, at, received=received, fee=fee, label=_RECEIPTS[kind], description=words)
    elif kind in _MOVES and (sent is None) != (received is None):
        txhash = _hash(hashes, value, "withdrawal" if sent else "deposit", at)
        yield transaction(record, at, sent=sent, received=received, fee=fee, description=words, txhash=txhash)
    elif kind == _CANCELLED:
        raise Unread("the withdrawal that it takes back is missing")
    else:
        raise Unread(f"type {kind} is not known to this version")


def _side(value: Value, side: str, at: datetime) -> Amount | None:
    number, code = value.get(f"{side}Amount"), value.get(f"{side}Currency")
    return amount(number, name_of(code, "bitvavo", at)) if number is not None and code else None


def _hash(hashes: Hashes, value: Value, kind: str, at: datetime) -> str:
    """The hash of the one movement of this coin and amount within a day; "" where there is none, or several."""
    side, stream = ("sent", WITHDRAWALS) if kind == "withdrawal" else ("received", DEPOSITS)
    number = parse(str(value[f"{side}Amount"]))
    near = {txid for when, txid in hashes.get((stream, value[f"{side}Currency"], number), ()) if abs(when - at) <= NEAR}
    return near.pop() if len(near) == 1 else ""

"""What every exchange's parser does alike: records of several streams -> transactions, balances, and Issues.

    READERS = {"trades": read_trade, "deposits": read_deposit}      # by the stream's name, without its part
    parse = parser(READERS, balances=read_balances)

A reader takes one record and its JSON (numbers as the exchange's own text) and gives what it says. What it
can't read (KeyError, TypeError, ValueError, or `Unread` with a reason) becomes an Issue that names the
record, which stays kept for the next version. Records that belong together are for `together`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from importers.base import shown
from importers.sync import BALANCE, FINEST
from pipeline.issues import Issue
from pipeline.model import Amount, Balance, Label, Parsed, RawRecord, Transaction, transaction_id
from pipeline.money import ZERO, exact, parse, plain

Value = Any  # a record's JSON
Said = Transaction | Issue
Reader = Callable[[RawRecord, Value], Iterable[Said]]
Balances = Callable[[RawRecord, Value], Iterable[tuple[str, Decimal]]]  # (asset, quantity)
Together = Callable[[list[tuple[RawRecord, Value]]], Iterable[Said]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Kinds of what is not computed, as a person reads them, and writes them in a file of gaps.
MARGIN, LOANS, BOTS = "margin and futures", "loans", "bots and copied trades"


class Unread(Exception):
    """Why a record can't be read, in words for a person; `kind`: of what is not computed it is one, told once for all
    records of that kind (`MARGIN`, `LOANS`, `BOTS`); "": a record by itself."""

    def __init__(self, why: str, kind: str = "") -> None:
        super().__init__(why)
        self.kind = kind


MALFORMED = (Unread, KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)


def parser(
    readers: Mapping[str, Reader], balances: Balances | None = None, together: Mapping[str, Together] | None = None
) -> Callable[[Iterable[RawRecord]], Parsed]:
    """The `parse` of an exchange. `readers`: one record, one call. `together`: all records of these streams at
    once, in order of time, where one happening is spread over several (also over several streams: their names,
    with spaces between): these give the Issues of what they can't read themselves, and never raise for one
    record. A stream of neither is ignored."""
    group = {stream: names for names in together or {} for stream in names.split()}

    def parse_records(records: Iterable[RawRecord]) -> Parsed:
        parsed = Parsed()
        gathered: dict[str, list[tuple[RawRecord, Value]]] = {}
        with exact():
            for record in records:
                stream = record.stream.partition(" ")[0]
                try:
                    value = json.loads(record.payload, parse_float=str, parse_int=str)
                    if stream == BALANCE:
                        if balances is not None:
                            parsed.balances.extend(_balances(record, balances(record, value)))
                    elif stream in group:
                        gathered.setdefault(group[stream], []).append((record, value))
                    elif stream in readers:
                        sort_out(parsed, list(readers[stream](record, value)))
                except MALFORMED as why:
                    parsed.issues.append(unread(record, why))
            for names, listed in gathered.items():
                listed.sort(key=lambda pair: (pair[0].position, pair[0].source_id))
                sort_out(parsed, (together or {})[names](listed))
            parsed.transactions.sort(key=lambda t: (t.at, t.position, t.source_id))
            parsed.balances[:] = _summed(parsed.balances)
        return parsed

    return parse_records


def sort_out(parsed: Parsed, found: Iterable[Said]) -> None:
    """What was read, and what could not be, each to its kind."""
    for each in found:
        if isinstance(each, Issue):
            parsed.issues.append(each)
        else:
            parsed.transactions.append(each)


def unread(record: RawRecord, why: Exception) -> Issue:
    """The open problem of a record that can't be read; its detail `kind` is there where it is of one."""
    reason = str(why) if isinstance(why, Unread) else "it has another form than this version knows"
    kind = {"kind": why.kind} if isinstance(why, Unread) and why.kind else {}
    ref = transaction_id(record.account, record.stream, record.source_id)
    details = {"why": f"{record.origin}: {reason}"} | kind
    return Issue("unread_record", record.account, at=at_of(record), ref=ref, details=details)


def at_of(record: RawRecord) -> datetime:
    """When a record is of, as its stream said."""
    return _EPOCH + timedelta(microseconds=record.position // 10)


def _balances(record: RawRecord, found: Iterable[tuple[str, Decimal]]) -> Iterator[Balance]:
    sums: dict[str, Decimal] = {}
    for asset, quantity in found:
        sums[asset] = sums.get(asset, ZERO) + quantity
    for asset, quantity in sums.items():
        yield Balance(record.account, asset, quantity, at_of(record))


def _summed(balances: Iterable[Balance]) -> Iterator[Balance]:
    """One balance of an asset and instant, whatever the number of wallets that hold it."""
    sums: dict[tuple[str, str, datetime], Decimal] = {}
    for b in balances:
        key = (b.account, b.asset, b.at)
        sums[key] = sums.get(key, ZERO) + b.quantity
    return (Balance(account, asset, quantity, at) for (account, asset, at), quantity in sums.items())


def transaction(
    record: RawRecord,
    at: datetime,
    *,
    sent: Amount | None = None,
    received: Amount | None = None,
    fee: Amount | None = None,
    label: Label | None = None,
    net_worth: Amount | None = None,
    description: str = "",
    txhash: str = "",
    leg: str = "",
) -> Transaction:
    """A transaction that `record` says. `leg` tells several ones of one record apart ("" for the first). Raises Unread
    where an amount is negative: which side it is on says that already."""
    for amount in (sent, received, fee, net_worth):
        if amount is not None and amount.quantity < 0:
            raise Unread(f"its amount {plain(amount.quantity)} {amount.asset} should not be negative")
    source_id = f"{record.source_id}/{leg}" if leg else record.source_id
    return Transaction(
        id=transaction_id(record.account, record.stream, source_id),
        at=at,
        account=record.account,
        sent=sent,
        received=received,
        fee=fee,
        net_worth=net_worth,
        label=label,
        description=shown(description, 200),
        txhash=txhash,
        source=record.source,
        source_id=source_id,
        position=record.position,
    )


def amount(number: Value, asset: str) -> Amount | None:
    """A positive amount from the exchange's own text; None for 0. Raises ValueError for a negative one."""
    quantity = parse(str(number))
    if quantity < ZERO:
        raise ValueError("negative")
    return Amount(quantity, asset) if quantity else None


def signed(number: Value) -> Decimal:
    """A number that may be negative, exactly."""
    return parse(str(number))


def milliseconds(at: Value) -> datetime:
    """Unix milliseconds, a number or text, as an instant."""
    return _EPOCH + timedelta(milliseconds=int(str(at)))


def seconds(at: Value) -> datetime:
    """Unix seconds, a number or text, with a fraction or without, as an instant (to the microsecond)."""
    return _EPOCH + timedelta(microseconds=int(parse(str(at)) * 10**6))


def iso(at: Value) -> datetime:
    """An ISO 8601 time as an instant; without a zone it is UTC."""
    moment = datetime.fromisoformat(str(at))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def finest(at: datetime) -> Decimal:
    """An instant as Unix seconds, for `Item.time`."""
    return Decimal((at - _EPOCH) // timedelta(microseconds=1)) / 10**6


assert FINEST == 10**7  # what `at_of` reads

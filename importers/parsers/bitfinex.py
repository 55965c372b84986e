"""What Bitfinex's records mean: ledger entries and movements -> transactions and balances.

A ledger entry changes one wallet by its amount, and only its words say why: "Exchange 0.5 BTC for USD @ 30000.0 on
wallet exchange", of which there is one for each side and "Trading fees for 0.5 BTC (BTCUSD) @ ..." besides. What
moves between wallets of the account is no transaction. What positions brought or took, their fees and funding are each
an entry, and a row (`margin`). A cost in a currency that the margin wallet does not hold is soon settled: bought for
another one of it; then what was paid is the cost, and the two entries in the other currency, which add up to nothing,
are none. Claims, swaps and transfers of positions stay unread. Trades only show whether the ledger reaches far enough
back.

Sources: docs.bitfinex.com/reference/rest-auth-ledgers, rest-auth-trades, rest-auth-movements, rest-auth-wallets
(2026-11), the ledger's categories among them. The words of the entries are documented nowhere; they are as exports of
ledgers show them (settlements: one that a user published, of December 2018).
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from msgspec import Struct, field

from importers.assets import asset
from importers.parsers import margin
from importers.parsers.build import (
    MALFORMED,
    MARGIN,
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
from pipeline.issues import Issue
from pipeline.model import Amount, Label, Parsed, RawRecord, Transaction
from pipeline.money import ZERO, parse, plain

LEDGERS, TRADES, MOVEMENTS = "Ledgers", "Trades", "Movements"
TOGETHER = timedelta(seconds=5)  # how far apart the entries of one happening may be
COMPLETED = "COMPLETED"

_NUMBER = r"-?[0-9.]+(?:[eE][-+]?[0-9]+)?"
_EXCHANGE = re.compile(rf"Exchange ({_NUMBER}) (\S+) for (\S+) @ ({_NUMBER})", re.IGNORECASE)
_FEES = re.compile(rf"Trading (?:fees|rebate) for ({_NUMBER}) (\S+) (?:\(\S+\) )?@ ({_NUMBER})", re.IGNORECASE)
_WALLET = re.compile(r" on wallet (\w+)$", re.IGNORECASE)
_MOVEMENT = re.compile(
    r"(?P<deposit>Deposit(?: fee)?) \([^)]*\) #?(?P<d>\d+)|(?P<back>Canceled withdrawal (?:fee|request)) #(?P<b>\d+)"
    r"|(?P<out>.*\bWithdrawal) #(?P<w>\d+)",
    re.IGNORECASE,
)
_BETWEEN_USERS = re.compile(r"Transfer of .* SA\(\d+->\d+\)", re.IGNORECASE)
_KINDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(words, re.IGNORECASE), kind)
    for words, kind in (
        (r"Transfer of .* from wallet ", "inside"),
        (r"(?:Crypto |Wire )?Withdrawal (?:express )?fee\b|miner fee\b", "withdrawal fee"),
        (r"Margin Funding Payment|Interest Payment", Label.INTEREST),
        (r"Staking (?:payments?|rewards?)", Label.REWARD),
        (r"Affiliate Rebate|Earned fees from user", Label.INCOME),
        (r"\S+ (?:airdrop|distribution)", Label.AIRDROP),
        (r".* snapshot\b", Label.FORK),
        (r"Position (?:#\d+ )?(?:closed|modified|liquidated) @|Position (?:#\d+ )?funding cost"
         r"|(?:(?:Used |Unused )?Margin Funding (?:Charge|Fee)|(?:Derivatives )?Funding Event)\b", "result"),
        (r"Settlement @", "settlement"),
        (r"Position\b|Settlement\b|Margin Funding|Claiming fee|Swap fee|Liquidation", "margin"),
    )
)  # fmt: skip


class _Entry(Struct, frozen=True):
    """One ledger entry; `words` without the wallet's name, which is `wallet`."""

    record: RawRecord
    at: datetime
    asset: str
    amount: Decimal
    words: str
    wallet: str


class _Swap(Struct):
    """Entries that are the two sides of one trade, or of several at the same price and time, and their fees."""

    entries: list[_Entry]
    key: tuple[Decimal, str, Decimal]
    fees: list[_Entry] = field(default_factory=list)


def read_records(records: Iterable[RawRecord]) -> Parsed:
    """Transactions, balances, and an Issue for each entry that is not understood."""
    kept = list(records)
    hashes = {id: txid for record in kept if record.stream == MOVEMENTS for id, txid in _hash(record)}
    trades = [at_of(record) for record in kept if record.stream in (TRADES, MOVEMENTS)]
    return parser({}, balances=_balances, together={LEDGERS: partial(_ledger, hashes, sorted(trades))})(kept)


def _hash(record: RawRecord) -> Iterator[tuple[str, str]]:
    """(movement, transaction hash) of a completed movement."""
    value = json.loads(record.payload, parse_float=str, parse_int=str)
    if isinstance(value, list) and len(value) > 20 and value[9] == COMPLETED and isinstance(value[20], str):
        yield str(value[0]), value[20]


def _balances(_record: RawRecord, value: Value) -> Iterator[tuple[str, Decimal]]:
    """Of all wallets: exchange, margin, funding."""
    for wallet in value:
        yield asset(wallet[1], "bitfinex"), signed(wallet[2])


# ---- the ledger -------------------------------------------------------------------------------


def _ledger(
    hashes: Mapping[str, str], others: Sequence[datetime], listed: list[tuple[RawRecord, Value]]
) -> Iterator[Said]:
    kinds: dict[str, list[_Entry]] = defaultdict(list)
    movements: dict[str, list[_Entry]] = defaultdict(list)
    for record, value in listed:
        try:
            entry = _entry(record, value)
        except MALFORMED as why:
            yield unread(record, why)
            continue
        if entry.amount:
            movement = _MOVEMENT.match(entry.words)
            if movement:
                movements[next(each for each in movement.group("d", "b", "w") if each)].append(entry)
            else:
                kinds[_kind(entry)].append(entry)
    swaps = _swaps(kinds.pop("exchange", []))
    yield from _fees(swaps, kinds.pop("trading fee", []))
    for swap in swaps:
        yield from _swap(swap)
    yield from _movements(movements, kinds.pop("withdrawal fee", []), hashes)
    yield from _inside(kinds.pop("inside", []))
    yield from _results(kinds.pop("result", []), kinds.pop("settlement", []))
    for kind, entries in kinds.items():
        yield from _others(kind, entries)
    if listed and others and others[0] < at_of(listed[0][0]) - timedelta(days=1):
        yield _too_old(listed[0][0], others)


def _entry(record: RawRecord, value: Value) -> _Entry:
    words = str(value[8])
    wallet = _WALLET.search(words)
    named = wallet.group(1).lower() if wallet else str(value[2] or "exchange")
    at = milliseconds(value[3])
    if not isinstance(value[1], str) or not value[1]:
        raise Unread("it names no currency")
    return _Entry(record, at, asset(value[1], "bitfinex", at), signed(value[5]), _WALLET.sub("", words), named)


def _kind(entry: _Entry) -> str:
    margin = entry.wallet not in ("exchange", "funding")
    if _EXCHANGE.match(entry.words) and not margin:
        return "exchange"
    if _FEES.match(entry.words):
        return "result" if margin else "trading fee"
    if _BETWEEN_USERS.match(entry.words):
        return "moved"
    return next((kind for pattern, kind in _KINDS if pattern.match(entry.words)), "")


def _swaps(entries: Iterable[_Entry]) -> list[_Swap]:
    """By their words, which both sides share, and their time."""
    swaps: list[_Swap] = []
    open: dict[str, _Swap] = {}
    for entry in entries:
        swap = open.get(entry.words)
        if swap is None or entry.at - swap.entries[0].at > TOGETHER:
            found = _EXCHANGE.match(entry.words)
            assert found is not None
            swap = open[entry.words] = _Swap([], (parse(found[1]), found[2].upper(), parse(found[4])))
            swaps.append(swap)
        swap.entries.append(entry)
    return swaps


def _fees(swaps: Sequence[_Swap], fees: Iterable[_Entry]) -> Iterator[Said]:
    """Gives each fee to its trade; those of which the trade is not there, and rebates, are on their own."""
    by_key: dict[tuple[Decimal, str, Decimal], list[_Swap]] = defaultdict(list)
    for swap in swaps:
        by_key[swap.key].append(swap)
    for fee in fees:
        found = _FEES.match(fee.words)
        assert found is not None
        near = [s for s in by_key[parse(found[1]), found[2].upper(), parse(found[3])]
                if abs(s.entries[0].at - fee.at) <= TOGETHER]  # fmt: skip
        if fee.amount > ZERO:
            yield _one_sided(fee, Label.CASHBACK)
        elif near:
            min(near, key=lambda s: abs(s.entries[0].at - fee.at)).fees.append(fee)
        else:
            yield _one_sided(fee, Label.COST)


def _swap(swap: _Swap) -> Iterator[Said]:
    first, net = swap.entries[0], _net(swap.entries)
    given, got = [a for a in net if net[a] < ZERO], [a for a in net if net[a] > ZERO]
    if len(given) != 1 or len(got) != 1:
        yield from (unread(e.record, Unread("the other side of the trade is missing")) for e in swap.entries)
        yield from (_one_sided(fee, Label.COST) for fee in swap.fees)
        return
    paid = [Amount(-quantity, name) for name, quantity in _net(swap.fees).items()]
    yield transaction(
        first.record,
        first.at,
        sent=Amount(-net[given[0]], given[0]),
        received=Amount(net[got[0]], got[0]),
        fee=paid[0] if paid else None,
        description=first.words,
    )
    for more in paid[1:]:
        yield transaction(first.record, first.at, sent=more, label=Label.COST, leg=f"fee {more.asset}")


def _net(entries: Iterable[_Entry]) -> dict[str, Decimal]:
    net: dict[str, Decimal] = {}
    for entry in entries:
        net[entry.asset] = net.get(entry.asset, ZERO) + entry.amount
    return net


def _movements(
    movements: Mapping[str, list[_Entry]], fees: Sequence[_Entry], hashes: Mapping[str, str]
) -> Iterator[Said]:
    """Deposits and withdrawals by their number; what was cancelled adds up to nothing."""
    left = list(fees)
    for id, entries in movements.items():
        first = next((e for e in entries if "fee" not in e.words.lower()), entries[0])
        if any(e.asset != first.asset for e in entries):
            yield from (unread(e.record, Unread("it is of another currency than its movement")) for e in entries)
            continue
        fee = sum((-e.amount for e in entries if "fee" in e.words.lower()), ZERO)
        moved = sum((e.amount for e in entries if "fee" not in e.words.lower()), ZERO)
        near = next((e for e in left if e.asset == first.asset and abs(e.at - first.at) <= TOGETHER), None)
        if near is not None and first.amount < ZERO:
            left.remove(near)
            fee -= near.amount
        yield from _moved(first, moved, fee, hashes.get(id, ""))
    yield from (_one_sided(e, Label.COST if e.amount < ZERO else Label.CASHBACK) for e in left)


def _moved(first: _Entry, moved: Decimal, fee: Decimal, txid: str) -> Iterator[Said]:
    if not moved:
        if fee:  # of a withdrawal that was cancelled
            yield transaction(
                first.record, first.at, sent=amount(plain(fee), first.asset), label=Label.COST, description=first.words
            )
        return
    side = {"received" if moved > ZERO else "sent": Amount(abs(moved), first.asset)}
    paid = amount(plain(fee), first.asset)
    yield transaction(first.record, first.at, **side, fee=paid, description=first.words, txhash=txid)  # type: ignore[arg-type]


def _inside(entries: Sequence[_Entry]) -> Iterator[Said]:
    """Between wallets of the account nothing is gained or lost; what is without its other side is told."""
    if any(_net(entries).values()):
        open: dict[tuple[str, str], list[_Entry]] = defaultdict(list)
        for entry in entries:
            pair = open[entry.asset, entry.words]
            other = next((e for e in pair if e.amount == -entry.amount), None)
            if other is None:
                pair.append(entry)
            else:
                pair.remove(other)
        for left in open.values():
            yield from (unread(e.record, Unread("the other side of the transfer is missing")) for e in left)


def _others(kind: str, entries: Sequence[_Entry]) -> Iterator[Said]:
    if kind == "margin":
        yield from (_unknown(entry) for entry in entries)
    elif kind == "moved":
        yield from (_one_sided(entry, None) for entry in entries)
    elif not kind:
        yield from (unread(e.record, Unread(f"'{e.words}' is not known to this version")) for e in entries)
    else:
        for entry in entries:
            if entry.amount > ZERO:
                yield _one_sided(entry, Label(kind))
            else:
                yield unread(entry.record, Unread(f"'{entry.words}' takes {plain(-entry.amount)} {entry.asset}"))


def _one_sided(entry: _Entry, label: Label | None) -> Transaction:
    value = Amount(abs(entry.amount), entry.asset)
    if entry.amount > ZERO:
        return transaction(entry.record, entry.at, received=value, label=label, description=entry.words)
    return transaction(entry.record, entry.at, sent=value, label=label, description=entry.words)


# ---- margin and derivatives -------------------------------------------------------------------


def _results(entries: Sequence[_Entry], settlements: Iterable[_Entry]) -> Iterator[Said]:
    """What positions brought or took, but for what was settled in another currency."""
    so_far: dict[str, list[_Entry]] = defaultdict(list)  # by currency, in order of time
    bunches = [[entry] for entry in entries] + _pairs(settlements)
    for bunch in sorted(bunches, key=lambda bunch: _order(bunch[0])):
        first = bunch[0]
        if not first.words.lower().startswith("settlement"):
            so_far[first.asset].append(first)
            continue
        taken_back = next((each for each in bunch if _covers(bunch, each, so_far[each.asset])), None)
        if taken_back is None:
            yield from (_unknown(entry) for entry in bunch)
            continue
        del so_far[taken_back.asset][-_last(so_far[taken_back.asset], taken_back) :]
        for entry in bunch:
            if entry is not taken_back:
                so_far[entry.asset].append(entry)
    for entry in sorted((entry for same in so_far.values() for entry in same), key=_order):
        yield from margin.result(Entry(entry.record, "", entry.asset, entry.amount, entry.at), entry.words)


def _pairs(settlements: Iterable[_Entry]) -> list[list[_Entry]]:
    """The entries of each settlement, which share their words and their time."""
    pairs: list[list[_Entry]] = []
    open: dict[str, list[_Entry]] = {}
    for entry in sorted(settlements, key=_order):
        pair = open.get(entry.words)
        if pair is None or entry.at - pair[0].at > TOGETHER:
            pair = open[entry.words] = []
            pairs.append(pair)
        pair.append(entry)
    return pairs


def _covers(pair: Sequence[_Entry], entry: _Entry, results: Sequence[_Entry]) -> bool:
    """Whether this side of a settlement takes back what results came to, and the other paid for it."""
    other = [each for each in pair if each is not entry]
    opposite = len(other) == 1 and other[0].asset != entry.asset and other[0].amount * entry.amount < ZERO
    return opposite and _last(results, entry) > 0


def _last(results: Sequence[_Entry], settlement: _Entry) -> int:
    """How many of the last `results`, all in its currency, add up to just what a settlement takes back; 0: none do."""
    total = settlement.amount
    for count, entry in enumerate(reversed(results), start=1):
        total += entry.amount
        if not total:
            return count
    return 0


def _order(entry: _Entry) -> tuple[datetime, str]:
    return entry.at, entry.record.source_id


def _unknown(entry: _Entry) -> Issue:
    return unread(entry.record, Unread(f"margin and derivatives: '{entry.words}' is not supported yet", MARGIN))


def _too_old(oldest: RawRecord, others: Sequence[datetime]) -> Issue:
    begin = at_of(oldest)
    count = sum(at < begin for at in others)
    why = f"its ledger begins on {begin:%Y-%m-%d}; {count} trades and movements are older, from {others[0]:%Y-%m-%d} on"
    cure = "import a file with the transactions before that day, made of Bitfinex's Reports > Ledgers"
    ref = f"{oldest.account}/{LEDGERS}/older"
    return Issue("short_history", oldest.account, at=begin, ref=ref, details={"why": why, "cure": cure})

"""A ledger of balance changes beside lists that know more of some of them: hashes, fees, the other side.

    entries = Entries(read(bill) for bill in bills)
    entries.take("BTC", Decimal("-0.501"), at, WITHDRAWN)     # the change that a withdrawal of 0.5 at 0.001 made
    for entry in entries.left(): ...                          # what no list spoke of

Each change is taken by one record of a list at most, the nearest in time first, so that what two lists tell counts
once. `conversion` makes transactions of changes that belong together: one coin got for one or several.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from importers.parsers.build import MALFORMED, Said, Unread, Value, transaction, unread
from pipeline.issues import Issue
from pipeline.model import Amount, Label, RawRecord
from pipeline.money import ZERO, plain, split

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Entry(Struct, frozen=True, eq=False):
    """One change of one balance. `kind` is the exchange's word for it; `change` is all that the balance gained or
    lost, of which `fee` was taken as a fee (negative: given as a rebate)."""

    record: RawRecord
    kind: str
    asset: str
    change: Decimal
    at: datetime
    fee: Decimal = ZERO
    value: Value = None

    @property
    def gross(self) -> Decimal:
        """The change without the fee."""
        return self.change + self.fee


class Also(Struct, frozen=True):
    """Some `kinds`, and every kind that is not `listed`: what a list tells to the digit is that, whatever its word."""

    kinds: Collection[str]
    listed: Collection[str]

    def __contains__(self, kind: object) -> bool:
        return kind in self.kinds or kind not in self.listed


class Entries:
    """The changes of one ledger or of several."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._all = sorted(entries, key=lambda entry: (entry.at, entry.record.position, entry.record.source_id))
        self._free = dict.fromkeys(self._all)
        self._by_amount: dict[tuple[str, Decimal], list[Entry]] = defaultdict(list)
        for entry in self._all:
            self._by_amount[entry.asset, entry.change].append(entry)

    def take(
        self, asset: str, change: Decimal, at: datetime, kinds: Container[str], within: timedelta = DAY
    ) -> Entry | None:
        """The change of just this amount, of one of these kinds, that is nearest in time and not yet taken."""
        same = self._by_amount.get((asset, change), ())
        fits = [e for e in same if e in self._free and e.kind in kinds and abs(e.at - at) <= within]
        if not fits:
            return None
        best = min(fits, key=lambda entry: abs(entry.at - at))
        del self._free[best]
        return best

    def take_all(self, wanted: Collection[str]) -> list[Entry]:
        """All that is left of these kinds, in order of time."""
        found = [entry for entry in self._free if entry.kind in wanted]
        for entry in found:
            del self._free[entry]
        return found

    def left(self) -> list[Entry]:
        """What was not taken, in order of time."""
        return list(self._free)


def one_sided(entry: Entry, label: Label | None = None, description: str = "") -> Said:
    """A change that is a transaction by itself; without a label a transfer."""
    if not entry.change:
        return unread(entry.record, Unread("it changes no balance"))
    moved = Amount(abs(entry.change), entry.asset)
    sent, received = (None, moved) if entry.change > ZERO else (moved, None)
    return transaction(entry.record, entry.at, sent=sent, received=received, label=label, description=description)


def bunches(entries: Iterable[Entry], apart: timedelta = timedelta(seconds=2)) -> Iterator[list[Entry]]:
    """Changes in order of time, in bunches of those that came within a moment of each other."""
    bunch: list[Entry] = []
    for entry in entries:
        if bunch and entry.at - bunch[-1].at > apart:
            yield bunch
            bunch = []
        bunch.append(entry)
    if bunch:
        yield bunch


def pairs_of(bunch: list[Entry]) -> list[list[Entry]]:
    """Several conversions of one moment, where each has its two changes one after the other; else all as one."""
    pairs = [bunch[i : i + 2] for i in range(0, len(bunch), 2)]
    apart = all(len(pair) == 2 and pair[0].change * pair[1].change < ZERO for pair in pairs)
    return pairs if apart else [bunch]


Prices = Mapping[tuple[str, str], Decimal]  # the last price of (base, quote) in the account's own trades


def conversion(entries: Sequence[Entry], description: str, prices: Prices | None = None) -> Iterator[Said]:
    """What changes that belong together are: one asset, or several, given for one.

    Amounts are those before fees, a fee is paid on top, a rebate is a receipt of its own. What several assets
    brought together is divided by their last prices, evenly where one has none, and an Issue says so.
    Where one side is missing, each change is an Issue.
    """
    gross: dict[str, Decimal] = defaultdict(lambda: ZERO)
    fees: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for entry in entries:
        gross[entry.asset] += entry.gross
        fees[entry.asset] += entry.fee
    given, got = sorted(a for a in gross if gross[a] < ZERO), [a for a in gross if gross[a] > ZERO]
    if not given or len(got) != 1:
        what = "the other side of it is missing" if not given or not got else f"{len(got)} assets were got in one"
        yield from (unread(entry.record, Unread(what)) for entry in entries)
        return
    into, first = got[0], next(e for e in entries if e.gross > ZERO)
    parts, how = _parts(gross, given, into, prices or {})
    if len(given) > 1:
        told = {"assets": ", ".join(given), "received": f"{plain(gross[into])} {into}", "how": how}
        ref = first.record.source_id
        yield Issue("divided_proceeds", first.record.account, into, first.at, ref, details=told)
    paid = [(asset, fee) for asset, fee in fees.items() if fee > ZERO]
    for number, (asset, part) in enumerate(zip(given, parts, strict=True)):
        own = next((each for each in paid if each[0] in (asset, into)), None)
        if own is not None:
            paid.remove(own)
        yield transaction(
            first.record,
            first.at,
            sent=Amount(-gross[asset], asset),
            received=Amount(part, into),
            fee=Amount(own[1], own[0]) if own else None,
            description=description,
            leg="" if number == 0 else str(number + 1),
        )
    for asset, fee in paid:
        cost = Amount(fee, asset)
        yield transaction(first.record, first.at, sent=cost, label=Label.COST, description="fee", leg=f"fee {asset}")
    for asset, fee in fees.items():
        if fee < ZERO:
            yield rebate(first, Amount(-fee, asset))


def rebate(entry: Entry, what: Amount) -> Said:
    """A fee that was negative: a receipt beside the trade."""
    return transaction(
        entry.record,
        entry.at,
        received=what,
        label=Label.CASHBACK,
        description="rebate of a trading fee",
        leg=f"rebate {what.asset}",
    )


def _parts(gross: Mapping[str, Decimal], given: Sequence[str], into: str, prices: Prices) -> tuple[list[Decimal], str]:
    """What each of `given` brought, and how that is known."""
    weights, how = [Decimal(1)] * len(given), "evenly"
    if len(given) > 1 and all((asset, into) in prices for asset in given):
        weights, how = [-gross[a] * prices[a, into] for a in given], "by the last price of each in your own trades"
    total, left, parts = gross[into], sum(weights, ZERO), []
    for weight in weights:
        parts.append(split(total, weight, left))
        total -= parts[-1]
        left -= weight
    return parts, how


Pair = tuple[RawRecord, Value]
Reading = Callable[[RawRecord, Value], Iterable[Said]]
ReadingEntry = Callable[[RawRecord, Value], Entry]


def by_stream(pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    """Records by the stream that brought them, without its part."""
    found: dict[str, list[Pair]] = defaultdict(list)
    for record, value in pairs:
        found[record.stream.partition(" ")[0]].append((record, value))
    return found


def each(pairs: Iterable[Pair], read: Reading) -> Iterator[Said]:
    """What `read` makes of every record; an Issue for one that it can't read."""
    for record, value in pairs:
        try:
            yield from list(read(record, value))
        except MALFORMED as why:
            yield unread(record, why)


def entries_of(pairs: Iterable[Pair], read: ReadingEntry) -> tuple[list[Entry], list[Said]]:
    """The changes of a ledger, and Issues of the records that are none."""
    found: list[Entry] = []
    issues: list[Said] = []
    for record, value in pairs:
        try:
            found.append(read(record, value))
        except MALFORMED as why:
            issues.append(unread(record, why))
    return found, issues

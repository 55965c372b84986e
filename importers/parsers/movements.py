"""A ledger's lines and the lists of deposits and withdrawals beside it: what both tell is one transaction.

    entries = [Entry(record, "withdrawal", "BTC", Decimal("-0.5005"), at)]
    listed = [Movement(record, at, "BTC", Decimal("0.5"), Decimal("0.0005"), incoming=False)]
    list(movements(entries, {"withdrawal"}, listed))        # sent 0.5 BTC, fee 0.0005 BTC

A ledger says exactly what a balance gained or lost; the list says which part of that was the fee, and the hash.
Where both should tell and do not agree, nothing is guessed: it is an Issue. `trade` is what every fill is.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from importers.parsers.build import Said, Unread, transaction, unread
from importers.parsers.claims import Entries, Entry, one_sided
from pipeline.model import Amount, Label, RawRecord, is_fiat
from pipeline.money import ZERO, plain

APART = timedelta(days=3)  # at most, between the ledger's time of a movement and the list's


class Movement(Struct, frozen=True):
    """One finished deposit or withdrawal of a list. `amount` and `fee` as it names them, positive; `within`: what a
    withdrawal names as its amount has the fee in it, unless the ledger shows that it came on top."""

    record: RawRecord
    at: datetime
    asset: str
    amount: Decimal
    fee: Decimal
    incoming: bool
    words: str = ""
    txhash: str = ""
    within: bool = False

    @property
    def changes(self) -> tuple[Decimal, Decimal]:
        """What the balance changed by: as `within` says, and the other way."""
        if self.incoming:
            return self.amount, self.amount - self.fee
        inside, on_top = -self.amount, -self.amount - self.fee
        return (inside, on_top) if self.within else (on_top, inside)


def movements(entries: Iterable[Entry], kinds: Collection[str], listed: Iterable[Movement]) -> Iterator[Said]:
    """Deposits and withdrawals, told once; `kinds`: the ledger's words for them. What only one of the two tells is
    told by that one; but where a line and a record of the list are left that could be the same with other amounts,
    the ledger counts, and the record of the list is an Issue."""
    ledger = Entries(entries)
    alone = sorted(listed, key=lambda one: (one.at, one.record.source_id))
    for way in (0, 1):
        unknown: list[Movement] = []
        for each in alone:
            found = ledger.take(each.asset, each.changes[way], each.at, kinds, APART)
            if found is None:
                unknown.append(each)
            else:
                yield _moved(each, found.record, found.at, found.change)
        alone = unknown
    left = ledger.left()
    for each in alone:
        if any(_alike(each, entry) for entry in left):
            yield unread(each.record, Unread("the ledger of the account tells of another amount"))
        else:
            yield _moved(each, each.record, each.at, each.changes[0])
    for entry in left:
        yield one_sided(entry, description=entry.kind)


def _alike(what: Movement, entry: Entry) -> bool:
    same_way = (entry.change > ZERO) == what.incoming
    return entry.asset == what.asset and same_way and abs(entry.at - what.at) <= APART


def _moved(what: Movement, record: RawRecord, at: datetime, change: Decimal) -> Said:
    """A movement that changed the balance by `change`."""
    txhash = "" if is_fiat(what.asset) else what.txhash
    fee = what.fee if not what.incoming or change != what.amount else ZERO
    paid = Amount(fee, what.asset) if fee else None
    quantity = change + fee if what.incoming else -change - fee
    if fee < ZERO or quantity <= ZERO:
        return unread(record, Unread(f"a fee of {plain(fee)} of {plain(abs(change))} {what.asset}"))
    moved = Amount(quantity, what.asset)
    sent, received = (None, moved) if what.incoming else (moved, None)
    return transaction(record, at, sent=sent, received=received, fee=paid, description=what.words, txhash=txhash)


def trade(
    record: RawRecord, at: datetime, given: Amount, got: Amount, fees: Iterable[tuple[Decimal, str]], words: str
) -> Iterator[Said]:
    """A fill. `fees`: in any assets, on top of what was given and got; a negative one was a rebate."""
    paid = [(fee, name) for fee, name in fees if fee]
    first = next((each for each in paid if each[0] > ZERO), None)
    fee = Amount(*first) if first else None
    yield transaction(record, at, sent=given, received=got, fee=fee, description=words)
    for number, (quantity, name) in enumerate((each for each in paid if each is not first), start=2):
        if quantity > ZERO:
            cost = Amount(quantity, name)
            yield transaction(record, at, sent=cost, label=Label.COST, description=words, leg=f"fee {number}")
        else:
            back = Amount(-quantity, name)
            yield transaction(
                record, at, received=back, label=Label.CASHBACK, description=words, leg=f"rebate {number}"
            )

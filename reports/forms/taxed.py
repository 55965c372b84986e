"""What a form is made of: the year's taxed disposals and income at known prices, and what is held, added up.

What has no known price can't be filed: it is in no sum, and `left_out` says how many.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from pipeline.held import balances
from pipeline.local import local_day
from pipeline.model import Disposal, Label, Lot, is_fiat
from pipeline.money import ZERO, split
from reports.table import Report
from reports.tables import crypto_lots_of, incomes_of, unpriced_of
from reports.tables import taxed_of as taxed_of

K = TypeVar("K", str, tuple[str, str], tuple[date, str])


def left_out(report: Report) -> list[str]:
    """A sentence on what is in no line, since its price is not known."""
    sales = unpriced_of(report)
    receipts = sum(i.value is None for i in incomes_of(report))
    told = [f"{n} {what}" for n, what in ((sales, "part(s) of disposals"), (receipts, "receipt(s)")) if n]
    if not told:
        return []
    return [f"{' and '.join(told)} without a known price can't be filed: issues.csv says what to do."]


def day_of(at: datetime, report: Report) -> date:
    """The taxpayer's day."""
    return local_day(at, report.zone)


class Sums(Struct, frozen=True):
    """Disposals added up. cost = what was paid for the units + outlays; gain = proceeds - cost; `gains` and `losses`
    (negative or 0) are those of the single rows."""

    proceeds: Decimal
    cost: Decimal
    outlays: Decimal
    gains: Decimal
    losses: Decimal

    @property
    def gain(self) -> Decimal:
        return self.gains + self.losses


def sums(disposals: Iterable[Disposal]) -> Sums:
    """Call it in the exact context."""
    found = list(disposals)
    gains = [d.gain or ZERO for d in found]
    return Sums(
        proceeds=sum((d.proceeds or ZERO for d in found), ZERO),
        cost=sum((d.cost_basis for d in found), ZERO),
        outlays=sum((d.costs for d in found), ZERO),
        gains=sum((g for g in gains if g > ZERO), ZERO),
        losses=sum((g for g in gains if g < ZERO), ZERO),
    )


def grouped(disposals: Iterable[Disposal], key: Callable[[Disposal], K]) -> list[tuple[K, list[Disposal]]]:
    """Disposals by `key`, sorted by it."""
    groups: dict[K, list[Disposal]] = defaultdict(list)
    for d in disposals:
        groups[key(d)].append(d)
    return sorted(groups.items())


def income_of(report: Report, *kinds: Label) -> Decimal:
    """The year's income of these kinds, or of all, as far as its value is known. Call it in the exact context."""
    return sum((i.value or ZERO for i in incomes_of(report) if not kinds or i.kind in kinds), ZERO)


class Held(Struct, frozen=True):
    """Units of one asset on the reference day; `value` None: no price is known."""

    asset: str
    quantity: Decimal
    cost: Decimal
    value: Decimal | None


def held_of(report: Report) -> list[Held]:
    """What is held on the reference day, by asset. Call it in the exact context."""
    found, by_asset = [], defaultdict[str, list[Lot]](list)
    for lot in crypto_lots_of(report):
        by_asset[lot.asset].append(lot)
    for asset, of in sorted(by_asset.items()):
        values = [lot.market_value for lot in of]
        known = None if None in values else sum((v for v in values if v is not None), ZERO)
        found.append(Held(asset, sum((x.quantity for x in of), ZERO), sum((x.cost_basis for x in of), ZERO), known))
    return found


def held_by_account(report: Report) -> list[tuple[str, Held]]:
    """What each account holds at the end of the year, by account and asset, also where lots are kept over all of
    them; `cost` is then the share of its units. Call it in the exact context."""
    whole = {held.asset: held for held in held_of(report)}
    found = []
    for (account, asset), quantity in sorted(balances(report.result.transactions, report.period.ends).items()):
        if is_fiat(asset) or quantity <= ZERO:
            continue
        of = whole.get(asset)
        if of is None or of.quantity < quantity:  # more than there are lots of: a problem of the records, and no price
            found.append((account, Held(asset, quantity, ZERO if of is None else of.cost, None)))
            continue
        value = None if of.value is None else split(of.value, quantity, of.quantity)
        found.append((account, Held(asset, quantity, split(of.cost, quantity, of.quantity), value)))
    return found

"""One coin in two forms, where the law matches purchases and sales by their days: one asset from the first exchange on.

What a reorganisation makes of shares is the same asset to the law (TCGA 1992 s127), and a coin in its new form likely
too. So where a country pairs by days or denies losses by them, forms that a migration exchanges one for one have one
queue from the taxpayer's first exchange on; what is bought in one form is matched with what is sold in the other, if
one of the two is not before it: later rows thus change no earlier figures than by as many days as the law looks ahead.
Other migrations stay two assets, and `identify.across_migrations` tells where it matters.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.coins import carried
from pipeline.gains.lots import Inventory
from pipeline.issues import Issue
from pipeline.model import Acquire, Amount, Convert, Disposal, Flow, Lot, Move, Transaction
from pipeline.money import ZERO, split
from pipeline.rules.base import Rules

Named = TypeVar("Named", Disposal, Issue, Flow)


class Forms(Struct, frozen=True):
    """`coin`: each form -> the name of all its forms; `first`: that name -> the first exchange, and its day."""

    coin: Mapping[str, str] = field(default_factory=dict)
    first: Mapping[str, tuple[datetime, date]] = field(default_factory=dict)

    def others(self, asset: str) -> list[str]:
        """The other forms of a coin."""
        coin = self.coin.get(asset)
        return [] if coin is None else [form for form, its in self.coin.items() if its == coin and form != asset]

    def exchanged(self, f: Convert) -> bool:
        """Whether it is such an exchange."""
        return f.asset != f.into and f.asset in self.coin and self.coin[f.asset] == self.coin.get(f.into)

    def one_by(self, asset: str, at: datetime) -> bool:
        """Whether the coin's forms are one asset at that time."""
        return asset in self.coin and at >= self.first[self.coin[asset]][0]

    def one_on(self, asset: str, day: date) -> bool:
        """Whether they are one by the end of that day."""
        return asset in self.coin and day >= self.first[self.coin[asset]][1]


NONE = Forms()


def forms_of(flows: Iterable[Flow], rules: Rules) -> Forms:
    """The forms of coins that were exchanged one for one, where days matter."""
    if not (rules.identify or rules.recent_days or rules.superficial_days or rules.ring_fence_days):
        return NONE
    coin: dict[str, str] = {}
    first: dict[str, tuple[datetime, date]] = {}
    changes = (f for f in flows if type(f) is Convert and f.asset != f.into)
    for f in sorted(changes, key=lambda f: (f.at, f.order, f.id)):
        migration = carried(f.asset, f.into, f.at)
        if migration is None or migration.takes != migration.gives:
            continue
        old, new = (coin.setdefault(asset, asset) for asset in (f.asset, f.into))
        coin |= {form: old for form, its in coin.items() if its == new}
        first[old] = min(first.get(old, (f.at, f.day)), first.get(new, (f.at, f.day)))
    return Forms(coin, first)


def named(things: Iterable[Named], forms: Forms) -> list[Named]:
    """All by the coin's name, whatever their form."""
    return [replace(each, asset=forms.coin.get(each.asset, each.asset)) for each in things]


def named_flows(flows: Iterable[Flow], forms: Forms) -> list[Flow]:
    """The same of flows, without exchanges of its forms."""
    return named((f for f in flows if not (isinstance(f, Convert) and forms.exchanged(f))), forms)


def named_rows(rows: Iterable[Transaction], forms: Forms) -> list[Transaction]:
    def of(amount: Amount | None) -> Amount | None:
        return amount and replace(amount, asset=forms.coin.get(amount.asset, amount.asset))

    return [replace(t, sent=of(t.sent), received=of(t.received), fee=of(t.fee)) for t in rows]


def unite(
    c: Convert, forms: Forms, named: dict[str, str], queues: dict[tuple[str, str], Inventory],
    queue_of: Callable[[str], Inventory],
) -> Convert:  # fmt: skip
    """Gives the two forms of an exchange one queue. What is left of it: units that a rounding has added or taken, at no
    cost. `named`, `queues`: the walk's."""
    coin = forms.coin[c.asset]
    for form in (c.asset, c.into):
        if form not in named:
            named[form] = coin
            former = queues.pop(("", form), None) if form != coin else None
            for _, units in former.take(total_of(former)) if former is not None else ():
                queue_of(coin).add(units)
    more = c.into_quantity - c.quantity
    some = min(c.quantity, total_of(queue_of(coin))) if more and -more < c.quantity else ZERO
    return replace(c, asset=coin, into=coin, quantity=some, into_quantity=max(ZERO, some + more) if some else ZERO)


def total_of(queue: Inventory) -> Decimal:
    return sum((units.quantity for units in queue.held()), ZERO)


def in_forms(lots: Iterable[Lot], flows: Iterable[Flow], forms: Forms, until: datetime | None) -> list[Lot]:
    """Lots of united coins, the oldest first, by the forms that they are in before `until`. Which lot is in which form
    bears on no figure: the oldest are taken to be in the newest form, which has what is over, too."""
    united = {coin for coin, (at, _) in forms.first.items() if until is None or at < until}
    if not united:
        return list(lots)
    units: dict[str, dict[str, Decimal]] = {coin: {} for coin in united}
    for f in flows:
        its = units.get(forms.coin.get(f.asset, ""))
        if its is None or isinstance(f, Move) or (until is not None and f.at >= until):
            continue
        its[f.asset] = its.get(f.asset, ZERO) + (f.quantity if isinstance(f, Acquire) else -f.quantity)
        if isinstance(f, Convert):
            its[f.into] = its.pop(f.into, ZERO) + f.into_quantity  # the newest form is the last
    found: list[Lot] = []
    by_coin: dict[str, list[Lot]] = defaultdict(list)
    for lot in lots:
        (by_coin[lot.asset] if lot.asset in united else found).append(lot)
    for coin, those in by_coin.items():
        found += _dealt(those, units[coin])
    return found


def _dealt(lots: Sequence[Lot], units: Mapping[str, Decimal]) -> Iterator[Lot]:
    *older, newest = units
    places = [(form, units[form]) for form in older if units[form] > ZERO]
    total = sum((lot.quantity for lot in lots), ZERO)
    places.insert(0, (newest, total - sum((room for _, room in places), ZERO)))
    for lot in lots:
        left = lot
        for n, (form, room) in enumerate(places):
            part = min(room, left.quantity)
            if part <= ZERO:
                continue
            cost = split(left.cost_basis, part, left.quantity)
            yield replace(left, asset=form, quantity=part, cost_basis=cost)
            left = replace(left, quantity=left.quantity - part, cost_basis=left.cost_basis - cost)
            places[n] = (form, room - part)

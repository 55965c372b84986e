"""Losses that do not count, or not against every gain, since the same asset was bought around the disposal.

Which share of a loss it is depends on quantities alone: what was bought, and what was held some days later. So
the walk can ask before it knows what later units cost.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.gains.forms import NONE, Forms
from pipeline.gains.lots import acquired
from pipeline.gains.steps import Step
from pipeline.model import Acquire, Convert, Disposal, Dispose
from pipeline.money import ZERO, split

Bought = list[tuple[str, Decimal]]  # acquisition id, units


class _Asset(Struct):
    """Acquisitions in order of time, as parallel lists: day, instant, id, units, and units of all so far; and the days
    on which something changed, with the units held at their ends."""

    days: list[int] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    units: list[Decimal] = field(default_factory=list)
    sums: list[Decimal] = field(default_factory=lambda: [ZERO])
    changed: list[int] = field(default_factory=list)
    held: list[Decimal] = field(default_factory=list)


class Around:
    """Acquisitions and holdings of each asset in all accounts, by day; of a coin's forms also as one."""

    def __init__(self, steps: Sequence[Step], zone: ZoneInfo, forms: Forms = NONE) -> None:
        """`steps`: in the walk's order."""
        self._forms = forms
        self._own: dict[str, _Asset] = defaultdict(_Asset)
        self._coins: dict[str, _Asset] = defaultdict(_Asset)
        bought = (f for f in steps if isinstance(f, Acquire) and f.dated)
        for a in sorted(bought, key=lambda a: a.since or a.at):
            self._acquired(self._own[a.asset], a, zone)
            if a.asset in forms.coin:
                self._acquired(self._coins[forms.coin[a.asset]], a, zone)
        for f in steps:
            if type(f) is Dispose or type(f) is Convert:
                units = -f.quantity
            elif isinstance(f, Acquire):
                units = f.quantity
            else:
                continue
            day, coin = f.day.toordinal(), forms.coin.get(f.asset)
            self._change(self._own[f.asset], day, units)
            if coin is not None and not (type(f) is Convert and forms.exchanged(f)):
                self._change(self._coins[coin], day, units)
            if type(f) is Convert:
                self._change(self._own[f.into], day, f.into_quantity)
                if f.into in forms.coin and not forms.exchanged(f):
                    self._change(self._coins[forms.coin[f.into]], day, f.into_quantity)

    def _acquired(self, one: _Asset, a: Acquire, zone: ZoneInfo) -> None:
        at, day = acquired(a, zone)
        one.days.append(day.toordinal())
        one.instants.append(at)
        one.ids.append(a.id)
        one.units.append(a.quantity)
        one.sums.append(one.sums[-1] + a.quantity)

    def _change(self, one: _Asset, day: int, units: Decimal) -> None:
        held = max(ZERO, (one.held[-1] if one.held else ZERO) + units)  # what was missing was there
        if one.changed and one.changed[-1] == day:
            one.held[-1] = held
        else:
            one.changed.append(day)
            one.held.append(held)

    def _of(self, d: Dispose, days: int) -> _Asset:
        """What is looked at for a disposal: all forms, if they are one by so many days after it."""
        coin = self._forms.coin.get(d.asset)
        one = coin is not None and self._forms.one_on(d.asset, d.day + timedelta(days))
        return self._coins[coin] if coin is not None and one else self._own[d.asset]

    def held_after(self, d: Dispose, days: int) -> Decimal:
        """Units at the end of the day that lies so many days after the disposal's."""
        one = self._of(d, days)
        found = bisect_right(one.changed, d.day.toordinal() + days)
        return one.held[found - 1] if found else ZERO

    def bought(self, d: Dispose, days: int) -> Decimal:
        """Units acquired from so many days before the disposal's day to so many after it."""
        one, day = self._of(d, days), d.day.toordinal()
        return one.sums[bisect_left(one.days, day + days + 1)] - one.sums[bisect_left(one.days, day - days)]

    def bought_since(self, d: Dispose, days: int) -> Iterator[tuple[str, Decimal]]:
        """Acquisitions after the disposal, to so many days after its day: id and units."""
        one = self._of(d, days)
        for i in range(bisect_right(one.instants, d.at), bisect_left(one.days, d.day.toordinal() + days + 1)):
            yield one.ids[i], one.units[i]


def superficial(
    d: Dispose, rows: Sequence[Disposal], around: Around, days: int
) -> tuple[list[Disposal], dict[str, Decimal]]:
    """The rows of a disposal with the loss that is denied, and what joins the cost of which acquisition; of "": of
    the units that are held already.

    denied = loss x min(sold, bought within `days` of the sale, held at their end) / sold (ITA 54 "superficial
    loss" and 53(1)(f); the Canada Revenue Agency's formula). It joins what was bought after the sale, the first first,
    and then what was bought before it.
    """
    loss = -sum((row.gain for row in rows if row.gain is not None), ZERO)
    if loss <= ZERO:
        return list(rows), {}
    units = min(d.quantity, around.bought(d, days), around.held_after(d, days))
    if units <= ZERO:
        return list(rows), {}
    left = denied = split(loss, units, d.quantity)
    joins: dict[str, Decimal] = {}
    for acquisition, came in around.bought_since(d, days):
        part = min(came, units)
        joins[acquisition] = split(left, part, units)
        left -= joins[acquisition]
        units -= part
        if units == ZERO:
            break
    if left > ZERO:
        joins[""] = left
    dearest = min(rows, key=lambda row: row.gain or ZERO)
    return [_deny(row, denied) if row is dearest else row for row in rows], joins


def ring_fenced(d: Dispose, rows: Sequence[Disposal], around: Around, days: int) -> list[Disposal]:
    """The rows of a disposal; such a part of a loss as was bought back of the units within `days` after it counts only
    against gains on those (TCA 1997 s581(3)): the same part of each row's."""
    if all(row.gain is None or row.gain >= ZERO for row in rows):
        return list(rows)
    left = ZERO
    for _, units in around.bought_since(d, days):
        left += units
        if left >= d.quantity:
            break
    back = min(left, d.quantity)
    return [
        replace(row, set_apart=split(-row.gain, back, d.quantity)) if row.gain is not None and row.gain < ZERO else row
        for row in rows
    ]


def without_losses(rows: Iterable[Disposal]) -> list[Disposal]:
    """The rows, those with a loss without it."""
    return [_deny(row, -row.gain) if row.gain is not None and row.gain < ZERO else row for row in rows]


def _deny(row: Disposal, loss: Decimal) -> Disposal:
    """A loss that does not count: as if that much less had been paid."""
    return replace(row, cost_basis=row.cost_basis - loss, denied=row.denied + loss)

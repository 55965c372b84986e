"""Losses that do not count, or not against every gain, since the same asset was bought around the disposal.

Which share of a loss it is depends on quantities alone: what was bought, and what was held some days later. So
the walk can ask before it knows what later units cost.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from pipeline.model import Acquire, Convert, Disposal, Dispose, Flow, Move
from pipeline.money import ZERO, split

Bought = list[tuple[str, Decimal]]  # acquisition id, units


@dataclass(slots=True)
class _Asset:
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
    """Acquisitions and holdings of each asset in all accounts, by day."""

    def __init__(self, steps: Iterable[Flow]) -> None:
        """`steps`: the flows in the walk's order."""
        self._assets: dict[str, _Asset] = defaultdict(_Asset)
        for f in steps:
            day = f.day.toordinal() if not isinstance(f, Move) else 0
            if isinstance(f, Acquire):
                if f.dated:
                    self._acquired(f, day)
                self._change(f.asset, day, f.quantity)
            elif isinstance(f, Dispose | Convert):
                self._change(f.asset, day, -f.quantity)
                if isinstance(f, Convert):
                    self._change(f.into, day, f.into_quantity)

    def _acquired(self, a: Acquire, day: int) -> None:
        one = self._assets[a.asset]
        one.days.append(day)
        one.instants.append(a.at)
        one.ids.append(a.id)
        one.units.append(a.quantity)
        one.sums.append(one.sums[-1] + a.quantity)

    def _change(self, asset: str, day: int, units: Decimal) -> None:
        one = self._assets[asset]
        held = max(ZERO, (one.held[-1] if one.held else ZERO) + units)  # what was missing was there
        if one.changed and one.changed[-1] == day:
            one.held[-1] = held
        else:
            one.changed.append(day)
            one.held.append(held)

    def held_after(self, d: Dispose, days: int) -> Decimal:
        """Units at the end of the day that lies so many days after the disposal's."""
        one = self._assets[d.asset]
        found = bisect_right(one.changed, d.day.toordinal() + days)
        return one.held[found - 1] if found else ZERO

    def bought(self, d: Dispose, days: int) -> Decimal:
        """Units acquired from so many days before the disposal's day to so many after it."""
        one, day = self._assets[d.asset], d.day.toordinal()
        return one.sums[bisect_left(one.days, day + days + 1)] - one.sums[bisect_left(one.days, day - days)]

    def bought_since(self, d: Dispose, days: int) -> Iterator[tuple[str, Decimal]]:
        """Acquisitions after the disposal, to so many days after its day: id and units."""
        one = self._assets[d.asset]
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
    """The rows of a disposal; of a loss, the share of the units that were bought back within `days` after it counts
    only against gains on those (TCA 1997 s581(3))."""
    if all(row.gain is None or row.gain >= ZERO for row in rows):
        return list(rows)
    left = ZERO
    for _, units in around.bought_since(d, days):
        left += units
        if left >= d.quantity:
            break
    found = []
    for row in rows:
        back = min(left, row.quantity)
        if row.gain is not None and row.gain < ZERO < back:
            left -= back
            row = replace(row, set_apart=split(-row.gain, back, row.quantity))
        found.append(row)
    return found


def without_losses(rows: Iterable[Disposal]) -> list[Disposal]:
    """The rows, those with a loss without it."""
    return [_deny(row, -row.gain) if row.gain is not None and row.gain < ZERO else row for row in rows]


def _deny(row: Disposal, loss: Decimal) -> Disposal:
    """A loss that does not count: as if that much less had been paid."""
    gain = None if row.gain is None else row.gain + loss
    return replace(row, cost_basis=row.cost_basis - loss, gain=gain, denied=row.denied + loss)

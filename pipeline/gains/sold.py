"""How many units of an asset were disposed of in which tax year, and what a unit of it can have cost at most.

If some units of an asset had come, gone or stood elsewhere in the queue than is recorded, the lots that are left at any
time would differ from the recorded ones by no more than so many units, whatever the method (an average is a mixture
of all that was bought). So what one year's disposals cost differs by no more than so many units at the dearest cost:
that is `Sold.shift`, an outer bound. Nothing costs less than nothing. Where gifts or disposals without a price lie
between, costs move to and fro between them and the others: then any unit may have any cost.

Where costs go from one unit to another by law (a loss that is denied), or from one asset to another (swaps that are
none), or are one for all assets, there is a wider bound, `Paid`: a year's disposals cost no less than nothing, and no
more than was paid for all that they may have been made of.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import accumulate
from operator import attrgetter

from msgspec import Struct, field

from pipeline.model import Acquire, Convert, Disposal, Dispose, Flow, Move
from pipeline.money import ONE, ZERO, split


def dearest_of(flows: Iterable[Flow]) -> dict[str, Decimal]:
    """The highest cost of one unit of each asset, also where units of another became it."""
    found: dict[str, Highest] = defaultdict(Highest)
    received = [f for f in flows if type(f) is not Dispose and type(f) is not Move]
    if any(type(f) is Convert for f in received):
        received.sort(key=lambda f: (f.at, type(f) is Convert))
    for f in received:
        if type(f) is Convert:
            if f.into_quantity:
                found[f.into].see(split(found[f.asset].each * f.quantity, ONE, f.into_quantity), ONE)
        elif isinstance(f, Acquire) and f.cost and f.quantity:
            found[f.asset].see(f.cost, f.quantity)
    return {asset: highest.each for asset, highest in found.items()}


class Highest(Struct):
    """The most that one unit comes to, of sums for so many units: a product takes a fourth of a division's time."""

    total: Decimal = ZERO
    units: Decimal = ONE

    def see(self, total: Decimal, units: Decimal) -> None:
        if total * self.units > self.total * units:
            self.total, self.units = total, units

    @property
    def each(self) -> Decimal:
        return split(self.total, ONE, self.units)


class _SoldOf(Struct):
    """The disposals of one asset, by tax year: their instants, in order, and the units and the cost up to each."""

    times: dict[int, list[datetime]] = field(default_factory=dict)
    sums: dict[int, list[tuple[Decimal, Decimal]]] = field(default_factory=dict)
    mixed: set[int] = field(default_factory=set)  # years with disposals that have no figure
    price: Decimal = ZERO  # the highest that one unit brought


class Sold:
    """The disposals with a figure, by asset and tax year. Those of an asset are looked at when they are asked for."""

    def __init__(self, disposals: Iterable[Disposal], year_of: Callable[[datetime], int]) -> None:
        self._year_of = year_of
        self._disposals: dict[str, list[Disposal]] = defaultdict(list)
        for d in disposals:
            self._disposals[d.asset].append(d)
        self._known: dict[str, _SoldOf] = {}

    def of(self, asset: str) -> _SoldOf:
        if asset not in self._known:
            self._known[asset] = self._looked_at(self._disposals.get(asset, ()))
        return self._known[asset]

    def _looked_at(self, disposals: Iterable[Disposal]) -> _SoldOf:
        found, highest = _SoldOf(), Highest()
        years: dict[int, list[Disposal]] = defaultdict(list)
        for d in disposals:
            year = self._year_of(d.disposed_at)
            if d.proceeds is None or not d.taxed:
                found.mixed.add(year)
                continue
            years[year].append(d)
            if d.quantity:
                highest.see(d.proceeds, d.quantity)
        for year, those in sorted(years.items()):
            those.sort(key=attrgetter("disposed_at"))
            found.times[year] = [d.disposed_at for d in those]
            units = accumulate((d.quantity for d in those), initial=ZERO)
            costs = accumulate((d.cost_basis for d in those), initial=ZERO)
            found.sums[year] = list(zip(units, costs, strict=True))
        found.price = highest.each
        return found

    def units(
        self, asset: str, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[tuple[int, Decimal, Decimal]]:
        """Tax years in order, the units disposed of in each, and their cost, from `since` to `until` inclusive."""
        found = self.of(asset)
        for year, times in found.times.items():
            sums = found.sums[year]
            begin = 0 if since is None else bisect_left(times, since)
            end = len(times) if until is None else bisect_right(times, until)
            if end > begin:
                yield year, sums[end][0] - sums[begin][0], sums[end][1] - sums[begin][1]

    def shift(
        self, asset: str, units: Decimal | None, dearest: Decimal, since: datetime | None = None,
        until: datetime | None = None, but: Mapping[int, Decimal] | None = None,
        new: Mapping[int, Decimal] | None = None,
    ) -> Iterator[tuple[int, Decimal, Decimal]]:  # fmt: skip
        """By how much each year's gain can be lower and higher if `units` (None: any number) are in doubt. `but`: units
        of a year that are not asked about; `new`: those of them that cost nothing, as it stands."""
        mixed = self.of(asset).mixed
        for year, sold, cost in self.units(asset, since, until):
            asked = max(ZERO, sold - (but or {}).get(year, ZERO))
            others = max(ZERO, asked - (new or {}).get(year, ZERO))
            lower, higher = (
                dearest * (each if units is None or year in mixed else min(units, each)) for each in (asked, others)
            )
            if lower > ZERO:
                yield year, lower, min(higher, cost)


class Paid:
    """What was paid for assets in all, also for those that became them, and what their disposals cost."""

    def __init__(
        self, flows: Iterable[Flow], disposals: Iterable[Disposal], year_of: Callable[[datetime], int]
    ) -> None:
        self._paid: dict[str, dict[int, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
        self._costs: dict[str, dict[int, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
        self._into: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        self._out_of: dict[str, set[str]] = defaultdict(set)
        for f in flows:
            if type(f) is Dispose:
                if f.costs:
                    self._paid[f.asset][year_of(f.at)] += f.costs
            elif type(f) is Convert:
                if f.asset != f.into:
                    self._into[f.asset].append((f.at, f.into))
                    self._out_of[f.into].add(f.asset)
            elif isinstance(f, Acquire) and f.cost:
                self._paid[f.asset][year_of(f.at)] += f.cost
        for d in disposals:
            if d.taxed and d.proceeds is not None:
                self._costs[d.asset][year_of(d.disposed_at)] += d.cost_basis

    def assets(self) -> set[str]:
        return {*self._paid, *self._costs, *self._into, *self._out_of}

    def became(self, asset: str, since: datetime | None) -> set[str]:
        """The asset, and whatever units of it may have become since then."""
        found, asked = {asset}, [(asset, since)]
        while asked:
            old, begin = asked.pop()
            for at, new in self._into[old]:
                if new not in found and (begin is None or at >= begin):
                    found.add(new)
                    asked.append((new, begin))
        return found

    def bounds(self, assets: Iterable[str]) -> dict[int, tuple[Decimal, Decimal]]:
        """By how much the gain of each year with disposals of the assets can be lower and higher."""
        asked, found = set(assets), {}
        for year in sorted({year for asset in asked for year in self._costs[asset]}):
            cost = sum((self._costs[asset][year] for asset in asked), ZERO)
            found[year] = (max(ZERO, self.until(year, asked) - cost), cost)
        return found

    def until(self, year: int, assets: Iterable[str]) -> Decimal:
        """What was paid by that year's end for the assets, or for what became them."""
        made_of = set(assets)
        todo = list(made_of)
        while todo:
            more = self._out_of[todo.pop()] - made_of
            made_of |= more
            todo += more
        return sum((paid for asset in made_of for when, paid in self._paid[asset].items() if when <= year), ZERO)

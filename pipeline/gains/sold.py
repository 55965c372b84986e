"""How many units of an asset were disposed of in which tax year, and what a unit of it can have cost at most.

If some units of an asset had come, gone or stood elsewhere in the queue than is recorded, the lots that are left at any
time would differ from the recorded ones by no more than so many units, whatever the method (an average is a mixture
of all that was bought). So what one year's disposals cost differs by no more than so many units at the dearest cost:
that is `Sold.shift`, an outer bound. Nothing costs less than nothing. Where gifts or disposals without a price lie
between, costs move to and fro between them and the others: then any unit may have any cost.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from pipeline.model import Acquire, Convert, Disposal, Flow
from pipeline.money import ONE, ZERO, split


def dearest_of(flows: Iterable[Flow]) -> dict[str, Decimal]:
    """The highest cost of one unit of each asset, also where units of another became it."""
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for f in sorted(
        (f for f in flows if isinstance(f, Acquire | Convert)), key=lambda f: (f.at, isinstance(f, Convert))
    ):
        if isinstance(f, Acquire):
            if f.cost and f.quantity:
                found[f.asset] = max(found[f.asset], split(f.cost, ONE, f.quantity))
        elif f.into_quantity:
            found[f.into] = max(found[f.into], split(found[f.asset] * f.quantity, ONE, f.into_quantity))
    return dict(found)


class Sold:
    """The disposals with a figure, by asset and tax year."""

    def __init__(self, disposals: Iterable[Disposal], year_of: Callable[[datetime], int]) -> None:
        listed: dict[str, dict[int, list[Disposal]]] = defaultdict(lambda: defaultdict(list))
        self.mixed: set[tuple[str, int]] = set()  # asset and year of disposals that have no figure
        for d in disposals:
            if d.gain is None or not d.taxed:
                self.mixed.add((d.asset, year_of(d.disposed_at)))
            else:
                listed[d.asset][year_of(d.disposed_at)].append(d)
        self._times: dict[str, dict[int, list[datetime]]] = defaultdict(dict)
        self._sums: dict[str, dict[int, list[tuple[Decimal, Decimal]]]] = defaultdict(dict)  # units, cost
        self.price: dict[str, Decimal] = defaultdict(lambda: ZERO)  # the highest that one unit brought
        for asset, years in listed.items():
            for year, those in sorted(years.items()):
                those.sort(key=lambda d: d.disposed_at)
                self._times[asset][year] = [d.disposed_at for d in those]
                sums = self._sums[asset][year] = [(ZERO, ZERO)]
                for d in those:
                    sums.append((sums[-1][0] + d.quantity, sums[-1][1] + d.cost_basis))
                    if d.proceeds is not None and d.quantity:
                        self.price[asset] = max(self.price[asset], split(d.proceeds, ONE, d.quantity))

    def units(
        self, asset: str, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[tuple[int, Decimal, Decimal]]:
        """Tax years in order, the units disposed of in each, and their cost, from `since` to `until` inclusive."""
        for year, times in self._times.get(asset, {}).items():
            sums = self._sums[asset][year]
            begin = 0 if since is None else bisect_left(times, since)
            end = len(times) if until is None else bisect_right(times, until)
            if end > begin:
                yield year, sums[end][0] - sums[begin][0], sums[end][1] - sums[begin][1]

    def shift(
        self, asset: str, units: Decimal | None, dearest: Decimal, since: datetime | None = None,
        until: datetime | None = None, but: Mapping[int, Decimal] | None = None,
    ) -> Iterator[tuple[int, Decimal, Decimal]]:  # fmt: skip
        """By how much each year's gain can be lower and higher if `units` (None: any number) are in doubt. `but`: units
        of a year that are not asked about."""
        for year, sold, cost in self.units(asset, since, until):
            others = max(ZERO, sold - (but or {}).get(year, ZERO))
            most = dearest * (others if units is None or (asset, year) in self.mixed else min(units, others))
            if most > ZERO:
                yield year, most, min(most, cost)

"""By how much a problem may change a tax year's gain: its own part, and what it has in common with others.

Where costs are one for many units (France: for all assets), no year's disposals cost more than was paid in all, however
many problems there are: what that may change counts once. So a change has parts under a name; of one name the widest
counts, in one problem and in all of them together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from pipeline.issues import Stake
from pipeline.local import Days
from pipeline.model import Disposal
from pipeline.money import ZERO, plain
from pipeline.rules.base import Rules


class Change(Struct):
    """How much lower and higher; None: there is no telling."""

    lower: Decimal | None = ZERO
    higher: Decimal | None = ZERO
    shared: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)

    def add(self, lower: Decimal | None, higher: Decimal | None) -> None:
        self.lower = None if self.lower is None or lower is None else self.lower + lower
        self.higher = None if self.higher is None or higher is None else self.higher + higher

    def share(self, name: str, lower: Decimal, higher: Decimal) -> None:
        """A part that is the same whichever problem has it."""
        before = self.shared.get(name, (ZERO, ZERO))
        self.shared[name] = (max(before[0], lower), max(before[1], higher))


def stakes(changes: Mapping[int, Change], gains: Mapping[int, Decimal]) -> tuple[Stake, ...]:
    """One for each year whose gain may change. To be asked in the exact context."""
    found = []
    for year, change in sorted(changes.items()):
        gain, parts = gains.get(year, ZERO), change.shared.values()
        lower = None if change.lower is None else change.lower + sum((part for part, _ in parts), ZERO)
        higher = None if change.higher is None else change.higher + sum((part for _, part in parts), ZERO)
        if lower == ZERO == higher:
            continue
        shared = tuple((name, *part) for name, part in sorted(change.shared.items()))
        lowest = "" if lower is None else plain(gain - lower)
        found.append(Stake(str(year), plain(gain), lowest, "" if higher is None else plain(gain + higher), shared))
    return tuple(found)


def years_of(rules: Rules, zone: ZoneInfo) -> Callable[[datetime], int]:
    """Says the tax year of an instant; of many that come in order of time, mostly, in a fifth of the time."""
    day_of, year_of = Days(zone).of, rules.year.of
    return lambda at: year_of(day_of(at))


def gains_of(disposals: Iterable[Disposal], rules: Rules, zone: ZoneInfo) -> dict[int, Decimal]:
    """The gain of each tax year, as it stands. To be asked in the exact context."""
    gains: dict[int, Decimal] = defaultdict(Decimal)
    year_of = years_of(rules, zone)
    for d in disposals:
        if d.taxed:
            proceeds = d.proceeds
            gains[year_of(d.disposed_at)] += ZERO if proceeds is None else proceeds - d.cost_basis
    return dict(gains)

"""What is held of each asset today, what it cost, and what it was worth at the last price that is kept.

    for one in worth(lots, prices, "USD", zone): ...        # the dearest first

No price is asked for: whoever wants today's imports first. Money is no holding.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct

from pipeline.local import local_day
from pipeline.model import DOUBTFUL, NO_MARKET, Lot, Price, is_fiat
from pipeline.money import ZERO, exact


class Worth(Struct, frozen=True):
    """Units of one asset over all accounts, those on the way included, and what they cost. `price` and its day, the
    taxpayer's: the newest in the reporting currency; None where there is none."""

    asset: str
    units: Decimal
    cost: Decimal
    price: Decimal | None = None
    day: date | None = None

    @property
    def value(self) -> Decimal | None:
        with exact():
            return None if self.price is None else self.units * self.price

    @property
    def unrealised(self) -> Decimal | None:
        value = self.value
        with exact():
            return None if value is None else value - self.cost


def worth(lots: Sequence[Lot], prices: Iterable[Price], currency: str, zone: ZoneInfo) -> list[Worth]:
    """By value, then by cost; what has no price comes last."""
    units: dict[str, Decimal] = defaultdict(lambda: ZERO)
    cost: dict[str, Decimal] = defaultdict(lambda: ZERO)
    with exact():
        for lot in lots:
            if not is_fiat(lot.asset):
                units[lot.asset] += lot.quantity
                cost[lot.asset] += lot.cost_basis
        last: dict[str, tuple[date, Decimal]] = {}
        for p in prices:
            if p.currency == currency and p.asset in units and not p.source.startswith((DOUBTFUL, NO_MARKET)):
                day = p.day if p.at is None else local_day(p.at, zone)
                if day is not None and (p.asset not in last or day >= last[p.asset][0]):
                    last[p.asset] = day, p.price
        found = []
        for asset, quantity in units.items():
            day, price = last.get(asset, (None, None))
            found.append(Worth(asset, quantity, cost[asset], price, day))
    return sorted(found, key=lambda one: (-(one.value or ZERO), -one.cost, one.asset))

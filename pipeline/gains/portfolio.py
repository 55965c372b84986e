"""The French computation: one acquisition price for all assets together (CGI art. 150 VH bis III).

    gain = price - acquisition price x price / value of the whole portfolio just before

The price is net of the sale's fees in the first term and gross in the fraction (BOI-RPPM-PVBMC-30-20, 20ff.).
The used fraction of the acquisition price is taken off for the next sale, a gift uses up its own. Swaps change
nothing. This stands in place of `book` and gives the same; alone of the engine it asks for market prices.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

from msgspec.structs import replace

from pipeline.gains.book import Booked
from pipeline.gains.lots import Pool, Units
from pipeline.gains.missing import missing_acquisitions, went_short
from pipeline.gains.position import Held, Position, Start, position_of, resumed, start_from
from pipeline.gains.steps import steps
from pipeline.issues import Issue
from pipeline.model import Acquire, Convert, Disposal, Dispose, Flow, Lot, Need, Rule, Term, Whole
from pipeline.money import ZERO, plain, split

PriceOf = Callable[[str, datetime], Decimal | None]  # of one asset, in the reporting currency


def portfolio(
    flows: Sequence[Flow], price_of: PriceOf, currency: str, until: datetime | None = None,
    filed: Position | None = None,
) -> Booked:  # fmt: skip
    """Disposals, and what is held before `until` (None: at the end of the records). `filed`: a filed position, from
    which the walk goes on."""
    walk = _Portfolio(price_of, currency)
    start = start_from(filed, flows, _lot) if filed is not None else None
    for step in steps(flows):
        if until is not None and step.at >= until:
            break
        if start is not None and step.at >= start.position.at:
            walk.go_on_from(start)
            start = None
        if isinstance(step, Acquire):
            walk.acquire(step)
        elif isinstance(step, Convert):
            walk.convert(step)
        elif isinstance(step, Dispose):
            walk.dispose(step)
    if start is not None and (until is None or start.position.at < until):
        walk.go_on_from(start)
    walk.out.lots = walk.lots()
    walk.out.issues += missing_acquisitions(walk.out.short)
    return walk.out if until is None else replace(walk.out, position=partial(walk.position, flows, until))


def _lot(a: Acquire) -> Units:
    return Units(a.id, None, (), a.quantity, a.cost or ZERO)


class _Portfolio:
    """`price`: the total acquisition price, less the fractions used. `paid`: an average per asset, which only
    divides `price` among what is held, to be shown."""

    def __init__(self, price_of: PriceOf, currency: str) -> None:
        self.price_of, self.currency = price_of, currency
        self.out = Booked()
        self.price = self.used = ZERO
        self.units: dict[str, Decimal] = defaultdict(Decimal)
        self.paid: dict[str, Decimal] = defaultdict(Decimal)

    def _held(self) -> list[Held]:
        """Units and what was paid for them, of each asset."""
        held = ((asset, units) for asset, units in sorted(self.units.items()) if units > ZERO)
        return [Held("", asset, Units("", None, (), units, self.paid[asset])) for asset, units in held]

    def position(self, flows: Sequence[Flow], until: datetime) -> Position:
        return replace(position_of(self._held(), flows, {}, {}, until), price=self.price, used=self.used)

    def go_on_from(self, start: Start) -> None:
        """What was paid for it all is what was filed, and what was paid for units that came to light since."""
        lots, issues = resumed(start, self._held(), lambda _: Pool())
        filed, self.used = start.position, start.position.used
        self.paid = defaultdict(Decimal)
        for one in lots:
            self.paid[one.asset] += one.units.cost
        more = sum(self.paid.values(), ZERO) - sum((one.units.cost for one in filed.held), ZERO)
        self.price = max(ZERO, filed.price + more)
        self.out.issues += issues

    def acquire(self, a: Acquire) -> None:
        cost = a.cost or ZERO
        self.units[a.asset] += a.quantity
        self.paid[a.asset] += cost
        self.price += cost

    def convert(self, c: Convert) -> None:
        paid = self._leave(c, c.quantity)
        self.units[c.into] += c.into_quantity
        self.paid[c.into] += paid

    def _leave(self, flow: Convert | Dispose, quantity: Decimal) -> Decimal:
        """Takes units out and gives what was paid for them."""
        held = self.units[flow.asset]
        if quantity > held:
            went_short(self.out.short, flow, quantity - held, str)
            quantity = held
        paid = split(self.paid[flow.asset], quantity, held) if held > ZERO else ZERO
        self.units[flow.asset] -= quantity
        self.paid[flow.asset] -= paid
        return paid

    def dispose(self, d: Dispose) -> None:
        worth = self._worth(d)
        held = min(self.units[d.asset], d.quantity)
        used = ZERO
        if worth is not None and d.proceeds is not None:
            gross = split(d.proceeds, held, d.quantity)
            used = split(self.price, min(gross, worth), worth) if worth > ZERO else ZERO
        self._leave(d, d.quantity)
        whole = None if worth is None else Whole(worth, self.price, self.used, d.costs)
        self.price -= used
        self.used += used
        net = None if d.proceeds is None or worth is None else d.proceeds - d.costs
        self.out.disposals += _rows(d, held, net, used, whole)

    def _worth(self, d: Dispose) -> Decimal | None:
        """The value of all that is held; what is sold is worth its price, also where more of it is kept."""
        if d.proceeds is None:
            if not d.gain:
                self._unpriced(d, d.asset, d.quantity)
            return None
        total: Decimal | None = split(d.proceeds, self.units[d.asset], d.quantity)
        for asset, units in self.units.items():
            if asset == d.asset or units <= ZERO:
                continue
            price = self.price_of(asset, d.at)
            if price is None:
                self._unpriced(d, asset, units)
                total = None
            elif total is not None:
                total += units * price
        return total

    def _unpriced(self, d: Dispose, asset: str, units: Decimal) -> None:
        words = {
            "quantity": plain(units),
            "what": f"the portfolio's value when {d.asset} left",
            "currency": self.currency,
        }
        self.out.issues.append(Issue("missing_price", d.account, asset, d.at, d.id, details=words))
        self.out.needs.append(Need(d.at, asset))

    def lots(self) -> list[Lot]:
        held = [asset for asset, units in sorted(self.units.items()) if units > ZERO]
        keys = {asset: self.paid[asset] for asset in held}
        if not any(keys.values()):
            keys = {asset: self.units[asset] for asset in held}
        price, whole, lots = self.price, sum(keys.values(), ZERO), []
        for asset in held:
            share = split(price, keys[asset], whole) if whole > ZERO else ZERO
            price -= share
            whole -= keys[asset]
            lots.append(Lot("", "", asset, self.units[asset], None, share))
        return lots


def _rows(
    d: Dispose, held: Decimal, net: Decimal | None, used: Decimal, whole: Whole | None
) -> Iterator[Disposal]:  # fmt: skip
    """The units on record with the fraction used; those without a record cost nothing."""
    for quantity, cost, rule in ((held, used, Rule.AVERAGE), (d.quantity - held, ZERO, Rule.MISSING)):
        if quantity <= ZERO:
            continue
        proceeds = None if net is None else split(net, held, d.quantity)
        if proceeds is not None and net is not None and rule is Rule.MISSING:
            proceeds = net - proceeds
        if not d.gain:
            proceeds = cost
        yield Disposal(
            d.id, "", d.account, d.asset, quantity, None, d.at, proceeds, cost, Term.NONE, rule, d.kind, d.gain,
            whole=whole,
        )  # fmt: skip

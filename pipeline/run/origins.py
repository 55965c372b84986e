"""Where every value of a tax year is from: rows of the report's table `prices`."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from pipeline.gains.derive import MOMENT, Basis
from pipeline.gains.value import PriceBook, fee_value
from pipeline.model import FIAT, Price, Result, Transaction, is_fiat
from pipeline.money import ZERO, exact
from pipeline.rules.base import Period
from reports.prices import FEE, HOLDING, TRANSACTION
from reports.table import Made, Row


def origins(result: Result, prices: Sequence[Price], basis: Basis, period: Period) -> Made[Row]:
    """What moved in the year, its fees, and what was held on the reference day, as far as they have a value."""
    book, dearer = PriceBook(prices, basis.currency, basis.zone), basis.rules.higher_value
    moved = result.transactions
    numbers, fees = array("q"), array("q")  # of each row: which transaction, and which fee of these
    paid, sources = list[Decimal](), list[str]()
    with exact():
        begin, end = (bisect_left(moved, at, key=_when) for at in (period.starts, period.ends))  # in order of time
        for number, t in enumerate(moved[begin:end], begin):
            worth, source = result.values.of(t)
            if worth is not None and (t.received or t.sent) is not None:
                numbers.append(number)
                fees.append(_NONE)
            if t.fee is not None and (fee := fee_value(t, book, dearer)) is not None:
                numbers.append(number)
                fees.append(len(paid))
                paid.append(fee)
                sources.append(_of_fee(t, source, book))
        held = list(_of_holdings(result, book, period.starts if basis.rules.reference_first else period.ends, basis))

    def row(place: int) -> Row:
        if place >= len(numbers):
            return held[place - len(numbers)]
        t, fee = moved[numbers[place]], fees[place]
        if fee != _NONE:
            assert t.fee is not None
            return (t.id, t.at, t.account, t.fee.asset, t.fee.quantity, FEE, paid[fee], sources[fee])
        side = t.received or t.sent
        assert side is not None
        worth, source = result.values.of(t)
        return (t.id, t.at, t.account, side.asset, side.quantity, TRANSACTION, worth, source)

    return Made(range(len(numbers) + len(held)), row)


_NONE = -1


def _when(t: Transaction) -> datetime:
    return t.at


def _of_fee(t: Transaction, source: str, book: PriceBook) -> str:
    """A fee in an asset of its trade has the trade's price; any other has its own."""
    assert t.fee is not None
    if t.fee.asset == book.money:
        return FIAT
    own = any(side is not None and side.asset == t.fee.asset for side in (t.sent, t.received))
    quote = book.quote(t.fee.asset, t.at)
    if source and own and not (is_fiat(t.fee.asset) and quote is not None):
        return source
    return (quote[1] if quote is not None else "") or FIAT


def _of_holdings(result: Result, book: PriceBook, reference: datetime, basis: Basis) -> Iterator[Row]:
    held: dict[str, tuple[Decimal, Decimal]] = {}
    for lot in result.lots:
        if lot.market_value is not None and not is_fiat(lot.asset):
            quantity, worth = held.get(lot.asset, (ZERO, ZERO))
            held[lot.asset] = (quantity + lot.quantity, worth + lot.market_value)
    for asset, (quantity, worth) in sorted(held.items()):
        quote = book.quote(asset, reference) if basis.rules.reference_first else None
        quote = quote or book.quote(asset, reference - MOMENT)
        at = reference if basis.rules.reference_first else reference - MOMENT
        yield ("", at, "", asset, quantity, HOLDING, worth, quote[1] if quote else "")

"""What each event was worth in the reporting currency, and where that figure is from.

In this order: the row's own Net Worth; its fiat leg; a price file; looked-up prices. A swap is worth
the price of the asset received, else of the one given up (Treas. Reg. 1.1001-7(b)(1)(iii)(C), (b)(4);
BMF 6 March 2025, Rn. 58). A fee in an asset of the trade has the trade's own price, one in the asset of a
transfer that of the row's Net Worth. What has no price stays None; nothing is ever taken for 0, but an airdrop of
what no exchange has a market for, as long as the person says nothing else. A looked-up price that is far from its
neighbours is no price.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from pipeline.model import (
    DOUBTFUL,
    FIAT,
    FROM_FILE,
    NO_MARKET,
    Amount,
    Event,
    Label,
    Price,
    Transaction,
    Transfer,
    Valued,
    is_fiat,
)
from pipeline.money import ZERO, split

NET_WORTH = "net worth"  # how `Valued.basis` begins where the row itself says the value; or FIAT
NEAR = timedelta(hours=1)

_NO_PRICE = (DOUBTFUL, NO_MARKET)

Quote = tuple[Decimal, str]


class PriceBook:
    """Prices by asset, currency and time; a file's beat looked-up ones.

    Within one source: the price of just that instant; the nearest one within an hour; the price of
    the taxpayer's day; the nearest one within that day. Through one other currency where there is no
    direct price.
    """

    def __init__(self, prices: Iterable[Price], currency: str, zone: ZoneInfo) -> None:
        self.currency = currency
        self.money = currency if is_fiat(currency) else None
        self.zone = zone
        self._days: list[dict[tuple[str, str], dict[date, Price]]] = [defaultdict(dict), defaultdict(dict)]
        self._instants: list[dict[tuple[str, str], list[Price]]] = [defaultdict(list), defaultdict(list)]
        self._quoted_in: dict[str, set[str]] = defaultdict(set)
        # What is no price, by asset and the taxpayer's day.
        self._set_aside: dict[tuple[str, date], list[Price]] = defaultdict(list)
        for price in prices:
            if price.source.startswith(_NO_PRICE):
                day = price.day or price.at.astimezone(zone).date()  # type: ignore[union-attr]
                self._set_aside[price.asset, day].append(price)
                continue
            tier = 0 if price.source.startswith(FROM_FILE) else 1
            pair = (price.asset, price.currency)
            self._quoted_in[price.asset].add(price.currency)
            if price.day is not None:
                self._days[tier][pair][price.day] = price
            else:
                self._instants[tier][pair].append(price)
        for tiers in self._instants:
            for listed in tiers.values():
                listed.sort(key=lambda p: p.at)  # type: ignore[arg-type, return-value]

    def quote(self, asset: str, at: datetime) -> Quote | None:
        """One `asset` at an instant, and where the price is from."""
        if asset == self.currency:
            return Decimal(1), ""
        day = at.astimezone(self.zone).date()
        for tier in (0, 1):
            direct = self._find(tier, (asset, self.currency), at, day)
            if direct is not None:
                return direct.price, direct.source
            for bridge in sorted(self._quoted_in.get(asset, ())):
                first = self._find(tier, (asset, bridge), at, day)
                if first is None:
                    continue
                for second_tier in (0, 1):
                    second = self._find(second_tier, (bridge, self.currency), at, day)
                    if second is not None:
                        return first.price * second.price, f"{first.source}, {second.source}"
        return None

    def value(self, amount: Amount, at: datetime) -> Quote | None:
        if amount.asset == self.currency:
            return amount.quantity, ""
        quote = self.quote(amount.asset, at)
        return None if quote is None else (amount.quantity * quote[0], quote[1])

    def set_aside(self, asset: str, at: datetime, why: str) -> Price | None:
        """What was looked up for an asset that day and is no price: DOUBTFUL, or NO_MARKET in this currency."""
        found = self._set_aside.get((asset, at.astimezone(self.zone).date()), ())
        of_it = (p for p in found if p.source.startswith(why) and (why != NO_MARKET or p.currency == self.currency))
        return min(of_it, key=lambda p: (p.currency != self.currency, p.currency, p.source, p.price), default=None)

    def _find(self, tier: int, pair: tuple[str, str], at: datetime, day: date) -> Price | None:
        instants = self._instants[tier].get(pair)
        nearest = self._nearest(instants, at) if instants else None
        if nearest is not None and nearest.at is not None and abs(nearest.at - at) <= NEAR:
            return nearest
        days = self._days[tier].get(pair)
        if days is not None and day in days:
            return days[day]
        if nearest is not None and nearest.at is not None and nearest.at.astimezone(self.zone).date() == day:
            return nearest
        return None

    def _nearest(self, listed: list[Price], at: datetime) -> Price:
        i = bisect_left(listed, at, key=lambda p: p.at)  # type: ignore[arg-type, return-value]
        return min(listed[max(0, i - 1) : i + 1], key=lambda p: abs(p.at - at))  # type: ignore[operator]


def value(events: Iterable[Event], book: PriceBook, dearer: bool = False) -> list[Valued]:
    """Every event with the value of what it moved and of its fee. `dearer`: a swap that names no value itself
    is worth the dearer of its two sides."""
    return [_transaction(e, book, dearer) if isinstance(e, Transaction) else _transfer(e, book) for e in events]


def _transfer(transfer: Transfer, book: PriceBook) -> Valued:
    out, into, lost = transfer.out, transfer.into, transfer.lost
    if out.sent is not None and lost is not None:  # its Net Worth is that of all that left
        out = replace(out, sent=Amount(out.sent.quantity + lost.quantity, lost.asset))
    worth, basis = _net_worth(out, book) or (None, "")
    into_worth = _net_worth(into, book)
    return Valued(
        transfer,
        value=_part(lost, out, worth, book),
        fee_value=_part(out.fee, out, worth, book),
        basis=basis,
        into_fee_value=_part(into.fee, into, into_worth[0] if into_worth else None, book),
    )


def _transaction(t: Transaction, book: PriceBook, dearer: bool) -> Valued:
    worth, basis = _whole(t, book, dearer)
    return Valued(t, worth, _part(t.fee, t, worth, book), basis)


def fee_value(t: Transaction, book: PriceBook, dearer: bool) -> Decimal | None:
    """What `value` says that the fee of a transaction is worth: most are money, and need not the rest's value."""
    if t.fee is not None and t.fee.asset == book.money:
        return t.fee.quantity
    return _part(t.fee, t, _whole(t, book, dearer)[0], book)


def _whole(t: Transaction, book: PriceBook, dearer: bool) -> tuple[Decimal | None, str]:
    """The value of what a transaction moved, and where it is from."""
    if t.net_worth is None and (own := t.own_money(book.money)) is not None:
        return own, FIAT  # soonest said
    worth, basis = _worth(t, book) or (None, "")
    if dearer and worth is not None and not basis.startswith((NET_WORTH, FIAT)) and t.sent and t.received:
        given = book.value(t.sent, t.at)
        if given is not None and given[0] > worth:
            return given
    return worth, basis


def _worth(t: Transaction, book: PriceBook) -> Quote | None:
    if t.net_worth is not None and (worth := _net_worth(t, book)) is not None:
        return worth
    sides = [side for side in (t.received, t.sent) if side is not None]
    money = [side for side in sides if is_fiat(side.asset)]
    if len(money) > 1 and money[0].asset != book.currency:
        money.reverse()
    for side in money:
        worth = book.value(side, t.at)
        if worth is not None:
            return worth[0], FIAT if side.asset == book.currency else f"{FIAT}, {worth[1]}"
    for side in sides:
        worth = None if side in money else book.value(side, t.at)
        if worth is not None:
            return worth
    if t.label is Label.AIRDROP and t.received is not None:
        nothing = book.set_aside(t.received.asset, t.at, NO_MARKET)
        return None if nothing is None else (ZERO, nothing.source)
    return None


def _net_worth(t: Transaction, book: PriceBook) -> Quote | None:
    worth = book.value(t.net_worth, t.at) if t.net_worth is not None else None
    return None if worth is None else (worth[0], _via(NET_WORTH, worth[1]))


def _via(basis: str, source: str) -> str:
    return f"{basis}, {source}" if source else basis


def _part(amount: Amount | None, t: Transaction, worth: Decimal | None, book: PriceBook) -> Decimal | None:
    """What a fee of `t`, which as a whole is worth `worth`, is worth itself."""
    if amount is None:
        return None
    if amount.asset == book.money:
        return amount.quantity
    if is_fiat(amount.asset) and (found := book.value(amount, t.at)) is not None:
        return found[0]
    if worth is not None:
        for side in (t.received, t.sent):
            if side is not None and side.asset == amount.asset:
                return split(worth, amount.quantity, side.quantity)
    found = book.value(amount, t.at)
    return found[0] if found else None

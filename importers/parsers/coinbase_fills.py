"""What Coinbase's fills of Advanced Trade were: v3 tells price and commission, the wallets of v2 what they got.

A fill's size is told in the base currency or, as an order may mix them, in money; what it then was in units is what the
wallet says of the same order, price and commission. v2 has two transactions of a fill, one a wallet, money rounded to
cents and without the commission, which both name.

Sources: docs.cdp.coinbase.com, "List Fills" and "Transactions" (2026-11); the commission in both: records that others
published (2026-11).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from importers import assets
from importers.parsers.build import MALFORMED, MARGIN, Said, Unread, Value, amount, iso, signed, transaction, unread
from pipeline.model import Amount, RawRecord, Transaction
from pipeline.money import plain, split

_FUTURES = re.compile("intx|derivatives|fcm")  # as `not_read` finds what moved there


class Entry(Struct, frozen=True):
    """One finished transaction of a wallet; `change` has its sign."""

    record: RawRecord
    at: datetime
    type: str
    asset: str
    change: Decimal
    value: Value

    @property
    def about(self) -> Mapping[str, Any]:
        """What it says of the buy, sale, conversion, ... that it belongs to."""
        found = self.value.get(self.type)
        return found if isinstance(found, dict) else {}

    @property
    def words(self) -> str:
        details = self.value.get("details") or {}
        told = " ".join(str(details[name]) for name in ("title", "subtitle") if details.get(name))
        told, kind = told or str(self.value.get("description") or ""), self.type.replace("_", " ")
        return f"{told} ({kind})" if told and _FUTURES.match(kind) else told or kind


class Fill(Struct, frozen=True):
    record: RawRecord
    at: datetime
    order: str
    base: str
    quote: str
    price: Decimal
    size: Decimal
    in_quote: bool
    commission: Decimal
    buys: bool


def named(code: str, at: datetime | None = None) -> str:
    if not isinstance(code, str) or not code:
        raise Unread("it does not name the asset")
    return assets.asset(code, "coinbase", at)


def fill_of(record: RawRecord, value: Value) -> Fill:
    if value.get("trade_type", "FILL") != "FILL":
        raise Unread(f"a fill of type {value['trade_type']} is not supported yet")
    product = str(value["product_id"])
    base, dash, quote = product.partition("-")
    if not dash or "-" in quote:
        raise Unread(f"{product}: futures are not supported yet", MARGIN)
    side, at = str(value["side"]).upper(), iso(value["trade_time"])
    if side not in ("BUY", "SELL"):
        raise Unread(f"its side is {side}")
    return Fill(
        record, at, str(value["order_id"]), named(base, at), named(quote, at), signed(value["price"]),
        signed(value["size"]), str(value.get("size_in_quote")).lower() == "true", signed(value.get("commission") or 0),
        side == "BUY",
    )  # fmt: skip


def traded(fills: Iterable[Fill], legs: Mapping[str, list[Entry]]) -> Iterator[Said]:
    """Trades of v3, and of v2 where v3 has none of an order; `legs` are the wallets' transactions by order."""
    orders: dict[str, list[Fill]] = defaultdict(list)
    for fill in fills:
        orders[fill.order].append(fill)
    for order, same in orders.items():
        entries = legs.get(order, ())
        units, moved = _units(same, entries), {entry.asset for entry in entries}
        if same[0].base in moved and any(f.in_quote and f.record.source_id not in units for f in same):
            yield from _by_wallets(entries)
            continue
        for fill in same:
            try:
                yield _traded(_as_moved(fill, moved), units.get(fill.record.source_id))
            except MALFORMED as why:
                yield unread(fill.record, why)
    for order, entries in legs.items():
        if order not in orders:
            yield from _by_wallets(entries)


def _by_wallets(entries: Sequence[Entry]) -> Iterator[Said]:
    try:
        yield from list(_of_wallets(entries))
    except MALFORMED as why:
        yield unread(entries[0].record, why)


def _as_moved(fill: Fill, moved: set[str]) -> Fill:
    """USD and USDC share their order books: which of them a trade took is what its wallets say."""
    others = moved - {fill.base}
    return replace(fill, quote=others.pop()) if len(others) == 1 else fill


def _units(fills: Sequence[Fill], legs: Iterable[Entry]) -> dict[str, Decimal]:
    """Units of those fills of one order whose size is told in money, as the wallet got or gave them.

    The wallet's change of a fill names its price and commission. What is told in units is another's; of those that say
    the same, the largest change is the largest fill.
    """
    free = [(*_terms(leg), abs(leg.change), leg) for leg in legs if leg.asset == fills[0].base]
    for fill in (f for f in fills if not f.in_quote):
        own = [leg for leg in free if leg[2] == fill.size]
        if own:
            free.remove(min(own, key=lambda leg: (leg[0] != fill.price, leg[1] != fill.commission)))
    asked, found = [f for f in fills if f.in_quote], dict[str, Decimal]()
    for told in (2, 1, 0):  # by price and commission, by price, by size alone
        same: dict[object, tuple[list[Fill], list[Decimal]]] = defaultdict(lambda: ([], []))
        for fill in (f for f in asked if f.record.source_id not in found):
            same[(fill.price, fill.commission)[:told]][0].append(fill)
        for leg in free:
            same[leg[:told]][1].append(leg[2])
        for of, units in same.values():
            if len(of) == len(units):
                of.sort(key=lambda f: (split(f.size, Decimal(1), f.price) if f.price > 0 else f.size, f.at))
                found |= {fill.record.source_id: change for fill, change in zip(of, sorted(units), strict=True)}
                free = [leg for leg in free if not (of and leg[:told] == (of[0].price, of[0].commission)[:told])]
    return found


def _terms(leg: Entry) -> tuple[Decimal | None, Decimal | None]:
    """Price and commission of the fill that a wallet's change is of, where it says so."""
    try:
        return signed(leg.about["fill_price"]), signed(leg.about["commission"])
    except MALFORMED:
        return None, None


def _traded(fill: Fill, units: Decimal | None) -> Transaction:
    if fill.in_quote and units is None:
        raise Unread(f"its size is told in {fill.quote} only, and the {fill.base} wallet does not say how much it was")
    base = Amount(units if units is not None else fill.size, fill.base)
    quote = Amount(fill.size if fill.in_quote else fill.price * fill.size, fill.quote)
    if base.quantity <= 0 or quote.quantity <= 0:
        raise Unread("a fill of nothing")
    words = f"{'buy' if fill.buys else 'sell'} {fill.base}-{fill.quote} at {plain(fill.price)}"
    return transaction(
        fill.record, fill.at, sent=quote if fill.buys else base, received=base if fill.buys else quote,
        fee=amount(fill.commission, fill.quote), description=words,
    )  # fmt: skip


def _of_wallets(entries: Sequence[Entry]) -> Iterator[Transaction]:
    """The fills of one order by what the wallets say: the commission comes besides, in the quote currency."""
    product = str(entries[0].about["product_id"])
    base, _, quote = product.partition("-")
    if "-" in quote:
        raise Unread(f"{product}: futures are not supported yet", MARGIN)
    at = entries[0].at
    base, quote = named(base, at), named(quote, at)
    money = [e for e in entries if e.asset == quote]
    for leg in (e for e in entries if e.asset == base):
        told = abs(leg.change) * signed(leg.about["fill_price"])
        near = min(money, key=lambda e: abs(abs(e.change) - told), default=None)
        if near is not None:
            money.remove(near)
        worth = amount(abs(near.change) if near is not None else told, quote)
        coins, buys = amount(abs(leg.change), base), leg.change > 0
        if worth is None or coins is None:
            raise Unread("a fill of nothing")
        yield transaction(
            leg.record, leg.at, sent=worth if buys else coins, received=coins if buys else worth,
            fee=amount(leg.about.get("commission") or 0, quote), description=f"{'buy' if buys else 'sell'} {product}",
        )  # fmt: skip
    if money:
        raise Unread(f"the {base} side of a fill of {product} is missing")

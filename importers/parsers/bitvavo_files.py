"""What Bitvavo's export of the full history means: a row per trade, movement or reward, in the zone that the row names.

Whether what was paid or got for a trade has its fee inside is seen from amount and price: the nearer of the two is it.
Since 2023 it has; a fee in a third coin is on top. A withdrawal has its fee inside. One that was cancelled leaves a row
that gives its units back. Margin loans are not read.

Sources: rows that people and converters show (2021 to 2026), as "amount 604.78, fee 3, 601.78 arrived"; the types as
the API's (docs.bitvavo.com).
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from importers.exports import Row, Said, Status
from importers.parsers.build import Unread
from importers.parsers.moved import moved, traded
from pipeline.model import Amount, Label
from pipeline.money import ZERO

STATUS = Status.of(
    "Status",
    ("Completed", "Distributed"),
    cancelled=("Canceled", "Cancelled"),
    failed=("Failed",),
    pending=("Pending", "Processing", "Awaiting processing"),
)
_LABELS = {
    "staking": Label.REWARD,
    "fixed_staking": Label.REWARD,
    "lending": Label.INTEREST,
    "rebate": Label.CASHBACK,
    "affiliate": Label.INCOME,
    "campaign_new_user_incentive": Label.INCOME,
}
_MOVED = frozenset(("deposit", "withdrawal", "withdrawal_cancelled", "manually_assigned", "distribution"))


def reader(price: str, paid: str, currency: Callable[[Row], str]) -> Callable[[Row], Iterable[Said]]:
    """Reads a row of a layout that calls the price and what was paid or got so; in which `currency` that is."""

    def read(row: Row) -> Iterable[Said]:
        kind, quantity, code = row["Type"].casefold(), row.number("Amount"), row["Currency"]
        fee = row.amount("Fee amount", row["Fee currency"])
        if kind in ("buy", "sell"):
            yield _trade(row, quantity, row.number(price), row.of(abs(row.number(paid)), currency(row)), fee)
        elif kind in _LABELS:
            yield moved(row, quantity, code, _LABELS[kind], description=kind)
        elif kind in _MOVED:
            inside = fee.quantity if fee is not None and fee.asset == row.asset(code) else ZERO
            yield moved(row, quantity + inside, code, fee=fee, description=kind.replace("_", " "))
        else:
            raise Unread(f"type {kind} is not known")

    return read


def _trade(row: Row, quantity: Decimal, price: Decimal, cost: Amount | None, fee: Amount | None) -> Said:
    side, units = row["Type"].casefold(), row.size("Amount", row["Currency"])
    if (quantity > ZERO) != (side == "buy"):
        raise Unread("its type and its sign do not go together")
    if cost is not None and fee is not None and fee.asset == cost.asset:
        cost = Amount(_without(side, cost.quantity, abs(quantity) * price, fee.quantity), cost.asset)
    elif units is not None and fee is not None and fee.asset == units.asset:
        raise Unread("its fee is in the coin that was traded")
    return traded(row, side, units, cost, fee, f"{side} {row['Currency']} at {price}")


def _without(side: str, cost: Decimal, worth: Decimal, fee: Decimal) -> Decimal:
    """What was paid or got without the fee. Raises Unread where amount and price fit both or neither."""
    whole = cost - fee if side == "buy" else cost + fee
    inside, outside = abs(whole - worth), abs(cost - worth)
    if min(inside, outside) * 2 > max(inside, outside):
        raise Unread("amount and price do not tell whether the fee is inside of what was paid")
    return whole if inside < outside else cost

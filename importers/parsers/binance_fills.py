"""Binance's fills: amounts with their unit and nothing between ("0.5BTC", "103ALGO", "101INCH"), told apart by the pair
that they are of. Amounts are before the fee."""

from collections.abc import Iterable
from decimal import Decimal

from importers.exports import Row, Said, number
from importers.parsers.build import Unread
from importers.parsers.swapped import traded
from pipeline.model import Amount


def fill(row: Row) -> Iterable[Said]:
    """A row of Pair, Side, Price, Executed, Amount and Fee."""
    pair = row["Pair"].replace("/", "")
    base, quote = _sides(row, pair)
    yield traded(row, row["Side"], base, quote, _fee(row, pair), f"{row['Pair']} at {row['Price']}")


def _sides(row: Row, pair: str) -> tuple[Amount | None, Amount | None]:
    """What was executed, and its amount in the other coin."""
    found = []
    for at in range(1, len(pair)):
        first, second = _quantity(row["Executed"], pair[:at]), _quantity(row["Amount"], pair[at:])
        if first is not None and second is not None:
            found.append((row.of(first, pair[:at]), row.of(second, pair[at:])))
    if len(found) != 1:
        raise Unread(f"{row['Executed']} and {row['Amount']} are no amounts of {row['Pair']}")
    return found[0]


def _fee(row: Row, pair: str) -> Amount | None:
    """In one of the two coins of the pair, or in another."""
    text = row["Fee"]
    in_pair = [unit for at in range(1, len(pair)) for unit in (pair[:at], pair[at:]) if _quantity(text, unit)]
    if in_pair:
        unit = max(in_pair, key=len)
        return row.of(_quantity(text, unit) or Decimal(), unit)
    quantity, asset = row.with_unit("Fee")
    if quantity < 0:
        raise Unread(f"a fee of {text}")
    return Amount(quantity, asset) if quantity else None


def _quantity(text: str, unit: str) -> Decimal | None:
    """The number before a unit; None where that is not its end, or what is before it is no number."""
    try:
        return number(text.removesuffix(unit)) if text.endswith(unit) and text != unit else None
    except Unread:
        return None

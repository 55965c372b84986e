"""HTX's (Huobi's) exports: trades as its website gives them, in English or Chinese, and lists that its support sends.

Sources: headers and rows as everytrade-plugins and double-entry-generator have them (2020, 2021 and 2023), with tests.
Of the website's trades of 2020 the total is cut off after some digits, of those of 2021 the price is rounded: the one
of the two that has more digits counts, if they agree. Times of the website's are of the person's own zone, where the
file's name tells none. From memory: that those of support's lists are UTC, and that a withdrawal's fee is on top of its
amount, as for `importers.parsers.htx`.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from importers.base import shown
from importers.exports import Row, Said
from importers.parsers.build import MARGIN, Unread
from importers.parsers.swapped import traded
from pipeline.model import Amount
from pipeline.money import ZERO

_SIDES = {"buy": "buy", "sell": "sell", "买入": "buy", "卖出": "sell"}
_SPOT = frozenset(("exchange", "币币交易"))


def trades(
    kind: str, pair: str, side: str, price: str, amount: str, total: str, fee: str
) -> Callable[[Row], Iterable[Said]]:
    """Reads rows of the website's trades, whose columns are called so."""

    def read(row: Row) -> Iterable[Said]:
        if row[kind].casefold() not in _SPOT:
            raise Unread(f"trades of the type '{shown(row[kind])}' are not supported yet", MARGIN)
        base, _, quote = row[pair].partition("/")
        units = row.amount(amount, base)
        cost = _cost(row.number(amount), row.number(price), row.number(total))
        paid, unit = row.with_unit(fee)
        words = f"{row[pair]} at {row[price]}"
        yield traded(row, _side(row[side]), units, row.of(cost, quote), _fee(paid, unit), words)

    return read


def _side(word: str) -> str:
    return _SIDES.get(word.casefold(), word)


def _fee(paid: Decimal, unit: str) -> Amount | None:
    if paid < ZERO:
        raise Unread("a negative fee is not known")
    return Amount(paid, unit) if paid else None


def _cost(units: Decimal, price: Decimal, total: Decimal) -> Decimal:
    """What was paid: the price times the units, or the total where the price is the one that was rounded."""
    product = units * price
    if ZERO <= product - total < _last_digit(total):
        return product
    if units and abs(total / units - price) <= _last_digit(price):
        return total
    raise Unread("its price, its amount and its total do not agree")


def _last_digit(number: Decimal) -> Decimal:
    return Decimal(1).scaleb(int(number.as_tuple().exponent))


def fill(row: Row) -> Iterable[Said]:
    """A row of support's list of fills."""
    if row["account_type"].casefold() != "spot":
        raise Unread(f"fills of a {shown(row['account_type'])} account are not supported yet", MARGIN)
    base, _, quote = row["symbol"].partition("/")
    fee = row.amount("fee_amount", row["fee_currency"]) if row.number("fee_amount") else None
    units, cost = row.amount("volume", base), row.amount("amount", quote)
    yield traded(row, row["deal_type"], units, cost, fee, f"{row['symbol']} at {row['price']}")


def deposit(row: Row) -> Iterable[Said]:
    received = row.amount("amount", row["currency"])
    yield row.transaction(received=received, txhash=row["tx_hash"], description="deposit")


def withdrawal(row: Row) -> Iterable[Said]:
    sent, fee = row.amount("amount", row["currency"]), row.amount("fee", row["currency"])
    yield row.transaction(sent=sent, fee=fee, txhash=row["tx_hash"], description="withdrawal")

"""Coinbase Pro's (GDAX's, Coinbase Exchange's) fills: one row per fill, its total with the fee. Times are UTC.

The account statement tells the same and more; where an account has both, each fill counts once.

Source: headers as public readers of the file have them (BittyTax, others; 2026-11): from 2019 on with "portfolio".
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.swapped import traded


def read(row: Row) -> Iterable[Said]:
    buys, total, fee = row["side"].upper() == "BUY", row.number("total"), row.number("fee")
    if buys != (total < 0):
        raise Unread(f"a fill of side {row['side']} with a total of {row['total']}")
    coins, unit = row.amount("size", row["size unit"]), row["price/fee/total unit"]
    money = row.of(-total - fee if buys else total + fee, unit)
    yield traded(row, row["side"], coins, money, row.amount("fee", unit), f"{row['product']} at {row['price']}")


FORMAT = export(
    "coinbase_pro_fills",
    1,
    needs=("trade id", "product", "side", "created at", "size", "size unit", "price", "fee", "total",
           "price/fee/total unit"),
    may_have=("portfolio",),
    date="created at",
    exchange="coinbase",
    each=read,
    id=("trade id", "product"),
    changing=("portfolio",),
)  # fmt: skip

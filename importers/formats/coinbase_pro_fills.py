"""Coinbase Pro's (GDAX's, Coinbase Exchange's) fills: one row per fill, its total with the fee. Times are UTC.

The account statement tells the same and more; where an account has both, each fill counts once.

Source: headers as public readers of the file have them (BittyTax, others; 2026-11): from 2019 on with "portfolio".
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread


def read(row: Row) -> Iterable[Said]:
    side, fee = row["side"].upper(), row.number("fee")
    total = row.number("total")
    if side not in ("BUY", "SELL") or (side == "BUY") != (total < 0):
        raise Unread(f"a fill of side {side} with a total of {total}")
    coins, unit = row.amount("size", row["size unit"]), row["price/fee/total unit"]
    money = row.of(abs(total) - fee if side == "BUY" else total + fee, unit)
    yield row.transaction(
        sent=money if side == "BUY" else coins,
        received=coins if side == "BUY" else money,
        fee=row.amount("fee", unit),
        description=f"{side.lower()} {row['product']} at {row['price']}",
    )


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

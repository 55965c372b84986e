"""Bitpanda Pro's export of trades (2019 to 2023): one row per fill, below some lines.

The fee is on top, in BEST or in what was received. Times are UTC. Columns as converters have them (CoinTaxman).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.moved import traded


def read(row: Row) -> Iterable[Said]:
    units = row.amount("Amount", row["Amount Currency"])
    cost = row.of(row.number("Amount") * row.number("Price"), row["Price Currency"])
    words = f"{row['Type'].lower()} {row['Market']} at {row['Price']}"
    yield traded(row, row["Type"], units, cost, row.amount("Fee", row["Fee Currency"]), words)


FORMAT = export(
    "bitpanda_pro",
    1,
    needs=("Order ID", "Trade ID", "Type", "Market", "Amount", "Amount Currency", "Price", "Price Currency", "Fee",
           "Fee Currency", "Time (UTC)"),
    may_have=("BEST_EUR Rate",),
    date="Time (UTC)",
    each=read,
    id=("Trade ID",),
)  # fmt: skip

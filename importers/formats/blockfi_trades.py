"""BlockFi's export of trades; the export of transactions has both sides of each, too. Times are UTC.

Columns and rows as the tests of converters have them (BittyTax, rotki, 2020 to 2022).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.moved import traded


def read(row: Row) -> Iterable[Said]:
    got, given = row.amount("Buy Quantity", row["Buy Currency"]), row.size("Sold Quantity", row["Sold Currency"])
    words = f"trade at {row['Rate Amount']} {row['Rate Currency']}"
    yield traded(row, "buy", got, given, description=words)


FORMAT = export(
    "blockfi_trades",
    1,
    needs=("Trade ID", "Date", "Buy Quantity", "Buy Currency", "Sold Quantity", "Sold Currency", "Rate Amount",
           "Rate Currency", "Type"),
    may_have=("Frequency", "Destination"),
    date="Date",
    each=read,
    id=("Trade ID",),
    newest_first=True,
)  # fmt: skip

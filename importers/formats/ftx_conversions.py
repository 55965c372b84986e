"""FTX' export of small balances that were made into another coin. The fee is on top, in the coin that was got.

Columns as converters have them (BittyTax); of the status, that "complete" and "confirmed" count (from memory).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.parsers.moved import traded


def read(row: Row) -> Iterable[Said]:
    got, given = row.amount("proceeds", row["to"]), row.amount("size", row["from"])
    yield traded(row, "buy", got, given, row.amount("fee", row["to"]), "conversion of a small balance")


FORMAT = export(
    "ftx_conversions",
    1,
    needs=("time", "from", "to", "size", "fee", "price", "proceeds", "status"),
    date="time",
    each=read,
    changing=("status",),
    status=Status.of("status", ["complete", "confirmed"], cancelled=["cancelled"], failed=["failed"]),
    newest_first=True,
    exactly=True,
)

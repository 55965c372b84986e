"""Bitstamp's transactions in the layout before "RFC 4180": amounts with their unit ("752.42 XRP"), times to the minute
("Apr. 05, 2017, 04:14 AM").

See `importers.parsers.bitstamp_export`.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers import bitstamp_export
from importers.parsers.build import Unread
from pipeline.model import Amount


def read(row: Row) -> Iterable[Said]:
    amount, value, fee = (_positive(row, name) for name in ("Amount", "Value", "Fee"))
    yield from bitstamp_export.read(row, row["Sub Type"], amount, value, fee)


def _positive(row: Row, column: str) -> Amount | None:
    quantity, asset = row.with_unit(column)
    if quantity < 0:
        raise Unread(f"{column} {row[column]} should not be negative")
    return Amount(quantity, asset) if quantity else None


FORMAT = export(
    "bitstamp_transactions_old",
    1,
    needs=("Type", "Datetime", "Account", "Amount", "Value", "Rate", "Fee", "Sub Type"),
    date="Datetime",
    times=("%b. %d, %Y, %I:%M %p", "%b %d, %Y, %I:%M %p", "%B %d, %Y, %I:%M %p"),
    exchange="bitstamp",
    each=read,
)

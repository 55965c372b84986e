"""FTX' exports of what lending of coins brought, hour by hour (2020 to 2022). Columns as converters have them.

A row with a fee in dollars is not read: which coin paid it is not told.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from pipeline.model import Label


def read(row: Row) -> Iterable[Said]:
    if row.number("feeUsd"):
        raise Unread("it has a fee in dollars")
    received = row.amount("Proceeds", row["Currency"] or row["coin"])
    yield row.transaction(received=received, label=Label.INTEREST, description="lending")


FORMAT = export(
    "ftx_lending",
    1,
    needs=("Time", "Size", "Proceeds"),
    one_of=("Hourly Funding Rate", "rate"),
    may_have=("Currency", "coin", "Proceeds in USD", "feeUsd"),
    date="Time",
    each=read,
    newest_first=True,
    exactly=True,
)

"""Bitstamp's transactions as "RFC 4180" (since 2021): numbers and currencies in columns of their own, with IDs.

See `importers.parsers.bitstamp_export`.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers import bitstamp_export


def read(row: Row) -> Iterable[Said]:
    amount, value, fee = (row.amount(name, row[f"{name} currency"]) for name in ("Amount", "Value", "Fee"))
    yield from bitstamp_export.read(row, row["Subtype"], amount, value, fee)


FORMAT = export(
    "bitstamp_transactions",
    1,
    needs=("ID", "Account", "Type", "Subtype", "Datetime", "Amount", "Amount currency", "Value", "Value currency",
           "Rate", "Rate currency", "Fee", "Fee currency", "Order ID"),
    date="Datetime",
    exchange="bitstamp",
    each=read,
    id=("ID",),
)  # fmt: skip

"""Bitvavo's export of the full history until 2023, all for euros. See `importers.parsers.bitvavo_files`."""

from importers.exports import export
from importers.parsers.bitvavo_files import STATUS, reader

FORMAT = export(
    "bitvavo_transactions_2023",
    2,
    needs=("Timezone", "Date", "Time", "Type", "Currency", "Amount", "Price (EUR)", "EUR received / paid",
           "Fee currency", "Fee amount", "Status", "Transaction ID"),
    may_have=("Address",),
    date="Date",
    clock="Time",
    place="Timezone",
    exchange="bitvavo",
    each=reader("Price (EUR)", "EUR received / paid", lambda _: "EUR"),
    id=("Transaction ID",),
    changing=("Status", "Timezone", "Date", "Time"),
    status=STATUS,
    newest_first=True,
)  # fmt: skip

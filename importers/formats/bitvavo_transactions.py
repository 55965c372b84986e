"""Bitvavo's export of the full history since 2023. See `importers.parsers.bitvavo_files`."""

from importers.exports import export
from importers.parsers.bitvavo_files import STATUS, reader

FORMAT = export(
    "bitvavo_transactions",
    2,
    needs=("Timezone", "Date", "Time", "Type", "Currency", "Amount", "Quote Currency", "Quote Price",
           "Received / Paid Currency", "Received / Paid Amount", "Fee currency", "Fee amount", "Status",
           "Transaction ID"),
    may_have=("Address",),
    date="Date",
    clock="Time",
    place="Timezone",
    exchange="bitvavo",
    each=reader("Quote Price", "Received / Paid Amount", lambda row: row["Received / Paid Currency"]),
    id=("Transaction ID",),
    changing=("Status", "Timezone", "Date", "Time"),
    status=STATUS,
    newest_first=True,
)  # fmt: skip

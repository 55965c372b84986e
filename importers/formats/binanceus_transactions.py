"""Binance.US's report of all transactions since 2023, with names such as "Realized Amount For Base Asset".

See `importers.parsers.binanceus_report`.
"""

from importers.exports import export
from importers.parsers.binanceus_report import reader

_COLUMNS = {
    "primary": ("Primary Asset", "Realized Amount For Primary Asset"),
    "base": ("Base Asset", "Realized Amount For Base Asset"),
    "quote": ("Quote Asset", "Realized Amount for Quote Asset"),
    "fee": ("Fee Asset", "Realized Amount for Fee Asset"),
}

FORMAT = export(
    "binanceus_transactions",
    1,
    needs=("User ID", "Time", "Category", "Operation", "Order ID", "Transaction ID",
           *(column for pair in _COLUMNS.values() for column in pair)),
    may_have=("Realized Amount for Primary Asset in USD", "Realized Amount For Base Asset In USD",
              "Realized Amount for Quote Asset in USD", "Realized Amount for Fee Asset in USD",
              "Payment Method", "Withdraw Method", "Additional Note"),
    date="Time",
    exchange="binanceus",
    each=reader(_COLUMNS),
    id=("Transaction ID", "Category"),
    changing=("Additional Note",),
)  # fmt: skip

"""Coinbase's transaction report of 2023, without IDs: amounts with signs ("$1,000.00"), times such as
"2023-08-01 19:50:07 UTC".

A row is known by its time, type, asset and quantity. See `importers.parsers.coinbase_report`.
"""

from importers.exports import export
from importers.parsers import coinbase_report

FORMAT = export(
    "coinbase_transactions_2023",
    1,
    needs=("Timestamp", "Transaction Type", "Asset", "Quantity Transacted", "Price Currency", "Price at Transaction",
           "Subtotal", "Fees and/or Spread", "Notes"),
    one_of=("Total (inclusive of fees and/or spread)", "Total"),
    date="Timestamp",
    exchange="coinbase",
    together=coinbase_report.read,
    changing=("Price Currency", "Price at Transaction", "Subtotal", "Total (inclusive of fees and/or spread)", "Total",
              "Fees and/or Spread", "Notes"),
    passed=coinbase_report.passed,
    newest_first=True,
)  # fmt: skip

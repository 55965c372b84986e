"""Coinbase's transaction report with IDs (since 2023), as CSV from Statements or Taxes.

Both rows of a conversion bear its ID. See `importers.parsers.coinbase_report`.
"""

from importers.exports import export
from importers.parsers import coinbase_report

FORMAT = export(
    "coinbase_transactions",
    1,
    needs=("ID", "Timestamp", "Transaction Type", "Asset", "Quantity Transacted", "Subtotal",
           "Total (inclusive of fees and/or spread)", "Fees and/or Spread", "Notes"),
    one_of=("Price Currency", "Spot Price Currency"),
    may_have=("Price at Transaction", "Spot Price at Transaction", "Sender Address", "Recipient Address"),
    date="Timestamp",
    exchange="coinbase",
    together=coinbase_report.read,
    id=("ID", "Asset"),
    changing=("Notes", "Sender Address", "Recipient Address"),
    passed=coinbase_report.passed,
    newest_first=True,
)  # fmt: skip

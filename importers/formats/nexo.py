"""Nexo's export of transactions with UTC times (since 2022). See `importers.parsers.nexo`."""

from importers.exports import export
from importers.parsers import nexo

FORMAT = export(
    "nexo",
    1,
    needs=("Transaction", "Type", "Input Currency", "Input Amount", "Output Currency", "Output Amount",
           "USD Equivalent", "Details", "Date / Time (UTC)"),
    may_have=("Fee", "Fee Currency", "Outstanding Loan"),
    date="Date / Time (UTC)",
    each=nexo.with_both,
    id=("Transaction",),
    changing=("Details", "Outstanding Loan"),
    passed=nexo.passed,
    newest_first=True,
)  # fmt: skip

"""Nexo's export of transactions until 2021: one amount a row; times are of Zurich. See `importers.parsers.nexo`."""

from importers.exports import export
from importers.parsers import nexo

FORMAT = export(
    "nexo_2021",
    2,
    needs=("Transaction", "Type", "Currency", "Amount", "Details", "Outstanding Loan", "Date / Time"),
    may_have=("USD Equivalent",),
    date="Date / Time",
    zone="Europe/Zurich",
    each=nexo.with_one,
    id=("Transaction",),
    changing=("Details", "Outstanding Loan"),
    passed=nexo.passed,
    newest_first=True,
)

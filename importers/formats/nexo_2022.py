"""Nexo's export of transactions in 2021 and 2022, its times those of Zurich. See `importers.parsers.nexo`."""

from importers.exports import export
from importers.parsers import nexo

FORMAT = export(
    "nexo_2022",
    2,
    needs=("Transaction", "Type", "Input Currency", "Input Amount", "Output Currency", "Output Amount",
           "USD Equivalent", "Details", "Date / Time"),
    may_have=("Outstanding Loan",),
    date="Date / Time",
    zone="Europe/Zurich",
    each=nexo.with_both,
    id=("Transaction",),
    changing=("Details", "Outstanding Loan"),
    passed=nexo.passed,
    newest_first=True,
)  # fmt: skip

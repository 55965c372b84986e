"""Poloniex' export of withdrawals (withdrawalHistory.csv): the amount has its fee inside. Times are UTC.

The status of one that was sent has the transaction's hash behind it. Columns and rows as converters have them (2014 to
2021).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.layout import Cells
from importers.parsers.build import Unread


def read(row: Row) -> Iterable[Said]:
    status, _, txhash = row["Status"].partition(":")
    if status.strip().upper() not in ("COMPLETE", "COMPLETED"):
        raise Unread(f"what the status {row['Status']} means is not known")
    sent, fee = row.number("Amount - Fee"), row.number("Fee Deducted")
    if row.number("Amount") != sent + fee:
        raise Unread("the amount is not what was sent with its fee")
    yield row.transaction(
        sent=row.of(sent, row["Currency"]),
        fee=row.of(fee, row["Currency"]),
        description="withdrawal",
        txhash=txhash.strip(),
    )


def passed(row: Cells) -> str:
    status = row.get("Status", "").partition(":")[0].strip().upper()
    return {"FAILED": "failed", "CANCELED": "cancelled", "CANCELLED": "cancelled", "PENDING": "pending"}.get(status, "")


FORMAT = export(
    "poloniex_withdrawals",
    1,
    needs=("Date", "Currency", "Amount", "Fee Deducted", "Amount - Fee", "Address", "Status"),
    date="Date",
    each=read,
    changing=("Status",),
    passed=passed,
    newest_first=True,
)

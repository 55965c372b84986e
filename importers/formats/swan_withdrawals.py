"""Swan's export of withdrawals of bitcoin (below two lines). Times have their zone.

A withdrawal that has a time at which it was cancelled counts for nothing, nor does one that was not executed yet.
Columns and rows as people show them (2024 to 2026); of the status, that "settled" counts.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.layout import Cells


def read(row: Row) -> Iterable[Said]:
    yield row.transaction(sent=row.amount("Bitcoin Amount", "BTC"), description="withdrawal")


def passed(row: Cells) -> str:
    return "cancelled" if row.get("Canceled At") else "" if row.get("Executed At") else "pending"


FORMAT = export(
    "swan_withdrawals",
    1,
    needs=("Created At", "Timezone", "Transaction ID", "Executed At", "Canceled At", "Status", "Bitcoin Amount"),
    may_have=("Automatic", "IP Address"),
    date=("Executed At", "Created At"),
    each=read,
    changing=("Status", "Executed At", "Canceled At", "Transaction ID", "IP Address", "Automatic"),
    status=Status.of("Status", ["settled"], cancelled=["canceled", "cancelled"], failed=["failed"]),
    passed=passed,
)

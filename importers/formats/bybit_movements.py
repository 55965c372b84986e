"""Bybit's export of deposits and withdrawals of coins: one row each, newest first, with the hash. Times are UTC.

It says no fee; the amount of a withdrawal is the one that the funding account's row has, where an account has both.

Source: header and rows as a public reader of the file has them (2026), which compared it with the export of the funding
account. From memory: other words of the Status than those three.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.parsers.build import Unread
from importers.parsers.bybit_export import NONE


def read(row: Row) -> Iterable[Said]:
    amount, kind = row.amount("Amount", row["Asset"]), row["Type"].casefold()
    if kind not in ("deposit", "withdraw", "withdrawal"):
        raise Unread(f"type {row['Type']} is not known")
    came = kind == "deposit"
    yield row.transaction(
        sent=None if came else amount,
        received=amount if came else None,
        description=f"{'deposit' if came else 'withdrawal'} {row['Chain']}".strip(),
        txhash="" if row["Tx ID"] == NONE else row["Tx ID"],
    )


FORMAT = export(
    "bybit_movements",
    1,
    needs=("Date", "Type", "Asset", "Chain", "Amount", "Tx ID", "Status", "Received Address"),
    may_have=("Uid",),
    date="Date",
    exchange="bybit",
    each=read,
    changing=("Uid", "Status", "Tx ID"),
    status=Status.of(
        "Status",
        ["Completed", "Transferred successfully"],
        failed=["Failed"],
        cancelled=["Cancelled", "Canceled"],
        pending=["Pending", "Processing"],
    ),
    newest_first=True,
)

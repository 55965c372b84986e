"""The Crypto.com Exchange's export of deposits and withdrawals before November 2022.

Which of the two a row is, only its status says, as the API numbers them: 1 is a deposit that arrived, 5 a withdrawal
that was sent; what the other numbers mean depends on which it is, so they are not read. Times are UTC. Columns as
converters have them (2020 to 2022); from memory: that the fee is on top.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread

_ARRIVED, _SENT = "1", "5"


def read(row: Row) -> Iterable[Said]:
    if row["status"] not in (_ARRIVED, _SENT):
        raise Unread(f"status {row['status']} does not say whether it counts")
    moved, arrived = row.amount("amount", row["currency"]), row["status"] == _ARRIVED
    yield row.transaction(
        sent=None if arrived else moved,
        received=moved if arrived else None,
        fee=row.amount("fee", row["currency"]),
        description="deposit" if arrived else "withdrawal",
    )


FORMAT = export(
    "cryptocom_exchange_transfers",
    1,
    needs=("create_time_utc", "currency", "amount", "fee", "address", "status"),
    date="create_time_utc",
    exchange="cryptocom",
    each=read,
    changing=("status",),
)

"""Bittrex' withdrawals as its support gave them out on request; the fee is on top. Times are UTC.

Columns, times and the state PAID as rotki's tests have them.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.parsers.bittrex import US_TIMES


def read(row: Row) -> Iterable[Said]:
    currency = row["CURRENCY"]
    yield row.transaction(
        sent=row.amount("AMOUNT", currency),
        fee=row.amount("TXCOST", currency),
        description="withdrawal",
        txhash=row["TXID"],
    )


FORMAT = export(
    "bittrex_withdrawals_request",
    1,
    needs=("UUID", "AMOUNT", "CURRENCY", "ADDRESS", "TXID", "OPENED", "LASTUPDATED", "CLOSED", "TXCOST", "STATE"),
    date="OPENED",
    times=US_TIMES,
    each=read,
    id=("UUID",),
    status=Status.of("STATE", ["PAID"], cancelled=["CANCELED", "CANCELLED"]),
)

"""FTX' export of withdrawals with the names of its page (2019 to 2022); the fee is on top.

Columns as converters have them, status as the API's.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export


def read(row: Row) -> Iterable[Said]:
    yield row.transaction(
        sent=row.amount("Amount", row["Coin"]),
        fee=row.amount("fee", row["Coin"]),
        description="withdrawal",
        txhash=row["Transaction ID"],
    )


FORMAT = export(
    "ftx_withdrawals_page",
    1,
    needs=("Time", "Coin", "Amount", "Destination", "Status", "Transaction ID", "fee"),
    date="Time",
    each=read,
    changing=("Status",),
    status=Status.of("Status", ["complete"], cancelled=["cancelled"], pending=["requested", "processing"]),
    newest_first=True,
    exactly=True,
)

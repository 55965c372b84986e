"""FTX' export of withdrawals with the API's names (the claims portal); the fee is on top.

What was only requested in November 2022 was never sent. Columns as converters have them, status as the API's.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export


def read(row: Row) -> Iterable[Said]:
    yield row.transaction(
        sent=row.amount("size", row["coin"]),
        fee=row.amount("fee", row["coin"]),
        description="withdrawal",
        txhash=row["txid"],
    )


FORMAT = export(
    "ftx_withdrawals",
    1,
    needs=("time", "coin", "size", "address", "status", "txid", "fee", "id"),
    date="time",
    each=read,
    id=("id",),
    changing=("status",),
    status=Status.of("status", ["complete"], cancelled=["cancelled"], pending=["requested", "processing"]),
    newest_first=True,
    exactly=True,
)

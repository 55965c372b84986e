"""Poloniex' export of deposits (depositHistory.csv). Times are UTC.

In the oldest ones withdrawals stand as well, which a status with the hash behind it tells ("COMPLETE: 7092..."): these
are not read, as their fee is not told; the export of withdrawals has them. Columns as converters have them (2014 to
2021).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export


def read(row: Row) -> Iterable[Said]:
    yield row.transaction(received=row.amount("Amount", row["Currency"]), description="deposit")


FORMAT = export(
    "poloniex_deposits",
    1,
    needs=("Date", "Currency", "Amount", "Address", "Status"),
    date="Date",
    each=read,
    changing=("Status",),
    status=Status.of("Status", ("COMPLETE", "COMPLETED"), failed=["FAILED"], pending=["PENDING"]),
    newest_first=True,
    exactly=True,
)

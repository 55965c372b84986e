"""MEXC's export of deposits: one row each, newest first. A time whose column names no zone is UTC.

Source: header and rows as public readers of the file have them (several; 2023 to 2025), newer ones with UID. From
memory: other words of the Status than "Credited Successfully".
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export


def read(row: Row) -> Iterable[Said]:
    yield row.transaction(
        received=row.amount("Deposit Amount", row["Crypto"].partition("-")[0]),
        description=f"deposit {row['Network']}".strip(),
        txhash=row["TxID"].partition(":")[0],
    )


FORMAT = export(
    "mexc_deposits",
    1,
    needs=("Status", "Crypto", "Network", "Deposit Amount", "TxID", "Progress"),
    one_of=("Time", "Time(UTC*)"),
    may_have=("UID",),
    date=("Time", "Time(UTC*)"),
    exchange="mexc",
    each=read,
    changing=("UID", "Status", "Progress"),
    status=Status.of(
        "Status", ["Credited Successfully"], pending=["Pending", "Confirming"], failed=["Failed", "Rejected"]
    ),
    newest_first=True,
)

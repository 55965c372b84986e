"""MEXC's export of withdrawals: one row each, newest first. What was asked for is what was sent and the fee of it.

A time whose column names no zone is UTC.

Source: header and rows as public readers of the file have them (several; 2023 to 2025), newer ones with UID and memo.
From memory: other words of the Status than "Withdrawal Successful" and "Failed".
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.parsers.build import Unread


def read(row: Row) -> Iterable[Said]:
    coin = row["Crypto"].partition("-")[0]
    sent, fee = row.amount("Settlement Amount", coin), row.amount("Trading Fee", coin)
    if row.number("Request Amount") != row.number("Settlement Amount") + row.number("Trading Fee"):
        raise Unread("what was asked for is not what was sent and its fee")
    words = f"withdrawal {row['Network']}".strip()
    yield row.transaction(sent=sent, fee=fee, description=words, txhash=row["TxID"].partition(":")[0])


FORMAT = export(
    "mexc_withdrawals",
    1,
    needs=("Status", "Crypto", "Network", "Request Amount", "Withdrawal Address", "TxID", "Trading Fee",
           "Settlement Amount", "Withdrawal Descriptions"),
    one_of=("Time", "Time(UTC*)"),
    may_have=("UID", "memo"),
    date=("Time", "Time(UTC*)"),
    exchange="mexc",
    each=read,
    changing=("UID", "Status", "TxID", "Withdrawal Descriptions"),
    status=Status.of(
        "Status",
        ["Withdrawal Successful"],
        failed=["Failed", "Withdrawal Failed", "Rejected"],
        cancelled=["Cancelled", "Canceled"],
        pending=["Pending", "Processing"],
    ),
    newest_first=True,
)  # fmt: skip

"""Binance's deposit history: "Date(UTC+0),Coin,Network,Amount,Address,TXID,Status", since 2025 with "Time".

The times of "Time" are of the zone that the file's name tells ("Binance-Deposit-History-...(UTC+7).csv"), else of the
person's own; years have two digits or four.

Source: the header and rows as public readers of the file have them (BittyTax, others; 2026-11). From memory: words of
statuses besides Completed.
"""

from collections.abc import Iterable

from importers.exports import LOCAL, Row, Said, Status, export

DONE = Status.of(
    "Status",
    ["Completed", "Success", "Successful", "Credited"],
    failed=["Failed", "Failure", "Rejected", "Refunded"],
    cancelled=["Cancelled", "Canceled"],
    pending=["Pending", "Processing", "Confirming", "Awaiting Approval", "Email Sent"],
)


def read(row: Row) -> Iterable[Said]:
    words = f"deposit {row['Network']}".strip()
    yield row.transaction(received=row.amount("Amount", row["Coin"]), txhash=row["TXID"], description=words)


FORMAT = export(
    "binance_deposits",
    2,
    needs=("Coin", "Network", "Amount", "Address", "TXID", "Status"),
    one_of=("Time", "Date(UTC*)"),
    date=("Date(UTC*)", "Time"),
    times=("%y-%m-%d %H:%M:%S",),
    zone=LOCAL,
    exchange="binance",
    each=read,
    id=("TXID",),
    changing=("Status",),
    status=DONE,
    newest_first=True,
)

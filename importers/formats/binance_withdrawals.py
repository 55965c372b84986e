"""Binance's withdrawal history: "Date(UTC+0),Coin,Network,Amount,Fee,Address,TXID,Status", since 2025 with "Time".

The amount is what arrives, the fee comes on top. Times and statuses: see `binance_deposits`.

Source: the header and rows as public readers of the file have them (BittyTax, others; 2026-11).
"""

from collections.abc import Iterable

from importers.exports import LOCAL, Row, Said, export
from importers.formats.binance_deposits import DONE


def read(row: Row) -> Iterable[Said]:
    yield row.transaction(
        sent=row.amount("Amount", row["Coin"]),
        fee=row.amount("Fee", row["Coin"]),
        txhash=row["TXID"],
        description=f"withdrawal {row['Network']}".strip(),
    )


FORMAT = export(
    "binance_withdrawals",
    2,
    needs=("Coin", "Network", "Amount", "Fee", "Address", "TXID", "Status"),
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

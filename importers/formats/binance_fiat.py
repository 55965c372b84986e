"""Binance's deposits and withdrawals of money: "Date(UTC),Coin,Amount,Status,Payment Method,Indicated Amount,Fee,Order
ID", one header for both.

Which of both it is only the file's name tells: it has to have "deposit" or "withdraw" in it. "Indicated Amount" is what
was paid in, "Amount" what arrived at the bank, the fee on top. Times are of the zone in the column's name.

Source: the header as public readers of the file have it (BittyTax, others; 2026-11), BittyTax on which amount is what.
From memory: words of statuses besides Successful.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.formats.binance_movements import SIDE
from importers.parsers.build import Unread

DONE = Status.of(
    "Status",
    ["Successful", "Completed", "Finished"],
    failed=["Failed", "Rejected", "Refunded", "Expired"],
    cancelled=["Cancelled", "Canceled"],
    pending=["Processing", "Pending"],
)


def read(row: Row) -> Iterable[Said]:
    fee, words = row.amount("Fee", row["Coin"]), row["Payment Method"]
    if row.named not in ("deposit", "withdraw"):
        raise Unread("whether it came in or went out is told by the file's name alone: call it deposits or withdrawals")
    if row.number("Indicated Amount") not in (row.number("Amount"), row.number("Amount") + row.number("Fee")):
        raise Unread("its amounts and its fee do not add up")
    if row.named == "deposit":
        whole = row.amount("Indicated Amount", row["Coin"])
        yield row.transaction(received=whole, fee=fee, description=f"deposit {words}".strip())
    else:
        arrives = row.amount("Amount", row["Coin"])
        yield row.transaction(sent=arrives, fee=fee, description=f"withdrawal {words}".strip())


FORMAT = export(
    "binance_fiat",
    1,
    needs=("Date(UTC*)", "Coin", "Amount", "Status", "Payment Method", "Indicated Amount", "Fee", "Order ID"),
    date="Date(UTC*)",
    exchange="binance",
    each=read,
    id=("Order ID",),
    changing=("Status",),
    status=DONE,
    newest_first=True,
    named=SIDE,
)

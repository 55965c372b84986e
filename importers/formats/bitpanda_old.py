"""Bitpanda's export of the transaction history before 2020: a status for each row, its fee in money or in
the coin that moved. A deposit's amount is what came in after its fee, a withdrawal's fee is on top. Times have their
zone, or are UTC.

Columns and the status "finished" as converters have them (BittyTax); what a trade's fee would be is not known, so that
one with a fee is not read.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.parsers.build import Unread
from pipeline.model import Amount


def read(row: Row) -> Iterable[Said]:
    kind = row["Type"].casefold()
    money, asset = row.amount("Amount Fiat", row["Fiat"]), row.amount("Amount Asset", row["Asset"])
    if kind in ("buy", "sell"):
        if money is None or asset is None or row.number("Fee"):
            raise Unread("one of its two sides is missing, or it has a fee")
        yield row.transaction(
            sent=money if kind == "buy" else asset, received=asset if kind == "buy" else money, description=kind
        )
    elif kind in ("deposit", "withdrawal") and (moved := asset or money) is not None:
        fee = row.amount("Fee", row["Asset"] if asset is not None else row["Fiat"])
        if kind == "deposit":
            if fee is not None:
                moved = Amount(moved.quantity + fee.quantity, moved.asset)
            yield row.transaction(received=moved, fee=fee, description=kind)
        else:
            yield row.transaction(sent=moved, fee=fee, description=kind)
    else:
        raise Unread(f"type {kind} is not known")


FORMAT = export(
    "bitpanda_old",
    1,
    needs=("ID", "Type", "In/Out", "Amount Fiat", "Fee", "Fiat", "Amount Asset", "Asset", "Status", "Created at"),
    date="Created at",
    each=read,
    id=("ID",),
    changing=("Status",),
    status=Status.of("Status", ["finished"], cancelled=["canceled", "cancelled"], pending=["pending", "processing"]),
)

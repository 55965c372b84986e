"""Uphold's export of transactions (since 2019): from where to where, with what left and what arrived.

Where the two are of different assets, Uphold exchanged them: a deposit by card is bought with, a withdrawal in another
coin is exchanged first and then leaves. A fee in the asset that left is inside of what left; in another it is on top.
The two sides of one asset must differ by just the fee. Times have their zone. Columns and rows as rotki's tests have
them.
"""

from collections.abc import Iterable, Iterator

from importers.exports import Row, Said, Status, export
from importers.parsers.build import Unread
from pipeline.model import Amount
from pipeline.money import ZERO


def read(row: Row) -> Iterable[Said]:
    kind = row["Type"].casefold()
    left = row.amount("Origin Amount", row["Origin Currency"])
    arrived = row.amount("Destination Amount", row["Destination Currency"])
    fee = row.amount("Fee Amount", row["Fee Currency"])
    if left is None or arrived is None or kind not in ("in", "out", "transfer"):
        raise Unread("it does not say what moved")
    if fee is not None and fee.asset == left.asset:
        left = Amount(left.quantity - fee.quantity, left.asset)
    if left.asset == arrived.asset:
        yield _moved(row, kind, left, arrived, fee)
    elif left.quantity > ZERO:
        yield from _exchanged(row, kind, left, arrived, fee)
    else:
        raise Unread("the fee is more than what left")


def _moved(row: Row, kind: str, left: Amount, arrived: Amount, fee: Amount | None) -> Said:
    if left.quantity != arrived.quantity or kind == "transfer":
        raise Unread("what left and what arrived differ by more than the fee")
    if kind == "in":
        whole = left.quantity + (fee.quantity if fee is not None and fee.asset == left.asset else ZERO)
        return row.transaction(received=Amount(whole, left.asset), fee=fee, description=row["Origin"] or "deposit")
    return row.transaction(sent=arrived, fee=fee, description=row["Destination"] or "withdrawal")


def _exchanged(row: Row, kind: str, left: Amount, arrived: Amount, fee: Amount | None) -> Iterator[Said]:
    whole = left.quantity + (fee.quantity if fee is not None and fee.asset == left.asset else ZERO)
    if kind == "in":
        yield row.transaction(received=Amount(whole, left.asset), description=row["Origin"], leg="in")
    yield row.transaction(sent=left, received=arrived, fee=fee, description="exchange")
    if kind == "out":
        yield row.transaction(sent=arrived, description=row["Destination"] or "withdrawal", leg="out")


FORMAT = export(
    "uphold",
    1,
    needs=("Date", "Destination", "Destination Amount", "Destination Currency", "Fee Amount", "Fee Currency", "Id",
           "Origin", "Origin Amount", "Origin Currency", "Status", "Type"),
    date="Date",
    times=("%a %b %d %Y %H:%M:%S GMT%z",),
    each=read,
    id=("Id",),
    changing=("Status",),
    status=Status.of("Status", ["completed"], cancelled=["cancelled", "canceled"], failed=["failed"],
                     pending=["pending", "processing", "waiting"]),
    newest_first=True,
)  # fmt: skip

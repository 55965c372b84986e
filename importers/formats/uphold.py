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
    yield from said(row, kind, left, arrived, fee, row["Origin"], row["Destination"])


def said(
    row: Row, kind: str, whole: Amount, arrived: Amount, fee: Amount | None, origin: str, destination: str
) -> Iterator[Said]:
    """What moved, "in", "out" or exchanged ("transfer"): `whole` is all that left, from `origin` to `destination`."""
    inside = fee.quantity if fee is not None and fee.asset == whole.asset else ZERO
    left = Amount(whole.quantity - inside, whole.asset)
    if left.quantity <= ZERO:
        raise Unread("the fee is more than what left")
    if left.asset == arrived.asset:
        if left.quantity != arrived.quantity or kind == "transfer":
            raise Unread("what left and what arrived differ by more than the fee")
        if kind == "in":
            yield row.transaction(received=whole, fee=fee, description=origin or "deposit")
        else:
            yield row.transaction(sent=arrived, fee=fee, description=destination or "withdrawal")
        return
    if kind == "in":
        yield row.transaction(received=whole, description=origin, leg="in")
    yield row.transaction(sent=left, received=arrived, fee=fee, description="exchange")
    if kind == "out":
        yield row.transaction(sent=arrived, description=destination or "withdrawal", leg="out")


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

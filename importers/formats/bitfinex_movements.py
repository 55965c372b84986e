"""Bitfinex' export "Movements": one row per deposit and withdrawal; the fee is on top.

Its dates are `importers.parsers.bitfinex_files`. Columns as converters have them (2018 to 2025), status as the API's.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from importers.exports import Row, Said, Status, export, grouped
from importers.parsers.bitfinex_files import UNDATED, dated, of
from importers.parsers.build import Unread
from pipeline.money import ZERO


def read(rows: list[Row]) -> Iterable[Said]:
    instants = dated(rows)
    yield from grouped(rows, lambda row: row.record.source_id, lambda group: _movement(group[0], instants))


def _movement(row: Row, instants: Mapping[str, datetime]) -> Iterator[Said]:
    at = instants.get(row["#"])
    if at is None:
        raise Unread(UNDATED)
    quantity = row.number("AMOUNT")
    moved = of(abs(quantity), row["CURRENCY"], at)
    yield row.transaction(
        sent=None if quantity > ZERO else moved,
        received=moved if quantity > ZERO else None,
        fee=of(abs(row.number("FEES")), row["CURRENCY"], at),
        description="deposit" if quantity > ZERO else "withdrawal",
        txhash=row["TRANSACTION ID"],
        at=at,
    )


FORMAT = export(
    "bitfinex_movements",
    1,
    needs=("#", "DATE", "CURRENCY", "STATUS", "AMOUNT", "FEES", "DESCRIPTION", "TRANSACTION ID"),
    may_have=("NOTE",),
    date="DATE",
    exchange="bitfinex",
    together=read,
    id=("#",),
    changing=("DATE", "STATUS", "NOTE"),
    status=Status.of("STATUS", ["COMPLETED"], cancelled=["CANCELED", "CANCELLED"], failed=["FAILED"],
                     pending=["PENDING", "PROCESSING", "SENDING", "UNCONFIRMED"]),
    newest_first=True,
)  # fmt: skip

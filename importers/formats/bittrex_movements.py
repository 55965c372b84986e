"""Bittrex' export of deposits and withdrawals at its end (2023), below some lines: what each balance changed by.

A withdrawal's amount has its fee inside, which is not told. Times are UTC. Columns and rows as rotki's tests have them.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.moved import moved
from pipeline.money import ZERO


def read(row: Row) -> Iterable[Said]:
    kind, quantity = row["Type"].upper(), row.number("Amount")
    if kind not in ("DEPOSIT", "WITHDRAWAL") or (kind == "DEPOSIT") != (quantity > ZERO):
        raise Unread("its type and its sign do not go together")
    yield moved(row, quantity, row["Currency"], description=kind.lower(), txhash=row["TxId"])


FORMAT = export(
    "bittrex_movements",
    1,
    needs=("Date", "Currency", "Type", "Address", "Memo/Tag", "TxId", "Amount"),
    date="Date",
    each=read,
    newest_first=True,
    exactly=True,
)

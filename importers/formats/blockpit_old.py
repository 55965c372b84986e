"""Blockpit's export of all transactions until 2023: "Blockpit ID;Timestamp;...;Transaction Type;...;Merge ID".

Times are of whole minutes. See `importers.parsers.blockpit`.
"""

from collections.abc import Iterator

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers import blockpit


def read(row: Row) -> Iterator[Said]:
    yield from blockpit.told(
        row, row["Transaction Type"], fee="Fee Amount", fee_in="Fee Asset", note="Note", txid="Transaction ID"
    )


def accounts(row: Cells) -> tuple[str, ...]:
    return (row.get("Integration", "") or row.get("Source Name", ""),)


FORMAT = export(
    "blockpit_old",
    1,
    needs=("Blockpit ID", "Timestamp", "Source Type", "Source Name", "Integration", "Transaction Type",
           "Outgoing Asset", "Outgoing Amount", "Incoming Asset", "Incoming Amount", "Fee Asset", "Fee Amount",
           "Transaction ID", "Note", "Merge ID"),
    date="Timestamp",
    times=blockpit.TIMES,
    each=read,
    changing=("Blockpit ID", "Source Type", "Note", "Merge ID"),
    labels=("Transaction Type",),
    accounts=accounts,
    rank=TOOL,
)  # fmt: skip

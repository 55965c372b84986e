"""Blockpit's export of all transactions since 2023, as CSV or XLSX: see `importers.parsers.blockpit`.

Its import template names the same columns, some of them with "(optional)". Source of both headers: public readers that
have them from Blockpit's help (2026-11).
"""

from collections.abc import Iterator

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers import blockpit


def read(row: Row) -> Iterator[Said]:
    more = " (optional)" if row["Fee Asset (optional)"] else ""
    note = "Comments" if row["Comments"] else "Comment (optional)"
    txid = "Trx. ID" if row["Trx. ID"] else "Trx. ID (optional)"
    yield from blockpit.told(
        row, row["Label"], fee=f"Fee Amount{more}", fee_in=f"Fee Asset{more}", note=note, txid=txid
    )


def accounts(row: Cells) -> tuple[str, ...]:
    return (row.get("Integration Name", ""),)


FORMAT = export(
    "blockpit",
    1,
    needs=("Date (UTC)", "Integration Name", "Label", "Outgoing Asset", "Outgoing Amount", "Incoming Asset",
           "Incoming Amount"),
    one_of=("Fee Asset", "Fee Asset (optional)"),
    may_have=("Fee Amount", "Fee Amount (optional)", "Trx. ID", "Trx. ID (optional)", "Comments",
              "Comment (optional)", "Source Type", "Source Name"),
    date="Date (UTC)",
    times=blockpit.TIMES,
    each=read,
    changing=("Comments", "Comment (optional)", "Source Type", "Source Name"),
    labels=("Label",),
    accounts=accounts,
    rank=TOOL,
)  # fmt: skip

"""CoinLedger's import template, which people fill in by hand and other tools write: "Date (UTC),Platform (Optional),
Asset Sent,Amount Sent,Asset Received,Amount Received,Fee Currency (Optional),Fee Amount (Optional),Type,...".

The month comes first. Fees are on top.

Source: the header as staketaxcsv writes it (ExporterTypes.py, read 2026-11). From memory: that the month is first.
"""

from collections.abc import Iterator

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers.coinledger import WORDS
from importers.parsers.sides import chain_hash

_FEE, _FEE_IN = "Fee Amount (Optional)", "Fee Currency (Optional)"


def read(row: Row) -> Iterator[Said]:
    sent = row.amount("Amount Sent", row["Asset Sent"])
    received, fee = row.amount("Amount Received", row["Asset Received"]), row.amount(_FEE, row[_FEE_IN])
    if sent is None and received is None:
        sent, fee = fee, None
    yield WORDS.told(
        row, row["Type"], sent=sent, received=received, fee=fee,
        description=row["Description (Optional)"] or row["Type"], txhash=chain_hash(row["TxHash (Optional)"]),
    )  # fmt: skip


def accounts(row: Cells) -> tuple[str, ...]:
    return (row.get("Platform (Optional)", ""),)


FORMAT = export(
    "coinledger_template",
    1,
    needs=("Date (UTC)", "Platform (Optional)", "Asset Sent", "Amount Sent", "Asset Received", "Amount Received",
           "Fee Currency (Optional)", "Fee Amount (Optional)", "Type"),
    may_have=("Description (Optional)", "TxHash (Optional)"),
    date="Date (UTC)",
    times=("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"),
    each=read,
    changing=("Description (Optional)",),
    labels=("Type",),
    accounts=accounts,
    rank=TOOL,
)  # fmt: skip

"""PayPal's statement of crypto: purchases and sales, with the fee on top.

Columns and the types BUY and SELL as a converter has them (BittyTax, 2024); other types are not read. From memory: that
a time without a zone is UTC.
"""

import re
from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.moved import traded


def read(row: Row) -> Iterable[Said]:
    kind = row["Transaction Type"].upper()
    if kind not in ("BUY", "SELL"):
        raise Unread(f"type {row['Transaction Type']} is not known")
    got, given = (row.amount(f"Asset {side} (Quantity)", row[f"Asset {side} (Currency)"]) for side in ("In", "Out"))
    fee = row.amount("Transaction Fee (Quantity)", row["Transaction Fee (Currency)"])
    yield traded(row, "buy", got, given, fee, kind.lower())


FORMAT = export(
    "paypal_crypto",
    1,
    needs=("DateTime", "Transaction Type", "Asset In (Quantity)", "Asset In (Currency)", "Asset Out (Quantity)",
           "Asset Out (Currency)", "Transaction Fee (Quantity)", "Transaction Fee (Currency)"),
    more=re.compile(r"Market Value \(\w{3}\)"),
    date="DateTime",
    each=read,
)  # fmt: skip

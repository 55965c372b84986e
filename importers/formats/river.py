"""River's export of account activity: one row per purchase, sale, movement or interest, its fee on top.

Tags as people show them: Buy, Sell, Interest, and none for what was sent or received. Times are taken as UTC (from
memory: none is named). Columns as converters and people have them (2023 to 2026).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from pipeline.model import Label


def read(row: Row) -> Iterable[Said]:
    tag = row["Tag"].casefold()
    sent = row.amount("Sent Amount", row["Sent Currency"])
    received = row.amount("Received Amount", row["Received Currency"])
    trades, both = tag in ("buy", "sell"), sent is not None and received is not None
    if tag not in ("", "buy", "sell", "interest") or both != trades or (tag == "interest" and received is None):
        raise Unread(f"what the tag '{row['Tag']}' means here is not known")
    yield row.transaction(
        sent=sent,
        received=received,
        fee=row.amount("Fee Amount", row["Fee Currency"]),
        label=Label.INTEREST if tag == "interest" else None,
        description=row["Tag"].lower(),
    )


FORMAT = export(
    "river",
    1,
    needs=("Date", "Sent Amount", "Sent Currency", "Received Amount", "Received Currency", "Fee Amount",
           "Fee Currency", "Tag"),
    date="Date",
    each=read,
    newest_first=True,
    exactly=True,
)  # fmt: skip

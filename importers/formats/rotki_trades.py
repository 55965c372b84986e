"""rotki's generic file of trades: "Location,Base Currency,Quote Currency,Type,Buy Amount,Sell Amount,Fee,...".

What a Buy buys is the base, what a Sell sells is the base; the amounts are of what was bought and sold. Each row is of
the account that its Location names. Times are Unix milliseconds, or without a zone UTC.

Source: rotki/rotki, rotki_trades.py and its sample (read 2026-11).
"""

from collections.abc import Iterator

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers.build import Unread


def read(row: Row) -> Iterator[Said]:
    kind = row["Type"].casefold()
    if kind not in ("buy", "sell"):
        raise Unread(f"what the type '{row['Type']}' means is not known")
    base, quote = row["Base Currency"], row["Quote Currency"]
    sent = row.amount("Sell Amount", quote if kind == "buy" else base)
    received = row.amount("Buy Amount", base if kind == "buy" else quote)
    if sent is None or received is None:
        raise Unread("one of its two sides is missing")
    yield row.transaction(
        sent=sent, received=received, fee=row.amount("Fee", row["Fee Currency"]),
        description=row["Description"] or row["Type"],
    )  # fmt: skip


def accounts(row: Cells) -> tuple[str, ...]:
    return (row.get("Location", ""),)


FORMAT = export(
    "rotki_trades",
    1,
    needs=("Location", "Base Currency", "Quote Currency", "Type", "Buy Amount", "Sell Amount", "Fee", "Fee Currency",
           "Description", "Timestamp"),
    date="Timestamp",
    times=("milliseconds",),
    each=read,
    changing=("Description",),
    accounts=accounts,
    rank=TOOL,
)  # fmt: skip

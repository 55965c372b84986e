"""rotki's generic file of events: "Type,Location,Currency,Amount,Fee,Fee Currency,Description,Timestamp".

Each row is of the account that its Location names; the fee is on top. Times are Unix milliseconds.

Source: rotki/rotki, rotki_events.py and its sample (read 2026-11).
"""

from collections.abc import Iterator

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers.build import Unread
from pipeline.model import Label

_RECEIPTS = {"deposit": None, "income": Label.INCOME, "staking": Label.REWARD}
_OUTLAYS = {"withdrawal": None, "loss": Label.LOST, "spend": Label.SPEND}


def read(row: Row) -> Iterator[Said]:
    kind, side = row["Type"].casefold(), row.amount("Amount", row["Currency"])
    if kind not in _RECEIPTS and kind not in _OUTLAYS:
        raise Unread(f"what the type '{row['Type']}' means is not known")
    comes = kind in _RECEIPTS
    yield row.transaction(
        sent=None if comes else side,
        received=side if comes else None,
        fee=row.amount("Fee", row["Fee Currency"]),
        label=_RECEIPTS[kind] if comes else _OUTLAYS[kind],
        description=row["Description"] or row["Type"],
    )


def accounts(row: Cells) -> tuple[str, ...]:
    return (row.get("Location", ""),)


FORMAT = export(
    "rotki_generic",
    1,
    needs=("Type", "Location", "Currency", "Amount", "Fee", "Fee Currency", "Description", "Timestamp"),
    date="Timestamp",
    times=("milliseconds",),
    each=read,
    changing=("Description",),
    labels=("Type",),
    accounts=accounts,
    rank=TOOL,
)

"""OKX's statement of the funding account ("OKX Funding History"): one row per change, newest first.

What goes to the trading account, to savings or staking, and back, is no transaction. The Amount of a withdrawal is all
that the balance lost; the column Fee of older files is not told apart from it. Times are of the zone that the line above
the header tells ("Time Zone:UTC+8"), without one of the person's own.

Source: header, rows and words as public readers of the file have them (several; 2022 to 2026), older ones with Fee.
"""

import re
from collections.abc import Iterable

from importers.base import shown
from importers.exports import LOCAL, Row, Said, export
from importers.layout import Cells
from importers.parsers.build import Unread
from pipeline.model import Label

_INTERNAL = frozenset((
    "from unified trading account", "to unified trading account", "stake", "redeem staking", "savings subscription",
    "savings redemption",
))  # fmt: skip
_LABELS = {
    "deposit": None, "received": None, "withdrawal": None, "staking yield": Label.REWARD,
    "fee rebate": Label.CASHBACK, "distribution": Label.INCOME,
}  # fmt: skip


def passed(row: Cells) -> str:
    """A move within OKX."""
    return "internal" if row.get("Type", "").strip().casefold() in _INTERNAL else ""


def read(row: Row) -> Iterable[Said]:
    kind, change, fee = row["Type"], row.number("Amount"), abs(row.number("Fee"))
    word = kind.casefold()
    if word not in _LABELS or (change < 0) != (word == "withdrawal"):
        raise Unread(f"'{shown(kind)}' of {row['Amount']} {shown(row['Symbol'])} is not known")
    if abs(change) != abs(row.number("After Balance") - row.number("Before Balance")) and fee:
        raise Unread("its amount is not what the balance changed by, and it has a fee")
    side = row.of(abs(change), row["Symbol"])
    yield row.transaction(
        sent=side if change < 0 else None,
        received=None if change < 0 else side,
        label=_LABELS[word],
        description=kind.lower(),
    )


FORMAT = export(
    "okx_funding",
    1,
    needs=("id", "Time", "Type", "Amount", "Before Balance", "After Balance", "Symbol"),
    may_have=("Fee",),
    more=re.compile(r"amount-[a-z]{3,4}", re.IGNORECASE),
    date="Time",
    zone=LOCAL,
    exchange="okx",
    each=read,
    id=("id",),
    changing=("Amount-*",),
    passed=passed,
    newest_first=True,
)

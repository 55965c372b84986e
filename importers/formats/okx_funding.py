"""OKX's statement of the funding account ("OKX Funding History"): one row per change, newest first.

What goes to the trading account, to savings or staking, and back, is no transaction. Where older files have a Fee, the
balances beside it tell whether the Amount has it in it; newer ones tell all that the balance lost. Times are of the
zone that the line above the header tells ("Time Zone:UTC+8"), without one of the person's own.

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
    whole = abs(row.number("After Balance") - row.number("Before Balance"))
    if fee and (word != "withdrawal" or whole not in (abs(change), abs(change) + fee)):
        raise Unread("what its balance changed by does not tell whether its fee is in its amount")
    side = row.of(abs(change) - fee if fee and whole == abs(change) else abs(change), row["Symbol"])
    yield row.transaction(
        sent=side if change < 0 else None,
        received=None if change < 0 else side,
        fee=row.of(fee, row["Symbol"]),
        label=_LABELS[word],
        description=kind.lower(),
    )


FORMAT = export(
    "okx_funding",
    2,
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

"""Celsius' export of transactions: one row per change of one balance; the two sides of a swap are rows of one minute.

Rewards are interest, also where they came in CEL. What was lent against coins, what became of coins in the bankruptcy,
and other types that this version does not know are not read. Times are taken as UTC (from memory: none is named).

Columns, types and times as converters have them (BittyTax and others, 2019 to 2022).
"""

import re
from collections.abc import Iterable

from importers.exports import Row, Said, Status, export, grouped
from importers.parsers.build import LOANS, Unread
from importers.parsers.moved import moved
from importers.parsers.swapped import swapped
from pipeline.model import Label
from pipeline.money import ZERO

_CAME = frozenset(("deposit", "inbound transfer", "transfer"))
_WENT = frozenset(("withdrawal", "outbound transfer"))
_LABELS = {
    "interest": Label.INTEREST,
    "reward": Label.INTEREST,
    "promo code reward": Label.INCOME,
    "referred award": Label.INCOME,
    "referrer award": Label.INCOME,
    "bonus token": Label.INCOME,
}
_SWAP = frozenset(("swap in", "swap out"))


def read(rows: list[Row]) -> Iterable[Said]:
    yield from grouped(rows, lambda row: row["Date and time"] if _type(row) in _SWAP else row.record.source_id, _read)


def _type(row: Row) -> str:
    return row["Transaction type"].replace("_", " ").casefold()


def _read(group: list[Row]) -> Iterable[Said]:
    row, kind = group[0], _type(group[0])
    quantity, code = row.number("Coin amount"), row["Coin type"]
    if kind in _SWAP:
        sides = [(each, abs(each.number("Coin amount")), _type(each) == "swap in") for each in group]
        yield from swapped(
            [(each, each.asset(each["Coin type"]), size if got else -size, ZERO) for each, size, got in sides], "swap"
        )
    elif kind in _CAME:
        if quantity <= ZERO:
            raise Unread(f"{kind} of {row['Coin amount']}")
        yield moved(row, quantity, code, description=kind)
    elif kind in _WENT:
        yield moved(row, -abs(quantity), code, description=kind)
    elif kind in _LABELS:
        yield moved(row, quantity, code, _LABELS[kind], description=kind)
    else:
        about = LOANS if re.search("loan|collateral", kind) else ""
        raise Unread(f"type {row['Transaction type']} is not known", about)


FORMAT = export(
    "celsius",
    1,
    needs=("Internal id", "Date and time", "Transaction type", "Coin type", "Coin amount", "USD Value", "Confirmed"),
    may_have=("Original Reward Coin", "Reward Amount In Original Coin", "Original Interest Coin",
              "Interest Amount In Original Coin", "Accredited investor status", "Lock date and time",
              "Unlock date and time"),
    date="Date and time",
    times=("%B %d, %Y %I:%M %p", "%m/%d/%y %H:%M"),
    together=read,
    id=("Internal id",),
    changing=("USD Value", "Confirmed"),
    status=Status.of("Confirmed", ["Yes"], pending=["No"]),
    newest_first=True,
)  # fmt: skip

"""Revolut's statement of crypto (since 2023): one row per purchase, sale, movement or reward, in the person's own time.

The value is without the fees, which are on top. An exchange of one coin for another is a sale and a purchase of one
moment. A card payment with a coin is spent at its value. Money is written with a sign or its code.

Columns and rows as people and converters show them (2023 to 2026). `Other` is not read.
"""

import re
from collections.abc import Iterable

from importers.exports import LOCAL, Row, Said, export, number
from importers.parsers.build import Unread
from importers.parsers.moved import moved, traded
from pipeline.model import Amount, Label

_LABELS = {"staking reward": Label.REWARD, "learn reward": Label.INCOME}
_CAME, _WENT, _STAKED = ("receive",), ("send",), ("stake", "unstake")
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD"}
_MONEY = re.compile(r"([^\d\s.,-]*)\s*(-?[\d.,]+)\s*([A-Z]{3})?")


def read(row: Row) -> Iterable[Said]:
    kind, quantity, code = row["Type"].casefold(), row.number("Quantity"), row["Symbol"]
    if kind in ("buy", "sell"):
        value, fees = _money(row, "Value"), _money(row, "Fees")
        yield traded(row, kind, row.amount("Quantity", code), value, fees, f"{kind} at {row['Price']}")
    elif kind in _LABELS:
        yield moved(row, quantity, code, _LABELS[kind], description=kind)
    elif kind in _CAME or kind in _WENT:
        yield moved(row, -quantity if kind in _WENT else quantity, code, fee=_money(row, "Fees"), description=kind)
    elif kind == "payment":
        yield row.transaction(
            sent=row.amount("Quantity", code), fee=_money(row, "Fees"), label=Label.SPEND,
            net_worth=_money(row, "Value"), description="card payment",
        )  # fmt: skip
    else:
        raise Unread(f"type {row['Type']} is not known")


def _money(row: Row, column: str) -> Amount | None:
    """€1,000.00, 76.94 SEK; None for nothing. Raises Unread."""
    if not row[column]:
        return None
    found = _MONEY.fullmatch(row[column])
    code = (found[3] or _SIGNS.get(found[1], "")) if found is not None else ""
    if found is None or not code or (found[1] and found[3]):
        raise Unread(f"{column} does not say of what currency it is")
    return row.of(number(found[2]), code)


FORMAT = export(
    "revolut_crypto",
    2,
    needs=("Symbol", "Type", "Quantity", "Price", "Value", "Fees", "Date"),
    date="Date",
    times=("%b %d, %Y, %I:%M:%S %p", "%d %b %Y, %H:%M:%S", "%b %d %Y %I:%M:%S %p"),
    zone=LOCAL,
    each=read,
    passed=lambda row: "internal" if row.get("Type", "").casefold() in _STAKED else "",
    exactly=True,
)

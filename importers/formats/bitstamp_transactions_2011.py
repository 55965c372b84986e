"""Bitstamp's transactions of 2011 to 2014: "Type,Datetime,BTC,USD,BTC Price,FEE", later with Sub Type.

Types are 0 (deposit), 1 (withdrawal) and 2 (trade), as the API still has them; amounts have their sign, the fee is
dollars on top. Times are UTC.

Source: the header and types as public readers of the file have them (2026-11). From memory: the signs and the fee, as
the API had them.
"""

from collections.abc import Iterable

from importers.base import shown
from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.moved import moved
from importers.parsers.swapped import swapped
from pipeline.money import ZERO


def read(row: Row) -> Iterable[Said]:
    changes, fee = {code: row.number(code) for code in ("BTC", "USD") if row.number(code)}, row.number("FEE")
    if fee < 0:
        raise Unread("a fee that gives something")
    if row["Type"] == "2":
        sides = [(row, code, change - (fee if code == "USD" else ZERO), fee if code == "USD" else ZERO)
                 for code, change in changes.items()]  # fmt: skip
        yield from swapped(sides, f"trade at {row['BTC Price']}")
    elif row["Type"] in ("0", "1") and len(changes) == 1:
        ((code, change),) = changes.items()
        if (row["Type"] == "0") != (change > 0):
            raise Unread(f"type {row['Type']} with an amount of {change}")
        words = "deposit" if change > 0 else "withdrawal"
        yield moved(row, change, code, fee=row.of(fee, code), description=words)
    else:
        raise Unread(f"what the type '{shown(row['Type'])}' of {len(changes)} amounts means is not known")


FORMAT = export(
    "bitstamp_transactions_2011",
    1,
    needs=("Type", "Datetime", "BTC", "USD", "BTC Price", "FEE"),
    may_have=("Sub Type",),
    date="Datetime",
    exchange="bitstamp",
    each=read,
    changing=("Sub Type",),
)

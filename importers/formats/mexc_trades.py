"""MEXC's export of spot trades ("Trade History"): one row per fill, newest first, its fee on top.

A fee without a coin ("0.05") may be in either coin of the pair, and is an open problem unless it is 0. A time whose
column names no zone is UTC.

Source: header and rows as public readers of the file have them (several; 2021 to 2025), newer ones with UID, and fees
with their coin ("1.5USDT").
"""

import re
from collections.abc import Iterable

from importers.base import shown
from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.mexc import split_pair
from importers.parsers.swapped import traded
from pipeline.model import Amount

_BARE = re.compile(r"[\d.,]+", re.ASCII)


def amount(row: Row, column: str, coin: str) -> Amount | None:
    """So much of a coin that the cell may name, too: "0.5 BTC"."""
    if _BARE.fullmatch(row[column]):
        return row.amount(column, coin)
    number, unit = row.with_unit(column)
    if number < 0 or unit != row.asset(coin):
        raise Unread(f"{column} {shown(row[column])} is not an amount of {coin}")
    return row.of(number, unit)


def read(row: Row) -> Iterable[Said]:
    base, _, quote = row["Pairs"].partition("_")
    base, quote = (base, quote) if quote else split_pair(base)
    if _BARE.fullmatch(row["Fee"]) and row.number("Fee"):
        raise Unread("its fee does not say in what coin it was taken")
    number, unit = (row.number("Fee"), "") if _BARE.fullmatch(row["Fee"]) else row.with_unit("Fee")
    if number < 0:
        raise Unread("a negative fee is not known")
    yield traded(
        row,
        row["Side"],
        amount(row, "Executed Amount", base),
        amount(row, "Total", quote),
        row.of(number, unit),
        row["Pairs"],
    )


FORMAT = export(
    "mexc_trades",
    1,
    needs=("Pairs", "Side", "Filled Price", "Executed Amount", "Total", "Fee", "Role"),
    one_of=("Time", "Time(UTC*)"),
    may_have=("UID",),
    date=("Time", "Time(UTC*)"),
    exchange="mexc",
    each=read,
    changing=("UID",),
    newest_first=True,
)

"""Trades of exports: in one row with both sides, or conversions whose sides are rows of their own."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from importers.base import shown
from importers.exports import Row, Said
from importers.parsers.build import Unread
from importers.parsers.claims import Entry, conversion, pairs_of
from pipeline.model import Amount, Transaction
from pipeline.money import ZERO


def traded(
    row: Row, side: str, base: Amount | None, quote: Amount | None, fee: Amount | None, description: str
) -> Transaction:
    """A row that is a trade: so much of the base coin bought or sold (`side`, in any case) for so much of the quote
    coin, the fee on top. Raises Unread."""
    buys = side.casefold() == "buy"
    if not buys and side.casefold() != "sell":
        raise Unread(f"side '{shown(side)}' is neither buy nor sell")
    if base is None or quote is None:
        raise Unread("one side of the trade is 0")
    sent, received = (quote, base) if buys else (base, quote)
    return row.transaction(sent=sent, received=received, fee=fee, description=f"{side.lower()} {description}".strip())


Change = tuple[Row, str, Decimal, Decimal]  # the row, its asset, what the balance changed by, and the fee in that


def swapped(changes: Iterable[Change], description: str) -> Iterator[Said]:
    """One asset got for one or several. Raises Unread where a side is missing, or several assets were got.

    Where several conversions came in one moment, each with its two rows one after the other, each is one of its own.
    """
    entries = [
        Entry(row.record, description, asset, change, row.at, fee)
        for row, asset, change, fee in sorted(changes, key=lambda each: each[0].record.position)
    ]
    several = pairs_of(entries)
    for pair in several if _whole(several) else [entries]:
        given, got = _sides(pair)
        if not given or len(got) != 1:
            raise Unread("the other side of it is missing" if not (given and got) else "it gave several assets at once")
        yield from conversion(pair, description)


def _whole(pairs: list[list[Entry]]) -> bool:
    """Whether each pair is two assets, one given for the other."""
    return all(len(given) == len(got) == 1 for given, got in map(_sides, pairs))


def _sides(entries: Iterable[Entry]) -> tuple[set[str], set[str]]:
    """The assets that were given, and those that were got."""
    gross: dict[str, Decimal] = {}
    for entry in entries:
        gross[entry.asset] = gross.get(entry.asset, ZERO) + entry.gross
    return {asset for asset in gross if gross[asset] < 0}, {asset for asset in gross if gross[asset] > 0}


_SECOND = timedelta(seconds=1)


def moments(rows: Iterable[Row], whole: Callable[[list[Row]], bool]) -> Iterator[list[Row]]:
    """The rows of each second; with those of the next one where either is not a `whole` happening. Raises Unread for a
    row without a time."""
    ordered = sorted(rows, key=lambda row: (row.at, row.record.position))
    seconds = list[list[Row]]()
    for row in ordered:
        if seconds and seconds[-1][0].at == row.at:
            seconds[-1].append(row)
        else:
            seconds.append([row])
    kept = list[Row]()
    for rows in seconds:
        if kept and not (rows[0].at - kept[-1].at <= _SECOND and not (whole(kept) and whole(rows))):
            yield kept
            kept = []
        kept = kept + rows
    if kept:
        yield kept

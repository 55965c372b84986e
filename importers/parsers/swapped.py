"""Rows of an export that are the sides of one conversion: what each balance changed by, in rows of their own."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from importers.exports import Row, Said
from importers.parsers.build import Unread
from importers.parsers.claims import Entry, conversion, pairs_of
from pipeline.money import ZERO

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

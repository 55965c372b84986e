"""A transaction as exact texts, as files say it and the ledger keeps it, and back.

The ledger keeps them by pages, a column at a time: to bind and to fetch each cell by itself took most of an import's
time, and half of a report's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice, repeat
from sys import intern
from typing import Any

from msgspec.json import decode, encode

from pipeline.model import Amount, Label, Said, SaidPage, Transaction, instant_text
from pipeline.money import exact_text

PAGE = 500  # transactions

# What is kept of each, in this order; its account is the page's. Another order, or another column, is a new version of
# the ledger's tables, which empties the cache and makes its view anew.
COLUMNS = (
    "id", "source", "source_id", "position", "at", "sent_quantity", "sent_asset", "received_quantity", "received_asset",
    "fee_quantity", "fee_asset", "net_worth_quantity", "net_worth_asset", "label", "description", "txhash",
)  # fmt: skip
_AT = COLUMNS.index("at")

_LABELS: dict[str | None, Label | None] = {None: None, **{label.value: label for label in Label}}


def said_by(t: Transaction) -> Said:
    """The texts of a transaction. Raises ValueError for what is no exact number or has no time zone."""
    sent, received, fee, worth = t.sent, t.received, t.fee, t.net_worth
    return (
        instant_text(t.at),
        *((exact_text(sent.quantity), sent.asset) if sent else (None, None)),
        *((exact_text(received.quantity), received.asset) if received else (None, None)),
        *((exact_text(fee.quantity), fee.asset) if fee else (None, None)),
        *((exact_text(worth.quantity), worth.asset) if worth else (None, None)),
        t.label.value if t.label else None,
        t.description,
        t.txhash,
    )


def transaction_of(
    said: Sequence[Any], id: str, account: str, source: str, source_id: str, position: int
) -> Transaction:
    """What `said_by` has written, read back. Names, of which there are few, are one text each: a million rows have five
    million of them."""
    at, sent, sent_in, got, got_in, fee, fee_in, worth, worth_in, label, description, txhash = said
    return Transaction(
        id,
        datetime.fromisoformat(at),
        intern(account),
        None if sent is None else Amount(Decimal(sent), intern(sent_in)),
        None if got is None else Amount(Decimal(got), intern(got_in)),
        None if fee is None else Amount(Decimal(fee), intern(fee_in)),
        None if worth is None else Amount(Decimal(worth), intern(worth_in)),
        _LABELS[label],
        description,
        txhash,
        intern(source),
        source_id,
        position,
    )


# ---- by pages -----------------------------------------------------------------------------------

Row = tuple[Any, ...]  # of COLUMNS


class Pages:
    """Puts what records say together to pages, by account: full ones but for the last, however it came."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = defaultdict(list)

    def add(self, rows: Iterable[tuple[str, Row]]) -> list[SaidPage]:
        """The pages that are full now; each row comes behind its account."""
        for account, row in rows:
            self._rows[account].append(row)
        full = [account for account, some in self._rows.items() if len(some) >= PAGE]
        found: list[SaidPage] = []
        for account in full:
            some = self._rows[account]
            whole = len(some) - len(some) % PAGE
            found += pages_of(account, some[:whole])
            del some[:whole]
        return found

    def rest(self) -> list[SaidPage]:
        """The last page of each account."""
        return [page for account, rows in self._rows.items() for page in pages_of(account, rows)]


def pages_of(account: str, rows: Iterable[Row]) -> Iterator[SaidPage]:
    """Rows of one account, in the order in which its records say them, as its pages."""
    left = iter(rows)
    while some := list(islice(left, PAGE)):
        columns = list(zip(*some, strict=True))
        content = encode([*columns[:1], *map(_once, columns[1:])]).decode()
        yield SaidPage(account, len(some), max(columns[_AT]), content)


def row_of(t: Transaction) -> Row:
    """What is kept of a transaction. Raises ValueError for what is no exact number or has no time zone."""
    return (t.id, t.source, t.source_id, t.position, *said_by(t))


def columns_of(content: str) -> list[Sequence[Any]]:
    """The COLUMNS of a page, a value for each transaction. Raises ValueError for what is no page's content."""
    ids, *others = decode(content)
    return [ids, *(one if type(one) is list else [one] * len(ids) for one in others)]


def transactions_of(account: str, content: str) -> list[Transaction]:
    """The transactions of a page. Raises ValueError, or what comes of values of the wrong kind."""
    ids, sources, source_ids, positions, at, *amounts, labels, descriptions, hashes = columns_of(content)
    sides = [_amounts(amounts[place], amounts[place + 1]) for place in range(0, 8, 2)]
    return list(
        map(
            Transaction, ids, map(datetime.fromisoformat, at), repeat(intern(account)), *sides,
            map(_LABELS.__getitem__, labels), descriptions, hashes, map(intern, sources), source_ids, positions,
        )
    )  # fmt: skip


def _once(values: Sequence[Any]) -> Any:
    """A value that all have, once."""
    return values[0] if values.count(values[0]) == len(values) else values


LOOKED_AT = 500  # amounts of a column, which tell whether many are equal


def _amounts(quantities: Sequence[Any], assets: Sequence[Any]) -> Iterable[Amount | None]:
    if len(set(quantities[:LOOKED_AT])) < LOOKED_AT / 2:  # none, or fees of a few kinds: one each, made once
        made = {pair: _shared(*pair) for pair in set(zip(quantities, assets, strict=True))}
        return [made[pair] for pair in zip(quantities, assets, strict=True)]
    if None not in quantities:
        return map(Amount, map(Decimal, quantities), map(intern, assets))
    return map(_amount, quantities, assets)


@lru_cache(maxsize=10_000)
def _shared(quantity: str | None, asset: str) -> Amount | None:
    """One for all pages."""
    return _amount(quantity, asset)


def _amount(quantity: str | None, asset: str) -> Amount | None:
    return None if quantity is None else Amount(Decimal(quantity), intern(asset))

"""Binance.US's report of all transactions (its tax export): one row per happening, in whatever columns of primary,
base, quote and fee asset it needs.

In spot trading base and quote are the market's, the fee comes on top. In quick purchases and sales and conversions the
base is what was given, the quote what was got; a fee in one of them is in its amount. Times are UTC.

Sources: headers and rows as public readers of the file have them (BittyTax, DaLI, others; 2026-11). From memory: that
the amounts of quick purchases and conversions include the fee, as those of the API do; what "Others" are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from importers.base import shown
from importers.exports import Each, Row, Said
from importers.parsers.build import Unread
from importers.parsers.moved import moved
from importers.parsers.swapped import traded
from pipeline.model import Label

Columns = Mapping[str, tuple[str, str]]  # "primary", "base", "quote", "fee": where its asset and its amount are

_QUICK = frozenset(("quick buy", "quick sell", "buy", "sell", "convert"))
_DISTRIBUTED = {
    "referral commission": Label.INCOME,
    "staking rewards": Label.REWARD,
    "airdrop": Label.AIRDROP,
    "others": Label.AIRDROP,
}


def reader(columns: Columns) -> Each:
    def read(row: Row) -> Iterable[Said]:
        category, words = row["Category"].casefold(), f"{row['Category']} {row['Operation']}"
        readers: dict[str, Callable[[Row, Columns, str], Iterator[Said]]] = {
            "spot trading": _spot, "deposit": _moved, "withdrawal": _moved, "distribution": _distributed,
            **dict.fromkeys(_QUICK, _quick),
        }  # fmt: skip
        if category not in readers:
            raise Unread(f"what the category '{shown(row['Category'])}' means is not known")
        yield from readers[category](row, columns, words)

    return read


def _spot(row: Row, columns: Columns, _words: str) -> Iterator[Said]:
    (base, many), (quote, paid), (coin, fee) = columns["base"], columns["quote"], columns["fee"]
    market = f"{row[base]}/{row[quote]}"
    yield traded(
        row, row["Operation"], row.amount(many, row[base]), row.amount(paid, row[quote]), row.amount(fee, row[coin]),
        market,
    )  # fmt: skip


def _quick(row: Row, columns: Columns, words: str) -> Iterator[Said]:
    (given, paid), (got, came), (coin, fee) = columns["base"], columns["quote"], columns["fee"]
    charge, sent, received = row.number(fee), row.number(paid), row.number(came)
    if charge < 0 or sent <= 0 or received <= 0 or (row[coin] == row[given] and charge >= sent):
        raise Unread("its amounts should be positive")
    yield row.transaction(
        sent=row.of(sent - charge * (row[coin] == row[given]), row[given]),
        received=row.of(received + charge * (row[coin] == row[got]), row[got]),
        fee=row.amount(fee, row[coin]),
        description=words,
    )


def _moved(row: Row, columns: Columns, words: str) -> Iterator[Said]:
    (asset, many), (coin, fee) = columns["primary"], columns["fee"]
    whole, charge = row.amount(many, row[asset]), row.amount(fee, row[coin])
    if whole is None:
        raise Unread("it moves nothing")
    comes = row["Category"].casefold() == "deposit"
    yield row.transaction(
        sent=None if comes else whole, received=whole if comes else None, fee=charge, description=words
    )


def _distributed(row: Row, columns: Columns, words: str) -> Iterator[Said]:
    """Of staking also what its service costs: negative."""
    asset, many = columns["primary"]
    if row["Operation"].casefold() not in _DISTRIBUTED:
        raise Unread(f"what the operation '{shown(row['Operation'])}' means is not known")
    yield moved(row, row.number(many), row[asset], _DISTRIBUTED[row["Operation"].casefold()], description=words)

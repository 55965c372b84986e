"""Bitfinex' export "Trades": one row per fill of the exchange and the margin wallet, which it does not tell apart.

The export "Ledgers" says more, and is the one for who had positions on margin. A fee is on top, in the currency that it
names; a positive one is a rebate. Its dates are `importers.parsers.bitfinex_files`. Columns and rows as converters and
people have them (2017 to 2025).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from importers.exports import Row, Said, export, grouped
from importers.parsers.bitfinex_files import UNDATED, dated, of
from importers.parsers.build import MARGIN, Unread
from pipeline.model import Label
from pipeline.money import ZERO


def read(rows: list[Row]) -> Iterable[Said]:
    instants = dated(rows)
    yield from grouped(rows, lambda row: row.record.source_id, lambda group: _fill(group[0], instants))


def _fill(row: Row, instants: Mapping[str, datetime]) -> Iterator[Said]:
    at = instants.get(row["#"])
    if at is None:
        raise Unread(UNDATED)
    base, _, quote = row["PAIR"].partition("/")
    quantity, fee = row.number("AMOUNT"), row.number("FEE")
    if base.endswith("F0"):
        raise Unread("it is of a contract", MARGIN)
    if not quote or not quantity or not row.number("PRICE"):
        raise Unread("it does not say what was given for what")
    units, cost = of(abs(quantity), base, at), of(abs(quantity) * row.number("PRICE"), quote, at)
    buys, paid = quantity > ZERO, of(abs(fee), row["FEE CURRENCY"], at) if fee else None
    yield row.transaction(
        sent=cost if buys else units,
        received=units if buys else cost,
        fee=paid if fee < ZERO else None,
        description=f"{'buy' if buys else 'sell'} {row['PAIR']} at {row['PRICE']}",
        at=at,
    )
    if fee > ZERO:
        yield row.transaction(received=paid, label=Label.CASHBACK, description="rebate", leg="rebate", at=at)


FORMAT = export(
    "bitfinex_trades",
    1,
    needs=("#", "PAIR", "AMOUNT", "PRICE", "FEE", "FEE CURRENCY", "DATE", "ORDER ID"),
    may_have=("FEE PERC",),
    date="DATE",
    exchange="bitfinex",
    together=read,
    id=("#",),
    changing=("DATE",),
    newest_first=True,
)

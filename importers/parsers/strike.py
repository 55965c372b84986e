"""What Strike's exports mean: a row per happening, with what each balance changed by; in older ones a trade has two.

The fee of a trade is inside the money's amount. Whether an amount of another kind has its fee inside is not known, so
that such a row is not read unless its fee is 0. Times are UTC. Sources: rows that people and a converter show (2022 to
2026).
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from importers.exports import Row, Said, grouped
from importers.parsers.build import Unread
from importers.parsers.moved import moved
from pipeline.model import Amount
from pipeline.money import ZERO

MONEY = ("USD", "EUR", "GBP")
TIMES = ("%b %d %Y %H:%M:%S",)  # Jun 01 2026 13:00:35
_TRADES = frozenset(("purchase", "sale", "sell"))
_MOVED = frozenset(("deposit", "withdrawal", "send", "receive"))


def reader(id: str) -> Callable[[list[Row]], Iterable[Said]]:
    """Reads the rows of a layout that calls the reference of a happening so."""

    def read(rows: list[Row]) -> Iterable[Said]:
        yield from grouped(rows, lambda row: _happening(row, id), _read)

    return read


def _kind(row: Row) -> str:
    return row["Transaction Type"].casefold()


def _happening(row: Row, id: str) -> object:
    return (row[id], _kind(row)) if _kind(row) in _TRADES and row[id] else row.record.source_id


def _read(group: list[Row]) -> Iterator[Said]:
    group = sorted(group, key=lambda row: row.record.source_id)
    row, kind = group[0], _kind(group[0])
    changes, fees = (_sums(group, what) for what in ("Amount", "Fee"))
    if kind in _TRADES:
        yield _trade(row, kind, changes, fees)
    elif kind in _MOVED and len(changes) == 1:
        if fees:
            raise Unread("whether its fee is inside the amount is not known")
        ((code, quantity),) = changes.items()
        if (kind in ("deposit", "receive")) != (quantity > ZERO):
            raise Unread("its type and its sign do not go together")
        yield moved(row, quantity, code, description=kind, txhash=row["Transaction Hash"])
    else:
        raise Unread(f"type {row['Transaction Type']} is not known")


def _sums(group: Iterable[Row], what: str) -> dict[str, Decimal]:
    found = {code: sum((row.number(f"{what} {code}") for row in group), ZERO) for code in (*MONEY, "BTC")}
    return {code: quantity for code, quantity in found.items() if quantity}


def _trade(row: Row, kind: str, changes: dict[str, Decimal], fees: dict[str, Decimal]) -> Said:
    money = [code for code in changes if code != "BTC"]
    if len(money) != 1 or set(fees) - set(money):
        raise Unread("it does not say what was given for what")
    code, units = money[0], changes.get("BTC", ZERO)
    fee = abs(fees.get(code, ZERO))
    cost = abs(changes[code] + fee)
    buys = kind == "purchase"
    if not units or not cost or (units > ZERO) != buys or (changes[code] < ZERO) != buys:
        raise Unread("it does not say what was given for what")
    sides = Amount(cost, row.asset(code)), Amount(abs(units), row.asset("BTC"))
    sent, received = sides if buys else sides[::-1]
    return row.transaction(sent=sent, received=received, fee=row.of(fee, code), description=kind)

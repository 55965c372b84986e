"""What Bitcoin.de's export of one coin's account means, in German and in English: one row per change of its balance.

A trade is with another person: the money goes from bank to bank, so that it comes in, or goes out, with the trade. What
was paid or got is the amount after Bitcoin.de's fee, what the balance changed by is after its fee, too. A withdrawal
and its network fee are two rows of one reference. Times are those of Germany, as converters read them.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from importers.exports import Row, Said, grouped
from importers.parsers.build import Unread
from importers.parsers.moved import moved, traded
from pipeline.model import Label
from pipeline.money import ZERO

_KINDS = {
    "kauf": "buy", "purchase": "buy", "verkauf": "sell", "sale": "sell", "einzahlung": "deposit", "deposit": "deposit",
    "auszahlung": "withdrawal", "disbursement": "withdrawal", "netzwerk-gebühr": "network fee",
    "network fee": "network fee", "partnerprogramm": "partner programme", "partner programme": "partner programme",
    "korrekturposition": "correction",
}  # fmt: skip
_OUT = ("withdrawal", "network fee")
_HASH = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


class Columns(Struct, frozen=True):
    """What the layout calls them; `kind` has several names over the years."""

    kind: tuple[str, ...]
    code: str
    reference: str
    change: str
    amount: str
    unit: str


def reader(names: Columns) -> Callable[[list[Row]], Iterable[Said]]:
    """Reads the rows of a layout that calls its columns so."""

    def read(rows: list[Row]) -> Iterable[Said]:
        yield from grouped(rows, lambda row: _happening(row, names), lambda group: _read(group, names))

    return read


def _kind(row: Row, names: Columns) -> str:
    return _KINDS.get(next((row[column] for column in names.kind if row[column]), "").casefold(), "")


def _happening(row: Row, names: Columns) -> object:
    if _kind(row, names) in _OUT and row[names.reference]:
        return row[names.reference], row[names.code]
    return row.record.source_id


def _read(group: list[Row], names: Columns) -> Iterator[Said]:
    group = sorted(group, key=lambda row: _kind(row, names) != "withdrawal")
    row, kind, code = group[0], _kind(group[0], names), group[0][names.code]
    change, reference = row.number(names.change), row[names.reference]
    txhash = reference if _HASH.fullmatch(reference) else ""
    if kind in ("buy", "sell"):
        units = row.of(change if kind == "buy" else -change, code) if (change > ZERO) == (kind == "buy") else None
        money = row.amount(names.amount, row[names.unit])
        yield traded(row, kind, units, money, description=f"{kind} {reference}")
        paid = {"received" if kind == "buy" else "sent": money}
        yield row.transaction(**paid, leg="paid", description="from bank to bank")  # type: ignore[arg-type]
    elif kind in _OUT:
        if any(each.number(names.change) > ZERO for each in group) or len(group) > 2:
            raise Unread("a withdrawal and its fee do not go together")
        fees = [each for each in group if _kind(each, names) == "network fee"]
        fee = row.of(-fees[0].number(names.change), code) if fees else None
        sent = row.of(-change, code) if kind == "withdrawal" else None
        yield row.transaction(sent=sent, fee=fee, description=kind, txhash=txhash)
    elif kind == "deposit" and change > ZERO:
        yield moved(row, change, code, description=kind, txhash=txhash)
    elif kind in ("partner programme", "correction"):
        yield moved(row, change, code, Label.INCOME if kind == "partner programme" else None, description=kind)
    else:
        raise Unread("its type is not known")

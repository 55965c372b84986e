"""Coinbase Pro's (GDAX's, Coinbase Exchange's) account statement: one row per balance changed. Times are UTC.

The rows of a fill share the ids of trade and order: two of type match, and its fee. A conversion (USD to USDC) is two
rows of one time.

Source: headers and type words as public readers of the file have them (BittyTax, others; 2026-11): from 2019 on with
"portfolio". From memory: conversions and rebates.
"""

from collections.abc import Iterable, Iterator

from importers.exports import Row, Said, export, grouped
from importers.parsers.build import Unread
from importers.parsers.moved import moved
from importers.parsers.swapped import swapped
from pipeline.model import Label
from pipeline.money import ZERO

_ALONE = {"deposit": None, "withdrawal": None, "rebate": Label.CASHBACK}
_UNIT = "amount/balance unit"


def read(rows: list[Row]) -> Iterable[Said]:
    yield from grouped(rows, _of_one, _happening)


def _of_one(row: Row) -> object:
    kind = row["type"].casefold()
    if kind in ("match", "fee"):
        return row["order id"], row["trade id"]
    return ("conversion", row.at) if kind == "conversion" else row.record.source_id


def _happening(rows: list[Row]) -> Iterator[Said]:
    row, kind = rows[0], rows[0]["type"].casefold()
    if kind in ("match", "fee"):
        if not row["trade id"]:
            raise Unread("it names no trade")
        yield from _fill(rows)
    elif kind == "conversion":
        yield from swapped([(r, r.asset(r[_UNIT]), r.number("amount"), ZERO) for r in rows], "conversion")
    elif kind in _ALONE:
        amount = row.number("amount")
        if (kind == "withdrawal") != (amount < 0):
            raise Unread(f"a {kind} of {row['amount']}")
        yield moved(row, amount, row[_UNIT], _ALONE[kind], description=kind)
    else:
        raise Unread(f"what the type '{row['type']}' means is not known")


def _fill(rows: list[Row]) -> Iterator[Said]:
    given = [r for r in rows if r["type"].casefold() == "match" and r.number("amount") < 0]
    got = [r for r in rows if r["type"].casefold() == "match" and r.number("amount") > 0]
    fees = [r for r in rows if r["type"].casefold() == "fee" and r.number("amount")]
    if len(given) != 1 or len(got) != 1 or len(fees) > 1 or any(r.number("amount") > 0 for r in fees):
        raise Unread(f"of its trade there are {len(given)} sides given, {len(got)} got and {len(fees)} fees")
    yield got[0].transaction(
        sent=given[0].size("amount", given[0][_UNIT]),
        received=got[0].amount("amount", got[0][_UNIT]),
        fee=fees[0].size("amount", fees[0][_UNIT]) if fees else None,
        description=f"trade {got[0]['trade id']}",
    )


FORMAT = export(
    "coinbase_pro_account",
    1,
    needs=("type", "time", "amount", "balance", _UNIT, "transfer id", "trade id", "order id"),
    may_have=("portfolio",),
    date="time",
    exchange="coinbase",
    together=read,
    changing=("portfolio", "balance"),
)

"""Trezor's web wallet, until 2021: "Date,Time,TX id,Address,[Address Label,]TX type,Value,TX total,Balance".

A row per output; the total of a transaction has its sign and the fee. The coin is told by the file's name alone
("..._btc.csv"). Its times are taken as the person's own.

Source: headers, types and which number has the fee as BittyTax has them (2026-11), which takes the times as UTC+1.
From memory: that each output of a transaction repeats its total.
"""

from collections.abc import Iterable, Iterator

from importers.exports import LOCAL, Row, Said, export, grouped
from importers.parsers.build import Unread
from importers.parsers.trezor import COIN, coin


def read(rows: list[Row]) -> Iterable[Said]:
    return grouped(rows, lambda row: (row["TX id"], row["TX type"]), _transaction)


def _transaction(group: list[Row]) -> Iterator[Said]:
    group.sort(key=lambda row: (row.record.position, row.record.source_id))
    kind, code, totals = group[0]["TX type"], coin(group[0]), {row.number("TX total") for row in group}
    if len(totals) != 1:
        raise Unread("its rows have several totals")
    total, outputs = totals.pop(), [row.number("Value") for row in group]
    fee = -total - (sum(outputs) if kind == "OUT" else 0)
    if kind not in ("IN", "OUT", "SELF"):
        raise Unread(f"what the type '{kind}' means is not known")
    if min(outputs) < 0 or (kind == "IN" and total != sum(outputs)) or (kind != "IN" and fee < 0):
        raise Unread("its values and its total do not add up")
    for row in group if kind != "SELF" else group[:1]:
        side = row.amount("Value", code) if kind != "SELF" else None
        yield row.transaction(
            sent=side if kind == "OUT" else None,
            received=side if kind == "IN" else None,
            fee=row.of(fee, code) if kind != "IN" and row is group[0] else None,
            txhash=row["TX id"],
            description=row["Address Label"] or kind,
        )


FORMAT = export(
    "trezor_wallet",
    2,
    needs=("Date", "Time", "TX id", "Address", "TX type", "Value", "TX total", "Balance"),
    may_have=("Address Label",),
    date="Date",
    clock="Time",
    zone=LOCAL,
    together=read,
    changing=("Address Label", "Balance"),
    newest_first=True,
    named=COIN,
)

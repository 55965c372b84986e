"""Trezor Suite's transactions of one account, since 2021-11: one row per output or token of a transaction.

The fee stands in a transaction's first row, on top of what is sent; that of a receipt is its sender's. Date and Time
are the computer's, Timestamp is UTC. A token's row does not say which way it went: it went the way of its transaction,
unless that moved several assets, or the row's address is one at which others arrived: then it is an open problem.

Source: trezor/trezor-suite, exportTransactionsUtils.ts (read 2026-11); types as BittyTax and others have them.
"""

import re
from collections.abc import Iterable, Iterator

from importers.exports import Row, Said, export, grouped
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.etherscan import same_address


def read(rows: list[Row]) -> Iterable[Said]:
    arrived = {same_address(row["Address"]) for row in rows if row["Type"] == "RECV"} - {""}
    return grouped(rows, lambda row: row["Transaction ID"], lambda group: _transaction(group, arrived))


def _transaction(group: list[Row], arrived: set[str]) -> Iterator[Said]:
    group.sort(key=lambda row: (row.record.position, row.record.source_id))
    kinds = {row["Type"] for row in group}
    if len(kinds) != 1:
        raise Unread("its rows are of several types")
    kind = kinds.pop()
    fees = [row for row in group if row.number("Fee")]
    if len(fees) > 1:
        raise Unread("its fee stands in several rows")
    fee = fees[0].amount("Fee", fees[0]["Fee unit"]) if fees else None
    moving = [row for row in group if row.number("Amount")] if kind in ("RECV", "SENT") else []
    if kind not in ("RECV", "SENT", "SELF", "FAILED"):
        raise Unread(f"what the type '{kind}' means is not known")
    if kind == "SENT" and len({row["Amount unit"] for row in moving}) > 1:
        raise Unread("it moves several assets, and it is not told which way each went")
    if kind == "SENT" and any(same_address(row["Address"]) in arrived for row in moving):
        raise Unread("it is called SENT, and its address is one at which others arrived")
    for row in moving:
        side = row.amount("Amount", row["Amount unit"])
        yield row.transaction(
            sent=side if kind == "SENT" else None,
            received=side if kind == "RECV" else None,
            fee=fee if kind == "SENT" and row is moving[0] else None,
            txhash=row["Transaction ID"],
            description=row["Label"] or kind,
        )
    if not moving and fee is not None:
        yield fees[0].transaction(fee=fee, txhash=fees[0]["Transaction ID"], description=kind)
    elif not moving and kind != "SELF":
        raise Unread("it moves nothing")


def passed(row: Cells) -> str:
    return "pending" if row.get("Timestamp", "") in ("", "0") else ""


FORMAT = export(
    "trezor_suite",
    1,
    needs=("Timestamp", "Date", "Time", "Type", "Transaction ID", "Fee", "Fee unit", "Address", "Amount",
           "Amount unit", "Other"),
    may_have=("Label",),
    date="Timestamp",
    times=("seconds",),
    together=read,
    changing=("Date", "Time", "Label", "Fiat (*"),
    passed=passed,
    newest_first=True,
    more=re.compile(r"Fiat \(\w+\)"),
)  # fmt: skip

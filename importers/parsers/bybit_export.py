"""Bybit's exports of its two ledgers (Data Export, "Account Change Details"), read as the lines of its API are.

A row changes one balance by an amount that has its fee in it. A trade of spot is two rows with one contract, time,
direction and price; a trade of a position is one row, whose Action says whether it opens or closes; a conversion of the
unified account is rows without a Type, of one second and of several coins. A row without a Type by itself may be a
move to Earn or back, and is not taken for anything.
"""

from collections.abc import Callable, Iterator

from importers.exports import Row, Said
from importers.parsers import bybit
from importers.parsers.build import MALFORMED, Unread
from importers.parsers.claims import Entries, Entry
from pipeline.issues import Issue
from pipeline.model import transaction_id
from pipeline.money import plain

NONE = "--"  # how Bybit writes that there is nothing


def read(rows: list[Row], line: Callable[[Row], Entry]) -> Iterator[Said]:
    """What rows say together, each read as a line."""
    entries, by_ref = list[Entry](), dict[str, Row]()
    for row in rows:
        try:
            entries.append(line(row))
        except MALFORMED as why:
            yield row.unread(why)
        else:
            by_ref[transaction_id(row.account, row.record.stream, row.record.source_id)] = row
    for said in bybit.of_lines(Entries(sorted(entries, key=lambda each: (each.at, each.record.position)))):
        if isinstance(said, Issue) and said.code == "unread_record":
            row = by_ref[said.ref]
            reason = said.details["why"].removeprefix(f"{row.record.origin}: ")
            yield row.unread(Unread(reason, said.details.get("kind", "")))
        else:
            yield said


def funding(rows: list[Row]) -> Iterator[Said]:
    """Rows of the funding account."""
    yield from read(rows, _funding_line)


def _funding_line(row: Row) -> Entry:
    words = f"{row['Type']} {row['Description']}"
    value = {"descriptionEn": row["Description"]}
    return Entry(row.record, bybit.kind_of(words), row.asset(row["Coin"]), row.number("QTY"), row.at, value=value)


def unified(rows: list[Row]) -> Iterator[Said]:
    """Rows of the unified account."""
    untyped: dict[object, set[str]] = {}
    for row in rows:
        if row["Type"] == NONE:
            untyped.setdefault(row["Time(UTC*)"], set()).add(row["Currency"])
    yield from read(rows, lambda row: _line(row, len(untyped.get(row["Time(UTC*)"], ())) > 1))


def _line(row: Row, with_others: bool) -> Entry:
    """`with_others`: of the rows without a Type, another coin's is of the same second."""
    contract, kind = row["Contract"], row["Type"]
    cash, funding, change = row.number("Cash Flow"), row.number("Funding"), row.number("Change")
    fee = cash + funding - change
    if abs(fee) != abs(row.number("Fee Paid")):
        raise Unread("its change is not its cash flow and funding without its fee")
    value = {
        "type": kind, "symbol": contract, "side": row["Direction"], "tradePrice": plain(row.number("Filled Price")),
        "cashFlow": str(cash), "funding": str(funding), "change": str(change),
        "transactionTime": row["Time(UTC*)"], "orderId": f"{row['Direction']} {row['Filled Price']}",
    }  # fmt: skip
    if kind == NONE and not with_others:
        raise Unread("a row without a Type, which may be a move to Earn or back, or a conversion of another second")
    if kind == NONE:
        kind = "CONVERT"
    elif kind in ("SETTLEMENT", "DELIVERY", "LIQUIDATION", "ADL") or (kind == "TRADE" and row["Action"] != NONE):
        kind = bybit.derivative(value)
    return Entry(row.record, kind, row.asset(row["Currency"]), change, row.at, fee, value)

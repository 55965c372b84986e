"""RP2's input, an OpenDocument spreadsheet of a sheet per asset with tables IN, OUT and INTRA, as DaLI writes it.

RP2 takes its columns by their place, from a file beside it; here they are known by the names that DaLI gives them, with
spaces or low lines: a sheet with other names is refused with those that it lacks, and they can be renamed. The money is
the one that the columns name ("USD In No Fee"); without such columns a purchase or sale is an open problem. A coin
given for another is a sale and a purchase. Each row is of the account that exchange and holder name together. A fee in
coin is on top; one in money counts where there is none in coin, which it is the value of. Times have their zone.

Source: eprbell/dali-rp2, ods_generator.py; eprbell/rp2, docs/input_files.md (read 2026-11). From memory: the types
INCOME, LOST and FEE.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.sides import between
from pipeline.model import Amount, Label

_RECEIPTS = {
    **dict.fromkeys(("INCOME", "WAGES"), Label.INCOME),
    "AIRDROP": Label.AIRDROP,
    "GIFT": Label.GIFT,
    "HARDFORK": Label.FORK,
    "INTEREST": Label.INTEREST,
    "MINING": Label.MINING,
    "STAKING": Label.REWARD,
}
_OUTLAYS = {"DONATE": Label.DONATION, "GIFT": Label.GIFT, "LOST": Label.LOST, "FEE": Label.COST}
_MONEY = re.compile(r"([A-Z]{3}) (In No Fee|In With Fee|Out No Fee|Fee)", re.ASCII)


def read(row: Row) -> Iterator[Said]:
    kind, asset = row["Transaction Type"].upper(), row["Asset"]
    words = row["Notes"] or kind
    if row["Table"] == "INTRA":
        sent, received = row.number("Crypto Sent"), row.number("Crypto Received")
        yield from between(
            row, sent=row.amount("Crypto Sent", asset), received=row.amount("Crypto Received", asset),
            fee=row.of(sent - received, asset) if sent >= received else None,
            out_of=_account(row["From Exchange"], row["From Holder"]),
            into=_account(row["To Exchange"], row["To Holder"]), description=words,
        )  # fmt: skip
    elif row["Table"] == "IN" and (kind == "BUY" or kind in _RECEIPTS):
        units = row.amount("Crypto In", asset)
        worth = _money(row, "In No Fee", row.number("Crypto In"), needed=kind == "BUY")
        yield row.transaction(
            sent=worth if kind == "BUY" else None, received=units, fee=_fee(row), label=_RECEIPTS.get(kind),
            net_worth=None if kind == "BUY" else worth, description=words,
        )  # fmt: skip
    elif row["Table"] == "OUT" and (kind == "SELL" or kind in _OUTLAYS):
        units = row.amount("Crypto Out No Fee", asset)
        worth = _money(row, "Out No Fee", row.number("Crypto Out No Fee"), needed=True) if kind == "SELL" else None
        yield row.transaction(
            sent=units, received=worth, fee=_fee(row), label=_OUTLAYS.get(kind) if units else None, description=words
        )
    else:
        raise Unread(f"what {row['Table']} {kind} means is not known")


def _money(row: Row, what: str, units: Decimal, *, needed: bool) -> Amount | None:
    """A row's value in the money of its columns: told, or by the price of one. None where it is not told and need not
    be. Raises Unread."""
    code = _code(row)
    if code:
        column = f"{code} {what}"
        told = row.amount(column, code) if row[column] else row.of(units * row.number("Spot Price"), code)
        if told is not None:
            return told
    if needed:
        raise Unread("it does not tell for how much of which money")
    return None


def _fee(row: Row) -> Amount | None:
    code = _code(row)
    return row.amount("Crypto Fee", row["Asset"]) or (row.amount(f"{code} Fee", code) if code else None)


def _code(row: Row) -> str:
    found = {match[1] for match in map(_MONEY.fullmatch, row.cells) if match}
    if len(found) > 1:
        raise Unread("its columns name several kinds of money")
    return found.pop() if found else ""


def _account(exchange: str, holder: str) -> str:
    return f"{exchange} {holder}".strip()


def accounts(row: Cells) -> tuple[str, ...]:
    if row.get("Table") == "INTRA":
        ends = (("From Exchange", "From Holder"), ("To Exchange", "To Holder"))
        return tuple(_account(row.get(exchange, ""), row.get(holder, "")) for exchange, holder in ends)
    return (_account(row.get("Exchange", ""), row.get("Holder", "")),)


FORMAT = export(
    "rp2",
    1,
    needs=("Table", "Timestamp", "Asset", "Exchange", "Holder", "Transaction Type", "Spot Price", "Crypto In"),
    may_have=("Unique ID", "Crypto Fee", "Notes", "Crypto Out No Fee", "Crypto Out With Fee", "From Exchange",
              "From Holder", "To Exchange", "To Holder", "Crypto Sent", "Crypto Received"),
    date="Timestamp",
    each=read,
    changing=("Notes", "Spot Price"),
    labels=("Transaction Type",),
    accounts=accounts,
    more=_MONEY,
    rank=TOOL,
)  # fmt: skip

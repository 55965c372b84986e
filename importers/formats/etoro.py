"""eToro's account statement (a workbook), its sheet "Account Activity" in English: coins bought and sold for dollars.

A row of a position tells its coin ("BTC/USD"), the units and the dollars that were put in or came out, newest first.
Rows of shares and funds are of no coin, and count for nothing; those of contracts for difference are open problems.
Where one row of a position of coins is not understood, none of that position is: a reward of staking may stand in it
as a purchase. Amounts are dollars; times are UTC. The statement of 2020 and before has no units beside its rows, and is
not read.

Sources: header, rows and words as several public readers of the statement have them (Export-To-Ghostfolio, two that
name real statements; 2021 to 2026).
"""

import re
from collections.abc import Iterable, Iterator

from importers.base import shown
from importers.exports import Row, Said, export, grouped
from importers.layout import Cells
from importers.parsers.build import MARGIN, Unread
from importers.parsers.moved import moved
from pipeline.model import Label

_UNITS = "Units / Contracts"
_PAIR = re.compile(r"([A-Z0-9]+)/USD", re.ASCII)
_MONEY: dict[str, Label | None] = {
    **dict.fromkeys(("deposit", "withdraw request", "withdraw request cancelled"), None),
    **dict.fromkeys(
        ("withdraw fee", "withdrawal conversion fee", "deposit conversion fee", "withdraw fee charged"), Label.COST
    ),
    **dict.fromkeys(("interest payment", "interest"), Label.INTEREST),
}
_SETTINGS = frozenset(("edit stop loss", "start copy", "stop copy", "account balance to mirror",
                       "mirror balance to account"))  # fmt: skip


def passed(row: Cells) -> str:
    if row.get("Asset type", "").strip().casefold() in ("stocks", "stock", "etf", "etfs"):
        return "of shares and funds"
    return "internal" if row.get("Type", "").strip().casefold() in _SETTINGS else ""


def read(rows: list[Row]) -> Iterable[Said]:
    yield from grouped(rows, _position, _happening)


def _position(row: Row) -> str:
    """A position, or a row by itself."""
    number = row["Position ID"].strip("-")
    return number if number and row["Asset type"] else f"row {row.record.source_id}"


def _happening(rows: list[Row]) -> Iterator[Said]:
    for row in rows:
        yield _of_coins(row) if row["Asset type"] else _of_money(row)


def _of_coins(row: Row) -> Said:
    kind, pair, sort = row["Type"].casefold(), _PAIR.fullmatch(row["Details"]), row["Asset type"].casefold()
    if sort != "crypto":
        raise Unread(f"a position of the type '{shown(row['Asset type'])}'", MARGIN if sort == "cfd" else "")
    if kind not in ("open position", "position closed") or pair is None:
        raise Unread(f"what '{shown(row['Type'])}' of {shown(row['Details'])} means is not known")
    units, money = row.amount(_UNITS if row[_UNITS] else "Units", pair[1]), row.amount("Amount", "USD")
    if units is None or money is None:
        raise Unread("it does not say what was given for what")
    opens = kind == "open position"
    words = f"{row['Type']} {row['Position ID']}"
    return row.transaction(sent=money if opens else units, received=units if opens else money, description=words)


def _of_money(row: Row) -> Said:
    kind = row["Type"].casefold()
    if kind not in _MONEY:
        raise Unread(f"what '{shown(row['Type'])}' means is not known")
    return moved(row, row.number("Amount"), "USD", _MONEY[kind], description=row["Type"])


def nothing(row: Cells) -> str:
    """Why a row counts for nothing: also a fee that was not taken."""
    told = row.get("Amount", "").strip().strip("0.")
    return passed(row) or ("empty" if not told and not row.get("Asset type", "").strip() else "")


FORMAT = export(
    "etoro",
    1,
    needs=("Date", "Type", "Details", "Amount", "Realized Equity Change", "Realized Equity", "Balance",
           "Position ID", "Asset type"),
    one_of=("Units", _UNITS),
    may_have=("NWA",),
    date="Date",
    times=("%d/%m/%Y %H:%M:%S",),
    together=read,
    changing=("Realized Equity", "Balance", "NWA"),
    alike={"Units": _UNITS},
    passed=nothing,
    newest_first=True,
)  # fmt: skip

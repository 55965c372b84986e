"""BlockFi's export of transactions: one row per change of one balance; the two sides of a trade are rows of one moment.

The export of trades tells the same trades. Moves between the wallet and the interest account (BIA) are none. A row
without the time of its confirmation is pending. Times are UTC.

Columns and types as converters and people show them (BittyTax, rotki and others, 2019 to 2022).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export, grouped
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.moved import moved
from importers.parsers.swapped import swapped
from pipeline.model import Label
from pipeline.money import ZERO

_CAME = frozenset(("deposit", "wire deposit", "ach deposit"))
_WENT = frozenset(("withdrawal", "wire withdrawal", "ach withdrawal"))
_LABELS = {
    "interest payment": Label.INTEREST,
    "bonus payment": Label.INCOME,
    "referral bonus": Label.INCOME,
    "cc rewards redemption": Label.CASHBACK,
    "cc trading rebate": Label.CASHBACK,
    "withdrawal fee": Label.COST,
}
_INTERNAL = frozenset(("bia withdraw", "bia deposit"))


def read(rows: list[Row]) -> Iterable[Said]:
    yield from grouped(rows, lambda row: row["Confirmed At"] if _type(row) == "trade" else row.record.source_id, _read)


def _type(row: Row) -> str:
    return row["Transaction Type"].casefold()


def _read(group: list[Row]) -> Iterable[Said]:
    row, kind = group[0], _type(group[0])
    quantity, code = row.number("Amount"), row["Cryptocurrency"]
    if kind == "trade":
        yield from swapped([(r, r.asset(r["Cryptocurrency"]), r.number("Amount"), ZERO) for r in group], "trade")
    elif kind in _CAME or kind in _WENT or kind == "crypto transfer":
        if (kind in _CAME and quantity < ZERO) or (kind in _WENT and quantity > ZERO):
            raise Unread("its type and its sign do not go together")
        yield moved(row, quantity, code, description=kind)
    elif kind in _LABELS and (quantity < ZERO) == (_LABELS[kind] is Label.COST):
        yield moved(row, quantity, code, _LABELS[kind], description=kind)
    else:
        raise Unread(f"type {row['Transaction Type']} of {row['Amount']} is not known")


def passed(row: Cells) -> str:
    if not row.get("Confirmed At"):
        return "pending"
    return "internal" if row.get("Transaction Type", "").casefold() in _INTERNAL else ""


FORMAT = export(
    "blockfi_transactions",
    1,
    needs=("Cryptocurrency", "Amount", "Transaction Type", "Confirmed At"),
    may_have=("Exchange Rate Per Coin (USD)",),
    date="Confirmed At",
    together=read,
    changing=("Exchange Rate Per Coin (USD)",),
    passed=passed,
    newest_first=True,
)

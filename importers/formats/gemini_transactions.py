"""Gemini's transaction history (XLSX, or saved as CSV): per asset a column of the amount, the fee and the balance.

"BTC Amount BTC", "Fee (BTC) BTC", "BTC Balance BTC" and so on, of all assets that the account ever held. Amounts have
their sign, in CSV by brackets and with their unit: "($519.83)", "(0.07 BTC)". Fees are on top, also that of a
withdrawal. The last row has the totals. In XLSX the date has its time. Times are UTC.

Source: headers and rows as public readers of the file have them (BittyTax, others; 2026-11). From memory: words of the
specification besides Deposit and Withdrawal.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

from importers.base import shown
from importers.exports import Row, Said, export, number
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.moved import moved
from pipeline.model import Amount, Label

_AMOUNT = re.compile(r"(\w+) Amount \1")
_FEE = re.compile(r"Fee \((\w+)\) \1|Fee (\w+)")
_COLUMNS = re.compile(rf"(?:{_AMOUNT.pattern}|(\w+) Balance \2|Fee \((\w+)\) \3|Fee \w+)$")
# What a specification begins with, or has in it.
_MOVED = re.compile("deposit|withdrawal|administrative", re.IGNORECASE)
_LABELS = ((re.compile("reward|referral", re.IGNORECASE), Label.INCOME), (re.compile("interest", re.I), Label.INTEREST))


def read(row: Row) -> Iterable[Said]:
    changes, fees = _of_assets(row, _AMOUNT), _of_assets(row, _FEE)
    if len(fees) > 1:
        raise Unread("it has fees in several assets")
    fee = next((row.of(abs(charge), asset) for asset, charge in fees.items()), None)
    kind, words = row["Type"].casefold(), f"{row['Type']} {row['Specification']}".strip()
    if kind in ("buy", "sell"):
        given, got = [a for a in changes if changes[a] < 0], [a for a in changes if changes[a] > 0]
        if len(given) != 1 or len(got) != 1:
            raise Unread("it does not have one asset given and one got")
        sent, received = Amount(-changes[given[0]], given[0]), Amount(changes[got[0]], got[0])
        yield row.transaction(sent=sent, received=received, fee=fee, description=f"{kind} {row['Symbol']}")
    elif kind in ("credit", "debit"):
        if len(changes) != 1:
            raise Unread(f"it changes {len(changes)} assets")
        ((asset, change),) = changes.items()
        if (kind == "credit") != (change > 0):
            raise Unread(f"a {kind} with another sign")
        yield moved(row, change, asset, _label(row), fee=fee, description=words, txhash=row["Tx Hash"])
    else:
        raise Unread(f"what the type '{shown(row['Type'])}' means is not known")


def _label(row: Row) -> Label | None:
    said = row["Specification"]
    label = next((label for pattern, label in _LABELS if pattern.search(said)), None)
    if label is None and not _MOVED.match(said):
        raise Unread(f"what the specification '{shown(said)}' means is not known")
    return label


def _of_assets(row: Row, columns: re.Pattern[str]) -> dict[str, Decimal]:
    """What the columns of that kind say, by asset, where it is not 0."""
    found = {}
    for column, text in row.cells.items():
        named = columns.fullmatch(column)
        if named is not None:
            code = next(filter(None, named.groups()))
            value = number(re.sub(rf"\s*{re.escape(code)}\b", "", text))
            if value:
                found[row.asset(code)] = value
    return found


def passed(row: Cells) -> str:
    """The totals at the end."""
    return "" if row.get("Date") else "total"


FORMAT = export(
    "gemini_transactions",
    1,
    needs=("Date", "Time (UTC)", "Type", "Symbol", "Specification"),
    may_have=("Liquidity Indicator", "Trading Fee Rate (bps)", "Trade ID", "Order ID", "Order Date", "Order Time",
              "Client Order ID", "API Session", "Tx Hash", "Deposit Destination", "Deposit Tx Output",
              "Withdrawal Destination", "Withdrawal Tx Output"),
    date="Date",
    clock="Time (UTC)",
    exchange="gemini",
    each=read,
    id=("Trade ID", "Date", "Time (UTC)", "Type", "Symbol"),
    passed=passed,
    more=_COLUMNS,
)  # fmt: skip

"""Swan's export of deposits, purchases and fees (below two lines); withdrawals have their own. Times have their zone.

A purchase costs `Transaction USD`, its fee is on top; a deposit of money is before its fee. A deposit of bitcoin names
no hash. Columns and rows as people show them (2021 to 2026). The export of trades repeats the purchases; it is in
CoinTracker's layout.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.moved import traded
from pipeline.model import Label

_FEES = frozenset(("monthly_fee", "prepaid_fee"))


def read(row: Row) -> Iterable[Said]:
    kind, asset = row["Event"].casefold(), row["Asset Type"].upper()
    units, fee = row.amount("Unit Count", "BTC"), row.amount("Fee USD", "USD")
    if kind == "purchase" and asset == "BTC":
        yield traded(row, "buy", units, row.amount("Transaction USD", "USD"), fee, "purchase")
    elif kind == "deposit" and asset in ("USD", "BTC"):
        received = units if asset == "BTC" else row.amount("Total USD", "USD")
        yield row.transaction(received=received, fee=fee, description=row["USD Cost Basis"] or "deposit")
    elif kind in _FEES and asset in ("USD", "BTC"):
        paid = units if asset == "BTC" else fee or row.amount("Total USD", "USD")
        yield row.transaction(sent=paid, label=Label.COST, description=kind.replace("_", " "))
    else:
        raise Unread(f"event {kind} of {asset or 'nothing'} is not known")


def passed(row: Cells) -> str:
    amounts = ("Total USD", "Transaction USD", "Fee USD", "Unit Count")
    empty = not any(row.get(column, "").strip("0.") for column in amounts)
    return "empty" if empty and row.get("Event", "") in _FEES else ""


FORMAT = export(
    "swan_transfers",
    1,
    needs=("Event", "Date", "Timezone", "Status", "Transaction ID", "Total USD", "Transaction USD", "Fee USD",
           "Unit Count", "Asset Type", "BTC Price"),
    may_have=("Address Label", "USD Cost Basis", "Acquisition Date"),
    date="Date",
    each=read,
    id=("Transaction ID",),
    changing=("Status", "Address Label", "USD Cost Basis", "Acquisition Date"),
    status=Status.of("Status", ["settled"], pending=["pending"], cancelled=["canceled", "cancelled"],
                     failed=["failed"]),
    passed=passed,
)  # fmt: skip

"""Bitvavo's export of the full history: one row per trade, movement or reward, in the time zone that the row names.

What was paid for a trade has its fee inside, what was received is less its fee, so that the fee is taken out again; a
withdrawal has its fee inside, too. Where a fee is in another coin it is on top.

Columns as people show them (2023 to 2026), and statements like "amount 604.78, fee 3, 601.78 arrived"; the types as
the API's (docs.bitvavo.com). A withdrawal that was cancelled leaves a row that gives its units back. Margin loans are
not read. The older export, with "Price (EUR)", does not say whether it has the fee inside, and is not read either.
"""

from collections.abc import Iterable
from decimal import Decimal

from importers.exports import Row, Said, Status, export
from importers.parsers.build import Unread
from importers.parsers.moved import moved
from pipeline.model import Amount, Label
from pipeline.money import ZERO

_LABELS = {
    "staking": Label.REWARD,
    "fixed_staking": Label.REWARD,
    "lending": Label.INTEREST,
    "rebate": Label.CASHBACK,
    "affiliate": Label.INCOME,
    "campaign_new_user_incentive": Label.INCOME,
}
_MOVED = frozenset(("deposit", "withdrawal", "withdrawal_cancelled", "manually_assigned", "distribution"))


def read(row: Row) -> Iterable[Said]:
    kind, quantity, code = row["Type"].casefold(), row.number("Amount"), row["Currency"]
    fee = row.amount("Fee amount", row["Fee currency"])
    if kind in ("buy", "sell"):
        yield _trade(row, kind, quantity, fee)
    elif kind in _LABELS:
        yield moved(row, quantity, code, _LABELS[kind], description=kind)
    elif kind in _MOVED:
        inside = fee.quantity if fee is not None and fee.asset == row.asset(code) else ZERO
        yield moved(row, quantity + inside, code, fee=fee, description=kind.replace("_", " "))
    else:
        raise Unread(f"type {kind} is not known")


def _trade(row: Row, kind: str, quantity: Decimal, fee: Amount | None) -> Said:
    """Both amounts are what the balances changed by."""
    other = row.asset(row["Received / Paid Currency"])
    changes = {row.asset(row["Currency"]): quantity, other: row.number("Received / Paid Amount")}
    if fee is not None and fee.asset in changes:
        changes[fee.asset] += fee.quantity
    given = [Amount(-change, asset) for asset, change in changes.items() if change < ZERO]
    got = [Amount(change, asset) for asset, change in changes.items() if change > ZERO]
    if len(given) != 1 or len(got) != 1 or (quantity > ZERO) != (kind == "buy"):
        raise Unread("it does not say what was given for what")
    words = f"{kind} {row['Currency']} at {row['Quote Price']} {row['Quote Currency']}"
    return row.transaction(sent=given[0], received=got[0], fee=fee, description=words)


FORMAT = export(
    "bitvavo_transactions",
    1,
    needs=("Timezone", "Date", "Time", "Type", "Currency", "Amount", "Quote Currency", "Quote Price",
           "Received / Paid Currency", "Received / Paid Amount", "Fee currency", "Fee amount", "Status",
           "Transaction ID"),
    may_have=("Address",),
    date="Date",
    clock="Time",
    place="Timezone",
    exchange="bitvavo",
    each=read,
    id=("Transaction ID",),
    changing=("Status", "Timezone", "Date", "Time"),
    status=Status.of("Status", ("Completed", "Distributed"), cancelled=("Canceled", "Cancelled"), failed=("Failed",),
                     pending=("Pending", "Processing", "Awaiting processing")),
    newest_first=True,
)  # fmt: skip

"""Bittrex' exports of withdrawals until 2020; the fee is on top. Times are UTC.

One that was authorised and neither cancelled nor sent to an invalid address counts. Columns and rows as the tests of
converters have them (BittyTax, rotki).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.layout import Cells
from importers.parsers.bittrex import US_TIMES
from importers.parsers.build import Unread

_YES, _NO = "true", ("", "false")


def read(row: Row) -> Iterable[Said]:
    if row["Authorized"].casefold() != _YES or row["Canceled"].casefold() not in _NO:
        raise Unread("it does not say whether it was sent")
    fee = "TxCost" if row["TxCost"] else "TxFee"
    yield row.transaction(
        sent=row.amount("Amount", row["Currency"]),
        fee=row.amount(fee, row["Currency"]),
        description="withdrawal",
        txhash=row["TxId"],
    )


def passed(row: Cells) -> str:
    if _YES in (row.get("Canceled", "").casefold(), row.get("InvalidAddress", "").casefold()):
        return "cancelled"
    if _YES in (row.get("Pending", "").casefold(), row.get("PendingPayment", "").casefold()):
        return "pending"
    return "not authorised" if row.get("Authorized", "").casefold() == "false" else ""


FORMAT = export(
    "bittrex_withdrawals",
    1,
    needs=("PaymentUuid", "Currency", "Amount", "Address", "Authorized", "TxId", "Canceled"),
    one_of=("TxCost", "TxFee"),
    may_have=("Opened", "OpenedDate", "PendingPayment", "Pending", "InvalidAddress", "Target", "BankInfo"),
    date=("Opened", "OpenedDate"),
    times=US_TIMES,
    each=read,
    id=("PaymentUuid",),
    changing=("PendingPayment", "Pending"),
    passed=passed,
)

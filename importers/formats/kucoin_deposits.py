"""KuCoin's "Deposit_Withdrawal History_Deposit History": "UID,Account Type,Time(UTC+08:00),Coin,Amount,Fee,Hash,Deposit
Address,Transfer Network,Status,Remarks", at first without Hash and Deposit Address. Times are of the zone in the
column's name; "Time" alone is of UTC+8.

Source: headers and rows as public readers of the file have them (BittyTax, others; 2026-11). From memory: words of
statuses besides SUCCESS, as the API has them; that a fee is taken off the amount.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.layout import Cells

DONE = Status.of(
    "Status",
    ["SUCCESS"],
    failed=["FAILURE", "FAILED", "FAIL", "REJECTED"],
    cancelled=["CANCELLED", "CANCELED"],
    pending=["PROCESSING", "WALLET_PROCESSING", "REVIEW", "PENDING", "WAITING"],
)


def nothing(row: Cells) -> str:
    """What stands in an export without rows: "No matching records found."."""
    return "empty" if row.get("UID", "").startswith("No matching") else ""


def read(row: Row) -> Iterable[Said]:
    amount, fee = row.amount("Amount", row["Coin"]), row.amount("Fee", row["Coin"])
    words = f"deposit {row['Transfer Network']}".strip()
    yield row.transaction(received=amount, fee=fee, txhash=row["Hash"], description=words)


FORMAT = export(
    "kucoin_deposits",
    1,
    needs=("UID", "Account Type", "Coin", "Amount", "Fee", "Transfer Network", "Status", "Remarks"),
    one_of=("Time(UTC*)", "Time"),
    may_have=("Hash", "Deposit Address"),
    date=("Time(UTC*)", "Time"),
    zone="Asia/Singapore",
    exchange="kucoin",
    each=read,
    changing=("UID", "Hash", "Deposit Address", "Status", "Remarks"),
    status=DONE,
    passed=nothing,
    newest_first=True,
)

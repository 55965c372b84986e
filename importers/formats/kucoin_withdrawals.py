"""KuCoin's "Deposit_Withdrawal History_Withdrawal Record": "UID,Account Type,Time(UTC+08:00),Coin,Amount,Fee,Hash,
Withdrawal Address/Account,Transfer Network,Status,Remarks", at first without Hash. The fee is on top.

Times and statuses: see `kucoin_deposits`.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.formats.kucoin_deposits import DONE, nothing


def read(row: Row) -> Iterable[Said]:
    amount, fee = row.amount("Amount", row["Coin"]), row.amount("Fee", row["Coin"])
    words = f"withdrawal {row['Transfer Network']}".strip()
    yield row.transaction(sent=amount, fee=fee, txhash=row["Hash"], description=words)


FORMAT = export(
    "kucoin_withdrawals",
    1,
    needs=("UID", "Account Type", "Coin", "Amount", "Fee", "Withdrawal Address/Account", "Transfer Network", "Status",
           "Remarks"),
    one_of=("Time(UTC*)", "Time"),
    may_have=("Hash",),
    date=("Time(UTC*)", "Time"),
    zone="Asia/Singapore",
    exchange="kucoin",
    each=read,
    changing=("UID", "Hash", "Status", "Remarks"),
    status=DONE,
    passed=nothing,
    newest_first=True,
)  # fmt: skip

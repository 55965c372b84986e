"""Binance's deposit history and its withdrawal history of 2017 to 2023, which have one header.

"Date(UTC),Coin,Network,Amount,TransactionFee,Address,TXID,SourceAddress,PaymentID,Status", at first without Network,
the oldest with "Date". Which of both it is only the file's name tells: it has to have "deposit" or "withdraw" in it.
The amount of a withdrawal is what arrives, its fee comes on top. Times are UTC.

Source: headers as public readers of the file have them (BittyTax, others; 2026-11).
"""

import re
from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.formats.binance_deposits import DONE
from importers.parsers.build import Unread

SIDE = re.compile("deposit|withdraw", re.IGNORECASE)


def read(row: Row) -> Iterable[Said]:
    amount, fee = row.amount("Amount", row["Coin"]), row.amount("TransactionFee", row["Coin"])
    if row.named == "deposit" and fee is None:
        yield row.transaction(received=amount, txhash=row["TXID"], description="deposit")
    elif row.named == "withdraw":
        yield row.transaction(sent=amount, fee=fee, txhash=row["TXID"], description="withdrawal")
    else:
        raise Unread("whether it came in or went out is told by the file's name alone: call it deposits or withdrawals")


FORMAT = export(
    "binance_movements",
    1,
    needs=("Coin", "Amount", "TransactionFee", "Address", "TXID", "SourceAddress", "PaymentID", "Status"),
    one_of=("Date(UTC)", "Date"),
    may_have=("Network",),
    date=("Date(UTC)", "Date"),
    exchange="binance",
    each=read,
    id=("TXID",),
    changing=("Status", "Network"),
    status=DONE,
    newest_first=True,
    named=SIDE,
)

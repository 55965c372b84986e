"""Binance's transaction history since 2025: "User ID,Time,Account,Operation,Coin,Change,Remark", years of two digits.

Its times are of the zone that was chosen, which the file's name tells alone: "Binance-Transaction-History-...(UTC+1).
csv"; without that name they are taken as of the person's own. See `importers.parsers.binance_statement`.
"""

from importers.exports import LOCAL, export
from importers.parsers import binance_statement

FORMAT = export(
    "binance_transactions_2025",
    2,
    needs=("User ID", "Time", "Account", "Operation", "Coin", "Change", "Remark"),
    date="Time",
    times=("%y-%m-%d %H:%M:%S",),
    zone=LOCAL,
    exchange="binance",
    together=binance_statement.read,
    changing=("User ID", "Remark"),
    passed=binance_statement.passed,
)

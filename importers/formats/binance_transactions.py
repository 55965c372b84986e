"""Binance's transaction history until 2024: "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark", times UTC.

The oldest have no User_ID. See `importers.parsers.binance_statement`.
"""

from importers.exports import export
from importers.parsers import binance_statement

FORMAT = export(
    "binance_transactions",
    1,
    needs=("UTC_Time", "Account", "Operation", "Coin", "Change", "Remark"),
    may_have=("User_ID",),
    date="UTC_Time",
    exchange="binance",
    together=binance_statement.read,
    changing=("User_ID", "Remark"),
    passed=binance_statement.passed,
)

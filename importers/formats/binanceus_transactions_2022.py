"""Binance.US's report of all transactions until 2023, with names such as "Realized_Amount_For_Base_Asset".

See `importers.parsers.binanceus_report`.
"""

from importers.exports import export
from importers.parsers.binanceus_report import reader

_COLUMNS = {
    name.lower(): (f"{name}_Asset", f"Realized_Amount_For_{name}_Asset") for name in ("Primary", "Base", "Quote", "Fee")
}

FORMAT = export(
    "binanceus_transactions_2022",
    1,
    needs=("User_Id", "Time", "Category", "Operation", "Order_Id", "Transaction_Id",
           *(column for pair in _COLUMNS.values() for column in pair)),
    may_have=("Realized_Amount_For_Primary_Asset_In_USD_Value", "Realized_Amount_For_Base_Asset_In_USD_Value",
              "Realized_Amount_For_Quote_Asset_In_USD_Value", "Realized_Amount_For_Fee_Asset_In_USD_Value",
              "Payment_Method", "Withdrawal_Method", "Additional_Note"),
    date="Time",
    exchange="binanceus",
    each=reader(_COLUMNS),
    id=("Transaction_Id", "Category"),
    changing=("Additional_Note",),
)  # fmt: skip

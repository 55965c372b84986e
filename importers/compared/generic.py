"""Form 8949 and any other list of gains, by what its columns are called; names are looked for in this order, also with
more in brackets behind them: "Gain or loss (USD)", "Proceeds (Box 1d)".

The form's own words (2025), those of TaxAct's import ("Form 1099-B - Create Your Own Spreadsheet", read), of
CoinTracker's Form 8949, and of taxsync's own.
"""

from importers.theirs import Layout

LAYOUT = Layout(
    tool="generic",
    needs=("sold", "proceeds", "basis"),
    columns={
        "asset": ("Asset", "Symbol", "Coin", "Currency", "Ticker", "Asset Name", "Currency Name"),
        "description": ("Description", "Description of Property", "Property"),
        "quantity": ("Quantity", "Amount", "Units", "Qty", "Volume"),
        "acquired": (
            "Date Acquired", "Acquired", "Acquired Date", "Purchase Date", "Acquisition Date", "Received Date",
            "Buy Date", "Acquired At",
        ),
        "sold": (
            "Date Sold", "Date Sold or Disposed", "Date Sold or Disposed of", "Date Disposed", "Sold", "Sale Date",
            "Sold Date", "Sell Date", "Date of Disposition", "Disposed At", "Disposal Date",
        ),
        "proceeds": ("Proceeds", "Sales Proceeds", "Sales Price", "Proceeds (Sales Price)"),
        "basis": ("Cost Basis", "Cost or Other Basis", "Cost", "Basis", "Adjusted Cost Basis"),
        "gain": (
            "Gain", "Gain or Loss", "Gain or (Loss)", "Gain/Loss", "Gain / Loss", "Gain/(Loss)", "Net Gain or Loss",
        ),
        "term": ("Term", "Short/Long", "Long/Short", "Short/Long Term", "Holding Period", "Type", "Part"),
        "box": ("Box", "Form 8949 Box", "8949 Box", "Reporting Category", "Form 8949 Check Box"),
        "code": ("Code", "Codes", "Adjustment Code", "Code(s) from instructions", "Wash Sale"),
        "adjustment": (
            "Adjustment", "Adjustments", "Adjustment Amount", "Amount of Adjustment", "Wash Sale Loss Disallowed",
        ),
        "account": ("Account", "Wallet", "Wallet Name", "Exchange", "Platform"),
    },
)  # fmt: skip

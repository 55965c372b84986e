"""Bybit's export of the funding account ("AssetChangeDetails_fund_..."): one row per change, newest first, UTC.

What moves to the unified account, to Earn or back is no transaction. See `importers.parsers.bybit_export`.

Source: header and rows as public readers of the file have them (several; 2024 to 2026), older ones without Uid. From
memory: what its words beside Earn, conversions, deposits and withdrawals mean, as of the API's history.
"""

from importers.exports import export
from importers.parsers.bybit_export import funding

FORMAT = export(
    "bybit_funding",
    1,
    needs=("Date & Time(UTC*)", "Coin", "QTY", "Type", "Account Balance", "Description"),
    may_have=("Uid",),
    date="Date & Time(UTC*)",
    exchange="bybit",
    together=funding,
    changing=("Uid",),
    newest_first=True,
)

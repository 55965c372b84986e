"""Bybit's export of the unified account ("AssetChangeDetails_uta_..."): one row per change, newest first, UTC.

See `importers.parsers.bybit_export`. Source: header and rows as public readers of the file have them (several; 2024 to
2026).
"""

from importers.exports import export
from importers.parsers.bybit_export import unified

FORMAT = export(
    "bybit_unified",
    1,
    needs=("Currency", "Contract", "Type", "Direction", "Quantity", "Position", "Filled Price", "Funding", "Fee Paid",
           "Cash Flow", "Change", "Wallet Balance", "Action", "Time(UTC*)"),
    may_have=("Uid",),
    date="Time(UTC*)",
    exchange="bybit",
    together=unified,
    changing=("Uid",),
    newest_first=True,
)  # fmt: skip

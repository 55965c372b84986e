"""Binance's trade history of 2021 to 2024: "Date(UTC),Pair,Side,Price,Executed,Amount,Fee", times UTC.

Source: the header and rows as public readers of the file have them (BittyTax, others; 2026-11). See
`importers.parsers.binance_fills`.
"""

from importers.exports import export
from importers.parsers.binance_fills import fill

FORMAT = export(
    "binance_trades",
    1,
    needs=("Date(UTC)", "Pair", "Side", "Price", "Executed", "Amount", "Fee"),
    date="Date(UTC)",
    times=("%y-%m-%d %H:%M:%S",),
    exchange="binance",
    each=fill,
    newest_first=True,
)

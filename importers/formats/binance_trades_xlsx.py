"""Binance's spot trade history as XLSX (2023 on): "Date(UTC),Pair,Base Asset,Quote Asset,Type,Price,Amount,Total,Fee,
Fee Coin". One row per fill, amounts before the fee. Times are UTC.

Source: the header as public readers of the file have it (several, 2026-11).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.swapped import traded


def read(row: Row) -> Iterable[Said]:
    base, total = row.amount("Amount", row["Base Asset"]), row.amount("Total", row["Quote Asset"])
    fee = row.amount("Fee", row["Fee Coin"])
    yield traded(row, row["Type"], base, total, fee, f"{row['Pair']} at {row['Price']}")


FORMAT = export(
    "binance_trades_xlsx",
    1,
    needs=("Date(UTC)", "Pair", "Base Asset", "Quote Asset", "Type", "Price", "Amount", "Total", "Fee", "Fee Coin"),
    date="Date(UTC)",
    times=("%y-%m-%d %H:%M:%S",),
    exchange="binance",
    each=read,
    newest_first=True,
)

"""Binance's spot trade history as XLSX (2023 on): "Date(UTC),Pair,Base Asset,Quote Asset,Type,Price,Amount,Total,Fee,
Fee Coin". One row per fill, amounts before the fee. Times are UTC.

Source: the header as public readers of the file have it (several, 2026-11).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread


def read(row: Row) -> Iterable[Said]:
    side = row["Type"].upper()
    if side not in ("BUY", "SELL"):
        raise Unread(f"type {row['Type']} is neither buy nor sell")
    base, total = row.amount("Amount", row["Base Asset"]), row.amount("Total", row["Quote Asset"])
    yield row.transaction(
        sent=total if side == "BUY" else base,
        received=base if side == "BUY" else total,
        fee=row.amount("Fee", row["Fee Coin"]),
        description=f"{side.lower()} {row['Pair']} at {row['Price']}",
    )


FORMAT = export(
    "binance_trades_xlsx",
    1,
    needs=("Date(UTC)", "Pair", "Base Asset", "Quote Asset", "Type", "Price", "Amount", "Total", "Fee", "Fee Coin"),
    date="Date(UTC)",
    exchange="binance",
    each=read,
    newest_first=True,
)

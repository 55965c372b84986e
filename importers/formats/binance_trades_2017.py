"""Binance's trade history of 2017 to 2021 (XLSX): "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin".

The market is written without a sign between its coins; the quote coins of those years are below. Times are UTC.

Source: the header as public readers of the file have it (BittyTax, others; 2026-11). From memory: the quote coins.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread

_QUOTES = (
    "BTC ETH BNB USDT BUSD USDC TUSD PAX USDS USDP UST DAI XRP TRX DOGE VAI EUR GBP AUD TRY RUB BRL NGN UAH ZAR IDRT "
    "BIDR BKRW BVND"
).split()


def read(row: Row) -> Iterable[Said]:
    market, side = row["Market"].upper(), row["Type"].upper()
    quote = max((each for each in _QUOTES if market.endswith(each) and market != each), key=len, default="")
    if not quote:
        raise Unread(f"the market {row['Market']} is not known")
    if side not in ("BUY", "SELL"):
        raise Unread(f"type {row['Type']} is neither buy nor sell")
    base, total = row.amount("Amount", market.removesuffix(quote)), row.amount("Total", quote)
    yield row.transaction(
        sent=total if side == "BUY" else base,
        received=base if side == "BUY" else total,
        fee=row.amount("Fee", row["Fee Coin"]),
        description=f"{side.lower()} {market} at {row['Price']}",
    )


FORMAT = export(
    "binance_trades_2017",
    1,
    needs=("Date(UTC)", "Market", "Type", "Price", "Amount", "Total", "Fee", "Fee Coin"),
    date="Date(UTC)",
    exchange="binance",
    each=read,
    newest_first=True,
)
